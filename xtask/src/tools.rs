//! Pinned tools: found, or installed into a versioned cache of the user that every clone shares.

use crate::run::{output, run, say};
use crate::{root, stamp};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The same version as the crate: they speak a private format. `Cargo.toml` pins the crate.
const WASM_BINDGEN: &str = "0.2.130";
/// The same version as the `worker` crate.
const WORKER_BUILD: &str = "0.8.7";
/// Reads `deny.toml`.
const CARGO_DENY: &str = "0.20.2";
/// Used where the machine's Node is older than wrangler needs.
const NODE: &str = "24.14.1";
/// Source: wrangler's `engines`.
const NODE_MIN: (u32, u32) = (22, 12);

/// Everything a build or a test run needs, in place.
pub struct Tools {
    /// Folder of a Node that wrangler accepts.
    pub node_folder: PathBuf,
    /// `wasm-bindgen` and its test runner.
    pub wasm_bindgen_folder: PathBuf,
    /// `worker-build`.
    pub worker_build: PathBuf,
}

impl Tools {
    /// Finds or installs everything.
    ///
    /// # Errors
    /// What is missing and cannot be installed, and how to.
    pub fn ready() -> Result<Self, String> {
        wasm_target()?;
        let tools = Self {
            node_folder: node()?,
            wasm_bindgen_folder: cargo_tool("wasm-bindgen-cli", WASM_BINDGEN, "wasm-bindgen")?,
            worker_build: cargo_tool("worker-build", WORKER_BUILD, "worker-build")?.join("worker-build"),
        };
        npm_packages()?;
        Ok(tools)
    }

    /// `cargo-deny`; only tests need it.
    ///
    /// # Errors
    /// It cannot be installed.
    pub fn cargo_deny() -> Result<PathBuf, String> {
        Ok(cargo_tool("cargo-deny", CARGO_DENY, "cargo-deny")?.join("cargo-deny"))
    }

    /// Node.
    #[must_use]
    pub fn node(&self) -> Command {
        crate::run::with_path(&self.node_folder.join("node"), &self.node_folder)
    }

    /// A program of an npm package of ours.
    #[must_use]
    pub fn npm_bin(name: &str) -> PathBuf {
        root().join("node_modules/.bin").join(name)
    }
}

fn cache() -> PathBuf {
    let base = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default().join(".cache");
    base.unwrap_or_else(home).join("postern/tools")
}

fn wasm_target() -> Result<(), String> {
    let sysroot = output(Command::new("rustc").args(["--print", "sysroot"])).unwrap_or_default();
    if Path::new(&sysroot).join("lib/rustlib/wasm32-unknown-unknown").exists() {
        return Ok(());
    }
    run("adding the wasm32 target", Command::new("rustup").args(["target", "add", "wasm32-unknown-unknown"]))
        .map_err(|error| format!("{error}\nPostern needs it: rustup target add wasm32-unknown-unknown"))
}

/// A folder with that version's binary, built once per machine.
fn cargo_tool(package: &str, version: &str, binary: &str) -> Result<PathBuf, String> {
    let home = cache().join(format!("{package}-{version}"));
    let folder = home.join("bin");
    if folder.join(binary).exists() {
        return Ok(folder);
    }
    let install = |is_locked: bool| {
        let mut command = Command::new("cargo");
        command.args(["install", package, "--version", version, "--root"]).arg(&home);
        if is_locked {
            command.arg("--locked");
        }
        // Elsewhere than in this repository, whose settings are not the tool's.
        command.current_dir(std::env::temp_dir());
        run(&format!("installing {package} {version} (a few minutes, once per machine)"), &mut command)
    };
    // A registry mirror can lack a version that the tool's own lock file names.
    install(true).or_else(|_| install(false))?;
    Ok(folder)
}

fn version_of(node: &Path) -> Option<(u32, u32)> {
    let text = output(Command::new(node).arg("--version"))?;
    let mut numbers = text.trim_start_matches('v').split('.').map(|part| part.parse().ok());
    Some((numbers.next()??, numbers.next()??))
}

