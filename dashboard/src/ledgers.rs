//! The site's Ledgers, as far as figures are asked of them. What they answer: `worker/src/rollup.rs` and `ledger_object.rs`.

use crate::marks::place_of;
use postern_stats::{Batch, Day, SeenBatch};
use worker::{Env, Error, Method, Request, RequestInit, Result, Stub};

/// The binding in `wrangler.dashboard.toml`.
const BINDING: &str = "LEDGER";

/// Answers with versions, at most: each has some hundred.
const GOES: u32 = 20;

/// One Ledger.
pub struct Ledger {
    stub: Stub,
    site: String,
    shard: u8,
}

/// Days of one Ledger that have changed.
pub struct Changed {
    /// The revision they go to.
    pub revision: u64,
    /// Have more days changed, or do receipts wait to be counted?
    pub has_more: bool,
    /// Which days these are; one may have no cells left.
    pub days: Vec<Day>,
    /// How many grants run out within thirty days.
    pub due: u64,
    /// Their cells, all of each day.
    pub cells: Batch,
}

impl Ledger {
    fn of(env: &Env, site: &str, shard: u8) -> Result<Self> {
        // As the Worker names them: the main one by the site, others behind it.
        let name = if shard == 0 { site.to_owned() } else { format!("{site}/{shard}") };
        Ok(Self { stub: env.durable_object(BINDING)?.get_by_name(&name)?, site: site.into(), shard })
    }

    /// The site's main Ledger, which keeps all that is of no visitor.
    pub fn main(env: &Env, site: &str) -> Result<Self> {
        Self::of(env, site, 0)
    }

    /// All of a site's Ledgers.
    pub async fn all(env: &Env, site: &str) -> Result<Vec<Self>> {
        // Who wants none more changes nothing.
        let said = Self::main(env, site)?.ask("shards", "0").await?;
        let count: u8 = said.trim().parse().unwrap_or(1);
        (0..count.max(1)).map(|shard| Self::of(env, site, shard)).collect()
    }

    /// Its number.
    pub fn shard(&self) -> u8 {
        self.shard
    }

    async fn ask(&self, message: &str, body: &str) -> Result<String> {
        let mut init = RequestInit::new();
        init.with_method(Method::Post).with_body(Some(body.into()));
        let address = format!("https://ledger.internal/{}/{}/{message}", self.site, self.shard);
        let mut answer = self.stub.fetch_with_request(Request::new_with_init(&address, &init)?).await?;
        let text = answer.text().await?;
        if answer.status_code() == 200 { Ok(text) } else { Err(Error::RustError(text)) }
    }

    /// The days that have changed since a revision, some at a time.
    pub async fn changed_since(&self, revision: u64) -> Result<Changed> {
        let text = self.ask("cells", &revision.to_string()).await?;
        let unreadable = || Error::RustError("a Ledger says what nobody here can read".into());
        let (head, cells) = text.split_once('\n').ok_or_else(unreadable)?;
        let [revision, more, days, due] = *head.split('\t').collect::<Vec<_>>().as_slice() else {
            return Err(unreadable());
        };
        let days = days.split_ascii_whitespace().map(|day| day.parse().ok().and_then(Day::new));
        Ok(Changed {
            revision: revision.parse().map_err(|_| unreadable())?,
            has_more: more == "1",
            days: days.collect::<Option<_>>().ok_or_else(unreadable)?,
            due: due.parse().map_err(|_| unreadable())?,
            cells: Batch::parse(cells).map_err(|error| Error::RustError(error.to_string()))?,
        })
    }

    /// What was seen that the policy does not name, and what went wrong.
    pub async fn seen(&self) -> Result<SeenBatch> {
        SeenBatch::parse(&self.ask("seen", "").await?).map_err(|error| Error::RustError(error.to_string()))
    }

    /// When the first of what no checkpoint holds was recorded, Unix milliseconds; `None` if one holds all.
    pub async fn unsealed_since(&self) -> Result<Option<u64>> {
        Ok(self.ask("unsealed", "").await?.trim().parse().ok())
    }

    /// The register of requests, and what was done last by those who keep the site.
    pub async fn register(&self) -> Result<String> {
        self.ask("register", "").await
    }

    /// The name of the version at that place of the log, and its policy file. `None` if the Ledger has none there. It has those of all
    /// versions, whatever code runs there now.
    async fn version(&self, place: u64) -> Result<Option<(String, String)>> {
        let said = self.ask("version", &place.to_string()).await?;
        // Its name, what it is made of, what it asks with, its entry, the file.
        let mut cells = said.splitn(5, '\t');
        let named = cells.next().filter(|name| !name.is_empty());
        Ok(named.zip(cells.nth(3)).map(|(name, policy)| (name.to_owned(), policy.to_owned())))
    }

    /// The policy file of the version at that place of the log; `None` if there is none.
    ///
    /// # Errors
    /// If the Ledger cannot be reached.
    pub async fn policy_at(&self, place: u64) -> Result<Option<String>> {
        Ok(self.version(place).await?.map(|(_, policy)| policy))
    }

    /// The policy file of the version of that name, which is at that place of the log; `None` if the Ledger has another there: one that was
    /// put back from a copy may have it at another place than its log says.
    pub async fn policy_of(&self, place: u64, name: &str) -> Option<String> {
        self.version(place).await.ok()?.filter(|(own, _)| own == name).map(|(_, policy)| policy)
    }

    /// The versions of what visitors are asked with in their order, a line of JSON each.
    pub async fn releases(&self) -> Result<String> {
        let (mut all, mut from) = (String::new(), 0);
        for _ in 0..GOES {
            let some = self.ask("archive-releases", &from.to_string()).await?;
            let last = some.lines().last().and_then(|line| serde_json::from_str(line).ok());
            all.push_str(&some);
            let Some(place) = last.as_ref().and_then(place_of) else { break };
            from = place + 1;
        }
        Ok(all)
    }
}
