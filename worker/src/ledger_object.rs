//! The Durable Object that keeps the receipts of one site. The algorithm is `postern-receipt`'s, the
//! statements are `ledger_store.rs`'s. Nothing between reading and writing awaits.

use crate::answer;
use crate::bucket::Bucket;
use crate::ledger::{CHANGED, Ledger, Refusal};
use crate::ledger_schema::migrate;
use crate::ledger_store::SqlStore;
use crate::messages::{ActMessage, METHODS, Recorded, Standing};
use crate::random::random;
use crate::settings::setting;
use crate::site::Site;
use crate::sites::Sites;
use crate::{sealing, sweeping, witnessing, zone};
use postern_consent::{CategorySet, Shard, Signals, Subject};
use postern_receipt::log::{LogStore, Tile};
use postern_receipt::{
    Act, Append, Capacity, Client, EntryKind, IdempotencyKey, LedgerError, Pictures, Rule, Sha256Hex, Store,
    Throttle, TooOften, Word,
};
use postern_stats::{Batch, SeenBatch};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;
use worker::{DurableObject, Env, Request, Response, Result, SqlStorage, State, Storage, durable_object};

/// Room that only withdrawals may use: about 2,500 receipts.
const BYTES_RESERVED: u64 = 10_000_000;

/// The object that keeps the receipts of one site.
#[durable_object(alarm)]
pub struct LedgerObject {
    storage: Storage,
    sql: SqlStorage,
    /// The site, as far as it is known: until the first message says which, it is the only one of the deployment, or none.
    site: RefCell<Rc<Site>>,
    /// Has a message said which?
    is_named: Cell<bool>,
    env: Env,
    bucket: Option<Bucket>,
    is_ready: bool,
    /// When the alarm rings that this object has set since it lives, Unix milliseconds; the largest number if none.
    alarm_ms: Cell<u64>,
    /// Is that alarm for sealing? Then nothing is sooner.
    is_sealing_set: Cell<bool>,
    /// How often which addresses acted.
    throttle: RefCell<Throttle>,
    /// How soon what time does to receipts may be seen to again.
    sweep_after: Cell<Duration>,
    /// Which shard of the site's Ledger it is; `None` until the first message says so.
    shard: Cell<Option<Shard>>,
    /// The last version that a shard beside the main one has seen to.
    release: Cell<Option<u64>>,
    /// How soon witnesses are asked again, if one has not signed.
    witness_after: Cell<Option<Duration>>,
    /// A tenth of a second, how many acts came in it, and how many in the one before.
    acts_of: Cell<(u64, u32, u32)>,
}

impl DurableObject for LedgerObject {
    fn new(state: State, env: Env) -> Self {
        let storage = state.storage();
        let sql = storage.sql();
        let is_ready = migrate(&sql)
            .map_err(|error| answer::log(&format!("the Ledger cannot be opened: {error}")))
            .is_ok();
        let (id, shard) = SqlStore(sql.clone()).own_place().ok().flatten().unzip();
        let id = id.unwrap_or_default();
        let site = Sites::of(&env).of_ledger(&env, &id);
        let bucket = Bucket::of(&env);
        Self {
            storage,
            sql,
            site: RefCell::new(site),
            is_named: Cell::new(!id.is_empty()),
            env,
            bucket,
            is_ready,
            alarm_ms: Cell::new(u64::MAX),
            is_sealing_set: Cell::new(false),
            throttle: RefCell::new(Throttle::new(random(), worker::Date::now().as_millis())),
            sweep_after: Cell::new(Duration::ZERO),
            shard: Cell::new(shard),
            release: Cell::new(None),
            witness_after: Cell::new(None),
            acts_of: Cell::new((0, 0, 0)),
        }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        let path = request.path();
        let Some((id, shard, path)) = message_of(&path) else {
            return Response::error("no such message", 404);
        };
        if !self.is_ready {
            return Response::error("The record of choices cannot be opened.", 503);
        }
        // Counts wait at the edge, where they gather: no decision waits behind them.
        if path == "/views" && self.count_act(0) > ACTS_BEFORE_COUNTS {
            return Response::error("Decisions come first.", 503);
        }
        if path == "/record" {
            self.count_act(1);
        }
        let body = request.text().await?;
        let mut store = SqlStore(self.sql.clone());
        if !self.is_named.get() {
            store.keep_own_place(id, shard)?;
            self.site.replace(Sites::of(&self.env).of_ledger(&self.env, id));
            self.shard.set(Some(shard));
            self.is_named.set(true);
        }
        if self.shard.get() != Some(shard) {
            return Response::error("That is another shard.", 500);
        }
        let answer = self.answer(&mut store, path, &body).await;
        self.set_alarm(&store).await;
        answer
    }

