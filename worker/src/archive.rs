//! `GET /_postern/export`: the receipts of a site, or with `of=acts` what was done by those who keep it, a page at a time, for
//! who has its token. What a line says is `postern-receipt`'s affair, and no more than what is recorded; `postern export` puts the
//! pages together.

use crate::ledger::{Archived, Ledger, Refusal};
use crate::ledger_store::{SqlStore, integer};
use crate::site::Site;
use crate::visit::Visit;
use crate::{answer, pages, platform, shards};
use postern_consent::Shard;
use postern_receipt::log::{write_archived, write_archived_entry};
use postern_receipt::{Entry, EntryKind, Person, Role};
use std::cell::RefCell;
use web_sys::Response;
use worker::{Env, Error, Result, SqlStorageValue};

/// Receipts of one page: at 2 kB each a megabyte, which the platform reads and sends within some ten milliseconds.
const PAGE_RECEIPTS: u32 = 500;

/// How long a wrong token makes its sender wait, as when one logs in.
const WRONG_TOKEN_DELAY_MS: u64 = 500;

/// Answers `GET /_postern/export?from=<place in the log>&shard=<whose log>&of=<receipts or acts>`: lines, the first of that place or the
/// next that there is; nothing behind the last.
pub async fn serve(site: &Site, env: &Env, visit: &Visit) -> Result<Response> {
    let person = match bearer(site, env, visit, Role::Auditor).await? {
        Ok(person) => person,
        Err(answer) => return Ok(answer),
    };
    let number = |wanted: &str| {
        let asked = visit.url.query_pairs().find(|(name, _)| name == wanted);
        asked.map_or(Some(0), |(_, number)| number.parse::<u64>().ok())
    };
    let Some(from) = number("from") else {
        return answer::text(400, "from is a place in the log: a whole number.");
    };
    let Some(shard) = number("shard").and_then(|number| u8::try_from(number).ok()).map(Shard) else {
        return answer::text(400, "shard is the number of one: log/shards says how many there are.");
    };
    let of_acts = visit.url.query_pairs().any(|(name, value)| name == "of" && value == "acts");
    let archived = if of_acts { Archived::Acts } else { Archived::Receipts };
    let page = match shards::one(site, env, shard).await {
        Ok(Some(ledger)) => ledger.archive(archived, from).await,
        Ok(None) => return answer::text(404, "There is no such shard."),
        Err(refusal) => Err(refusal),
    };
    if let Ok(page) = &page
        && !site.memory.exports.is_continued(person, of_acts, shard, from, page)
    {
        // Once the page is read: an export of acts would else end with itself, which no checkpoint has yet.
        let what = if of_acts { "exported the acts" } else { "exported the receipts" };
        let whence = match (from, shard) {
            (0, Shard::FIRST) => String::new(),
            (place, Shard::FIRST) => format!(" from place {place} on"),
            (place, Shard(number)) => format!(" of log {number} from place {place} on"),
        };
        pages::note(site, env, visit, person, &format!("{what}{whence}")).await;
    }
    match page {
        Ok(page) => answer::with(200, &page, &answer::headers("application/x-ndjson")?),
        Err(Refusal { status, sentence }) => answer::text(status, &sentence),
    }
}

/// Exports that are under way in this isolate, at most: who goes on beyond that is noted again.
const UNDER_WAY_MAX: usize = 32;

/// Who exports what, from which shard, and the place that comes next.
type Export = (Person, bool, Shard, u64);

/// Exports of a site that are under way.
#[derive(Default)]
pub struct UnderWay(RefCell<Vec<Export>>);

impl UnderWay {
    /// Does this page go on where the one before ended, which was noted? Wherever else an export begins, it is one of its own.
    fn is_continued(&self, person: &Person, of_acts: bool, shard: Shard, from: u64, page: &str) -> bool {
        let place = |line: &str| {
            let digits = line.split_once("\"leaf_index\":")?.1;
            digits.split(',').next()?.parse::<u64>().ok()
        };
        let next = page.lines().next_back().and_then(place).map_or(from, |last| last.saturating_add(1));
        let mut under_way = self.0.borrow_mut();
        let own = |(who, acts, of, _): &Export| (who, *acts, *of) == (person, of_acts, shard);
        let known = under_way.iter().position(own).map(|place| under_way.swap_remove(place));
        if under_way.len() >= UNDER_WAY_MAX {
            under_way.clear();
        }
        // Behind the last there is nothing to go on with: what comes later is another export.
        if !page.is_empty() {
            under_way.push((person.clone(), of_acts, shard, next));
        }
        from > 0 && known.is_some_and(|(.., expected)| expected == from)
    }
}

