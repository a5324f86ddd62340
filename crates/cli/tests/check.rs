//! The command as it is called: what it prints, and its exit status.
#![allow(clippy::unwrap_used, reason = "clippy exempts test functions, not their helpers")]

use std::process::{Command, Output};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

fn postern(arguments: &[&str], folder: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_postern")).args(arguments).current_dir(folder).output().unwrap()
}

fn write(name: &str, text: &str) -> String {
    let path = format!("{}/{name}", env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn the_demo_shop_is_sound() {
    let output = postern(&["check"], ROOT);
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with(
        "postern.toml: sound; asks for functional, analytics, marketing, social; 6 vendors; profile EU, grants 180 days, refusals 180; tag "
    ), "{text}");
    assert!(output.stderr.is_empty());
}

#[test]
fn a_broken_file_names_its_lines_and_fails() {
    let shop = std::fs::read_to_string(format!("{ROOT}/postern.toml")).unwrap();
    let path = write(
        "broken.toml",
        &shop.replace("[vendors.meta-pixel]", "[vendors.meta-pixel]\ncategory = \"adverts\""),
    );
    let output = postern(&["check", &path], ROOT);
    assert_eq!(output.status.code(), Some(1));
    let line = 1 + shop.lines().position(|line| line == "[vendors.meta-pixel]").unwrap() + 1;
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        format!(
            "{path}:{line}: vendors.meta-pixel.category: unknown category \"adverts\"; use one of necessary, functional, analytics, marketing, social\n1 error\n"
        )
    );
    assert!(output.stdout.is_empty());
}

#[test]
fn a_shortened_policy_fits_a_variable_and_says_the_same_or_is_refused() {
    let shop = std::fs::read_to_string(format!("{ROOT}/postern.toml")).unwrap();
    let output = postern(&["shorten", "postern.toml"], ROOT);
    assert_eq!(output.status.code(), Some(0));
    let short = String::from_utf8(output.stdout).unwrap();
    assert!(short.len() < 5_000 && short.len() < shop.len(), "{}", short.len());
    let checked = |path: &str| {
        let text = String::from_utf8(postern(&["check", path], ROOT).stdout).unwrap();
        text.split_once(": sound").map(|(_, said)| said.to_owned())
    };
    assert_eq!(checked(&write("short.toml", &short)), checked("postern.toml"));
    let hosts: Vec<String> =
        (0..200).map(|number| format!("\"host-number-{number}.shop.example\"")).collect();
    let controller = "[controller]\nname = \"Luxmoor Ltd\"";
    for (name, change, said) in [
        ("lines.toml", "[controller]\nname = \"\"\"\none\n\n# two\"\"\"".into(), "a text of several lines"),
        ("long.toml", format!("hosts = [{}]\n{controller}", hosts.join(", ")), "a variable holds 5000"),
    ] {
        let path = write(name, &shop.replace(controller, &change));
        let output = postern(&["shorten", &path], ROOT);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{error}");
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn warnings_do_not_fail() {
    let shop = std::fs::read_to_string(format!("{ROOT}/postern.toml")).unwrap();
    let path = write("warned.toml", &shop.replace("dpa_url = \"https://posthog.com/dpa\"\n", ""));
    let output = postern(&["check", &path], ROOT);
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with(&format!("warning: {path}:")), "{text}");
    assert!(text.contains("vendors.posthog.dpa_url: is missing"));
}

#[test]
fn a_site_by_country_says_what_holds_where_the_country_is_not_known() {
    let shop = std::fs::read_to_string(format!("{ROOT}/postern.toml")).unwrap();
    let profile = "[profile]\nname = \"EU\"";
    assert!(shop.contains(profile));
    let text = shop.replace(profile, "[profile]\nname = \"by-country\"\ngrant_days = 365")
        + "\n[consent_mode]\nurl_passthrough = true\n";
    let path = write("by-country.toml", &text);
    let output = postern(&["check", &path], ROOT);
    assert_eq!(output.status.code(), Some(0));
    let found = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<_> = found.lines().collect();
    assert_eq!(lines.len(), 3, "{found}");
    assert!(lines[0].contains("profile.grant_days: 365 days is longer than some profiles allow"), "{found}");
    assert!(lines[1].contains("consent_mode.url_passthrough: puts click identifiers"), "{found}");
    assert!(
        lines[2].contains(
            "profile by-country, grants 180 days, refusals 365 (where the country is not known); tag "
        ),
        "{found}"
    );
}

#[test]
fn a_tracker_is_never_necessary() {
    let shop = std::fs::read_to_string(format!("{ROOT}/postern.toml")).unwrap();
    for (id, reason) in
        [("ga4", "the catalogue files it under \"analytics\""), ("meta-pixel", "Meta's tools serve")]
    {
        let text =
            shop.replace(&format!("[vendors.{id}]"), &format!("[vendors.{id}]\ncategory = \"necessary\""));
        let output = postern(&["check", &write(&format!("necessary-{id}.toml"), &text)], ROOT);
        assert_eq!(output.status.code(), Some(1), "{id}");
        let found = String::from_utf8(output.stderr).unwrap();
        assert!(found.contains(&format!("vendors.{id}.category: {reason}")), "{found}");
    }
}

#[test]
fn wrong_usage_and_missing_files_are_told_apart_from_errors() {
    for arguments in [&[][..], &["chekc"], &["check", "--fix"], &["check", "a", "--fix"]] {
        let output = postern(arguments, ROOT);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(String::from_utf8(output.stderr).unwrap().contains("usage: postern check [FILE]"));
    }
    let output = postern(&["check", "no-such.toml"], env!("CARGO_TARGET_TMPDIR"));
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().starts_with("no-such.toml: cannot be read: "));
    assert_eq!(postern(&["--help"], ROOT).status.code(), Some(0));
}

#[test]
fn files_of_one_deployment_are_checked_beside_each_other() {
    let shop = std::fs::read_to_string(format!("{ROOT}/postern.toml")).unwrap();
    let site = |name: &str, id: &str, hosts: &str| {
        let text = shop.replace("id = \"luxmoor\"", &format!("id = \"{id}\"\nhosts = [{hosts}]"));
        write(&format!("sites-{name}.toml"), &text)
    };
    let clinic = site("clinic", "clinic", "\"clinic.example\", \"www.clinic.example\"");
    let sound = postern(&["check", "postern.toml", &clinic], ROOT);
    let said = String::from_utf8(sound.stdout).unwrap();
    assert!(sound.status.success(), "{said}");
    assert_eq!(said.matches(": sound; ").count(), 2, "{said}");
    assert!(said.contains("warning: postern.toml: site.hosts names no host"), "{said}");
    for (other, expected) in [
        (
            site("twin", "clinic", "\"other.example\""),
            "site.id: another site of this deployment has \"clinic\"",
        ),
        (
            site("host", "other", "\"other.example\", \"www.clinic.example\""),
            "site.hosts: another site of this deployment has \"www.clinic.example\"",
        ),
    ] {
        let output = postern(&["check", &clinic, &other], ROOT);
        assert_eq!(output.status.code(), Some(1));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(&format!("{other}: beside {clinic}: {expected}")), "{said}");
    }
    // One that cannot be read leaves the others checked, and the exit status is the worst.
    let output = postern(&["check", "no-such.toml", &clinic, &clinic], ROOT);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stdout).unwrap().contains(": sound; "));
}
