//! The banner as it goes into a page: layer 1, layer 2, the link that opens it again, and the status.

use crate::change::change_notice;
use crate::choices::{Hidden, choices, hidden};
use crate::fill::{fill, in_order};
use crate::signal_notes::signal_notes;
use crate::vendors::{Granted, Place};
use crate::{
    ASKED_PATH, CONSENT_PATH, DECISION_PATH, RECEIPTS_PATH, WITHOUT_SCRIPTS, consent_address,
    receipts_address,
};
use maud::{Markup, html};
use postern_consent::{Category, Signal};
use postern_policy::{Change, Language, Policy, Reopen, Texts};

/// What the settings of who has a receipt need beside [`banner_css`](crate::banner_css).
pub const RECEIPT_CSS: &str = include_str!("../../../www/css/receipt.css");

/// What the banner shows.
#[derive(Clone, Copy, Debug)]
pub struct BannerFacts<'a> {
    /// The site's policy.
    pub policy: &'a Policy,
    /// Its tag, 8 lower-case hex digits (`format!("{:08x}", policy.tag().0)`).
    pub policy_hex: &'a str,
    /// What is granted now.
    pub granted: Granted<'a>,
    /// Is the visitor asked now? Otherwise layer 1 is hidden and the link is shown.
    pub must_ask: bool,
    /// The browser's own signals that deny something here.
    pub honoured: &'a [Signal],
    /// The idempotency key of the act this page may cause, 32 lower-case hex digits.
    pub key: &'a str,
    /// Where a form without JavaScript leads back to: a path of this site, checked by the caller.
    pub return_to: &'a str,
    /// The change of the site's notice that is announced now.
    pub change: Option<&'a Change>,
    /// The language it speaks.
    pub language: &'a Language,
    /// The visitor's newest receipt, where the settings show it.
    pub receipt: Option<OwnReceipt<'a>>,
    /// Is the page the site's own, whose visitor our pages know? Else scripts ask for them.
    pub is_own_page: bool,
    /// Is it to be counted that the banner is drawn, and whether without scripts?
    pub is_counted: bool,
}

impl BannerFacts<'_> {
    fn hidden<'a>(&'a self, layer: &'a str) -> Hidden<'a> {
        let Self { policy_hex: policy, key, return_to, .. } = *self;
        Hidden { policy, key, return_to, layer, lang: &self.language.tag }
    }
}

/// The banner's markup. Comes first in `body`; its style is [`BANNER_CSS`](crate::BANNER_CSS).
#[must_use]
pub fn banner(facts: &BannerFacts<'_>) -> Markup {
    let BannerFacts { policy, language, .. } = *facts;
    let texts = &language.texts;
    html! {
        div id="postern" data-postern-policy=(facts.policy_hex) data-postern-layout=(policy.banner.layout.name())
            lang=(language.tag) dir=(language.direction()) {
            @if facts.must_ask { (layer_one(facts)) }
            @if let Some(change) = facts.change { (change_notice(policy, language, change)) }
            (layer_two(facts))
            p role="status" data-postern-status data-saved=(texts.saved) data-failed=(texts.failed) {}
            @if policy.banner.reopen == Reopen::Button {
                // A landmark of its own: content outside one is what axe reports under `region`.
                nav aria-label=(texts.reopen) {
                    a href=(consent_address(language)) data-consent-action="open" hidden[facts.must_ask] { (texts.reopen) }
                }
            }
        }
    }
}

/// Who asks, what for, how many would receive data, how to take it back, and three buttons of one size.
/// Source: standards.md 3.3, requirements 21 to 26.
fn layer_one(facts: &BannerFacts<'_>) -> Markup {
    let BannerFacts { policy, language, .. } = *facts;
    let texts = &language.texts;
    let purposes = language.titles(policy.offered());
    let body = fill(
        &texts.body,
        &[("controller", &policy.controller.name), ("purposes", &purposes), ("reopen", &texts.reopen)],
    );
    let third_parties = policy.vendors.iter().filter(|vendor| vendor.category != Category::Necessary).count();
    let third_parties = fill(&texts.third_parties, &[("count", &third_parties.to_string())]);
    html! {
        section aria-labelledby="postern-title" {
            form method="post" action=(DECISION_PATH) autocomplete="off" {
                (hidden(&facts.hidden("1")))
                div {
                    h2 id="postern-title" { (texts.title) }
                    p { (body) }
                    // Within a line: by itself the picture would have one of its own.
                    p {
                        (third_parties) " " a href=(policy.notice.url) { (texts.notice) }
                        @if facts.is_counted { (drawn(&language.tag)) }
                    }
                    (signal_notes(texts, facts.honoured))
                }
                div {
                    button type="submit" name="choice" value="reject" data-consent-action="reject" { (texts.reject) }
                    button type="submit" name="choice" value="accept" data-consent-action="accept" { (texts.accept) }
                    button type="submit" formmethod="get" formaction=(CONSENT_PATH) data-consent-action="settings" {
                        (texts.settings)
                    }
                }
            }
        }
    }
}

