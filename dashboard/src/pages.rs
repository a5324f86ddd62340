//! The pages: the dashboard, its figures of today, the register of requests.

use crate::figures::{Figures, Other, whole};
use crate::ledgers::Ledger;
use crate::marks::marks;
use crate::watching::{day_at, locale};
use crate::{Asked, answer, register};
use postern_catalogue::VENDORS;
use postern_consent::Category;
use postern_platform::Numbers;
use postern_policy::Policy;
use postern_stats::{Counter, Question, Seen};
use postern_view::{AlertLine, Beside, Dashboard, Mark, Tried, VendorName};
use worker::{Error, Response, Result};

/// A policy file; `None` if it cannot be read, which the site's Worker tells.
pub fn read_policy(source: &str) -> Option<Policy> {
    let known: Vec<(&str, Category, &str)> =
        VENDORS.iter().map(|vendor| (vendor.id, vendor.shown_category(), vendor.name)).collect();
    Policy::parse(source, &known).ok()
}

/// The page that says why there are no figures just now, and leads to what was asked for.
fn failure(asked: &Asked<'_>, address: &str, error: &Error) -> Result<Response> {
    worker::console_log!("no figures: {error}");
    let what = "The records of choices cannot be reached. Nothing is lost: choices are recorded and visits counted all the same.";
    let page = postern_view::dashboard_refusal(
        &asked.place,
        "No figures just now",
        what,
        Some((address, "Try again")),
    );
    answer::page(503, page.into_string())
}

/// Answers `GET /_postern/dashboard`.
pub async fn dashboard(asked: &Asked<'_>) -> Result<Response> {
    let question = match asked.question(&[]) {
        Ok(question) => question,
        Err(error) => {
            let address = asked.place.figures();
            let link = Some((address.as_str(), "Everybody’s figures of the last 30 days"));
            let page = postern_view::dashboard_refusal(
                &asked.place,
                "That cannot be answered",
                &format!("The address cannot be read: {error}."),
                link,
            );
            return answer::page(400, page.into_string());
        }
    };
    match found(asked, &question).await {
        Ok(found) => page(asked, &question, &found),
        Err(error) => failure(asked, &postern_view::figures_address(&question), &error),
    }
}

/// What a page is made of.
struct Found<'a> {
    figures: Figures,
    /// What stands beside.
    other: Option<Other>,
    tried: Option<Tried<'a>>,
    seen: Vec<Seen>,
    marks: Vec<Mark>,
}

async fn found<'a>(asked: &Asked<'a>, question: &Question) -> Result<Found<'a>> {
    let range = question.range(asked.site.settled);
    let figures = asked.site.figures(range, question.segment.as_ref()).await?;
    let other = asked.site.beside(question).await?;
    let (seen, tried) = (asked.seen().await?, asked.tried().await?);
    // Marks stand beside the curve, which is not there where there is nothing to show.
    let marks = if whole(&figures.sums, question.segment.as_ref()).is_empty() {
        Vec::new()
    } else {
        let ledger = Ledger::main(asked.site.env, asked.site.id)?;
        marks(asked, &ledger, range).await?.into_iter().map(|happened| happened.mark).collect()
    };
    Ok(Found { figures, other, tried, seen, marks })
}

fn page(asked: &Asked<'_>, question: &Question, found: &Found<'_>) -> Result<Response> {
    let Found { figures, other, tried, seen, marks } = found;
    let today = asked.site.settled;
    let policy = asked.policy;
    let numbers = Numbers::of(asked.languages);
    let locale = locale(&numbers);
    let name = postern_view::beside_name(question, today, &locale);
    let beside = other.as_ref().map(|other| Beside {
        name: &name,
        whole: other.whole(),
        points: &other.figures.points,
    });
    let offered = asked.offered();
    let vendors = policy.into_iter().flat_map(Policy::vendors);
    let vendors: Vec<VendorName> = vendors
        .map(|vendor| VendorName {
            id: &vendor.id,
            name: &vendor.name,
            category: Counter::of_category(vendor.category.name()),
        })
        .collect();
    let alerts: Vec<AlertLine> = figures.alerts.iter().map(|(kind, text)| AlertLine { kind, text }).collect();
    let page = postern_view::dashboard(&Dashboard {
        place: asked.place,
        question,
        today,
        standing: figures.standing,
        whole: whole(&figures.sums, question.segment.as_ref()),
        points: &figures.points,
        beside: beside.as_ref(),
        sums: &figures.sums,
        marks,
        alerts: &alerts,
        week: figures.week.as_ref(),
        experiment: tried.as_ref(),
        offered: &offered,
        vendors: &vendors,
        seen,
        day_of: &|at_ms| day_at(policy, at_ms),
        locale,
    });
    answer::page(200, page.into_string())
}

/// Answers `GET /_postern/dashboard/today`.
pub async fn today(asked: &Asked<'_>) -> Result<Response> {
    match asked.site.standing().await {
        Ok(standing) => {
            let other = asked.place.is_other.then_some(asked.site.id);
            let numbers = Numbers::of(asked.languages);
            answer::page(200, postern_view::today(other, &standing, &locale(&numbers)).into_string())
        }
        Err(error) => failure(asked, &asked.place.figures(), &error),
    }
}

/// Answers `GET /_postern/requests`, and says what was wrong with a form.
pub async fn requests(asked: &Asked<'_>) -> Result<Response> {
    let ledger = Ledger::main(asked.site.env, asked.site.id)?;
    match ledger.register().await {
        Ok(register) => {
            let error = Some(asked.error).filter(|error| !error.is_empty());
            let status = if error.is_some() { 400 } else { 200 };
            let now_ms = worker::Date::now().as_millis();
            answer::page(status, register::page(asked.place, &register, now_ms, error))
        }
        Err(error) => failure(asked, postern_view::REQUESTS_PATH, &error),
    }
}
