#![no_main]
//! Any bytes as a request to a collector: method, path, query, type, encoding, each on a line, then the body.

use postern_rewrite::{CollectFacts, Glance, glance, read_hit};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut parts = data.splitn(6, |byte| *byte == b'\n');
    let mut line = || std::str::from_utf8(parts.next().unwrap_or_default()).unwrap_or_default();
    let (method, path, query, content_type, content_encoding) = (line(), line(), line(), line(), line());
    let body = parts.next().unwrap_or_default();
    let facts = CollectFacts {
        method,
        path,
        query,
        content_type,
        content_encoding,
        body_bytes: Some(body.len() as u64),
        body,
        is_cut: false,
    };
    let glanced = glance(&facts);
    let hit = read_hit(&facts);
    if let (Glance::Collector(vendor), Some(hit)) = (&glanced, &hit) {
        assert!(!vendor.is_empty() && !hit.vendor.is_empty());
    }
    assert!(read_hit(&CollectFacts { is_cut: true, ..facts }).is_none_or(|hit| !hit.vendor.is_empty()));
    let Some(hit) = hit else { return };
    let Some(stripped) = hit.strip() else { return };
    let again = CollectFacts {
        query: &stripped.query,
        body: stripped.body.as_deref().unwrap_or_default(),
        body_bytes: stripped.body.as_ref().map(|body| body.len() as u64),
        ..facts
    };
    // A hit may lose the mark it was told by; if it is one still, there is nothing left to take.
    let Some(twice) = read_hit(&again).and_then(|hit| hit.strip()) else { return };
    assert_eq!(twice.query, stripped.query, "the query can be stripped again");
    if content_encoding.is_empty() {
        let text =
            |body: &Option<Vec<u8>>| body.as_ref().map(|body| String::from_utf8_lossy(body).into_owned());
        assert_eq!(text(&twice.body), text(&stripped.body), "the body can be stripped again");
    }
});
