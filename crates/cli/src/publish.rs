//! `postern publish`: puts what is deployed into the site's log, so that visitors may be asked with it, with pictures of it.

use crate::export::token;
use crate::pictures::{PAGE, PICTURES, take_pictures};
use crate::remote::Remote;
use crate::show::{ANSWER_BYTES_MAX, SHOWN_PATH};
use postern_receipt::{Sha256Hex, sha256};
use std::path::Path;
use std::process::ExitCode;

/// Where a version is published, by an admin.
const PUBLISH_PATH: &str = "/_postern/publish";

/// Wrong usage, or something that could not be had.
const UNUSABLE: u8 = 2;

/// What is asked for.
#[derive(Default)]
struct Asked<'a> {
    url: Option<&'a str>,
    file: Option<&'a str>,
    pictures: Option<&'a str>,
    browser: Option<&'a str>,
}

/// Publishes. 0: it is in the log; 2: it is not, and the sentence says why.
pub(crate) fn publish(arguments: &[&str]) -> ExitCode {
    match read(arguments).and_then(|asked| run(&asked)) {
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

fn read<'a>(arguments: &[&'a str]) -> Result<Asked<'a>, String> {
    let mut asked = Asked::default();
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let place = match *argument {
            "--url" => &mut asked.url,
            "--pictures" => &mut asked.pictures,
            "--browser" => &mut asked.browser,
            file if !file.starts_with('-') => {
                asked.file = Some(file);
                continue;
            }
            other => return Err(format!("there is no option {other}")),
        };
        *place = Some(arguments.next().ok_or_else(|| format!("{argument} needs a value"))?);
    }
    Ok(asked)
}

fn run(asked: &Asked<'_>) -> Result<String, String> {
    let url = asked.url.ok_or("name the site: --url https://shop.example")?;
    let remote = Remote::new(url)?;
    let token = token("an admin")?;
    let mut query = String::from("?");
    // With a file, only that policy is published: what is deployed may be another by now.
    if let Some(file) = asked.file {
        query += &format!("source={}&", hash(Path::new(file))?);
    }
    if let Some(folder) = asked.pictures {
        let folder = Path::new(folder);
        let shown = remote.read(SHOWN_PATH, Some(&token), ANSWER_BYTES_MAX)?;
        let shown: serde_json::Value =
            serde_json::from_slice(&shown).map_err(|error| format!("{url}: not such an answer: {error}"))?;
        let page = shown.get("page").and_then(serde_json::Value::as_str).unwrap_or_default();
        let kept = |error: std::io::Error| format!("{}: {error}", folder.display());
        std::fs::create_dir_all(folder).map_err(kept)?;
        std::fs::write(folder.join(PAGE), page).map_err(kept)?;
        take_pictures(asked.browser, folder)?;
        for (name, ..) in PICTURES {
            query += &format!("{}={}&", name.trim_end_matches(".png"), hash(&folder.join(name))?);
        }
    }
    let said = remote.post(&format!("{PUBLISH_PATH}{query}"), &token, ANSWER_BYTES_MAX)?;
    let said = String::from_utf8_lossy(&said);
    let (place, version) =
        said.trim_end().split_once(' ').ok_or_else(|| format!("{url}: answered {said:?}"))?;
    let kept =
        asked.pictures.map_or(String::new(), |folder| format!(", with the pictures in {folder}: keep them"));
    Ok(format!("{url}: version {version} is entry {place} of the log; visitors are asked with it{kept}"))
}

fn hash(file: &Path) -> Result<Sha256Hex, String> {
    let bytes =
        std::fs::read(file).map_err(|error| format!("{}: cannot be read: {error}", file.display()))?;
    Ok(Sha256Hex(sha256(&bytes)))
}
