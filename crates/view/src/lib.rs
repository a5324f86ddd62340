//! Values to markup: the banner that goes into pages, and the pages we serve ourselves.
//!
//! What lives here: structure, hooks, CSS, words of the dashboard. What never does: state, I/O, rules on
//! consent (`postern-consent`), the site's words (`postern-policy`).
//!
//! Hooks that clients may rely on: `#postern`, `#postern-settings`, `data-consent-action`
//! (`accept`, `reject`, `settings`, `save`, `withdraw`, `close`, `open`), `data-consent-category`.

mod banner;
mod choices;
mod consent_page;
mod css;
mod dashboard;
mod fill;
mod page;
mod reopen;
mod signal_notes;

pub use banner::{BannerFacts, banner};
pub use consent_page::{ConsentPage, ReceiptLine, consent_page};
pub use css::{BANNER_CSS, PAGE_CSS, banner_css, css_hash, reopen_css};
pub use dashboard::{DashboardFacts, RANGES_DAYS, dashboard};
pub use maud::Markup;
pub use page::{error_page, login_page};
pub use reopen::{REOPEN_CSS, embed_note, reopen};

/// Where both layers and the consent page post a choice.
pub const DECISION_PATH: &str = "/_postern/decision";
/// The page that shows and changes a choice without JavaScript.
pub const CONSENT_PATH: &str = "/_postern/consent";
/// The dashboard.
pub const DASHBOARD_PATH: &str = "/_postern/dashboard";
/// Where the login form posts its token.
pub const LOGIN_PATH: &str = "/_postern/login";
/// Where the dashboard's log-out button posts.
pub const LOGOUT_PATH: &str = "/_postern/logout";
/// The stylesheet of the pages we serve ourselves: [`PAGE_CSS`].
pub const PAGE_CSS_PATH: &str = "/_postern/page.css";

/// The consent page in that language.
fn consent_address(language: &postern_policy::Language) -> String {
    format!("{CONSENT_PATH}?lang={}", language.tag)
}

/// A text as the value of a parameter. Source: RFC 3986 section 2.3.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
