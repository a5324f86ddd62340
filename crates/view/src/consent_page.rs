//! The consent page: what holds, how to change it, the visitor's receipts. Works without JavaScript.

use crate::choices::{Hidden, choices, hidden};
use crate::fill::{fill, in_order};
use crate::page::{Frame, page};
use crate::signal_notes::signal_notes;
use crate::vendors::{Granted, Place};
use crate::{
    CONSENT_PATH, DECISION_PATH, ERASE_PATH, RECEIPTS_PATH, RESTRICT_PATH, consent_address, encoded,
};
use maud::{Markup, html};
use postern_consent::{CategorySet, Outcome, Signal};
use postern_policy::{Language, Policy, Texts, Vendor};

/// What the consent page shows.
#[derive(Clone, Copy, Debug)]
pub struct ConsentPage<'a> {
    /// The site's policy.
    pub policy: &'a Policy,
    /// The language it speaks.
    pub language: &'a Language,
    /// The policy's tag, 8 lower-case hex digits.
    pub policy_hex: &'a str,
    /// What is granted now.
    pub granted: Granted<'a>,
    /// Has the visitor not decided yet?
    pub must_ask: bool,
    /// The browser's own signals that deny something here.
    pub honoured: &'a [Signal],
    /// The idempotency key of the act this page may cause, 32 lower-case hex digits.
    pub key: &'a str,
    /// Where the form leads back to: a path of this site, checked by the caller.
    pub return_to: &'a str,
    /// A vendor whose content the visitor wants to load, without anything else.
    pub load: Option<Load<'a>>,
    /// The visitor's receipts, newest first.
    pub receipts: &'a [ReceiptLine<'a>],
    /// Are they restricted?
    pub is_restricted: bool,
    /// Was a choice just saved?
    pub is_saved: bool,
    /// Why the last choice was not saved.
    pub error: Option<&'a str>,
}

/// A vendor to be loaded by itself.
#[derive(Clone, Copy, Debug)]
pub struct Load<'a> {
    /// Which.
    pub vendor: &'a Vendor,
    /// The idempotency key of that act, 32 lower-case hex digits: the page's own is for another.
    pub key: &'a str,
}

/// One receipt as its subject sees it.
#[derive(Clone, Copy, Debug)]
pub struct ReceiptLine<'a> {
    /// Its name.
    pub id: &'a str,
    /// When, RFC 3339 UTC.
    pub at: &'a str,
    /// What it amounts to.
    pub outcome: Outcome,
    /// What was granted.
    pub granted: CategorySet,
    /// What was on offer.
    pub offered: CategorySet,
}

/// The consent page as a whole document.
#[must_use]
pub fn consent_page(facts: &ConsentPage<'_>) -> Markup {
    let ConsentPage { policy, language, .. } = *facts;
    let texts = &language.texts;
    page(Frame {
        lang: &language.tag,
        dir: language.direction(),
        title: &format!("{} – {}", texts.reopen, policy.controller.name),
        styles: &[],
        script: None,
        header: html! { p { a href=(facts.return_to) { (texts.page_back) } } },
        main: html! {
            h1 { (texts.reopen) }
            @if let Some(error) = facts.error { p class="error" role="alert" { (error) } }
            p role="status" data-postern-status { @if facts.is_saved { (texts.saved) } }
            @if let Some(asked) = facts.load { (load(facts, asked)) }
            p { (texts.page_intro) }
            (signal_notes(texts, facts.honoured))
            (current(facts))
            (form(facts))
            (receipts(facts))
        },
        footer: Some(html! { (about(policy, language)) (languages(facts)) }),
    })
}

/// One provider's content, asked for by the link in its frame.
fn load(facts: &ConsentPage<'_>, Load { vendor, key }: Load<'_>) -> Markup {
    let ConsentPage { language, policy_hex, return_to, .. } = *facts;
    let texts = &language.texts;
    let name = [("vendor", vendor.name.as_str())];
    html! {
        form method="post" action=(DECISION_PATH) autocomplete="off" class="load" {
            (hidden(&Hidden { policy: policy_hex, key, return_to, layer: "page", lang: &language.tag }))
            input type="hidden" name="vendor" value=(vendor.id);
            p { (fill(&texts.held, &name)) }
            p class="acts" {
                button type="submit" name="choice" value="load" data-consent-action="load" { (fill(&texts.held_load, &name)) }
            }
        }
    }
}

fn current(facts: &ConsentPage<'_>) -> Markup {
    let texts = &facts.language.texts;
    html! {
        h2 { (texts.page_current) }
        @if facts.must_ask { p { (texts.page_undecided) } }
        dl {
            div { dt { (texts.necessary_title) } dd { (texts.always_on) } }
            @for purpose in &facts.policy.purposes {
                @let is_granted = facts.granted.categories.contains(purpose.category);
                div data-postern-state=(purpose.category.name()) {
                    dt { (texts.category(purpose.category).0) }
                    dd class=(if is_granted { "good" } else { "soft" }) {
                        (if is_granted { &texts.page_granted } else { &texts.page_denied })
                    }
                    @for vendor in facts.policy.vendors_of(purpose.category) {
                        @if !is_granted && facts.granted.is_vendor_granted(facts.policy, vendor) {
                            dd class="good" data-postern-state=(vendor.id) { (vendor.name) ": " (texts.page_granted) }
                        }
                    }
                }
            }
        }
    }
}

