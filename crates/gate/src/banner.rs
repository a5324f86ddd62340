//! The banner's behaviour on the markup that the edge rendered. Its words and looks are not here.

use crate::{document, release, traces, with_bridge};
use postern_consent::{Category, CategorySet};
use wasm_bindgen::{JsCast, prelude::*};
use web_sys::{Document, Element, Event, HtmlDialogElement, HtmlElement, HtmlInputElement};

/// The banner's fixed root.
pub fn root(document: &Document) -> Option<Element> {
    document.get_element_by_id("postern")
}

fn dialog(document: &Document) -> Option<HtmlDialogElement> {
    document.get_element_by_id("postern-settings")?.dyn_into().ok()
}

/// A click anywhere in the banner.
pub fn on_click(event: &Event) {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let Some(button) = target.and_then(|target| target.closest("[data-consent-action]").ok().flatten())
    else {
        return;
    };
    event.prevent_default();
    match button.get_attribute("data-consent-action").as_deref() {
        Some("accept") => submit("accept", CategorySet::ALL),
        Some("reject") => submit("reject", CategorySet::EMPTY),
        Some("save") => submit("save", switched_on()),
        Some("withdraw") => submit("withdraw", CategorySet::EMPTY),
        Some("settings" | "open") => open(),
        Some("close") => close(),
        _ => {}
    }
}

/// Opens the settings as a modal dialog; the browser keeps the focus inside and gives it back.
pub fn open() {
    if let Some(dialog) = document().as_ref().and_then(dialog)
        && !dialog.open()
    {
        let _ = dialog.show_modal();
    }
}

fn close() {
    if let Some(dialog) = document().as_ref().and_then(dialog)
        && dialog.open()
    {
        dialog.close();
    }
}

fn switches(document: &Document) -> impl Iterator<Item = (Category, HtmlInputElement)> {
    let found = document.query_selector_all("#postern [data-consent-category]").ok();
    let list =
        found.into_iter().flat_map(|list| (0..list.length()).filter_map(move |index| list.item(index)));
    list.filter_map(|node| {
        let input = node.dyn_into::<HtmlInputElement>().ok()?;
        let category = Category::parse(&input.get_attribute("data-consent-category")?)?;
        Some((category, input))
    })
}

fn switched_on() -> CategorySet {
    let Some(document) = document() else { return CategorySet::EMPTY };
    switches(&document).filter(|(_, input)| input.checked()).map(|(category, _)| category).collect()
}

/// Names of the members, each followed by what `each` adds.
fn names(set: CategorySet, before: &str, after: &str) -> String {
    let mut out = String::new();
    for category in set.iter() {
        if !out.is_empty() {
            out.push_str(after);
        }
        out.push_str(before);
        out.push_str(category.name());
        out.push_str(before);
    }
    out
}

/// Sends a choice. Nothing is released before the edge says that it is recorded.
pub fn submit(choice: &str, categories: CategorySet) {
    let Some(document) = document() else { return };
    let Some(root) = root(&document) else { return };
    let attribute = |name: &str| root.get_attribute(name).unwrap_or_default();
    let layer = if dialog(&document).is_some_and(|dialog| dialog.open()) { "2" } else { "1" };
    // No value needs escaping: the choice and the names are ours, the rest is the edge's own hex and
    // language tag.
    let mut body = String::from("{\"choice\":\"");
    for part in [
        choice,
        "\",\"categories\":[",
        &names(categories.without(Category::Necessary), "\"", ","),
        "],\"policy\":\"",
        &attribute("data-postern-policy"),
        "\",\"lang\":\"",
        &attribute("lang"),
        "\",\"layer\":",
        layer,
        "}",
    ] {
        body.push_str(part);
    }
    let done = Closure::once_into_js(|status: u16, bits: u8| on_answer(status, bits));
    with_bridge(|bridge| bridge.post(&body, done));
}

fn on_answer(status: u16, bits: u8) {
    let Some(document) = document() else { return };
    // The section stays open on failure, with the reason in it: nothing is pretended.
    let (200, Some(granted)) = (status, CategorySet::from_bits(bits)) else {
        say(&document, "data-failed");
        return;
    };
    with_bridge(|bridge| bridge.grant(bits));
    traces::remove_denied();
    for (category, input) in switches(&document) {
        input.set_checked(granted.contains(category));
    }
    close();
    set_hidden(&document, "#postern section", true);
    set_hidden(&document, "#postern a[data-consent-action=open]", false);
    say(&document, "data-saved");
    release::release();
    with_bridge(|bridge| bridge.flush(&names(granted, "", " ")));
}

fn set_hidden(document: &Document, selector: &str, is_hidden: bool) {
    let element = document.query_selector(selector).ok().flatten();
    if let Some(element) = element.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        element.set_hidden(is_hidden);
    }
}

/// Puts the text that the edge wrote into `attribute` where assistive technology announces it.
fn say(document: &Document, attribute: &str) {
    if let Ok(list) = document.query_selector_all("#postern [data-postern-status]") {
        for status in (0..list.length()).filter_map(|index| list.item(index)) {
            if let Ok(status) = status.dyn_into::<Element>() {
                status.set_text_content(status.get_attribute(attribute).as_deref());
            }
        }
    }
}
