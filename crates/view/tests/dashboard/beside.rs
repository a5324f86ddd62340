//! What stands beside the figures: the difference, what it is called, and which point stands beside which.

use super::*;

#[test]
fn it_says_what_stands_beside_and_whether_chance_could_make_it() {
    let points = points();
    let question = Question { against: Against::Before, ..Question::default() };
    let page = |whole| {
        let other = Beside { name: "The days before", whole, points: &points };
        page(|facts| (facts.beside, facts.question) = (Some(&other), &question))
    };
    // 62 of 100 against 40 of 100: Newcombe 8.1 to 34.6 points (scipy.py checks the method).
    let far = page(counts(150, 40, 60, 0));
    assert!(
        far.contains("<strong>+22.0 points</strong>") && far.contains("less than once in twenty times"),
        "{far}"
    );
    assert!(far.contains("data-series=\"compare\">The days before</th>"), "{far}");
    let near = page(counts(150, 60, 40, 0));
    assert!(
        near.contains("<strong>+2.0 points</strong>") && near.contains("Chance alone could make it."),
        "{near}"
    );
    let none = page(Counts::default());
    assert!(none.contains("nothing to compare with"), "{none}");
}

#[test]
fn of_groups_with_answers_in_common_it_says_nothing_about_chance() {
    let points = points();
    let segment = |level, value: &str| Segment { level, value: value.into() };
    let (france, phones) = (segment(Level::Country, "FR"), segment(Level::Device, "phone"));
    let page = |own: Option<&Segment>, other: &Segment| {
        let beside = Beside { name: "Beside", whole: counts(150, 40, 60, 0), points: &points };
        let question = Question {
            segment: own.cloned(),
            against: Against::Segment(other.clone()),
            ..Question::default()
        };
        page(|facts| (facts.beside, facts.question) = (Some(&beside), &question))
    };
    for (own, other, why) in [
        (None, &france, "since the one is part of the other."),
        (Some(&phones), &france, "since both may hold the same answers."),
    ] {
        let page = page(own, other);
        assert!(page.contains("<strong>+22.0 points</strong>. Whether") && page.contains(why), "{page}");
        assert!(!page.contains("once in twenty times") && !page.contains("(between"), "{page}");
    }
    let apart = page(Some(&segment(Level::Country, "DE")), &france);
    assert!(apart.contains("(between +8.1 and +34.7). Chance alone makes"), "{apart}");
}

#[test]
fn what_stands_beside_is_called_as_elsewhere_on_the_page() {
    let germany = Segment { level: Level::Country, value: "DE".into() };
    for (against, name) in [
        (Against::Nothing, ""),
        (Against::Before, "The days before, 29\u{a0}Sep\u{a0}2026 – 28\u{a0}Oct\u{a0}2026"),
        (Against::YearBefore, "A year before, 30\u{a0}Oct\u{a0}2025 – 28\u{a0}Nov\u{a0}2025"),
        (Against::Segment(germany), "<DE>"),
    ] {
        let question = Question { against, ..Question::default() };
        assert_eq!(beside_name(&question, day("2026-11-28"), &ENGLISH), name);
    }
}

/// The table's row of a point that ends on that day.
fn row_of<'page>(page: &'page str, last: &str) -> &'page str {
    let row = page.split(&format!("<tr data-day=\"{last}\">")).nth(1).unwrap();
    row.split("</tr>").next().unwrap()
}

#[test]
fn points_stand_beside_those_as_far_from_the_beginning() {
    let day_point = |text: &str, accepted| Point {
        first: day(text),
        last: day(text),
        counts: counts(50, accepted, 10, 0),
    };
    // Of the days before only the second is there.
    let (own, before) =
        ([day_point("2026-11-21", 40), day_point("2026-11-22", 40)], [day_point("2026-11-20", 30)]);
    let other = Beside { name: "Before", whole: counts(50, 30, 10, 0), points: &before };
    let question = Question { span: Span::Last(2), against: Against::Before, ..Question::default() };
    let page = page(|facts| (facts.beside, facts.question, facts.points) = (Some(&other), &question, &own));
    for (at, cell) in
        [("2026-11-21", "<td data-value=\"\">–</td>"), ("2026-11-22", "<td data-value=\"0.7500\">")]
    {
        assert!(row_of(&page, at).contains(cell), "{}", row_of(&page, at));
    }
}

#[test]
fn months_stand_beside_the_same_month_a_year_before() {
    let month = |first: &str, accepted| {
        let first = day(first);
        Point { first, last: first.month_last(), counts: counts(50, accepted, 10, 0) }
    };
    let own = ["2024-12-31", "2025-01-01", "2025-02-01"].map(|first| month(first, 40));
    // Of December a year before nothing is there.
    let before = [month("2024-01-01", 30), month("2024-02-01", 10)];
    let other = Beside { name: "A year before", whole: counts(50, 30, 10, 0), points: &before };
    let span = Span::Days(Range { first: day("2024-12-31"), last: day("2026-03-31") });
    let question = Question { span, against: Against::YearBefore, ..Question::default() };
    let page = page(|facts| (facts.beside, facts.question, facts.points) = (Some(&other), &question, &own));
    for (at, cell) in [("2024-12-31", ""), ("2025-01-31", "0.7500"), ("2025-02-28", "0.5000")] {
        let row = row_of(&page, at);
        assert!(row.contains(&format!("<td data-value=\"{cell}\">")), "{at}: {row}");
    }
}

#[test]
fn weeks_of_two_groups_stand_beside_each_other_wherever_their_days_end() {
    let point = |last: &str, accepted| Point {
        first: day(last).minus(6),
        last: day(last),
        counts: counts(90, accepted, 20, 0),
    };
    let question = Question {
        span: Span::Last(180),
        segment: Some(Segment { level: Level::Country, value: "FR".into() }),
        against: Against::Segment(Segment { level: Level::Country, value: "DE".into() }),
        ..Question::default()
    };
    // The one until Sunday; the other, of too few on that day, until Saturday.
    let (own, others) = ([point("2026-11-15", 60)], [point("2026-11-14", 30)]);
    let beside = Beside { name: "Germany", whole: counts(90, 30, 20, 0), points: &others };
    let markup = page(|facts| {
        (facts.question, facts.points, facts.beside) = (&question, &own, Some(&beside));
    });
    let row = row_of(&markup, "2026-11-15");
    assert!(
        row.contains("<td data-value=\"0.7500\">") && row.contains("<td data-value=\"0.6000\">"),
        "{row}"
    );
}
