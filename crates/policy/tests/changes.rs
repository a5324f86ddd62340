//! What a change of the policy file is called: by the file's own names, briefly, and never in the site's words.
#![allow(clippy::unwrap_used, reason = "clippy exempts test functions, not their helpers")]

use postern_policy::Changes;
use proptest::prelude::*;

const SHOP: &str = include_str!("../../../postern.toml");

fn between(before: &str, after: &str) -> Changes {
    Changes::between(before, after).unwrap()
}

/// What is told where the shop's file has other lines.
fn told(changes: &[(&str, &str)]) -> String {
    let mut after = SHOP.to_owned();
    for (from, to) in changes {
        assert!(after.contains(from), "{from}");
        after = after.replacen(from, to, 1);
    }
    between(SHOP, &after).to_string()
}

#[test]
fn a_change_has_the_name_that_the_file_uses() {
    for (from, to, change) in [
        ("layout = \"bar\"", "layout = \"box\"", "banner.layout from bar to box"),
        ("reopen = \"button\"", "", "banner.reopen removed"),
        ("[categories.social]", "", "categories.social removed"),
        ("dnt = \"deny\"", "dnt = \"deny\"\ngrant_days = 90", "profile.grant_days set to 90"),
        ("updated = 2026-11-20", "updated = 2026-11-21", "notice.updated from 2026-11-20 to 2026-11-21"),
        ("[vendors.youtube]", "[vendors.vimeo]\n[vendors.youtube]", "vendors.vimeo added"),
        ("transfer = \"DPF\"", "transfer = \"SCC\"", "vendors.ga4.transfer from DPF to SCC"),
        ("[figures]", "[edge]\nstrict = true\n[figures]", "edge added"),
        ("paths = [\"/\"]", "paths = [\"/\", \"/start\"]", "figures.pages.home.paths changed"),
        ("[banner]", "[banner.theme.light]\naccent = \"#aa0000\"\n[banner]", "banner.theme added"),
        ("[figures]", "[experiment]\nname = \"place\"\n[figures]", "experiment added"),
    ] {
        assert_eq!(told(&[(from, to)]), change);
    }
    assert_eq!(between("", "[vendors.vimeo]").to_string(), "vendors.vimeo added");
    assert_eq!(between("[categories.social]", "").to_string(), "categories.social removed");
    let light = |colour: &str| format!("[banner.theme.light]\naccent = \"{colour}\"");
    let colours = between(&light("#1f5f8b"), &light("#aa0000"));
    assert_eq!(colours.to_string(), "banner.theme.light.accent from #1f5f8b to #aa0000");
    let way = |colour: &str| format!("[experiment.variants.corner.theme.light]\naccent = \"{colour}\"");
    assert_eq!(
        between(&way("#1f5f8b"), &way("#aa0000")).to_string(),
        "experiment.variants.corner.theme changed"
    );
}

#[test]
fn what_means_the_same_is_no_change() {
    for (before, after) in [
        ("a = 16", "# So many.\na = 0x10"),
        ("[a]\nb = 1\n[c]\nd = 2", "c.d = 2\na = { b = 1 }"),
        ("a = [1, 2]", "a = [\n  1,\n  2, # and no more\n]"),
        ("a = 2026-05-01", "a = \"2026-05-01\""),
    ] {
        assert!(between(before, after).is_empty(), "{before} {after}");
    }
    for (before, after) in [
        ("a = [1, 2]", "a = [1]"),
        ("a = [1, 2]", "a = [2, 1]"),
        ("a = [{ b = 1 }]", "a = [{ b = 2 }]"),
        ("a = [{ b = 1 }]", "a = [{ c = 1 }]"),
        ("a = [1]", "a = 1"),
        ("a = { b = 1 }", "a = [1]"),
    ] {
        assert_eq!(between(before, after).to_string(), "a changed", "{before} {after}");
    }
}

#[test]
fn what_the_site_says_and_what_is_long_is_not_told() {
    for (from, to, change) in [
        ("name = \"Luxmoor Ltd\"", "name = \"Luxmoor Lights Ltd\"", "controller.name changed"),
        ("url = \"/privacy\"", "url = \"/cookies\"", "notice.url changed"),
        ("[figures]", "[texts]\nreopen = \"Cookies\"\n[figures]", "texts added"),
        ("id = \"luxmoor\"", "id = \"luxmoor\"\norigin = \"https://a.example\"", "site.origin added"),
        (
            "[categories.social]",
            "[categories.social]\ntext = \"Videos and posts.\"",
            "categories.social.text added",
        ),
    ] {
        assert_eq!(told(&[(from, to)]), change);
    }
    // A single word too.
    for (before, after, change) in [
        (
            "[categories.analytics]\ntitle = \"Analytics\"",
            "[categories.analytics]\ntitle = \"Statistics\"",
            "categories.analytics.title changed",
        ),
        ("[controller]\nname = \"Acme\"", "[controller]\nname = \"Beta\"", "controller.name changed"),
        ("[vendors.x]\nname = \"Acme\"", "[vendors.x]\nname = \"Beta\"", "vendors.x.name changed"),
        ("[profile]\nname = \"EU\"", "[profile]\nname = \"FR\"", "profile.name from EU to FR"),
    ] {
        assert_eq!(between(before, after).to_string(), change);
    }
    let word = |length: usize| format!("a = \"{}\"", "x".repeat(length));
    assert_eq!(between("a = 1", &word(24)).to_string(), format!("a from 1 to {}", "x".repeat(24)));
    assert_eq!(between("a = 1", &word(25)).to_string(), "a changed");
    assert_eq!(between("", "\"a b\\u0007\" = 1").to_string(), "… set to 1");
    assert_eq!(between("", &format!("{} = 1", "k".repeat(41))).to_string(), "… set to 1");
}

