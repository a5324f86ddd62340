//! Building what ships: first the page's files, then the Worker that embeds them.

use crate::run::{run, say};
use crate::tools::Tools;
use crate::{root, stamp};
use std::process::Command;

/// What the page's files are made from.
const PAGE_INPUTS: [&str; 9] = [
    "Cargo.toml",
    "Cargo.lock",
    "crates/gate",
    "crates/consent",
    "www/gate",
    "www/stub",
    "xtask/page.mjs",
    "xtask/src/build.rs",
    "xtask/src/tools.rs",
];
/// What the Worker is made from, beside the page's files.
const WORKER_INPUTS: [&str; 8] = [
    "Cargo.toml",
    "Cargo.lock",
    "crates",
    "worker",
    "postern.toml",
    "wrangler.toml",
    "www/css",
    "xtask/shown.mjs",
];

/// What the dashboard's Worker is made from, and what draws its charts.
const DASHBOARD_INPUTS: [&str; 10] = [
    "Cargo.toml",
    "Cargo.lock",
    "crates",
    "dashboard",
    "wrangler.toml",
    "wrangler.dashboard.toml",
    "package-lock.json",
    "www/css",
    "www/dashboard",
    "xtask/dashboard.mjs",
];

/// What the verify page is made from.
const VERIFIER_INPUTS: [&str; 9] = [
    "Cargo.toml",
    "Cargo.lock",
    "crates/verifier",
    "crates/receipt",
    "crates/consent",
    "www/verify",
    "xtask/verify.mjs",
    "xtask/src/build.rs",
    "xtask/src/tools.rs",
];

/// Builds everything that is not current.
///
/// # Errors
/// What failed; the program's own output stands above.
pub fn build() -> Result<Tools, String> {
    let tools = Tools::ready()?;
    crate::catalogue::write_or_check(&root(), false)?;
    secrets()?;
    page(&tools)?;
    verifier(&tools)?;
    worker(&tools)?;
    dashboard(&tools)?;
    Ok(tools)
}

fn page(tools: &Tools) -> Result<(), String> {
    let root = root();
    let stamp = stamp::of(&root, &PAGE_INPUTS);
    let file = root.join("build/page.stamp");
    if stamp::is_current(&file, &stamp) {
        return Ok(());
    }
    browser_wasm(tools, "gate", "bundler")?;
    run(
        "shrinking, hashing and compressing the page's files",
        tools.node().arg(root.join("xtask/page.mjs")),
    )?;
    stamp::leave(&file, &stamp)
}

/// The page on which anybody checks receipts: a file by itself, beside the Worker and not in it.
fn verifier(tools: &Tools) -> Result<(), String> {
    let root = root();
    let stamp = stamp::of(&root, &VERIFIER_INPUTS);
    let file = root.join("build/verifier.stamp");
    if stamp::is_current(&file, &stamp) && root.join("www/served/verify.html").exists() {
        return Ok(());
    }
    browser_wasm(tools, "verifier", "web")?;
    run("making the verify page of it", tools.node().arg(root.join("xtask/verify.mjs")))?;
    stamp::leave(&file, &stamp)
}

/// A crate for browsers, with what binds it to JavaScript, in `build/<name>`.
fn browser_wasm(tools: &Tools, name: &str, target: &str) -> Result<(), String> {
    let root = root();
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--quiet", "--target", "wasm32-unknown-unknown", "--profile", "gate", "-p"]);
    cargo.arg(format!("postern-{name}"));
    run(&format!("building the {name}"), cargo.env("RUSTFLAGS", path_remaps()).current_dir(&root))?;
    let mut bindgen = Command::new(tools.wasm_bindgen_folder.join("wasm-bindgen"));
    bindgen.args([
        "--target",
        target,
        "--no-typescript",
        "--out-name",
        &format!("postern_{name}"),
        "--out-dir",
    ]);
    bindgen
        .arg(root.join("build").join(name))
        .arg(root.join(format!("target/wasm32-unknown-unknown/gate/postern_{name}.wasm")));
    run("binding it to JavaScript", &mut bindgen)
}

fn worker(tools: &Tools) -> Result<(), String> {
    let root = root();
    let page = std::fs::read_to_string(root.join("build/page.stamp")).unwrap_or_default();
    let stamp = stamp::of(&root, &WORKER_INPUTS) + &page;
    let file = root.join("build/worker.stamp");
    if stamp::is_current(&file, &stamp) && root.join("build/worker/entry.mjs").exists() {
        return Ok(());
    }
    run("hashing what visitors are shown", tools.node().arg(root.join("xtask/shown.mjs")))?;
    rust_worker(tools, "worker", "building the Worker")?;
    bundle()?;
    stamp::leave(&file, &stamp)
}

/// The dashboard's Worker, and its files.
fn dashboard(tools: &Tools) -> Result<(), String> {
    let root = root();
    let stamp = stamp::of(&root, &DASHBOARD_INPUTS);
    let file = root.join("build/dashboard.stamp");
    if stamp::is_current(&file, &stamp) && root.join("build/dashboard/index.js").exists() {
        return Ok(());
    }
    run("putting the dashboard's charts together", tools.node().arg(root.join("xtask/dashboard.mjs")))?;
    rust_worker(tools, "dashboard", "building the dashboard's Worker")?;
    let to = root.join("build/dashboard");
    std::fs::create_dir_all(&to).map_err(|error| format!("{}: {error}", to.display()))?;
    for name in ["index.js", "index_bg.wasm"] {
        copy(&root.join("dashboard/build").join(name), &to.join(name))?;
    }
    with_dashboard()?;
    stamp::leave(&file, &stamp)
}

