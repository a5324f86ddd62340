#![no_main]
//! Any text as what is asked for, and as the referrer.

use postern_fuzz::denied;
use postern_rewrite::{Destination, Headers, RequestFacts, RequestPlan, plan_request};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(target) = std::str::from_utf8(data) else { return };
    // Neither what is asked for nor a referrer has a fragment; where one stands last, it stays.
    if target.find('#').is_some_and(|fragment| target.find('?').is_none_or(|query| fragment < query)) {
        return;
    }
    let stripped = plan(target);
    let of_referrer =
        stripped.set.iter().find(|(name, _)| name == "referer").map(|(_, value)| value.as_str());
    assert_eq!(stripped.target.as_deref(), of_referrer, "one rule for both");
    let Some(kept) = stripped.target else { return };
    assert_eq!(plan(&kept).target, None, "{target:?} → {kept:?} can be stripped again");
    assert!(kept.len() < target.len());
    let before = |text: &str| text.split(['?', '#']).next().map(str::to_string);
    assert_eq!(before(target), before(&kept), "the path changed");
    let fragment = |text: &str| text.split_once('#').map(|(_, fragment)| fragment.to_string());
    assert_eq!(fragment(target), fragment(&kept), "the fragment changed");
});

fn plan(target: &str) -> RequestPlan {
    let headers: Headers = vec![("referer".into(), target.into())];
    plan_request(&RequestFacts {
        target,
        headers: &headers,
        grants: &denied(),
        destination: Destination::Page,
        will_rewrite: true,
    })
}
