//! `GET /_postern/export`: the receipts of a site, a page at a time, for who has its token. What a line says is
//! `postern-receipt`'s affair, and no more than what is recorded; `postern export` puts the pages together.

use crate::ledger::{Ledger, Refusal};
use crate::ledger_store::{SqlStore, integer};
use crate::site::Site;
use crate::visit::Visit;
use crate::{answer, pages};
use postern_receipt::Role;
use postern_receipt::log::write_archived;
use web_sys::Response;
use worker::{Env, Error, Result, SqlStorageValue};

/// Receipts of one page: at 2 kB each a megabyte, which the platform reads and sends within some ten milliseconds.
const PAGE_RECEIPTS: u32 = 500;

/// How long a wrong token makes its sender wait, as when one logs in.
const WRONG_TOKEN_DELAY_MS: u64 = 500;

/// Answers `GET /_postern/export?from=<place in the log>`: lines, the first of that place or the next that there is; nothing
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
    if from == 0 {
        pages::note(site, env, visit, person, "exported the receipts").await;
    }
    let page = match Ledger::of(site, env) {
        Ok(ledger) => ledger.archive(from).await,
        Err(refusal) => Err(refusal),
    };
    match page {
        Ok(page) => answer::with(200, &page, &answer::headers("application/x-ndjson")?),
        Err(Refusal { status, sentence }) => answer::text(status, &sentence),
    }
}

impl SqlStore {
    /// The receipts from a place in the log on, a line each, as many as a page holds.
    pub fn archive(&self, from: u64) -> Result<String> {
        let bad = || Error::RustError("a stored receipt cannot be read".into());
        let cursor = self.0.exec(
            "SELECT seq, json, salt, commitment FROM receipts WHERE seq > ? ORDER BY seq LIMIT ?",
            vec![integer(from)?, i64::from(PAGE_RECEIPTS).into()],
        )?;
        let mut lines = String::new();
        for row in cursor.raw() {
            let Ok(
                [
                    SqlStorageValue::Integer(seq),
                    SqlStorageValue::String(json),
                    SqlStorageValue::Blob(salt),
                    SqlStorageValue::Blob(commitment),
                ],
            ) = <[SqlStorageValue; 4]>::try_from(row?)
            else {
                return Err(bad());
            };
            let place = u64::try_from(seq).ok().and_then(|seq| seq.checked_sub(1)).ok_or_else(bad)?;
            let (salt, commitment) =
                (salt.try_into().map_err(|_| bad())?, commitment.try_into().map_err(|_| bad())?);
            lines += &write_archived(place, &json, &salt, &commitment);
        }
        Ok(lines)
    }
}
