//! `[experiment]`: what it means, each fault word for word, and what of it changes what is asked.
#![allow(clippy::unwrap_used, clippy::panic, reason = "clippy exempts test functions, not their helpers")]

use postern_policy::{Experiment, Layout, Policy, Scheme};

/// The smallest file that stands; 20 lines.
const SOUND: &str = r#"[site]
id = "shop"
language = "en"
languages = ["de"]

[controller]
name = "Shop Ltd"
address = "1 Row, Dublin"
contact = "privacy@shop.example"
authority = { name = "DPC", url = "https://dpc.example" }

[notice]
url = "/privacy"
version = "1"
updated = 2026-05-01

[profile]
name = "EU"

[categories.analytics]
"#;

/// What comes behind it, until line 24.
const TRIED: &str = "[experiment]\nname = \"place\"\nfrom = 2026-12-01\nuntil = 2027-01-31\n";

/// One other way, until line 26.
const CORNER: &str = "[experiment.variants.corner]\nlayout = \"box\"\n";

fn read(text: &str) -> Policy {
    Policy::parse(text, &[]).unwrap_or_else(|error| panic!("{error}"))
}

/// The file with an experiment, and these lines behind `[experiment.variants.corner]` and its layout.
fn with(lines: &str) -> String {
    format!("{SOUND}{TRIED}{CORNER}{lines}\n")
}

/// The file with this experiment, and its one variant.
fn tried(experiment: &str) -> String {
    format!("{SOUND}[experiment]\n{experiment}\n{CORNER}")
}

fn faults(text: &str) -> String {
    Policy::parse(text, &[]).map(|_| ()).unwrap_err().to_string()
}

fn warnings(text: &str) -> Vec<String> {
    read(text).warnings().iter().map(ToString::to_string).collect()
}

fn experiment(policy: &Policy) -> &Experiment {
    policy.experiment.as_ref().unwrap()
}

#[test]
fn each_key_is_read_and_what_is_not_said_has_its_default() {
    let policy = read(&with(""));
    let plain = experiment(&policy);
    assert_eq!((plain.name.as_str(), plain.points, plain.expected), ("place", 3, 50));
    // 2026-12-01 and 2027-01-31, days since 1970-01-01.
    assert_eq!((plain.first_day, plain.last_day, plain.winner.as_deref()), (20_788, 20_849, None));
    assert_eq!(policy.warnings(), []);

    let policy = read(&format!(
        "{SOUND}{TRIED}points = 5\nexpected = 40\nwinner = \"plain\"\n[experiment.variants.plain.texts]\naccept = \"Yes\"\nreject = \"No\"\n\
         [experiment.variants.plain.texts.de]\naccept = \"Ja\"\nreject = \"Nein\"\n{CORNER}[experiment.variants.dark.theme]\nscheme = \"dark\"\n"
    ));
    let all = experiment(&policy);
    assert_eq!((all.points, all.expected, all.winner.as_deref()), (5, 40, Some("plain")));
    assert_eq!(all.names().collect::<Vec<_>>(), ["control", "corner", "dark", "plain"]);
    let [corner, dark, plain] = all.variants.as_slice() else { panic!("three variants") };
    assert_eq!((corner.policy.banner.layout, dark.policy.banner.layout), (Layout::Box, Layout::Bar));
    assert_eq!(dark.policy.banner.theme.scheme, Scheme::Dark);
    let words = |policy: &Policy, tag| policy.language(tag).map(|language| language.texts.accept.to_string());
    assert_eq!(
        (words(&plain.policy, "en"), words(&plain.policy, "de")),
        (Some("Yes".into()), Some("Ja".into()))
    );
    assert_ne!(words(&corner.policy, "en"), Some("Yes".into()));
    assert_eq!(policy.warnings(), []);
}

