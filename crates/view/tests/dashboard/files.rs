//! What can be had as a file.

use super::*;

#[test]
fn what_can_be_had_as_a_file_leads_there_with_the_same_question() {
    let sight = |count| {
        let (name, page) = ("a.example".into(), "/".into());
        [Seen { kind: Kind::Reported, name, page, count, first_ms: 0, last_ms: 0 }]
    };
    let question = Question {
        site: Some("clinic".into()),
        segment: Some(Segment { level: Level::Device, value: "phone".into() }),
        ..Question::default()
    };
    let (often, seldom) = (sight(10), sight(9));
    let page = |seen| page(|facts| (facts.question, facts.seen) = (&question, seen));
    for file in ["series.csv?", "categories.csv?", "breakdown.csv?by=device&amp;", "gate.csv?", "seen.csv?"] {
        let address = format!("/_postern/api/v1/{file}site=clinic&amp;days=30&amp;segment=device:phone");
        let link = format!("<p class=\"acts\"><a href=\"{address}\" download>CSV</a></p>");
        assert!(page(&often).contains(&link), "{file}");
    }
    assert!(!page(&seldom).contains("seen.csv"), "nothing of it may be told");
}
