//! What goes into a page in words, and when it is known in which.

use super::*;
use crate::grants::testing::denied;
use crate::{Charset, OwnSources, PageRewriter};
use url::Url;

fn rewrite(page: &str, cuts: usize, injection: Injection) -> String {
    let base = Url::parse("https://shop.example/").unwrap();
    let charset = Charset::of("text/html; charset=utf-8", page.as_bytes());
    let mut rewriter = PageRewriter::new(charset, &base, &denied(), Some((injection, OwnSources::default())));
    let mut out = Vec::new();
    for chunk in page.as_bytes().chunks(cuts) {
        out.extend(rewriter.write(chunk).unwrap());
    }
    out.extend(rewriter.end().unwrap().0);
    String::from_utf8(out).unwrap()
}

#[test]
fn our_words_are_in_the_language_that_the_root_element_says() {
    let spoken = |page: &str, cuts: usize| {
        let words = |lang: Option<&str>| (format!("[{lang:?}]"), format!("<p>{lang:?} {{vendor}}</p>"));
        let ours = Injection::in_language("[HEAD]".into(), words);
        rewrite(page, cuts, ours)
    };
    for (page, lang) in [
        ("<!DOCTYPE html><html lang=\"de\"><body>x", "[Some(\"de\")]"),
        ("<HTML class=a LANG=pt-BR><p>x", "[Some(\"pt-BR\")]"),
        ("<html lang=\"&#x64;e\"><body>x", "[Some(\"de\")]"),
        ("<html lang><body>x", "[Some(\"\")]"),
        ("<html><body lang=\"de\">x", "[None]"),
        // Too late: what comes before the root element's tag has begun the page without one.
        ("<title>x</title><html lang=\"de\"><body>", "[None]"),
        ("<body>x<div lang=\"de\">", "[None]"),
        ("x", "[None]"),
        ("", "[None]"),
    ] {
        for cuts in [1, 7, 1000] {
            let out = spoken(page, cuts);
            assert_eq!(out.matches("[Some").count() + out.matches("[None]").count(), 1, "{out}");
            assert!(out.contains(lang), "{page}: {out}");
        }
    }
    let held = spoken("<html lang=el><body><iframe src=\"https://www.youtube.com/embed/x\"></iframe>", 9);
    assert!(held.contains("Some(&quot;el&quot;) YouTube") || held.contains("Some(\"el\") YouTube"), "{held}");
    // A document within the page has no banner, whatever it says.
    let within =
        spoken("<html lang=el><body><iframe srcdoc=\"<html lang=fr><script>1</script>\"></iframe>", 9);
    assert_eq!(within.matches("[Some").count(), 1, "{within}");
}
