//! What the Worker and its Ledgers say to each other. Acts and what was recorded of them are JSON arrays of texts, since they carry
//! what browsers send; the rest are lines, cells between tabs. Both cost a tenth of the code that objects of named members do.

use crate::asked::{parse_version, write_version};
use postern_consent::{Category, CategorySet, Choice, Minutes, Outcome, Shard, Subject};
use postern_policy::Policy;
use postern_receipt::{Method, ReceiptRow, outcome_named};
use postern_stats::{Dimension, SIGNAL_LAYER};
use serde_json::Value;

/// One act, as the Worker sends it.
#[derive(Debug, Default)]
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
    /// The way it asked, by its place in that version.
    pub way: usize,
    /// The act's name, 32 hex digits.
    pub key: String,
    /// SHA-256 of the request's body.
    pub body_sha256: [u8; 32],
    /// The Worker's clock, Unix milliseconds.
    pub now_ms: u64,
    /// What is counted of it beside the receipt, as `postern_stats::Facts` is written.
    pub facts: String,
}

/// Texts as a JSON array.
fn write_texts(texts: Vec<String>) -> String {
    Value::from(texts).to_string()
}

/// The texts of a JSON array, one after the other.
fn read_texts(array: &str) -> Option<impl Iterator<Item = String>> {
    let Value::Array(texts) = serde_json::from_str(array).ok()? else { return None };
    Some(texts.into_iter().map(|text| if let Value::String(text) = text { text } else { String::new() }))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// As many bytes as hex digits say.
fn bytes<const N: usize>(hex: &str) -> Option<[u8; N]> {
    let digits = hex.as_bytes().chunks_exact(2).map(|pair| {
        let pair = std::str::from_utf8(pair).ok()?;
        u8::from_str_radix(pair, 16).ok()
    });
    digits.collect::<Option<Vec<u8>>>()?.try_into().ok()
}

impl ActMessage {
    /// As it is sent.
    pub fn write(&self) -> String {
        let place = |place: &Option<String>| place.clone().unwrap_or_default();
        write_texts(vec![
            self.host.clone(),
            hex(&self.subject),
            self.granted.to_string(),
            self.vendors.join(" "),
            self.is_answered.to_string(),
            self.decided_ms.to_string(),
            self.method.to_string(),
            self.lang.clone(),
            self.gpc.to_string(),
            self.dnt.to_string(),
            self.adpc_withdrawn.to_string(),
            self.adpc_objected.to_string(),
            place(&self.country),
            place(&self.region),
            self.address.clone(),
            self.user_agent.clone(),
            self.release.map_or(String::new(), |place| write_version(place, self.way)),
            self.key.clone(),
            hex(&self.body_sha256),
            self.now_ms.to_string(),
            self.facts.clone(),
        ])
    }

    /// Reads it back; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let mut texts = read_texts(text)?;
        let mut next = || texts.next();
        let mut act = Self {
            host: next()?,
            subject: bytes(&next()?)?,
            granted: next()?.parse().ok()?,
            vendors: next()?.split_ascii_whitespace().map(str::to_owned).collect(),
            is_answered: next()? == "true",
            decided_ms: next()?.parse().ok()?,
            method: next()?.parse().ok()?,
            lang: next()?,
            gpc: next()? == "true",
            dnt: next()? == "true",
            adpc_withdrawn: next()?.parse().ok()?,
            adpc_objected: next()? == "true",
            country: next().map(|place| (!place.is_empty()).then_some(place))?,
            region: next().map(|place| (!place.is_empty()).then_some(place))?,
            address: next()?,
            user_agent: next()?,
            ..Self::default()
        };
        if let Some(version) = next().filter(|version| !version.is_empty()) {
            let (place, way) = parse_version(&version)?;
            (act.release, act.way) = (Some(place), way);
        }
        Some(Self {
            key: next()?,
            body_sha256: bytes(&next()?)?,
            now_ms: next()?.parse().ok()?,
            facts: next()?,
            ..act
        })
    }

    /// Does it grant nothing?
    pub fn is_refusal(&self) -> bool {
        let granted = CategorySet::from_bits(self.granted).unwrap_or(CategorySet::ALL);
        granted.without(Category::Necessary).is_empty() && self.vendors.is_empty()
    }

    /// Has it name no version, nor what is counted of it a place: anybody may make one up, and each would be a figure.
    pub fn name_no_version(&mut self) {
        (self.release, self.way) = (None, 0);
        let mut words: Vec<&str> = self.facts.split('\t').collect();
        let version = words.iter().position(|word| *word == Dimension::Version.name());
        if let Some(value) = version.and_then(|at| words.get_mut(at + 1)) {
            *value = value.split('/').next().unwrap_or_default();
        }
        self.facts = words.join("\t");
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

/// Where a question is answered by that method, as far as it is counted.
pub fn layer_of(method: Method) -> &'static str {
    match method {
        Method::AcceptAll | Method::RejectAll => "banner",
        Method::LayerTwoSave => "settings",
        Method::PageSave => "page",
        Method::WithdrawAll => "withdrawal",
        Method::VendorLoad => "held-content",
        Method::Gpc | Method::Adpc | Method::Dnt | Method::Expiry => SIGNAL_LAYER,
    }
}

/// What was recorded.
#[derive(Debug)]
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
    /// As it is sent.
    pub fn write(&self) -> String {
        write_texts(vec![
            self.receipt_id.clone(),
            hex(&self.subject),
            self.granted.to_string(),
            self.vendors.join(" "),
            self.is_answered.to_string(),
            self.decided_ms.to_string(),
            hex(&self.commitment),
            self.leaf_index.to_string(),
            self.at_unix_ms.to_string(),
        ])
    }

    /// Reads it back; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let mut texts = read_texts(text)?;
        let mut next = || texts.next();
        Some(Self {
            receipt_id: next()?,
            subject: bytes(&next()?)?,
            granted: next()?.parse().ok()?,
            vendors: next()?.split_ascii_whitespace().map(str::to_owned).collect(),
            is_answered: next()? == "true",
            decided_ms: next()?.parse().ok()?,
            commitment: bytes(&next()?)?,
            leaf_index: next()?.parse().ok()?,
            at_unix_ms: next()?.parse().ok()?,
        })
    }

    /// The choice as the cookie stores it.
    pub fn choice(&self, policy: &Policy, shard: Shard) -> Option<Choice> {
        Some(Choice {
            granted: CategorySet::from_bits(self.granted)?,
            decided_at: Minutes::from_unix_ms(self.decided_ms),
            policy: policy.tag(),
            subject: Subject(self.subject),
            vendors: self.vendors.iter().filter_map(|id| policy.place_of(id)).collect(),
            is_answered: self.is_answered,
            shard,
        })
    }
}

