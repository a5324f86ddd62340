//! `postern export`: all receipts of a site, or what was done by those who keep it, page by page, as lines of JSON or as a
//! table; goes on where it was broken off.

use crate::remote::{Progress, Remote, count_shards};
use postern_consent::Shard;
use postern_receipt::Sha256Hex;
use postern_receipt::canonical_json;
use postern_receipt::log::{ArchivedReceipt, write_archived};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::process::ExitCode;

/// Where a site's receipts are, for who has its token.
const EXPORT_PATH: &str = "/_postern/export";

/// Largest page: 500 receipts of 4 kB.
const PAGE_BYTES_MAX: u64 = 4_000_000;

/// Wrong usage, or something that could not be had.
const UNUSABLE: u8 = 2;

/// The variable with the token: a command's arguments are seen by everybody on the machine.
const TOKEN: &str = "POSTERN_TOKEN";

/// The token that the variable has; `whose` says who may do what is asked.
pub(crate) fn token(whose: &str) -> Result<String, String> {
    let token = std::env::var(TOKEN).ok().filter(|token| !token.is_empty());
    token.ok_or(format!("put the token of {whose} of the site into the variable {TOKEN}"))
}

/// The table's head.
pub(crate) const COLUMNS: [&str; 13] = [
    "shard",
    "leaf_index",
    "receipt_id",
    "previous",
    "subject",
    "at",
    "valid_until",
    "outcome",
    "method",
    "granted",
    "commitment",
    "salt",
    "receipt",
];

/// What is asked for.
#[derive(Default)]
struct Asked {
    url: Option<String>,
    out: Option<String>,
    from: Option<u64>,
    shard: Option<u8>,
    is_table: bool,
    of_acts: bool,
}

/// Streams a site's receipts. 0: all of them are there; 2: something could not be had, and the same command goes on.
pub(crate) fn export(arguments: &[&str]) -> ExitCode {
    match read(arguments).and_then(|asked| stream(&asked)) {
        Ok(said) => {
            eprintln!("{said}");
            ExitCode::SUCCESS
        }
        Err(sentence) => {
            eprintln!("{sentence}");
            ExitCode::from(UNUSABLE)
        }
    }
}

fn read(arguments: &[&str]) -> Result<Asked, String> {
    let mut asked = Asked::default();
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().copied().ok_or_else(|| format!("{argument} needs a value"));
        match *argument {
            "--url" => asked.url = Some(value()?.to_owned()),
            "--out" => asked.out = Some(value()?.to_owned()),
            "--csv" => asked.is_table = true,
            "--acts" => asked.of_acts = true,
            "--from" => {
                let number = value()?;
                let place = number.parse().map_err(|_| format!("--from {number}: use a place in the log"));
                asked.from = Some(place?);
            }
            "--shard" => {
                let number = value()?;
                asked.shard = Some(number.parse().map_err(|_| format!("--shard {number}: use a number"))?);
            }
            other => return Err(format!("there is no option {other}")),
        }
    }
    if asked.of_acts && asked.is_table {
        return Err("acts are exported as lines of JSON: leave --csv away".into());
    }
    if asked.of_acts && asked.shard.is_some_and(|shard| shard != 0) {
        return Err("acts are in the first log: leave --shard away".into());
    }
    Ok(asked)
}

