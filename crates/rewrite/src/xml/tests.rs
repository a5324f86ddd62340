//! What an XML document looks like after it has passed.

use super::*;
use crate::grants::testing::{denied, grants};
use postern_consent::CategorySet;
use proptest::prelude::*;

const TR: &str = "https://www.facebook.com/tr?id=1";
const GTAG: &str = "https://www.googletagmanager.com/gtag/js?id=G-1";
const H: &str = "xmlns=\"http://www.w3.org/1999/xhtml\"";
const S: &str = "xmlns=\"http://www.w3.org/2000/svg\"";
const OURS: &str = "<script xmlns=\"http://www.w3.org/1999/xhtml\" data-postern-state=\"0|&lt;\"><![CDATA[a<b&&c]]></script>";
const LINK: &str =
    "<p xmlns=\"http://www.w3.org/1999/xhtml\"><a href=\"/_postern/consent\">Privacy &amp; choices ä</a></p>";

fn injection() -> Injection {
    Injection::new("[HEAD]".into(), "[BODY]", "<p>{vendor}</p>").with_xml(
        &[("data-postern-state", "0|<")],
        "a<b&&c",
        Some(("/_postern/consent", "Privacy & choices ä")),
    )
}

fn run(
    page: &[u8],
    cuts: usize,
    content_type: &str,
    grants: &Grants,
    ours: Option<Injection>,
) -> Result<(Vec<u8>, Seen), RewriteError> {
    let base = Url::parse("https://shop.example/a/").unwrap();
    let charset = Charset::of_xml(content_type, page);
    let mut rewriter =
        XmlRewriter::new(charset, &base, grants, ours.map(|parts| (parts, OwnSources::default())));
    let mut out = Vec::new();
    for chunk in page.chunks(cuts.max(1)) {
        out.extend(rewriter.write(chunk)?);
    }
    let (rest, seen) = rewriter.end()?;
    out.extend(rest);
    Ok((out, seen))
}

fn rewrite(page: &str) -> String {
    String::from_utf8(run(page.as_bytes(), page.len(), "text/xml", &denied(), None).unwrap().0).unwrap()
}

fn inject(page: &str) -> String {
    let out = run(page.as_bytes(), page.len(), "text/xml", &denied(), Some(injection())).unwrap().0;
    String::from_utf8(out).unwrap()
}

fn held_of(page: &str) -> Vec<&'static str> {
    let seen = run(page.as_bytes(), page.len(), "text/xml", &denied(), None).unwrap().1;
    seen.held.iter().map(|vendor| vendor.id).collect()
}

fn fill(page: &str) -> String {
    page.replace("HTML", H).replace("SVG", S).replace("TR", TR)
}

