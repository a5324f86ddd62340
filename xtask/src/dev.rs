//! `cargo xtask dev`: the demo shop, or any site, with Postern in front of it, on this machine.

use crate::run::{Server, run, say};
use crate::{build, root};
use std::net::TcpListener;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The configuration that this writes.
const WHOLE: &str = "wrangler.whole.toml";

/// Where those who keep all sites see them, on this machine.
const KEEPERS_HOST: &str = "keepers.localhost";

/// A further site of the deployment: `docs/sites.md`.
struct Further {
    /// What its variables end in: the name of its policy's file.
    name: String,
    /// With hosts that lead to this machine.
    policy: String,
    /// The first of them.
    host: Option<String>,
}

impl Further {
    fn read(file: &str) -> Result<Self, String> {
        let policy = std::fs::read_to_string(file).map_err(|error| format!("--site {file}: {error}"))?;
        let stem = std::path::Path::new(file).file_stem().and_then(|stem| stem.to_str()).unwrap_or("");
        let sign = |sign: char| if sign.is_ascii_alphanumeric() { sign.to_ascii_uppercase() } else { '_' };
        let (policy, host) = on_this_machine(&policy);
        Ok(Self { name: stem.chars().map(sign).collect(), policy, host })
    }

    /// Its variables, for wrangler. Its pages come from the same place as the first site's, unless its policy names another.
    fn variables(&self, origin: &str) -> Vec<String> {
        let Self { name, policy, .. } = self;
        let names_origin = policy.lines().any(|line| line.trim_start().starts_with("origin"));
        let origin = (!names_origin).then(|| format!("ORIGIN_{name}:{origin}"));
        let all =
            [Some(format!("POLICY_{name}:{policy}")), Some(format!("DASHBOARD_HOST:{KEEPERS_HOST}")), origin];
        all.into_iter().flatten().flat_map(|variable| ["--var".to_string(), variable]).collect()
    }
}

/// The policy with `clinic.example.localhost` for `clinic.example` in its `site.hosts`, and the first of them: such names lead to
/// this machine in every browser. Source: RFC 6761 6.3.
fn on_this_machine(policy: &str) -> (String, Option<String>) {
    let Some((before, rest)) = policy.split_once("[site]") else { return (policy.into(), None) };
    let (site, after) = rest.split_at(rest.find("\n[").unwrap_or(rest.len()));
    let Some((first_keys, list)) = site.split_once("\nhosts") else { return (policy.into(), None) };
    let (list, last_keys) = list.split_at(list.find(']').unwrap_or(list.len()));
    // Between one quotation mark and the next is a host.
    let local = |(place, part): (usize, &str)| {
        let is_host = place % 2 == 1 && part != "localhost" && !part.ends_with(".localhost");
        if is_host { format!("{part}.localhost") } else { part.to_string() }
    };
    let parts: Vec<String> = list.split('"').enumerate().map(local).collect();
    let policy = format!("{before}[site]{first_keys}\nhosts{}{last_keys}{after}", parts.join("\""));
    (policy, parts.get(1).cloned())
}

