//! The dashboard's Worker: figures gathered from the Ledgers of a site, published, and shown as pages and to programs.
//!
//! It stands behind the Worker of the site, over a binding that nobody else can reach: who may ask has been seen to there
//! (`worker/src/dashboard.rs`), and each message brings the site, its day, its policy and the reader's role.
//! What lives here: platform values turned into facts, storage, answers. What never does: rules on what may be shown
//! (`postern-stats`), markup (`postern-view`).

mod answer;
mod api;
mod experiments;
mod figures;
mod figures_object;
mod figures_store;
mod ledgers;
mod pages;
mod register;
mod watching;

use figures::Site;
use postern_policy::Policy;
use postern_receipt::Role;
use postern_stats::Day;
use worker::{Context, Env, Request, Response, Result, event};

/// The binding of the files of ours: charts and style.
const FILES: &str = "FILES";

/// A message of the site's Worker.
struct Asked<'a> {
    /// Whose figures.
    site: Site<'a>,
    /// Its policy; `None` if it cannot be read, which the site's Worker tells.
    policy: Option<&'a Policy>,
    /// The reader's role.
    role: Role,
    /// Languages that the reader's browser asks for.
    languages: &'a str,
    /// What was wrong with a form.
    error: &'a str,
    /// The address's parameters.
    pairs: &'a [(String, String)],
}

impl Asked<'_> {
    /// The parameters, less those that are not the question's.
    fn question_pairs<'p>(&'p self, others: &'p [&str]) -> impl Iterator<Item = (&'p str, &'p str)> {
        let all = self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        all.filter(move |(name, _)| !others.contains(name))
    }
}

#[event(fetch)]
async fn fetch(mut request: Request, env: Env, _context: Context) -> Result<Response> {
    let header = |name: &str| request.headers().get(name).ok().flatten().unwrap_or_default();
    let (site, languages, error) =
        (header("postern-site"), header("accept-language"), header("postern-error"));
    let (role, today) = (header("postern-role"), header("postern-today"));
    let (Some(role), Some(today)) = (Role::named(&role), today.parse().ok().and_then(Day::new)) else {
        return answer::text(403, "This Worker answers the site's own alone: docs/dashboard.md.");
    };
    let url = request.url()?;
    let pairs: Vec<(String, String)> =
        url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    let policy = request.text().await?;
    let read = pages::read_policy(&policy);
    let settled = watching::settled(read.as_ref(), worker::Date::now().as_millis());
    let asked = Asked {
        site: Site { env: &env, id: &site, policy: &policy, today, settled },
        policy: read.as_ref(),
        role,
        languages: &languages,
        error: &error,
        pairs: &pairs,
    };
    let path = url.path().strip_prefix("/_postern/").unwrap_or_default();
    match path {
        "dashboard" => pages::dashboard(&asked).await,
        "dashboard/today" => pages::today(&asked).await,
        "requests" => pages::requests(&asked).await,
        "dashboard.js" | "dashboard.css" => file(&env, path).await,
        "metrics" => api::metrics(&asked).await,
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
