//! The banner's behaviour on the markup that the edge rendered. Its words and looks are not here.

use crate::bridge::Bridge;
use crate::release;
use postern_consent::{Category, CategorySet};
use wasm_bindgen::JsCast;
use web_sys::{Document, Element, HtmlDialogElement, HtmlElement, HtmlInputElement};

/// Does what a control says.
pub fn act(bridge: &Bridge, action: &str) {
    let document = bridge.document();
    let Some(dialog) = dialog(&document) else { return };
    match action {
        "accept" | "reject" | "save" | "withdraw" => submit(bridge, &document, &dialog, action),
        "close" => dialog.close(),
        // The browser keeps the focus inside a modal dialog, and gives it back.
        _ if !dialog.open() => drop(dialog.show_modal()),
        _ => {}
    }
}

fn dialog(document: &Document) -> Option<HtmlDialogElement> {
    document.get_element_by_id("postern-settings").map(JsCast::unchecked_into)
}

fn each<T: JsCast>(document: &Document, selector: &str, mut with: impl FnMut(&T)) {
    let Ok(found) = document.query_selector_all(selector) else { return };
    for index in 0..found.length() {
        if let Some(node) = found.item(index) {
            with(node.unchecked_ref());
        }
    }
}

fn each_switch(document: &Document, mut with: impl FnMut(Category, &HtmlInputElement)) {
    each(document, "#postern [data-consent-category]", |input: &HtmlInputElement| {
        if let Some(category) = Category::parse(&input.value()) {
            with(category, input);
        }
    });
}

/// Names of the members separated by commas, each between `quote`s.
fn names(set: CategorySet, quote: &str) -> String {
    let mut out = String::new();
    for category in set.iter() {
        for part in [if out.is_empty() { "" } else { "," }, quote, category.name(), quote] {
            out.push_str(part);
        }
    }
    out
}

/// Sends a choice. Nothing is released before the edge says that it is recorded.
fn submit(bridge: &Bridge, document: &Document, dialog: &HtmlDialogElement, choice: &str) {
    let Some(root) = document.get_element_by_id("postern") else { return };
    let mut chosen = CategorySet::EMPTY;
    if choice == "save" {
        each_switch(document, |category, input| {
            if input.checked() {
                chosen = chosen.with(category);
            }
        });
    }
    // No value needs escaping: choice and names are ours, the rest is the edge's own hex and language.
    let mut body = String::new();
    for part in [
        "{\"choice\":\"",
        choice,
        "\",\"categories\":[",
        &names(chosen, "\""),
        "],\"policy\":\"",
        &attribute(&root, "data-postern-policy"),
        "\",\"lang\":\"",
        &attribute(&root, "lang"),
        if dialog.open() { "\",\"layer\":2}" } else { "\",\"layer\":1}" },
    ] {
        body.push_str(part);
    }
    bridge.post(&body);
}

fn attribute(element: &Element, name: &str) -> String {
    element.get_attribute(name).unwrap_or_default()
}

/// The edge's answer. On failure the question stays open, with the reason in it: nothing is pretended.
pub fn answered(bridge: &Bridge, status: u16, bits: u8) {
    let document = bridge.document();
    let granted = CategorySet::from_bits(bits).filter(|_| status == 200);
    let said = if granted.is_some() { "data-saved" } else { "data-failed" };
    each(&document, "#postern [data-postern-status]", |status: &Element| {
        status.set_text_content(Some(&attribute(status, said)));
    });
    let Some(granted) = granted else { return };
    bridge.grant(bits);
    each_switch(&document, |category, input| input.set_checked(granted.contains(category)));
    if let Some(dialog) = dialog(&document) {
        dialog.close();
    }
    each(&document, "#postern section", |section: &HtmlElement| section.set_hidden(true));
    each(&document, "#postern nav a", |link: &HtmlElement| link.set_hidden(false));
    release::release();
    bridge.flush(&names(granted, ""));
}
