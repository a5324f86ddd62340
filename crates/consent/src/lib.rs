//! The consent vocabulary, the stored state and the one decision rule.
//!
//! What lives here: categories and sets of them, browser signals, the legal profile's numbers, the
//! cookie payload's bytes, [`decide`], and the mapping to Consent Mode.
//! What never does: keys and MACs (`postern-receipt`), vendor facts (`postern-catalogue`), the
//! site's file (`postern-policy`), clocks, I/O. Everything arrives as an argument, and everything
//! unknown ends in [`Decision::deny_all`].
#![no_std]

mod category;
mod consent_mode;
mod decision;
mod outcome;
mod payload;
mod shard;
mod signals;
mod time;
mod vendors;

pub use category::{Category, CategorySet, Need};
pub use consent_mode::{CONSENT_MODE_SIGNALS, consent_mode};
pub use decision::{Decision, Profile, Reason, State, decide};
pub use outcome::{Granted, Outcome};
pub use payload::{Choice, PAYLOAD_LEN_MAX, Payload, PayloadError, PolicyTag, Subject};
pub use shard::{Shard, Shards};
pub use signals::{Signal, Signals};
pub use time::Minutes;
pub use vendors::VendorSet;
