//! The Ledger: one Durable Object per site, receipts and counters in its SQLite. The algorithm is
//! `postern-receipt`'s; here are the statements, and the messages between Worker and object.
//!
//! A Durable Object answers only after its writes are durable (the platform's output gate), so an
//! acknowledged receipt is never lost. Nothing between reading and writing awaits.

use crate::answer;
use crate::site::Site;
use postern_consent::{CategorySet, Choice, Minutes, Signals, Subject};
use postern_receipt::{
    Act, Append, Capacity, Client, DayRow, HostName, IdempotencyKey, LedgerError, Method, Notice, NoticeUri,
    ReceiptId, ReceiptRow, Setting, Sha256Hex, Store, Word, outcome_named, sha256,
};
use postern_stats::{Day, ViewBatch};
use serde::{Deserialize, Serialize};
use std::rc::Rc;
use worker::{
    DurableObject, Env, Method as HttpMethod, Request, RequestInit, Response, Result, SqlStorage,
    SqlStorageValue, State, Stub, durable_object,
};

/// The binding in `wrangler.toml`.
const BINDING: &str = "LEDGER";

/// Room that only withdrawals may use: about 2,500 receipts.
const BYTES_RESERVED: u64 = 10_000_000;

/// One act, as the Worker sends it.
#[derive(Debug, Serialize, Deserialize)]
pub struct ActMessage {
    /// Host the visitor sees; the receipt's scope.
    pub host: String,
    /// 32 hex digits.
    pub subject: [u8; 16],
    /// Granted categories, bits.
    pub granted: u8,
    /// How it was expressed: index into [`METHODS`].
    pub method: usize,
    /// Language of the texts shown.
    pub lang: String,
    /// `Sec-GPC: 1`.
    pub gpc: bool,
    /// `DNT: 1`.
    pub dnt: bool,
    /// The user agent; reduced to engine and form before anything is stored.
    pub user_agent: String,
    /// The act's name, 32 hex digits.
    pub key: String,
    /// SHA-256 of the request's body.
    pub body_sha256: [u8; 32],
    /// The Worker's clock, Unix milliseconds.
    pub now_ms: u64,
}

/// Every way to express a choice.
pub const METHODS: [Method; 5] =
    [Method::AcceptAll, Method::RejectAll, Method::LayerTwoSave, Method::WithdrawAll, Method::PageSave];

/// What was recorded.
#[derive(Debug, Serialize, Deserialize)]
pub struct Recorded {
    /// The receipt's name.
    pub receipt_id: String,
    /// Whose it is.
    pub subject: [u8; 16],
    /// What it grants, bits.
    pub granted: u8,
    /// When it was decided, Unix milliseconds.
    pub at_unix_ms: u64,
}

impl Recorded {
    /// The choice as the cookie stores it.
    pub fn choice(&self, policy: postern_consent::PolicyTag) -> Option<Choice> {
        Some(Choice {
            granted: CategorySet::from_bits(self.granted)?,
            decided_at: Minutes::from_unix_ms(self.at_unix_ms),
            policy,
            subject: Subject(self.subject),
        })
    }
}

/// A receipt as its holder sees it.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReceiptMessage {
    /// Its name.
    pub receipt_id: String,
    /// When, Unix milliseconds.
    pub at_unix_ms: u64,
    /// What it amounts to, by name.
    pub outcome: String,
    /// What was on offer, bits.
    pub offered: u8,
    /// What it grants, bits.
    pub granted: u8,
}

/// Counts of one day.
#[derive(Debug, Serialize, Deserialize)]
pub struct DayMessage {
    /// Days since 1970-01-01.
    pub day: u32,
    /// views, shown, accepted, refused, partial, withdrawn.
    pub counts: [u64; 6],
}

/// The site's Ledger, to talk to. An error means there is none.
pub struct Ledger(Stub);

/// An answer of the Ledger that is no success.
#[derive(Debug)]
pub struct Refusal {
    /// The status to pass on.
    pub status: u16,
    /// What to tell the visitor.
    pub sentence: String,
}

impl Ledger {
    /// The Ledger of this site.
    pub fn of(site: &Site, env: &Env) -> std::result::Result<Self, Refusal> {
        let id = site.policy.as_ref().map_or("postern", |policy| policy.site.id.as_str());
        let stub = env.durable_object(BINDING).and_then(|namespace| namespace.get_by_name(id));
        stub.map(Self).map_err(|error| unavailable(&error.to_string()))
    }

