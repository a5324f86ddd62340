//! `postern verify`: reads files, asks `postern-receipt` what they prove, and says it in sentences. Asks nobody else: the
//! public key is all that must be known beforehand.

use postern_receipt::log::{
    Bundle, Checkpoint, PublicKey, Standing, Tile, leaf_hash, verify_export, verify_files,
};
use postern_receipt::{Sha256Hex, Timestamp, leaf};
use std::path::Path;
use std::process::ExitCode;

/// Wrong usage or an unreadable file.
const UNUSABLE: u8 = 2;

/// What is asked for.
#[derive(Default)]
struct Asked {
    keys: Vec<PublicKey>,
    earlier: Vec<String>,
    commitment: Option<[u8; 32]>,
    path: Option<String>,
}

/// Checks what the arguments name. 0: proven; 1: not, with the reason; 2: it could not be looked at.
pub(crate) fn verify(arguments: &[&str]) -> ExitCode {
    let checked = read(arguments).and_then(|asked| {
        let path = asked
            .path
            .clone()
            .ok_or("name what to check: receipts.json, a proof, or a folder with a log's files")?;
        if asked.keys.is_empty() {
            return Err("name the log's public key: --key KEY, or --key FILE with a key in each line".into());
        }
        check(&asked, &path)
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
            Ok(verified) => {
                let (id, index) = (&verified.receipt_id, verified.leaf_index);
                match &verified.standing {
                    Standing::Sealed(checkpoint) => {
                        let Checkpoint { origin, size, .. } = checkpoint;
                        println!("receipt {id}: proven: entry {index} of the {size} in the log {origin}");
                    }
                    Standing::Promised(by) => {
                        println!(
                            "receipt {id}: unaltered, and promised a place in the log by {by}: export again to have the proof"
                        );
                    }
                }
            }
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

fn check_folder(asked: &Asked, folder: &str) -> bool {
    let read = |path: &str| std::fs::read(Path::new(folder).join(path)).map_err(|error| error.to_string());
    match verify_files(read, &asked.keys, &asked.earlier) {
        Ok(Checkpoint { origin, size, .. }) => {
            let before = match asked.earlier.len() {
                0 => String::new(),
                1 => "; the earlier checkpoint is its beginning".into(),
                count => format!("; the {count} earlier checkpoints are its beginnings"),
            };
            println!("{folder}: the log {origin} is whole: {size} entries give the signed root{before}");
            true
        }
        Err(error) => {
            println!("{folder}: NOT the log that was signed: {error}");
            false
        }
    }
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
