//! What real scripts sent, for two visitors each. Source: `tests/golden/README.md`.

use super::{
    super::{facts::PAYLOADS, hit::read_hit_of},
    *,
};
use serde_json::Value;
use std::collections::BTreeSet;

struct Recorded {
    vendor: String,
    mode: String,
    run: u64,
    sent: Sent,
}

fn recorded() -> Vec<Recorded> {
    let rows: Vec<Value> = serde_json::from_str(include_str!("../../../tests/golden/hits.json")).unwrap();
    let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    rows.iter()
        .map(|row| Recorded {
            vendor: text(row, "vendor"),
            mode: text(row, "mode"),
            run: row["run"].as_u64().unwrap(),
            sent: Sent {
                method: if text(row, "method") == "GET" { "GET" } else { "POST" },
                path: text(row, "path"),
                query: text(row, "query"),
                body: STANDARD.decode(text(row, "body")).unwrap(),
                ..Sent::default()
            },
        })
        .collect()
}

#[test]
fn every_recorded_hit_is_known_and_free_of_click_ids() {
    let all = recorded();
    assert!(all.len() > 40);
    for Recorded { vendor, mode, sent, .. } in all {
        // The path is the site's to choose, and the type says nothing: only the shape is left.
        let renamed = Sent { path: "/metrics".into(), ..sent.clone() };
        assert_eq!(renamed.vendor(), Some(vendor.as_str()), "{mode}");
        assert_eq!(sent.vendor(), Some(vendor.as_str()), "{mode}");
        let Some(stripped) = sent.stripped() else {
            let is_about_somebody =
                ["$identify", "\"identify\""].iter().any(|word| sent.text().contains(word));
            assert!(is_about_somebody, "{vendor} {mode} {}", sent.text());
            continue;
        };
        for token in ["TOKclick", "TOKref", "inhref", "inprop", "user-77", "a@b.c", "jsdom"] {
            assert!(!stripped.text().contains(token), "{vendor} {mode} {token}: {}", stripped.text());
        }
        // Flags are asked for somebody, of whom all addresses are facts; events keep theirs.
        let is_event = !sent.path.contains("/flags");
        assert_eq!(stripped.text().contains("shop.test"), is_event, "{vendor}: {}", stripped.text());
    }
}

#[test]
fn a_hit_is_one_vendors_whatever_their_order() {
    let recorded = recorded().into_iter().map(|row| row.sent);
    for sent in recorded.chain(super::properties::hits().into_iter().map(|(_, _, sent)| sent)) {
        let owners = PAYLOADS.iter().filter(|vendor| read_hit_of(&sent.facts(), &[**vendor]).is_some());
        assert_eq!(owners.count(), 1, "{}", sent.text());
    }
    assert!(PAYLOADS.is_sorted_by_key(|(id, _)| id));
}

/// Long values of a hit: the short ones are counts, flags and words that many share.
fn values(sent: &Sent) -> BTreeSet<String> {
    let text = sent.text();
    let ends = |sign: char| !(sign.is_ascii_alphanumeric() || "-_.:".contains(sign));
    text.split(ends).filter(|word| word.len() >= 8).map(str::to_owned).collect()
}

#[test]
fn nothing_links_two_hits_of_one_visitor() {
    let all = recorded();
    let of = |vendor: &str, mode: &str, run: u64, strip: bool| -> Vec<BTreeSet<String>> {
        let ours = all.iter().filter(|row| row.vendor == vendor && row.mode == mode && row.run == run);
        ours.filter_map(|row| if strip { row.sent.stripped() } else { Some(row.sent.clone()) })
            .map(|sent| values(&sent))
            .collect()
    };
    for (vendor, mode) in [
        ("posthog", "plain"),
        ("posthog", "beacon"),
        ("posthog", "identify"),
        ("posthog", "cookieless"),
        ("segment", "x"),
        ("segment", "identify"),
        ("snowplow", "get"),
    ] {
        for strip in [false, true] {
            let mine = of(vendor, mode, 1, strip);
            let others: BTreeSet<String> = of(vendor, mode, 2, strip).into_iter().flatten().collect();
            assert!(mine.len() > 1, "{vendor} {mode}");
            let mut linking = BTreeSet::new();
            for (index, one) in mine.iter().enumerate() {
                for other in &mine[index + 1..] {
                    linking.extend(one.intersection(other).filter(|value| !others.contains(*value)).cloned());
                }
            }
            // Before, there is something; so the test can see it.
            assert_eq!(linking.is_empty(), strip, "{vendor} {mode}: {linking:?}");
        }
    }
}

#[test]
fn a_gzip_hit_stays_gzip_and_a_form_stays_a_form() {
    for Recorded { mode, sent, .. } in recorded().into_iter().filter(|row| row.vendor == "posthog") {
        let Some(stripped) = sent.stripped() else { continue };
        assert_eq!(gzip::is_gzip(&stripped.body), mode == "beacon");
        assert_eq!(stripped.body.starts_with(b"data="), sent.body.starts_with(b"data="));
        assert_eq!(stripped.query, sent.query);
    }
}