    async fn ask(&self, path: &str, body: &str) -> std::result::Result<String, Refusal> {
        let call = async {
            let mut init = RequestInit::new();
            init.with_method(HttpMethod::Post).with_body(Some(body.into()));
            let request = Request::new_with_init(&format!("https://ledger.internal{path}"), &init)?;
            let mut response = self.0.fetch_with_request(request).await?;
            Ok::<_, worker::Error>((response.status_code(), response.text().await?))
        };
        match call.await {
            Ok((200, text)) => Ok(text),
            Ok((status, sentence)) => Err(Refusal { status, sentence }),
            Err(error) => Err(unavailable(&error.to_string())),
        }
    }

    /// Records an act. When this returns a value, the receipt is durable.
    pub async fn record(&self, act: &ActMessage) -> std::result::Result<Recorded, Refusal> {
        let body = serde_json::to_string(act).map_err(|error| unavailable(&error.to_string()))?;
        parse(&self.ask("/record", &body).await?)
    }

    /// Adds a batch of page views.
    pub async fn add_views(&self, batch: &ViewBatch) -> std::result::Result<(), Refusal> {
        self.ask("/views", &batch.write()).await.map(|_| ())
    }

    /// A subject's receipts, newest first.
    pub async fn receipts(&self, subject: Subject) -> std::result::Result<Vec<ReceiptMessage>, Refusal> {
        let body = serde_json::to_string(&subject.0).map_err(|error| unavailable(&error.to_string()))?;
        parse(&self.ask("/receipts", &body).await?)
    }

    /// The days counted, both ends included.
    pub async fn days(&self, from: Day, to: Day) -> std::result::Result<Vec<DayMessage>, Refusal> {
        parse(&self.ask("/days", &format!("[{},{}]", from.number(), to.number())).await?)
    }
}

fn parse<T: for<'text> Deserialize<'text>>(text: &str) -> std::result::Result<T, Refusal> {
    serde_json::from_str(text).map_err(|error| unavailable(&error.to_string()))
}

fn unavailable(cause: &str) -> Refusal {
    answer::log(&format!("the Ledger cannot be reached: {cause}"));
    Refusal { status: 503, sentence: "The record of choices cannot be reached just now.".into() }
}

/// The object that keeps the receipts of one site.
#[durable_object]
pub struct LedgerObject {
    sql: SqlStorage,
    site: Rc<Site>,
    is_ready: bool,
}

