//! What a browser makes of a page that has passed: `html5ever`, a browser's own parser, builds the tree, and nothing in
//! it may ask for a tracker. Pages are put together from pieces that hide and reveal markup, in any order.

#![allow(clippy::unwrap_used)]

use html5ever::tendril::TendrilSink;
use html5ever::tree_builder::TreeBuilderOpts;
use html5ever::{ParseOpts, parse_document};
use markup5ever_rcdom::{Handle, NodeData, RcDom};
use postern_consent::CategorySet;
use postern_rewrite::{Charset, Grants, PageRewriter, RewriteError};
use proptest::prelude::*;
use std::rc::Rc;
use url::Url;

const TRACKER: &str = "facebook.com/tr?id=1";

fn rewrite(page: &str, cuts: usize) -> Result<String, RewriteError> {
    let base = Url::parse("https://shop.example/").unwrap();
    let grants = Grants::new(Rc::default(), CategorySet::NECESSARY);
    let mut rewriter = PageRewriter::new(Charset::of("text/html; charset=utf-8", b""), &base, &grants, None);
    let mut out = Vec::new();
    for chunk in page.as_bytes().chunks(cuts.max(1)) {
        out.extend(rewriter.write(chunk)?);
    }
    out.extend(rewriter.end()?.0);
    Ok(String::from_utf8(out).unwrap())
}

/// Every way in which the tree of that page would ask for the tracker.
fn asked(page: &str, scripting_enabled: bool) -> Vec<String> {
    let tree_builder = TreeBuilderOpts { scripting_enabled, ..TreeBuilderOpts::default() };
    let options = ParseOpts { tree_builder, ..ParseOpts::default() };
    let dom: RcDom = parse_document(RcDom::default(), options).one(page);
    let mut found = Vec::new();
    walk(&dom.document, &mut found);
    // Without scripts none runs.
    found.retain(|way| scripting_enabled || !way.contains("script"));
    found
}

fn text_of(node: &Handle) -> String {
    let text = |child: &Handle| match &child.data {
        NodeData::Text { contents } => contents.borrow().to_string(),
        _ => String::new(),
    };
    node.children.borrow().iter().map(text).collect()
}

fn walk(node: &Handle, found: &mut Vec<String>) {
    if let NodeData::Element { name, attrs, template_contents, .. } = &node.data {
        let value = |wanted: &str| {
            let attrs = attrs.borrow();
            attrs.iter().find(|one| &*one.name.local == wanted).map(|one| one.value.to_string())
        };
        // In SVG and MathML these are names like any other.
        let asking: &[&str] = match &*name.ns {
            "http://www.w3.org/1999/xhtml" => match &*name.local {
                "img" | "script" | "iframe" => &["src", "style"],
                _ => &["style"],
            },
            "http://www.w3.org/2000/svg" => &["href", "style"],
            _ => &["style"],
        };
        for attribute in attrs.borrow().iter().filter(|one| one.value.contains(TRACKER)) {
            let name_of_it = &*attribute.name.local;
            if asking.contains(&name_of_it) {
                found.push(format!("<{} {name_of_it}>", name.local));
            }
        }
        let kind = value("type").unwrap_or_default();
        let runs = matches!(&*name.local, "script" | "style") && kind != "text/plain";
        let space = &*name.ns;
        let text = text_of(node);
        let is_asking = match &*name.local {
            "script" => text.contains(&format!("import('https://www.{TRACKER}")),
            // In a string it would be no address.
            _ => text
                .split_once(&format!("url(https://www.{TRACKER}"))
                .is_some_and(|(before, _)| !before.contains(['"', '\''])),
        };
        if runs && !space.ends_with("MathML") && value("src").is_none() && is_asking {
            found.push(format!("the text of <{}>", name.local));
        }
        if let Some(content) = template_contents.borrow().as_ref() {
            walk(content, found);
        }
    }
    node.children.borrow().iter().for_each(|child| walk(child, found));
}

#[test]
fn the_oracle_sees_what_is_asked() {
    for page in [
        "<img src='https://www.facebook.com/tr?id=1'>",
        "<template><img src='https://www.facebook.com/tr?id=1'></template>",
        "<svg><style>a{b:url(https://www.facebook.com/tr?id=1)}</style>",
        "<script>import('https://www.facebook.com/tr?id=1')</script>",
    ] {
        assert_eq!(asked(page, true).len(), 1, "{page}");
        assert_eq!(asked(&rewrite(page, 4096).unwrap(), true), [""; 0], "{page}");
    }
    assert!(asked("<noscript><img src='https://www.facebook.com/tr?id=1'></noscript>", true).is_empty());
    assert!(!asked("<noscript><img src='https://www.facebook.com/tr?id=1'></noscript>", false).is_empty());
}

#[test]
fn a_style_or_script_of_svg_that_goes_on_behind_what_stands_in_it_is_not_let_through() {
    let rule = "a{b:url(https://www.facebook.com/tr?id=1)}";
    let import = "import('https://www.facebook.com/tr?id=1')";
    for page in [
        format!("<svg><style><script></script><![CDATA[{rule}"),
        format!("<svg><style><style>x</style>{rule}</style></svg>"),
        format!("<svg><style><script/>{rule}</style></svg>"),
        format!("<svg><style><desc><b>x</b></desc>{rule}</style></svg>"),
        format!("<svg><script><style></style>{import}</script></svg>"),
    ] {
        assert_eq!(asked(&page, true).len(), 1, "{page}");
        assert!(is_refused(&rewrite(&page, 4096)), "{page}");
    }
    for page in [
        format!("<svg><g><style>{rule}</g><script>{import}</script>"),
        format!("<svg><style>{rule}<p>x</p>"),
        format!("<svg><style><g>x</g></style><style>{rule}</style></svg>"),
    ] {
        assert!(!asked(&page, true).is_empty(), "{page}");
        assert_eq!(asked(&rewrite(&page, 4096).unwrap(), true), [""; 0], "{page}");
    }
}

