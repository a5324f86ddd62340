//! What a page looks like after it has passed.

use super::*;
use crate::grants::testing::denied;
use postern_consent::CategorySet;
use proptest::prelude::*;

const GTAG: &str = "https://www.googletagmanager.com/gtag/js?id=G-1";

fn injection() -> Injection {
    Injection::new("[HEAD]".into(), "[BODY]", "<p>{vendor}</p>")
}

fn rewrite_chunks(page: &[u8], cuts: usize, content_type: &str, injection: Option<Injection>) -> Vec<u8> {
    let base = Url::parse("https://shop.example/").unwrap();
    let charset = Charset::of(content_type, page);
    let mut rewriter =
        PageRewriter::new(charset, &base, &denied(), injection.map(|parts| (parts, OwnSources::default())));
    let mut out = Vec::new();
    for chunk in page.chunks(cuts.max(1)) {
        out.extend(rewriter.write(chunk).unwrap());
    }
    out.extend(rewriter.end().unwrap().0);
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

const TR: &str = "https://www.facebook.com/tr?id=1";

/// Whom a page still starts, by the same rules: the browser is asked in `tests/journeys/leaks.test.mjs`.
fn held_of(page: &str) -> Vec<&'static str> {
    let base = Url::parse("https://shop.example/").unwrap();
    let charset = Charset::of("text/html; charset=utf-8", b"");
    let mut rewriter = PageRewriter::new(charset, &base, &denied(), None);
    rewriter.write(page.as_bytes()).unwrap();
    rewriter.end().unwrap().1.held.iter().map(|vendor| vendor.id).collect()
}

#[test]
fn every_way_to_start_a_request_is_held() {
    for page in [
        "<script src=TR></script>",
        "<script type=module src=TR></script>",
        "<script nomodule src=TR></script>",
        "<svg><script href='TR'></script></svg>",
        "<iframe src='TR'></iframe>",
        "<iframe srcdoc='<img src=TR>'></iframe>",
        "<iframe srcdoc='&lt;img src=TR&gt;'></iframe>",
        "<iframe src='data:text/html,<img src=TR>'></iframe>",
        "<iframe src=\"javascript:'<img src=TR>'\"></iframe>",
        "<iframe src=\" java\nscript:new%20Image().src=%22TR%22\"></iframe>",
        "<iframe src=\"javascript:import('TR')\"></iframe>",
        "<object data='data:image/svg+xml;base64,PHN2Zz48aW1hZ2UgaHJlZj0iaHR0cHM6Ly93d3cuZmFjZWJvb2suY29tL3RyP2lkPTEiLz48L3N2Zz4='></object>",
        "<frameset><frame src='TR'></frameset>",
        "<img src='TR'>",
        "<img srcset='/a.jpg 1x, TR 2x'>",
        "<picture><source srcset='TR'></picture>",
        "<link rel=preconnect href=TR>",
        "<link rel=preload as=image imagesrcset='TR 1x'>",
        "<object data=TR></object>",
        "<embed src='TR'>",
        "<video poster=TR></video>",
        "<video src=TR></video>",
        "<video><source src=TR><track src=TR></video>",
        "<audio src=TR></audio>",
        "<svg><image href='TR' /><use xlink:href='TR'/><feImage href='TR'/></svg>",
        "<svg><image><set attributeName=href to='TR'/></image></svg>",
        "<svg><image><animate attributeName=href values='/a;TR'/></image></svg>",
        "<svg><rect mask='url(TR)' fill='url(TR#a)'/></svg>",
        "<input type=image src='TR'>",
        "<body background=TR>",
        "<table><tr><td background=TR></table>",
        "<p style='color:red;background:url(TR)'>",
        "<p style='background:u\\72 l(&quot;TR&quot;)'>",
        "<style>@import 'TR';p{color:red}</style>",
        "<style>p{background:url(TR) red}</style>",
        "<svg><style>p{background:url(&quot;TR&quot;)}</style></svg>",
        "<svg><script>1<!-- x -->;import('TR')</script></svg>",
        "<svg><style>p{}<!-- x -->i{background:url(TR)}</style></svg>",
        "<svg><script>imp<![CDATA[ort('TR')]]></script></svg>",
        "<svg><script src=/x>import('TR')</script></svg>",
        "<meta http-equiv=Refresh content='0;url=TR'>",
        "<form action=TR></form>",
        "<button formaction=TR></button>",
        "<a href=/x ping='/y TR'>x</a>",
        "<img attributionsrc='TR' src=/a.jpg>",
        "<base href=https://www.facebook.com/><script src='tr?id=1'></script>",
        "<SCRIPT SRC='HTTPS://WWW.FACEBOOK.COM./tr?id=1'></SCRIPT>",
        "<script src=//www.facebook.com:443/tr?id=1></script>",
        "<script src='https://www.face&#98;ook.com/tr?id=1'></script>",
        "<script type=module>import 'TR'</script>",
        "<script>import('TR')</script>",
        "<script type=importmap>{\"imports\":{\"a\":\"TR\"}}</script>",
        "<script type=speculationrules>{\"prefetch\":[{\"urls\":[\"TR\"]}]}</script>",
        "<script src='data:text/javascript,import(%22TR%22)'></script>",
        "<noscript><img src='TR'></noscript>",
        "<svg><noscript><script>import('TR')</script></noscript></svg>",
        "<template><img src='TR'></template>",
        "<template shadowrootmode=open><img src='TR'></template>",
        "<!--[if IE]><script src='TR'></script><![endif]-->",
        "<div\n/src='x'/><img/src='TR'/>",
    ] {
        let page = page.replace("TR", TR);
        assert_eq!(held_of(&page), ["meta-pixel"], "{page}");
        let held = rewrite(&page);
        assert!(held_of(&held).is_empty(), "{page} → {held}");
        assert!(!held.contains(&format!(" src='{TR}")), "{page} → {held}");
    }
}