#[test]
fn each_fault_says_where_why_and_what_to_do() {
    let days = "from = 2026-12-01\nuntil = 2027-01-31";
    let four =
        ["a", "b", "c", "d"].map(|name| format!("[experiment.variants.{name}]\nlayout = \"box\"\n")).concat();
    for (text, message) in [
        (
            tried(&format!("name = \"Place\"\n{days}")),
            "postern.toml:22: experiment.name: \"Place\" is not a slug; use a-z, 0-9 and -, at most 40 signs, first a letter",
        ),
        (
            tried(days),
            "postern.toml:21: experiment.name: is missing; add what it is called, as in name = \"shorter\"",
        ),
        (
            tried("name = \"place\""),
            "postern.toml:21: experiment.from: is missing; add the first day, as in from = 2026-12-01\n\
             postern.toml:21: experiment.until: is missing; add the last day, as in until = 2027-01-31",
        ),
        (
            tried("name = \"place\"\nfrom = \"soon\"\nuntil = \"2027-02-30\""),
            "postern.toml:23: experiment.from: \"soon\" is not a date; write YYYY-MM-DD\n\
             postern.toml:24: experiment.until: \"2027-02-30\" is not a date; write YYYY-MM-DD",
        ),
        (
            tried("name = \"place\"\nfrom = 2026-12-02\nuntil = 2026-12-01"),
            "postern.toml:24: experiment.until: is before the first day; write a later one",
        ),
        // 31 days of December, 31 of January, 28 of February, and 3.
        (
            tried("name = \"place\"\nfrom = 2026-12-01\nuntil = 2027-03-03"),
            "postern.toml:24: experiment.until: lasts 93 days; 92 are enough for a site that gets an answer at all",
        ),
        (
            format!("{SOUND}{TRIED}"),
            "postern.toml:21: experiment.variants: has 0 variants; write 1 to 3, as in [experiment.variants.plain]",
        ),
        (
            format!("{SOUND}{TRIED}{four}"),
            "postern.toml:25: experiment.variants: has 4 variants; write 1 to 3, as in [experiment.variants.plain]",
        ),
        (
            format!("{SOUND}{TRIED}[experiment.variants.control]\nlayout = \"box\"\n"),
            "postern.toml:25: experiment.variants.control: \"control\" cannot be a variant's name; use a-z, 0-9 and -, first a letter, and not control, which is the site's own way",
        ),
        (
            format!("{SOUND}{TRIED}[experiment.variants.Corner]\nlayout = \"box\"\n"),
            "postern.toml:25: experiment.variants.Corner: \"Corner\" cannot be a variant's name; use a-z, 0-9 and -, first a letter, and not control, which is the site's own way",
        ),
        (
            format!("{SOUND}{TRIED}variants = {{ corner = \"box\" }}\n"),
            "postern.toml:25: experiment.variants.corner: is a text; write a table, as in [name]\n\
             postern.toml:25: experiment.variants: has 0 variants; write 1 to 3, as in [experiment.variants.plain]",
        ),
        (
            format!("{SOUND}{TRIED}winner = \"middle\"\n{CORNER}"),
            "postern.toml:25: experiment.winner: \"middle\" is no variant; write the name of one, or control",
        ),
        // Nothing said, and what holds anyhow.
        (
            format!("{SOUND}{TRIED}[experiment.variants.plain]\n"),
            "postern.toml:25: experiment.variants.plain: asks exactly as the site does; give it another layout, theme or words, or remove it",
        ),
        (
            format!("{SOUND}{TRIED}{CORNER}[experiment.variants.plain]\nlayout = \"bar\"\n"),
            "postern.toml:27: experiment.variants.plain: asks exactly as the site does; give it another layout, theme or words, or remove it",
        ),
        (
            tried(&format!("name = \"place\"\n{days}\npoints = 0\nexpected = 100")),
            "postern.toml:25: experiment.points: 0 points are out of range; write 1 to 30: larger differences are found too, but for them alone so few browsers would be asked that chance could hide them\n\
             postern.toml:26: experiment.expected: 100 is out of range; write 1 to 99",
        ),
        (
            tried(&format!("name = \"place\"\n{days}\npoints = 31")),
            "postern.toml:25: experiment.points: 31 points are out of range; write 1 to 30: larger differences are found too, but for them alone so few browsers would be asked that chance could hide them",
        ),
        (
            tried(&format!("name = \"place\"\n{days}\npoints = 2.5")),
            "postern.toml:25: experiment.points: is a fraction; write a whole number of percentage points",
        ),
        // Who is asked in which way is chance alone.
        (
            tried(&format!("name = \"place\"\n{days}\nweights = [1, 9]")),
            "postern.toml:25: experiment.weights: unknown key; use one of name, from, until, points, expected, winner, variants",
        ),
    ] {
        assert_eq!(faults(&text), message);
    }
}

