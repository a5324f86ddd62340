//! Running other programs: said before, checked after, ended with us.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

/// Says what is done.
pub fn say(line: &str) {
    println!("\x1b[1m▸\x1b[0m {line}");
}

/// Runs a program to its end with its output shown.
///
/// # Errors
/// It cannot be started, or says that it failed.
pub fn run(what: &str, command: &mut Command) -> Result<(), String> {
    say(what);
    let start = Instant::now();
    let status = command
        .status()
        .map_err(|error| format!("{what}: cannot start {:?}: {error}", command.get_program()))?;
    if !status.success() {
        return Err(format!("{what} failed ({status}); the lines above say why"));
    }
    let seconds = start.elapsed().as_secs_f32();
    if seconds > 2.0 {
        println!("  {seconds:.0} s");
    }
    Ok(())
}

/// What a program prints, if it ends well.
#[must_use]
pub fn output(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_string())
}

/// A server that ends when this value is dropped, with everything it started.
pub struct Server {
    child: Child,
    name: &'static str,
}

impl Server {
    /// Starts a server in a process group of its own.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(name: &'static str, command: &mut Command) -> Result<Self, String> {
        use std::os::unix::process::CommandExt;
        let child = command
            .process_group(0)
            .stdin(Stdio::null())
            .spawn()
            .map_err(|error| format!("cannot start {name}: {error}"))?;
        Ok(Self { child, name })
    }

    /// Has it ended by itself?
    ///
    /// # Errors
    /// It has; the sentence names it.
    pub fn check(&mut self) -> Result<(), String> {
        match self.child.try_wait() {
            Ok(Some(status)) => Err(format!("{} has stopped ({status}); its last lines say why", self.name)),
            _ => Ok(()),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The group: wrangler starts workerd, and a browser starts many.
        let group = format!("-{}", self.child.id());
        let _ = Command::new("kill").args(["-TERM", "--", &group]).stderr(Stdio::null()).status();
        for _ in 0..30 {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        let _ = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
        let _ = self.child.wait();
    }
}

/// `program` with `folder` first in its PATH.
#[must_use]
pub fn with_path(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{}:{path}", folder.display()));
    command
}
