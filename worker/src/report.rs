//! Reports of browsers that refused something by our policy. Anybody can send one, so a report is only a hint: a host
//! and a kind of page, bounded in size and number.

use crate::site::Site;
use crate::visit::Visit;
use crate::{answer, observing};
use postern_stats::Kind;
use serde_json::Value;
use url::Url;
use web_sys::Response;
use worker::{Context, Env, Result};

/// Longest report read, bytes: browsers send about one kilobyte each.
const REPORT_BYTES_MAX: usize = 16 * 1024;

/// Reports taken from one message.
const REPORTS_MAX: usize = 10;

/// Takes reports in either form that browsers send. Source: CSP Level 3 section 5; Reporting API.
pub async fn take(site: &Site, env: &Env, context: &Context, visit: &Visit) -> Result<Response> {
    if !site.policy.as_ref().is_ok_and(|policy| policy.edge.lockdown) {
        return answer::text(404, "no reports are taken here");
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
    for report in reports.into_iter().take(REPORTS_MAX) {
        let read = |names: [&str; 2]| {
            let text = names.iter().find_map(|name| report.get(name)).and_then(Value::as_str);
            text.and_then(|text| Url::parse(text).ok())
        };
        let page = read(["documentURL", "document-uri"]).filter(|page| page.host_str() == Some(visit.host()));
        let refused = read(["blockedURL", "blocked-uri"]);
        if let (Some(page), Some(host)) = (page, refused.as_ref().and_then(Url::host_str)) {
            observing::see(Kind::Reported, host, page.path(), visit.now_ms);
        }
    }
    observing::send_soon(site, env, context, visit.now_ms);
    answer::nothing()
}
