//! The journeys, some side by side: most of a journey is waiting, for a server to start or for nothing to happen.

use crate::root;
use crate::run::say;
use crate::tools::Tools;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Those that take minutes, longest first: one that begins last would be waited for alone.
const LONG: [&str; 8] =
    ["leaks", "sites", "ledger-faults", "looks", "posthog", "dashboard", "hostile", "hostile-page"];

/// One file of journeys in one browser.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Journey {
    /// As in `POSTERN_ENGINE`.
    pub engine: &'static str,
    /// Of the file, without its ending.
    pub name: String,
}

impl Journey {
    fn rank(&self) -> usize {
        LONG.iter().position(|long| *long == self.name).unwrap_or(LONG.len())
    }
}

/// Where the browsers are.
pub struct Browsers {
    /// Chromium's program.
    pub chromium: PathBuf,
    /// Firefox's.
    pub firefox: PathBuf,
}

/// Runs them all, one more at once than there are cores, and no more than four. Says each as it ends; of one that failed, all that
/// it printed.
///
/// # Errors
/// Those that failed, by name, after all have run.
pub fn run_all(tools: &Tools, browsers: &Browsers, mut journeys: Vec<Journey>) -> Result<(), String> {
    let lanes =
        std::thread::available_parallelism().map_or(1, |cores| cores.get() + 1).min(4).min(journeys.len());
    let count = journeys.len();
    say(&format!("{count} files of journeys against real workerd, {lanes} at once"));
    journeys.sort_by_key(Journey::rank);
    let waiting = Mutex::new(VecDeque::from(journeys));
    let ended = Mutex::new((0, Vec::new()));
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..lanes {
            scope.spawn(|| {
                loop {
                    let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                    let Some(journey) = next else { break };
                    let began = Instant::now();
                    let outcome = one(tools, browsers, &journey, lanes == 1);
                    let mut ended = ended.lock().unwrap_or_else(PoisonError::into_inner);
                    ended.0 += 1;
                    let sign = if outcome.is_ok() { '✔' } else { '✖' };
                    let Journey { engine, name } = &journey;
                    println!(
                        "  {sign} {name}, {engine}: {:.0} s ({} of {count} after {:.0} s)",
                        began.elapsed().as_secs_f32(),
                        ended.0,
                        start.elapsed().as_secs_f32()
                    );
                    if let Err(printed) = outcome {
                        println!("{printed}");
                        ended.1.push(format!("{name} in {engine}"));
                    }
                }
            });
        }
    });
    let (_, failed) = ended.into_inner().unwrap_or_else(PoisonError::into_inner);
    if failed.is_empty() {
        return Ok(());
    }
    Err(format!("these journeys failed; what each printed stands above: {}", failed.join(", ")))
}

/// Runs one; gives what it printed if it fails. Where nothing else prints, it is shown at once.
fn one(tools: &Tools, browsers: &Browsers, journey: &Journey, is_shown: bool) -> Result<(), String> {
    let file = root().join("tests/journeys").join(format!("{}.test.mjs", journey.name));
    let mut command = tools.node();
    command
        .args(["--test", "--test-reporter=spec"])
        .arg(file)
        .current_dir(root())
        .stdin(Stdio::null())
        .env("POSTERN_ENGINE", journey.engine)
        .env("POSTERN_BROWSER", &browsers.chromium)
        .env("POSTERN_FIREFOX", &browsers.firefox)
        .env("POSTERN_WRANGLER", Tools::npm_bin("wrangler"))
        .env("WRANGLER_SEND_METRICS", "false")
        // Wrangler and the browsers' driver are large, and each journey loads them again.
        .env("NODE_COMPILE_CACHE", root().join("target/node"));
    if is_shown {
        command.stdout(Stdio::inherit()).stderr(Stdio::inherit());
    }
    let output =
        command.output().map_err(|error| format!("cannot start {:?}: {error}", command.get_program()))?;
    if output.status.success() {
        return Ok(());
    }
    Err([output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_to_take_long_is_there() {
        for name in LONG {
            assert!(root().join(format!("tests/journeys/{name}.test.mjs")).is_file(), "{name}");
        }
    }
}
