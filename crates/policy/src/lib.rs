//! The site's file, `postern.toml`: parsed strictly, linted, hashed, turned into a [`Profile`].
//!
//! What lives here: the shape of the file, every rule on what may stand in it, the legal profiles'
//! numbers (`profiles.toml`), the built-in texts (`texts/`, a file for each language,
//! made a table by `build.rs`), which of them a visitor reads, the hashes of what is asked, and what one file changes of another.
//! What never does: vendor facts (they arrive as [`KnownVendor`]s), markup (`postern-view`), I/O.
//!
//! ```
//! let text = include_str!("../../../postern.toml");
//! let known = [("ga4", postern_consent::Category::Analytics, "Google Analytics 4")];
//! match postern_policy::Policy::parse(text, &known) {
//!     Ok(policy) => println!("{:08x}", policy.tag().0),
//!     Err(error) => println!("{error}"), // one line per fault: where, what, and the fix
//! }
//! ```
//!
//! [`Profile`]: postern_consent::Profile

mod cause;
mod changes;
mod error;
mod experiment;
mod figures;
mod hash;
mod language;
mod legal;
mod lint;
mod options;
mod parse;
mod policy;
mod rules;
#[cfg(test)]
mod schema_tests;
mod section;
mod sites;
mod texts;
mod theme;
mod value;
mod vendor;
mod words;

pub use cause::Cause;
pub use changes::Changes;
pub use error::{FILE_NAME, Issue, PolicyError};
pub use experiment::{Experiment, Variant};
pub use figures::Figures;
pub use language::Language;
pub use legal::{
    COOKIE_DAYS_MAX, GpcRule, LegalProfile, Model, Region, STRICTEST, legal_profile, legal_profile_for,
    legal_profile_names,
};
pub use options::{ClearTarget, ConsentMode, Edge, Receipts};
pub use policy::{Authority, Banner, Change, Controller, Layout, Notice, Policy, Purpose, Reopen, Site};
pub use rules::{BY_COUNTRY, Rules};
pub use sites::Clash;
pub use texts::Texts;
pub use theme::{Colour, Colours, Font, Scheme, Theme};
pub use vendor::{KnownVendor, Role, Transfer, Vendor};
