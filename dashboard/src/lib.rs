//! The dashboard's Worker: figures gathered from the Ledgers of a site, published, and shown as pages and to programs.
//!
//! It stands behind the Worker of the site, over a binding that nobody else can reach: who may ask has been seen to there
//! (`worker/src/dashboard.rs`), and each message brings the site or sites, the day and policy of each, and the reader's role.
//! What lives here: platform values turned into facts, storage, answers. What never does: rules on what may be shown
//! (`postern-stats`), markup (`postern-view`).

mod answer;
mod api;
mod experiments;
mod figures;
mod figures_object;
mod figures_store;
mod ledgers;
mod marks;
mod pages;
mod register;
mod sites;
mod unnamed;
mod watching;

use figures::Site;
use ledgers::Ledger;
use postern_consent::CategorySet;
use postern_policy::Policy;
use postern_receipt::Role;
use postern_stats::{Counter, Question, QuestionError, Seen};
use postern_view::{Place, Tried};
use sites::Told;
use worker::{Context, Env, Request, Response, Result, event};

/// The binding of the files of ours: charts and style.
const FILES: &str = "FILES";

/// A message of the site's Worker, of one site.
struct Asked<'a> {
    /// Whose figures.
    site: Site<'a>,
    /// Its policy; `None` if it cannot be read, which the site's Worker tells.
    policy: Option<&'a Policy>,
    /// Where the reader is.
    place: Place<'a>,
    /// Languages that the reader's browser asks for.
    languages: &'a str,
    /// What was wrong with a form.
    error: &'a str,
    /// The address's parameters.
    pairs: &'a [(String, String)],
}

impl<'a> Asked<'a> {
    /// What is asked, by the parameters less `others`.
    fn question(&self, others: &[&str]) -> std::result::Result<Question, QuestionError> {
        let all = self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let mut question = Question::read(all.filter(|(name, _)| !others.contains(name)))?;
        // The site's own Worker has seen to it that the reader keeps it.
        question.site = self.place.is_other.then(|| self.site.id.to_owned());
        Ok(question)
    }

    /// The counters of the categories that the policy asks for; of all, where it cannot be read.
    fn offered(&self) -> Vec<Counter> {
        let offered = self.policy.map_or(CategorySet::ALL, Policy::offered);
        offered.iter().filter_map(|category| Counter::of_category(category.name())).collect()
    }

    /// What was seen that the policy does not name, and what went wrong.
    async fn seen(&self) -> Result<Vec<Seen>> {
        let ledger = Ledger::main(self.site.env, self.site.id)?;
        Ok(unnamed::unnamed(ledger.seen().await?.all(), self.policy))
    }

    /// What the policy's experiment has found, if it has one.
    async fn tried(&self) -> Result<Option<Tried<'a>>> {
        match self.policy.and_then(|policy| policy.experiment.as_ref()) {
            Some(experiment) => experiments::found(&self.site, experiment).await,
            None => Ok(None),
        }
    }
}

#[event(fetch)]
async fn fetch(mut request: Request, env: Env, _context: Context) -> Result<Response> {
    let header = |name: &str| request.headers().get(name).ok().flatten().unwrap_or_default();
    let (home, languages, error) =
        (header("postern-home"), header("accept-language"), header("postern-error"));
    let (role, kept) = (Role::named(&header("postern-role")), header("postern-kept"));
    let url = request.url()?;
    let told = Told::read(&request.text().await?, worker::Date::now().as_millis());
    let (Some(role), Some(first)) = (role, told.first()) else {
        return answer::text(403, "This Worker answers the site's own alone: docs/dashboard.md.");
    };
    let pairs: Vec<(String, String)> =
        url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    let path = url.path().strip_prefix("/_postern/").unwrap_or_default();
    let is_of_all = ["dashboard/sites", "api/v1/sites", "api/v1/sites.csv"].contains(&path);
    let asked = Asked {
        site: first.site(&env),
        policy: first.policy.as_ref(),
        place: Place {
            site: if is_of_all { &home } else { &first.id },
            is_other: !is_of_all && first.id != home,
            has_several: kept.parse().is_ok_and(|kept: usize| kept > 1),
            may_register: role >= Role::Admin && (is_of_all || first.id == home),
        },
        languages: &languages,
        error: &error,
        pairs: &pairs,
    };
    match path {
        "dashboard" => pages::dashboard(&asked).await,
        "dashboard/sites" => sites::page(&asked, &told).await,
        "dashboard/today" => pages::today(&asked).await,
        "requests" => pages::requests(&asked).await,
        "dashboard.js" | "dashboard.css" => file(&env, path).await,
        "metrics" => api::metrics(&asked).await,
        "api/v1/sites" => api::sites(&asked, &told).await,
        "api/v1/sites.csv" => api::sites_csv(&asked, &told).await,
        _ => match path.strip_prefix("api/v1/") {
            Some(path) => api::answer(&asked, path).await,
            None => answer::text(404, "There is nothing of this name here."),
        },
    }
}

/// A file of ours. It keeps its address when it changes, so browsers ask whether it has.
async fn file(env: &Env, path: &str) -> Result<Response> {
    let found = env.assets(FILES)?.fetch(format!("https://files.internal/{path}"), None).await?;
    let headers = found.headers().clone();
    headers.set("cache-control", "private, no-cache")?;
    headers.set("x-content-type-options", "nosniff")?;
    Ok(found.with_headers(headers))
}