    /// Sees to what time does to receipts, and seals what has gathered.
    async fn alarm(&self) -> Result<Response> {
        self.is_sealing_set.set(false);
        self.alarm_ms.set(u64::MAX);
        if self.is_ready {
            let site = self.site();
            let mut store = SqlStore(self.sql.clone());
            let now_ms = worker::Date::now().as_millis();
            self.sweep_after.set(sweeping::sweep(&mut store, &site, now_ms, self.capacity()));
            if let Err(error) = sealing::seal(&mut store, &site, self.own_shard(), self.bucket.as_ref()).await
            {
                answer::log(&format!("the log of receipts is not sealed: {error}"));
            }
            if let Err(error) = store.count_receipts() {
                answer::log(&format!("receipts are not counted: {error}"));
            }
            let witnesses = site.log.witnesses.as_deref().unwrap_or_default();
            let is_witnessed = witnessing::cosign(&mut store, witnesses).await;
            self.witness_after.set((!is_witnessed).then_some(site.log.seal_after));
            // What came while the platform signed, or could not be sealed now, is sealed next time.
            self.set_alarm(&store).await;
        }
        Response::ok("")
    }
}

impl LedgerObject {
    async fn answer(&self, store: &mut SqlStore, path: &str, body: &str) -> Result<Response> {
        match path {
            "/record" => self.record(store, body).await,
            "/knows" => Response::ok(if store.knows(body)? { "known" } else { "" }),
            "/first-kept" => Response::ok(store.first_kept()?.to_string()),
            "/shards" => Response::ok(store.count_shards(body)?),
            "/version" => match store.version_at(serde_json::from_str(body)?)? {
                Some(version) => Response::ok(version),
                None => Response::error(CHANGED, 409),
            },
            "/register" => Response::ok(store.register()?),
            "/note" | "/change-register" | "/release" | "/publish" => {
                let mut parts = body.splitn(3, '\t');
                let (Some(Ok(now_ms)), Some(who), Some(what)) =
                    (parts.next().map(str::parse), parts.next(), parts.next())
                else {
                    return Response::error("not an act", 400);
                };
                if path == "/release" {
                    let shards = store.count_shards(what)?;
                    return match store.release(&self.site(), now_ms, who, &shards)? {
                        Some(said) => Response::ok(said),
                        None => Response::error("There is no version in the log that may be shown.", 409),
                    };
                }
                if path == "/publish" {
                    let hash = |hex: &str| Sha256Hex::parse(hex).ok();
                    let pictures = match (hash(who), hash(what)) {
                        (Some(desktop), Some(phone)) => Some(Pictures { desktop, phone }),
                        _ if who.is_empty() && what.is_empty() => None,
                        _ => return Response::error("Two pictures are named, by 64 hex digits each.", 400),
                    };
                    return match store.publish(&self.site(), now_ms, pictures.as_ref())? {
                        Some(place) => Response::ok(place.to_string()),
                        None => Response::error("The policy cannot be read.", 503),
                    };
                }
                let done = match path {
                    "/note" => store.note(self.capacity(), now_ms, who, what).map(Ok),
                    _ => store.change_register(self.capacity(), now_ms, who, what),
                };
                match done? {
                    Ok(()) => Response::ok(""),
                    Err(sentence) => Response::error(sentence, 400),
                }
            }
            "/token" => match self.admit(Rule::TOKENS, body) {
                Ok(()) => Response::ok(""),
                Err(refused) => Response::error(refused.to_string(), 429),
            },
            "/views" | "/late-views" => {
                let Some((name, Ok(batch))) =
                    body.split_once('\n').map(|(name, cells)| (name, Batch::parse(cells)))
                else {
                    return Response::error("not a batch", 400);
                };
                store.add_batch(name, &batch, worker::Date::now().as_millis())?;
                Response::ok("")
            }
            "/see" => {
                let Ok(batch) = SeenBatch::parse(body) else { return Response::error("not a batch", 400) };
                store.add_seen(&batch)?;
                Response::ok("")
            }
            "/seen" => Response::ok(store.seen()?),
            "/receipts" => {
                let subject = Subject(serde_json::from_str(body)?);
                let rows = postern_receipt::receipts_of(store, subject).map_err(failed)?;
                let is_restricted = postern_receipt::is_restricted(store, subject).map_err(failed)?;
                Response::ok(Standing::write(&rows, is_restricted))
            }
            "/export" => {
                let subject = Subject(serde_json::from_str(body)?);
                let rows = postern_receipt::receipts_of(store, subject).map_err(failed)?;
                Response::ok(sealing::export(store, &self.site().log, self.own_shard(), &rows).await?)
            }
            "/archive" => Response::ok(store.archive(self.own_shard(), serde_json::from_str(body)?)?),
            "/archive-acts" => {
                let from = serde_json::from_str(body)?;
                Response::ok(store.archive_entries(self.own_shard(), EntryKind::Act, from)?)
            }
            "/archive-releases" => {
                let from = serde_json::from_str(body)?;
                Response::ok(store.archive_entries(self.own_shard(), EntryKind::Release, from)?)
            }
            "/receipt" => Response::ok(store.archived_receipt(self.own_shard(), body)?),
            "/policy" => Response::ok(store.policy_at(serde_json::from_str(body)?)?.unwrap_or_default()),
            "/checkpoint" => Response::ok(store.sealed()?.map_or(String::new(), |sealed| sealed.note)),
            "/unsealed" => Response::ok(store.unsealed_since()?),
            "/file" => {
                let size = store.sealed()?.map_or(0, |sealed| sealed.size);
                let bytes = match Tile::parse(body) {
                    Some(tile) => store.log_file(&tile, size)?,
                    None => None,
                };
                Response::from_bytes(bytes.unwrap_or_default())
            }
            "/erase" => {
                let (subject, now_ms) = serde_json::from_str(body)?;
                let day = zone::day(&self.site(), now_ms).number();
                postern_receipt::erase(store, Subject(subject), day).map_err(failed)?;
                Response::ok("")
            }
            "/restrict" => {
                let (subject, now_ms, is_restricted) = serde_json::from_str(body)?;
                let change = if is_restricted { postern_receipt::restrict } else { postern_receipt::lift };
                change(store, Subject(subject), now_ms).map_err(failed)?;
                Response::ok("")
            }
            "/cells" => Response::ok(store.cells_since(serde_json::from_str(body)?)?),
            _ => Response::error("no such message", 404),
        }
    }