/// A receipt as its holder sees it.
#[derive(Debug)]
pub struct ReceiptMessage {
    /// Its name.
    pub receipt_id: String,
    /// When, Unix milliseconds.
    pub at_unix_ms: u64,
    /// What it amounts to.
    pub outcome: Outcome,
    /// What was on offer.
    pub offered: CategorySet,
    /// What it grants.
    pub granted: CategorySet,
}

/// What a holder has in a Ledger.
#[derive(Debug, Default)]
pub struct Standing {
    /// The receipts, newest first.
    pub receipts: Vec<ReceiptMessage>,
    /// Are they restricted?
    pub is_restricted: bool,
}

impl Standing {
    /// A line that says whether they are restricted, and one for each receipt.
    pub fn write(rows: &[ReceiptRow], is_restricted: bool) -> String {
        let mut text = format!("{is_restricted}\n");
        for row in rows {
            text.push_str(&format!(
                "{}\t{}\t{}\t{}\t{}\n",
                row.receipt_id,
                row.at_unix_ms,
                row.outcome.name(),
                row.offered.bits(),
                row.granted.bits()
            ));
        }
        text
    }

    /// Reads it back; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let is_restricted = lines.next()? == "true";
        let receipts = lines.map(|line| {
            let mut cells = line.split('\t');
            let receipt_id = cells.next()?.to_string();
            let at_unix_ms = cells.next()?.parse().ok()?;
            let outcome = outcome_named(cells.next()?)?;
            let mut set = || CategorySet::from_bits(cells.next()?.parse().ok()?);
            Some(ReceiptMessage { receipt_id, at_unix_ms, outcome, offered: set()?, granted: set()? })
        });
        Some(Self { receipts: receipts.collect::<Option<_>>()?, is_restricted })
    }
}
