//! A signal of the browser that takes back what was granted is an act like any other: it is recorded once, and from then on
//! the choice that the visitor carries grants no more than that. Whether or not this succeeds, the signal binds the page.
//! Source: standards.md requirements 52 and 61; 11 CCR 7025(c)(1), (7).

use crate::cookie::kept;
use crate::counting;
use crate::decision::signed;
use crate::ledger::Ledger;
use crate::messages::{ActMessage, METHODS};
use crate::site::Site;
use crate::visit::Visit;
use postern_consent::{Choice, Reason, State, VendorSet};
use postern_receipt::{IdempotencyKey, Method, sha256};
use postern_stats::{Dimension, SIGNAL_LAYER};
use worker::Env;

/// Records that a signal took something back, if it did, and gives the choice that is left, sealed and as a cookie.
pub async fn hear(site: &Site, env: &Env, visit: &Visit) -> Option<(String, String)> {
    let State::Decided(choice) = visit.state else { return None };
    if visit.decision.reason != Reason::Chosen {
        return None;
    }
    let (policy, _) = site.recording()?;
    let granted = visit.profile.grantable(visit.signals, choice.granted);
    let kept_vendors: Vec<_> = site
        .named(choice.vendors)
        .filter(|vendor| visit.decision.grantable.contains(vendor.category))
        .map(|vendor| vendor.id.clone())
        .collect();
    let vendors: VendorSet = kept_vendors.iter().filter_map(|id| policy.place_of(id)).collect();
    let lost = choice.granted.intersection(policy.offered()).difference(granted);
    let lost_vendors = choice.vendors.difference(vendors);
    if lost.is_empty() && lost_vendors.is_empty() {
        return None;
    }
    let all = postern_consent::CategorySet::ALL;
    let signal = visit.profile.bound_by(visit.signals, if lost.is_empty() { all } else { lost })?;
    let act = ActMessage {
        release: site.release.get(),
        granted: granted.bits(),
        vendors: kept_vendors,
        is_answered: choice.is_answered,
        // What is left holds as long as it would have.
        decided_ms: choice.decided_at.to_unix_ms(),
        method: METHODS.iter().position(|known| *known == Method::from(signal))?,
        lang: policy.language_for(None, visit.header("accept-language")).tag.clone(),
        key: key(&choice, granted.bits(), &vendors).to_string(),
        body_sha256: sha256(signal.name().as_bytes()),
        facts: counting::facts_of(site, visit, visit.page_path(), site.release.get())
            .with(Dimension::Layer, SIGNAL_LAYER)
            .write(),
        ..signed(visit, choice.subject)
    };
    let recorded = Ledger::at(site, env, choice.shard).ok()?.record(&act).await.ok()?;
    kept(site, visit, &recorded.choice(policy, choice.shard)?)
}

/// The act's name: the same for every page that hears the same of the same choice.
fn key(choice: &Choice, granted: u8, vendors: &VendorSet) -> IdempotencyKey {
    let places: Vec<String> = vendors.iter().map(|place| place.to_string()).collect();
    let said = format!(
        "postern-signal/v1\0{:?}\0{}\0{granted}\0{}",
        choice.subject.0,
        choice.decided_at.to_unix_ms(),
        places.join(",")
    );
    let bits = sha256(said.as_bytes()).iter().take(16).fold(0, |bits, byte| bits << 8 | u128::from(*byte));
    IdempotencyKey::of_bits(bits)
}