/// Configurations for tests: of the Worker with its binding to the dashboard, and of a dashboard that stands still.
fn with_dashboard() -> Result<(), String> {
    let root = root();
    let read =
        |name: &str| std::fs::read_to_string(root.join(name)).map_err(|error| format!("{name}: {error}"));
    let write = |name: &str, text: String| {
        std::fs::write(root.join(name), text).map_err(|error| format!("{name}: {error}"))
    };
    write("build/wrangler-whole.toml", bound(&read("build/wrangler.toml")?))?;
    let own = read("wrangler.dashboard.toml")?
        .replace("dashboard/build/index.js", "dashboard/index.js")
        .replace("build/dashboard/files", "dashboard/files");
    write("build/wrangler.dashboard.toml", own)
}

/// A configuration of the Worker with its binding to the dashboard, which its own names as a choice.
pub fn bound(config: &str) -> String {
    let is_binding = |line: &&str| {
        let choice = line.strip_prefix("# ").unwrap_or("");
        ["binding = \"DASHBOARD\"", "service = \"postern-dashboard\""].contains(&choice)
    };
    let mut lines: Vec<&str> = config.lines().collect();
    if let Some(first) = lines.iter().position(is_binding) {
        // The table's head stands before its keys.
        for line in lines.iter_mut().skip(first.saturating_sub(1)).take(3) {
            *line = line.strip_prefix("# ").unwrap_or(line);
        }
    }
    lines.join("\n") + "\n"
}

/// A Worker in Rust, built in its folder.
fn rust_worker(tools: &Tools, folder: &str, what: &str) -> Result<(), String> {
    let root = root();
    let mut command = crate::run::with_path(&tools.worker_build, &tools.node_folder);
    command
        .arg("--release")
        .env("WASM_BINDGEN_BIN", tools.wasm_bindgen_folder.join("wasm-bindgen"))
        .env("WASM_OPT_BIN", Tools::npm_bin("wasm-opt"))
        .env("ESBUILD_BIN", Tools::npm_bin("esbuild"))
        .env("RUSTFLAGS", path_remaps())
        .current_dir(root.join(folder));
    run(what, &mut command)?;
    // Names of functions are a twentieth of what is uploaded, and a panic says file and line without them.
    let wasm = root.join(folder).join("build/index_bg.wasm");
    let mut strip = crate::run::with_path(&Tools::npm_bin("wasm-opt"), &tools.node_folder);
    // `-Os` over what was made fast already takes out what stands there twice: 4 kB, compressed.
    strip.args([
        "--all-features",
        "-Os",
        "--strip-debug",
        "--strip-producers",
        "--strip-target-features",
        "-o",
    ]);
    run("leaving out names of functions", strip.arg(&wasm).arg(&wasm))
}

fn copy(from: &std::path::Path, to: &std::path::Path) -> Result<(), String> {
    std::fs::copy(from, to).map(|_| ()).map_err(|error| format!("{}: {error}", from.display()))
}

/// What ships names no folder of the machine that built it: panics carry the paths of sources.
fn path_remaps() -> String {
    let home = std::env::var("CARGO_HOME")
        .unwrap_or_else(|_| format!("{}/.cargo", std::env::var("HOME").unwrap_or_default()));
    format!("--remap-path-prefix={home}=cargo --remap-path-prefix={}=postern", root().display())
}

/// A copy of the Worker that stands still while sources change, with a configuration that does not
/// build: what tests and measurements start.
fn bundle() -> Result<(), String> {
    let root = root();
    let to = root.join("build/worker");
    let folder = to.join("build");
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for name in ["entry.mjs", "last-resort.mjs", "build/index.js", "build/index_bg.wasm"] {
        copy(&root.join("worker").join(name), &to.join(name))?;
    }
    let config = std::fs::read_to_string(root.join("wrangler.toml"))
        .map_err(|error| format!("wrangler.toml: {error}"))?;
    let mut sections: Vec<&str> = config.split("\n\n").collect();
    sections.retain(|section| !section.starts_with("[build]"));
    std::fs::write(root.join("build/wrangler.toml"), sections.join("\n\n"))
        .map_err(|error| format!("build/wrangler.toml: {error}"))
}

/// Local development has keys of its own, made once and never committed. A file from before a key was asked for gets it.
fn secrets() -> Result<(), String> {
    let file = root().join(".dev.vars");
    let mut text = std::fs::read_to_string(&file).unwrap_or_default();
    let random = |bytes: usize| -> Result<String, String> {
        use std::io::Read;
        let mut buffer = vec![0; bytes];
        std::fs::File::open("/dev/urandom")
            .and_then(|mut file| file.read_exact(&mut buffer))
            .map_err(|error| format!("/dev/urandom: {error}"))?;
        Ok(buffer.iter().map(|byte| format!("{byte:02x}")).collect())
    };
    let before = text.len();
    for (name, bytes) in [("COOKIE_KEY", 32), ("DASHBOARD_TOKEN", 12), ("LOG_KEY", 32)] {
        if !text.lines().any(|line| line.starts_with(&format!("{name}="))) {
            text += &format!("{name}={}\n", random(bytes)?);
        }
    }
    if text.len() == before {
        return Ok(());
    }
    say("making keys for local development (.dev.vars)");
    std::fs::write(&file, text).map_err(|error| format!("{}: {error}", file.display()))
}
