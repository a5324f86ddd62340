//! Consent receipts: what one says, its canonical bytes, its commitment, the seals on cookies and
//! sessions, how a receipt is appended so that none is lost, doubled or half written, and the [`log`] by which anyone can
//! check that none was changed.
//!
//! What lives here: every key operation, and the append algorithm over a small [`Store`].
//! What never does: HTTP, clocks, random numbers, HTML, SQL (the worker's), the policy file. All facts
//! arrive as arguments, in types that cannot hold an address, a path or a user agent.

mod canonical;
mod commitment;
mod field;
mod ledger;
pub mod log;
mod record;
mod seal;
mod time;

pub use canonical::{CanonicalError, canonical_json};
pub use commitment::{LEAF_PREFIX, Salt, commitment, leaf};
pub use field::{
    Client, ClientForm, Engine, FieldError, HostName, IdempotencyKey, NoticeUri, ReceiptId, Sha256Hex, Word,
};
pub use ledger::{
    Append, Appended, Capacity, DayRow, LedgerError, ReceiptRow, Store, add_views, append, days, erase,
    fill_log, outcome_named, receipts_of,
};
pub use record::{
    Act, Actor, Basis, EventType, Method, Notice, Previous, Purpose, PurposeState, Receipt, Setting,
    SignalsSeen, VendorState,
};
pub use seal::{
    CookieKey, KeyError, KeyRing, Role, SEALED_BYTES_MAX, SessionError, constant_time_eq, is_same_token,
    sha256,
};
pub use time::Timestamp;
