//! `cargo bench -p postern-rewrite`: the rewriter against bare `lol_html` with one empty handler, in turn
//! in one run, on a page of about 124 kB with 900 images. Budget: 1.5 times. Source: design.md 4.

// A benchmark runs on the machine that has a clock.
#![allow(clippy::disallowed_methods)]

use lol_html::html_content::Element;
use lol_html::{ElementContentHandlers, HtmlRewriter, Selector, Settings};
use postern_consent::CategorySet;
use postern_rewrite::{Charset, Grants, Injection, OwnSources, PageRewriter};
use std::borrow::Cow;
use std::hint::black_box;
use std::rc::Rc;
use std::str::FromStr;
use std::time::Instant;
use url::Url;

const ROUNDS: usize = 300;
const CHUNK_BYTES: usize = 64 * 1024;

fn page() -> Vec<u8> {
    let mut page =
        String::from("<!doctype html><html><head><meta charset=utf-8><title>x</title></head><body>");
    for index in 0..900 {
        page.push_str(&format!(
            "<div class=\"card\"><img src=\"/img/product-{index}.jpg\" alt=\"Product {index}\" width=\"320\" \
             height=\"240\" loading=\"lazy\"><p>Text {index} of it</p></div>"
        ));
    }
    page.into_bytes()
}

fn ours(page: &[u8], base: &Url) -> usize {
    let charset = Charset::of("text/html; charset=utf-8", page);
    let injection = Injection::new("x".repeat(6000), "y", "");
    let grants = Grants::new(Rc::default(), CategorySet::NECESSARY);
    let mut rewriter = PageRewriter::new(charset, base, &grants, Some((injection, OwnSources::default())));
    let mut bytes = 0;
    for chunk in page.chunks(CHUNK_BYTES) {
        bytes += rewriter.write(chunk).map_or(0, |out| out.len());
    }
    bytes + rewriter.end().map_or(0, |(out, _)| out.len())
}

fn bare(page: &[u8]) -> usize {
    let mut bytes = 0;
    let Ok(selector) = Selector::from_str("img") else { return 0 };
    let empty = ElementContentHandlers::default().element(|_: &mut Element<'_, '_>| Ok(()));
    let settings = Settings::new().append_element_content_handler((Cow::Owned(selector), empty));
    let mut rewriter = HtmlRewriter::new(settings, |out: &[u8]| bytes += out.len());
    for chunk in page.chunks(CHUNK_BYTES) {
        let _ = rewriter.write(chunk);
    }
    let _ = rewriter.end();
    bytes
}

fn median(mut nanoseconds: Vec<u128>) -> u128 {
    nanoseconds.sort_unstable();
    nanoseconds.get(nanoseconds.len() / 2).copied().unwrap_or_default()
}

fn main() {
    let page = page();
    let Ok(base) = Url::parse("https://shop.example/") else { return };
    let (mut our_times, mut bare_times) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let start = Instant::now();
        black_box(bare(black_box(&page)));
        bare_times.push(start.elapsed().as_nanos());
        let start = Instant::now();
        black_box(ours(black_box(&page), &base));
        our_times.push(start.elapsed().as_nanos());
    }
    let (ours, bare) = (median(our_times), median(bare_times));
    #[allow(clippy::cast_precision_loss)]
    let ratio = ours as f64 / bare as f64;
    println!("{} bytes, medians of {ROUNDS} rounds", page.len());
    println!("bare lol_html  {:>8} ns", bare);
    println!("postern        {:>8} ns   ratio {ratio:.2} (budget 1.50)", ours);
}
