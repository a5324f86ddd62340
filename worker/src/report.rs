//! Reports of browsers that refused something by our policy. Anybody can send one, so a report is only a hint: a host
//! and a kind of page, bounded in size and number.

use crate::site::Site;
use crate::visit::Visit;
use crate::{answer, observing};
use postern_consent::{Decision, Reason};
use postern_stats::Kind;
use serde_json::Value;
use url::Url;
use web_sys::Response;
use worker::{Context, Env, Result};

/// Longest report read, bytes: browsers send about one kilobyte each.
const REPORT_BYTES_MAX: usize = 16 * 1024;

/// The types browsers send. Source: CSP Level 3 section 5.5; Reporting API section 3.5.
const TYPES: [&str; 2] = ["application/csp-report", "application/reports+json"];

/// Reports taken from one message.
const REPORTS_MAX: usize = 10;

/// Takes reports in either form that browsers send. Source: CSP Level 3 section 5; Reporting API.
pub async fn take(site: &Site, env: &Env, context: &Context, visit: &Visit) -> Result<Response> {
    if !site.policy.as_ref().is_ok_and(|policy| policy.edge.lockdown) {
        return answer::text(404, "no reports are taken here");
    }
    // Browsers send both of themselves; no form and no script of another site can, unasked.
    let essence = visit.header("content-type").and_then(|value| value.split(';').next()).unwrap_or("").trim();
    if !TYPES.iter().any(|known| essence.eq_ignore_ascii_case(known)) {
        return answer::text(415, "a report is application/csp-report or application/reports+json");
    }
    if visit.header("sec-fetch-site").is_some_and(|place| place != "same-origin") {
        return answer::text(403, "a report comes from a page of this site");
    }
    let Ok(body) = crate::decision::read_body_of(visit, REPORT_BYTES_MAX).await else {
        return answer::text(413, "a report is at most 16 kB");
    };
    let Ok(message) = serde_json::from_str::<Value>(&body) else {
        return answer::text(400, "a report is JSON");
    };
    let reports = match &message {
        Value::Array(list) => list.iter().filter_map(|one| one.get("body")).collect(),
        one => one.get("csp-report").into_iter().collect::<Vec<_>>(),
    };
    let nothing_granted = site.grants(&Decision::deny_all(Reason::NotAsked));
    for report in reports.into_iter().take(REPORTS_MAX) {
        let read = |names: &[&str]| names.iter().find_map(|name| report.get(*name)).and_then(Value::as_str);
        let parsed = |names: &[&str]| read(names).and_then(|text| Url::parse(text).ok());
        let Some(page) = read(&["documentURL", "document-uri"])
            .and_then(|document| page_of(document, parsed(&["referrer"]).as_ref(), visit.host()))
        else {
            continue;
        };
        // Of those that the policy lists the site knows, and that a browser refuses them is as it should be.
        let refused = parsed(&["blockedURL", "blocked-uri"])
            .filter(|refused| nothing_granted.is_undeclared_address(refused, visit.host()));
        if let Some(host) = refused.as_ref().and_then(Url::host_str) {
            observing::see(site, Kind::Reported, host, &page, visit.now_ms);
        }
    }
    observing::send_soon(site, env, context, visit.now_ms);
    answer::nothing()
}

/// The path of the page a report is about; `None` if that is no page of this host. A frame or a worker without an
/// address of its own says only "about", "blob" or "data": then it is the page that opened it, if that is told.
fn page_of(document: &str, referrer: Option<&Url>, host: &str) -> Option<String> {
    let document = Url::parse(document).ok();
    let named = document.as_ref().filter(|document| document.has_host());
    if let Some(document) = named {
        return (document.host_str() == Some(host)).then(|| document.path().to_string());
    }
    let opener = referrer.filter(|referrer| referrer.host_str() == Some(host));
    Some(opener.map_or("…", Url::path).to_string())
}
