//! The Ledger as the Worker sees it: what can be asked of it. What is said then: `messages.rs`.
//!
//! A Durable Object answers only after its writes are durable (the platform's output gate), so an
//! acknowledged receipt is never lost. What it does with a message: `ledger_object.rs`.

use crate::answer;
use crate::messages::{ActMessage, Recorded, Standing};
use crate::site::Site;
use js_sys::Uint8Array;
use postern_consent::{Shard, Subject};
use postern_receipt::log::Tile;
use postern_receipt::sha256;
use postern_stats::{Batch, SeenBatch};
use wasm_bindgen_futures::JsFuture;
use worker::{Env, Method as HttpMethod, Request, RequestInit, Stub};

/// Said to who was asked with what is not asked any more.
pub const CHANGED: &str = "What is asked has changed since this page was opened. Please reload it.";

/// The binding in `wrangler.toml`.
const BINDING: &str = "LEDGER";

/// What is taken along page by page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Archived {
    /// Receipts.
    Receipts,
    /// Acts of those who keep the site.
    Acts,
    /// Versions of what visitors are asked with.
    Releases,
}

/// One of the site's Ledgers, to talk to. An error means there is none.
pub struct Ledger {
    stub: Stub,
    site: String,
    shard: Shard,
}

/// An answer of the Ledger that is no success.
#[derive(Debug)]
pub struct Refusal {
    /// The status to pass on.
    pub status: u16,
    /// What to tell the visitor.
    pub sentence: String,
}

impl Ledger {
    /// The main Ledger of this site, which keeps all that is not of one visitor.
    pub fn of(site: &Site, env: &Env) -> std::result::Result<Self, Refusal> {
        Self::at(site, env, Shard::FIRST)
    }

    /// The Ledger of a shard that is known to be there: of a cookie of ours, or by `shards.rs`.
    pub fn at(site: &Site, env: &Env, shard: Shard) -> std::result::Result<Self, Refusal> {
        let id = site.id.as_str();
        let name = match shard {
            Shard::FIRST => id.to_string(),
            // No id of a site has a slash.
            Shard(number) => format!("{id}/{number}"),
        };
        let stub = env.durable_object(BINDING).and_then(|namespace| namespace.get_by_name(&name));
        stub.map(|stub| Self { stub, site: id.into(), shard })
            .map_err(|error| unavailable(&error.to_string()))
    }

    async fn ask(&self, path: &str, body: &str) -> std::result::Result<String, Refusal> {
        let bytes = self.ask_bytes(path, body).await?;
        String::from_utf8(bytes).map_err(|error| unavailable(&error.to_string()))
    }

    async fn ask_bytes(&self, path: &str, body: &str) -> std::result::Result<Vec<u8>, Refusal> {
        let call = async {
            let mut init = RequestInit::new();
            init.with_method(HttpMethod::Post).with_body(Some(body.into()));
            let address = format!("https://ledger.internal/{}/{}{path}", self.site, self.shard.0);
            let request = Request::new_with_init(&address, &init)?;
            // In one piece: read as a stream, each answer costs an error that the platform makes when the reader is let go.
            let response = web_sys::Response::from(self.stub.fetch_with_request(request).await?);
            let body = JsFuture::from(response.array_buffer()?).await?;
            Ok::<_, worker::Error>((response.status(), Uint8Array::new(&body).to_vec()))
        };
        match call.await {
            Ok((200, bytes)) => Ok(bytes),
            Ok((status, bytes)) => {
                Err(Refusal { status, sentence: String::from_utf8_lossy(&bytes).into_owned() })
            }
            Err(error) => Err(unavailable(&error.to_string())),
        }
    }

    /// Records an act. When this returns a value, the receipt is durable.
    pub async fn record(&self, act: &ActMessage) -> std::result::Result<Recorded, Refusal> {
        let said = self.ask("/record", &act.write()).await?;
        Recorded::parse(&said).ok_or_else(|| unavailable("it says what nobody here can read"))
    }

    /// The place in the log of the version that is to be shown, a space, and how many shards there are now that so many are
    /// wanted; with another policy on the lines behind it where that is to be shown instead.
    pub async fn release(
        &self,
        now_ms: u64,
        version: &str,
        shards: u8,
    ) -> std::result::Result<String, Refusal> {
        self.ask("/release", &format!("{now_ms}\t{version}\t{shards}")).await
    }

    /// The first entry of its log that something kept needs.
    pub async fn first_kept(&self) -> std::result::Result<String, Refusal> {
        self.ask("/first-kept", "").await
    }

    /// How many shards there are.
    pub async fn count_shards(&self) -> std::result::Result<String, Refusal> {
        self.ask("/shards", "").await
    }

    /// Is the act of that name recorded there?
    pub async fn knows(&self, key: &str) -> std::result::Result<bool, Refusal> {
        Ok(!self.ask("/knows", key).await?.is_empty())
    }

    /// The version at that place in the main log.
    pub async fn version_at(&self, place: u64) -> std::result::Result<String, Refusal> {
        self.ask("/version", &place.to_string()).await
    }

