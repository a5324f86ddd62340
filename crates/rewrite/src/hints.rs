//! Headers that describe the visitor's device more closely than a page needs, or that carry an identifier.
//!
//! They are for measuring and advertising, so they travel only under a grant for either. What browsers send
//! to everybody anyway (`User-Agent`, `Sec-CH-UA`, `Sec-CH-UA-Mobile`, `Sec-CH-UA-Platform`) and what only
//! says how to draw (`Sec-CH-Prefers-*`, `Save-Data`) stays.
//! Source: WICG UA Client Hints, "high entropy values"; Client Hints Infrastructure, section 3; Device Memory;
//! Network Information; trackers.md 1.5 (`tracing-headers` of posthog-js).

use postern_consent::{Category, CategorySet};

/// Names, lower-case.
pub const TELLING: [&str; 20] = [
    "sec-ch-ua-arch",
    "sec-ch-ua-bitness",
    "sec-ch-ua-form-factors",
    "sec-ch-ua-full-version",
    "sec-ch-ua-full-version-list",
    "sec-ch-ua-model",
    "sec-ch-ua-platform-version",
    "sec-ch-ua-wow64",
    "sec-ch-device-memory",
    "sec-ch-dpr",
    "sec-ch-viewport-height",
    "sec-ch-viewport-width",
    "device-memory",
    "downlink",
    "dpr",
    "ect",
    "rtt",
    "viewport-width",
    "x-posthog-distinct-id",
    "x-posthog-session-id",
];

/// What else says who is asking, lower-case: not sent with a hit that is to be nobody's. `Sec-GPC` stays.
/// Source: trackers.md section 6.
pub const OF_VISITOR: [&str; 16] = [
    "accept-language",
    "cf-connecting-ip",
    "cf-connecting-ipv6",
    "cf-ipcity",
    "cf-iplatitude",
    "cf-iplongitude",
    "cf-pseudo-ipv4",
    "cookie",
    "forwarded",
    "referer",
    "sec-ch-ua",
    "true-client-ip",
    "user-agent",
    "x-client-ip",
    "x-forwarded-for",
    "x-real-ip",
];

/// May telling headers travel?
pub fn may_travel(granted: CategorySet) -> bool {
    granted.contains(Category::Analytics) || granted.contains(Category::Marketing)
}

/// A list of hints (`Accept-CH`, `Critical-CH`) less the telling ones; `None` if none of them is.
pub fn strip_list(list: &str) -> Option<String> {
    let is_kept = |hint: &&str| !TELLING.contains(&hint.trim().to_ascii_lowercase().as_str());
    let kept: Vec<&str> = list.split(',').filter(is_kept).collect();
    (kept.len() < list.split(',').count()).then(|| kept.join(",").trim().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_telling_hints_leave_a_list() {
        assert_eq!(strip_list("Sec-CH-UA-Model, Save-Data,DPR").as_deref(), Some("Save-Data"));
        assert_eq!(strip_list("Save-Data, Sec-CH-UA-Mobile"), None);
        assert_eq!(strip_list("DPR").as_deref(), Some(""));
    }
}
