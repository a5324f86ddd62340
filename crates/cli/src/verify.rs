//! `postern verify`: reads files, or a log by its address, asks `postern-receipt` what they prove, and says it in sentences.
//! Believes nobody: the public key is all that must be known beforehand.

use crate::export::line_of_row;
use crate::remote::{Progress, Remote, count_shards, fetch_log, keep_checkpoint, shard_path};
use postern_consent::Shard;
use postern_receipt::log::{
    Archive, Bundle, Checkpoint, CheckpointError, LogError, PublicKey, Tile, VerifiedLog, WitnessKey,
    leaf_hash, shard_of_line, shard_origin, verify_export, verify_log,
};
use postern_receipt::{Sha256Hex, Timestamp, leaf};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Wrong usage or an unreadable file.
const UNUSABLE: u8 = 2;

/// What is asked for.
#[derive(Default)]
struct Asked {
    keys: Vec<PublicKey>,
    witnesses: Vec<WitnessKey>,
    earlier: Vec<String>,
    commitment: Option<[u8; 32]>,
    url: Option<String>,
    cache: Option<String>,
    log: Option<String>,
    path: Option<String>,
}

/// Checks what the arguments name. 0: proven; 1: not, with the reason; 2: it could not be looked at.
pub(crate) fn verify(arguments: &[&str]) -> ExitCode {
    let checked = read(arguments).and_then(|asked| {
        if asked.keys.is_empty() {
            return Err("name the log's public key: --key KEY, or --key FILE with a key in each line".into());
        }
        let what =
            "name what to check: receipts.json, a proof, a folder with a log's files, or --url and a site";
        if asked.cache.is_some() && asked.url.is_none() {
            return Err("--cache is where a log is kept that --url names".into());
        }
        match (&asked.url, &asked.log, &asked.path) {
            (Some(_), Some(_), _) => Err("name one log: --url or --log".into()),
            (Some(url), None, path) => check_site(&asked, url, path.as_deref()),
            (None, Some(log), Some(path)) => check_archive(&asked, log, path),
            (None, None, Some(path)) => check(&asked, path),
            (None, _, None) => Err(what.into()),
        }
    });
    match checked {
        Ok(is_proven) => ExitCode::from(u8::from(!is_proven)),
        Err(sentence) => {
            eprintln!("{sentence}");
            ExitCode::from(UNUSABLE)
        }
    }
}

/// Prints the path of every file of the log that this checkpoint heads, to fetch them by.
pub(crate) fn list(file: &str) -> ExitCode {
    // The note is not verified here: which files there are is no secret and proves nothing.
    let text = match read_text(file) {
        Ok(text) => text,
        Err(sentence) => {
            eprintln!("{sentence}");
            return ExitCode::from(UNUSABLE);
        }
    };
    let head = text.split_inclusive('\n').take(3).collect::<String>();
    match Checkpoint::parse(&head) {
        Ok(checkpoint) => {
            Tile::all(checkpoint.size).iter().for_each(|tile| println!("{tile}"));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{file}: {error}");
            ExitCode::from(1)
        }
    }
}

fn read(arguments: &[&str]) -> Result<Asked, String> {
    let mut asked = Asked::default();
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
        match *argument {
            "--key" => {
                let value = value()?;
                // A key is told from a file by its form: no file is named name+id+base64.
                let lines =
                    if PublicKey::parse(value).is_ok() { (*value).to_owned() } else { read_text(value)? };
                for line in lines.lines() {
                    asked.keys.push(PublicKey::parse(line).map_err(|error| format!("{line}: {error}"))?);
                }
            }
            "--witness" => {
                let value = value()?;
                let lines =
                    if WitnessKey::parse(value).is_ok() { (*value).to_owned() } else { read_text(value)? };
                for line in lines.lines() {
                    let key = WitnessKey::parse(line).map_err(|error| format!("{line}: {error}"))?;
                    asked.witnesses.push(key);
                }
            }
            "--url" => asked.url = Some((*value()?).to_owned()),
            "--cache" => asked.cache = Some((*value()?).to_owned()),
            "--log" => asked.log = Some((*value()?).to_owned()),
            "--earlier" => asked.earlier.push(read_text(value()?)?),
            "--commitment" => {
                let parsed = Sha256Hex::parse(value()?).map_err(|error| format!("--commitment: {error}"))?;
                asked.commitment = Some(parsed.0);
            }
            option if option.starts_with('-') => return Err(format!("there is no option {option}")),
            path if asked.path.is_none() => asked.path = Some(path.to_owned()),
            path => return Err(format!("{path}: one thing is checked at a time")),
        }
    }
    Ok(asked)
}

