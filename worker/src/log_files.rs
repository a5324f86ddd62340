//! The log as anyone may read it, below `/_postern/log/`: checkpoint, tiles, entries, keys, the rule on keeping, versions of what
//! visitors are asked with, and a page that checks receipts.
//! Nothing in it is of a visitor: entries are salted commitments. Source: C2SP tlog-tiles.

use crate::answer;
use crate::bucket::Bucket;
use crate::ledger::{Archived, Ledger, Refusal};
use crate::shards::{self, folder, in_bucket};
use crate::signing::LOG_FOLDER;
use crate::site::Site;
use postern_consent::Shard;
use postern_receipt::log::{TILE_WIDTH, Tile};
use web_sys::{Headers, Response};
use worker::{Env, Result};

/// The binding of the Worker that has the verify page, if there is one.
const VERIFY: &str = "VERIFY";

/// How long a checkpoint may be kept, and what holds until another word. Source: C2SP tlog-tiles, "Checkpoints" (a few seconds).
const FEW_SECONDS: &str = "public, max-age=5";

/// A file never changes. Source: C2SP tlog-tiles, "Merkle Tree".
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// What may leave the log, and when. Source: C2SP tlog-tiles, "Pruning" and "Retention Policies".
const RETENTION: &str = "\
Every entry from the one at log/minimum on, and every tile and proof of it, stays available; files that end before are not served.
It never passes the oldest receipt that is kept, the version of what visitors are asked with that this receipt names, or the newest.
An entry is a salted hash of a receipt, of an act of those who keep the site, or of such a version. What was hashed and its salt are
kept apart from the log and can be erased without it; the entry then tells nothing of anybody, and every proof goes on to hold.
";

/// The Ledger of a log, or why it cannot be reached.
type Found = std::result::Result<Ledger, Refusal>;

/// Answers `GET /_postern/log/…`.
pub async fn serve(site: &Site, env: &Env, path: &str) -> Result<Response> {
    let Some(path) = path.strip_prefix(LOG_FOLDER) else { return nothing() };
    // Each shard has a log of its own, the first that of the site.
    let (shard, path) = match path.split_once('/').map(|(number, rest)| (number.parse().map(Shard), rest)) {
        Some((Ok(shard), rest)) if path.starts_with(&folder(shard)) && shard != Shard::FIRST => (shard, rest),
        _ => (Shard::FIRST, path),
    };
    let ledger = match shards::one(site, env, shard).await {
        Ok(Some(ledger)) => Ok(ledger),
        Ok(None) => return nothing(),
        Err(refusal) => Err(refusal),
    };
    match path {
        "checkpoint" => checkpoint(site, ledger).await,
        "minimum" => match minimum(site, &ledger).await {
            Ok(minimum) => text(&format!("{minimum}\n")),
            Err(refusal) => refused(&refusal),
        },
        "shards" if shard == Shard::FIRST => match count(ledger).await {
            Ok(count) => text(&format!("{count}\n")),
            Err(refusal) => refused(&refusal),
        },
        "key" => match site.log.public_keys(shard).await {
            Ok(keys) => text(&keys.iter().map(|key| format!("{key}\n")).collect::<String>()),
            Err(error) => answer::text(503, &error),
        },
        "retention" => text(RETENTION),
        "verify" if shard == Shard::FIRST => verify_page(env).await,
        "releases" => releases(ledger, 0).await,
        _ if path.starts_with("releases/") => match path.trim_start_matches("releases/").parse() {
            Ok(from) => releases(ledger, from).await,
            Err(_) => nothing(),
        },
        _ => match Tile::parse(path) {
            Some(tile) => match minimum(site, &ledger).await {
                Ok(minimum) if tile.is_pruned(minimum) => {
                    answer::text(404, "this entry is not shown any more: see log/retention")
                }
                Ok(_) => file(site, env, shard, ledger, &tile).await,
                Err(refusal) => refused(&refusal),
            },
            None => nothing(),
        },
    }
}

fn nothing() -> Result<Response> {
    answer::text(404, "the log has no such file")
}

