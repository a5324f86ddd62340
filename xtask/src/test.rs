//! `cargo xtask test`: everything that can fail, the quick things first.

use crate::dev::node_script;
use crate::lanes::{Browsers, Journey, run_all};
use crate::run::{output, run, with_path};
use crate::tools::{Tools, browser, caching_proxy, second_browser};
use crate::{build, catalogue, root, tidy};
use std::process::Command;

/// Pictures for the eye, which claim nothing: taken when they are asked for by name.
const FOR_THE_EYE: &str = "screenshots";

/// Crates that only make sense in a browser or in the platform; they are checked on their own target.
const WASM_ONLY: [&str; 3] = ["postern-dashboard", "postern-gate", "postern-worker"];

/// Journeys that Firefox makes too: all that is about what a page may do and what a visitor sees. The rest is about the edge,
/// or about what only Chromium has; but for `posthog`, which passes in Firefox and is left out for the two and a half minutes
/// that it takes there.
///
/// What Firefox skips within them, since it cannot tell: what moves and what blocks a picture (`paint`; it has no entries for
/// either), pages made ahead (`history`; it makes none), and a page of ours kept whole (`history`; it keeps none that is not to be
/// stored). Of `leaks` it goes through some states only, for the sake of time. What asks no browser is left out (`hostile`).
const IN_BOTH_ENGINES: [&str; 26] = [
    "accessibility",
    "app",
    "consent",
    "consent-mode",
    "drawn",
    "drop-in",
    "history",
    "hostile",
    "hostile-page",
    "keepers",
    "landing",
    "leaks",
    "lockdown",
    "no-js",
    "notices",
    "ordinary",
    "own-code",
    "paint",
    "places",
    "queues",
    "rights",
    "single-vendor",
    "stored",
    "strict",
    "vectors",
    "withdrawal",
];

/// Runs every test, or with a filter only the journeys whose file name contains it.
///
/// # Errors
/// The first step that fails.
pub fn test(args: &[String]) -> Result<(), String> {
    let tools = build::build()?;
    let browsers = Browsers { chromium: browser()?, firefox: second_browser()? };
    caching_proxy();
    if let Some(filter) = args.first() {
        return journeys(&tools, &browsers, filter);
    }
    catalogue::write_or_check(&root(), true)?;
    tidy::tidy()?;
    run("formatting", &mut cargo(["fmt", "--all", "--check"]))?;
    let mut clippy = cargo(["clippy", "--quiet", "--workspace", "--all-targets"]);
    exclude_wasm(&mut clippy);
    run("lints, shared crates", clippy.args(["--", "-D", "warnings"]))?;
    for package in WASM_ONLY {
        let mut clippy = cargo([
            "clippy",
            "--quiet",
            "--target",
            "wasm32-unknown-unknown",
            "--all-targets",
            "-p",
            package,
        ]);
        run(&format!("lints, {package}"), clippy.args(["--", "-D", "warnings"]))?;
    }
    audit(&[])?;
    let mut tests = cargo(["test", "--quiet", "--workspace"]);
    exclude_wasm(&mut tests);
    run("unit and property tests", &mut tests)?;
    // What it makes of values asks the platform nothing, and so needs none.
    run("unit tests, the dashboard", &mut cargo(["test", "--quiet", "--lib", "-p", "postern-dashboard"]))?;
    wasm_tests(&tools, &browsers.chromium)?;
    run("sizes", tools.node().arg(root().join("xtask/size.mjs")))?;
    journeys(&tools, &browsers, "")
}

/// Checks what is linked against `deny.toml`: licences, versions, sources. With `--advisories` known flaws
/// too, from the public database: that asks the network, so a test run leaves it out.
///
/// # Errors
/// What `deny.toml` does not allow.
pub fn audit(args: &[String]) -> Result<(), String> {
    // A build fetches what this machine links; the check reads what any machine would.
    if output(&mut cargo(["metadata", "--offline", "--format-version=1"])).is_none() {
        run("fetching what other machines would link", &mut cargo(["fetch", "--quiet", "--locked"]))?;
    }
    let mut deny = Command::new(Tools::cargo_deny()?);
    let asks_network = args.first().is_some_and(|arg| arg == "--advisories");
    if !asks_network {
        deny.arg("--offline");
    }
    deny.args(["--log-level", "error", "check", "bans", "licenses", "sources"]);
    if asks_network {
        deny.arg("advisories");
    }
    run("licences, versions and sources", deny.current_dir(root()))
}

fn cargo<const N: usize>(args: [&str; N]) -> Command {
    let mut command = Command::new("cargo");
    command.args(args).current_dir(root());
    command
}

fn exclude_wasm(command: &mut Command) {
    for package in WASM_ONLY {
        command.args(["--exclude", package]);
    }
}