/// The folder of a Node that is new enough.
fn node() -> Result<PathBuf, String> {
    let on_path = output(Command::new("sh").args(["-c", "command -v node"])).map(PathBuf::from);
    let Some(found) = on_path else {
        return Err("Node.js is missing: install version 20 or newer with npm".into());
    };
    if version_of(&found).is_some_and(|version| version >= NODE_MIN) {
        return Ok(found.parent().map(Path::to_path_buf).unwrap_or_default());
    }
    let platform = match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => "linux-x64",
        ("linux", "aarch64") => "linux-arm64",
        ("macos", "aarch64") => "darwin-arm64",
        ("macos", "x86_64") => "darwin-x64",
        (os, arch) => return Err(format!("no Node.js {NODE} for {os} {arch} on npm: install it by hand")),
    };
    let home = cache().join(format!("node-{NODE}"));
    let package = format!("node-{platform}");
    let folder = home.join("node_modules").join(&package).join("bin");
    if !folder.join("node").exists() {
        std::fs::create_dir_all(&home).map_err(|error| format!("{}: {error}", home.display()))?;
        let mut command = Command::new("npm");
        command.args(["install", "--no-save", "--no-audit", "--no-fund", "--prefix"]).arg(&home);
        command.arg(format!("{package}@{NODE}"));
        run(&format!("installing Node.js {NODE} beside the older one (once per machine)"), &mut command)?;
    }
    Ok(folder)
}

fn npm_packages() -> Result<(), String> {
    let stamp = stamp::of(&root(), &["package.json", "package-lock.json"]);
    let file = root().join("node_modules/.postern-stamp");
    if stamp::is_current(&file, &stamp) {
        return Ok(());
    }
    let mut command = Command::new("npm");
    command
        // Not `npm ci`: it refuses a lock file made where a platform's optional package was missing.
        .args(["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"])
        .current_dir(root());
    run("installing npm packages", &mut command)?;
    stamp::leave(&file, &stamp)
}

/// A kind of browser that the journeys are made in: what may name it, how it is called, and what brings it.
struct Engine {
    title: &'static str,
    variables: &'static [&'static str],
    names: &'static [&'static str],
    mac: &'static str,
    package: &'static str,
}

const CHROMIUM: Engine = Engine {
    title: "Chromium or Chrome",
    variables: &["POSTERN_BROWSER", "CHROME_BIN"],
    names: &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
    mac: "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    package: "chromium",
};

const FIREFOX: Engine = Engine {
    title: "Firefox",
    variables: &["POSTERN_FIREFOX"],
    names: &["firefox", "firefox-esr"],
    mac: "/Applications/Firefox.app/Contents/MacOS/firefox",
    package: "firefox-esr",
};

/// The path of a Chromium, installing Debian's where there is none and we may.
///
/// # Errors
/// There is none and it cannot be installed.
pub fn browser() -> Result<PathBuf, String> {
    ready_engine(&CHROMIUM)
}

/// The path of a Firefox, likewise.
///
/// # Errors
/// There is none and it cannot be installed.
pub fn second_browser() -> Result<PathBuf, String> {
    ready_engine(&FIREFOX)
}

fn ready_engine(engine: &Engine) -> Result<PathBuf, String> {
    if let Some(found) = find_engine(engine) {
        return Ok(found);
    }
    apt_install(engine.package);
    find_engine(engine).ok_or_else(|| {
        let Engine { title, variables, .. } = engine;
        format!("no {title} found: install one, or set {} to its path", variables.first().unwrap_or(&""))
    })
}

fn find_engine(engine: &Engine) -> Option<PathBuf> {
    let named = engine.variables.iter().find_map(std::env::var_os).map(PathBuf::from);
    let on_path = || {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path)
            .flat_map(|folder| engine.names.iter().map(move |name| folder.join(name)))
            .find(|path| path.exists())
    };
    named.or_else(on_path).or_else(|| Some(PathBuf::from(engine.mac))).filter(|path| path.exists())
}

/// Installs a Debian package where that is possible; whoever needs it looks for it afterwards.
fn apt_install(package: &str) {
    if !Path::new("/usr/bin/apt-get").exists() {
        return;
    }
    say(&format!("{package} is missing: installing Debian's"));
    let install = format!(
        "if [ \"$(id -u)\" = 0 ]; then S=; else S='sudo -n'; fi; \
         $S apt-get update -qq && DEBIAN_FRONTEND=noninteractive $S apt-get install -y -qq {package}"
    );
    let _ = run(&format!("apt-get install {package}"), Command::new("sh").args(["-c", &install]));
}

/// A caching proxy for the journeys: nginx. Where there is none and none can be installed, its tests say so.
pub fn caching_proxy() {
    if !["/usr/sbin/nginx", "/usr/bin/nginx"].iter().any(|path| Path::new(path).exists()) {
        apt_install("nginx-light");
    }
}
