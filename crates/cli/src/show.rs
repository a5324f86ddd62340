//! `postern show`: what the visitor was asked with who has that receipt, from the site, checked, and as pictures.

use crate::export::token;
use crate::pictures::take_pictures;
use crate::remote::Remote;
use postern_consent::Shard;
use postern_receipt::log::{ArchivedReceipt, write_archived, write_archived_entry};
use postern_receipt::{Entry, EntryKind, ReceiptId, Sha256Hex, canonical_json, commitment, sha256};
use serde_json::Value;
use std::path::Path;
use std::process::ExitCode;

/// Where an auditor asks for it.
pub(crate) const SHOWN_PATH: &str = "/_postern/shown";
/// Versions of what visitors are asked with, for anyone.
const RELEASES_PATH: &str = "/_postern/log/releases/";
/// A policy of 64 kB, a page with every vendor, and a receipt, rounded up.
pub(crate) const ANSWER_BYTES_MAX: u64 = 4_000_000;
/// Wrong usage, or something that could not be had.
const UNUSABLE: u8 = 2;

/// What is asked for.
#[derive(Default)]
struct Asked {
    url: Option<String>,
    receipt: Option<String>,
    out: Option<String>,
    browser: Option<String>,
}

/// Writes what was shown into a folder. 0: it is there and belongs together; 1: it does not; 2: it could not be had.
pub(crate) fn show(arguments: &[&str]) -> ExitCode {
    let run = || {
        let asked = read(arguments)?;
        let url = asked.url.as_deref().ok_or("name the site: --url https://shop.example")?;
        let id = asked.receipt.as_deref().ok_or("name the receipt: --receipt ID")?;
        let id = ReceiptId::parse(id).map_err(|_| format!("{id}: not the name of a receipt"))?;
        let out = asked.out.as_deref().ok_or("name a folder for it: --out FOLDER")?;
        let remote = Remote::new(url)?;
        let token = token("an auditor or admin")?;
        let answer = remote.read(&format!("{SHOWN_PATH}?receipt={id}"), Some(&token), ANSWER_BYTES_MAX)?;
        Ok::<_, String>((asked.browser.clone(), out.to_owned(), remote, id, answer))
    };
    let (browser, out, remote, id, answer) = match run() {
        Ok(had) => had,
        Err(sentence) => {
            eprintln!("{sentence}");
            return ExitCode::from(UNUSABLE);
        }
    };
    match check(&remote, &id, &answer, Path::new(&out)) {
        Ok(said) => {
            println!("{said}");
            println!(
                "{}",
                take_pictures(browser.as_deref(), Path::new(&out))
                    .unwrap_or_else(|why| format!("no pictures: {why}"))
            );
            ExitCode::SUCCESS
        }
        Err(sentence) => {
            println!("{sentence}");
            ExitCode::from(1)
        }
    }
}

fn read(arguments: &[&str]) -> Result<Asked, String> {
    let mut asked = Asked::default();
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{argument} needs a value"))?;
        let place = match *argument {
            "--url" => &mut asked.url,
            "--receipt" => &mut asked.receipt,
            "--out" => &mut asked.out,
            "--browser" => &mut asked.browser,
            other => return Err(format!("there is no option {other}")),
        };
        *place = Some((*value).to_owned());
    }
    Ok(asked)
}

/// Does each part name the next by its hash, from the receipt to the policy? Then they are written.
fn check(remote: &Remote, id: &ReceiptId, answer: &[u8], out: &Path) -> Result<String, String> {
    let shown: Value =
        serde_json::from_slice(answer).map_err(|error| format!("not such an answer: {error}"))?;
    let part = |name: &str| shown.get(name).and_then(Value::as_str).unwrap_or_default();
    let (policy, page) = (part("policy"), part("page"));
    let Line { said: receipt, text: receipt_line, .. } =
        line(&shown.get("line").map(Value::to_string).unwrap_or_default())?;
    let text = |name: &str| receipt.get(name).and_then(Value::as_str).unwrap_or_default();
    if text("receipt_id") != id.as_str() {
        return Err(format!("the site answered with receipt {}", text("receipt_id")));
    }
    let place = receipt.get("release").and_then(Value::as_u64);
    let place = place.ok_or("the receipt names no version of what was asked")?;
    let releases = remote.read(&format!("{RELEASES_PATH}{place}"), None, ANSWER_BYTES_MAX)?;
    let releases = String::from_utf8_lossy(&releases).into_owned();
    let Line { said: release, place: found, text: release_line } =
        line(releases.lines().next().unwrap_or_default())?;
    if found != place {
        return Err(format!("the log has no version at place {place}"));
    }
    let said = |name: &str| release.get(name).and_then(Value::as_str).unwrap_or_default();
    let source = Sha256Hex(sha256(policy.as_bytes())).to_string();
    if said("source_sha256") != source {
        return Err(format!(
            "the policy is not that of version {}: one of them was altered",
            said("version")
        ));
    }
    if said("policy_sha256") != text("policy_sha256") {
        return Err(format!("the receipt is not of the policy of version {}", said("version")));
    }
    std::fs::create_dir_all(out).map_err(|error| format!("{}: {error}", out.display()))?;
    for (name, content) in [
        ("receipt.ndjson", receipt_line.as_str()),
        ("release.ndjson", release_line.as_str()),
        ("policy.toml", policy),
        ("page.html", page),
    ] {
        let path = out.join(name);
        std::fs::write(&path, content).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(format!(
        "receipt {id}: given on {} in {} by {} to version {} (entry {place}): see {}",
        text("at"),
        text("lang"),
        text("method"),
        said("version"),
        out.join("page.html").display()
    ))
}

/// A line of an export whose commitment is of what it says.
struct Line {
    said: Value,
    place: u64,
    /// As an export spells it, with its newline.
    text: String,
}

fn line(line: &str) -> Result<Line, String> {
    let read: ArchivedReceipt =
        serde_json::from_str(line).map_err(|error| format!("not a line of an export: {error}"))?;
    let json = canonical_json(&read.receipt).map_err(|error| error.to_string())?;
    let (shard, place) = (Shard(read.shard), read.leaf_index);
    let salt = Sha256Hex::parse(&read.salt).map_err(|_| "the salt is not 64 hex digits")?.0;
    let made = commitment(&salt, &json);
    if Sha256Hex(made).to_string() != read.commitment {
        return Err(format!("entry {place} is not what was committed to: it was altered"));
    }
    let entry = Entry { place, kind: EntryKind::Release, at_unix_ms: 0, json, salt, commitment: made };
    let is_receipt = read.receipt.get("receipt_id").is_some();
    let text = if is_receipt {
        write_archived(shard, place, &entry.json, &salt, &made)
    } else {
        write_archived_entry(shard, &entry)
    };
    Ok(Line { said: read.receipt, place, text })
}