    /// Sees to it that the alarm rings as soon as there is something to do. Nothing else fails for it: the next message
    /// tries again.
    async fn set_alarm(&self, store: &SqlStore) {
        if self.is_sealing_set.get() {
            return;
        }
        let log = &self.site().log;
        let seal_after =
            (log.keys.is_ok() && sealing::is_due(store).unwrap_or(true)).then_some(log.seal_after);
        let now_ms = worker::Date::now().as_millis();
        let sweep_after = match store.next_due() {
            Ok(due) => {
                due.map(|due| Duration::from_millis(due.saturating_sub(now_ms)).max(self.sweep_after.get()))
            }
            Err(_) => Some(self.sweep_after.get()),
        };
        let witness_after = self.witness_after.get();
        let Some(after) = seal_after.into_iter().chain(sweep_after).chain(witness_after).min() else {
            return;
        };
        let alarm_ms = now_ms.saturating_add(u64::try_from(after.as_millis()).unwrap_or(u64::MAX));
        if alarm_ms >= self.alarm_ms.get() && seal_after.is_none() {
            return;
        }
        self.alarm_ms.set(alarm_ms);
        self.is_sealing_set.set(seal_after.is_some());
        if let Err(error) = self.storage.set_alarm(after).await {
            self.alarm_ms.set(u64::MAX);
            self.is_sealing_set.set(false);
            answer::log(&format!("no alarm could be set for the record of choices: {error}"));
        }
    }

    fn admit(&self, rule: Rule, address: &str) -> std::result::Result<(), TooOften> {
        self.throttle.borrow_mut().admit(rule, address, worker::Date::now().as_millis(), random)
    }

    fn capacity(&self) -> Capacity {
        Capacity { bytes_max: self.site().ledger_bytes_max, bytes_reserved: BYTES_RESERVED }
    }

    /// The site as it was shown to who acted; a version that this code does not show is none. Who only takes back was asked
    /// nothing.
    fn site_at(&self, store: &SqlStore, message: &ActMessage) -> Option<Rc<Site>> {
        let Some(release) = message.release else {
            return message.is_refusal().then(|| self.site());
        };
        let source = store.policy_at(release).ok()??;
        Some(if source == self.site().source { self.site() } else { self.site().under(&self.env, &source) })
    }

    /// How many acts came in this tenth of a second or, if it were more, in the one before, with so many more now.
    fn count_act(&self, more: u32) -> u32 {
        let tenth = worker::Date::now().as_millis() / 100;
        let (of, count, before) = self.acts_of.get();
        let (count, before) = match tenth.saturating_sub(of) {
            0 => (count, before),
            1 => (0, count),
            _ => (0, 0),
        };
        self.acts_of.set((tenth, count + more, before));
        (count + more).max(before)
    }

