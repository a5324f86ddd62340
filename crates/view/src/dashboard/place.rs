//! Where a reader is: which site's pages these are, and which others lead on from them.

use crate::page::{Frame, page};
use crate::{
    DASHBOARD_CSS_PATH, DASHBOARD_PATH, DASHBOARD_SCRIPT_PATH, DASHBOARD_SITES_PATH, LOGOUT_PATH,
    REQUESTS_PATH,
};
use maud::{Markup, html};
use postern_stats::Question;

/// Where a reader is.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The id of the site whose page this is.
    pub site: &'a str,
    /// Is it another than the one whose address this is, where the reader is logged in?
    pub is_other: bool,
    /// Does the reader keep several sites?
    pub has_several: bool,
    /// Does the reader keep the register of requests here?
    pub may_register: bool,
}

/// A page that leads to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Own {
    /// All sites.
    Sites,
    /// Figures.
    Figures,
    /// The register of requests.
    Requests,
}

impl Place<'_> {
    /// The address of the site's figures, as they are first shown.
    #[must_use]
    pub fn figures(&self) -> String {
        if self.is_other { figures_of(self.site) } else { DASHBOARD_PATH.into() }
    }
}

/// The address of the figures of the site of that id, wherever the reader is logged in.
pub(super) fn figures_of(site: &str) -> String {
    figures_address(&Question { site: Some(site.into()), ..Question::default() })
}

/// The address of the figures that answer a question.
#[must_use]
pub fn figures_address(question: &Question) -> String {
    format!("{DASHBOARD_PATH}?{}", question.write())
}

/// What stands above each page of those who keep the site.
pub(crate) fn header(place: &Place<'_>, own: Option<Own>) -> Markup {
    let current = |page| (own == Some(page)).then_some("page");
    html! {
        p { @if own == Some(Own::Sites) { "Postern" } @else { (place.site) } }
        nav aria-label="Pages" {
            ul {
                @if place.has_several { li { a href=(DASHBOARD_SITES_PATH) aria-current=[current(Own::Sites)] { "All sites" } } }
                li { a href=(place.figures()) aria-current=[current(Own::Figures)] { "Figures" } }
                @if place.may_register { li { a href=(REQUESTS_PATH) aria-current=[current(Own::Requests)] { "Requests" } } }
            }
        }
        form method="post" action=(LOGOUT_PATH) { button type="submit" { "Log out" } }
    }
}

/// A page with the dashboard's style and script.
pub(super) fn frame(place: &Place<'_>, own: Option<Own>, title: &str, main: Markup) -> Markup {
    page(Frame {
        lang: "en",
        dir: "ltr",
        title,
        styles: &[DASHBOARD_CSS_PATH],
        script: Some(DASHBOARD_SCRIPT_PATH),
        header: header(place, own),
        main,
        footer: None,
    })
}
