//! What the command asks over the network: a log's files by its address, kept in a folder, and pages of an export. Nothing
//! that comes is believed: whoever asked checks it.

use postern_consent::Shard;
use postern_receipt::log::{Checkpoint, NOTE_BYTES_MAX, Tile};
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use ureq::Agent;

/// The log's place below a site's address.
const LOG_FOLDER: &str = "/_postern/log/";

/// Files that are asked for at once: enough to hide the way there and back, few enough to be no load.
const AT_ONCE: usize = 8;

/// Largest file of a log: 256 entries of 56 bytes, rounded up.
const FILE_BYTES_MAX: u64 = 65_536;

/// How often something is asked for that did not come.
const TRIES: u32 = 4;

/// How long one answer may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A site, to ask.
pub(crate) struct Remote {
    agent: Agent,
    base: String,
}

/// Why something did not come.
enum Missed {
    /// It is not there.
    Nothing(String),
    /// Asking again may help.
    Perhaps(String),
    /// It will not.
    ForGood(String),
}

impl Remote {
    /// The site at this address: `https://shop.example`.
    pub(crate) fn new(address: &str) -> Result<Self, String> {
        let rest = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"));
        let base = address.trim_end_matches('/');
        match rest.map(|rest| rest.trim_end_matches('/')) {
            Some(host) if !host.is_empty() && !host.contains(['/', '?', '#', '@', ' ']) => {
                let config = Agent::config_builder()
                    .timeout_global(Some(TIMEOUT))
                    .http_status_as_error(false)
                    .user_agent(concat!("postern/", env!("CARGO_PKG_VERSION")))
                    .build();
                Ok(Self { agent: config.into(), base: base.to_owned() })
            }
            _ => Err(format!("{address}: not a site's address; use one like https://shop.example")),
        }
    }

    /// What is at a path, of so many bytes at most, with a token where one is needed.
    pub(crate) fn read(&self, path: &str, token: Option<&str>, bytes_max: u64) -> Result<Vec<u8>, String> {
        self.ask(false, path, token, bytes_max)?.map_err(|cause| format!("{}{path}: {cause}", self.base))
    }

    /// The same; nothing where the site says that it is not there.
    fn read_if_there(&self, path: &str, bytes_max: u64) -> Result<Option<Vec<u8>>, String> {
        Ok(self.ask(false, path, None, bytes_max)?.ok())
    }

    /// Has something done that may be done twice, and gives what is said of it.
    pub(crate) fn post(&self, path: &str, token: &str, bytes_max: u64) -> Result<Vec<u8>, String> {
        self.ask(true, path, Some(token), bytes_max)?.map_err(|cause| format!("{}{path}: {cause}", self.base))
    }

    /// Within: why it is not there.
    fn ask(
        &self,
        is_post: bool,
        path: &str,
        token: Option<&str>,
        bytes_max: u64,
    ) -> Result<Result<Vec<u8>, String>, String> {
        let url = format!("{}{path}", self.base);
        let mut wait = Duration::from_millis(250);
        let mut tries = 1;
        loop {
            match self.try_ask(is_post, &url, token, bytes_max) {
                Ok(bytes) => return Ok(Ok(bytes)),
                Err(Missed::Nothing(cause)) => return Ok(Err(cause)),
                Err(Missed::ForGood(cause)) => return Err(format!("{url}: {cause}")),
                Err(Missed::Perhaps(cause)) if tries == TRIES => {
                    return Err(format!("{url}: {cause} (asked {TRIES} times)"));
                }
                Err(Missed::Perhaps(_)) => {
                    std::thread::sleep(wait);
                    wait *= 2;
                    tries += 1;
                }
            }
        }
    }

