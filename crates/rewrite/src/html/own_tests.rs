//! What happens to code that a page says is its own.

use super::*;
use crate::grants::testing::grants;
use postern_consent::{Category, CategorySet};

fn held(page: &str, granted: CategorySet) -> String {
    let base = Url::parse("https://shop.example/").unwrap();
    let charset = Charset::of("text/html; charset=utf-8", b"");
    let mut rewriter = PageRewriter::new(charset, &base, &grants(granted), None);
    let mut out = rewriter.write(page.as_bytes()).unwrap();
    out.extend(rewriter.end().unwrap().0);
    String::from_utf8(out).unwrap()
}

#[test]
fn code_of_the_sites_own_is_held_by_the_category_it_names() {
    let analytics = CategorySet::NECESSARY.with(Category::Analytics);
    for markup in [
        "<script data-postern-category=\"analytics\" src=\"/own.js\"></script>",
        "<script data-postern-category=\" analytics\">own()</script>",
        "<iframe data-postern-category=analytics src=/own></iframe>",
        "<style data-postern-category=\"analytics\">p{background:url(/own.gif)}</style>",
        "<p data-postern-category=\"analytics\" style=\"background:url(/own.gif)\">",
    ] {
        let out = held(markup, CategorySet::NECESSARY);
        assert!(
            out.contains("data-postern-need=\"4\"") && out.contains("data-postern-vendor=\"own\""),
            "{out}"
        );
        assert_eq!(held(markup, analytics), markup);
        // What names no category nobody can grant.
        let unknown = markup.replace("analytics", "analitics");
        assert!(held(&unknown, analytics).contains("data-postern-need=\"0\""), "{unknown}");
    }
    let link = "<a data-postern-category=\"analytics\" href=\"/own\">";
    assert_eq!(held(link, CategorySet::NECESSARY), link);
}