/// The gate's own tests run in the real browser: the runner serves them, the browser runs them.
fn wasm_tests(tools: &Tools, browser: &std::path::Path) -> Result<(), String> {
    let mut script = tools.node();
    script
        .arg(root().join("xtask/wasm-tests.mjs"))
        .env("POSTERN_BROWSER", browser)
        .env("WASM_BINDGEN_TEST_RUNNER", tools.wasm_bindgen_folder.join("wasm-bindgen-test-runner"));
    node_script("wasm tests in the browser", &mut script)
}

/// Those whose file name contains `filter`: all in Chromium, in Firefox those that both make.
fn journeys(tools: &Tools, browsers: &Browsers, filter: &str) -> Result<(), String> {
    let folder = root().join("tests/journeys");
    let entries = std::fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut names: Vec<_> = entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_string_lossy().strip_suffix(".test.mjs").map(str::to_string))
        .collect();
    names.sort();
    if let Some(lost) = IN_BOTH_ENGINES.iter().find(|name| !names.iter().any(|found| found == *name)) {
        return Err(format!("there is no journey {lost}: mend the list in xtask/src/test.rs"));
    }
    names.retain(|name| {
        format!("{name}.test.mjs").contains(filter) && (name != FOR_THE_EYE || !filter.is_empty())
    });
    if names.is_empty() {
        return Err(format!("no journey is named like {filter:?}"));
    }
    // What journeys run of them: by itself each has other features of what it rests on than all together, and would be compiled
    // in the midst of a journey that waits for it.
    run(
        "building the command that journeys run",
        cargo(["build", "--quiet", "-p", "postern-cli"]).args(["--bins", "--examples"]),
    )?;
    run(
        "building what they compare with",
        &mut cargo(["build", "--quiet", "-p", "postern-rewrite", "--example", "judge"]),
    )?;
    let in_firefox = names.iter().filter(|name| IN_BOTH_ENGINES.contains(&name.as_str()));
    let in_firefox: Vec<_> =
        in_firefox.map(|name| Journey { engine: "firefox", name: name.clone() }).collect();
    let in_chromium = names.into_iter().map(|name| Journey { engine: "chromium", name });
    run_all(tools, browsers, in_chromium.chain(in_firefox).collect())
}

/// Measures the edge against plain proxying and the page against the origin's, each in one run; or one of the two; or a Ledger
/// with receipts stored, which takes half an hour, or the dashboard with two years of figures; these are asked for by name.
///
/// # Errors
/// A failed build, a server that does not start, another name than `edge`, `page`, `ledger` or `dashboard`, or a budget that is not met.
pub fn bench(args: &[String]) -> Result<(), String> {
    let edge = || bench_script("the edge's overhead", "overhead.mjs", &[]);
    let page = || bench_script("what the page costs in a slow browser", "page.mjs", &[]);
    match args.first().map(String::as_str) {
        // Both are measured, whatever the first says.
        None => page().and(edge()),
        Some("edge") => edge(),
        Some("page") => page(),
        Some("ledger") => {
            let mut rows = cargo(["build", "--quiet", "--release", "-p", "postern-cli"]);
            run("building the command, and what fills a Ledger", rows.args(["--bins", "--examples"]))?;
            bench_script("what a Ledger bears", "ledger.mjs", args.get(1..).unwrap_or_default())
        }
        Some("dashboard") => {
            let mut figures = cargo(["build", "--quiet", "--release", "-p", "postern-stats"]);
            run("building what makes two years of figures", figures.args(["--example", "two_years"]))?;
            bench_script("how long the dashboard thinks", "dashboard.mjs", &[])
        }
        Some(other) => Err(format!("there is no bench {other:?}: it is edge, page, ledger or dashboard")),
    }
}

/// Loads the edge for a bounded time and looks whether anything fails.
///
/// # Errors
/// A failed build, wrk that is not there, or anything that failed under load.
pub fn load(args: &[String]) -> Result<(), String> {
    if output(Command::new("sh").args(["-c", "command -v wrk"])).is_none() {
        return Err(
            "wrk is missing: install it (Debian, Ubuntu: apt-get install wrk; macOS: brew install wrk)"
                .into(),
        );
    }
    bench_script("the edge under load", "load.mjs", args)
}

fn bench_script(what: &str, script: &str, args: &[String]) -> Result<(), String> {
    let tools = build::build()?;
    let mut command = tools.node();
    command.arg(root().join("tests/bench").join(script)).args(args);
    command.env("POSTERN_WRANGLER", Tools::npm_bin("wrangler")).env("POSTERN_BROWSER", browser()?);
    let path = with_path(&Tools::npm_bin("wrangler"), &tools.node_folder);
    for (name, value) in path.get_envs() {
        if let Some(value) = value {
            command.env(name, value);
        }
    }
    node_script(what, &mut command)
}