/// Asks for a picture that shows nothing, once the banner is drawn: what is not drawn asks for none that is lazy. Without scripts for
/// another one as well. Each says the language that is read, as figures are told apart by it. Source: HTML standard, "lazy loading attributes"; CSS Display 3, section 2.5.
fn drawn(language: &str) -> Markup {
    html! {
        img src=(format!("{ASKED_PATH}?{language}")) loading="lazy" alt="";
        noscript { img src=(format!("{ASKED_PATH}?{language},{WITHOUT_SCRIPTS}")) alt=""; }
    }
}

/// Each category with its switch, its words and who is involved. Source: standards.md 3.3.
fn layer_two(facts: &BannerFacts<'_>) -> Markup {
    let BannerFacts { policy, language, .. } = *facts;
    let texts = &language.texts;
    let updated = fill(
        &texts.updated,
        &[
            ("version", &in_order(language, &policy.notice.version)),
            ("date", &in_order(language, &policy.notice.updated)),
        ],
    );
    html! {
        dialog id="postern-settings" aria-labelledby="postern-settings-title" {
            form method="post" action=(DECISION_PATH) autocomplete="off" {
                (hidden(&facts.hidden("2")))
                div {
                    h2 id="postern-settings-title" { (texts.settings_title) }
                    (signal_notes(texts, facts.honoured))
                    (choices(policy, language, &facts.granted, Place::Dialog))
                    p {
                        small {
                            (updated) " " a href=(policy.notice.url) { (texts.notice) } ". "
                            (texts.authority) " "
                            a href=(policy.controller.authority.url) { (policy.controller.authority.name) } "."
                            @if !facts.must_ask && facts.is_own_page {
                                " " a href=(receipts_address(language)) { (texts.page_receipts) } "."
                            }
                        }
                    }
                    @if let Some(own) = facts.receipt { (receipt(texts, own, facts.is_own_page)) }
                }
                // The page behind a modal dialog is out of reach: a failure must be told in here.
                p role="status" data-postern-status data-failed=(texts.failed) {}
                div {
                    button type="submit" name="choice" value="withdraw" data-consent-action="withdraw" { (texts.withdraw) }
                    button type="submit" name="choice" value="save" data-consent-action="save" { (texts.save) }
                    button type="button" data-consent-action="close" { (texts.close) }
                }
            }
        }
    }
}

/// A visitor's newest receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnReceipt<'a> {
    /// Its name.
    pub id: &'a str,
    /// Are the visitor's receipts restricted?
    pub is_restricted: bool,
}

/// What a visitor may do with their receipts; restricting them too where no page of ours knows the visitor.
/// Source: GDPR Art. 15(3), 17, 18 and 20; standards.md requirement 71.
fn receipt(texts: &Texts, own: OwnReceipt<'_>, is_own_page: bool) -> Markup {
    let button =
        |action: &str, label: &str| html! { button type="button" data-consent-action=(action) { (label) } };
    html! {
        p data-postern-receipt {
            (texts.receipt) " " code { (own.id) } " "
            button type="button" data-consent-action="copy" data-copied=(texts.copied) { (texts.copy) } " "
            a href=(RECEIPTS_PATH) download="receipts.json" data-consent-action="export" { (texts.export) }
        }
        @if !is_own_page && own.is_restricted {
            p data-postern-receipt { (texts.restricted) " " (button("unrestrict", &texts.lift)) }
        } @else if !is_own_page {
            details data-postern-receipt {
                summary { (texts.restrict) }
                p { (texts.restrict_confirm) }
                p { (button("restrict", &texts.restrict)) }
            }
        }
        details data-postern-receipt {
            summary { (texts.erase) }
            p { (texts.erase_confirm) }
            p { button type="button" data-consent-action="erase" { (texts.erase) } }
        }
    }
}
