//! What happened, beside the curve, and the way from a version's mark to what it did.

use super::*;

fn mark(at: &str, text: &str, version: Option<u64>) -> Mark {
    Mark { day: day(at), text: text.into(), version }
}

#[test]
fn what_happened_stands_beside_the_curve_within_its_days() {
    let marks = [mark("2026-01-01", "long ago", None), mark("2026-11-22", "version 4 <b>", None)];
    let alerts = [AlertLine { kind: "policy", text: "The notice is <old>." }];
    let page = page(|facts| (facts.marks, facts.alerts) = (&marks, &alerts));
    assert!(
        page.contains(
            "<li data-at=\"2026-11-22\"><span>22\u{a0}Nov\u{a0}2026: version 4 &lt;b&gt;</span></li>"
        ),
        "{page}"
    );
    assert!(!page.contains("long ago"));
    let alert = page.find("The notice is &lt;old&gt;.").unwrap();
    assert!(page.find("<h1>").unwrap() < alert && alert < page.find("<figure").unwrap());
}

/// The question that the link of a version of that day asks, by its address.
fn link(question: &Question, today: &str, at: &str) -> Option<String> {
    let marks = [mark(at, "version 9 of the banner", Some(9))];
    let page = page(|facts| (facts.question, facts.today, facts.marks) = (question, day(today), &marks));
    let item = page.split(&format!("<li data-at=\"{at}\">")).nth(1)?.split("</li>").next()?;
    let (address, text) = item.split("<a href=\"").nth(1)?.split_once("\">")?;
    assert_eq!(text, "Before and after version 9</a>");
    Some(address.replace("&amp;", "&").strip_prefix("/_postern/dashboard?")?.to_owned())
}

#[test]
fn a_versions_days_are_compared_with_as_many_before() {
    let last = |days| Question { span: Span::Last(days), ..Question::default() };
    let days = |first, last| Question {
        span: Span::Days(Range { first: day(first), last: day(last) }),
        ..Question::default()
    };
    let today = "2026-11-23";
    for (question, at, compared) in [
        // Until yesterday, the last day that can have been published.
        (last(30), "2026-11-01", Some("from=2026-11-01&to=2026-11-22&against=before")),
        (last(30), "2026-11-21", Some("from=2026-11-21&to=2026-11-22&against=before")),
        // Until the end of what is looked at, wherever that is.
        (
            days("2026-10-01", "2026-10-20"),
            "2026-10-05",
            Some("from=2026-10-05&to=2026-10-20&against=before"),
        ),
        (
            days("2026-11-01", "2027-01-31"),
            "2026-11-20",
            Some("from=2026-11-20&to=2026-11-22&against=before"),
        ),
        // Four weeks, no more.
        (last(90), "2026-09-01", Some("from=2026-09-01&to=2026-09-28&against=before")),
        // Nothing follows.
        (last(30), "2026-11-22", None),
        (days("2026-11-01", "2026-11-30"), "2026-11-23", None),
        (days("2026-11-01", "2026-11-30"), "2026-11-25", None),
        (days("2026-10-01", "2026-10-20"), "2026-10-20", None),
    ] {
        assert_eq!(link(&question, today, at).as_deref(), compared, "{at}");
    }
}

#[test]
fn of_the_same_site_and_group_and_in_place_of_what_else_stands_beside() {
    let question = Question {
        site: Some("shop".into()),
        segment: Some(Segment { level: Level::Country, value: "FR".into() }),
        against: Against::YearBefore,
        ..Question::default()
    };
    assert_eq!(
        link(&question, "2026-11-23", "2026-11-20").as_deref(),
        Some("site=shop&from=2026-11-20&to=2026-11-22&segment=country:FR&against=before")
    );
    let marks = [mark("2026-11-20", "version 0 of the banner, the first", None)];
    let page = page(|facts| facts.marks = &marks);
    let item = page.split("<li data-at=\"2026-11-20\">").nth(1).unwrap().split("</li>").next().unwrap();
    assert!(!item.contains("<a "), "{item}");
}