#[test]
fn every_way_to_start_a_request_is_held() {
    for page in [
        "<html HTML><script src='/x'/><script src='TR'/></html>",
        "<html HTML><script type='module' src='TR'></script></html>",
        "<h:html xmlns:h='http://www.w3.org/1999/xhtml'><h:script src='TR'/></h:html>",
        "<h:html xmlns:h='http&#x3a;//www.w3.org/1999/xhtml'><h:script src='TR'/></h:html>",
        "<a><b xmlns:h='http://www.w3.org/1999/xhtml'><h:img src='TR'/></b></a>",
        "<a xmlns:h='x'><b xmlns:h='http://www.w3.org/1999/xhtml'><h:img src='TR'/></b><h:img src='TR'/></a>",
        "<rss><d><x:script xmlns:x='http://www.w3.org/1999/xhtml' src='TR'/></d></rss>",
        "<script HTML src='TR'/>",
        "<html HTML><img src='&#x68;ttps://www.face&#98;ook.com/tr?id=1'/></html>",
        "<html HTML><img src='https&colon;&sol;/www.facebook.com/tr'/></html>",
        "<html HTML><img alt='>' src='//www.facebook.com/tr'/></html>",
        "<html HTML><img src='\n//www.facebook.com/tr'/></html>",
        "<html HTML><img srcset='/a 1x, TR 2x'/></html>",
        "<html HTML><iframe src='TR'/></html>",
        "<html HTML><iframe srcdoc='&lt;img src=TR>'/></html>",
        "<html HTML><link rel='stylesheet' href='TR'/></html>",
        "<html HTML><object data='TR'/></html>",
        "<html HTML><meta http-equiv='Refresh' content='0;url=TR'/></html>",
        "<html HTML><base href='https://www.facebook.com/'/><img src='tr?id=1'/></html>",
        "<html HTML><body><![CDATA[<x>]]><img src='TR'/></body></html>",
        "<html HTML><!-- <x> --><img src='TR'/></html>",
        "<html HTML><?a <x> ?><img src='TR'/></html>",
        "<html HTML><p style='background:url(TR)'/></html>",
        "<html HTML><style>p{background:url(TR)}</style></html>",
        "<html HTML><style>p{background:u<![CDATA[rl(TR)]]>}</style></html>",
        "<html HTML><style>p{background:url(&#34;TR&#34;)}</style></html>",
        "<html HTML><script>import('TR')</script></html>",
        "<html HTML><script><![CDATA[import('TR')]]></script></html>",
        "<html HTML><script>imp<!-- x -->ort('TR')</script></html>",
        "<html HTML><script>import(&#39;TR&#39;)</script></html>",
        "<html HTML><script>1<img src='TR'/></script></html>",
        "<html HTML><script>1<script>import('TR')</script></script></html>",
        "<html HTML><script type='importmap'>{\"imports\":{\"a\":\"TR\"}}</script></html>",
        "<html HTML><template><img src='TR'/></template></html>",
        "<html HTML><noscript><img src='TR'/></noscript></html>",
        "<html HTML><body><svg SVG><image href='TR'/></svg></body></html>",
        "<html HTML><math xmlns='http://www.w3.org/1998/Math/MathML' style='background:url(TR)'/></html>",
        "<svg SVG><script href='TR'/></svg>",
        "<svg SVG xmlns:xlink='http://www.w3.org/1999/xlink'><script xlink:href='TR'/></svg>",
        "<svg SVG xmlns:y='http://www.w3.org/1999/xlink'><use y:href='TR'/></svg>",
        "<svg SVG><image href='TR'/></svg>",
        "<svg SVG><feImage href='TR'/></svg>",
        "<svg SVG><set attributeName='href' to='TR'/></svg>",
        "<svg SVG><animate attributeName='href' values='/a;TR'/></svg>",
        "<svg SVG><rect fill='url(TR#a)'/></svg>",
        "<svg SVG><style>p{background:url(TR)}</style></svg>",
        "<svg SVG><script>import('TR')</script></svg>",
        "<svg SVG><foreignObject><body HTML><img src='TR'/></body></foreignObject></svg>",
        "<svg SVG xml:base='https://www.facebook.com/x/'><g><image href='../tr?id=1'/></g></svg>",
        "<svg SVG><g xml:base='/y/'><image href='TR'/></g></svg>",
        "<?xml version='1.0'?><?xml-stylesheet href='TR'?><a/>",
        "<?xml-stylesheet type='text/css' href='https://www.facebook.com&#x2f;tr'?><a/>",
        "<!DOCTYPE html PUBLIC '-//W3C//DTD XHTML 1.0 Strict//EN' 'x.dtd'><html HTML>&nbsp;<img src='TR'/></html>",
    ] {
        let page = fill(page);
        assert_eq!(held_of(&page), ["meta-pixel"], "{page}");
        let held = rewrite(&page);
        assert!(held_of(&held).is_empty(), "{page} → {held}");
        assert!(run(held.as_bytes(), 7, "text/xml", &grants(CategorySet::ALL), None).is_ok(), "{held}");
    }
}

#[test]
fn a_data_address_is_read_as_xml_too() {
    let inner = format!("<html {H}><script src='/x'/><img src='{TR}'/></html>").replace('#', "%23");
    let page = format!(
        "<html {H}><iframe src=\"{}\"/></html>",
        escape(&format!("data:application/xhtml+xml,{inner}"))
    );
    assert_eq!(held_of(&page), ["meta-pixel"]);
}

