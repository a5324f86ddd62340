//! What `[banner]` may look like, what its words may not say, and how long a change is announced.
#![allow(clippy::unwrap_used, clippy::panic, reason = "clippy exempts test functions, not their helpers")]

use postern_policy::{Font, Layout, Policy, Scheme, Texts, Theme};

/// The smallest file that stands; 19 lines.
const SOUND: &str = r#"[site]
id = "shop"
language = "en"

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

fn parse(options: &str) -> Policy {
    Policy::parse(&format!("{SOUND}{options}\n"), &[]).unwrap_or_else(|error| panic!("{error}"))
}

fn faults(options: &str) -> String {
    Policy::parse(&format!("{SOUND}{options}\n"), &[]).map(|_| ()).unwrap_err().to_string()
}

#[test]
fn looks_are_read_and_are_not_asked() {
    let plain = parse("");
    assert_eq!(plain.banner.theme, Theme::default());
    let policy = parse(
        "[banner]\nlayout = \"centre\"\n[banner.theme]\nscheme = \"dark\"\nfont = \"inherit\"\nradius = 0\n[banner.theme.dark]\naccent = \"#FFCC00\"",
    );
    let theme = policy.banner.theme;
    assert_eq!(
        (policy.banner.layout, theme.scheme, theme.font),
        (Layout::Centre, Scheme::Dark, Font::Inherit)
    );
    assert_eq!((theme.radius_px, theme.light), (0, Theme::default().light));
    assert!(theme.dark.iter().any(|(name, colour)| name == "accent" && colour.to_string() == "#ffcc00"));
    assert_eq!(policy.tag(), plain.tag());
    let mut hashes = vec![plain.hash()];
    for options in [
        "[banner]\nlayout = \"box\"",
        "[banner]\nlayout = \"centre\"",
        "[banner.theme]\nscheme = \"light\"",
        "[banner.theme]\nfont = \"inherit\"",
        "[banner.theme]\nradius = 2",
        "[banner.theme.light]\naccent = \"#003366\"",
        "[banner.theme.dark]\nline = \"#003366\"",
        "[notice.change]\nfrom = 2026-11-01\nuntil = 2026-11-30",
        "[notice.change]\nfrom = 2026-11-01\nuntil = 2026-12-01",
    ] {
        let hash = parse(options).hash();
        assert!(!hashes.contains(&hash), "{options}");
        hashes.push(hash);
    }
    assert_eq!(parse("[banner.theme.light]\nink = \"#16202E\"").hash(), plain.hash());
}

