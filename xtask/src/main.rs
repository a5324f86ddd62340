//! `cargo xtask`: the only build logic. `cargo xtask help` lists what it does.
//!
//! What lives here: set-up of pinned tools, builds, the development servers, the test run, sizes,
//! generation and the house's rules. What never does: product code.

// The clocks that `clippy.toml` forbids abort in wasm; this program runs on the machine that builds.
#![allow(clippy::disallowed_methods)]

mod build;
mod catalogue;
mod dev;
mod lanes;
mod run;
mod size;
mod stamp;
mod test;
mod tidy;
mod tools;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

const HELP: &str = "\
cargo xtask dev [--origin URL] [--port P] [--site FILE]...
                                            start the demo shop (or guard URL) with Postern in front of it, and
                                            further sites by their policies
cargo xtask test [FILTER]                   set up, build, and run every test (or the journeys that match)
cargo xtask build                           build page files and Worker into build/
cargo xtask size                            print each shipped file's size against its budget
cargo xtask gen [--check]                   write what follows from the vendor files (or check it)
cargo xtask audit [--advisories]            check licences and sources of what is linked (and known flaws)
cargo xtask tidy                            check the house's rules
cargo xtask bench [edge|page]               measure the edge against plain proxying, and the page in a slow browser
cargo xtask bench dashboard                 measure how long the dashboard thinks over two years of figures
cargo xtask bench ledger [--sizes N,…] [--shards N,…] [--seconds N] [--kills N]
                                            measure a Ledger with receipts stored, and kill it under load
cargo xtask load [--seconds N]              load the edge with wrk, N seconds a scenario (default 30)
";

/// The repository's root.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let rest = args.get(1..).unwrap_or_default();
    let result = match args.first().map(String::as_str) {
        Some("dev") => dev::dev(rest),
        Some("test") => test::test(rest),
        Some("build") => build::build().map(|_| ()),
        Some("size") => size::size(),
        Some("gen") => catalogue::write_or_check(&root(), rest.first().is_some_and(|arg| arg == "--check")),
        Some("audit") => test::audit(rest),
        Some("tidy") => tidy::tidy(),
        Some("bench") => test::bench(rest),
        Some("load") => test::load(rest),
        None | Some("help" | "--help" | "-h") => {
            print!("{HELP}");
            Ok(())
        }
        Some(other) => Err(format!("there is no task {other:?}\n\n{HELP}")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error}");
            ExitCode::FAILURE
        }
    }
}