/// Statements that bring the storage to the next version, in order; never changed, only added to.
const MIGRATIONS: [&str; 1] = ["
CREATE TABLE receipts (
    seq INTEGER PRIMARY KEY,
    receipt_id TEXT NOT NULL UNIQUE,
    subject TEXT NOT NULL,
    at_unix_ms INTEGER NOT NULL,
    day INTEGER NOT NULL,
    offered INTEGER NOT NULL,
    granted INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    json TEXT NOT NULL,
    salt BLOB NOT NULL,
    commitment BLOB NOT NULL,
    key TEXT NOT NULL UNIQUE,
    body_sha256 BLOB NOT NULL
);
CREATE INDEX receipts_of_subject ON receipts (subject, seq);
CREATE TABLE days (
    day INTEGER PRIMARY KEY,
    views INTEGER NOT NULL DEFAULT 0,
    shown INTEGER NOT NULL DEFAULT 0,
    accepted INTEGER NOT NULL DEFAULT 0,
    refused INTEGER NOT NULL DEFAULT 0,
    partial INTEGER NOT NULL DEFAULT 0,
    withdrawn INTEGER NOT NULL DEFAULT 0
);
CREATE TRIGGER receipts_count AFTER INSERT ON receipts BEGIN
    INSERT INTO days (day, accepted, refused, partial, withdrawn)
    VALUES (NEW.day, NEW.outcome = 'accepted', NEW.outcome = 'refused', NEW.outcome = 'partial', NEW.outcome = 'withdrawn')
    ON CONFLICT (day) DO UPDATE SET
        accepted = accepted + excluded.accepted,
        refused = refused + excluded.refused,
        partial = partial + excluded.partial,
        withdrawn = withdrawn + excluded.withdrawn;
END;
"];

impl DurableObject for LedgerObject {
    fn new(state: State, env: Env) -> Self {
        let sql = state.storage().sql();
        let is_ready = migrate(&sql)
            .map_err(|error| answer::log(&format!("the Ledger cannot be opened: {error}")))
            .is_ok();
        Self { sql, site: Site::of(&env), is_ready }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        let body = request.text().await?;
        if !self.is_ready {
            return Response::error("The record of choices cannot be opened.", 503);
        }
        let mut store = SqlStore(self.sql.clone());
        match request.path().as_str() {
            "/record" => self.record(&mut store, &body),
            "/views" => {
                let Ok(batch) = ViewBatch::parse(&body) else { return Response::error("not a batch", 400) };
                for (day, views, shown) in batch.days() {
                    postern_receipt::add_views(&mut store, day.number(), views, shown).map_err(failed)?;
                }
                Response::ok("")
            }
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
}

impl LedgerObject {
    fn record(&self, store: &mut SqlStore, body: &str) -> Result<Response> {
        let message: ActMessage = serde_json::from_str(body)?;
        let (Some(setting), Some(method), Some(granted), Ok(key)) = (
            setting(&self.site, &message),
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
                method,
                signals: Signals { gpc: message.gpc, dnt: message.dnt },
                client: Client::of(&message.user_agent),
            },
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
    Some(Setting {
        controller: Word::parse(&policy.site.id).ok()?,
        profile: Word::parse(&policy.rules.legal.name).ok()?,
        rules: policy.profile(),
        scope,
        lang: Word::parse(&message.lang).or_else(|_| Word::parse(&policy.site.language)).ok()?,
        purposes: purposes
            .filter_map(|purpose| Some((purpose.category, policy.purpose_sha256(purpose.category)?)))
            .collect(),
        vendors_sha256: policy.vendors_sha256(),
        notice: Notice {
            uri: NoticeUri::parse(&policy.notice.url).ok()?,
            version: Word::parse(&policy.notice.version).ok()?,
            sha256: Sha256Hex(policy.texts_sha256()),
        },
        policy_sha256: policy.hash(),
        withdraw_uri: NoticeUri::parse("/_postern/consent").ok()?,
    })
}

/// Random bytes from the platform.
pub fn random<const N: usize>() -> [u8; N] {
    use wasm_bindgen::JsCast;
    let mut bytes = [0; N];
    let scope: web_sys::WorkerGlobalScope = js_sys::global().unchecked_into();
    // Without the platform's generator nothing may be named or salted: hashing the failure in would
    // make names guessable, so the whole request ends instead.
    if let Err(error) =
        scope.crypto().and_then(|crypto| crypto.get_random_values_with_u8_array(&mut bytes).map(|_| ()))
    {
        wasm_bindgen::throw_val(error);
    }
    bytes
}

/// SHA-256 of a request's body.
pub fn body_hash(body: &str) -> [u8; 32] {
    sha256(body.as_bytes())
}

fn migrate(sql: &SqlStorage) -> Result<()> {
    #[derive(Deserialize)]
    struct Version {
        version: usize,
    }
    sql.exec("CREATE TABLE IF NOT EXISTS meta (version INTEGER NOT NULL)", None)?;
    let rows: Vec<Version> = sql.exec("SELECT version FROM meta", None)?.to_array()?;
    let version = rows.first().map_or(0, |row| row.version);
    for (index, statements) in MIGRATIONS.iter().enumerate().skip(version) {
        sql.exec(statements, None)?;
        sql.exec("DELETE FROM meta", None)?;
        sql.exec("INSERT INTO meta (version) VALUES (?)", vec![(index as i64 + 1).into()])?;
    }
    Ok(())
}

struct SqlStore(SqlStorage);

const COLUMNS: &str = "seq, receipt_id, subject, at_unix_ms, day, offered, granted, outcome, json, salt, commitment, key, body_sha256";

impl SqlStore {
    fn rows(&self, tail: &str, bindings: Vec<SqlStorageValue>) -> Result<Vec<ReceiptRow>> {
        let cursor = self.0.exec(&format!("SELECT {COLUMNS} FROM receipts {tail}"), bindings)?;
        cursor.raw().map(|row| read_row(row?)).collect()
    }
}

fn integer(number: u64) -> Result<SqlStorageValue> {
    let number = i64::try_from(number).map_err(|error| worker::Error::RustError(error.to_string()))?;
    SqlStorageValue::try_from_i64(number)
}

fn read_row(values: Vec<SqlStorageValue>) -> Result<ReceiptRow> {
    let mut values = values.into_iter();
    let bad = |column: &str| worker::Error::RustError(format!("a stored receipt has no readable {column}"));
    let mut whole = |column: &str| match values.next() {
        Some(SqlStorageValue::Integer(number)) => {
            Ok(Value::Number(u64::try_from(number).map_err(|_| bad(column))?))
        }
        Some(SqlStorageValue::String(text)) => Ok(Value::Text(text)),
        Some(SqlStorageValue::Blob(bytes)) => Ok(Value::Bytes(bytes)),
        _ => Err(bad(column)),
    };
    Ok(ReceiptRow {
        seq: whole("seq")?.number().ok_or_else(|| bad("seq"))?,
        receipt_id: ReceiptId::parse(&whole("receipt_id")?.text()).map_err(|_| bad("receipt_id"))?,
        subject: whole("subject")?.text(),
        at_unix_ms: whole("at_unix_ms")?.number().ok_or_else(|| bad("at_unix_ms"))?,
        day: whole("day")?.number().and_then(|day| u32::try_from(day).ok()).ok_or_else(|| bad("day"))?,
        offered: whole("offered")?.set().ok_or_else(|| bad("offered"))?,
        granted: whole("granted")?.set().ok_or_else(|| bad("granted"))?,
        outcome: outcome_named(&whole("outcome")?.text()).ok_or_else(|| bad("outcome"))?,
        json: whole("json")?.text(),
        salt: whole("salt")?.hash().ok_or_else(|| bad("salt"))?,
        commitment: whole("commitment")?.hash().ok_or_else(|| bad("commitment"))?,
        key: IdempotencyKey::parse(&whole("key")?.text()).map_err(|_| bad("key"))?,
        body_sha256: whole("body_sha256")?.hash().ok_or_else(|| bad("body_sha256"))?,
    })
}

enum Value {
    Number(u64),
    Text(String),
    Bytes(Vec<u8>),
}

impl Value {
    fn number(self) -> Option<u64> {
        if let Self::Number(number) = self { Some(number) } else { None }
    }

    fn set(self) -> Option<CategorySet> {
        u8::try_from(self.number()?).ok().and_then(CategorySet::from_bits)
    }

    fn text(self) -> String {
        if let Self::Text(text) = self { text } else { String::new() }
    }

    fn hash(self) -> Option<[u8; 32]> {
        if let Self::Bytes(bytes) = self { bytes.try_into().ok() } else { None }
    }
}

impl Store for SqlStore {
    type Error = worker::Error;

    fn find_key(&self, key: &IdempotencyKey) -> Result<Option<ReceiptRow>> {
        Ok(self.rows("WHERE key = ?", vec![key.as_str().into()])?.pop())
    }

    fn find_latest(&self, subject: &str) -> Result<Option<ReceiptRow>> {
        Ok(self.rows("WHERE subject = ? ORDER BY seq DESC LIMIT 1", vec![subject.into()])?.pop())
    }

    fn list_subject(&self, subject: &str, limit: u32) -> Result<Vec<ReceiptRow>> {
        self.rows(
            "WHERE subject = ? ORDER BY seq DESC LIMIT ?",
            vec![subject.into(), i64::from(limit).into()],
        )
    }

    fn bytes_used(&self) -> Result<u64> {
        Ok(self.0.database_size() as u64)
    }

    fn insert(&mut self, row: &ReceiptRow) -> Result<u64> {
        #[derive(Deserialize)]
        struct Inserted {
            seq: u64,
        }
        let values = vec![
            row.receipt_id.as_str().into(),
            row.subject.as_str().into(),
            integer(row.at_unix_ms)?,
            i64::from(row.day).into(),
            i64::from(row.offered.bits()).into(),
            i64::from(row.granted.bits()).into(),
            row.outcome.name().into(),
            row.json.as_str().into(),
            row.salt.to_vec().into(),
            row.commitment.to_vec().into(),
            row.key.as_str().into(),
            row.body_sha256.to_vec().into(),
        ];
        let columns = COLUMNS.trim_start_matches("seq, ");
        let statement =
            format!("INSERT INTO receipts ({columns}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?) RETURNING seq");
        let inserted: Inserted = self.0.exec(&statement, values)?.one()?;
        Ok(inserted.seq)
    }

    fn add_views(&mut self, day: u32, views: u64, shown: u64) -> Result<()> {
        let statement = "INSERT INTO days (day, views, shown) VALUES (?, ?, ?) \
                         ON CONFLICT (day) DO UPDATE SET views = views + excluded.views, shown = shown + excluded.shown";
        self.0.exec(statement, vec![i64::from(day).into(), integer(views)?, integer(shown)?]).map(|_| ())
    }

    fn list_days(&self, from: u32, to: u32) -> Result<Vec<DayRow>> {
        #[derive(Deserialize)]
        struct Row {
            day: u32,
            views: u64,
            shown: u64,
            accepted: u64,
            refused: u64,
            partial: u64,
            withdrawn: u64,
        }
        let cursor = self.0.exec(
            "SELECT day, views, shown, accepted, refused, partial, withdrawn FROM days WHERE day BETWEEN ? AND ? ORDER BY day",
            vec![i64::from(from).into(), i64::from(to).into()],
        )?;
        let rows: Vec<Row> = cursor.to_array()?;
        Ok(rows
            .into_iter()
            .map(|row| DayRow {
                day: row.day,
                views: row.views,
                shown: row.shown,
                accepted: row.accepted,
                refused: row.refused,
                partial: row.partial,
                withdrawn: row.withdrawn,
            })
            .collect())
    }
}
