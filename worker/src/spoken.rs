//! What a page says in words, which must wait until its language is known: the banner or the link to the settings, and
//! the note in a held frame. Without policy or key nothing can be recorded, so nothing is asked.

use crate::pages;
use crate::site::Site;
use crate::visit::Visit;
use postern_stats::Day;
use postern_view::{BannerFacts, ReopenFacts};
use std::rc::Rc;

/// Where the words stand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A page that the edge writes. Who has granted everything finds the settings on a page of ours.
    Page,
    /// A document within one: it has no banner.
    Within,
    /// A page of a site that is not behind us: its settings are in it, since our own page knows nothing of its choice.
    OtherSite,
}

/// Gives banner and note, each empty where there is none, for a page that says it is in a language or says nothing.
pub fn words(
    site: Rc<Site>,
    visit: &Visit,
    origin: &str,
    place: Place,
    return_to: String,
) -> impl Fn(Option<&str>) -> (String, String) + 'static {
    let decision = visit.decision;
    let honoured = visit.honoured();
    let origin = origin.to_owned();
    let accept = visit.header("accept-language").map(str::to_owned);
    let today = Day::from_unix_ms(visit.now_ms, 0).number();
    move |lang| {
        let Ok(policy) = &site.policy else { return Default::default() };
        let language = policy.language_for(lang, accept.as_deref());
        // The page's base may be another's: what is asked of us names us.
        let named = |markup: postern_view::Markup| {
            markup.into_string().replace("\"/_postern/", &format!("\"{origin}/_postern/"))
        };
        let note = named(postern_view::held_note(language, &postern_view::held_css(policy), &return_to));
        if place == Place::Within || site.working().is_none() {
            return (String::new(), note);
        }
        let policy_hex = pages::policy_hex(policy);
        let change = policy.change_on(today);
        let is_settled = site.grants(&decision).is_open() && !decision.must_ask;
        let banner = if is_settled && place == Place::Page {
            postern_view::reopen(&ReopenFacts { policy, language, policy_hex: &policy_hex, change })
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
            })
        };
        (named(banner), note)
    }
}
