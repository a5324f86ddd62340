//! Values to markup: the banner that goes into pages, and the pages we serve ourselves.
//!
//! What lives here: structure, hooks, CSS, words of the dashboard. What never does: state, I/O, rules on
//! consent (`postern-consent`), the site's words (`postern-policy`).
//!
//! Hooks that clients may rely on: `#postern`, `#postern-settings`, `data-consent-action`
//! (`accept`, `reject`, `settings`, `save`, `withdraw`, `close`, `open`, `copy`, `export`, `erase`), `data-consent-category`,
//! `data-consent-vendor`.

mod banner;
mod change;
mod choices;
mod consent_page;
mod css;
mod dashboard;
mod fill;
mod held;
mod page;
mod reopen;
mod requests;
mod shown;
mod signal_notes;
mod tree;
mod vendors;

pub use banner::{BannerFacts, OwnReceipt, RECEIPT_CSS, banner};
pub use change::CHANGE_CSS;
pub use consent_page::{ConsentPage, Load, ReceiptLine, consent_page};
pub use css::{BANNER_CSS, PAGE_CSS, banner_css, css_hash, held_css, reopen_css};
pub use dashboard::{
    AlertLine, Beside, Dashboard, Locale, Mark, Overview, Place, SiteFigures, SiteLine, Standing, Sum, Tried,
    VendorName, alert_text, beside_name, dashboard, dashboard_refusal, figures_address, sites, stop_text,
    today, told_of, week_text,
};
pub use held::{HELD_CSS, held_note};
pub use maud::Markup;
pub use page::{error_page, login_page, not_saved_page};
pub use reopen::{REOPEN_CSS, ReopenFacts, reopen};
pub use requests::{ActLine, RequestLine, RequestsPage, requests_page};
pub use shown::shown_page;
pub use tree::tree;
pub use vendors::{Granted, VendorTraces};

/// Where both layers and the consent page post a choice.
pub const DECISION_PATH: &str = "/_postern/decision";
/// The page that shows and changes a choice without JavaScript.
pub const CONSENT_PATH: &str = "/_postern/consent";
/// The receipts of whoever asks, as JSON.
pub const RECEIPTS_PATH: &str = "/_postern/consent/receipts.json";
/// Where they are erased.
pub const ERASE_PATH: &str = "/_postern/erase";
/// Where they are restricted, and that is lifted.
pub const RESTRICT_PATH: &str = "/_postern/restrict";
/// The dashboard.
pub const DASHBOARD_PATH: &str = "/_postern/dashboard";
/// What a banner asks for as soon as it is drawn, on the page that asks a browser first; its query is the banner's language.
pub const ASKED_PATH: &str = "/_postern/asked";
/// What stands behind the language, after a comma, in what it asks for as well where no scripts run.
pub const WITHOUT_SCRIPTS: &str = "noscript";
/// All sites that somebody keeps.
pub const DASHBOARD_SITES_PATH: &str = "/_postern/dashboard/sites";
/// Its figures of today, by themselves.
pub const DASHBOARD_TODAY_PATH: &str = "/_postern/dashboard/today";
/// The script that draws its charts.
pub const DASHBOARD_SCRIPT_PATH: &str = "/_postern/dashboard.js";
/// Its style sheet, beside [`PAGE_CSS_PATH`].
pub const DASHBOARD_CSS_PATH: &str = "/_postern/dashboard.css";
/// The register of requests.
pub const REQUESTS_PATH: &str = "/_postern/requests";
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

/// The receipts on it.
fn receipts_address(language: &postern_policy::Language) -> String {
    format!("{}#receipts", consent_address(language))
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