#[test]
fn no_two_variants_ask_alike() {
    let twin = |line: usize, name: &str, other: &str| {
        format!(
            "postern.toml:{line}: experiment.variants.{name}: asks exactly as variant {other:?} does; give one of them another layout, theme or words, or remove one"
        )
    };
    // The later in the file is to be mended, wherever its name stands in the order of names.
    for name in ["aside", "dark"] {
        let text = with(&format!("[experiment.variants.{name}]\nlayout = \"box\""));
        assert_eq!(faults(&text), twin(27, name, "corner"));
    }
    // So it is of three, each named beside the first; in one line the order is that of names.
    let lines = "[experiment.variants.b]\nlayout = \"box\"\n[experiment.variants.a]\nlayout = \"box\"";
    assert_eq!(faults(&with(lines)), [twin(27, "b", "corner"), twin(29, "a", "corner")].join("\n"));
    let one_line = "variants = { b = { layout = \"box\" }, a = { layout = \"box\" } }\n";
    assert_eq!(faults(&format!("{SOUND}{TRIED}{one_line}")), twin(25, "b", "a"));
    // In other words, or with what is built in written out.
    let words = "[experiment.variants.plain]\nlayout = \"box\"\n[experiment.variants.plain.texts]\naccept = \"Accept all\"\n\
                 [experiment.variants.plain.theme]\nscheme = \"auto\"";
    assert_eq!(faults(&with(words)), twin(27, "plain", "corner"));
    // Two that are the site's own way are told as that, and a winner changes nothing of it.
    let control = "asks exactly as the site does; give it another layout, theme or words, or remove it";
    assert_eq!(
        faults(&with("[experiment.variants.a]\n[experiment.variants.b]")),
        format!(
            "postern.toml:27: experiment.variants.a: {control}\npostern.toml:28: experiment.variants.b: {control}"
        )
    );
    let won = with("[experiment.variants.dark]\nlayout = \"box\"")
        .replace("name = \"place\"", "name = \"place\"\nwinner = \"dark\"");
    assert_eq!(faults(&won), twin(28, "dark", "corner"));
    // What differs in one language alone differs; and whatever the order in the file, ways stand in that of their names.
    let german = "[experiment.variants.aside]\nlayout = \"box\"\n[experiment.variants.aside.texts.de]\ntitle = \"Hallo\"";
    let policy = read(&with(german));
    assert_eq!(experiment(&policy).names().collect::<Vec<_>>(), ["control", "aside", "corner"]);
    assert_eq!(policy.variant(1).unwrap().language("de").unwrap().texts.title, "Hallo");
}