    /// Puts what is deployed into the log, and gives its place; with hashes of pictures for desktop and phone between tabs, or
    /// nothing there.
    pub async fn publish(&self, now_ms: u64, pictures: &str) -> std::result::Result<String, Refusal> {
        self.ask("/publish", &format!("{now_ms}\t{pictures}")).await
    }

    /// Counts a token that is tried from that address; an error if it was too often.
    pub async fn count_token(&self, address: &str) -> std::result::Result<(), Refusal> {
        self.ask("/token", address).await.map(|_| ())
    }

    /// Notes what somebody who is logged in did.
    pub async fn note(&self, now_ms: u64, who: &str, what: &str) -> std::result::Result<(), Refusal> {
        self.ask("/note", &format!("{now_ms}\t{who}\t{what}")).await.map(|_| ())
    }

    /// Changes it by a form; 400 with a sentence where that cannot be.
    pub async fn change_register(
        &self,
        now_ms: u64,
        who: &str,
        form: &str,
    ) -> std::result::Result<(), Refusal> {
        self.ask("/change-register", &format!("{now_ms}\t{who}\t{form}")).await.map(|_| ())
    }

    /// Adds a batch of page views, once by its name. A Ledger that is busy with decisions puts it off, unless it is late.
    pub async fn add_views(
        &self,
        name: &str,
        batch: &Batch,
        is_late: bool,
    ) -> std::result::Result<(), Refusal> {
        let path = if is_late { "/late-views" } else { "/views" };
        self.ask(path, &format!("{name}\n{}", batch.write())).await.map(|_| ())
    }

    /// Adds a batch of things seen.
    pub async fn add_seen(&self, batch: &SeenBatch) -> std::result::Result<(), Refusal> {
        self.ask("/see", &batch.write()).await.map(|_| ())
    }

    /// What a subject has here.
    pub async fn receipts(&self, subject: Subject) -> std::result::Result<Standing, Refusal> {
        let body = serde_json::to_string(&subject.0).map_err(|error| unavailable(&error.to_string()))?;
        let said = self.ask("/receipts", &body).await?;
        Standing::parse(&said).ok_or_else(|| unavailable("it says what nobody here can read"))
    }

    /// The same, each as it was committed to, with salt, commitment, and what vouches for it: a JSON array.
    pub async fn export(&self, subject: Subject) -> std::result::Result<String, Refusal> {
        let body = serde_json::to_string(&subject.0).map_err(|error| unavailable(&error.to_string()))?;
        self.ask("/export", &body).await
    }

    /// A page of all that is of a kind, from a place in the log on; empty behind the last.
    pub async fn archive(&self, what: Archived, from: u64) -> std::result::Result<String, Refusal> {
        let path = match what {
            Archived::Receipts => "/archive",
            Archived::Acts => "/archive-acts",
            Archived::Releases => "/archive-releases",
        };
        self.ask(path, &from.to_string()).await
    }

    /// The receipt of that name, as a line of an export; empty if there is none.
    pub async fn receipt(&self, receipt_id: &str) -> std::result::Result<String, Refusal> {
        self.ask("/receipt", receipt_id).await
    }

    /// The policy of the version at that place in the log; empty if this code shows another.
    pub async fn policy_at(&self, place: u64) -> std::result::Result<String, Refusal> {
        self.ask("/policy", &place.to_string()).await
    }

    /// The last signed checkpoint; empty if there is none.
    pub async fn checkpoint(&self) -> std::result::Result<String, Refusal> {
        self.ask("/checkpoint", "").await
    }

    /// One of the log's files; empty if it is not part of what was sealed.
    pub async fn log_file(&self, tile: &Tile) -> std::result::Result<Vec<u8>, Refusal> {
        self.ask_bytes("/file", &tile.to_string()).await
    }

    /// Erases a subject's receipts. When this returns, they are gone for good.
    pub async fn erase(&self, subject: Subject, now_ms: u64) -> std::result::Result<(), Refusal> {
        let body =
            serde_json::to_string(&(subject.0, now_ms)).map_err(|error| unavailable(&error.to_string()))?;
        self.ask("/erase", &body).await.map(|_| ())
    }

    /// Restricts a subject's receipts, or lifts that.
    pub async fn restrict(
        &self,
        subject: Subject,
        now_ms: u64,
        is_restricted: bool,
    ) -> std::result::Result<(), Refusal> {
        let body = serde_json::to_string(&(subject.0, now_ms, is_restricted))
            .map_err(|error| unavailable(&error.to_string()))?;
        self.ask("/restrict", &body).await.map(|_| ())
    }
}

fn unavailable(cause: &str) -> Refusal {
    answer::log(&format!("the Ledger cannot be reached: {cause}"));
    Refusal { status: 503, sentence: "The record of choices cannot be reached just now.".into() }
}

/// SHA-256 of a request's body.
pub fn body_hash(body: &str) -> [u8; 32] {
    sha256(body.as_bytes())
}
