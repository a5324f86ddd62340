//! What visitors are asked with is in the log before anybody is asked with it: the edge makes sure of it once for each isolate,
//! and asks nobody until it knows. What a release says is `postern-receipt`'s affair. Source: standards.md requirement 65.

use crate::archive::bearer;
use crate::ledger::{Ledger, Refusal};
use crate::ledger_store::{SqlStore, integer};
use crate::random::random;
use crate::site::Site;
use crate::sites::Sites;
use crate::visit::Visit;
use crate::{answer, assets, pages};
use futures_util::future::{Either, select};
use postern_receipt::{Capacity, EntryKind, Pictures, Release, Role, Sha256Hex, Word, append_entry, sha256};
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;
use web_sys::Response;
use worker::{Env, Result, SqlStorageValue};

/// How long the first visitors of an isolate wait for the Ledger's word; then their pages come without a banner.
const WAIT: Duration = Duration::from_secs(3);

/// How soon the Ledger is asked again when it gave no word.
const ASK_AGAIN_MS: u64 = 5_000;

/// How soon it is asked again whether what is deployed has been published.
const LOOK_AGAIN_MS: u64 = 30_000;

/// Releases are few and small, and without one nobody could take anything back: a Ledger that is full takes them too.
const CAPACITY: Capacity = Capacity { bytes_max: u64::MAX, bytes_reserved: 0 };

/// A site as this isolate shows it.
pub fn shown(deployed: &Rc<Site>) -> Rc<Site> {
    deployed.instead.borrow().clone().unwrap_or_else(|| Rc::clone(deployed))
}

/// The site as it may be shown now: as it is deployed, or, where only published versions may be shown and this is none, with the
/// policy of the last. Until the Ledger has said which, it has no [`Site::release`], so nobody is asked and nothing is granted anew.
pub async fn current(env: &Env, site: Rc<Site>) -> Rc<Site> {
    let now_ms = worker::Date::now().as_millis();
    if site.release.get().is_some() || now_ms < site.ask_release_after_ms.get() {
        return shown(&site);
    }
    let Some(release) = of(&site) else { return site };
    let version = release.version().to_string();
    let ask = async {
        match Ledger::of(&site, env) {
            Ok(ledger) => ledger
                .release(now_ms, &version, site.shards.count())
                .await
                .map_err(|refusal| refusal.sentence),
            Err(refusal) => Err(refusal.sentence),
        }
    };
    let said = match select(pin!(ask), pin!(worker::Delay::from(WAIT))).await {
        Either::Left((said, _)) => said,
        Either::Right(_) => Err("the Ledger did not answer in time".into()),
    };
    if let Err(error) = said.and_then(|said| show(env, &site, &said, now_ms)) {
        answer::log(&format!("nobody is asked with what is deployed, since it is not in the log: {error}"));
        site.ask_release_after_ms.set(now_ms + ASK_AGAIN_MS);
    }
    shown(&site)
}

/// Shows what the Ledger said: a place, how many shards there are, and on the lines behind it the policy where it is not the
/// deployed one.
fn show(env: &Env, deployed: &Rc<Site>, said: &str, now_ms: u64) -> std::result::Result<(), String> {
    let (place, source) = said.split_once('\n').unwrap_or((said, ""));
    let (place, shards) = place.split_once(' ').unwrap_or((place, ""));
    let place = place.parse().map_err(|_| format!("the Ledger said {place:?}"))?;
    deployed.memory.shards.learn(shards);
    if source.is_empty() {
        deployed.release.set(Some(place));
        deployed.instead.replace(None);
    } else {
        let instead = deployed.under(env, source);
        instead.release.set(Some(place));
        deployed.instead.replace(Some(instead));
        deployed.ask_release_after_ms.set(now_ms + LOOK_AGAIN_MS);
    }
    Ok(())
}

/// What this deployment shows, where its policy can be read.
pub fn of(site: &Site) -> Option<Release<'static>> {
    let policy = site.policy.as_ref().ok()?;
    Some(Release {
        controller: Word::parse(&policy.site.id).ok()?,
        policy_sha256: Sha256Hex(policy.hash()),
        source_sha256: Sha256Hex(sha256(site.source.as_bytes())),
        parts: assets::SHOWN,
    })
}

impl SqlStore {
    /// The place of a version in the log, if it is there.
    fn place_of(&self, version: &str) -> Result<Option<u64>> {
        let place = self.lines("SELECT place FROM releases WHERE version = ?", vec![version.into()])?;
        Ok(place.trim_end().parse().ok())
    }

    /// The policy of the version at a place, if this code asks in the same words, markup and style.
    pub fn policy_at(&self, place: u64) -> Result<Option<String>> {
        self.text(
            "SELECT source FROM releases WHERE place = ? AND asked = ?",
            vec![integer(place)?, assets::ASKED.into()],
        )
    }

    fn text(&self, statement: &str, bindings: Vec<SqlStorageValue>) -> Result<Option<String>> {
        Ok(match self.0.exec(statement, bindings)?.raw().next().transpose()?.as_deref() {
            Some([SqlStorageValue::String(text)]) => Some(text.clone()),
            _ => None,
        })
    }

