//! A faulty vendor file for each refusal, and the sentence it is refused with.

use super::lint::{check_all, parse_vendor};
use super::schema::{KeepFile, VendorFile};

const GOOD: &str = r#"
id = "acme"
name = "Acme"
category = "analytics"
role = "processor"
company = "Acme Inc."
country = "US"
privacy_url = "https://acme.example/privacy"
checked = "2026-11-22"
urls = ["cdn.acme.example/t.js", "acme-collect.example"]
first_party = ["/acme.js"]
inline = ["acme('init' & acme.q"]
cookies = ["_acme", "_acme_*"]
cookie_values = ["ac.#."]
params = ["acmeclid"]
storage = ["acme:*"]
databases = ["acmeDb"]
examples = ["https://cdn.acme.example/t.js", "/x/acme.js"]

[source]
all = "general knowledge, to verify"

[[payload]]
kind = "json"
marks = ["\"acme_key\""]
ids = ["visitor"]
"#;

fn keep() -> KeepFile {
    KeepFile {
        source: "vendor docs".into(),
        checked: "2026-11-22".into(),
        cookies: vec!["__Host-*".into(), "consent".into()],
    }
}

/// The good file with one thing replaced.
fn edited(old: &str, new: &str) -> String {
    assert!(GOOD.contains(old), "{old}");
    GOOD.replacen(old, new, 1)
}

fn refusal(old: &str, new: &str) -> String {
    parse_vendor("acme.toml", &edited(old, new)).map(|_| ()).expect_err(new)
}

/// Another vendor of the category, with nothing but these lines and what must be.
fn other(category: &str, lines: &str) -> VendorFile {
    let text = format!(
        "id = \"other\"\nname = \"Other\"\ncategory = \"{category}\"\nrole = \"joint\"\ncompany = \"O\"\ncountry = \"US\"\n\
         privacy_url = \"https://o.example\"\nchecked = \"2026-11-22\"\n{lines}\n[source]\nall = \"vendor docs\"\n"
    );
    parse_vendor("other.toml", &text).unwrap()
}

fn refusal_together(with: VendorFile) -> String {
    let good = parse_vendor("acme.toml", GOOD).unwrap();
    check_all(&[good, with], &keep()).expect_err("two files that disagree")
}

#[test]
fn a_good_file_passes() {
    let good = parse_vendor("acme.toml", GOOD).unwrap();
    check_all(&[good], &keep()).unwrap();
}

#[test]
fn each_fault_of_one_file_is_refused_with_its_own_sentence() {
    const REASON: &str = "reason = \"It tells people from robots where a form is sent, and nothing else.\"";
    let necessary = format!("category = \"necessary\"\n{REASON}");
    for (old, new, sentence) in [
        ("\"analytics\"", "\"performance\"", "unknown category \"performance\""),
        ("category = \"analytics\"", "", "write either category or needs_any_of"),
        ("category = \"analytics\"", "needs_any_of = [\"necessary\", \"social\"]", "needs nothing"),
        ("\"analytics\"", "\"necessary\"", "a written reason of 40 characters"),
        ("category = \"analytics\"", necessary.as_str(), "on its own hosts only; remove first_party"),
        ("role =", "reason = \"x\"\nrole =", "reason is for what is necessary"),
        ("\"Acme Inc.\"", "\"Meta Platforms Ireland Limited\"", "marketing or social, never anything else"),
        ("\"processor\"", "\"controller\"", "unknown role \"controller\""),
        ("\"Acme\"", "\" \"", "name is empty"),
        ("\"https://acme.example/privacy\"", "\"\"", "privacy_url is empty"),
        ("\"https://acme.example/privacy\"", "\"acme.example\"", "is no link"),
        ("\"2026-11-22\"", "\"22.11.2026\"", "write the day as 2026-11-22"),
        ("\"2026-11-22\"", "\"2026-13-01\"", "write the day as 2026-11-22"),
        ("\"cdn.acme.example/t.js\"", "\"Cdn.acme.example\"", "write a lower-case host name first"),
        ("\"cdn.acme.example/t.js\"", "\"localhost\"", "write a lower-case host name first"),
        ("\"cdn.acme.example/t.js\"", "\"a..example\"", "write a lower-case host name first"),
        ("\"cdn.acme.example/t.js\"", "\"a.example/x?id\"", "write name=value after ?"),
        ("all = \"general knowledge, to verify\"", "", "source.company is missing"),
        ("all = \"general knowledge, to verify\"", "company = \"vendor docs\"", "source.urls is missing"),
        ("all = \"general knowledge, to verify\"", "all = \"docs\"", "write in a short sentence"),
        ("[source]", "[source]\nglobals = \"vendor docs\"", "no such facts"),
        ("[source]", "[source]\ncookie = \"vendor docs\"", "no such group"),
        ("\"_acme\", ", "\"_acme\", \"_acme\", ", "stands there twice"),
        ("\"_acme\", ", "\" _acme\", ", "blanks around it"),
        ("\"_acme_*\"", "\"_a*\"", "would match what is not theirs"),
        ("\"ac.#.\"", "\"1.#\"", "is not telling"),
        ("\"ac.#.\"", "\"ac.#1.x\"", "is not telling"),
        ("\"acme('init' & acme.q\"", "\"acme\"", "too short to tell a script by"),
        ("[\"/acme.js\"]", "[\"acme.js\"]", "begin with /"),
        ("[\"/acme.js\"]", "[\"/acme/*\"]", "an open end needs marks"),
        ("[\"/acme.js\"]", "[\"/acme.*s\"]", "the last two characters must be plain"),
        ("\"https://cdn.acme.example/t.js\", ", "\"mailto:a@acme.example\", ", "is no address"),
        ("[\"https://cdn.acme.example/t.js\", \"/x/acme.js\"]", "[]", "no examples to test them by"),
        ("\"json\"", "\"xml\"", "unknown kind \"xml\""),
        ("marks = [\"\\\"acme_key\\\"\"]", "marks = []", "without marks"),
        (
            "[source]",
            "[[payload]]\nkind = \"query\"\nmarks = [\"x\"]\n[source]",
            "[source] stands after [[payload]]",
        ),
        ("role =", "colour = \"red\"\nrole =", "unknown field `colour`"),
        ("\"acme\"", "\"acne\"", "name the file after it"),
    ] {
        let told = refusal(old, new);
        assert!(told.starts_with("acme.toml: ") && told.contains(sentence), "{new}: {told}");
    }
}

