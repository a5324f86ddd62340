//! Which Ledgers a site has. The main one counts them: there are as many as there ever were, so that whoever was placed somewhere
//! is found there. New visitors are placed among as many as are set now. Source: `postern_consent::Shard`.

use crate::asked::Said;
use crate::ledger::{CHANGED, Ledger, Refusal};
use crate::ledger_store::SqlStore;
use crate::random::random;
use crate::site::Site;
use postern_consent::{Shard, Shards, State, Subject};
use postern_receipt::IdempotencyKey;
use postern_receipt::log::Tile;
use std::cell::Cell;
use worker::{Env, Result};

/// The name of a log's file in the bucket, which all sites share.
pub fn in_bucket(site: &Site, shard: Shard, tile: &Tile) -> String {
    format!("{}/{}{tile}", site.id, folder(shard))
}

/// How many there are, as far as an isolate has heard. There are never fewer.
pub struct Known(Cell<Shards>);

impl Default for Known {
    fn default() -> Self {
        Self(Cell::new(Shards::ONE))
    }
}

/// Where the files of a shard's log are, below the folder of the log.
pub fn folder(shard: Shard) -> String {
    if shard == Shard::FIRST { String::new() } else { format!("{}/", shard.0) }
}

impl Known {
    /// The main Ledger has said how many there are.
    pub fn learn(&self, said: &str) {
        if let Some(known) = said.parse().ok().and_then(Shards::new) {
            self.0.set(self.0.get().max(known));
        }
    }
}

/// How many there are, by the main Ledger's word.
async fn count(site: &Site, env: &Env) -> std::result::Result<Shards, Refusal> {
    let known = &site.memory.shards;
    known.learn(&Ledger::of(site, env)?.count_shards().await?);
    Ok(known.0.get())
}

/// All of a site's Ledgers.
pub async fn all(site: &Site, env: &Env) -> std::result::Result<Vec<Ledger>, Refusal> {
    count(site, env).await?.all().map(|shard| Ledger::at(site, env, shard)).collect()
}

/// The Ledger of that shard, if there is one: a name that somebody made up makes none.
pub async fn one(site: &Site, env: &Env, shard: Shard) -> std::result::Result<Option<Ledger>, Refusal> {
    let is_known = site.memory.shards.0.get().has(shard) || count(site, env).await?.has(shard);
    if is_known { Ledger::at(site, env, shard).map(Some) } else { Ok(None) }
}

/// Whose act it is, and which shard takes it.
pub async fn home(
    site: &Site,
    env: &Env,
    state: &State,
    key: &str,
    said: &Said<'_>,
) -> std::result::Result<(Subject, Shard), Refusal> {
    let of_newcomer = said.shards.map(|shards| Shard::of_first_act(key, shards));
    let State::Decided(choice) = state else {
        let shard = of_newcomer.unwrap_or_default();
        if one(site, env, shard).await?.is_none() {
            return Err(Refusal { status: 409, sentence: CHANGED.into() });
        }
        return Ok((Subject(random()), shard));
    };
    // The answer to this act was lost, it is sent again, and meanwhile another page has got an answer of its own.
    if let Some(shard) = of_newcomer.filter(|shard| *shard != choice.shard)
        && let Some(ledger) = one(site, env, shard).await?
        && ledger.knows(key).await?
    {
        return Ok((choice.subject, shard));
    }
    Ok((choice.subject, choice.shard))
}

impl SqlStore {
    /// Of which site this is which shard, once it has been told; the site is empty where that was before there were several.
    pub fn own_place(&self) -> Result<Option<(String, Shard)>> {
        let row = self.lines("SELECT site, number FROM shard", Vec::new())?;
        let place = row.trim_end_matches('\n').split_once('\t');
        Ok(place.and_then(|(site, number)| Some((site.to_owned(), Shard(number.parse().ok()?)))))
    }

    /// Keeps of which site this is which shard.
    pub fn keep_own_place(&self, site: &str, shard: Shard) -> Result<()> {
        let row = vec![i64::from(shard.0).into(), site.into()];
        let statement = "INSERT INTO shard (only_row, number, shards, site) VALUES (1, ?, 1, ?) \
                         ON CONFLICT (only_row) DO UPDATE SET site = excluded.site";
        self.0.exec(statement, row).map(|_| ())
    }

    /// How many shards the site has, now that somebody wants so many.
    pub fn count_shards(&self, wanted: &str) -> Result<String> {
        let wanted: u8 = wanted.parse().unwrap_or(1);
        // Who only asks has nothing written.
        let counts = || i64::from(wanted).into();
        self.0.exec("UPDATE shard SET shards = ? WHERE shards < ?", vec![counts(), counts()])?;
        Ok(self.number("SELECT shards FROM shard", Vec::new())?.unwrap_or(1).to_string())
    }

    /// Is the act of that name recorded here?
    pub fn knows(&self, key: &str) -> Result<bool> {
        let Ok(key) = IdempotencyKey::parse(key) else { return Ok(false) };
        Ok(self.count("SELECT COUNT(*) FROM receipts WHERE key = ?", vec![key.as_str().into()])? > 0)
    }
}
