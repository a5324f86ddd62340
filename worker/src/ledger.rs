//! The Ledger as the Worker sees it: messages, and the object that answers them.
//!
//! A Durable Object answers only after its writes are durable (the platform's output gate), so an
//! acknowledged receipt is never lost. What it does with a message: `ledger_object.rs`.

use crate::answer;
use crate::site::Site;
use js_sys::Uint8Array;
use postern_consent::{Category, CategorySet, Choice, Minutes, Subject};
use postern_policy::Policy;
use postern_receipt::log::Tile;
use postern_receipt::{Method, sha256};
use postern_stats::{Day, SeenBatch, ViewBatch};
use serde::{Deserialize, Serialize};
use wasm_bindgen_futures::JsFuture;
use worker::{Env, Method as HttpMethod, Request, RequestInit, Stub};

/// The binding in `wrangler.toml`.
const BINDING: &str = "LEDGER";

/// One act, as the Worker sends it.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct ActMessage {
    /// Host the visitor sees; the receipt's scope.
    pub host: String,
    /// 32 hex digits.
    pub subject: [u8; 16],
    /// Granted categories, bits.
    pub granted: u8,
    /// Ids of vendors granted by themselves.
    pub vendors: Vec<String>,
    /// Is the question answered?
    pub is_answered: bool,
    /// When what holds now was decided, Unix milliseconds.
    pub decided_ms: u64,
    /// How it was expressed: index into [`METHODS`].
    pub method: usize,
    /// Language of the texts shown.
    pub lang: String,
    /// `Sec-GPC: 1`.
    pub gpc: bool,
    /// `DNT: 1`.
    pub dnt: bool,
    /// What `ADPC` withdraws, bits.
    pub adpc_withdrawn: u8,
    /// Does `ADPC` object to direct marketing?
    pub adpc_objected: bool,
    /// Where the platform finds the visitor to be; only the legal profile it leads to is recorded.
    pub country: Option<String>,
    /// The part of the country.
    pub region: Option<String>,
    /// The visitor's network address, for counting in memory; it is stored nowhere.
    pub address: String,
    /// The user agent; reduced to engine and form before anything is stored.
    pub user_agent: String,
    /// The place in the log of the version that the visitor was asked with.
    pub release: Option<u64>,
    /// The act's name, 32 hex digits.
    pub key: String,
    /// SHA-256 of the request's body.
    pub body_sha256: [u8; 32],
    /// The Worker's clock, Unix milliseconds.
    pub now_ms: u64,
}

impl ActMessage {
    /// Does it grant nothing?
    pub fn is_refusal(&self) -> bool {
        let granted = CategorySet::from_bits(self.granted).unwrap_or(CategorySet::ALL);
        granted.without(Category::Necessary).is_empty() && self.vendors.is_empty()
    }
}

/// Every way to express a choice.
pub const METHODS: [Method; 9] = [
    Method::AcceptAll,
    Method::RejectAll,
    Method::LayerTwoSave,
    Method::WithdrawAll,
    Method::PageSave,
    Method::VendorLoad,
    Method::Gpc,
    Method::Adpc,
    Method::Dnt,
];

/// What was recorded.
#[derive(Debug, Serialize, Deserialize)]
pub struct Recorded {
    /// The receipt's name.
    pub receipt_id: String,
    /// Whose it is.
    pub subject: [u8; 16],
    /// What it grants, bits.
    pub granted: u8,
    /// Ids of vendors it grants by themselves.
    pub vendors: Vec<String>,
    /// Is the question answered?
    pub is_answered: bool,
    /// When what holds now was decided, Unix milliseconds.
    pub decided_ms: u64,
    /// What the log has of it.
    pub commitment: [u8; 32],
    /// Its place in the log, from 0.
    pub leaf_index: u64,
    /// When it was recorded, Unix milliseconds.
    pub at_unix_ms: u64,
}

impl Recorded {
    /// The choice as the cookie stores it.
    pub fn choice(&self, policy: &Policy) -> Option<Choice> {
        Some(Choice {
            granted: CategorySet::from_bits(self.granted)?,
            decided_at: Minutes::from_unix_ms(self.decided_ms),
            policy: policy.tag(),
            subject: Subject(self.subject),
            vendors: self.vendors.iter().filter_map(|id| policy.place_of(id)).collect(),
            is_answered: self.is_answered,
        })
    }
}

/// A receipt as its holder sees it.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReceiptMessage {
    /// Its name.
    pub receipt_id: String,
    /// When, Unix milliseconds.
    pub at_unix_ms: u64,
    /// What it amounts to, by name.
    pub outcome: String,
    /// What was on offer, bits.
    pub offered: u8,
    /// What it grants, bits.
    pub granted: u8,
}

