//! The gate in a real browser: what it releases, in which order, what it removes, what it says.
//!
//! What lives here: the gate against the golden banner and a bridge of our own. What does not: the stub and the edge
//! (`tests/journeys`). Run by `xtask/wasm-tests.mjs`.
// Tests are not shipped; they may cost what they like.
#![allow(clippy::disallowed_macros, clippy::disallowed_methods)]
#![cfg(target_arch = "wasm32")]

use postern_gate::{act, answered};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen(module = "/tests/page.js")]
extern "C" {
    #[wasm_bindgen(js_name = setPage)]
    fn set_page(markup: &str);
    #[wasm_bindgen(js_name = theBridge)]
    fn the_bridge() -> JsValue;
    #[wasm_bindgen(js_name = takeCalls)]
    fn take_calls() -> String;
    fn make(markup: &str);
    #[wasm_bindgen(js_name = insertMade)]
    fn insert_made(index: u32);
    fn ran() -> String;
    fn attributes(selector: &str) -> String;
    fn property(selector: &str, name: &str) -> String;
    #[wasm_bindgen(js_name = setSwitch)]
    fn set_switch(category: &str, is_on: bool);
    #[wasm_bindgen(js_name = switchedOn)]
    fn switched_on() -> String;
    fn settle(count: u32) -> js_sys::Promise;
    #[wasm_bindgen(js_name = meet)]
    fn the_bridge_meets(name: &str);
}

const BANNER: &str = include_str!("../../view/tests/golden/banner-asking.html");

/// Necessary, analytics, marketing, everything: bits as the edge sends them.
const NECESSARY: u8 = 0x01;
const ANALYTICS: u8 = 0x05;
const MARKETING: u8 = 0x09;
const ALL: u8 = 0x1f;

const GIF: &str = "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=";

/// A page with this markup behind the banner, and the gate started on it with nothing granted.
fn open_page(markup: &str) {
    set_page(&format!("{markup}{BANNER}"));
    postern_gate::start(the_bridge().unchecked_into());
}

/// A held external script that writes down its name.
fn held(name: &str, need: &str, more: &str) -> String {
    let (original, more) = if more == "module" { ("module", "") } else { ("", more) };
    format!(
        "<script {more} data-postern-src=\"data:text/javascript,ran.push('{name}')\" data-postern-need=\"{need}\" \
         data-postern-vendor=\"v\" data-postern-type=\"{original}\" type=\"text/plain\"></script>"
    )
}

async fn settled(count: u32) {
    let is_settled = settle(count).await.is_ok();
    assert!(is_settled, "settle() threw");
}

/// A control of the banner, the edge's answer to what it asked, and that many scripts run.
async fn choose(action: &str, status: u16, bits: u8, count: u32) {
    act(action);
    answered(status, bits, "", true);
    settled(count).await;
}

fn without(names: &str, left_out: &str) -> String {
    names.split(' ').filter(|name| *name != left_out).collect::<Vec<_>>().join(" ")
}

#[wasm_bindgen_test]
async fn held_scripts_run_in_document_order_each_once() {
    let scripts = [
        ("a", ""),
        ("async", "async"),
        ("d", "defer"),
        ("b", ""),
        ("m", "module"),
        ("c", ""),
        ("e", "defer"),
    ];
    let markup: String = scripts.iter().map(|(name, more)| held(name, "4", more)).collect();
    open_page(&markup);
    settled(0).await;
    assert_eq!(ran(), "", "before the grant nothing runs");
    choose("accept", 200, ALL, 7).await;
    // An async script runs when it likes; so it is counted and not placed.
    assert_eq!(ran().split(' ').filter(|name| *name == "async").count(), 1, "{}", ran());
    assert_eq!(without(&ran(), "async"), "a b c d m e", "deferred ones after the others, as a parser has it");
}

#[wasm_bindgen_test]
async fn a_script_that_cannot_load_does_not_stop_the_next() {
    let broken = held("x", "4", "").replace("data:text/javascript,", "data:text/javascript;base64,");
    open_page(&format!("{}{}{}", held("a", "4", ""), broken, held("b", "4", "")));
    choose("accept", 200, ALL, 2).await;
    assert_eq!(ran(), "a b");
}

