//! The consent page: what holds, how to change it, the visitor's receipts. Works without JavaScript.

use crate::DECISION_PATH;
use crate::choices::{Hidden, choices, hidden, titles};
use crate::fill::fill;
use crate::page::{Frame, page};
use crate::signal_notes::signal_notes;
use maud::{Markup, html};
use postern_consent::{CategorySet, Outcome, Signal};
use postern_policy::Policy;

/// What the consent page shows.
#[derive(Clone, Copy, Debug)]
pub struct ConsentPage<'a> {
    /// The site's policy.
    pub policy: &'a Policy,
    /// Its tag, 8 lower-case hex digits.
    pub policy_hex: &'a str,
    /// What is granted now.
    pub granted: CategorySet,
    /// Has the visitor not decided yet?
    pub must_ask: bool,
    /// The browser's own signals that deny something here.
    pub honoured: &'a [Signal],
    /// The idempotency key of the act this page may cause, 32 lower-case hex digits.
    pub key: &'a str,
    /// Where the form leads back to: a path of this site, checked by the caller.
    pub return_to: &'a str,
    /// The visitor's receipts, newest first.
    pub receipts: &'a [ReceiptLine<'a>],
    /// Was a choice just saved?
    pub is_saved: bool,
    /// Why the last choice was not saved.
    pub error: Option<&'a str>,
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
    let policy = facts.policy;
    let texts = &policy.texts;
    page(Frame {
        lang: &policy.site.language,
        dir: policy.direction(),
        title: &format!("{} – {}", texts.page_title, policy.controller.name),
        header: html! { p { a href=(facts.return_to) { (texts.page_back) } } },
        main: html! {
            h1 { (texts.page_title) }
            @if let Some(error) = facts.error { p class="error" role="alert" { (error) } }
            p role="status" data-postern-status { @if facts.is_saved { (texts.saved) } }
            p { (texts.page_intro) }
            (signal_notes(texts, facts.honoured))
            (current(facts))
            (form(facts))
            (receipts(facts))
        },
        footer: Some(about(policy)),
    })
}

fn current(facts: &ConsentPage<'_>) -> Markup {
    let texts = &facts.policy.texts;
    html! {
        h2 { (texts.page_current) }
        @if facts.must_ask { p { (texts.page_undecided) } }
        dl {
            div { dt { (texts.necessary_title) } dd { (texts.always_on) } }
            @for purpose in &facts.policy.purposes {
                @let is_granted = facts.granted.contains(purpose.category);
                div data-postern-state=(purpose.category.name()) {
                    dt { (purpose.title) }
                    dd class=(if is_granted { "good" } else { "soft" }) {
                        (if is_granted { &texts.page_granted } else { &texts.page_denied })
                    }
                }
            }
        }
    }
}

fn form(facts: &ConsentPage<'_>) -> Markup {
    let ConsentPage { policy, policy_hex, key, return_to, .. } = *facts;
    let texts = &policy.texts;
    html! {
        h2 { (texts.settings_title) }
        form method="post" action=(DECISION_PATH) autocomplete="off" {
            (hidden(&Hidden { policy: policy_hex, key, return_to, layer: "page" }))
            (choices(policy, facts.granted, "purpose"))
            p class="acts" {
                button type="submit" name="choice" value="withdraw" data-consent-action="withdraw" { (texts.withdraw) }
                button type="submit" name="choice" value="save" data-consent-action="save" { (texts.save) }
            }
        }
    }
}

fn receipts(facts: &ConsentPage<'_>) -> Markup {
    let (policy, texts) = (facts.policy, &facts.policy.texts);
    html! {
        h2 { (texts.page_receipts) }
        @if facts.receipts.is_empty() {
            p { (texts.page_receipts_none) }
        } @else {
            ul class="receipts" {
                @for line in facts.receipts {
                    li data-receipt=(line.id) {
                        dl {
                            div { dt { (texts.page_receipt_time) } dd { time datetime=(line.at) { (line.at) } } }
                            div {
                                dt { (texts.page_receipt_outcome) }
                                dd data-outcome=(line.outcome.name()) { (outcome_word(policy, line.outcome)) }
                            }
                            div { dt { (texts.page_receipt_granted) } dd { (titles(policy, line.granted)) } }
                            div {
                                dt { (texts.page_receipt_refused) }
                                dd { (titles(policy, line.offered.difference(line.granted))) }
                            }
                            div { dt { (texts.page_receipt_id) } dd { code { (line.id) } } }
                        }
                    }
                }
            }
        }
    }
}

fn outcome_word(policy: &Policy, outcome: Outcome) -> &str {
    let texts = &policy.texts;
    match outcome {
        Outcome::Accepted => &texts.outcome_accepted,
        Outcome::Refused => &texts.outcome_refused,
        Outcome::Partial => &texts.outcome_partial,
        Outcome::Withdrawn => &texts.outcome_withdrawn,
        Outcome::Vendor => &texts.outcome_vendor,
    }
}

fn about(policy: &Policy) -> Markup {
    let (texts, controller, notice) = (&policy.texts, &policy.controller, &policy.notice);
    let updated = fill(&texts.updated, &[("version", notice.version.as_str()), ("date", &notice.updated)]);
    html! {
        h2 { (texts.page_about) }
        p { (controller.name) ", " (controller.address) ", " (controller.contact) }
        p { (updated) " " a href=(notice.url) { (texts.notice) } }
        p { (texts.page_authority) " " a href=(controller.authority.url) { (controller.authority.name) } }
    }
}