#[test]
fn each_fault_says_where_why_and_what_to_do() {
    for (options, message) in [
        (
            "[banner]\nlayout = \"center\"",
            "postern.toml:21: banner.layout: unknown layout \"center\"; use one of bar, box, centre",
        ),
        (
            "[banner.theme]\nscheme = \"night\"",
            "postern.toml:21: banner.theme.scheme: unknown scheme \"night\"; use one of auto, light, dark",
        ),
        (
            "[banner.theme]\nfont = \"Comic Sans\"",
            "postern.toml:21: banner.theme.font: unknown font \"Comic Sans\"; use one of system, inherit",
        ),
        (
            "[banner.theme]\nradius = 23",
            "postern.toml:21: banner.theme.radius: 23 px is out of range; write 0 to 22",
        ),
        (
            "[banner.theme]\nradius = -1",
            "postern.toml:21: banner.theme.radius: -1 px is out of range; write 0 to 22",
        ),
        (
            "[banner.theme.light]\nink = \"black\"",
            "postern.toml:21: banner.theme.light.ink: \"black\" is not a colour; write six hexadecimal digits, as in #1f5f8b",
        ),
        (
            "[banner.theme.light]\nreject = \"#000000\"",
            "postern.toml:21: banner.theme.light.reject: unknown key; use one of ink, soft, paper, raised, line, edge, accent",
        ),
        (
            "[banner.theme.light]\nsoft = \"#777777\"",
            "postern.toml:21: banner.theme.light.soft: soft #777777 on paper #ffffff has a contrast of 4.47:1 and needs 5.00:1; make one of them lighter or darker\npostern.toml:21: banner.theme.light.soft: soft #777777 on raised #f5f7f9 has a contrast of 4.16:1 and needs 5.00:1; make one of them lighter or darker",
        ),
        (
            "[banner.theme.dark]\nedge = \"#334155\"",
            "postern.toml:21: banner.theme.dark.edge: edge #334155 on paper #10161f has a contrast of 1.75:1 and needs 3.00:1; make one of them lighter or darker\npostern.toml:21: banner.theme.dark.edge: edge #334155 on raised #182130 has a contrast of 1.56:1 and needs 3.00:1; make one of them lighter or darker",
        ),
        (
            "[notice.change]\nfrom = 2026-11-01\nuntil = 2026-11-29",
            "postern.toml:22: notice.change.until: announces the change for 29 days; announce it for 30 or more",
        ),
        (
            "[notice.change]\nfrom = 2026-11-30\nuntil = 2026-11-01",
            "postern.toml:22: notice.change.until: announces the change for 0 days; announce it for 30 or more",
        ),
        (
            "[notice.change]\nuntil = \"soon\"",
            "postern.toml:20: notice.change.from: is missing; add the day from which it applies and is announced, as in from = 2026-05-01\npostern.toml:21: notice.change.until: \"soon\" is not a date; write YYYY-MM-DD",
        ),
        (
            "[texts]\nreject = \"accept ALL\"",
            "postern.toml:21: texts.reject: is the same text as accept; say what refusing does",
        ),
        (
            "[texts.de]\naccept = \"Alle ablehnen\"",
            "postern.toml:21: texts.de.accept: is the same text as accept; say what refusing does",
        ),
        (
            "[texts]\nbody = \"{controller} wants {purposes}. Don\u{2019}t  miss\\nout!\"",
            "postern.toml:21: texts.body: says \"miss out\", which pushes (EDPB 03/2022: emotional steering); say plainly what happens\npostern.toml:21: texts.body: says \"don't miss\", which pushes (EDPB 03/2022: emotional steering); say plainly what happens",
        ),
        (
            "[texts]\ntitle = \"Hurry\"",
            "postern.toml:21: texts.title: says \"hurry\", which pushes (EDPB 03/2022: emotional steering by lack of time); say plainly what happens",
        ),
        (
            "[texts.it]\ntitle = \"Continuando, Lei accetta\"",
            "postern.toml:21: texts.it.title: says \"continuando\": nobody consents by silence; say what the buttons do instead",
        ),
    ] {
        assert_eq!(faults(options), message);
    }
    // A word within another says something else.
    parse("[texts]\ntitle = \"We support usability, and churry\"");
}

#[test]
fn a_button_that_outgrows_its_twin_is_warned_of() {
    let warnings =
        |options: &str| parse(options).warnings().iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        warnings("[texts]\naccept = \"Yes, accept all of these cookies\"\nreject = \"No\""),
        [
            "postern.toml:22: texts.reject: 32 signs on accept and 2 on reject: one will look larger or be harder to read; make them alike"
        ]
    );
    assert_eq!(warnings("[texts]\naccept = \"Yes\"\nreject = \"No\""), [""; 0]);
}

#[test]
fn what_is_built_in_pushes_nobody_and_keeps_the_twins_alike() {
    let built_in = |tag| Texts::built_in(tag).unwrap();
    for tag in Texts::BUILT_IN_TAGS.into_iter().filter(|tag| *tag != "en") {
        let texts = built_in(tag);
        let own: String = Texts::KEYS
            .iter()
            // Another sign at the end makes them the site's own, so that they are judged.
            .map(|key| format!("{key} = '''{} '''\n", texts.text(key).unwrap().to_owned() + "\u{a0}."))
            .collect();
        let policy = parse(&format!("[texts.{tag}]\n{own}"));
        assert_eq!(policy.warnings(), [], "{tag}");
    }
    assert_eq!(parse("[texts]\ntitle = \"x\"").warnings(), []);
}