#[wasm_bindgen_test]
async fn a_script_that_no_browser_starts_does_not_stop_the_next() {
    let other = held("x", "4", "").replace("type=\"\" ", "type=\"text/template\" ");
    open_page(&format!("{}{}{}", held("a", "4", ""), other, held("b", "4", "")));
    choose("accept", 200, ALL, 2).await;
    assert_eq!(ran(), "a b", "a script of another type fires neither load nor error");
}

#[wasm_bindgen_test]
async fn a_script_for_old_browsers_does_not_stop_the_next() {
    open_page(&format!("{}{}{}", held("a", "4", ""), held("x", "4", "nomodule"), held("b", "4", "")));
    choose("accept", 200, ALL, 2).await;
    assert_eq!(ran(), "a b", "nomodule fires neither load nor error");
}

#[wasm_bindgen_test]
async fn attributes_are_restored_exactly() {
    let source = "data:text/javascript,ran.push(document.currentScript.dataset.own)";
    open_page(&format!(
        "<script id=\"s\" nonce=\"n0nce\" crossorigin=\"anonymous\" data-own=\"mine\" data-postern-src=\"{source}\" \
         data-postern-need=\"4\" data-postern-vendor=\"ga4\" data-postern-type=\"text/javascript\" type=\"text/plain\"></script>\
         <script id=\"bare\" data-own=\"bare\" data-postern-src=\"{source}\" data-postern-need=\"4\" \
         data-postern-vendor=\"ga4\" data-postern-type=\"\" type=\"text/plain\"></script>{}",
        held("lazy", "4", "id=\"lazy\" async")
    ));
    choose("accept", 200, ALL, 3).await;
    assert_eq!(
        attributes("#s"),
        format!("crossorigin=anonymous data-own=mine id=s nonce=n0nce src={source} type=text/javascript")
    );
    assert_eq!(property("#s", "nonce"), "n0nce");
    assert_eq!(
        attributes("#bare"),
        format!("data-own=bare id=bare src={source}"),
        "no type where there was none"
    );
    assert_eq!(attributes("#lazy"), "async= id=lazy src=data:text/javascript,ran.push('lazy')");
    let order = without(&ran(), "lazy");
    assert_eq!(order, "mine bare");
}

#[wasm_bindgen_test]
async fn a_partial_grant_releases_only_its_own() {
    let markup = [("ga", "4"), ("fb", "8"), ("gtm", "1e"), ("yt", "10"), ("both", "c")];
    let markup: String =
        markup.iter().map(|(name, need)| held(name, need, &format!("id=\"{name}\""))).collect();
    open_page(&format!(
        "{markup}<img id=\"pixel\" data-postern-src=\"{GIF}\" data-postern-need=\"8\" data-postern-vendor=\"meta-pixel\">"
    ));
    let before = (attributes("#fb"), attributes("#yt"), attributes("#pixel"));
    set_switch("analytics", true);
    choose("save", 200, ANALYTICS, 3).await;
    assert_eq!(ran(), "ga gtm both", "a need of several is met by any");
    let after = (attributes("#fb"), attributes("#yt"), attributes("#pixel"));
    assert_eq!(before, after, "what is still held has not been touched");
    choose("accept", 200, ALL, 5).await;
    assert_eq!(ran(), "ga gtm both fb yt", "a wider grant releases the rest and nothing again");
}

#[wasm_bindgen_test]
async fn a_need_nobody_can_read_is_never_met() {
    let needs = ["", "0", "zz", "40", "-4"];
    let markup: String = needs.iter().map(|need| held(&format!("need{need}"), need, "")).collect();
    open_page(&markup);
    choose("accept", 200, ALL, 0).await;
    assert_eq!(ran(), "");
}

#[wasm_bindgen_test]
async fn what_two_vendors_are_in_waits_for_both() {
    let both = held("both", "4 8", "");
    open_page(&format!(
        "{both}<p id=\"p\" style=\"color:red\" data-postern-style=\"color:blue\" data-postern-need=\"8 4\"></p>"
    ));
    set_switch("analytics", true);
    choose("save", 200, ANALYTICS, 0).await;
    assert_eq!((ran().as_str(), attributes("#p").contains("data-postern-style")), ("", true));
    choose("accept", 200, ALL, 1).await;
    assert_eq!(ran(), "both");
    assert_eq!(attributes("#p"), "id=p style=color:blue");
}

