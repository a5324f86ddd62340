//! `GET /_postern/export`: the receipts of a site, or with `of=acts` what was done by those who keep it, a page at a time, for
//! who has its token. What a line says is `postern-receipt`'s affair, and no more than what is recorded; `postern export` puts the
//! pages together.

use crate::ledger::{Ledger, Refusal};
use crate::ledger_store::{SqlStore, integer};
use crate::site::Site;
use crate::visit::Visit;
use crate::{answer, pages};
use postern_receipt::log::{write_archived, write_archived_entry};
use postern_receipt::{Entry, Role};
use web_sys::Response;
use worker::{Env, Error, Result, SqlStorageValue};

/// Receipts of one page: at 2 kB each a megabyte, which the platform reads and sends within some ten milliseconds.
const PAGE_RECEIPTS: u32 = 500;

/// How long a wrong token makes its sender wait, as when one logs in.
const WRONG_TOKEN_DELAY_MS: u64 = 500;

/// Answers `GET /_postern/export?from=<place in the log>&of=<receipts or acts>`: lines, the first of that place or the next that there is; nothing
/// behind the last.
pub async fn serve(site: &Site, env: &Env, visit: &Visit) -> Result<Response> {
    if site.access.is_empty() {
        return answer::text(
            503,
            "Nobody can export: the secrets DASHBOARD_TOKEN and ACCESS_TOKENS are missing.",
        );
    }
    let token = visit.header("authorization").and_then(|value| value.strip_prefix("Bearer ")).unwrap_or("");
    let Some(person) = site.access.find(token.trim()) else {
        // Wrong ones alone are counted: an export asks many times with the right one.
        if let Ok(ledger) = Ledger::of(site, env)
            && let Err(refusal) = ledger.count_token(visit.address()).await
            && refusal.status == 429
        {
            return answer::text(429, &refusal.sentence);
        }
        worker::Delay::from(std::time::Duration::from_millis(WRONG_TOKEN_DELAY_MS)).await;
        return answer::text(403, "That is no token of this site: send one as authorization: Bearer.");
    };
    if person.role < Role::Auditor {
        return answer::text(403, "Receipts are for auditors and admins.");
    }
    let asked = visit.url.query_pairs().find(|(name, _)| name == "from");
    let Some(from) = asked.map_or(Some(0), |(_, place)| place.parse::<u64>().ok()) else {
        return answer::text(400, "from is a place in the log: a whole number.");
    };
    let of_acts = visit.url.query_pairs().any(|(name, value)| name == "of" && value == "acts");
    let page = match Ledger::of(site, env) {
        Ok(ledger) => ledger.archive(of_acts, from).await,
        Err(refusal) => Err(refusal),
    };
    if from == 0 {
        // Once the page is read: an export of acts would else end with itself, which no checkpoint has yet.
        let what = if of_acts { "exported the acts" } else { "exported the receipts" };
        pages::note(site, env, visit, person, what).await;
    }
    match page {
        Ok(page) => answer::with(200, &page, &answer::headers("application/x-ndjson")?),
        Err(Refusal { status, sentence }) => answer::text(status, &sentence),
    }
}

impl SqlStore {
    /// The receipts from a place in the log on, a line each, as many as a page holds.
    pub fn archive(&self, from: u64) -> Result<String> {
        self.archived(
            "SELECT seq - 1, json, salt, commitment FROM receipts WHERE seq > ? ORDER BY seq LIMIT ?",
            from,
            |one| write_archived(one.place, &one.json, &one.salt, &one.commitment),
        )
    }

    /// The same of acts of those who keep the site.
    pub fn archive_acts(&self, from: u64) -> Result<String> {
        self.archived(
            "SELECT place, json, salt, commitment FROM entries WHERE place >= ? ORDER BY place LIMIT ?",
            from,
            write_archived_entry,
        )
    }

    fn archived(&self, statement: &str, from: u64, write: impl Fn(&Entry) -> String) -> Result<String> {
        let bad = || Error::RustError("what the log has an entry of cannot be read".into());
        let cursor = self.0.exec(statement, vec![integer(from)?, i64::from(PAGE_RECEIPTS).into()])?;
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
                at_unix_ms: 0,
                json,
                salt: salt.try_into().map_err(|_| bad())?,
                commitment: commitment.try_into().map_err(|_| bad())?,
            });
        }
        Ok(lines)
    }
}
