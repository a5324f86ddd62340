//! What a page says in words, which must wait until its language is known: the banner or the link to the settings, and
//! the note in a held frame. Without policy or key nothing can be recorded, so nothing is asked.

use crate::counting::View;
use crate::site::Site;
use crate::visit::Visit;
use crate::{asked, pages};
use postern_stats::Day;
use postern_view::{BannerFacts, OwnReceipt, ReopenFacts};
use serde_json::{Map, Value};
use std::rc::Rc;

/// Where the words stand.
#[derive(PartialEq, Eq)]
pub enum Place {
    /// A page that the edge writes. Who has chosen has a link to the settings in it: the gate fetches them when they are
    /// wanted, and without it they are on a page of ours.
    Page,
    /// A document within one: it has no banner.
    Within,
    /// What a script of ours puts together in a page: the settings are in it, whatever was chosen.
    Script {
        /// The name of the visitor's newest receipt, and whether all are restricted, where the settings are asked for.
        receipt: Option<(String, bool)>,
        /// Is the page one of the site's that the edge stands before? Else its visitor is known by what the page sends alone.
        is_own_page: bool,
    },
}

/// Gives banner and note, each empty where there is none, for a page that says it is in a language or says nothing; `view` is
/// counted by that language.
pub fn words(
    site: Rc<Site>,
    visit: &Visit,
    origin: &str,
    place: Place,
    return_to: String,
    view: Option<View>,
) -> impl Fn(Option<&str>) -> (String, String) + 'static {
    let (decision, state) = (visit.decision, visit.state);
    let honoured = visit.honoured();
    let origin = origin.to_owned();
    let accept = visit.header("accept-language").map(str::to_owned);
    let (way, now_ms) = (visit.way, visit.now_ms);
    let today = Day::from_unix_ms(now_ms, 0).number();
    move |lang| {
        let Some(policy) = site.asking(way) else { return Default::default() };
        let language = policy.language_for(lang, accept.as_deref());
        if let Some(view) = view {
            view.count_language(&site, &language.tag);
        }
        // The page's base may be another's: what is asked of us names us.
        let named = |markup: postern_view::Markup| {
            markup.into_string().replace("\"/_postern/", &format!("\"{origin}/_postern/"))
        };
        let note = named(postern_view::held_note(language, &postern_view::held_css(policy), &return_to));
        if place == Place::Within || site.working().is_none() {
            return (String::new(), note);
        }
        let policy_hex = asked::of(&site, policy, &state, way, now_ms);
        let change = policy.change_on(today);
        let (receipt, is_own_page) = match &place {
            Place::Script { receipt, is_own_page } => {
                let own = receipt.as_ref();
                (
                    own.map(|(id, is_restricted)| OwnReceipt { id, is_restricted: *is_restricted }),
                    *is_own_page,
                )
            }
            Place::Page | Place::Within => (None, true),
        };
        let banner = if place == Place::Page && !decision.must_ask {
            let is_denying = !site.grants(&decision).is_open();
            postern_view::reopen(&ReopenFacts {
                policy,
                language,
                policy_hex: &policy_hex,
                change,
                can_release: is_denying,
            })
        } else {
            postern_view::banner(&BannerFacts {
                policy,
                change,
                language,
                policy_hex: &policy_hex,
                granted: site.granted(&decision),
                must_ask: decision.must_ask,
                honoured: &honoured,
                key: &pages::random_hex(),
                return_to: &return_to,
                receipt,
                is_own_page,
                is_counted: view.is_some_and(|view| view.is_first),
            })
        };
        (named(banner), note)
    }
}

/// Adds what a script puts together: `banner`, as a tree, and `css`, its style. Nothing where nothing can be asked.
pub fn add_banner(
    body: &mut Map<String, Value>,
    site: Rc<Site>,
    visit: &Visit,
    origin: &str,
    lang: &str,
    return_to: String,
    place: Place,
) {
    let Some(policy) = site.asking(visit.way) else { return };
    let css = postern_view::banner_css(policy);
    let css = if site.announces_change(visit) { css + postern_view::CHANGE_CSS } else { css };
    let css = css + postern_view::RECEIPT_CSS;
    let (banner, _) = words(Rc::clone(&site), visit, origin, place, return_to, None)(Some(lang));
    body.insert("banner".into(), postern_view::tree(&banner));
    body.insert("css".into(), css.into());
}
