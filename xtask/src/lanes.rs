//! The journeys, some side by side: most of a journey is waiting, for a server to start or for nothing to happen.

use crate::root;
use crate::run::say;
use crate::tools::Tools;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// What nothing may run beside: `leaks` opens many pages at once by itself, and tells by time what it finds; `throttle` must bring a
/// Ledger more choices in a second than a machine makes that does much else.
const ALONE: [&str; 2] = ["leaks", "throttle"];

/// Those that take minutes, longest first: one that begins last would be waited for alone.
const LONG: [&str; 7] =
    ["sites", "ledger-faults", "looks", "posthog", "dashboard", "hostile", "hostile-page"];

/// The longest takes five minutes on two cores that do much else: what takes this long, in milliseconds, hangs.
const HANGS: &str = "--test-timeout=900000";

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

/// Runs them all, as many at once as there are cores, and no more than four. Says each as it ends; of one that failed, all that it
/// printed.
///
/// # Errors
/// Those that failed, by name, after all have run.
pub fn run_all(tools: &Tools, browsers: &Browsers, mut journeys: Vec<Journey>) -> Result<(), String> {
    let lanes = std::thread::available_parallelism().map_or(1, usize::from).min(4).min(journeys.len());
    say(&format!("{} files of journeys against real workerd, {lanes} at once", journeys.len()));
    journeys.sort_by_key(Journey::rank);
    let (alone, together): (Vec<_>, Vec<_>) =
        journeys.into_iter().partition(|journey| ALONE.contains(&journey.name.as_str()));
    let run = Run {
        tools,
        browsers,
        is_shown: lanes == 1,
        count: alone.len() + together.len(),
        start: Instant::now(),
    };
    let ended = Mutex::new(Ended::default());
    for journey in &alone {
        run.one(journey, 0, &ended);
    }
    let waiting = Mutex::new(VecDeque::from(together));
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    std::thread::scope(|scope| {
        for lane in 0..lanes {
            let (run, next, ended) = (&run, &next, &ended);
            scope.spawn(move || {
                while let Some(journey) = next() {
                    run.one(&journey, lane, ended);
                }
            });
        }
    });
    let failed = ended.into_inner().unwrap_or_else(PoisonError::into_inner).failed;
    if failed.is_empty() {
        return Ok(());
    }
    Err(format!("these journeys failed; what each printed stands above: {}", failed.join(", ")))
}

/// What is the same for all of them.
struct Run<'a> {
    tools: &'a Tools,
    browsers: &'a Browsers,
    /// Does nothing else print? Then what one prints is shown at once.
    is_shown: bool,
    count: usize,
    start: Instant,
}

#[derive(Default)]
struct Ended {
    count: usize,
    failed: Vec<String>,
}

impl Run<'_> {
    /// Runs one, and says how it ended.
    fn one(&self, journey: &Journey, lane: usize, ended: &Mutex<Ended>) {
        let began = Instant::now();
        let outcome = self.outcome(journey, lane);
        let mut ended = ended.lock().unwrap_or_else(PoisonError::into_inner);
        ended.count += 1;
        let sign = if outcome.is_ok() { '✔' } else { '✖' };
        let Journey { engine, name } = journey;
        let (seconds, since) = (began.elapsed().as_secs(), self.start.elapsed().as_secs());
        println!(
            "  {sign} {name}, {engine}: {seconds} s ({} of {} after {since} s)",
            ended.count, self.count
        );
        if let Err(printed) = outcome {
            println!("{printed}");
            ended.failed.push(format!("{name} in {engine}"));
        }
    }

    /// Runs one; gives what it printed if it fails and that was not shown.
    fn outcome(&self, journey: &Journey, lane: usize) -> Result<(), String> {
        let file = root().join("tests/journeys").join(format!("{}.test.mjs", journey.name));
        let mut command = self.tools.node();
        command
            .args(["--test", "--test-reporter=spec", HANGS])
            .arg(file)
            .current_dir(root())
            .stdin(Stdio::null())
            .env("POSTERN_ENGINE", journey.engine)
            .env("POSTERN_BROWSER", &self.browsers.chromium)
            .env("POSTERN_FIREFOX", &self.browsers.firefox)
            .env("POSTERN_WRANGLER", Tools::npm_bin("wrangler"))
            .env("WRANGLER_SEND_METRICS", "false")
            // Its servers' ports are of a range of the lane's own.
            .env("POSTERN_LANE", lane.to_string())
            // Wrangler and the browsers' driver are large, and each journey loads them again.
            .env("NODE_COMPILE_CACHE", root().join("target/node"));
        if self.is_shown {
            command.stdout(Stdio::inherit()).stderr(Stdio::inherit());
        }
        let output =
            command.output().map_err(|error| format!("cannot start {:?}: {error}", command.get_program()))?;
        if output.status.success() {
            return Ok(());
        }
        Err([output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_to_take_long_is_there() {
        for name in LONG.into_iter().chain(ALONE) {
            assert!(root().join(format!("tests/journeys/{name}.test.mjs")).is_file(), "{name}");
        }
    }
}