#[test]
fn no_way_to_ask_is_tried_that_could_not_be_the_only_one() {
    // Each begins in line 27 of the file, in the variant.
    for (lines, message) in [
        (
            "accept_colour = \"#00ff00\"",
            "postern.toml:27: experiment.variants.corner.accept_colour: unknown key; use one of layout, theme, texts",
        ),
        (
            "layouts = \"box\"",
            "postern.toml:27: experiment.variants.corner.layouts: unknown key; did you mean \"layout\"?",
        ),
        (
            "[experiment.variants.corner.theme]\naccept_colour = \"#00ff00\"",
            "postern.toml:28: experiment.variants.corner.theme.accept_colour: unknown key; use one of scheme, font, radius, light, dark",
        ),
        (
            "[experiment.variants.corner.theme.light]\nreject = \"#eeeeee\"",
            "postern.toml:28: experiment.variants.corner.theme.light.reject: unknown key; use one of ink, soft, paper, raised, line, edge, accent",
        ),
        (
            "[experiment.variants.corner.theme.light]\nsoft = \"#777777\"",
            "postern.toml:28: experiment.variants.corner.theme.light.soft: soft #777777 on paper #ffffff has a contrast of 4.47:1 and needs 5.00:1; make one of them lighter or darker\n\
             postern.toml:28: experiment.variants.corner.theme.light.soft: soft #777777 on raised #f5f7f9 has a contrast of 4.16:1 and needs 5.00:1; make one of them lighter or darker",
        ),
        (
            "[experiment.variants.corner.texts]\ntitle = \"Hurry\"",
            "postern.toml:28: experiment.variants.corner.texts.title: says \"hurry\", which pushes (EDPB 03/2022: emotional steering by lack of time); say plainly what happens",
        ),
        (
            "[experiment.variants.corner.texts.de]\ntitle = \"Durch die weitere Nutzung\"",
            "postern.toml:28: experiment.variants.corner.texts.de.title: says \"durch die weitere nutzung\": nobody consents by silence; say what the buttons do instead",
        ),
        (
            "[experiment.variants.corner.texts]\nreject = \"accept ALL\"",
            "postern.toml:28: experiment.variants.corner.texts.reject: is the same text as accept; say what refusing does",
        ),
        (
            "[experiment.variants.corner.texts.de]\naccept = \"Alle ablehnen\"",
            "postern.toml:28: experiment.variants.corner.texts.de.accept: is the same text as accept; say what refusing does",
        ),
        (
            "[experiment.variants.corner.texts]\nbody = \"For {purposes}\"",
            "postern.toml:28: experiment.variants.corner.texts.body: must contain {controller}, which is filled in when shown; add it",
        ),
        (
            "[experiment.variants.corner.texts]\nacept = \"Yes\"",
            "postern.toml:28: experiment.variants.corner.texts.acept: unknown key; did you mean \"accept\"?",
        ),
        (
            "[experiment.variants.corner.texts.de]\nacept = \"Ja\"",
            "postern.toml:28: experiment.variants.corner.texts.de.acept: unknown key; did you mean \"accept\"?",
        ),
        // Another purpose is another question.
        (
            "[experiment.variants.corner.texts]\nanalytics_text = \"Counts.\"",
            "postern.toml:28: experiment.variants.corner.texts.analytics_text: is part of what consent is asked for, and an experiment asks everybody for the same; change it for all, or remove this key",
        ),
        (
            "[experiment.variants.corner.texts.de]\nanalytics_title = \"Zählen\"",
            "postern.toml:28: experiment.variants.corner.texts.de.analytics_title: is part of what consent is asked for, and an experiment asks everybody for the same; change it for all, or remove this key",
        ),
        (
            "[experiment.variants.corner.texts.fr]\ntitle = \"Bonjour\"",
            "postern.toml:27: experiment.variants.corner.texts.fr: \"fr\" is not among site.languages; add it there or remove these texts",
        ),
        (
            "[experiment.variants.corner.texts.en]\ntitle = \"Hello\"",
            "postern.toml:27: experiment.variants.corner.texts.en: is the site's own language: write its texts under [texts] itself",
        ),
    ] {
        assert_eq!(faults(&with(lines)), message);
    }
    // A fault of one variant hides none of another.
    assert_eq!(
        faults(&with("purpose = \"x\"\n[experiment.variants.other]\nlayout = \"top\"")),
        "postern.toml:27: experiment.variants.corner.purpose: unknown key; use one of layout, theme, texts\n\
         postern.toml:29: experiment.variants.other.layout: unknown layout \"top\"; use one of bar, box, centre"
    );
}

