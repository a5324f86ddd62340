//! The banner's behaviour on the markup that the edge rendered. Its words and looks are not here.

use crate::bridge::Bridge;
use crate::release;
use postern_consent::{Category, CategorySet};
use wasm_bindgen::JsCast;
use web_sys::{Document, Element, Event, HtmlDialogElement, HtmlElement, HtmlInputElement};

/// Does what a control says.
pub fn act(bridge: &Bridge, action: &str) {
    let document = bridge.document();
    let Some(dialog) = dialog(&document) else { return };
    match action {
        "accept" | "reject" | "save" | "withdraw" => submit(bridge, &document, &dialog, action),
        "close" => dialog.close(),
        // The browser keeps the focus inside a modal dialog, and gives it back.
        _ if !dialog.open() => {
            show_categories(&document);
            drop(dialog.show_modal());
        }
        _ => {}
    }
}

fn dialog(document: &Document) -> Option<HtmlDialogElement> {
    document.get_element_by_id("postern-settings").map(JsCast::unchecked_into)
}

fn each<T: JsCast>(document: &Document, selector: &str, with: impl FnMut(&T)) {
    if let Some(root) = document.get_element_by_id("postern") {
        each_in(&root, selector, with);
    }
}

fn each_in<T: JsCast>(root: &Element, selector: &str, mut with: impl FnMut(&T)) {
    let Ok(found) = root.query_selector_all(selector) else { return };
    for index in 0..found.length() {
        if let Some(node) = found.item(index) {
            with(node.unchecked_ref());
        }
    }
}

/// The switches of the categories.
const CATEGORIES: &str = "[data-consent-category]";
/// The switches of single vendors.
const VENDORS: &str = "[data-consent-vendor]";

/// A category's switch moves those of its vendors, and shows what they say.
pub fn keep_in_step(document: &Document, event: &Event) {
    let Some(input) = event.target().map(JsCast::unchecked_into::<HtmlInputElement>) else { return };
    // Any element of the page may change; only switches of ours are named so.
    if input.has_attribute("data-consent-category") {
        let is_checked = input.checked();
        each_vendor_of(&input, |vendor| vendor.set_checked(is_checked));
    }
    show_categories(document);
}

/// The vendors' switches beside a category's.
fn each_vendor_of(category: &Element, with: impl FnMut(&HtmlInputElement)) {
    if let Ok(Some(group)) = category.closest("fieldset") {
        each_in(&group, VENDORS, with);
    }
}

/// Each category's switch shows what those of its vendors say, and stands between on and off where they differ.
fn show_categories(document: &Document) {
    each(document, CATEGORIES, |category: &HtmlInputElement| {
        let (mut on, mut off) = (false, false);
        each_vendor_of(category, |vendor| if vendor.checked() { on = true } else { off = true });
        if on || off {
            category.set_checked(!off);
        }
        category.set_indeterminate(on && off);
    });
}

/// The values of the switches that are on, each between spaces.
fn chosen(document: &Document, switches: &str) -> String {
    let mut out = String::new();
    each(document, switches, |input: &HtmlInputElement| {
        if input.checked() {
            out.push_str(&input.value());
            out.push(' ');
        }
    });
    out
}

/// Sends a choice. Nothing is released before the edge says that it is recorded.
fn submit(bridge: &Bridge, document: &Document, dialog: &HtmlDialogElement, choice: &str) {
    let [mut categories, mut vendors] = [const { String::new() }; 2];
    if choice == "save" {
        categories = chosen(document, CATEGORIES);
        vendors = chosen(document, VENDORS);
    }
    bridge.post(choice, &categories, &vendors, if dialog.open() { 2 } else { 1 });
}

fn attribute(element: &Element, name: &str) -> String {
    element.get_attribute(name).unwrap_or_default()
}

/// The edge's answer. On failure the question stays open, with the reason in it: nothing is pretended.
pub fn answered(bridge: &Bridge, status: u16, bits: u8, vendors: &str, is_answered: bool) {
    let document = bridge.document();
    let granted = CategorySet::from_bits(bits).filter(|_| status == 200);
    let said = if granted.is_some() { "data-saved" } else { "data-failed" };
    each(&document, "[data-postern-status]", |status: &Element| {
        status.set_text_content(Some(&attribute(status, said)));
    });
    let Some(granted) = granted else { return };
    bridge.grant(bits);
    each(&document, CATEGORIES, |input: &HtmlInputElement| {
        let is_granted = Category::parse(&input.value()).is_some_and(|category| granted.contains(category));
        input.set_checked(is_granted);
        each_vendor_of(input, |vendor| {
            let id = vendor.value();
            vendor.set_checked(is_granted || vendors.split(' ').any(|granted| granted == id));
        });
    });
    show_categories(&document);
    if is_answered {
        if let Some(dialog) = dialog(&document) {
            dialog.close();
        }
        each(&document, "section", |section: &HtmlElement| section.set_hidden(true));
        each(&document, "nav a", |link: &HtmlElement| link.set_hidden(false));
    }
    release::release();
    bridge.flush(is_answered);
}