fn check(asked: &Asked, path: &str) -> Result<bool, String> {
    if Path::new(path).is_dir() {
        return Ok(check_folder(asked, path));
    }
    if !asked.witnesses.is_empty() {
        return Err("--witness is for a log: name it by --url, --log or its folder".into());
    }
    let text = read_text(path)?;
    if text.starts_with('{') {
        return Ok(check_export(asked, path, &text));
    }
    let Some(commitment) = asked.commitment else {
        return Err(format!(
            "{path}: a proof alone does not say whose it is: add --commitment HEX, or check receipts.json"
        ));
    };
    let verified = Bundle::parse(&text).and_then(|bundle| {
        let checkpoint = bundle.verify(&leaf_hash(&leaf(&commitment)), &asked.keys)?;
        Ok((bundle.index, checkpoint))
    });
    Ok(match verified {
        Ok((index, checkpoint)) => {
            println!(
                "{path}: proven: entry {index} of the {} in the log {}",
                checkpoint.size, checkpoint.origin
            );
            true
        }
        Err(error) => {
            println!("{path}: NOT proven: {error}");
            false
        }
    })
}

fn check_export(asked: &Asked, path: &str, text: &str) -> bool {
    let receipts = match verify_export(text, &asked.keys, now()) {
        Ok(receipts) => receipts,
        Err(error) => {
            println!("{path}: NOT proven: {error}");
            return false;
        }
    };
    let mut is_proven = true;
    for (number, receipt) in (1..).zip(&receipts) {
        match receipt {
            Ok(verified) => println!("{verified}"),
            Err(error) => {
                is_proven = false;
                println!("receipt number {number}: NOT proven: {error}");
            }
        }
    }
    if receipts.is_empty() {
        println!("{path}: there is no receipt in it");
    }
    is_proven
}

/// Checkpoints of a shard's log among those that were named. What is none the first log complains about.
fn of_shard(asked: &Asked, shard: Shard) -> Vec<String> {
    let is_of = |note: &&String| {
        let head = note.split_inclusive('\n').take(3).collect::<String>();
        let origin = Checkpoint::parse(&head).map_or(String::new(), |checkpoint| checkpoint.origin);
        let is_shards =
            |number| asked.keys.iter().any(|key| shard_origin(key.name(), Shard(number)) == origin);
        match (1..=u8::MAX).find(|number| is_shards(*number)) {
            Some(number) => Shard(number) == shard,
            None => shard == Shard::FIRST,
        }
    };
    asked.earlier.iter().filter(is_of).cloned().collect()
}

/// The log of a shard in a folder, if it is the one that was signed; else this is said.
fn open_log(
    asked: &Asked,
    shard: Shard,
    name: &str,
    folder: &Path,
    earlier: &[String],
) -> Option<VerifiedLog> {
    let read = |path: &str| std::fs::read(folder.join(path)).map_err(|error| error.to_string());
    let keys: Result<Vec<PublicKey>, _> = asked.keys.iter().map(|key| key.of_shard(shard)).collect();
    let log = keys.map_err(CheckpointError::from).map_err(LogError::from);
    // Without it the log shows everything.
    let minimum = std::fs::read_to_string(folder.join("minimum")).unwrap_or_default();
    let minimum = minimum.trim().parse().unwrap_or(0);
    match log.and_then(|keys| verify_log(read, &keys, earlier, minimum)) {
        Ok(log) => is_witnessed(asked, name, folder).then_some(log),
        Err(error) => {
            println!("{name}: NOT the log that was signed: {error}");
            None
        }
    }
}

/// Did every witness that was named sign the checkpoint in a folder? Each is told.
fn is_witnessed(asked: &Asked, name: &str, folder: &Path) -> bool {
    let note = std::fs::read_to_string(folder.join("checkpoint")).unwrap_or_default();
    let mut are_all = true;
    for witness in &asked.witnesses {
        match witness.verify(&note) {
            Ok(at) => println!("{name}: signed by the witness {} at {at}", witness.name()),
            Err(error) => {
                are_all = false;
                println!("{name}: NOT signed by the witness {}: {error}", witness.name());
            }
        }
    }
    are_all
}