/// Who shows a token by the header `authorization: Bearer`, or whom the platform has let in, if they are of that role or a higher one;
/// else what to answer.
pub async fn bearer<'site>(
    site: &'site Site,
    env: &Env,
    visit: &Visit,
    role: Role,
) -> Result<std::result::Result<&'site Person, Response>> {
    let refuse = |status, sentence: &str| answer::text(status, sentence).map(Err);
    if visit.header("authorization").is_none()
        && let Some(person) = platform::program(site, visit).await
    {
        return of_role(person, role);
    }
    if site.access.is_empty() {
        return refuse(503, "Nobody may do this: the secrets DASHBOARD_TOKEN and ACCESS_TOKENS are missing.");
    }
    // Schemes are written as one likes. Source: RFC 9110 11.1.
    let shown = visit.header("authorization").and_then(|value| value.trim_start().split_once(' '));
    let token =
        shown.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map_or("", |(_, token)| token);
    let Some(person) = site.access.find(token.trim()) else {
        // Wrong ones alone are counted: an export asks many times with the right one.
        if let Ok(ledger) = Ledger::of(site, env)
            && let Err(refusal) = ledger.count_token(visit.address()).await
            && refusal.status == 429
        {
            return refuse(429, &refusal.sentence);
        }
        worker::Delay::from(std::time::Duration::from_millis(WRONG_TOKEN_DELAY_MS)).await;
        return refuse(403, "That is no token of this site: send one as authorization: Bearer.");
    };
    of_role(person, role)
}

fn of_role(person: &Person, role: Role) -> Result<std::result::Result<&Person, Response>> {
    if person.role < role {
        return answer::text(403, "That is not for your role.").map(Err);
    }
    Ok(Ok(person))
}

impl SqlStore {
    /// The receipts from a place in the log on, a line each, as many as a page holds.
    pub fn archive(&self, shard: Shard, from: u64) -> Result<String> {
        self.archived(
            "SELECT seq - 1, json, salt, commitment FROM receipts WHERE seq > ? ORDER BY seq LIMIT ?",
            from,
            |one| write_archived(shard, one.place, &one.json, &one.salt, &one.commitment),
        )
    }

    /// The same of entries of a kind.
    pub fn archive_entries(&self, shard: Shard, kind: EntryKind, from: u64) -> Result<String> {
        let statement = format!(
            "SELECT place, json, salt, commitment FROM entries WHERE kind = '{}' AND place >= ? ORDER BY place LIMIT ?",
            kind.name()
        );
        self.archived(&statement, from, |entry| write_archived_entry(shard, entry))
    }

    fn archived(&self, statement: &str, from: u64, write: impl Fn(&Entry) -> String) -> Result<String> {
        self.lines_of(statement, vec![integer(from)?, i64::from(PAGE_RECEIPTS).into()], write)
    }

    /// The receipt of that name, as a line.
    pub fn archived_receipt(&self, shard: Shard, receipt_id: &str) -> Result<String> {
        self.lines_of(
            "SELECT seq - 1, json, salt, commitment FROM receipts WHERE receipt_id = ?",
            vec![receipt_id.into()],
            |one| write_archived(shard, one.place, &one.json, &one.salt, &one.commitment),
        )
    }

    fn lines_of(
        &self,
        statement: &str,
        bindings: Vec<SqlStorageValue>,
        write: impl Fn(&Entry) -> String,
    ) -> Result<String> {
        let bad = || Error::RustError("what the log has an entry of cannot be read".into());
        let cursor = self.0.exec(statement, bindings)?;
        let mut lines = String::new();
        for row in cursor.raw() {
            let Ok(
                [
                    SqlStorageValue::Integer(place),
                    SqlStorageValue::String(json),
                    SqlStorageValue::Blob(salt),
                    SqlStorageValue::Blob(commitment),
                ],
            ) = <[SqlStorageValue; 4]>::try_from(row?)
            else {
                return Err(bad());
            };
            lines += &write(&Entry {
                place: u64::try_from(place).map_err(|_| bad())?,
                kind: EntryKind::Act,
                at_unix_ms: 0,
                json,
                salt: salt.try_into().map_err(|_| bad())?,
                commitment: commitment.try_into().map_err(|_| bad())?,
            });
        }
        Ok(lines)
    }
}