#[test]
fn an_inline_script_that_is_held_keeps_an_inert_twin() {
    let held = rewrite(&format!("<script nonce=n type='module' id=\"a\">import '{TR}' // &amp;</script>y"));
    assert_eq!(
        held,
        format!(
            "<script nonce=n type='module' id=\"a\"></script><script nonce=\"n\" id=\"a\" data-postern-need=\"8\" \
             data-postern-vendor=\"meta-pixel\" data-postern-type=\"module\" type=\"text/plain\">import '{TR}' \
             // &amp;</script>y"
        )
    );
    let style = rewrite(&format!("<style media=print>a{{b:url({TR})}}i{{c:d}}</style>"));
    assert_eq!(
        style,
        format!(
            "<style media=print>a{{b:url(\"about:invalid\")}}i{{c:d}}</style><style media=\"print\" \
             data-postern-need=\"8\" data-postern-vendor=\"meta-pixel\" data-postern-type=\"\" \
             type=\"text/plain\" data-postern-text=\"a{{b:url({TR})}}i{{c:d}}\"></style>"
        )
    );
}

#[test]
fn a_snippet_is_left_alone_unless_its_loader_hides() {
    let gtm = |address: &str| {
        format!(
            "<script>(function(w,d,s,l,i){{w[l]=w[l]||[];w[l].push({{'gtm.start':1,event:'gtm.js'}});var j=\
             d.createElement(s);j.src='{address}'+i;}})(window,document,'script','dataLayer','GTM-1');</script>"
        )
    };
    let plain = gtm("https://www.googletagmanager.com/gtm.js?id=");
    assert_eq!(rewrite(&plain), plain);
    assert!(held_of(&plain).is_empty());
    let base = Url::parse("https://shop.example/").unwrap();
    let mut rewriter = PageRewriter::new(Charset::of("text/html", b""), &base, &denied(), None);
    rewriter.write(plain.as_bytes()).unwrap();
    assert_eq!(rewriter.end().unwrap().1.vendors().map(|vendor| vendor.id).collect::<Vec<_>>(), ["gtm"]);
    let hidden = rewrite(&gtm("https://data.shop.example/kx3.js?"));
    assert!(hidden.starts_with("<script></script><script data-postern-need=\"1e\""), "{hidden}");
    let meta =
        "<script>!function(f,b){f.fbq=f._fbq=1}(window);s.src='/own/fbevents.js';fbq('init','1')</script>";
    assert_eq!(rewrite(meta), meta);
}

#[test]
fn a_style_attribute_loses_only_what_is_held() {
    let held = rewrite(&format!("<p style=\"color:red;background:url('{TR}') blue\">"));
    assert!(held.contains("style=\"color:red;background:url(&quot;about:invalid&quot;) blue\""), "{held}");
    assert!(
        held.contains(&format!("data-postern-style=\"color:red;background:url('{TR}') blue\"")),
        "{held}"
    );
}

#[test]
fn an_element_of_two_vendors_needs_both() {
    let held = rewrite(&format!("<video poster={TR}><source src={TR} srcset='{GTAG}'>"));
    assert!(held.contains("data-postern-need=\"8 4\" data-postern-vendor=\"meta-pixel ga4\""), "{held}");
}

#[test]
fn a_frame_with_scripts_of_its_own_gets_the_gate() {
    let framed = inject("<body><iframe srcdoc='<script>a()</script>'></iframe>");
    assert!(framed.contains("srcdoc=\"[HEAD]<script>a()</script>\""), "{framed}");
    let plain = "<body><iframe srcdoc='<p>only one</p>'></iframe>";
    assert!(inject(plain).ends_with("<iframe srcdoc='<p>only one</p>'></iframe>"));
    let nested = format!("<iframe srcdoc=\"{}\"></iframe>", "<iframe srcdoc='x'>".replace('x', "<script>"));
    assert!(inject(&nested).contains("[HEAD]"));
}

