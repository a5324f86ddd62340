//! `GET /_postern/shown?receipt=…`: what the visitor was asked with who has that receipt, put together again from the policy that
//! the log has of its version, by the code that did it then. Source: GDPR Art. 7(1); standards.md requirement 64.

use crate::archive::bearer;
use crate::countries::country_name;
use crate::ledger::{Ledger, Refusal};
use crate::site::Site;
use crate::sites::Sites;
use crate::together::together;
use crate::visit::Visit;
use crate::{answer, asked, pages, shards};
use postern_consent::{Category, CategorySet, Signals, VendorSet};
use postern_policy::Policy;
use postern_receipt::{ReceiptId, Role, Sha256Hex, Timestamp};
use postern_stats::Day;
use postern_view::{BannerFacts, ConsentPage, Granted};
use serde_json::Value;
use web_sys::Response;
use worker::{Env, Result};

/// What our own pages have in place of a style, which this page brings along.
const LINK: &str = "<link rel=\"stylesheet\" href=\"/_postern/page.css\">";

/// Acts without a name of their own here: nothing that this page does is recorded.
const NO_KEY: &str = "00000000000000000000000000000000";

/// Answers with the receipt as a line of an export, the policy, and the page: one JSON object. Without a receipt with what is
/// deployed, as it is first seen.
pub async fn serve(site: &Site, env: &Env, visit: &Visit) -> Result<Response> {
    let person = match bearer(site, env, visit, Role::Auditor).await? {
        Ok(person) => person,
        Err(answer) => return Ok(answer),
    };
    let asked =
        |wanted: &str| visit.url.query_pairs().find(|(name, _)| name == wanted).map(|(_, value)| value);
    let Some(id) = asked("receipt") else {
        return preview(&Sites::of(env).deployed(site), visit.now_ms, asked("lang").as_deref());
    };
    let Ok(id) = ReceiptId::parse(&id) else {
        return answer::text(400, "receipt is the name of one: a UUID.");
    };
    match put_together(site, env, id.as_str()).await {
        Ok(shown) => {
            // Without its name: what is erased must not live on in what was done.
            pages::note(site, env, visit, person, "looked at what a receipt was given to").await;
            answer::with(200, &shown, &answer::headers("application/json")?)
        }
        Err(Refusal { status, sentence }) => answer::text(status, &sentence),
    }
}

/// What is deployed, as who has not chosen sees it first, whether it may be shown yet or not: for pictures of it.
fn preview(site: &Site, now_ms: u64, lang: Option<&str>) -> Result<Response> {
    let Ok(policy) = &site.policy else {
        return answer::text(503, "The policy that is deployed cannot be read: postern check says why.");
    };
    let page = first_page(
        policy,
        &BannerFacts {
            policy,
            policy_hex: &asked::write(policy, None, None, None, false, None),
            granted: granted(site, CategorySet::EMPTY, VendorSet::default()),
            must_ask: true,
            honoured: &[],
            key: NO_KEY,
            return_to: "/",
            change: policy.change_on(Day::from_unix_ms(now_ms, 0).number()),
            language: policy.language_for(lang, None),
            receipt: None,
            is_own_page: true,
            is_counted: false,
        },
        &policy.site.id,
    );
    let shown =
        format!("{{\"policy\":{},\"page\":{}}}", Value::from(site.source.as_str()), Value::from(page));
    answer::with(200, &shown, &answer::headers("application/json")?)
}

fn granted(site: &Site, categories: CategorySet, vendors: VendorSet) -> Granted<'_> {
    Granted { categories: categories.with(Category::Necessary), vendors, traces: &site.traces, country_name }
}

/// The banner by itself, with its style.
fn first_page(policy: &Policy, facts: &BannerFacts<'_>, title: &str) -> String {
    let css = postern_view::banner_css(policy) + facts.change.map_or("", |_| postern_view::CHANGE_CSS);
    let banner = postern_view::banner(facts);
    postern_view::shown_page(title, facts.language, &css, &banner, !facts.must_ask).into_string()
}