    fn site(&self) -> Rc<Site> {
        Rc::clone(&self.site.borrow())
    }

    fn own_shard(&self) -> Shard {
        self.shard.get().unwrap_or_default()
    }

    /// Sees to it that a shard beside the main one has the version in its log that an act names.
    async fn adopt(&self, store: &mut SqlStore, place: u64) -> std::result::Result<(), Refusal> {
        let failed = |error: worker::Error| Refusal { status: 503, sentence: error.to_string() };
        if self.own_shard() == Shard::FIRST
            || self.release.get() == Some(place)
            || store.has_release(place).map_err(failed)?
        {
            self.release.set(Some(place));
            return Ok(());
        }
        let version = Ledger::of(&self.site(), &self.env)?.version_at(place).await?;
        // Another act may have done it meanwhile.
        if !store.has_release(place).map_err(failed)? {
            store.adopt(&version, place, worker::Date::now().as_millis()).map_err(failed)?;
        }
        self.release.set(Some(place));
        Ok(())
    }

    async fn record(&self, store: &mut SqlStore, body: &str) -> Result<Response> {
        let Some(mut message) = ActMessage::parse(body) else { return Response::error("not an act", 400) };
        // Before anything is looked up or read for it, whatever it names.
        let rule = if message.is_refusal() { Rule::REFUSALS } else { Rule::DECISIONS };
        let rule = Rule { max: self.site().decisions_per_minute, ..rule };
        if let Err(refused) = self.admit(rule, &message.address) {
            return Response::error(format!("Choices come {refused}."), 429);
        }
        if let Some(place) = message.release
            && let Err(Refusal { status, sentence }) = self.adopt(store, place).await
        {
            if !message.is_refusal() {
                return Response::error(sentence, status);
            }
            // Taking back needs no version, and none is named that this log does not have.
            message.name_no_version();
        }
        // Nothing from here on awaits.
        let setting_then = |message: &ActMessage| {
            self.site().memory.settings.of(message, || setting(&*self.site_at(store, message)?, message))
        };
        let mut found = setting_then(&message);
        if found.is_none() && message.release.is_some() {
            // While a deployment goes round, an edge of the version before may still ask. What is taken back is taken.
            if !message.is_refusal() {
                return Response::error(CHANGED, 409);
            }
            message.name_no_version();
            found = setting_then(&message);
        }
        let (Some(setting), Some(method), Some(granted), Ok(key)) = (
            found,
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
            day: zone::day(&self.site(), message.now_ms).number(),
            facts: message.facts,
            capacity: self.capacity(),
        };
        match postern_receipt::append(store, &append) {
            Ok(appended) => {
                let row = appended.receipt;
                Response::ok(
                    Recorded {
                        subject: subject_bytes(&row.subject).unwrap_or(message.subject),
                        receipt_id: row.receipt_id.as_str().to_string(),
                        granted: row.granted.bits(),
                        vendors: row.vendors.iter().map(ToString::to_string).collect(),
                        is_answered: row.is_answered,
                        decided_ms: row.decided_unix_ms,
                        commitment: row.commitment,
                        leaf_index: row.leaf_index(),
                        at_unix_ms: row.at_unix_ms,
                    }
                    .write(),
                )
            }
            Err(LedgerError::Conflict) => Response::error(LedgerError::<()>::Conflict.to_string(), 422),
            Err(LedgerError::Full { bytes_used, bytes_max }) => {
                answer::log(&format!(
                    "the Ledger is full: {bytes_used} of {bytes_max} bytes; raise LEDGER_BYTES_MAX, or see docs/ledger.md"
                ));
                Response::error("The record of choices is full.", 503)
            }
            Err(error) => Err(failed(error)),
        }
    }
}

/// Acts in a tenth of a second from which on a Ledger takes no counts: at about twice that many it can take no more acts
/// (`docs/ledger.md`).
const ACTS_BEFORE_COUNTS: u32 = 20;

/// Site, shard and name of a message: `/<site>/<shard>/<name>`.
fn message_of(path: &str) -> Option<(&str, Shard, &str)> {
    let (id, rest) = path.get(1..)?.split_once('/')?;
    let (shard, name) = rest.split_once('/')?;
    Some((id, Shard(shard.parse().ok()?), path.get(path.len() - name.len() - 1..)?))
}

fn subject_bytes(hex: &str) -> Option<[u8; 16]> {
    u128::from_str_radix(hex, 16).ok().map(u128::to_be_bytes)
}

fn failed<E: std::fmt::Debug>(error: LedgerError<E>) -> worker::Error {
    worker::Error::RustError(format!("{error:?}"))
}