#[test]
fn documents_within_a_page_carry_nothing_of_its_address() {
    let head = "<script data-postern-state=\"1\" data-postern-landing=\"8 gclid=&quot;a\">1</script>";
    let page = "<head><iframe srcdoc='<script>a()</script>'></iframe><iframe src='data:text/html,<script>a()</script>'></iframe>";
    let parts = Some(Injection::new(head.into(), "", ""));
    let out = String::from_utf8(rewrite_chunks(page.as_bytes(), 99, "text/html", parts)).unwrap();
    assert_eq!(out.matches("gclid").count(), 1, "{out}");
    assert_eq!(out.matches("data-postern-state").count(), 3, "{out}");
}

#[test]
fn a_document_in_an_address_gets_the_gate_if_it_can_run_scripts() {
    let framed = inject("<body><iframe src=\"data:text/html,<script>a('%23')</script>\"></iframe>");
    let expected = "src=\"data:text/html;charset=utf-8,%5BHEAD%5D%3Cscript%3Ea('%23')%3C/script%3E\"";
    assert!(framed.contains(expected), "{framed}");
    let drawing = inject(
        "<body><object data='data:image/svg+xml,<svg xmlns=\"http://www.w3.org/2000/svg\"/>'></object>",
    );
    assert!(drawing.ends_with("<svg xmlns=\"http://www.w3.org/2000/svg\"/>'></object>"), "{drawing}");
    for untouched in ["data:text/html,<p>x</p>", "data:image/png;base64,AAAA", "/own.html"] {
        let page = format!("<iframe src='{untouched}'></iframe>");
        assert!(inject(&page).contains(&page), "{untouched}");
    }
    let held = inject(&format!("<iframe src=\"data:text/html,<script src={TR}></script>\"></iframe>"));
    assert!(held.contains("data-postern-src=\"data:text/html,<script src="), "{held}");
}

#[test]
fn a_page_that_ends_within_a_tag_gets_the_gate_before_it() {
    assert_eq!(inject("y<p"), "y[HEAD][BODY]<p");
    assert_eq!(inject("y<!-- <img src=x>"), "y<!-- <img src=x>[HEAD][BODY]");
}

#[test]
fn what_an_encoding_cannot_say_ends_no_name() {
    // 0xaa stands for nothing in windows-1253, so `url` behind it is part of a longer name.
    let mut page = format!("<style>a{{b:url({TR});c:").into_bytes();
    page.extend(b"\xaaurl(");
    page.extend(format!("{TR})}}</style>").into_bytes());
    let out = rewrite_chunks(&page, 9, "text/html; charset=windows-1253", None);
    let text = String::from_utf8_lossy(&out);
    let shown = text.split("</style>").next().unwrap();
    assert_eq!(shown, format!("<style>a{{b:url(\"about:invalid\");c:\\fffd url({TR})}}"));
}

#[test]
fn a_style_of_svg_with_elements_in_it_passes_or_ends_the_page() {
    let page = |address: &str| format!("<svg><style>a{{b:url({address})}}<title>c<title><style>d</style>");
    assert_eq!(rewrite(&page("/own.png")), page("/own.png"));
    let base = Url::parse("https://shop.example/").unwrap();
    let mut rewriter = PageRewriter::new(Charset::of("text/html", b""), &base, &denied(), None);
    assert_eq!(rewriter.write(page(TR).as_bytes()), Err(RewriteError::Ambiguous));
}

#[test]
fn odd_attributes_mean_the_same_beside_what_is_held() {
    let held = rewrite(&format!("<p style='background:url({TR})' n=>x"));
    assert!(held.starts_with("<p style=\"") && held.contains("\" n=\"\" data-postern-style=\""), "{held}");
    let held = rewrite(&format!("<img title=\"a\" src/=//www.facebook.com/tr srcset={TR}>"));
    assert!(held.starts_with("<img title=\"a\" src /= www.facebook.com tr data-postern-srcset="), "{held}");
    let held = rewrite(&format!("<img src={TR} a==>"));
    assert!(held.contains(" a== data-postern-src"), "{held}");
}

#[test]
fn of_several_attributes_of_one_name_none_comes_alive() {
    let held = rewrite(&format!("<img src={TR} SRC='https://www.facebook.com/tr?id=2'>"));
    assert!(!held.to_lowercase().contains(" src="), "{held}");
}

