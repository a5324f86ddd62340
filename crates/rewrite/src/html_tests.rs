//! What a page looks like after it has passed.

use super::*;
use proptest::prelude::*;

const GTAG: &str = "https://www.googletagmanager.com/gtag/js?id=G-1";

fn injection() -> Injection {
    Injection::new("[HEAD]".into(), "[BODY]", "<p>{vendor}</p>")
}

fn rewrite_chunks(page: &[u8], cuts: usize, content_type: &str, injection: Option<Injection>) -> Vec<u8> {
    let base = Url::parse("https://shop.example/").unwrap();
    let charset = Charset::of(content_type, page);
    let mut rewriter = PageRewriter::new(charset, &base, CategorySet::NECESSARY, injection);
    let mut out = Vec::new();
    for chunk in page.chunks(cuts.max(1)) {
        out.extend(rewriter.write(chunk).unwrap());
    }
    out.extend(rewriter.end().unwrap());
    out
}

fn rewrite(page: &str) -> String {
    String::from_utf8(rewrite_chunks(page.as_bytes(), page.len(), "text/html; charset=utf-8", None)).unwrap()
}

fn inject(page: &str) -> String {
    let out = rewrite_chunks(page.as_bytes(), page.len(), "text/html; charset=utf-8", Some(injection()));
    String::from_utf8(out).unwrap()
}

#[test]
fn every_selector_parses() {
    for selector in STARTERS.map(|(name, _)| name).into_iter().chain([BODY_BEGINS, "noscript"]) {
        assert!(on(selector).is_some(), "{selector}");
    }
}

#[test]
fn a_tracker_script_is_held_with_all_it_had() {
    let held = rewrite(&format!("<script async nonce=\"n\" src=\"{GTAG}&amp;l=x\"></script>"));
    assert_eq!(
        held,
        format!(
            "<script async nonce=\"n\" data-postern-src=\"{GTAG}&amp;l=x\" data-postern-need=\"4\" \
             data-postern-vendor=\"ga4\" data-postern-type=\"\" type=\"text/plain\"></script>"
        )
    );
    let module = rewrite(&format!("<script type=module src={GTAG}></script>"));
    assert!(
        module.contains("type=\"text/plain\"") && module.contains("data-postern-type=\"module\""),
        "{module}"
    );
}

#[test]
fn every_element_that_can_start_a_request_is_held() {
    for page in [
        "<iframe src='https://www.youtube.com/embed/x'></iframe>",
        "<iframe srcdoc='<img src=https://www.facebook.com/tr?id=1>'></iframe>",
        "<iframe srcdoc='&lt;img src=https://www.facebook.com/tr?id=1&gt;'></iframe>",
        "<img src='https://www.facebook.com/tr?id=1'>",
        "<img srcset='/a.jpg 1x, https://www.facebook.com/tr?id=1 2x'>",
        "<link rel=preconnect href=https://connect.facebook.net>",
        "<link rel=preload as=image imagesrcset='https://www.facebook.com/tr?a 1x'>",
        "<object data=https://www.youtube.com/v/x></object>",
        "<embed src=//www.youtube.com/v/x>",
        "<video poster=https://i.ytimg.com/a.jpg></video>",
        "<video><source src=https://www.youtube.com/a.mp4></video>",
        "<svg><image href=https://www.facebook.com/tr?id=1 /><use xlink:href=https://www.facebook.com/tr?a /></svg>",
        "<input type=image src=https://www.facebook.com/tr?id=1>",
        "<base href=https://connect.facebook.net/><script src=en_US/fbevents.js></script>",
        "<SCRIPT SRC='HTTPS://CONNECT.FACEBOOK.NET/en_US/fbevents.js'></SCRIPT>",
    ] {
        let held = rewrite(page);
        assert!(held.contains("data-postern-need"), "{page} → {held}");
        let live = [" src=", " href=", " srcset=", " data=", " poster=", " srcdoc="];
        let tag = held.trim_start_matches("<base href=https://connect.facebook.net/>").to_lowercase();
        // What a held attribute quotes starts nothing.
        let tag = tag.split("data-postern-srcdoc=").next().unwrap();
        assert!(!live.iter().any(|attribute| tag.contains(attribute)), "{held}");
    }
}

#[test]
fn a_noscript_holds_its_pixels_and_keeps_the_rest() {
    let page = "<noscript><p>Hi &amp; bye</p><img height=1 src='https://www.facebook.com/tr?id=1&ev=PageView'/></noscript>";
    let held = rewrite(page);
    assert!(held.starts_with("<noscript><p>Hi &amp; bye</p><img"), "{held}");
    assert!(held.contains("data-postern-src=") && !held.contains(" src="), "{held}");
    let plain = "<noscript><p class=x>Please  enable</p></noscript>";
    assert_eq!(rewrite(plain), plain);
}