fn stream(asked: &Asked) -> Result<String, String> {
    let url = asked.url.as_deref().ok_or("name the site: --url https://shop.example")?;
    let remote = Remote::new(url)?;
    let token = token("an auditor or admin")?;
    let shards: Vec<u8> = match (asked.of_acts, asked.shard) {
        (true, _) => vec![0],
        (false, Some(shard)) => vec![shard],
        (false, None) => (0..count_shards(&remote)?).collect(),
    };
    if asked.from.is_some() && shards.len() > 1 {
        return Err("--from is a place in one log, and this site has several: add --shard NUMBER".into());
    }
    let (mut out, next): (Box<dyn Write>, Option<Places>) = match &asked.out {
        Some(path) => {
            let (file, next) = open(path, asked.is_table).map_err(|error| format!("{path}: {error}"))?;
            (Box::new(BufWriter::new(file)), next)
        }
        None => (Box::new(std::io::stdout().lock()), None),
    };
    let written = |error: std::io::Error| format!("the export cannot be written: {error}");
    if asked.is_table && next.is_none() {
        writeln!(out, "{}", COLUMNS.join(",")).map_err(written)?;
    }
    let next = next.unwrap_or_default();
    let begin = |shard: u8| asked.from.or_else(|| next.get(&shard).copied()).unwrap_or(0);
    let (what, query) = if asked.of_acts { ("acts", "&of=acts") } else { ("receipts", "") };
    let progress = Progress::new(what, 0);
    let mut count = 0;
    for shard in shards.iter().copied() {
        let mut place = begin(shard);
        loop {
            let path = format!("{EXPORT_PATH}?from={place}&shard={shard}{query}");
            let page = remote.read(&path, Some(&token), PAGE_BYTES_MAX)?;
            let page = String::from_utf8(page).map_err(|_| "the site's answer is not a text".to_string())?;
            if page.is_empty() {
                break;
            }
            for line in page.lines() {
                let receipt: ArchivedReceipt = serde_json::from_str(line)
                    .map_err(|error| format!("{url}: not an export of receipts: {error}"))?;
                if receipt.leaf_index < place {
                    return Err(format!("{url}: place {} comes twice or out of order", receipt.leaf_index));
                }
                if receipt.shard != shard {
                    return Err(format!("{url}: shard {shard} was asked and {} answered", receipt.shard));
                }
                place = receipt.leaf_index + 1;
                if asked.is_table {
                    writeln!(out, "{}", row(&receipt)?).map_err(written)?;
                } else {
                    // Byte for byte as it came: what was altered is found by `postern verify`, not mended here.
                    writeln!(out, "{line}").map_err(written)?;
                }
                count += 1;
                progress.tell(count);
            }
            out.flush().map_err(written)?;
        }
    }
    progress.end();
    out.flush().map_err(written)?;
    Ok(match shards.as_slice() {
        [shard] if begin(*shard) > 0 => format!("{count} {what}, from place {} on", begin(*shard)),
        shards if shards.iter().any(|shard| begin(*shard) > 0) => format!("{count} {what} more"),
        _ => format!("{count} {what}"),
    })
}

/// The place in the log of each shard that comes next.
type Places = BTreeMap<u8, u64>;

/// The file to write to, and the places to go on from if there are receipts in it. A line that was broken off goes.
fn open(path: &str, is_table: bool) -> std::io::Result<(File, Option<Places>)> {
    let mut file = File::options().read(true).write(true).create(true).truncate(false).open(path)?;
    let (mut whole, mut next) = (0_u64, None);
    let mut reader = BufReader::new(&file);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 && line.ends_with(b"\n") {
        let text = String::from_utf8_lossy(&line);
        let place = if is_table {
            let mut cells = text.split(',');
            match (cells.next(), cells.next()) {
                // The table's head has no place: behind it everything is to come.
                (Some("shard"), Some("leaf_index")) => Some((0, 0)),
                (Some(shard), Some(place)) => {
                    shard.parse().ok().zip(place.parse::<u64>().ok().and_then(|place| place.checked_add(1)))
                }
                _ => None,
            }
        } else {
            let read = serde_json::from_str::<ArchivedReceipt>(&text).ok();
            read.map(|receipt| (receipt.shard, receipt.leaf_index + 1))
        };
        let Some((shard, place)) = place else {
            return Err(std::io::Error::other(
                "is there and is not such an export: name another file, or remove it",
            ));
        };
        next.get_or_insert_with(Places::new).insert(shard, place);
        whole += line.len() as u64;
        line.clear();
    }
    file.set_len(whole)?;
    file.seek(SeekFrom::End(0))?;
    Ok((file, next))
}

/// A receipt as a row of the table. The last cell is the whole of it, as it was committed to.
fn row(read: &ArchivedReceipt) -> Result<String, String> {
    let bad = |what: &str| format!("the receipt at place {} has no readable {what}", read.leaf_index);
    let json = canonical_json(&read.receipt).map_err(|_| bad("form"))?;
    let text = |name: &str| match read.receipt.get(name) {
        Some(serde_json::Value::Null) => Ok(String::new()),
        Some(serde_json::Value::String(text)) => Ok(text.clone()),
        _ => Err(bad(name)),
    };
    let purposes = read.receipt.get("purposes").and_then(serde_json::Value::as_array);
    let granted: Vec<&str> = purposes
        .ok_or_else(|| bad("purposes"))?
        .iter()
        .filter(|purpose| purpose.get("state").is_some_and(|state| state == "ConsentGiven"))
        .filter_map(|purpose| purpose.get("id").and_then(serde_json::Value::as_str))
        .collect();
    let cells = [
        read.shard.to_string(),
        read.leaf_index.to_string(),
        text("receipt_id")?,
        text("previous")?,
        text("subject")?,
        text("at")?,
        text("valid_until")?,
        text("outcome")?,
        text("method")?,
        granted.join(" "),
        read.commitment.clone(),
        read.salt.clone(),
        json,
    ];
    Ok(cells.iter().map(|cell| quoted(cell)).collect::<Vec<_>>().join(","))
}

