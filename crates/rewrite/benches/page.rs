//! `cargo bench -p postern-rewrite`: what the rewriter costs on two pages of about 124 kB, beside bare `lol_html` with one
//! empty handler on `img`: each by itself, then both in turn, as the ratio that has a budget (1.5). Source: design.md 4.

// A benchmark runs on the machine that has a clock.
#![allow(clippy::disallowed_methods)]

use criterion::{BenchmarkId, Criterion, Throughput};
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

/// 900 pictures, and nothing of a tracker's.
fn pictures() -> Vec<u8> {
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

/// What frameworks send: styles on elements, state in many inline scripts, drawings, and four trackers.
fn application() -> Vec<u8> {
    let mut page = String::from("<!doctype html><html><head><meta charset=utf-8><title>x</title>");
    page.push_str(
        "<script async src=\"https://www.googletagmanager.com/gtag/js?id=G-1\"></script><script>!function(f,b,e,v){\
         f.fbq=function(){}}(window,document,'script','https://connect.facebook.net/en_US/fbevents.js');\
         fbq('init','1')</script></head><body>",
    );
    for index in 0..300 {
        page.push_str(&format!(
            "<li style=\"color:red;background:url(/a/{index}.png)\" class=\"c-{index}\"><a href=\"/p/{index}\">\
             <svg viewBox=\"0 0 9 9\"><path d=\"M0 0h9v9z\" fill=\"none\"/></svg>Product {index}</a></li>\
             <script>self.__f=self.__f||[];self.__f.push([1,\"{index}:{{\\\"name\\\":\\\"Product {index}\\\",\\\"text\\\":\\\"\
             {}\\\"}}\"])</script>",
            "some words of it ".repeat(6)
        ));
    }
    page.push_str("<iframe src=\"https://www.youtube.com/embed/x\"></iframe><noscript><img src=\"https://www.facebook.com/tr?id=1\"></noscript>");
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

/// Both in turn, so that what the machine does meanwhile hits both.
fn print_ratio(name: &str, page: &[u8], base: &Url) {
    let (mut our_times, mut bare_times) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let start = Instant::now();
        black_box(bare(black_box(page)));
        bare_times.push(start.elapsed().as_nanos());
        let start = Instant::now();
        black_box(ours(black_box(page), base));
        our_times.push(start.elapsed().as_nanos());
    }
    let (ours, bare) = (median(our_times), median(bare_times));
    #[allow(clippy::cast_precision_loss)]
    let ratio = ours as f64 / bare as f64;
    println!("{name}: {} bytes, medians of {ROUNDS} rounds in turn", page.len());
    println!("  bare lol_html {bare:>8} ns, postern {ours:>8} ns, ratio {ratio:.2} (budget 1.50)");
}

fn main() {
    let Ok(base) = Url::parse("https://shop.example/") else { return };
    let pages = [("pictures", pictures()), ("application", application())];
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("page");
    for (name, page) in &pages {
        group.throughput(Throughput::Bytes(u64::try_from(page.len()).unwrap_or_default()));
        group.bench_with_input(BenchmarkId::new("postern", name), page, |bencher, page| {
            bencher.iter(|| ours(black_box(page), &base));
        });
        group.bench_with_input(BenchmarkId::new("bare lol_html", name), page, |bencher, page| {
            bencher.iter(|| bare(black_box(page)));
        });
    }
    group.finish();
    criterion.final_summary();
    for (name, page) in &pages {
        print_ratio(name, page, &base);
    }
}