#[test]
fn a_policy_in_the_page_lets_the_gate_through() {
    let own = OwnSources {
        script_hashes: vec!["S".into()],
        style_hashes: vec![],
        folder: "https://x/_postern/".into(),
        ..OwnSources::default()
    };
    let base = Url::parse("https://shop.example/").unwrap();
    let page = "<head><meta http-equiv=Content-Security-Policy content=\"script-src 'self'\"></head>";
    for granted in [CategorySet::NECESSARY, CategorySet::ALL] {
        let mut rewriter = PageRewriter::new(
            Charset::of("text/html; charset=utf-8", b""),
            &base,
            &crate::grants::testing::grants(granted),
            Some((injection(), own.clone())),
        );
        let mut out = rewriter.write(page.as_bytes()).unwrap();
        out.extend(rewriter.end().unwrap().0);
        let out = String::from_utf8(out).unwrap();
        assert!(out.starts_with("<head>[HEAD]<meta"), "{out}");
        assert!(
            out.contains("content=\"script-src 'self' 'sha256-S' https://x/_postern/ 'wasm-unsafe-eval'\""),
            "{out}"
        );
    }
}

#[test]
fn a_script_that_the_policy_refuses_is_never_released() {
    let base = Url::parse("https://shop.example/").unwrap();
    let charset = Charset::of("text/html; charset=utf-8", b"");
    let page =
        format!("<script nonce=a src={GTAG}></script><script nonce=b src={GTAG}></script><img src={TR}>");
    let rewriter = PageRewriter::new(charset, &base, &denied(), None);
    let mut rewriter = rewriter.with_demanded_nonces(vec![vec!["a".into()]]);
    let mut out = rewriter.write(page.as_bytes()).unwrap();
    out.extend(rewriter.end().unwrap().0);
    let out = String::from_utf8(out).unwrap();
    let needs: Vec<&str> =
        out.split("data-postern-need=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(needs, ["4", "4 0", "8"]);
    let ours = Injection::new("<script x>1</script>".into(), "", "");
    let with = |demanded: Vec<Vec<String>>| {
        let parts = Some((ours.clone(), OwnSources::default()));
        let rewriter = PageRewriter::new(charset, &base, &denied(), parts).with_demanded_nonces(demanded);
        String::from_utf8(rewriter.end().unwrap().0).unwrap()
    };
    assert_eq!(
        with(vec![vec!["a".into()], vec!["b".into(), "a".into()]]),
        "<script nonce=\"a\" x>1</script>"
    );
    assert_eq!(with(vec![vec!["\"><img".into()]]), "<script x>1</script>");
}

#[test]
fn what_was_seen_is_told() {
    let base = Url::parse("https://shop.example/").unwrap();
    let page = format!(
        "<img src={TR}><script src=https://cdn.b.example/x.js></script><img src=//a.example/x><img src=/y>"
    );
    let mut rewriter = PageRewriter::new(Charset::of("text/html", b""), &base, &denied(), None);
    rewriter.write(page.as_bytes()).unwrap();
    let (_, seen) = rewriter.end().unwrap();
    assert_eq!(seen.unknown, ["a.example", "cdn.b.example"]);
    assert_eq!(seen.held.iter().map(|vendor| vendor.id).collect::<Vec<_>>(), ["meta-pixel"]);
}

#[test]
fn a_strict_site_holds_every_third_party() {
    let base = Url::parse("https://shop.example/").unwrap();
    let all = crate::grants::testing::grants(CategorySet::ALL).with_strict(true);
    let mut rewriter = PageRewriter::new(Charset::of("text/html", b""), &base, &all, None);
    let mut out =
        rewriter.write(format!("<img src=//a.example/x><img src={TR}><img src=/y>").as_bytes()).unwrap();
    let (rest, seen) = rewriter.end().unwrap();
    out.extend(rest);
    let out = String::from_utf8(out).unwrap();
    assert_eq!(out.matches("data-postern-need=\"0\"").count(), 2, "{out}");
    assert!(out.ends_with("<img src=/y>"), "{out}");
    assert_eq!(seen.unknown, ["a.example", "www.facebook.com"]);
    assert!(!seen.held.iter().any(|vendor| all.is_undeclared(vendor)));
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
        "<iframe src='javascript:false'></iframe><iframe src=\"javascript:document.write('<p>x</p>')\"></iframe>",
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
        // Of frames, which has no body.
        (
            "<head></head><frameset><frame src=/a></frameset>",
            "<head>[HEAD]</head><frameset><frame src=/a></frameset>",
        ),
        ("<frameset><frame src=/a></frameset>", "<frameset>[HEAD]<frame src=/a></frameset>"),
        ("<body><frameset></frameset>y", "[HEAD]<body>[BODY]<frameset></frameset>y"),
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
    let mut rewriter = PageRewriter::new(charset, &base, &denied(), None);
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
        let mut rewriter = PageRewriter::new(Charset::of("text/html", &page), &base, &denied(), Some((injection(), OwnSources::default())));
        if rewriter.write(&page).is_ok() {
            let _ = rewriter.end();
        }
    }
}