async fn put_together(site: &Site, env: &Env, id: &str) -> std::result::Result<String, Refusal> {
    let refuse = |status, sentence: &str| Err(Refusal { status, sentence: sentence.into() });
    // No receipt says which shard has it.
    let ledgers = shards::all(site, env).await?;
    let mut found = None;
    for (ledger, line) in ledgers.iter().zip(together(ledgers.iter().map(|one| one.receipt(id))).await) {
        let line = line?;
        if let Some(receipt) = read(&line) {
            found = Some((ledger, line, receipt));
        }
    }
    let Some((ledger, line, receipt)) = found else {
        return refuse(404, "There is no receipt of that name: it was erased, or never given.");
    };
    let Some(place) = receipt.get("release").and_then(Value::as_u64) else {
        return refuse(
            404,
            "Nobody was asked for that receipt, or it is from before versions were in the log.",
        );
    };
    let source = Ledger::of(site, env)?.policy_at(place).await?;
    if source.is_empty() {
        let sentence = format!(
            "What was asked then was put together by other code than runs here: run the one whose hashes log/releases/{place} has."
        );
        return Err(Refusal { status: 409, sentence });
    }
    // What was granted before stood in the switches.
    let before = match receipt.get("previous").and_then(Value::as_str) {
        Some(previous) => read(&ledger.receipt(previous).await?),
        None => None,
    };
    let then = site.under(env, &source);
    let Some(page) =
        then.policy.as_ref().ok().and_then(|policy| page(&then, policy, &receipt, before.as_ref()))
    else {
        return refuse(500, "The receipt and the policy of its version do not belong together.");
    };
    Ok(format!(
        "{{\"line\":{},\"policy\":{},\"page\":{}}}",
        line.trim_end(),
        Value::from(source),
        Value::from(page)
    ))
}

/// The receipt of a line.
fn read(line: &str) -> Option<Value> {
    serde_json::from_str::<Value>(line).ok()?.get_mut("receipt").map(Value::take)
}

/// What this receipt was given to; `None` if its hashes are not those of the policy, or nothing was shown.
fn page(site: &Site, policy: &Policy, receipt: &Value, before: Option<&Value>) -> Option<String> {
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let hash = Sha256Hex::parse(&text(receipt, "policy_sha256")?).ok()?.0;
    // Where the site tried several ways to ask, the hash says which of them it was.
    let way = policy.place_of_hash(|of| of == hash)?;
    let policy = policy.variant(way)?;
    let language = policy.language_for(Some(&text(receipt, "lang")?), None);
    let notice = receipt.get("notice")?;
    if text(notice, "sha256")? != Sha256Hex(policy.texts_sha256(language)).to_string() {
        return None;
    }
    let profile = policy.profile_named(&text(receipt, "profile")?)?;
    let seen = receipt.get("signals")?;
    let is_sent = |name: &str| seen.get(name).and_then(Value::as_bool).unwrap_or_default();
    let signals = Signals { gpc: is_sent("gpc"), dnt: is_sent("dnt"), ..Signals::default() };
    let honoured: Vec<_> = profile.honoured(signals).collect();
    let given = |part: &str| {
        let all = before.and_then(|before| before.get(part)).and_then(Value::as_array);
        let given = all
            .into_iter()
            .flatten()
            .filter(|one| text(one, "state").is_some_and(|state| state == "ConsentGiven"));
        given.filter_map(|one| text(one, "id")).collect::<Vec<_>>()
    };
    let categories: CategorySet = given("purposes").iter().filter_map(|name| Category::parse(name)).collect();
    let vendors = given("vendors").iter().filter_map(|id| policy.place_of(id)).collect::<VendorSet>();
    let granted = granted(site, categories, vendors);
    let at = Timestamp::parse(&text(receipt, "at")?)?;
    let release = receipt.get("release").and_then(Value::as_u64);
    let policy_hex = asked::write(policy, release, Some(way), None, false, None);
    let method = text(receipt, "method")?;
    if method == "page.save" {
        let page = postern_view::consent_page(&ConsentPage {
            policy,
            language,
            policy_hex: &policy_hex,
            granted,
            must_ask: before.is_none(),
            honoured: &honoured,
            key: NO_KEY,
            return_to: "/",
            load: None,
            receipts: &[],
            is_restricted: false,
            is_saved: false,
            error: None,
        });
        let style = format!("<style>{}</style>", postern_view::PAGE_CSS);
        return Some(page.into_string().replace(LINK, &style));
    }
    let is_layer_one = method.starts_with("layer1.");
    let change = policy.change_on(Day::from_unix_ms(at.unix_ms(), 0).number());
    let facts = BannerFacts {
        policy,
        policy_hex: &policy_hex,
        granted,
        must_ask: is_layer_one,
        honoured: &honoured,
        key: NO_KEY,
        return_to: "/",
        change,
        language,
        receipt: None,
        is_own_page: true,
        is_counted: false,
    };
    Some(first_page(policy, &facts, &text(receipt, "receipt_id")?))
}
