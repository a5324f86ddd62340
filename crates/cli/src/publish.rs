//! `postern publish`: puts what is deployed into the site's log, so that visitors may be asked with it.

use crate::export::token;
use crate::remote::Remote;
use postern_receipt::{Sha256Hex, sha256};
use std::process::ExitCode;

/// Where a version is published, by an admin.
const PUBLISH_PATH: &str = "/_postern/publish";

/// A place and a hash.
const ANSWER_BYTES_MAX: u64 = 1000;

/// Wrong usage, or something that could not be had.
const UNUSABLE: u8 = 2;

/// Publishes. 0: it is in the log; 2: it is not, and the sentence says why.
pub(crate) fn publish(arguments: &[&str]) -> ExitCode {
    match run(arguments) {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(sentence) => {
            eprintln!("{sentence}");
            ExitCode::from(UNUSABLE)
        }
    }
}

fn run(arguments: &[&str]) -> Result<String, String> {
    let (url, file) = match arguments {
        ["--url", url] => (url, None),
        ["--url", url, file] | [file, "--url", url] if !file.starts_with('-') => (url, Some(file)),
        _ => return Err("name the site: postern publish --url https://shop.example [FILE]".into()),
    };
    let remote = Remote::new(url)?;
    let token = token("an admin")?;
    // With a file, only that policy is published: what is deployed may be another by now.
    let query = match file {
        None => String::new(),
        Some(file) => {
            let bytes = std::fs::read(file).map_err(|error| format!("{file}: cannot be read: {error}"))?;
            format!("?source={}", Sha256Hex(sha256(&bytes)))
        }
    };
    let said = remote.post(&format!("{PUBLISH_PATH}{query}"), &token, ANSWER_BYTES_MAX)?;
    let said = String::from_utf8_lossy(&said);
    let (place, version) =
        said.trim_end().split_once(' ').ok_or_else(|| format!("{url}: answered {said:?}"))?;
    Ok(format!("{url}: version {version} is entry {place} of the log; visitors are asked with it"))
}