    fn try_ask(
        &self,
        is_post: bool,
        url: &str,
        token: Option<&str>,
        bytes_max: u64,
    ) -> Result<Vec<u8>, Missed> {
        let bearer = token.map(|token| format!("Bearer {token}"));
        let answer = if is_post {
            let request = self.agent.post(url);
            bearer
                .iter()
                .fold(request, |request, bearer| request.header("authorization", bearer))
                .send_empty()
        } else {
            let request = self.agent.get(url);
            bearer.iter().fold(request, |request, bearer| request.header("authorization", bearer)).call()
        };
        let mut answer = answer.map_err(|error| Missed::Perhaps(error.to_string()))?;
        let status = answer.status().as_u16();
        let body = answer.body_mut().with_config().limit(bytes_max).read_to_vec();
        let body = body.map_err(|error| Missed::Perhaps(error.to_string()))?;
        if status == 200 {
            return Ok(body);
        }
        let text = String::from_utf8_lossy(&body);
        let line = text.lines().next().unwrap_or("").chars().filter(|sign| !sign.is_control());
        let cause = format!("the server answered {status}: {}", line.take(200).collect::<String>());
        Err(match status {
            404 => Missed::Nothing(cause),
            429 | 500.. => Missed::Perhaps(cause),
            _ => Missed::ForGood(cause),
        })
    }
}

/// How many shards a site has, each with a log of its own.
pub(crate) fn count_shards(remote: &Remote) -> Result<u8, String> {
    let path = format!("{LOG_FOLDER}shards");
    let said = remote.read(&path, None, 16)?;
    let count = String::from_utf8(said).ok().and_then(|text| text.trim().parse().ok());
    count.filter(|count| *count > 0).ok_or_else(|| format!("{}{path}: not a number of shards", remote.base))
}

/// Where the files of a shard's log are, below the log of the site.
fn shard_folder(shard: Shard) -> String {
    if shard == Shard::FIRST { String::new() } else { format!("{}/", shard.0) }
}

/// Where they are kept, below the folder for the log of the site.
pub(crate) fn shard_path(folder: &Path, shard: Shard) -> PathBuf {
    if shard == Shard::FIRST { folder.to_owned() } else { folder.join(shard.0.to_string()) }
}

/// A log's files, in a folder of this machine.
pub(crate) struct Kept {
    /// Where.
    pub(crate) folder: PathBuf,
    /// Checkpoints that were seen on other days.
    pub(crate) earlier: Vec<String>,
}

/// Fetches the log of a shard into a folder: its checkpoint, and each file that is not there yet. Says how far it is. Nothing for a
/// shard that never had anything, as far as was ever seen; the first always has, and `is_known` says that another had.
pub(crate) fn fetch_log(
    remote: &Remote,
    shard: Shard,
    folder: &Path,
    is_known: bool,
) -> Result<Option<Kept>, String> {
    let base = format!("{LOG_FOLDER}{}", shard_folder(shard));
    let seen = folder.join("checkpoints");
    std::fs::create_dir_all(&seen).map_err(|error| format!("{}: {error}", seen.display()))?;
    let mut earlier = Vec::new();
    for entry in std::fs::read_dir(&seen).map_err(|error| format!("{}: {error}", seen.display()))?.flatten() {
        let text = std::fs::read_to_string(entry.path());
        earlier.push(text.map_err(|error| format!("{}: {error}", entry.path().display()))?);
    }
    // Before the checkpoint, which is then never behind it.
    let minimum = remote.read(&format!("{base}minimum"), None, 32)?;
    let minimum: u64 = String::from_utf8(minimum)
        .ok()
        .and_then(|text| text.trim().parse().ok())
        .ok_or_else(|| format!("{}{base}minimum: not a place in a log", remote.base))?;
    let path = format!("{base}checkpoint");
    let bytes = if shard != Shard::FIRST && earlier.is_empty() && !is_known {
        match remote.read_if_there(&path, NOTE_BYTES_MAX as u64)? {
            Some(bytes) => bytes,
            None => return Ok(None),
        }
    } else {
        remote.read(&path, None, NOTE_BYTES_MAX as u64)?
    };
    let note =
        String::from_utf8(bytes).map_err(|_| "the checkpoint is not a text: is this the log?".to_string())?;
    let head = note.split_inclusive('\n').take(3).collect::<String>();
    let checkpoint = Checkpoint::parse(&head).map_err(|error| error.to_string())?;
    let missing: Vec<String> = Tile::all(checkpoint.size)
        .iter()
        .filter(|tile| !tile.is_pruned(minimum))
        .map(ToString::to_string)
        .filter(|path| !folder.join(path).is_file())
        .collect();
    fetch_all(remote, &base, folder, &missing)?;
    keep(&folder.join("checkpoint"), note.as_bytes())?;
    keep(&folder.join("minimum"), minimum.to_string().as_bytes())?;
    Ok(Some(Kept { folder: folder.to_owned(), earlier }))
}