#[wasm_bindgen_test]
async fn inline_scripts_and_styles_start_in_their_place() {
    let twin = "data-postern-need=\"4\" data-postern-vendor=\"v\" data-postern-type=\"\" type=\"text/plain\"";
    open_page(&format!(
        "<script></script><script id=\"t\" {twin}>ran.push('inline')</script>{}\
         <style id=\"s\" media=\"all\" {twin} data-postern-text=\"p{{color:rgb(1, 2, 3)}}\"></style><p id=\"p\"></p>",
        held("after", "4", "")
    ));
    choose("accept", 200, ALL, 2).await;
    assert_eq!(ran(), "inline after");
    assert_eq!(attributes("#s"), "id=s media=all");
    assert_eq!(property("#s", "textContent"), "p{color:rgb(1, 2, 3)}");
    assert_eq!(attributes("#t"), "id=t");
}

#[wasm_bindgen_test]
async fn images_frames_and_links_are_restored() {
    let held_as = "data-postern-need=\"10\" data-postern-vendor=\"youtube\"";
    open_page(&format!(
        "<img id=\"i\" alt=\"\" data-postern-src=\"{GIF}\" data-postern-srcset=\"{GIF} 2x\" {held_as}>\
         <iframe id=\"f\" title=\"t\" srcdoc=\"held\" data-postern-src=\"data:text/html,film\" {held_as}></iframe>\
         <iframe id=\"d\" title=\"t\" srcdoc=\"held\" data-postern-srcdoc=\"film\" {held_as}></iframe>\
         <link id=\"l\" rel=\"prefetch\" data-postern-href=\"data:text/css,\" {held_as}>\
         <object id=\"o\" data-postern-data=\"{GIF}\" {held_as}></object>\
         <video id=\"v\" data-postern-poster=\"{GIF}\" {held_as}></video>"
    ));
    choose("accept", 200, ALL, 0).await;
    assert_eq!(attributes("#i"), format!("alt= id=i src={GIF} srcset={GIF} 2x"));
    assert_eq!(attributes("#f"), "id=f src=data:text/html,film title=t", "the note goes with the hold");
    assert_eq!(attributes("#d"), "id=d srcdoc=film title=t");
    assert_eq!(attributes("#l"), "href=data:text/css, id=l rel=prefetch");
    assert_eq!(attributes("#o"), format!("data={GIF} id=o"));
    assert_eq!(attributes("#v"), format!("id=v poster={GIF}"));
}

#[wasm_bindgen_test]
async fn what_scripts_made_is_released_even_if_it_was_never_inserted() {
    open_page("");
    make(&format!(
        "<img data-postern-src=\"{GIF}\" data-postern-need=\"8\" data-postern-vendor=\"meta-pixel\">"
    ));
    make(&held("made", "4", ""));
    make(&held("kept", "10", ""));
    choose("save", 200, ANALYTICS | MARKETING, 0).await;
    assert_eq!(attributes("0"), format!("src={GIF}"));
    assert_eq!(ran(), "", "a script that is nowhere does not run");
    insert_made(1);
    insert_made(2);
    settled(1).await;
    assert_eq!(ran(), "made");
}

#[wasm_bindgen_test]
async fn an_answer_that_is_no_success_releases_nothing_and_says_so() {
    for (status, bits) in
        [(0, 1), (0, ALL), (204, ALL), (403, ALL), (409, 1), (429, ALL), (503, ALL), (200, 0xe0)]
    {
        open_page(&held("a", "4", "id=\"a\""));
        let markup = attributes("#a");
        choose("accept", status, bits, 0).await;
        assert_eq!(ran(), "", "{status} {bits}");
        assert_eq!(attributes("#a"), markup, "{status} {bits}");
        assert_eq!(
            property("#postern > [data-postern-status]", "textContent"),
            "Your choice could not be saved. Nothing was switched on. Please try again."
        );
        assert_eq!(property("#postern section", "hidden"), "false", "the visitor can try again");
        assert_eq!(
            take_calls().lines().count(),
            1,
            "the stub is told nothing: there was the post, and no more"
        );
        choose("accept", 200, ALL, 1).await;
        assert_eq!(ran(), "a", "and a second try works");
    }
}

#[wasm_bindgen_test]
async fn a_second_answer_releases_nothing_twice() {
    open_page(&format!("{}{}{}", held("a", "4", ""), held("b", "4", ""), held("second", "4", "module")));
    // A page evaluates one module address once, so its name is no other test's.
    // Two clicks and two answers at once, and one more while the first scripts are under way.
    act("accept");
    act("accept");
    answered(200, ALL, "", true);
    answered(200, ALL, "", true);
    settled(1).await;
    answered(200, ALL, "", true);
    settled(3).await;
    assert_eq!(ran(), "a b second");
}