fn tell_whole(name: &str, log: &VerifiedLog, earlier: usize) {
    let Checkpoint { origin, size, .. } = &log.checkpoint;
    let before = match earlier {
        0 => String::new(),
        1 => "; the earlier checkpoint is its beginning".into(),
        count => format!("; the {count} earlier checkpoints are its beginnings"),
    };
    let shown = match log.minimum {
        0 => String::new(),
        minimum => format!("; what is before entry {minimum} it shows no more"),
    };
    println!("{name}: the log {origin} is whole: {size} entries give the signed root{before}{shown}");
}

fn check_folder(asked: &Asked, folder: &str) -> bool {
    open_all(asked, folder).is_some_and(|logs| {
        for (shard, log) in &logs {
            tell_whole(folder, log, of_shard(asked, *shard).len());
        }
        true
    })
}

/// The logs of a site in a folder: the first in itself, those of other shards below it by their numbers.
fn open_all(asked: &Asked, folder: &str) -> Option<Vec<(Shard, VerifiedLog)>> {
    let place = |shard| shard_path(Path::new(folder), shard);
    let others = (1..=u8::MAX).map(Shard).filter(|shard| place(*shard).join("checkpoint").is_file());
    let open = |shard| {
        let log = open_log(
            asked,
            shard,
            &place(shard).display().to_string(),
            &place(shard),
            &of_shard(asked, shard),
        );
        log.map(|log| (shard, log))
    };
    let logs: Vec<_> = [Shard::FIRST].into_iter().chain(others).map(open).collect::<Option<_>>()?;
    // A checkpoint that is compared with nothing proves nothing.
    let is_there = |shard: &Shard| logs.iter().any(|(known, _)| known == shard);
    match (1..=u8::MAX).map(Shard).find(|shard| !is_there(shard) && !of_shard(asked, *shard).is_empty()) {
        Some(shard) => {
            println!("{folder}: NOT whole: there is no log of shard {}, which was seen before", shard.0);
            None
        }
        None => Some(logs),
    }
}

/// Fetches a site's log and checks it, and an export of its receipts against it if one is named.
fn check_site(asked: &Asked, url: &str, path: Option<&str>) -> Result<bool, String> {
    let remote = Remote::new(url)?;
    // Without a folder of one's own nothing is kept, so nothing can be compared on another day.
    let temporary = std::env::temp_dir().join(format!("postern-log-{}", std::process::id()));
    let folder = asked.cache.as_ref().map_or(temporary.clone(), PathBuf::from);
    let checked = check_fetched(asked, &remote, url, &folder, path);
    if asked.cache.is_none() {
        let _ = std::fs::remove_dir_all(&temporary);
    }
    checked
}

fn check_fetched(
    asked: &Asked,
    remote: &Remote,
    url: &str,
    folder: &Path,
    path: Option<&str>,
) -> Result<bool, String> {
    let mut logs = Vec::new();
    let count = count_shards(remote)?;
    // A log that was seen must be shown, however many the site says that it has.
    let was_seen = |shard: Shard| {
        std::fs::read_dir(shard_path(folder, shard).join("checkpoints"))
            .is_ok_and(|mut seen| seen.next().is_some())
            || !of_shard(asked, shard).is_empty()
    };
    for shard in (0..=u8::MAX).map(Shard).filter(|shard| shard.0 < count || was_seen(*shard)) {
        if shard.0 >= count {
            println!(
                "{url}: NOT whole: the log of shard {} was seen before, and the site shows {count}",
                shard.0
            );
            return Ok(false);
        }
        let is_known = !of_shard(asked, shard).is_empty();
        let folder = shard_path(folder, shard);
        let Some(kept) = fetch_log(remote, shard, &folder, is_known)? else {
            println!("{url}: shard {} has nothing sealed yet", shard.0);
            continue;
        };
        let earlier: Vec<String> = of_shard(asked, shard).into_iter().chain(kept.earlier).collect();
        let Some(log) = open_log(asked, shard, url, &kept.folder, &earlier) else {
            if asked.cache.is_some() {
                println!(
                    "{}: what was fetched is there; should a file of it have been altered on this machine, remove the folder tile and check again",
                    folder.display()
                );
            }
            return Ok(false);
        };
        keep_checkpoint(&folder, &log.checkpoint)?;
        tell_whole(url, &log, earlier.len());
        logs.push((shard, log));
    }
    path.map_or(Ok(true), |path| check_lines(&logs, path))
}