    /// Puts this version into the log, if it is not there, and gives its place; with pictures also if it is, since a version that
    /// entered itself has none. Receipts name its first place.
    pub fn publish(&mut self, site: &Site, now_ms: u64, pictures: Option<&Pictures>) -> Result<Option<u64>> {
        let Some(release) = of(site) else { return Ok(None) };
        let version = release.version().to_string();
        let known = self.place_of(&version)?;
        if known.is_some() && pictures.is_none() {
            return Ok(known);
        }
        let json = release.json(now_ms, pictures);
        // No await between these: both are written, or neither.
        let place = append_entry(self, EntryKind::Release, json, now_ms, random(), CAPACITY)
            .map_err(|error| worker::Error::RustError(error.to_string()))?;
        if known.is_some() {
            return Ok(Some(place));
        }
        self.keep_release(&version, place, [assets::SHOWN, assets::ASKED, &site.source])?;
        Ok(Some(place))
    }

    fn keep_release(&self, version: &str, place: u64, [parts, asked, source]: [&str; 3]) -> Result<()> {
        let row = vec![version.into(), integer(place)?, parts.into(), asked.into(), source.into()];
        let statement = "INSERT INTO releases (version, place, parts, asked, source) VALUES (?, ?, ?, ?, ?)";
        self.0.exec(statement, row).map(|_| ())
    }

    /// Is the version at that place of the main log known here?
    pub fn has_release(&self, place: u64) -> Result<bool> {
        Ok(self.count("SELECT COUNT(*) FROM releases WHERE place = ?", vec![integer(place)?])? > 0)
    }

    /// The version at that place, for another shard; `None` if there is none: its name, what it is made of, what it asks with and
    /// its entry, between tabs, which none of them has, and behind them the policy.
    pub fn version_at(&self, place: u64) -> Result<Option<String>> {
        let row = "version || char(9) || parts || char(9) || asked || char(9) || json || char(9) || source";
        let statement = format!("SELECT {row} FROM releases JOIN entries USING (place) WHERE place = ?");
        self.text(&statement, vec![integer(place)?])
    }

    /// Puts a version of the main log into this shard's log too, before any receipt names it: so their order is proven here as
    /// well. Receipts name its place in the main log.
    pub fn adopt(&mut self, version: &str, place: u64, now_ms: u64) -> Result<()> {
        let mut cells = version.splitn(5, '\t');
        let (Some(version), Some(parts), Some(asked), Some(json), Some(source)) =
            (cells.next(), cells.next(), cells.next(), cells.next(), cells.next())
        else {
            return Err(worker::Error::RustError("the main Ledger told no version".into()));
        };
        // The main Ledger may have been put back from a copy, and have it in another place than before.
        if self.place_of(version)?.is_some() {
            let moved = vec![integer(place)?, version.into()];
            return self.0.exec("UPDATE releases SET place = ? WHERE version = ?", moved).map(|_| ());
        }
        // No await between these: both are written, or neither.
        append_entry(self, EntryKind::Release, json.into(), now_ms, random(), CAPACITY)
            .map_err(|error| worker::Error::RustError(error.to_string()))?;
        self.keep_release(version, place, [parts, asked, source])
    }

    /// Where the version that somebody wants to show is in the log; else, where only published ones may be shown, the last that
    /// this code can show, with its policy. `None` if there is none: then nothing is shown.
    pub fn release(
        &mut self,
        site: &Site,
        now_ms: u64,
        version: &str,
        shards: &str,
    ) -> Result<Option<String>> {
        if let Some(place) = self.place_of(version)? {
            return Ok(Some(format!("{place} {shards}")));
        }
        if site.shows_published_only {
            let last = "SELECT place || ' ' || ? || char(10) || source FROM releases WHERE parts = ? ORDER BY place DESC LIMIT 1";
            return self.text(last, vec![shards.into(), assets::SHOWN.into()]);
        }
        // While a deployment goes round, edge and Ledger are not of one version for some seconds.
        if of(site).is_none_or(|own| own.version().to_string() != version) {
            return Ok(None);
        }
        Ok(self.publish(site, now_ms, None)?.map(|place| format!("{place} {shards}")))
    }
}

/// Answers `POST /_postern/publish`: puts what is deployed into the log, for an admin, and says its place and version.
pub async fn publish(site: &Site, env: &Env, visit: &Visit) -> Result<Response> {
    let person = match bearer(site, env, visit, Role::Admin).await? {
        Ok(person) => person,
        Err(answer) => return Ok(answer),
    };
    let deployed = Sites::of(env).deployed(site);
    let Some(release) = of(&deployed) else {
        return answer::text(503, "The policy that is deployed cannot be read: postern check says why.");
    };
    let source = release.source_sha256.to_string();
    if visit.url.query_pairs().any(|(name, value)| name == "source" && value != source.as_str()) {
        return answer::text(409, "Another policy is deployed than the one to publish.");
    }
    let version = release.version();
    let picture = |wanted: &str| {
        visit
            .url
            .query_pairs()
            .find(|(name, _)| name == wanted)
            .map_or(String::new(), |(_, hash)| hash.into())
    };
    let pictures = format!("{}\t{}", picture("desktop"), picture("phone"));
    let published = match Ledger::of(&deployed, env) {
        Ok(ledger) => ledger.publish(visit.now_ms, &pictures).await,
        Err(refusal) => Err(refusal),
    };
    match published {
        Ok(place) => {
            pages::note(site, env, visit, person, &format!("published {version}")).await;
            deployed.ask_release_after_ms.set(0);
            answer::text(200, &format!("{place} {version}"))
        }
        Err(Refusal { status, sentence }) => answer::text(status, &sentence),
    }
}
