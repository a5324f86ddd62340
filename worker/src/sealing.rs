//! Sealing the log from within the Ledger, by its alarm: what is new is signed some time after it came.
//!
//! The order is: full files to the bucket, if there is one; the signature; the checkpoint into the storage. The platform
//! shows nobody an answer before the storage is durable, so no checkpoint is ever seen that a crash could take back.

use crate::bucket::Bucket;
use crate::ledger_store::SqlStore;
use crate::shards::in_bucket;
use crate::site::Site;
use crate::{answer, signing::LogSetting};
use postern_consent::Shard;
use postern_receipt::ReceiptRow;
use postern_receipt::log::{
    Bundle, LogStore, Promise, Sealed, Tile, finish_seal, plan_seal_of, prove_inclusion,
};
use worker::Result;

/// Leaves that one seal takes with a bucket: 256 bundles, 256 tiles and two or three above are put there, and the platform
/// allows a thousand requests to its services. A log that has more new ones is sealed in steps, one an alarm.
/// Source: developers.cloudflare.com/workers/platform/limits, "Subrequests".
const LEAVES_MAX_TO_BUCKET: u64 = 65_536;

/// Is there anything that no checkpoint holds?
pub fn is_due(store: &SqlStore) -> Result<bool> {
    let sealed = store.sealed()?.map_or(0, |sealed| sealed.size);
    Ok(store.size()? != sealed)
}

/// Signs what is new. An error is what to tell the operator; nothing was shown to anybody then.
pub async fn seal(
    store: &mut SqlStore,
    site: &Site,
    shard: Shard,
    bucket: Option<&Bucket>,
) -> std::result::Result<(), String> {
    let log = &site.log;
    // Before any file is put anywhere: without keys nobody knows whose log this is.
    log.keys.as_ref().map_err(Clone::clone)?;
    let leaves_max = if bucket.is_some() { LEAVES_MAX_TO_BUCKET } else { u64::MAX };
    let plan = plan_seal_of(store, &log.origin_of(shard), leaves_max).map_err(|error| error.to_string())?;
    let Some(plan) = plan else { return Ok(()) };
    let size = plan.checkpoint.size;
    for tile in bucket.map(|_| Tile::filled(plan.before, size)).unwrap_or_default() {
        let bytes = store.log_file(&tile, size).map_err(|error| error.to_string())?.unwrap_or_default();
        if let Some(bucket) = bucket {
            bucket.put(&in_bucket(site, shard, &tile), &bytes).await.map_err(|error| {
                format!("{tile} could not be put into the bucket LOG_TILES: {}", answer::message(&error))
            })?;
        }
    }
    let note = log.sign(shard, &plan.checkpoint.to_string()).await?;
    finish_seal(store, &plan, note).map(|_| ()).map_err(|error| error.to_string())
}

/// A visitor's receipts as a JSON array: each as it was committed to, with its proof, or with the log's promise where no
/// checkpoint holds it yet.
pub async fn export(store: &SqlStore, log: &LogSetting, shard: Shard, rows: &[ReceiptRow]) -> Result<String> {
    let sealed = store.sealed()?;
    let mut each = Vec::new();
    for row in rows {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        // The canonical text as it was committed to: another spelling would have another hash.
        let (json, salt, commitment, index) =
            (&row.json, hex(&row.salt), hex(&row.commitment), row.leaf_index());
        let voucher = match prove(store, sealed.as_ref(), index) {
            Some(proof) => Some(("proof", proof)),
            None => {
                promise(log, shard, row.commitment, index, row.at_unix_ms).await.map(|note| ("promise", note))
            }
        };
        let voucher = voucher
            .map_or(String::new(), |(name, text)| format!(",\"{name}\":{}", serde_json::Value::from(text)));
        // What is kept of somebody is told to them, though nothing vouches for it. Source: GDPR Art. 15.
        let counted = serde_json::Value::from(row.facts.replace('\t', " "));
        each.push(format!(
            "{{\"receipt\":{json},\"salt\":\"{salt}\",\"commitment\":\"{commitment}\",\"leaf_index\":{index}{voucher},\"counted\":{counted}}}"
        ));
    }
    Ok(format!("[{}]", each.join(",")))
}

fn prove(store: &SqlStore, sealed: Option<&Sealed>, index: u64) -> Option<String> {
    let sealed = sealed.filter(|sealed| index < sealed.size)?;
    match prove_inclusion(index, sealed.size, store) {
        Ok(siblings) => Some(Bundle { index, siblings, checkpoint: sealed.note.clone() }.to_string()),
        Err(error) => {
            answer::log(&format!("a receipt cannot be proven: {error}"));
            None
        }
    }
}

/// The log's signed word on a receipt. Without a key, or should signing fail, there is none; the receipt stands all the same.
pub async fn promise(
    log: &LogSetting,
    shard: Shard,
    commitment: [u8; 32],
    index: u64,
    at_unix_ms: u64,
) -> Option<String> {
    if log.keys.is_err() {
        return None;
    }
    let promise = Promise::new(&log.origin_of(shard), commitment, index, at_unix_ms);
    log.sign(shard, &promise.to_string()).await.map_err(|error| answer::log(&error)).ok()
}