#[test]
fn what_no_rule_names_passes_byte_for_byte() {
    for page in [
        "\u{feff}<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>\n<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Strict//EN\" \"http://x\">\r\n<html HTML><head><title>a &nbsp; ä</title></head><body  class = 'a'  ><br /><img src='/a.jpg' /></body >\n</html>\n<!-- end -->",
        "<a href='TR'><script src='TR'/><img src='TR'/></a>",
        "<svg SVG><script>if (a &lt; b) {}</script><script><![CDATA[a<b]]></script><a href='TR'>no request</a><image href='/a.svg'/></svg>",
        "<script xmlns='http://www.w3.org/1999/xhtm' src='TR'/>",
        "<html HTML><SCRIPT src='TR'/><script SRC='TR'/><script type='text/plain'>import('TR')</script></html>",
        "<rss version='2.0'><channel><item><description><![CDATA[<img src='TR'>]]></description><link>TR</link></item></channel></rss>",
        "<?xml-stylesheet type='text/css' href='/a.css'?><a/>",
        "",
    ] {
        let page = fill(page);
        assert_eq!(rewrite(&page), page);
    }
    for page in ["<rss><a><![CDATA[<script>]]></a></rss>", "<urlset><url><loc>TR</loc></url></urlset>"] {
        assert_eq!(inject(page), page, "a feed stays what its readers expect");
    }
}

#[test]
fn what_is_held_keeps_all_it_had() {
    let held = rewrite(&format!(
        "<html {H}><h:script xmlns:h='http://www.w3.org/1999/xhtml' src='{GTAG}&amp;l=x' async='async'/></html>"
    ));
    assert_eq!(
        held,
        format!(
            "<html {H}><h:script xmlns:h=\"http://www.w3.org/1999/xhtml\" data-postern-src=\"{GTAG}&amp;l=x\" async=\"async\" \
             data-postern-need=\"4\" data-postern-vendor=\"ga4\" data-postern-type=\"\" type=\"text/plain\"/></html>"
        )
    );
    let twin = rewrite(&format!("<svg {S}><style id='a'><![CDATA[a>b{{c:url({TR})}}]]></style></svg>"));
    assert_eq!(
        twin,
        format!(
            "<svg {S}><style id='a'>a&gt;b{{c:url(&quot;about:invalid&quot;)}}</style><style id=\"a\" data-postern-need=\"8\" \
             data-postern-vendor=\"meta-pixel\" data-postern-type=\"\" type=\"text/plain\"><![CDATA[a>b{{c:url({TR})}}]]></style></svg>"
        )
    );
    let frame = format!("<html {H}><iframe src='https://www.youtube.com/embed/x'/></html>");
    assert!(inject(&frame).contains("srcdoc=\"&lt;p&gt;YouTube&lt;/p&gt;\""), "{}", inject(&frame));
    let both = rewrite(&format!(
        "<svg {S}><image xmlns:x='http://www.w3.org/1999/xlink' href='{TR}' x:href='{TR}'/></svg>"
    ));
    assert_eq!(both.matches("data-postern-href").count(), 1, "{both}");
}