/// Keeps a checkpoint that was verified, to compare with on another day.
pub(crate) fn keep_checkpoint(folder: &Path, checkpoint: &Checkpoint) -> Result<(), String> {
    let note = folder.join("checkpoint");
    let text = std::fs::read(&note).map_err(|error| format!("{}: {error}", note.display()))?;
    let root = checkpoint.root.iter().take(4).map(|byte| format!("{byte:02x}")).collect::<String>();
    keep(&folder.join(format!("checkpoints/{}-{root}", checkpoint.size)), &text)
}

fn fetch_all(remote: &Remote, base: &str, folder: &Path, paths: &[String]) -> Result<(), String> {
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let fault: Mutex<Option<String>> = Mutex::new(None);
    let progress = Progress::new("files of the log", paths.len());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE.min(paths.len()) {
            scope.spawn(|| {
                while let Some(path) = paths.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let fetched = remote
                        .read(&format!("{base}{path}"), None, FILE_BYTES_MAX)
                        .and_then(|bytes| keep(&folder.join(path), &bytes));
                    if let Err(cause) = fetched {
                        fault.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(cause);
                        // The others end with the file they are at.
                        next.store(paths.len(), Ordering::Relaxed);
                        return;
                    }
                    progress.tell(done.fetch_add(1, Ordering::Relaxed) + 1);
                }
            });
        }
    });
    progress.end();
    fault.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
}

/// Writes a file whole or not at all: what is cut off half-way would look like a fault of the log's.
fn keep(path: &Path, bytes: &[u8]) -> Result<(), String> {
    let partial = path.with_extension("partial");
    let write = || {
        std::fs::create_dir_all(path.parent().unwrap_or(path))?;
        std::fs::write(&partial, bytes)?;
        std::fs::rename(&partial, path)
    };
    write().map_err(|error| format!("{}: {error}", path.display()))
}

/// How far long work is, on standard error: in place on a terminal, elsewhere a line now and then.
pub(crate) struct Progress {
    what: &'static str,
    all: usize,
    step: usize,
    is_terminal: bool,
}

impl Progress {
    /// Of so many; 0 where nobody knows how many there will be.
    pub(crate) fn new(what: &'static str, all: usize) -> Self {
        let is_terminal = std::io::stderr().is_terminal();
        Self { what, all, step: if is_terminal { 20 } else { 2000 }, is_terminal }
    }

    /// So many are done.
    pub(crate) fn tell(&self, done: usize) {
        if !done.is_multiple_of(self.step) {
            return;
        }
        let of = if self.all == 0 { String::new() } else { format!(" of {}", self.all) };
        let end = if self.is_terminal { '\r' } else { '\n' };
        // Who cannot be told has lost nothing.
        let _ = write!(std::io::stderr(), "{done}{of} {}{end}", self.what);
    }

    /// All are done: the line is free again.
    pub(crate) fn end(&self) {
        if self.is_terminal {
            let _ = write!(std::io::stderr(), "{:60}\r", "");
        }
    }
}
