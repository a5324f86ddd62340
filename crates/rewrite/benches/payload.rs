//! `cargo bench -p postern-rewrite --bench payload`: what reading a body costs, for hits and for the site's own.

use criterion::{BenchmarkId, Criterion};
use postern_rewrite::{CollectFacts, Hit, glance, read_hit};
use std::hint::black_box;

fn measure(criterion: &mut Criterion, name: &str, query: &str, body: &[u8]) {
    let facts = CollectFacts { method: "POST", path: "/x", query, body, ..CollectFacts::default() };
    let mut group = criterion.benchmark_group(format!("{name}, {} bytes", body.len()));
    group.sample_size(20);
    group.bench_function(BenchmarkId::from_parameter("glance"), |bencher| {
        bencher.iter(|| black_box(glance(black_box(&facts))));
    });
    group.bench_function(BenchmarkId::from_parameter("read"), |bencher| {
        bencher.iter(|| read_hit(black_box(&facts)).is_some());
    });
    group.bench_function(BenchmarkId::from_parameter("read and strip"), |bencher| {
        bencher.iter(|| read_hit(black_box(&facts)).and_then(Hit::strip));
    });
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let mut show = |name: &str, query: &str, body: &[u8]| measure(&mut criterion, name, query, body);
    let own = format!("[{}0]", "{\"sku\":\"a-1\",\"text\":\"words of it\",\"price\":9.5},".repeat(24_000));
    show("own JSON", "", own.as_bytes());
    show("own form", "", "name=some+text&".repeat(70_000).as_bytes());
    show("own numbers", "", format!("[{}0]", "0,".repeat(500_000)).as_bytes());
    let event = "{\"event\":\"a\",\"properties\":{\"token\":\"phc_1\",\"distinct_id\":\"d\",\"$current_url\":\"https://a/?gclid=1\",\
                 \"$browser\":\"x\",\"$os\":\"y\",\"$lib\":\"web\",\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6}},";
    let batch = |events: usize| format!("{{\"api_key\":\"phc_1\",\"batch\":[{}{{}}]}}", event.repeat(events));
    show("a PostHog event", "", batch(1).as_bytes());
    show("100 PostHog events", "", batch(100).as_bytes());
    show("3,000 PostHog events", "", batch(3000).as_bytes());
    let query = "v=2&tid=G-1&en=page_view&cid=1.2&sid=3&dl=https%3A%2F%2Fa%2F%3Fgclid%3D1&dt=x&gtm=1&gcd=1&ul=en&sr=1&_p=1";
    show("a GA4 hit", query, b"");
    criterion.final_summary();
}
