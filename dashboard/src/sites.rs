//! The sites of a deployment, as a message tells of them, and all that somebody keeps beside each other.

use crate::figures::{Figures, Site};
use crate::pages::read_policy;
use crate::watching::{locale, settled};
use crate::{Asked, answer};
use futures_util::future::join_all;
use postern_platform::Numbers;
use postern_policy::Policy;
use postern_stats::{Counts, Day, Range};
use postern_view::{AlertLine, Overview, SiteFigures, SiteLine};
use worker::{Env, Response, Result};

/// Days that are shown of each.
const DAYS: u32 = 30;

/// A site, as a message tells of it.
pub struct Told {
    /// Its id; another site's where the policy cannot be read.
    pub id: String,
    /// What its variables end in; empty for the first of the deployment.
    name: String,
    today: Day,
    source: String,
    /// Its policy; `None` if it cannot be read.
    pub policy: Option<Policy>,
    /// The first day that may still be counted.
    settled: Day,
}

impl Told {
    /// Reads a message's body: a JSON array of `[id, name, today, policy]`. What cannot be read tells of no site.
    pub fn read(body: &str, now_ms: u64) -> Vec<Self> {
        let lines: Vec<(String, String, u32, String)> = serde_json::from_str(body).unwrap_or_default();
        let read = |(id, name, today, source): (String, String, u32, String)| {
            let policy = read_policy(&source);
            let settled = settled(policy.as_ref(), now_ms);
            Some(Self { id, name, today: Day::new(today)?, source, policy, settled })
        };
        lines.into_iter().filter_map(read).collect()
    }

    /// Its figures.
    pub fn site<'a>(&'a self, env: &'a Env) -> Site<'a> {
        Site { env, id: &self.id, policy: &self.source, today: self.today, settled: self.settled }
    }

    /// What it is called, whether or not its policy can be read.
    pub fn called(&self) -> &str {
        match (&self.policy, self.name.as_str()) {
            (Some(_), _) => &self.id,
            (None, "") => "the first site",
            (None, name) => name,
        }
    }

    /// Its first host.
    pub fn host(&self) -> Option<&str> {
        self.policy.as_ref()?.site.hosts.first().map(String::as_str)
    }

    /// Its days.
    pub fn range(&self) -> Range {
        Range { first: self.settled.minus(DAYS), last: self.settled.minus(1) }
    }

    /// Its figures of these days and as many before, over time, and everybody's of each; in a sentence why there are none.
    pub async fn figures(&self, env: &Env) -> std::result::Result<Found, &'static str> {
        if self.policy.is_none() {
            return Err("Its policy cannot be read, so nobody is asked: postern check says why.");
        }
        let (site, range) = (self.site(env), self.range());
        let found = async {
            let before = range.before().unwrap_or(range);
            let both = Range { first: before.first, last: range.last };
            Ok::<_, worker::Error>(Found {
                figures: site.curve(both).await?,
                whole: site.whole(range).await?,
                before: site.whole(before).await?,
            })
        };
        found.await.map_err(|error| {
            worker::console_log!("no figures of {}: {error}", self.id);
            "No figures just now: its records cannot be reached. Nothing is lost."
        })
    }
}

/// What is told of a site beside others.
pub struct Found {
    /// Both times together, and what must be seen to.
    pub figures: Figures,
    /// Everybody, in its days.
    pub whole: Counts,
    /// Everybody, in as many days before.
    pub before: Counts,
}

/// The figures of all, in their order.
pub async fn figures_of_all(env: &Env, told: &[Told]) -> Vec<std::result::Result<Found, &'static str>> {
    join_all(told.iter().map(|one| one.figures(env))).await
}

/// Answers `GET /_postern/dashboard/sites`.
pub async fn page(asked: &Asked<'_>, told: &[Told]) -> Result<Response> {
    let found = figures_of_all(asked.site.env, told).await;
    let alerts: Vec<Vec<AlertLine>> = found
        .iter()
        .map(|one| one.as_ref().map_or(&[][..], |found| &found.figures.alerts))
        .map(|alerts| alerts.iter().map(|(kind, text)| AlertLine { kind, text }).collect())
        .collect();
    let lines: Vec<SiteLine> = told
        .iter()
        .zip(&found)
        .zip(&alerts)
        .map(|((one, found), alerts)| SiteLine {
            id: one.called(),
            is_named: one.policy.is_some(),
            host: one.host(),
            figures: found.as_ref().map_err(|why| *why).map(|found| SiteFigures {
                standing: found.figures.standing,
                range: one.range(),
                whole: found.whole,
                before: found.before,
                points: &found.figures.points,
                alerts,
            }),
        })
        .collect();
    let numbers = Numbers::of(asked.languages);
    let overview = Overview { place: asked.place, sites: &lines };
    answer::page(200, postern_view::sites(&overview, &locale(&numbers)).into_string())
}