/// Headers of what is the same for everybody, whoever's page asks.
fn headers(content_type: &str, keeping: &str) -> Result<Headers> {
    let headers = answer::headers(content_type)?;
    headers.set("cache-control", keeping)?;
    headers.set("access-control-allow-origin", "*")?;
    headers.set("cross-origin-resource-policy", "cross-origin")?;
    Ok(headers)
}

fn text(text: &str) -> Result<Response> {
    answer::with(200, text, &headers("text/plain; charset=utf-8", FEW_SECONDS)?)
}

fn refused(refusal: &Refusal) -> Result<Response> {
    answer::text(refusal.status, refusal.sentence.trim_end())
}

/// Before which entry this log shows nothing: as the deployment says, and never what is still needed.
async fn minimum(site: &Site, ledger: &Found) -> std::result::Result<u64, Refusal> {
    if site.log.minimum == 0 {
        return Ok(0);
    }
    let Ok(ledger) = ledger else { return Ok(site.log.minimum) };
    // What cannot be read is needed.
    let first_kept = ledger.first_kept().await?.parse().unwrap_or(0);
    let minimum = site.log.minimum.min(first_kept);
    Ok(minimum - minimum % TILE_WIDTH)
}

async fn count(ledger: Found) -> std::result::Result<String, Refusal> {
    ledger?.count_shards().await
}

async fn checkpoint(site: &Site, ledger: Found) -> Result<Response> {
    let found = match ledger {
        Ok(ledger) => ledger.checkpoint().await,
        Err(refusal) => Err(refusal),
    };
    match (found, &site.log.keys) {
        (Ok(note), _) if !note.is_empty() => text(&note),
        (Ok(_), Err(fault)) => answer::text(503, fault),
        (Ok(_), Ok(_)) => {
            answer::text(404, "nothing is sealed yet: no receipt, or none older than a few minutes")
        }
        (Err(refusal), _) => refused(&refusal),
    }
}

/// Versions of what visitors are asked with, from a place in the log on, as lines that anybody can check against it.
async fn releases(ledger: Found, from: u64) -> Result<Response> {
    let found = match ledger {
        Ok(ledger) => ledger.archive(Archived::Releases, from).await,
        Err(refusal) => Err(refusal),
    };
    match found {
        Ok(lines) => answer::with(200, &lines, &headers("application/x-ndjson", FEW_SECONDS)?),
        Err(refusal) => refused(&refusal),
    }
}

/// The page on which anybody checks receipts. It is too large for this Worker, so another has it.
async fn verify_page(env: &Env) -> Result<Response> {
    let found = match env.service(VERIFY) {
        Ok(beside) => beside.fetch("https://verify.internal/verify.html", None).await,
        Err(error) => Err(error),
    };
    let mut page = match found {
        Ok(page) if page.status_code() == 200 => page,
        _ => {
            return answer::text(
                404,
                "This deployment has no verify page: the command postern verify does the same.",
            );
        }
    };
    let headers = answer::headers("text/html; charset=utf-8")?;
    headers.set("cache-control", "public, max-age=300")?;
    // The page has a policy of its own, by which it can ask this site alone; what only a header can say is here.
    headers.set("content-security-policy", "frame-ancestors 'none'")?;
    answer::with(200, &page.text().await?, &headers)
}

async fn file(site: &Site, env: &Env, shard: Shard, ledger: Found, tile: &Tile) -> Result<Response> {
    let bytes = match from_bucket(site, env, shard, tile).await {
        Some(bytes) => bytes,
        None => {
            let found = match ledger {
                Ok(ledger) => ledger.log_file(tile).await,
                Err(refusal) => Err(refusal),
            };
            match found {
                Ok(bytes) if bytes.is_empty() => return nothing(),
                Ok(bytes) => bytes,
                Err(refusal) => return refused(&refusal),
            }
        }
    };
    answer::bytes(200, &bytes, &headers("application/octet-stream", FOR_EVER)?)
}

/// A full file from the bucket. What is not there, or cannot be had, the Ledger has.
async fn from_bucket(site: &Site, env: &Env, shard: Shard, tile: &Tile) -> Option<Vec<u8>> {
    let bucket = Bucket::of(env).filter(|_| tile.is_full())?;
    bucket.read(&in_bucket(site, shard, tile)).await.ok()?
}