#[wasm_bindgen_test]
async fn nothing_is_released_that_was_refused_while_it_waited() {
    open_page(&format!("{}{}", held("a", "4", ""), held("b", "8", "")));
    choose("reject", 200, NECESSARY, 0).await;
    assert_eq!(ran(), "");
    choose("save", 200, MARKETING, 1).await;
    assert_eq!(ran(), "b");
}

#[wasm_bindgen_test]
async fn what_still_waits_when_consent_is_withdrawn_stays_held() {
    open_page(&format!("{}{}", held("a", "4", ""), held("b", "4", "id=\"b\"")));
    let before = attributes("#b");
    // The first script is under way when the withdrawal is acknowledged.
    answered(200, ALL, "", true);
    answered(200, NECESSARY, "", true);
    settled(1).await;
    assert_eq!(ran(), "a", "what has started cannot be called back; what has not must not start");
    assert_eq!(attributes("#b"), before);
    choose("accept", 200, ALL, 2).await;
    assert_eq!(ran(), "a b", "and a later grant finds it");
}

#[wasm_bindgen_test]
async fn switches_show_what_is_granted_and_not_what_was_clicked() {
    open_page("");
    assert_eq!(switched_on(), "", "nothing is switched on before a choice");
    choose("accept", 200, ANALYTICS, 0).await;
    assert_eq!(switched_on(), "analytics", "the edge's answer counts");
    choose("save", 200, MARKETING, 0).await;
    assert_eq!(switched_on(), "marketing");
    choose("reject", 200, NECESSARY, 0).await;
    assert_eq!(switched_on(), "");
}

#[wasm_bindgen_test]
async fn after_a_choice_the_banner_goes_and_the_way_back_stands() {
    for (action, bits) in [("accept", ALL), ("reject", NECESSARY)] {
        open_page("");
        assert_eq!(property("#postern section", "hidden"), "false");
        assert_eq!(property("#postern [data-consent-action=open]", "hidden"), "true");
        choose(action, 200, bits, 0).await;
        assert_eq!(property("#postern section", "hidden"), "true", "{action}");
        assert_eq!(property("#postern [data-consent-action=open]", "hidden"), "false", "{action}");
        assert_eq!(
            property("#postern > [data-postern-status]", "textContent"),
            "Your choice is saved.",
            "{action}"
        );
    }
}

#[wasm_bindgen_test]
async fn the_settings_open_close_and_close_after_a_choice() {
    open_page("");
    act("settings");
    assert_eq!(property("dialog", "open"), "true");
    act("close");
    assert_eq!(property("dialog", "open"), "false");
    act("open");
    act("open");
    assert_eq!(property("dialog", "open"), "true", "asking twice is no error");
    choose("save", 503, NECESSARY, 0).await;
    assert_eq!(property("dialog", "open"), "true", "what failed can be read where it was tried");
    choose("save", 200, NECESSARY, 0).await;
    assert_eq!(property("dialog", "open"), "false");
}

#[wasm_bindgen_test]
async fn a_choice_is_sent_in_the_words_the_edge_reads() {
    open_page("");
    choose("accept", 200, ALL, 0).await;
    assert_eq!(
        take_calls(),
        "post accept [] [] 1\n\
         grant 31\n\
         flush true"
    );
    act("open");
    for category in ["functional", "marketing"] {
        set_switch(category, false);
    }
    choose("save", 200, 0x15, 0).await;
    assert_eq!(
        take_calls(),
        "post save [analytics social ] [ga4 posthog youtube ] 2\n\
         grant 21\n\
         flush true"
    );
    choose("withdraw", 200, NECESSARY, 0).await;
    assert_eq!(
        take_calls(),
        "post withdraw [] [] 1\n\
         grant 1\n\
         flush true"
    );
}

#[wasm_bindgen_test]
async fn who_let_one_vendor_in_is_still_asked() {
    open_page(&held("a", "10", ""));
    the_bridge_meets("a");
    act("settings");
    act("close");
    answered(200, NECESSARY, "youtube", false);
    settled(1).await;
    assert_eq!(ran(), "a");
    assert_eq!(property("#postern section", "hidden"), "false", "the question is open");
    assert_eq!(take_calls(), "grant 1\nflush false");
}
