#![no_main]
//! Any text as a `Cookie` header (first line) and as `Set-Cookie` headers (the others).

use postern_fuzz::{denied, page_url};
use postern_rewrite::{
    Destination, Headers, OWN_COOKIE_PREFIX, OwnSources, RequestFacts, ResponseFacts, plan_request,
    plan_response,
};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut lines = text.split('\n');
    let cookies = lines.next().unwrap_or("");
    let kept = strip(cookies);
    if let Some(kept) = &kept {
        assert_eq!(strip(kept).as_deref(), Some(kept.as_str()), "what is kept is kept again");
        let mut rest = cookies.split(';').map(str::trim);
        for pair in kept.split(';').map(str::trim) {
            assert!(rest.any(|known| known == pair), "{pair:?} is new, or out of order");
            let name = pair.split('=').next().unwrap_or("").trim();
            assert!(!name.starts_with(OWN_COOKIE_PREFIX), "our own cookie travels: {pair:?}");
        }
    }
    let set: Headers = lines.map(|line| ("set-cookie".to_string(), line.to_string())).collect();
    let url = page_url();
    let plan = plan_response(&ResponseFacts {
        status: 200,
        headers: &set,
        destination: Destination::Asset,
        request_cookies: cookies,
        url: &url,
        grants: &denied(),
        must_inject: false,
        own: &OwnSources::default(),
    });
    let added: Vec<&str> = plan.append.iter().map(|(_, value)| value.as_str()).collect();
    let removals: Vec<&&str> =
        added.iter().filter(|value| !set.iter().any(|(_, known)| known == *value)).collect();
    assert!(removals.iter().all(|value| value.contains("Max-Age=0")), "{removals:?}");
    assert!(
        removals.iter().map(|value| value.len()).sum::<usize>() <= 8 * 1024,
        "{} removals",
        removals.len()
    );
    assert!(removals.iter().all(|value| !value.contains(['\r', '\n', '\0'])), "{removals:?}");
});

/// The `Cookie` header that is sent on; `None` if none is.
fn strip(cookies: &str) -> Option<String> {
    let headers: Headers =
        vec![("cookie".into(), cookies.into()), ("accept-encoding".into(), "identity".into())];
    let plan = plan_request(&RequestFacts {
        target: "/",
        headers: &headers,
        grants: &denied(),
        destination: Destination::Data,
        will_rewrite: false,
    });
    if plan.remove.contains(&"cookie") {
        return None;
    }
    let set = plan.set.into_iter().find(|(name, _)| name == "cookie");
    Some(set.map_or_else(|| cookies.to_string(), |(_, value)| value))
}
