//! What the edge does to traffic, as pure plans over facts and a decision.
//!
//! What lives here: [`plan_request`] and [`plan_response`], the streaming [`PageRewriter`] and [`XmlRewriter`],
//! and the rules they share for addresses, cookies, parameters, charsets and CSP.
//! What never does: the network, the `worker` crate, clocks, markup of our own (the caller brings
//! it), deciding what is granted (`postern-consent`). What no rule here names passes byte for byte.

mod address;
mod charset;
mod cookies;
mod csp;
mod css;
mod grants;
mod hints;
mod html;
mod lockdown;
mod locked;
mod origin;
mod own_file;
mod payload;
mod query;
mod references;
mod request;
mod response;
mod response_headers;
mod script;
mod signals;
mod stub_rows;
mod xml;

pub use charset::{Charset, PRESCAN_BYTES};
pub use cookies::{OWN_COOKIE_PREFIX, cookie_value, expire_denied};
pub use csp::OwnSources;
pub use grants::{Grants, Verdict};
pub use hints::{OF_VISITOR, TELLING};
pub use html::{Injection, PageRewriter, RewriteError, Seen};
pub use lockdown::{REPORT_PATH, lockdown_policy};
pub use locked::{LOCKED_POLICY, LinkFilter, break_out, is_locked_target, locked_target};
pub use origin::{map_location, map_set_cookie};
pub use own_file::{FILE_BYTES_MAX, FileKind, FilePlan, plan_file};
pub use payload::{BODY_BYTES_MAX, CollectFacts, Glance, Hit, StrippedHit, glance, read_hit};
pub use query::{held_query, strip_denied};
pub use request::{RequestFacts, RequestPlan, StrangeCookies, plan_request, strange_cookies, stripped};
pub use response::{BodyPlan, Destination, Locked, ResponseFacts, ResponsePlan, Syntax, plan_response};
pub use signals::signals;
pub use stub_rows::stub_rows;
pub use xml::XmlRewriter;

/// Header names and values in the order they came; names lower-case.
pub type Headers = Vec<(String, String)>;
