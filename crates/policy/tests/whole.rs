//! A language that is not whole stops the build: what `build.rs` asks of each, on languages with a fault.
#![allow(clippy::unwrap_used, reason = "clippy exempts test functions, not their helpers")]

#[path = "../whole.rs"]
mod whole;

use whole::{Language, MEASURE, compare};

const ENGLISH: [(&str, &str); 3] =
    [("accept", "Accept all"), ("body", "{controller} asks for {purposes}."), ("close", "Close")];

fn language(entries: &[(&str, &str)]) -> Language {
    ("sv".to_owned(), entries.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect())
}

#[test]
fn what_is_missing_unknown_empty_or_says_other_braces_is_a_fault() {
    let english = language(&ENGLISH).1;
    let [accept, body, close] =
        [("accept", "Godkänn"), ("body", "{controller} ber om {purposes}."), ("close", "Stäng")];
    assert_eq!(MEASURE, "en");
    for (entries, faults) in [
        (vec![accept, body, close], vec![]),
        (vec![accept, body], vec!["sv: close: is missing"]),
        (vec![accept, body, close, ("open", "Öppna")], vec!["sv: open: is unknown"]),
        (
            vec![accept, body, ("close", "")],
            vec!["sv: close: is empty, has blanks around it or a control character"],
        ),
        (
            vec![accept, body, ("close", " Stäng")],
            vec!["sv: close: is empty, has blanks around it or a control character"],
        ),
        (vec![accept, ("body", "{controller} ber."), close], vec!["sv: body: has other braces than en"]),
        (
            vec![accept, ("body", "{controller} ber om {purposes} {x}."), close],
            vec!["sv: body: has other braces than en"],
        ),
    ] {
        assert_eq!(compare(&language(&entries), &english), faults);
    }
}
