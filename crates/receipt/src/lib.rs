//! Consent receipts: what one says, its canonical bytes, its commitment, the seals on cookies and
//! sessions, how a receipt is appended so that none is lost, doubled or half written, and the [`log`] by which anyone can
//! check that none was changed.
//!
//! What lives here: every key operation, and the append algorithm over a small [`Store`].
//! What never does: HTTP, clocks, random numbers, HTML, SQL (the worker's), the policy file. All facts
//! arrive as arguments, in types that cannot hold an address, a path or a user agent.

mod access;
mod assertion;
mod canonical;
mod commitment;
mod entry;
pub mod export;
mod field;
mod ledger;
pub mod log;
mod record;
mod register;
mod release;
mod retention;
mod seal;
mod store;
mod throttle;
mod time;

/// The JSON Schema of receipts, draft 2020-12.
pub const SCHEMA_JSON: &str = include_str!("../receipt.schema.json");

pub use access::{Access, AccessError, Person, Role};
pub use assertion::{Assertion, AssertionError, Expected, People, PeopleError};
pub use canonical::{CanonicalError, canonical_json};
pub use commitment::{LEAF_PREFIX, Salt, commitment, leaf};
pub use entry::{ADMIN_ACT_SCHEMA, Entry, EntryKind, admin_act_json, append_entry};
pub use field::{
    Client, ClientForm, Engine, FieldError, HostName, IdempotencyKey, NoticeUri, ReceiptId, Sha256Hex, Word,
};
pub use ledger::{
    Append, Appended, Capacity, Fresh, LedgerError, append, erase, expire, fill_log, is_restricted, lift,
    outcome_named, purge, receipts_of, restrict, sweep,
};
pub use record::{
    Act, Actor, Basis, EventType, Method, Notice, Previous, Purpose, PurposeState, Receipt, Setting,
    SignalsSeen, VendorState,
};
pub use register::{RegisterError, Request, RequestKind, RequestStanding};
pub use release::{Pictures, RELEASE_SCHEMA, Release};
pub use retention::{ExpiryError, KEEP_MONTHS_DEFAULT, Retention, expiry_json, expiry_key, purge_unix_ms};
pub use seal::{CookieKey, KeyError, KeyRing, SEALED_BYTES_MAX, SessionError, constant_time_eq, sha256};
pub use store::{Ended, ReceiptRow, Store};
pub use throttle::{Rule, Throttle, TooOften};
pub use time::Timestamp;