#[test]
fn a_glyph_in_a_document_within_mathml_is_html() {
    let page = "<math><annotation-xml encoding='text/html'><mglyph><script>import('https://www.facebook.com/tr?id=1')</script>";
    assert_eq!(asked(page, true).len(), 1);
    assert_eq!(asked(&rewrite(page, 4096).unwrap(), true), [""; 0]);
    let in_text = page.replace("<annotation-xml encoding='text/html'>", "<mtext>");
    assert!(asked(&in_text, true).is_empty());
    assert_eq!(rewrite(&in_text, 4096).unwrap(), in_text);
}

#[test]
fn what_is_no_style_in_mathml_stays_as_it_is() {
    for page in [
        "<math><style><![CDATA[<a title='<img title='\"><img src=https://www.facebook.com/tr?id=1>' style=\"b:url(https://www.facebook.com/tr?id=1)\" =>",
        "<math><style>a{b:url(https://www.facebook.com/tr?id=1)}</style></math>",
    ] {
        assert!(asked(page, true).is_empty(), "{page}");
        assert_eq!(rewrite(page, 4096).unwrap(), page);
    }
}

/// Pieces that mean something to a parser, `@` the tracker's address.
const PIECES: &[&str] = &[
    "<img src='@'>",
    "<img src=@>",
    "<script src='@'></script>",
    "<script>import('@')</script>",
    "<style>a{b:url(@)}</style>",
    "<svg>",
    "</svg>",
    "<svg/>",
    "<math>",
    "</math>",
    "<math/>",
    "<foreignObject>",
    "</foreignObject>",
    "<desc>",
    "</desc>",
    "<title>",
    "</title>",
    "<mi>",
    "</mi>",
    "<mglyph>",
    "<annotation-xml encoding='text/html'>",
    "<annotation-xml>",
    "</annotation-xml>",
    "<g>",
    "</g>",
    "<font color=red>",
    "<font>",
    "<style>",
    "</style>",
    "<script>",
    "</script>",
    "<textarea>",
    "</textarea>",
    "<xmp>",
    "</xmp>",
    "<noscript>",
    "</noscript>",
    "<iframe>",
    "</iframe>",
    "<noembed>",
    "</noembed>",
    "<!--",
    "-->",
    "--!>",
    "<!-->",
    "<![CDATA[",
    "]]>",
    "<?x",
    "</ x",
    ">",
    "\"",
    "'",
    "<a title='",
    "<a title=\"",
    "<div>",
    "</div>",
    "<p>",
    "</p>",
    "</br>",
    "<span>",
    "</span>",
    "<table>",
    "</table>",
    "<td>",
    "<tr>",
    "</td>",
    "<caption>",
    "<ul><li>",
    "</ul>",
    "<h1>",
    "</h2>",
    "<form>",
    "</form>",
    "<template>",
    "</template>",
    "<b>",
    "</b>",
    "<body>",
    "</body>",
    "</html>",
    "<head>",
    "<a>",
    "</a>",
    "<p style='b:url(@)' n=>",
    "<img src/=@ style=b:url(@)>",
    "<img title='\"><img src=@>' style=\"b:url(@)\" =>",
    "<select>",
    "<option>",
    "</select>",
    "x",
];

/// Is it a page that no reading of one pass can settle? Then it leaves locked.
fn is_refused(result: &Result<String, RewriteError>) -> bool {
    matches!(result, Err(RewriteError::Ambiguous))
}

/// Is it a page that the oracle itself misreads? Where HTML ends what is foreign, html5ever leaves an `annotation-xml` that HTML
/// stands in too, so that a `<![CDATA[` behind it is a comment to it. The standard (13.2.6.5), Chromium and Firefox stay in it.
fn is_misread(page: &str) -> bool {
    page.contains("<annotation-xml encoding") && page.contains("<![CDATA[")
}

fn check(page: &str, cuts: usize) -> Result<(), TestCaseError> {
    let result = rewrite(page, cuts);
    if is_refused(&result) || is_misread(page) {
        return Ok(());
    }
    let out = result.unwrap();
    for scripting in [true, false] {
        let left = asked(&out, scripting);
        prop_assert!(left.is_empty(), "scripts {}: {:?}\n{}\n→ {}", scripting, left, page, out);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

    #[test]
    fn no_order_of_pieces_lets_a_tracker_through(
        order in proptest::collection::vec(0..PIECES.len(), 1..12), cuts in 1usize..64,
    ) {
        let page: String = order.iter().map(|index| PIECES[*index]).collect();
        let address = format!("https://www.{TRACKER}");
        check(&page.replace('@', &address), cuts)?;
    }

    #[test]
    fn no_order_of_foreign_pieces_lets_a_tracker_through(
        order in proptest::collection::vec(0..41usize, 1..10), cuts in 1usize..64,
    ) {
        let page: String = order.iter().map(|index| PIECES[*index]).collect();
        let address = format!("https://www.{TRACKER}");
        check(&page.replace('@', &address), cuts)?;
    }
}