fn form(facts: &ConsentPage<'_>) -> Markup {
    let ConsentPage { policy, language, policy_hex, key, return_to, .. } = *facts;
    let texts = &language.texts;
    let hidden = hidden(&Hidden { policy: policy_hex, key, return_to, layer: "page", lang: &language.tag });
    html! {
        h2 { (texts.settings_title) }
        form method="post" action=(DECISION_PATH) autocomplete="off" {
            (hidden)
            (choices(policy, language, &facts.granted, Place::Page))
            p class="acts" {
                button type="submit" name="choice" value="withdraw" data-consent-action="withdraw" { (texts.withdraw) }
                button type="submit" name="choice" value="save" data-consent-action="save" { (texts.save) }
            }
        }
    }
}

fn receipts(facts: &ConsentPage<'_>) -> Markup {
    let ConsentPage { language, .. } = *facts;
    let texts = &language.texts;
    html! {
        h2 id="receipts" { (texts.page_receipts) }
        @if facts.receipts.is_empty() {
            p { (texts.page_receipts_none) }
        } @else {
            @if facts.is_restricted { p class="note" { (texts.restricted) } }
            p class="links" {
                a href=(RECEIPTS_PATH) download { (texts.export) }
                // The names of the two forms are the same in every language.
                " " a href=(format!("{RECEIPTS_PATH}ld")) download { "JSON-LD" }
                " " a href=(format!("{CONSENT_PATH}/receipts.kantara.json")) download { "Kantara" }
            }
            @if facts.is_restricted {
                form method="post" action=(RESTRICT_PATH) {
                    p class="acts" { button type="submit" name="restrict" value="no" { (texts.lift) } }
                }
            } @else {
                details {
                    summary { (texts.restrict) }
                    form method="post" action=(RESTRICT_PATH) {
                        p { (texts.restrict_confirm) }
                        p class="acts" { button type="submit" name="restrict" value="yes" { (texts.restrict) } }
                    }
                }
            }
            details {
                summary { (texts.erase) }
                form method="post" action=(ERASE_PATH) {
                    p { (texts.erase_confirm) }
                    p class="acts" { button type="submit" { (texts.erase) } }
                }
            }
            ul class="receipts" {
                @for line in facts.receipts {
                    li data-receipt=(line.id) {
                        dl {
                            div { dt { (texts.page_receipt_time) } dd { time datetime=(line.at) { (line.at) } } }
                            div {
                                dt { (texts.page_receipt_outcome) }
                                dd data-outcome=(line.outcome.name()) { (outcome_word(texts, line.outcome)) }
                            }
                            div { dt { (texts.page_granted) } dd { (language.titles(line.granted)) } }
                            div {
                                dt { (texts.page_denied) }
                                dd { (language.titles(line.offered.difference(line.granted))) }
                            }
                            div { dt { (texts.receipt) } dd { code { (line.id) } } }
                        }
                    }
                }
            }
        }
    }
}

fn outcome_word(texts: &Texts, outcome: Outcome) -> &str {
    match outcome {
        Outcome::Accepted => &texts.outcome_accepted,
        Outcome::Refused => &texts.outcome_refused,
        Outcome::Partial => &texts.outcome_partial,
        Outcome::Withdrawn => &texts.outcome_withdrawn,
        Outcome::Vendor => &texts.outcome_vendor,
        Outcome::Expired => &texts.outcome_expired,
    }
}

fn about(policy: &Policy, language: &Language) -> Markup {
    let texts = &language.texts;
    let (controller, notice) = (&policy.controller, &policy.notice);
    let updated = fill(
        &texts.updated,
        &[("version", &in_order(language, &notice.version)), ("date", &in_order(language, &notice.updated))],
    );
    html! {
        h2 { (texts.page_about) }
        p { (controller.name) ", " (controller.address) ", " (controller.contact) }
        p { (updated) " " a href=(notice.url) { (texts.notice) } }
        p { (texts.authority) " " a href=(controller.authority.url) { (controller.authority.name) } }
    }
}

/// The same page in every language there is. Each link is in its own language, so that its reader finds it.
fn languages(facts: &ConsentPage<'_>) -> Markup {
    let shown = facts.policy.languages().count();
    // A choice made here leads back here, in the language it was made in.
    let back =
        (!facts.return_to.starts_with(CONSENT_PATH)).then(|| format!("&return={}", encoded(facts.return_to)));
    html! {
        @if shown > 1 {
            nav aria-labelledby="languages" {
                h2 id="languages" { (facts.language.texts.page_language) }
                ul class="languages" {
                    @for language in facts.policy.languages() {
                        @let is_shown = language.tag == facts.language.tag;
                        @let address = consent_address(language) + back.as_deref().unwrap_or_default();
                        li {
                            a href=(address) lang=(language.tag) hreflang=(language.tag) dir=(language.direction())
                                aria-current=[is_shown.then_some("true")] { (language.texts.language) }
                        }
                    }
                }
            }
        }
    }
}