/// What a holder has here.
#[derive(Debug, Serialize, Deserialize)]
pub struct Standing {
    /// The receipts, newest first.
    pub receipts: Vec<ReceiptMessage>,
    /// Are they restricted?
    pub is_restricted: bool,
}

/// Counts of one day.
#[derive(Debug, Serialize, Deserialize)]
pub struct DayMessage {
    /// Days since 1970-01-01.
    pub day: u32,
    /// views, shown, accepted, refused, partial, withdrawn.
    pub counts: [u64; 6],
}

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

/// The site's Ledger, to talk to. An error means there is none.
pub struct Ledger(Stub);

/// An answer of the Ledger that is no success.
#[derive(Debug)]
pub struct Refusal {
    /// The status to pass on.
    pub status: u16,
    /// What to tell the visitor.
    pub sentence: String,
}

impl Ledger {
    /// The Ledger of this site.
    pub fn of(site: &Site, env: &Env) -> std::result::Result<Self, Refusal> {
        let id = site.policy.as_ref().map_or("postern", |policy| policy.site.id.as_str());
        let stub = env.durable_object(BINDING).and_then(|namespace| namespace.get_by_name(id));
        stub.map(Self).map_err(|error| unavailable(&error.to_string()))
    }

    async fn ask(&self, path: &str, body: &str) -> std::result::Result<String, Refusal> {
        let bytes = self.ask_bytes(path, body).await?;
        String::from_utf8(bytes).map_err(|error| unavailable(&error.to_string()))
    }

    async fn ask_bytes(&self, path: &str, body: &str) -> std::result::Result<Vec<u8>, Refusal> {
        let call = async {
            let mut init = RequestInit::new();
            init.with_method(HttpMethod::Post).with_body(Some(body.into()));
            let request = Request::new_with_init(&format!("https://ledger.internal{path}"), &init)?;
            // In one piece: read as a stream, each answer costs an error that the platform makes when the reader is let go.
            let response = web_sys::Response::from(self.0.fetch_with_request(request).await?);
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
        let body = serde_json::to_string(act).map_err(|error| unavailable(&error.to_string()))?;
        parse(&self.ask("/record", &body).await?)
    }

    /// The place in the log of the version that is to be shown; with another policy on the lines behind it where that is to be
    /// shown instead.
    pub async fn release(&self, now_ms: u64, version: &str) -> std::result::Result<String, Refusal> {
        self.ask("/release", &format!("{now_ms}\t{version}\t")).await
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

    /// The register of requests, and behind an empty line what was done: a line each, cells between tabs.
    pub async fn register(&self) -> std::result::Result<String, Refusal> {
        self.ask("/register", "").await
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

    /// Adds a batch of page views.
    pub async fn add_views(&self, batch: &ViewBatch) -> std::result::Result<(), Refusal> {
        self.ask("/views", &batch.write()).await.map(|_| ())
    }

    /// Adds a batch of things seen.
    pub async fn add_seen(&self, batch: &SeenBatch) -> std::result::Result<(), Refusal> {
        self.ask("/see", &batch.write()).await.map(|_| ())
    }

    /// What was seen last, the newest first.
    pub async fn seen(&self) -> std::result::Result<SeenBatch, Refusal> {
        let text = self.ask("/seen", "").await?;
        SeenBatch::parse(&text).map_err(|error| unavailable(&error.to_string()))
    }

    /// What a subject has here.
    pub async fn receipts(&self, subject: Subject) -> std::result::Result<Standing, Refusal> {
        let body = serde_json::to_string(&subject.0).map_err(|error| unavailable(&error.to_string()))?;
        parse(&self.ask("/receipts", &body).await?)
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

    /// The days counted, both ends included.
    pub async fn days(&self, from: Day, to: Day) -> std::result::Result<Vec<DayMessage>, Refusal> {
        parse(&self.ask("/days", &format!("[{},{}]", from.number(), to.number())).await?)
    }
}

fn parse<T: for<'text> Deserialize<'text>>(text: &str) -> std::result::Result<T, Refusal> {
    serde_json::from_str(text).map_err(|error| unavailable(&error.to_string()))
}

fn unavailable(cause: &str) -> Refusal {
    answer::log(&format!("the Ledger cannot be reached: {cause}"));
    Refusal { status: 503, sentence: "The record of choices cannot be reached just now.".into() }
}

/// SHA-256 of a request's body.
pub fn body_hash(body: &str) -> [u8; 32] {
    sha256(body.as_bytes())
}
