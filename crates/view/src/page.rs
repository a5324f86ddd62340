//! The frame of the pages we serve ourselves, and the two smallest of them.

use crate::{LOGIN_PATH, PAGE_CSS_PATH, consent_address};
use maud::{DOCTYPE, Markup, html};
use postern_policy::Language;

/// What a page's frame needs.
pub(crate) struct Frame<'a> {
    pub(crate) lang: &'a str,
    pub(crate) dir: &'a str,
    pub(crate) title: &'a str,
    /// Style sheets beside that of all our pages.
    pub(crate) styles: &'a [&'a str],
    /// A module.
    pub(crate) script: Option<&'a str>,
    /// Above the content: who speaks.
    pub(crate) header: Markup,
    /// One `h1` and all below it.
    pub(crate) main: Markup,
    /// Below the content.
    pub(crate) footer: Option<Markup>,
}

/// A whole page: language, title, landmarks, our stylesheet; no inline script or style.
pub(crate) fn page(frame: Frame<'_>) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(frame.lang) dir=(frame.dir) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                meta name="color-scheme" content="light dark";
                title { (frame.title) }
                link rel="stylesheet" href=(PAGE_CSS_PATH);
                @for style in frame.styles { link rel="stylesheet" href=(style); }
                @if let Some(script) = frame.script { script type="module" src=(script) {} }
            }
            body {
                header { (frame.header) }
                main { (frame.main) }
                @if let Some(footer) = frame.footer { footer { (footer) } }
            }
        }
    }
}

/// The dashboard's login: one token. `to` is the address that is opened then, `error` says why the last token was refused.
#[must_use]
pub fn login_page(to: &str, error: Option<&str>) -> Markup {
    page(Frame {
        lang: "en",
        dir: "ltr",
        title: "Log in – Postern",
        styles: &[],
        script: None,
        header: html! { p { "Postern" } },
        main: html! {
            h1 { "Log in" }
            @if let Some(error) = error { p id="error" class="error" role="alert" { (error) } }
            form method="post" action=(LOGIN_PATH) {
                @if !to.is_empty() { input type="hidden" name="to" value=(to); }
                p {
                    label for="token" { "Access token" }
                    input id="token" name="token" type="password" autocomplete="current-password" required
                        maxlength="200" aria-invalid=[error.map(|_| "true")] aria-describedby=[error.map(|_| "error")];
                }
                p class="acts" { button type="submit" { "Log in" } }
            }
            p { "The token was set when Postern was deployed. Whoever deployed it can set another." }
        },
        footer: None,
    })
}

/// A choice made by a form was not saved. `sentence` says why, in English, as it is written to programs too.
#[must_use]
pub fn not_saved_page(language: &Language, sentence: &str) -> Markup {
    let texts = &language.texts;
    page(Frame {
        lang: &language.tag,
        dir: language.direction(),
        title: &texts.not_saved,
        styles: &[],
        script: None,
        header: html! { p { a href=(consent_address(language)) { (texts.reopen) } } },
        main: html! {
            h1 { (texts.not_saved) }
            p { (texts.not_saved_text) }
            p class="soft" lang="en" dir="ltr" { (sentence) }
        },
        footer: None,
    })
}

/// A page that says what failed and what to do. `status` is the HTTP status it is sent with.
#[must_use]
pub fn error_page(status: u16, title: &str, what_to_do: &str) -> Markup {
    page(Frame {
        lang: "en",
        dir: "ltr",
        title,
        styles: &[],
        script: None,
        header: html! { p { "Error " (status) } },
        main: html! {
            h1 { (title) }
            p { (what_to_do) }
        },
        footer: None,
    })
}
