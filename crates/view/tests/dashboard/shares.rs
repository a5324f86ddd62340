//! What each share is of, and where there is none.

use super::*;

/// The cells of a row, by the name at its head.
fn cells_of(page: &str, name: &str) -> Vec<String> {
    let row = page.split("<tr>").find(|row| row.starts_with(&format!("<th scope=\"row\">{name}</th>")));
    let cells = row.unwrap().split("<td").skip(1);
    cells.map(|cell| cell.split(['>', '<']).nth(1).unwrap().to_owned()).collect()
}

#[test]
fn what_is_not_of_those_asked_has_no_share_of_them() {
    // A hundred asked, thirty of them answer, and a hundred and thirty others: fifty by a program.
    let whole = [
        (Counter::Views, 900),
        (Counter::First, 100),
        (Counter::Accepted, 160),
        (Counter::ByAgent, 50),
        (Counter::FirstAnswered, 30),
        (Counter::FirstGranted, 30),
    ];
    let whole = whole.into_iter().fold(Counts::default(), |counts, (of, count)| counts.with(of, count));
    let markup = page(|facts| facts.whole = whole);
    assert_eq!(cells_of(&markup, "Answers of others")[..2], ["130", "–"]);
    assert_eq!(cells_of(&markup, "Answered by a program")[..2], ["50", "–"]);
    assert_eq!(cells_of(&markup, "Did not answer")[..2], ["70", "70\u{a0}%"]);
    let (_, rest) = markup.split_once("<table class=\"rest\"><thead>").unwrap();
    assert!(rest.split("</thead>").next().unwrap().contains(">Of those asked</th>"), "{rest}");
}

#[test]
fn where_nobody_is_asked_it_tells_what_is_known_of_the_answers() {
    let whole = Counts::default()
        .with(Counter::Accepted, 60)
        .with(Counter::Refused, 40)
        .with(Counter::ByAgent, 12)
        .with(Counter::Withdrawn, 15);
    let markup = page(|facts| facts.whole = whole);
    assert!(
        !markup.contains("From the question to the answer") && !markup.contains("Did not answer"),
        "{markup}"
    );
    assert_eq!(cells_of(&markup, "Answered by a program")[..2], ["12", "–"]);
    assert!(markup.contains("<strong>15</strong> took back everything"), "{markup}");
}

#[test]
fn what_nobody_was_asked_for_nobody_has_refused() {
    let has = |markup: &str, name: &str| markup.contains(&format!("<th scope=\"row\">{name}</th>"));
    let markup = page(|_| {});
    for (name, is_there) in
        [("Analytics", true), ("Marketing", true), ("Functional", false), ("Social", false)]
    {
        assert_eq!(has(&markup, name), is_there, "{name}");
    }
    // It was asked for until a while ago.
    let markup = page(|facts| facts.whole = facts.whole.with(Counter::Social, 3));
    assert!(has(&markup, "Social"), "{markup}");
}

/// The row of a value in the table of a level: its cells behind the head.
fn cells_of_value(page: &str, value: &str) -> Vec<String> {
    let row = page.split("<tr").find(|row| row.starts_with(&format!(" data-value-of=\"{value}\"")));
    let cells = row.unwrap().split("<td").skip(1);
    cells.map(|cell| cell.split(['>', '<']).nth(1).unwrap().to_owned()).collect()
}

#[test]
fn a_group_that_is_told_apart_on_its_busier_days_has_no_share_of_those_asked() {
    let markup = page(|_| {});
    // Behind the rate, its interval and the answers.
    let of_asked = |value: &str| cells_of_value(&markup, value)[4].clone();
    assert_eq!(of_asked("FR"), "48\u{a0}%");
    assert_eq!(of_asked("GB"), "–", "on two of three days");
    assert_eq!(of_asked("phone"), "42\u{a0}%", "on more than nineteen of twenty");
    assert_eq!(of_asked("other"), "–");
    assert_eq!(cells_of_value(&markup, "GB")[0], "56\u{a0}%", "of its answers all the same");

    let of = |value: &str| {
        let question: &'static Question = Box::leak(Box::new(Question {
            segment: Some(Segment::parse(value).unwrap()),
            ..Question::default()
        }));
        page(|facts| {
            facts.question = question;
            facts.whole = counts(40, 12, 11, 2);
        })
    };
    let (france, britain) = (of("country:FR"), of("country:GB"));
    for (what, is_of_france) in [
        ("Of the browsers asked ", true),
        ("From the question to the answer", true),
        ("Did not answer", true),
    ] {
        assert_eq!((france.contains(what), britain.contains(what)), (is_of_france, !is_of_france), "{what}");
    }
    assert!(britain.contains("It is told apart on days with 67\u{a0}% of all that were asked"), "{britain}");
    assert!(!france.contains("It is told apart on days with"), "{france}");
    // Beside it others were asked with another version.
    assert_eq!((of_asked("7").as_str(), of_asked("9").as_str()), ("39\u{a0}%", "–"));
    assert!(of("banner:9").contains("told apart 50\u{a0}% of the browsers were asked with it"));
    let head = |markup: &str| {
        markup.split("<table id=\"days\">").nth(1).unwrap().split("</thead>").next().unwrap().to_owned()
    };
    assert!(head(&france).contains(">Of those asked<") && !head(&britain).contains(">Of those asked<"));
    assert!(head(&britain).contains(">Asked<"));
}

#[test]
fn of_a_group_of_pages_the_curve_tells_nothing_of_who_was_asked() {
    for (group, is_told) in [("page:shop", false), ("country:FR", true)] {
        let question = Question { segment: Segment::parse(group).ok(), ..Question::default() };
        let page = page(|facts| facts.question = &question);
        let curve = page.split("id=\"days\"").nth(1).and_then(|rest| rest.split("</table>").next()).unwrap();
        assert_eq!(
            curve.contains(">Of those asked<") && curve.contains("data-count=\"first\""),
            is_told,
            "{group}"
        );
    }
}

#[test]
fn a_share_that_slid_is_said_with_the_weeks_before_it() {
    let days = |first, last| Range { first: day(first), last: day(last) };
    let rate = postern_stats::Rate::new;
    let slid = Alert::RateSlid {
        begun: day("2026-11-15"),
        days: days("2026-10-26", "2026-11-22"),
        now: rate(1484, 2800),
        days_before: days("2026-09-28", "2026-10-25"),
        before: rate(1680, 2800),
    };
    assert_eq!(
        alert_text(&slid, &ENGLISH).replace('\u{a0}', " "),
        "53 % of those who answered said yes from 26 Oct 2026 to 22 Nov 2026, after 60 % from 28 Sep 2026 to 25 Oct 2026: \
         little by little, and on no day by much. See what has changed since, and whether it is the banner or the visitors."
    );
    assert_eq!((slid.key().as_str(), slid.kind()), ("rate-slid 2026-11-15", "rate-slid"));
}