/// Starts everything and stays until it is interrupted.
///
/// # Errors
/// A wrong argument, a failed build, or a server that stops.
pub fn dev(args: &[String]) -> Result<(), String> {
    let mut origin = None;
    let mut port = None;
    let mut sites = Vec::new();
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        let value = rest.next().ok_or_else(|| format!("{arg} wants a value"))?;
        match arg.as_str() {
            "--origin" if value.starts_with("http://") || value.starts_with("https://") => {
                origin = Some(value.clone())
            }
            "--origin" => return Err(format!("--origin {value}: write it whole, as in https://example.com")),
            "--port" => port = Some(value.parse().map_err(|_| format!("--port {value}: not a port"))?),
            "--site" => {
                let site = Further::read(value)?;
                if sites.iter().any(|other: &Further| other.name == site.name) {
                    return Err(format!(
                        "--site {value}: another file is called so, and its site would have the same variables; rename one"
                    ));
                }
                sites.push(site);
            }
            other => {
                return Err(format!(
                    "there is no option {other}; there are --origin URL, --port P and --site FILE"
                ));
            }
        }
    }
    let stop = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&stop);
    ctrlc::set_handler(move || seen.store(true, Ordering::SeqCst)).map_err(|error| error.to_string())?;
    let tools = build::build()?;
    let port = port.map_or_else(|| free_port(8787), Ok)?;
    let mut servers = Vec::new();
    let guarded = match &origin {
        Some(origin) => origin.clone(),
        None => {
            let shop = free_port(port + 1)?;
            let mut command = tools.node();
            command.arg(root().join("www/shop/serve.mjs")).args(["--port", &shop.to_string()]);
            servers.push(Server::start("the demo shop", &mut command)?);
            format!("http://127.0.0.1:{shop}")
        }
    };
    let recorder = free_port(port + 10)?;
    let control = free_port(recorder + 1)?;
    if origin.is_none() {
        let mut command = tools.node();
        command.arg(root().join("tests/recorder/serve.mjs"));
        command.args(["--port", &recorder.to_string(), "--control", &control.to_string()]);
        servers.push(Server::start("the recorder", &mut command)?);
    }
    let mut wrangler = crate::run::with_path(&crate::tools::Tools::npm_bin("wrangler"), &tools.node_folder);
    // The Worker with its binding to the dashboard's, which wrangler.toml names as a choice: a deployment has it once both are there.
    let config = std::fs::read_to_string(root().join("wrangler.toml")).map_err(|error| error.to_string())?;
    std::fs::write(root().join(WHOLE), build::bound(&config)).map_err(|error| format!("{WHOLE}: {error}"))?;
    wrangler
        .args([
            "dev",
            "--config",
            WHOLE,
            "--config",
            "wrangler.dashboard.toml",
            "--ip",
            "127.0.0.1",
            "--port",
            &port.to_string(),
            "--var",
            &format!("ORIGIN:{guarded}"),
        ])
        .args(sites.iter().flat_map(|site| site.variables(&guarded)))
        .args(["--inspector-port", &free_port(9229)?.to_string(), "--show-interactive-dev-session=false"])
        .env("WRANGLER_SEND_METRICS", "false")
        // Asks the platform where this machine is; here nobody is anywhere, and offline it only complains.
        .env("CLOUDFLARE_CF_FETCH_ENABLED", "false")
        .current_dir(root());
    servers.push(Server::start("wrangler", &mut wrangler)?);
    let address = format!("http://localhost:{port}");
    let start = Instant::now();
    while !is_up(port) {
        servers.iter_mut().try_for_each(Server::check)?;
        if stop.load(Ordering::SeqCst) {
            return Ok(());
        }
        if start.elapsed() > Duration::from_secs(120) {
            return Err(format!(
                "nothing answers at {address} after two minutes; wrangler's lines above say why"
            ));
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    let secrets = std::fs::read_to_string(root().join(".dev.vars")).unwrap_or_default();
    let token = secrets
        .lines()
        .find_map(|line| line.strip_prefix("DASHBOARD_TOKEN="))
        .unwrap_or("(none in .dev.vars)");
    println!();
    println!("  guarded site    {address}/");
    println!("  origin          {guarded}/");
    for host in sites.iter().filter_map(|site| site.host.as_ref()) {
        println!("  further site    http://{host}:{port}/");
    }
    if !sites.is_empty() {
        println!("  all sites       http://{KEEPERS_HOST}:{port}/");
    }
    println!("  consent page    {address}/_postern/consent");
    println!("  dashboard       {address}/_postern/dashboard");
    println!("  login token     {token}");
    if origin.is_none() {
        println!(
            "  recorder        http://127.0.0.1:{control}/requests   (what a mapped browser sent to vendors)"
        );
        println!("\n  a browser that asks the recorder instead of the vendors:");
        println!("  chromium --user-data-dir=$(mktemp -d) --ignore-certificate-errors \\");
        println!(
            "    --host-resolver-rules='MAP * 127.0.0.1:{recorder}, EXCLUDE localhost, EXCLUDE 127.0.0.1' {address}/"
        );
    }
    println!("\n  Ctrl-C stops everything.\n");
    while !stop.load(Ordering::SeqCst) {
        servers.iter_mut().try_for_each(Server::check)?;
        std::thread::sleep(Duration::from_millis(200));
    }
    say("stopping");
    Ok(())
}

/// The first free port from `first` on.
///
/// # Errors
/// A hundred ports in a row are taken.
pub fn free_port(first: u16) -> Result<u16, String> {
    (first..first.saturating_add(100))
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .ok_or_else(|| format!("no free port from {first} on"))
}

fn is_up(port: u16) -> bool {
    use std::io::{Read, Write};
    let Ok(mut stream) = std::net::TcpStream::connect(("127.0.0.1", port)) else { return false };
    let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
    let request =
        format!("GET /_postern/health HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n");
    let mut answer = [0; 12];
    stream.write_all(request.as_bytes()).is_ok()
        && stream.read_exact(&mut answer).is_ok()
        && answer.starts_with(b"HTTP/1.1")
}

/// Runs a program of the repository's, for other tasks.
///
/// # Errors
/// As [`run`].
pub fn node_script(what: &str, command: &mut Command) -> Result<(), String> {
    run(what, command.current_dir(root()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_at_hosts_of_this_machine() {
        let policy = "[site]\nid = \"clinic\"\nhosts = [\n  \"clinic.example\",\n  \"a.localhost\",\n]\nlanguage = \"en\"\n[vendors.x]\nhosts = [\"x.example\"]\n";
        let (local, host) = on_this_machine(policy);
        assert_eq!(local, policy.replace("clinic.example", "clinic.example.localhost"));
        assert_eq!(host.as_deref(), Some("clinic.example.localhost"));
        let without = "[site]\nid = \"clinic\"\n[vendors.x]\nhosts = [\"x.example\"]\n";
        assert_eq!(on_this_machine(without), (without.to_owned(), None));
    }
}
