//! Hits of collectors on their way through the edge: recognised by their shape, and made anonymous.
//!
//! Sites put collectors behind their own host, on paths nobody can list and under types that say nothing.
//! So a hit is known by what it carries: [`glance`] looks at the address and says whether the body may
//! tell more, [`read_hit`] reads the body, [`Hit::strip`] takes identifiers out.
//!
//! What lives here: the order of these steps (`hit`); wrappings of bodies (`body`, `gzip`, `lz`, `fields`,
//! `multipart`); whose hits are looked for (`facts`) and how marks are compared (`marks`); taking out
//! (`rule`, `json`, `text`). What never does: what hits look like (the catalogue's vendor files), deciding who is asked, dropping or sending (the Worker),
//! cookies and headers (`crate::plan_request`).

mod body;
mod facts;
mod fields;
mod gzip;
mod hit;
mod json;
mod lz;
mod marks;
mod multipart;
mod rule;
mod text;

#[cfg(test)]
mod tests;

use postern_catalogue::{Payload, PayloadKind as Kind};

pub use hit::{CollectFacts, Glance, Hit, StrippedHit, glance, read_hit};

/// Longest body that is read, as it is sent. Hits are smaller: browsers send at most 64 KiB by beacon, and
/// posthog-js cuts its requests at less than 1 MiB. A longer body passes unread.
pub const BODY_BYTES_MAX: usize = 1024 * 1024;

/// Longest body inside of a wrapping. With what is parsed (72 bytes for each of at most [`VALUES_MAX`]
/// values) one request stays below 16 MiB of the isolate's 128 MB.
const DECODED_BYTES_MAX: usize = 4 * 1024 * 1024;

/// How much of a body that cannot be read whole is looked at: a collector's marks stand at its beginning.
const BEGINNING_BYTES: usize = 64 * 1024;

/// Most values in a JSON body that is parsed. A batch of 100 events has some 10,000.
const VALUES_MAX: usize = 65_536;

/// Most fields of a query or form that are looked at: a batch of 20 hits with 100 parameters each has 2,000.
const FIELDS_MAX: usize = 10_000;

/// Longest form with parts that is read: beacons are not longer, uploads are.
const MULTIPART_BYTES_MAX: usize = 64 * 1024;
