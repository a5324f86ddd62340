//! The Durable Object that keeps the receipts of one site. The algorithm is `postern-receipt`'s, the
//! statements are `ledger_store.rs`'s. Nothing between reading and writing awaits.

use crate::answer;
use crate::bucket::Bucket;
use crate::ledger::{ActMessage, DayMessage, METHODS, ReceiptMessage, Recorded};
use crate::ledger_store::{SqlStore, migrate};
use crate::random::random;
use crate::sealing;
use crate::settings::setting_of;
use crate::site::Site;
use postern_consent::{CategorySet, Signals, Subject};
use postern_receipt::log::{LogStore, Tile};
use postern_receipt::{
    Act, Append, Capacity, Client, HostName, IdempotencyKey, LedgerError, Notice, NoticeUri, Setting,
    Sha256Hex, Word,
};
use postern_stats::{Day, SeenBatch, ViewBatch};
use std::cell::Cell;
use std::rc::Rc;
use worker::{DurableObject, Env, Request, Response, Result, SqlStorage, State, Storage, durable_object};

/// Room that only withdrawals may use: about 2,500 receipts.
const BYTES_RESERVED: u64 = 10_000_000;

/// The object that keeps the receipts of one site.
#[durable_object(alarm)]
pub struct LedgerObject {
    storage: Storage,
    sql: SqlStorage,
    site: Rc<Site>,
    bucket: Option<Bucket>,
    is_ready: bool,
    /// Has this object, since it lives, set an alarm that has not rung?
    is_alarm_set: Cell<bool>,
}

impl DurableObject for LedgerObject {
    fn new(state: State, env: Env) -> Self {
        let storage = state.storage();
        let sql = storage.sql();
        let is_ready = migrate(&sql)
            .map_err(|error| answer::log(&format!("the Ledger cannot be opened: {error}")))
            .is_ok();
        let (site, bucket) = (Site::of(&env), Bucket::of(&env));
        Self { storage, sql, site, bucket, is_ready, is_alarm_set: Cell::new(false) }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        let body = request.text().await?;
        if !self.is_ready {
            return Response::error("The record of choices cannot be opened.", 503);
        }
        let mut store = SqlStore(self.sql.clone());
        match request.path().as_str() {
            "/record" => {
                let answer = self.record(&mut store, &body);
                self.set_alarm(&store).await;
                answer
            }
            "/views" => {
                let Ok(batch) = ViewBatch::parse(&body) else { return Response::error("not a batch", 400) };
                for (day, views, shown) in batch.days() {
                    postern_receipt::add_views(&mut store, day.number(), views, shown).map_err(failed)?;
                }
                Response::ok("")
            }
            "/see" => {
                let Ok(batch) = SeenBatch::parse(&body) else { return Response::error("not a batch", 400) };
                store.add_seen(&batch)?;
                Response::ok("")
            }
            "/seen" => Response::ok(store.seen()?),
            "/receipts" => {
                let subject = Subject(serde_json::from_str(&body)?);
                let rows = postern_receipt::receipts_of(&store, subject).map_err(failed)?;
                let messages: Vec<ReceiptMessage> = rows
                    .into_iter()
                    .map(|row| ReceiptMessage {
                        receipt_id: row.receipt_id.as_str().to_string(),
                        at_unix_ms: row.at_unix_ms,
                        outcome: row.outcome.name().to_string(),
                        offered: row.offered.bits(),
                        granted: row.granted.bits(),
                    })
                    .collect();
                Response::from_json(&messages)
            }
            "/export" => {
                let subject = Subject(serde_json::from_str(&body)?);
                let rows = postern_receipt::receipts_of(&store, subject).map_err(failed)?;
                Response::ok(sealing::export(&store, &self.site.log, &rows).await?)
            }
            "/archive" => Response::ok(store.archive(serde_json::from_str(&body)?)?),
            "/checkpoint" => Response::ok(store.sealed()?.map_or(String::new(), |sealed| sealed.note)),
            "/file" => {
                let size = store.sealed()?.map_or(0, |sealed| sealed.size);
                let bytes = match Tile::parse(&body) {
                    Some(tile) => store.log_file(&tile, size)?,
                    None => None,
                };
                Response::from_bytes(bytes.unwrap_or_default())
            }
            "/erase" => {
                let (subject, now_ms) = serde_json::from_str(&body)?;
                let day = Day::from_unix_ms(now_ms, 0).number();
                postern_receipt::erase(&mut store, Subject(subject), day).map_err(failed)?;
                Response::ok("")
            }
            "/days" => {
                let (from, to) = serde_json::from_str(&body)?;
                let rows = postern_receipt::days(&store, from, to).map_err(failed)?;
                let messages: Vec<DayMessage> = rows
                    .into_iter()
                    .map(|row| DayMessage {
                        day: row.day,
                        counts: [row.views, row.shown, row.accepted, row.refused, row.partial, row.withdrawn],
                    })
                    .collect();
                Response::from_json(&messages)
            }
            _ => Response::error("no such message", 404),
        }
    }

    /// Seals what has gathered.
    async fn alarm(&self) -> Result<Response> {
        self.is_alarm_set.set(false);
        if self.is_ready {
            let mut store = SqlStore(self.sql.clone());
            if let Err(error) = sealing::seal(&mut store, &self.site, self.bucket.as_ref()).await {
                answer::log(&format!("the log of receipts is not sealed: {error}"));
            }
            // What came while the platform signed, or could not be sealed now, is sealed next time.
            self.set_alarm(&store).await;
        }
        Response::ok("")
    }
}