#[test]
fn words_in_one_language_alone_and_unlike_buttons_are_warned_of() {
    let words =
        "[experiment.variants.corner.texts]\naccept = \"Yes, accept all of these cookies\"\nreject = \"No\"";
    assert_eq!(
        warnings(&with(words)),
        [
            "postern.toml:27: experiment.variants.corner.texts: is said in the site's own language alone, and readers of 1 others are asked in the same words in every variant; write [experiment.variants.<name>.texts.<language>], or list the languages you speak in site.languages",
            "postern.toml:29: experiment.variants.corner.texts.reject: 32 signs on accept and 2 on reject: one will look larger or be harder to read; make them alike",
        ]
    );
    // Said in each language, or in none: looks alone.
    let german = "[experiment.variants.corner.texts]\ntitle = \"Hello\"\n[experiment.variants.corner.texts.de]\ntitle = \"Hallo\"";
    for lines in ["", german] {
        assert_eq!(warnings(&with(lines)), [""; 0], "{lines}");
    }
    // Said in one of two: readers of the other one are left.
    assert_eq!(
        warnings(&with(german).replace("[\"de\"]", "[\"de\", \"fr\"]")),
        [
            "postern.toml:27: experiment.variants.corner.texts: is said in the site's own language alone, and readers of 1 others are asked in the same words in every variant; write [experiment.variants.<name>.texts.<language>], or list the languages you speak in site.languages"
        ]
    );
    // What is to be mended in the file itself is said once, however many ways there are.
    let described = with("").replace("[categories.analytics]", "[categories.analytics]\ntext = \"Counts.\"");
    assert_eq!(warnings(&described).len(), 1);
}

#[test]
fn a_variant_is_the_file_with_its_words_as_the_only_ones() {
    let lines = "[experiment.variants.corner.theme]\nradius = 0\n[experiment.variants.corner.texts]\naccept = \"Yes\"\nreject = \"No\"\n\
                 [experiment.variants.corner.texts.de]\naccept = \"Ja\"\nreject = \"Nein\"";
    let alone = "[banner]\nlayout = \"box\"\n[banner.theme]\nradius = 0\n[texts]\naccept = \"Yes\"\nreject = \"No\"\n\
                 [texts.de]\naccept = \"Ja\"\nreject = \"Nein\"\n";
    let (policy, alone) = (read(&with(lines)), read(&format!("{SOUND}{alone}")));
    let corner = policy.variant(1).unwrap();
    assert_eq!(corner, &alone);
    assert_eq!(corner.hash(), alone.hash());
    for tag in ["en", "de"] {
        let [corner, alone] =
            [corner, &alone].map(|policy| policy.texts_sha256(policy.language(tag).unwrap()));
        assert_eq!(corner, alone, "{tag}");
    }
    // It is found by its hash, and none of another.
    assert_eq!(policy.place_of_hash(|hash| hash == alone.hash()), Some(1));
    assert_eq!(policy.place_of_hash(|hash| hash == policy.hash()), Some(0));
    assert_eq!(policy.place_of_hash(|_| false), None);
    assert_eq!((policy.variant(0), policy.variant(2)), (Some(&policy), None));
}

#[test]
fn words_of_the_file_hold_where_a_variant_says_nothing() {
    let own = format!(
        "{}[texts]\naccept = \"Agree\"\nreject = \"Refuse\"\n",
        with("[experiment.variants.corner.texts]\nreject = \"Decline\"")
    );
    let policy = read(&own);
    let corner = &policy.variant(1).unwrap().own_language().texts;
    assert_eq!((&*corner.accept, &*corner.reject), ("Agree", "Decline"));
    assert_eq!(policy.own_language().texts.reject, "Refuse");
}

#[test]
fn all_ways_ask_for_the_same() {
    let plain = read(SOUND);
    let german = "[experiment.variants.corner.texts.de]\ntitle = \"Hallo\"\n[experiment.variants.dark.theme]\nscheme = \"dark\"";
    let policy = read(&with(german));
    assert_eq!(policy.tag(), plain.tag());
    assert_eq!(experiment(&policy).variants.len(), 2);
    for variant in &experiment(&policy).variants {
        assert_eq!(variant.policy.tag(), plain.tag(), "{}", variant.name);
        assert_eq!(variant.policy.purposes, plain.purposes, "{}", variant.name);
        assert_eq!(variant.policy.vendors_sha256(), plain.vendors_sha256(), "{}", variant.name);
        assert_eq!(variant.policy.experiment, None, "{}", variant.name);
    }
}