#[test]
fn our_parts_stand_where_they_must_and_are_well_formed() {
    for (page, expected) in [
        (
            "<html HTML><head><title/></head><body>x</body></html>",
            "<html HTML><head>[S]<title/></head><body>[L]x</body></html>",
        ),
        ("<html HTML>\n<body/></html>", "<html HTML>\n[S]<body>[L]</body></html>"),
        ("<html HTML><!-- x --></html>", "<html HTML><!-- x -->[S]</html>"),
        ("<html HTML/>", "<html HTML>[S]</html>"),
        ("<html HTML><head/><frameset/></html>", "<html HTML><head>[S]</head><frameset/></html>"),
        ("<svg SVG/>", "<svg SVG>[S]</svg>"),
        ("<!--a--><svg SVG><script>1</script></svg>", "<!--a--><svg SVG>[S]<script>1</script></svg>"),
        ("<feed><x HTML/><script HTML>1</script></feed>", "<feed><x HTML/>[S]<script HTML>1</script></feed>"),
        ("<feed><p HTML onclick='x'/></feed>", "<feed>[S]<p HTML onclick='x'/></feed>"),
    ] {
        let out = inject(&fill(page));
        assert_eq!(out, fill(expected).replace("[S]", OURS).replace("[L]", LINK));
        assert!(run(out.as_bytes(), 3, "text/xml", &denied(), None).is_ok());
    }
    let odd = Injection::default().with_xml(&[], "a[b[0]]>1", None);
    assert!(odd.xml().0.contains("<![CDATA[a[b[0]]]]><![CDATA[>1]]></script>"), "{}", odd.xml().0);
    let rewriter = XmlRewriter::new(
        Charset::of_xml("", b""),
        &Url::parse("https://x.example/").unwrap(),
        &denied(),
        Some((injection(), OwnSources::default())),
    );
    let mut rewriter = rewriter.with_demanded_nonces(vec![vec!["n".into()]]);
    let out =
        String::from_utf8(rewriter.write(fill("<svg SVG><script href='TR'/></svg>").as_bytes()).unwrap())
            .unwrap();
    assert!(out.contains("<script nonce=\"n\" xmlns=") && out.contains("need=\"8 0\""), "{out}");
}

#[test]
fn a_policy_in_the_document_lets_the_gate_through() {
    let own = OwnSources {
        script_hashes: vec!["S".into()],
        style_hashes: vec![],
        folder: "https://x/_postern/".into(),
        ..OwnSources::default()
    };
    let page = format!(
        "<html {H}><head><meta http-equiv='Content-Security-Policy' content=\"script-src 'self'\"/></head></html>"
    );
    let base = Url::parse("https://shop.example/").unwrap();
    let mut rewriter = XmlRewriter::new(
        Charset::of_xml("", b""),
        &base,
        &grants(CategorySet::ALL),
        Some((injection(), own)),
    );
    let out = String::from_utf8(rewriter.write(page.as_bytes()).unwrap()).unwrap();
    assert!(
        out.contains("content=\"script-src 'self' 'sha256-S' https://x/_postern/ 'wasm-unsafe-eval'\""),
        "{out}"
    );
}

#[test]
fn a_transformation_leaves_while_anything_is_denied() {
    let page = "<?xml-stylesheet type=\"text/xsl\" href=\"/main-sitemap.xsl\"?><urlset/>";
    assert_eq!(rewrite(page), "<urlset/>");
    assert_eq!(run(page.as_bytes(), 9, "", &grants(CategorySet::ALL), None).unwrap().0, page.as_bytes());
}

#[test]
fn a_document_that_browsers_stop_at_ends_there() {
    for page in [
        "<a>",
        "<a></b>",
        "<a/><b/>",
        "<a/>x",
        "x<a/>",
        "<a b></a>",
        "<a b='1' b='2'/>",
        "<p:a/>",
        "< a/>",
        "<a",
        "<a/><!DOCTYPE a>",
        "<a xmlns:xml='x'/>",
        "</a>",
        "<a><![CDATA[</a>",
        "<![CDATA[]]><a/>",
        "<!-- x -->",
    ] {
        let result = run(page.as_bytes(), page.len(), "", &denied(), None);
        assert!(matches!(result, Err(RewriteError::IllFormed(_))), "{page}");
    }
    let hidden = "<!DOCTYPE html [<!ENTITY x \"<script src='//evil'/>\">]><html>&x;</html>";
    assert_eq!(run(hidden.as_bytes(), 4, "", &denied(), None).unwrap_err(), RewriteError::Entities);
    let deep = "<a>".repeat(DEPTH_MAX + 1);
    assert!(run(deep.as_bytes(), 4096, "", &denied(), None).is_err());
    let base = Url::parse("https://shop.example/").unwrap();
    let mut endless = XmlRewriter::new(Charset::of_xml("", b""), &base, &denied(), None);
    let mut result = endless.write(b"<a b='");
    for _ in 0..6 {
        result = result.and_then(|_| endless.write(&[b'a'; 1 << 20]));
    }
    assert_eq!(result, Err(RewriteError::TooLong));
}