#[test]
fn no_shape_claims_what_every_site_has() {
    for shape in [
        "/",
        "/e/",
        "/js/app.js",
        "/collect",
        "/a.jpg",
        "/img/*.jpg",
        "/static/main.js",
        "/*.js",
        "/track",
        "/?id=",
        "/collect?v=",
        "/*/?id=1",
        "/tr/?id=",
        "/script.js",
    ] {
        let told = refusal("[\"/acme.js\"]", &format!("[{shape:?}]"));
        assert!(told.contains("of any site; write more of it"), "{shape}: {told}");
    }
}

#[test]
fn metas_pixel_is_marketing_and_nothing_else() {
    let text = edited("\"acme\"", "\"meta-acme\"").replace("\"analytics\"", "\"social\"");
    let told = parse_vendor("meta-acme.toml", &text).map(|_| ()).unwrap_err();
    assert!(told.contains("Meta's pixel can only be marketing"), "{told}");
}

#[test]
fn a_necessary_vendor_with_a_reason_passes() {
    let text = edited(
        "category = \"analytics\"",
        "category = \"necessary\"\nreason = \"It tells people from robots where a form is sent, and nothing else.\"",
    );
    let text = text.replace("first_party = [\"/acme.js\"]", "").replace(", \"/x/acme.js\"", "");
    assert!(parse_vendor("acme.toml", &text).unwrap().is_necessary());
    let told = parse_vendor("acme.toml", &text.replace("role =", "optional = true\nrole ="))
        .map(|_| ())
        .unwrap_err();
    assert!(told.contains("optional says nothing"), "{told}");
}

#[test]
fn what_two_vendors_claim_needs_the_same_of_both() {
    for lines in [
        "urls = [\"acme-collect.example\"]\nexamples = [\"https://acme-collect.example/\"]",
        "first_party = [\"/acme.js\"]\nexamples = [\"/acme.js\"]",
        "cookies = [\"_acme\"]",
        "cookies = [\"_acme_ab*\"]",
        "storage = [\"_acme_x\"]",
        "params = [\"acmeclid\"]",
        "params = [\"x\"]\ndatabases = [\"acme*\"]",
    ] {
        let told = refusal_together(other("marketing", lines));
        assert!(told.starts_with("acme.toml and other.toml both claim the "), "{lines}: {told}");
        let good = parse_vendor("acme.toml", GOOD).unwrap();
        let agreeing = check_all(&[good, other("analytics", lines)], &keep());
        assert!(agreeing.is_ok() || agreeing.is_err_and(|told| told.contains("belongs to acme")), "{lines}");
    }
}

#[test]
fn an_example_belongs_to_its_file() {
    let told =
        refusal_together(other("social", "urls = [\"o.example\"]\nexamples = [\"https://a.example/\"]"));
    assert_eq!(told, "other.toml: example \"https://a.example/\" belongs to nobody");
    let lines = "urls = [\"t.acme-collect.example\"]\nexamples = [\"https://acme-collect.example/\"]";
    assert!(refusal_together(other("social", lines)).ends_with("belongs to acme"));
}

#[test]
fn a_lifetime_is_of_a_cookie_of_theirs_and_has_a_source() {
    let with = |lifetimes: &str| {
        let values = "cookie_values = [\"ac.#.\"]";
        refusal(values, &format!("{values}\nlifetimes = {lifetimes}"))
    };
    assert!(with("{ \"_ga\" = 1 }").contains("lifetimes: \"_ga\" is none of its cookies; add it there"));
    for wrong in ["{ \"_acme\" = -1 }", "{ \"_acme\" = \"1 y\" }", "{ \"_acme\" = 70000 }"] {
        assert!(with(wrong).contains("lifetimes") || with(wrong).contains("u16"), "{wrong}: {}", with(wrong));
    }
    let known =
        edited("[source]", "lifetimes = { \"_acme\" = 0, \"_acme_x\" = 30, \"_acme_*\" = 1 }\n[source]");
    // The keys above come before the first table of the file.
    assert!(parse_vendor("acme.toml", &known).is_ok());
}

#[test]
fn an_optional_vendor_hides_no_tracker() {
    let lines = "optional = true\nurls = [\"maps.acme-collect.example\"]\nexamples = [\"https://maps.acme-collect.example/\"]";
    let told = refusal_together(other("functional", lines));
    assert!(told.contains("lies inside acme-collect.example"), "{told}");
}

#[test]
fn what_is_kept_no_vendor_takes() {
    for lines in ["cookies = [\"consent\"]", "cookies = [\"cons*\"]", "cookies = [\"__Host-id\"]"] {
        let told = refusal_together(other("analytics", lines));
        assert!(told.contains("which keep.toml keeps"), "{lines}: {told}");
    }
    let good = parse_vendor("acme.toml", GOOD).unwrap();
    let told = check_all(&[good], &KeepFile { checked: "now".into(), ..keep() }).unwrap_err();
    assert!(told.starts_with("keep.toml: checked is"), "{told}");
}