#[test]
fn what_no_rule_names_passes_byte_for_byte() {
    for page in [
        "<!DOCTYPE html><html><head><script>fbq('init')</script></head><body   class = a><img src=/a.jpg></body></html>",
        "<p title=\"a & b\">x</p><a href=https://www.facebook.com/tr>no request</a><!-- <script src=x> -->",
        "<script src=/app.js></script><img src=data:image/png;base64,xx><input value=1>",
        "text only",
        "",
    ] {
        assert_eq!(rewrite(page), page);
    }
}

#[test]
fn the_gate_stands_before_anything_that_could_start() {
    for (page, expected) in [
        (
            "<html><head><title>x</title></head><body class=a>y",
            "<html><head>[HEAD]<title>x</title></head><body class=a>[BODY]y",
        ),
        (
            "<!doctype html><script src=/a.js></script>y",
            "<!doctype html>[HEAD]<script src=/a.js></script>y[BODY]",
        ),
        ("<body>y</body>", "[HEAD]<body>[BODY]y</body>"),
        ("<p>y<img src=/a.jpg>z<p", "<p>y[HEAD][BODY]<img src=/a.jpg>z<p"),
        ("<title>x</title><main>y</main>", "<title>x</title>[HEAD][BODY]<main>y</main>"),
        ("y", "y[HEAD][BODY]"),
        ("<head></head><body><head><body>", "<head>[HEAD]</head><body>[BODY]<head><body>"),
    ] {
        assert_eq!(inject(page), expected);
    }
}

#[test]
fn our_words_read_the_same_in_every_encoding() {
    let ours = Injection::new(String::new(), "<p>\u{3a9}\u{201c}</p>", "");
    let page = b"<body>\xe9";
    let out = rewrite_chunks(page, 9, "text/html; charset=windows-1253", Some(ours));
    assert_eq!(out, b"<body><p>&#937;&#8220;</p>\xe9");
}

#[test]
fn a_held_frame_shows_a_note() {
    let held = inject("<body><iframe title=v src=https://www.youtube.com/embed/x></iframe>");
    assert!(held.contains("srcdoc=\"<p>YouTube</p>\"") && !held.contains(" src="), "{held}");
}

#[test]
fn a_page_in_utf_16_leaves_inert_and_in_utf_8() {
    let page = format!("<p>ä</p><script src={GTAG}></script>");
    let mut bytes = vec![0xff, 0xfe];
    bytes.extend(page.encode_utf16().flat_map(u16::to_le_bytes));
    for cuts in [1, 3, 4096] {
        let out = String::from_utf8(rewrite_chunks(&bytes, cuts, "text/html", None)).unwrap();
        assert!(out.contains("<p>ä</p>") && out.contains("data-postern-need=\"4\""), "{out}");
    }
}

#[test]
fn bytes_of_other_encodings_stay_as_they_are() {
    let page = b"<p>\xe4\xf6\x80</p><img src=/\xfc.jpg>";
    assert_eq!(rewrite_chunks(page, 2, "text/html; charset=iso-8859-1", None), page);
    assert_eq!(rewrite_chunks(page, 2, "text/html; charset=utf-8", None), page);
}

#[test]
fn an_endless_tag_is_refused() {
    let base = Url::parse("https://shop.example/").unwrap();
    let charset = Charset::of("text/html", b"");
    let mut rewriter = PageRewriter::new(charset, &base, CategorySet::NECESSARY, None);
    let mut result = rewriter.write(b"<img alt=\"");
    for _ in 0..6 {
        result = result.and_then(|_| rewriter.write(&[b'a'; 1 << 20]));
    }
    assert_eq!(result, Err(RewriteError::TooLong));
}

proptest! {
    #[test]
    fn where_the_chunks_are_cut_never_shows(cuts in 1usize..40, order in proptest::collection::vec(0usize..9, 0..9)) {
        let pieces = [
            "<p>ä</p>", "<script src=https://connect.facebook.net/x.js defer></script>", "<noscript><img src='https://www.facebook.com/tr?id=1'></noscript>",
            "<iframe src=//www.youtube.com/embed/x></iframe>", "<body>", "<!-- x -->", "<script>let a = '<img src=x>'</script>",
            "<textarea><img src=https://www.facebook.com/tr></textarea>", "<img src=/a.jpg",
        ];
        let page: String = order.iter().map(|index| pieces[*index]).collect();
        let whole = rewrite_chunks(page.as_bytes(), page.len(), "text/html; charset=utf-8", Some(injection()));
        let cut = rewrite_chunks(page.as_bytes(), cuts, "text/html; charset=utf-8", Some(injection()));
        prop_assert_eq!(String::from_utf8_lossy(&whole), String::from_utf8_lossy(&cut));
    }

    #[test]
    fn no_bytes_panic(page in proptest::collection::vec(any::<u8>(), 0..300)) {
        let base = Url::parse("https://shop.example/").unwrap();
        let mut rewriter = PageRewriter::new(Charset::of("text/html", &page), &base, CategorySet::NECESSARY, Some(injection()));
        if rewriter.write(&page).is_ok() {
            let _ = rewriter.end();
        }
    }
}