#[test]
fn other_encodings_leave_as_utf_8_and_say_so() {
    let latin = b"<?xml\nversion='1.0' encoding='ISO-8859-1'?><a>\xe4</a>";
    let out = run(latin, 5, "text/xml", &denied(), None).unwrap().0;
    assert_eq!(String::from_utf8(out).unwrap(), "<?xml\nversion='1.0' encoding='UTF-8'?><a>ä</a>");
    let mut wide = vec![0xff, 0xfe];
    wide.extend(fill("<svg SVG>ä<image href='TR'/></svg>").encode_utf16().flat_map(u16::to_le_bytes));
    for cuts in [1, 3, 4096] {
        let out = String::from_utf8(run(&wide, cuts, "image/svg+xml", &denied(), None).unwrap().0).unwrap();
        assert!(out.starts_with("<svg") && out.contains('ä') && out.contains("data-postern-href"), "{out}");
    }
}

const PIECES: [&str; 22] = [
    "<html xmlns=\"http://www.w3.org/1999/xhtml\">",
    "</html>",
    "<head>",
    "</head>",
    "<body>",
    "</body>",
    "<p>ä &amp; &nbsp;</p>",
    "<script src='https://connect.facebook.net/x.js'/>",
    "<script>import('https://www.facebook.com/tr')",
    "</script>",
    "<![CDATA[ <x> ]]>",
    "<svg xmlns='http://www.w3.org/2000/svg' xmlns:x='http://www.w3.org/1999/xlink'>",
    "</svg>",
    "<image x:href='https://www.facebook.com/tr'/>",
    "<style>",
    "a{b:url(https://www.facebook.com/tr)}",
    "</style>",
    "<!-- > -->",
    "<?xml-stylesheet href='https://www.facebook.com/tr'?>",
    "<g xml:base='//www.facebook.com/'>",
    "</g>",
    "<img src='tr'/>",
];

/// Pieces in any order, and whatever is open closed in the end: often well-formed.
fn documents() -> impl Strategy<Value = String> {
    proptest::collection::vec(0usize..PIECES.len(), 0..14).prop_map(|order| {
        let (mut page, mut open) = (String::from("<r xmlns:x='http://www.w3.org/1999/xlink'>"), vec!["r"]);
        for piece in order.iter().map(|index| PIECES[*index]) {
            let name = piece.trim_start_matches(['<', '/']).split([' ', '>']).next().unwrap();
            match piece.starts_with("</") {
                true if open.last() != Some(&name) => continue,
                true => drop(open.pop()),
                false
                    if piece.starts_with("<script>")
                        || (piece.starts_with('<')
                            && !piece.ends_with("/>")
                            && !piece.contains("</")
                            && piece.as_bytes()[1].is_ascii_alphabetic()) =>
                {
                    open.push(name)
                }
                false => {}
            }
            page.push_str(piece);
        }
        open.iter().rev().for_each(|name| page.push_str(&format!("</{name}>")));
        page
    })
}

proptest! {
    #[test]
    fn where_the_chunks_are_cut_never_shows(page in documents(), cuts in 1usize..40) {
        let whole = run(page.as_bytes(), page.len(), "", &denied(), Some(injection())).map(|(out, _)| out);
        let cut = run(page.as_bytes(), cuts, "", &denied(), Some(injection())).map(|(out, _)| out);
        prop_assert!(whole.is_ok(), "{}", page);
        prop_assert_eq!(whole, cut);
    }

    #[test]
    fn nothing_is_left_to_hold(page in documents()) {
        let held = rewrite(&page);
        prop_assert!(held_of(&held).is_empty(), "{} → {}", page, held);
    }

    #[test]
    fn no_bytes_panic(page in proptest::collection::vec(any::<u8>(), 0..300), cuts in 1usize..40) {
        let _ = run(&page, cuts, "", &denied(), Some(injection()));
    }

    #[test]
    fn no_text_panics(page in "[<>/?!\\[\\]CDAT&;='\" a-c:xmlns\\-ä]{0,80}", cuts in 1usize..40) {
        let _ = run(page.as_bytes(), cuts, "", &denied(), Some(injection()));
    }
}