#[test]
fn the_sites_words_are_one_change_in_each_language() {
    let before = "[texts]\naccept = \"Yes\"\nreject = \"No\"\n[texts.de]\naccept = \"Ja\"";
    let after = "[texts]\naccept = \"Sure\"\nreject = \"Nope\"\nreopen = \"Cookies\"\n[texts.de]\naccept = \"Klar\"\n[texts.fr]\naccept = \"Oui\"";
    assert_eq!(between(before, after).to_string(), "texts changed, texts.de changed and texts.fr added");
}

#[test]
fn four_are_named_what_visitors_see_first_and_the_others_counted() {
    let changes = [
        ("time_zone = \"Europe/Dublin\"", ""),
        ("id = \"luxmoor\"", "id = \"shop\""),
        ("version = \"2026-11\"", "version = \"2026-12\""),
        ("[vendors.gtm]", "[vendors.vimeo]"),
        ("name = \"EU\"", "name = \"FR\""),
        ("layout = \"bar\"", "layout = \"centre\""),
    ];
    assert_eq!(
        told(&changes),
        "banner.layout from bar to centre, profile.name from EU to FR, vendors.gtm removed, vendors.vimeo added and 3 more"
    );
    let few = "banner.layout from bar to centre and profile.name from EU to FR";
    assert_eq!(told(changes.get(4..).unwrap()), few);
}

#[test]
fn what_is_no_toml_is_an_error_with_its_line() {
    for (before, after) in [("a = [", ""), ("", "a = [")] {
        let error = Changes::between(before, after).unwrap_err();
        assert!(error.to_string().starts_with("postern.toml:1: "), "{error}");
    }
    // As deep as one likes: nothing is followed without an end.
    let deep = format!("a = {}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(Changes::between("", &deep).is_err());
    let deep = format!("{}a = 1", "a.".repeat(100_000));
    assert!(Changes::between(&deep, "").is_err());
}

/// A file of a few sections, some deep, with keys and values of all kinds.
fn file() -> impl Strategy<Value = String> {
    let key = prop_oneof![
        "[a-d]",
        Just("banner".to_owned()),
        Just("texts".to_owned()),
        "\"[ -!#-\\[\\]-~]{0,60}\""
    ];
    let value = prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        any::<bool>().prop_map(|value| value.to_string()),
        "\"[ -!#-\\[\\]-~]{0,60}\"",
        "\\[\"[a-z]{0,9}\", [0-9]{1,3}\\]",
        "\\{ [a-c] = [1-9] \\}",
        Just("2026-11-20".to_owned()),
    ];
    let line = (proptest::collection::vec(key, 1..7), value)
        .prop_map(|(keys, value)| format!("{} = {value}\n", keys.join(".")));
    proptest::collection::vec(line, 0..12).prop_map(|lines| {
        // Of lines that say a thing twice, or a thing in two ways, the first holds.
        lines.into_iter().fold(String::new(), |file, line| {
            let longer = file.clone() + &line;
            if Changes::between(&longer, "").is_ok() { longer } else { file }
        })
    })
}

proptest! {
    #[test]
    fn of_itself_a_file_changes_nothing(file in file()) {
        prop_assert_eq!(between(&file, &file), Changes::default());
    }

    #[test]
    fn of_another_it_tells_a_little_and_the_same_either_way(one in file(), other in file()) {
        let (there, back) = (between(&one, &other), between(&other, &one));
        prop_assert!(there.named.len() <= 4 && (there.more == 0 || there.named.len() == 4));
        prop_assert_eq!(there.named.len() + there.more, back.named.len() + back.more);
        // Four parts of 40 bytes, two values of 24, and the words between.
        prop_assert!(there.named.iter().all(|change| change.len() < 250), "{:?}", there);
        let is_told = |sign: char| sign.is_ascii_alphanumeric() || "-_.# …".contains(sign);
        prop_assert!(there.named.iter().all(|change| change.chars().all(is_told)), "{:?}", there);
        let is_one = between(&format!("only-here = 1\n{one}"), &one);
        prop_assert_eq!(is_one.named, ["only-here removed"]);
    }

    #[test]
    fn any_text_is_read_or_refused(one in "\\PC{0,200}", other in "([a-c.=\\[\\]{}\"'#\n 0-9-]|//){0,80}") {
        drop(Changes::between(&one, &other));
        drop(Changes::between(&other, SHOP));
    }
}