/// An export against a log in a folder.
fn check_archive(asked: &Asked, folder: &str, path: &str) -> Result<bool, String> {
    match open_all(asked, folder) {
        Some(logs) => check_lines(&logs, path),
        None => Ok(false),
    }
}

/// Most faults that are told one by one.
const FAULTS_MAX: usize = 20;

/// Every receipt of an export against the log of its shard.
fn check_lines(logs: &[(Shard, VerifiedLog)], path: &str) -> Result<bool, String> {
    let file = File::open(path).map_err(|error| format!("{path}: cannot be read: {error}"))?;
    let mut reader = BufReader::new(file);
    let (mut faults, mut line) = (0, Vec::new());
    let mut archives: Vec<(Archive, &VerifiedLog)> =
        logs.iter().map(|(shard, log)| (Archive::of(*shard), log)).collect();
    let progress = Progress::new("receipts", 0);
    let (mut is_table, mut what) = (false, "receipts");
    for number in 1.. {
        line.clear();
        let read = reader.read_until(b'\n', &mut line);
        if read.map_err(|error| format!("{path}: cannot be read: {error}"))? == 0 {
            break;
        }
        let text = match line.strip_suffix(b"\n").map(str::from_utf8) {
            Some(Ok(text)) => text,
            Some(Err(_)) => "",
            None => {
                println!("{path}, line {number}: NOT proven: the file ends in the middle of it: export on");
                return Ok(false);
            }
        };
        if number == 1 && text.starts_with("shard,") {
            is_table = text == crate::export::COLUMNS.join(",");
            if is_table {
                continue;
            }
        }
        if number == 1 && text.contains("\"entry\":{") {
            what = "acts";
        }
        let line = if is_table { line_of_row(text).unwrap_or_default() } else { text.to_owned() };
        let shard = shard_of_line(&line);
        let added = match archives.iter_mut().find(|(archive, _)| archive.shard == shard) {
            Some((archive, log)) => archive.add(&line, log).map_err(|error| error.to_string()),
            None => Err(format!("there is no log of shard {}", shard.0)),
        };
        if let Err(error) = added {
            faults += 1;
            if faults <= FAULTS_MAX {
                println!("{path}, line {number}: NOT proven: {error}");
            }
        }
        progress.tell(number);
    }
    progress.end();
    let sum = |count: fn(&Archive) -> u64| archives.iter().map(|(archive, _)| count(archive)).sum::<u64>();
    let (proven, newer) = (sum(|archive| archive.proven), sum(|archive| archive.newer));
    if faults > 0 {
        println!("{path}: NOT proven: {faults} lines are not what was recorded, and {proven} are");
        return Ok(false);
    }
    if newer > 0 {
        println!(
            "{path}: {newer} {what} are newer than the log's checkpoint, so NOT proven yet; {proven} are proven: check again with a log that was fetched later"
        );
        return Ok(false);
    }
    // Acts are in the first log alone.
    let told = if what == "acts" { 1 } else { archives.len() };
    for (archive, log) in archives.iter().take(told) {
        let (size, missing) = (log.checkpoint.size, archive.missing(log));
        let rest = if missing == 0 {
            "none is missing".into()
        } else {
            format!("{missing} entries have no line here: they were erased, left out, or are of another kind")
        };
        let proven = archive.proven;
        println!(
            "{path}: {proven} {what} are proven, of {size} in the log {}; {rest}",
            log.checkpoint.origin
        );
    }
    Ok(true)
}

fn read_text(file: &str) -> Result<String, String> {
    std::fs::read_to_string(file).map_err(|error| format!("{file}: cannot be read: {error}"))
}

/// Now, by this machine's clock: only a promise's term is measured by it.
#[allow(clippy::disallowed_methods, reason = "a command on somebody's machine, not code for the edge")]
fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_unix_ms(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