impl LedgerObject {
    /// Sees to it that what no checkpoint holds is sealed soon. A receipt never fails for it: the next one tries again.
    async fn set_alarm(&self, store: &SqlStore) {
        if self.site.log.keys.is_err() || self.is_alarm_set.get() || !sealing::is_due(store).unwrap_or(true) {
            return;
        }
        self.is_alarm_set.set(true);
        if let Err(error) = self.storage.set_alarm(self.site.log.seal_after).await {
            self.is_alarm_set.set(false);
            answer::log(&format!("no alarm could be set to seal the log of receipts: {error}"));
        }
    }

    fn record(&self, store: &mut SqlStore, body: &str) -> Result<Response> {
        let message: ActMessage = serde_json::from_str(body)?;
        let (Some(setting), Some(method), Some(granted), Ok(key)) = (
            setting_of(&message, || setting(&self.site, &message)),
            METHODS.get(message.method).copied(),
            CategorySet::from_bits(message.granted),
            IdempotencyKey::parse(&message.key),
        ) else {
            return Response::error("This choice cannot be recorded as it is.", 400);
        };
        let append = Append {
            setting: &setting,
            act: Act {
                receipt_random: random(),
                subject: Subject(message.subject),
                at_unix_ms: message.now_ms,
                granted,
                vendors: message.vendors.iter().filter_map(|id| Word::parse(id).ok()).collect(),
                decided_unix_ms: message.decided_ms,
                method,
                signals: Signals {
                    gpc: message.gpc,
                    dnt: message.dnt,
                    // Bits nobody can read withdraw everything.
                    withdrawn: CategorySet::from_bits(message.adpc_withdrawn).unwrap_or(CategorySet::ALL),
                    objected: message.adpc_objected,
                },
                client: Client::of(&message.user_agent),
            },
            is_answered: message.is_answered,
            key,
            body_sha256: message.body_sha256,
            salt: random(),
            day: Day::from_unix_ms(message.now_ms, 0).number(),
            capacity: Capacity { bytes_max: self.site.ledger_bytes_max, bytes_reserved: BYTES_RESERVED },
        };
        match postern_receipt::append(store, &append) {
            Ok(appended) => {
                let row = appended.receipt;
                Response::from_json(&Recorded {
                    subject: subject_bytes(&row.subject).unwrap_or(message.subject),
                    receipt_id: row.receipt_id.as_str().to_string(),
                    granted: row.granted.bits(),
                    vendors: row.vendors.iter().map(ToString::to_string).collect(),
                    is_answered: row.is_answered,
                    decided_ms: row.decided_unix_ms,
                    commitment: row.commitment,
                    leaf_index: row.leaf_index(),
                    at_unix_ms: row.at_unix_ms,
                })
            }
            Err(LedgerError::Conflict) => Response::error(LedgerError::<()>::Conflict.to_string(), 422),
            Err(LedgerError::Full { bytes_used, bytes_max }) => {
                answer::log(&format!(
                    "the Ledger is full: {bytes_used} of {bytes_max} bytes; raise LEDGER_BYTES_MAX or add a shard"
                ));
                Response::error("The record of choices is full.", 503)
            }
            Err(error) => Err(failed(error)),
        }
    }
}

fn subject_bytes(hex: &str) -> Option<[u8; 16]> {
    u128::from_str_radix(hex, 16).ok().map(u128::to_be_bytes)
}

fn failed<E: std::fmt::Debug>(error: LedgerError<E>) -> worker::Error {
    worker::Error::RustError(format!("{error:?}"))
}

/// The site's part of a receipt.
fn setting(site: &Site, message: &ActMessage) -> Option<Setting> {
    let policy = site.policy.as_ref().ok()?;
    let hosts = policy.site.hosts.iter().map(String::as_str).chain([message.host.as_str()]);
    let mut scope: Vec<HostName> = hosts.filter_map(|host| HostName::parse(host).ok()).collect();
    scope.sort();
    scope.dedup();
    let purposes = policy.purposes.iter();
    let language = policy.language_for(Some(&message.lang), None);
    Some(Setting {
        controller: Word::parse(&policy.site.id).ok()?,
        profile: Word::parse(&policy.legal_for(message.country.as_deref(), message.region.as_deref()).name)
            .ok()?,
        rules: policy.profile_for(message.country.as_deref(), message.region.as_deref()),
        scope,
        lang: Word::parse(&language.tag).ok()?,
        purposes: purposes
            .filter_map(|purpose| {
                Some((purpose.category, policy.purpose_sha256(purpose.category, language)?))
            })
            .collect(),
        vendors: policy.vendors().iter().filter_map(|vendor| Word::parse(&vendor.id).ok()).collect(),
        vendors_sha256: policy.vendors_sha256(),
        notice: Notice {
            uri: NoticeUri::parse(&policy.notice.url).ok()?,
            version: Word::parse(&policy.notice.version).ok()?,
            sha256: Sha256Hex(policy.texts_sha256(language)),
        },
        policy_sha256: policy.hash(),
        withdraw_uri: NoticeUri::parse("/_postern/consent").ok()?,
    })
}
