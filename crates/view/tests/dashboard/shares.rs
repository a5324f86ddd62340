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