#[test]
fn the_winner_is_how_everybody_is_asked_and_nothing_is_tried_any_more() {
    let lines = "[experiment.variants.corner.texts]\ntitle = \"Hello\"\n[experiment.variants.corner.texts.de]\ntitle = \"Hallo\"";
    let won = |name: &str| {
        read(&with(lines).replace("name = \"place\"", &format!("name = \"place\"\nwinner = \"{name}\"")))
    };
    let running = read(&with(lines));
    let corner = running.variant(1).unwrap();
    let policy = won("corner");
    assert_eq!(policy.banner, corner.banner);
    assert_eq!(policy.languages().collect::<Vec<_>>(), corner.languages().collect::<Vec<_>>());
    assert_eq!(policy.tag(), running.tag());
    let control = won("control");
    assert_eq!(control.banner, running.banner);
    assert_eq!(control.own_language(), running.own_language());
    for policy in [&policy, &control] {
        assert!((0..40_000).all(|day| !experiment(policy).is_on(day)));
        // Who was asked while it went on is still known by what they were asked with.
        assert_eq!(policy.place_of_hash(|hash| hash == corner.hash()), Some(1));
    }
}

#[test]
fn it_is_tried_from_the_first_day_to_the_last() {
    let policy = read(&with(""));
    for (day, is_on) in
        [(0, false), (20_787, false), (20_788, true), (20_849, true), (20_850, false), (u32::MAX, false)]
    {
        assert_eq!(experiment(&policy).is_on(day), is_on, "{day}");
    }
    let one_day = read(&with("").replace("2027-01-31", "2026-12-01"));
    assert_eq!([20_787, 20_788, 20_789].map(|day| experiment(&one_day).is_on(day)), [false, true, false]);
    // 2027-03-02, the last of the 92 days there may be.
    let longest = read(&with("").replace("2027-01-31", "2027-03-02"));
    assert_eq!([20_879, 20_880].map(|day| experiment(&longest).is_on(day)), [true, false]);
}

#[test]
fn every_field_is_in_the_hash_and_none_in_the_tag() {
    let text = with("");
    let plain = read(&text);
    let mut seen = vec![read(SOUND).hash(), plain.hash()];
    let after = |line: &str, more: &str| text.replace(line, &format!("{line}\n{more}"));
    for other in [
        text.replace("name = \"place\"", "name = \"places\""),
        text.replace("2026-12-01", "2026-12-02"),
        text.replace("2027-01-31", "2027-01-30"),
        after("until = 2027-01-31", "points = 4"),
        after("until = 2027-01-31", "expected = 4"),
        after("until = 2027-01-31", "winner = \"control\""),
        after("until = 2027-01-31", "winner = \"corner\""),
        text.replace("variants.corner", "variants.middle"),
        text.replace("\"box\"", "\"centre\""),
        with("[experiment.variants.corner.theme]\nradius = 0"),
        with("[experiment.variants.corner.texts]\ntitle = \"Hello\""),
        with("[experiment.variants.corner.texts.de]\ntitle = \"Hallo\""),
        with("[experiment.variants.middle]\nlayout = \"centre\""),
    ] {
        let policy = read(&other);
        assert_eq!(policy.tag(), plain.tag(), "{other}");
        assert!(!seen.contains(&policy.hash()), "{other}");
        seen.push(policy.hash());
    }
    // Defaults written out, and dates in quotes, mean the same.
    let spelled =
        after("until = 2027-01-31", "points = 3\nexpected = 50").replace("2026-12-01", "\"2026-12-01\"");
    assert_eq!(read(&spelled).hash(), plain.hash());
}