/// Source: RFC 4180 2.6 and 2.7.
fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.into()
    }
}

/// The place and line of JSON that a row of the table stands for.
pub(crate) fn line_of_row(row: &str) -> Option<String> {
    let mut cells = vec![String::new()];
    let (mut is_quoted, mut signs) = (false, row.chars().peekable());
    while let Some(sign) = signs.next() {
        match sign {
            '"' if is_quoted && signs.peek() == Some(&'"') => {
                signs.next();
                cells.last_mut()?.push('"');
            }
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => cells.push(String::new()),
            sign => cells.last_mut()?.push(sign),
        }
    }
    let [shard, index, .., commitment, salt, json] = cells.as_slice() else { return None };
    let hash = |hex: &str| Sha256Hex::parse(hex).ok().map(|hash| hash.0);
    let (index, commitment, salt) = (index.parse().ok()?, hash(commitment)?, hash(salt)?);
    let line = write_archived(Shard(shard.parse().ok()?), index, json, &salt, &commitment);
    // Every cell is what the receipt says, so that a byte that was altered in any of them is found.
    let read: ArchivedReceipt = serde_json::from_str(&line).ok()?;
    (self::row(&read).ok()? == row).then(|| line.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line as the edge writes it, of what another program made: crates/receipt/tests/golden_log.py.
    fn line() -> String {
        let golden: serde_json::Value =
            serde_json::from_str(include_str!("../../receipt/tests/golden/log.json")).unwrap();
        let export: serde_json::Value = serde_json::from_str(golden["export"].as_str().unwrap()).unwrap();
        let one = export["receipts"][0].clone();
        let hash = |name: &str| Sha256Hex::parse(one[name].as_str().unwrap()).unwrap().0;
        // The golden's receipt says less than ours: what the table has a column for is put beside it.
        let mut receipt = one["receipt"].clone();
        for name in ["previous", "subject", "at", "valid_until", "outcome", "method"] {
            receipt.as_object_mut().unwrap().entry(name).or_insert("a, \"quoted\" word".into());
        }
        receipt.as_object_mut().unwrap().entry("purposes").or_insert(serde_json::json!([
            {"id": "analytics", "state": "ConsentGiven"}, {"id": "social", "state": "ConsentRefused"}
        ]));
        let json = canonical_json(&receipt).unwrap();
        write_archived(Shard(3), 257, &json, &hash("salt"), &hash("commitment")).trim_end().to_owned()
    }

    #[test]
    fn a_row_of_the_table_stands_for_its_line() {
        let line = line();
        let row = row(&serde_json::from_str(&line).unwrap()).unwrap();
        assert_eq!(line_of_row(&row).as_deref(), Some(line.as_str()));
    }

    #[test]
    fn any_flipped_byte_of_a_row_makes_it_another_line_or_none() {
        let line = line();
        let row = row(&serde_json::from_str(&line).unwrap()).unwrap();
        for at in 0..row.len() {
            for mask in [0x01_u8, 0x02, 0x04, 0x20] {
                let mut bytes = row.clone().into_bytes();
                bytes[at] ^= mask;
                let Ok(altered) = String::from_utf8(bytes) else { continue };
                assert_ne!(line_of_row(&altered).as_deref(), Some(line.as_str()), "byte {at} by {mask}");
            }
        }
    }

    #[test]
    fn addresses_are_sites() {
        for bad in
            ["shop.example", "https://", "ftp://shop.example", "https://shop.example/path", "https://a@b"]
        {
            assert!(Remote::new(bad).is_err(), "{bad}");
        }
        assert!(Remote::new("https://shop.example/").is_ok());
    }
}
