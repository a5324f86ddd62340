//! What a page says in words, which must wait until its language is known: the banner or the link to the settings, and
//! the note in a held frame. Without policy or key nothing can be recorded, so nothing is asked.

use crate::pages;
use crate::site::Site;
use crate::visit::Visit;
use postern_view::BannerFacts;
use std::rc::Rc;

/// Gives banner and note, each empty where there is none, for a page that says it is in a language or says nothing.
pub fn words(
    site: Rc<Site>,
    visit: &Visit,
    is_page: bool,
    return_to: String,
) -> impl Fn(Option<&str>) -> (String, String) + 'static {
    let decision = visit.decision;
    let honoured = visit.honoured();
    let origin = visit.origin();
    let accept = visit.header("accept-language").map(str::to_owned);
    move |lang| {
        let Ok(policy) = &site.policy else { return Default::default() };
        let language = policy.language_for(lang, accept.as_deref());
        let note = postern_view::embed_note(language).into_string();
        if !is_page || site.working().is_none() {
            return (String::new(), note);
        }
        let policy_hex = pages::policy_hex(policy);
        let banner = if site.grants(&decision).is_open() && !decision.must_ask {
            postern_view::reopen(language, &policy_hex)
        } else {
            postern_view::banner(&BannerFacts {
                policy,
                language,
                policy_hex: &policy_hex,
                granted: decision.granted,
                must_ask: decision.must_ask,
                honoured: &honoured,
                key: &pages::random_hex(),
                return_to: &return_to,
                receipt_id: None,
            })
        };
        // The page's base may be another's: what is asked of us names us.
        let named = banner.into_string().replace("\"/_postern/", &format!("\"{origin}/_postern/"));
        (named, note)
    }
}
