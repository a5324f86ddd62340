//! What a receipt says. Fields after ISO/IEC TS 27560 (standards.md 2.1, Appendix A); it "maps to" that
//! text and claims no certificate. Every purpose offered is stated, granted or not, never by omission.

use crate::field::{Client, HostName, NoticeUri, ReceiptId, Sha256Hex, Word};
use crate::retention::Retention;
use crate::time::Timestamp;
use postern_consent::{Category, CategorySet, Granted, Outcome, Profile, Signal, Signals, Subject};
use serde::{Serialize, Serializer};

/// The form and version of what follows.
const SCHEMA: &str = "consent-receipt/1";

/// How the choice was expressed. Source: standards.md Appendix A.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Method {
    /// "Accept all" in layer 1.
    #[serde(rename = "layer1.accept_all")]
    AcceptAll,
    /// "Reject all" in layer 1.
    #[serde(rename = "layer1.reject_all")]
    RejectAll,
    /// "Save" in layer 2.
    #[serde(rename = "layer2.save")]
    LayerTwoSave,
    /// "Reject or withdraw all", wherever it stands.
    #[serde(rename = "withdraw.all")]
    WithdrawAll,
    /// "Save" on the consent page.
    #[serde(rename = "page.save")]
    PageSave,
    /// One vendor's content was let load, where it stands in a page.
    #[serde(rename = "placeholder.load")]
    VendorLoad,
    /// The browser began to send Global Privacy Control, over an older grant. Source: standards.md requirement 52.
    #[serde(rename = "gpc")]
    Gpc,
    /// The browser withdrew or objected by ADPC, over an older grant.
    #[serde(rename = "adpc")]
    Adpc,
    /// The browser began to send Do Not Track, over an older grant.
    #[serde(rename = "dnt")]
    Dnt,
    /// Nobody acted: the time of a grant is over.
    #[serde(rename = "expiry")]
    Expiry,
}

impl From<Signal> for Method {
    fn from(signal: Signal) -> Self {
        match signal {
            Signal::Gpc => Self::Gpc,
            Signal::Adpc => Self::Adpc,
            Signal::Dnt => Self::Dnt,
        }
    }
}

/// Who acted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// The visitor, or their browser for them.
    DataSubject,
    /// The site, which keeps to the time it said.
    Controller,
}

/// The lawful basis. Source: DPV `eu-gdpr:A6-1-a`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Basis {
    /// Consent, GDPR Art. 6(1)(a).
    #[serde(rename = "A6-1-a")]
    Consent,
}

/// What kind of consent event. Source: standards.md 2.1 ("expressed").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum EventType {
    /// A clear affirmative act.
    Expressed,
    /// No act: time went by.
    Lapsed,
}

/// The state of one purpose after the act. Names: DPV 2.3, standards.md 2.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum PurposeState {
    /// Granted.
    ConsentGiven,
    /// Not granted, nor before.
    ConsentRefused,
    /// Not granted any more.
    ConsentWithdrawn,
    /// Not granted any more, because its time is over.
    ConsentExpired,
}

/// One purpose and its state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Purpose {
    /// The category's name.
    #[serde(serialize_with = "category_name")]
    pub id: Category,
    /// Hash of the words the visitor read.
    pub text_sha256: Sha256Hex,
    /// What holds now.
    pub state: PurposeState,
}

/// One vendor that is granted by itself, or was. All others follow their purposes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VendorState {
    /// The id in the policy.
    pub id: Word,
    /// What holds now.
    pub state: PurposeState,
}

/// The notice in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// Where it stands.
    pub uri: NoticeUri,
    /// Its version.
    pub version: Word,
    /// Hash of the texts shown.
    pub sha256: Sha256Hex,
}

/// The browser's own signals at the act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct SignalsSeen {
    /// `Sec-GPC: 1`.
    pub gpc: bool,
    /// `DNT: 1`.
    pub dnt: bool,
}

/// The site's part: the same for every act under one policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The controller's slug.
    pub controller: Word,
    /// The legal profile's name.
    pub profile: Word,
    /// Its numbers, and what is offered.
    pub rules: Profile,
    /// The hosts the choice covers.
    pub scope: Vec<HostName>,
    /// Language of the texts shown.
    pub lang: Word,
    /// Each offered category with the hash of its words.
    pub purposes: Vec<(Category, [u8; 32])>,
    /// The ids of the policy's vendors.
    pub vendors: Vec<Word>,
    /// Hash of the vendor list.
    pub vendors_sha256: [u8; 32],
    /// The notice.
    pub notice: Notice,
    /// Hash of the policy's whole meaning.
    pub policy_sha256: [u8; 32],
    /// The place in the log of the version that the visitor was asked with, from 0.
    pub release: Option<u64>,
    /// Where consent is withdrawn.
    pub withdraw_uri: NoticeUri,
    /// How long the receipt is kept once it holds no more.
    pub retention: Retention,
}

/// The visitor's part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// 128 random bits that name the receipt.
    pub receipt_random: [u8; 16],
    /// Whose act it is.
    pub subject: Subject,
    /// Server clock, Unix milliseconds.
    pub at_unix_ms: u64,
    /// What is granted now; what the site does not offer is ignored.
    pub granted: CategorySet,
    /// The ids of vendors granted by themselves, beyond the categories; what the policy does not list is ignored.
    pub vendors: Vec<Word>,
    /// When what holds now was decided, Unix milliseconds: letting one vendor in prolongs nothing else.
    pub decided_unix_ms: u64,
    /// How it was expressed.
    pub method: Method,
    /// The browser's signals.
    pub signals: Signals,
    /// The coarse class of the browser.
    pub client: Client,
}

/// The record of one act. Immutable: a later act is a later receipt that names this one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Receipt {
    schema: &'static str,
    receipt_id: ReceiptId,
    subject: String,
    previous: Option<ReceiptId>,
    at: Timestamp,
    valid_until: Timestamp,
    profile: Word,
    scope: Vec<HostName>,
    controller: Word,
    actor: Actor,
    basis: Basis,
    #[serde(rename = "type")]
    event_type: EventType,
    method: Method,
    lang: Word,
    #[serde(serialize_with = "outcome_name")]
    outcome: Outcome,
    purposes: Vec<Purpose>,
    vendors: Vec<VendorState>,
    vendors_sha256: Sha256Hex,
    notice: Notice,
    policy_sha256: Sha256Hex,
    #[serde(skip_serializing_if = "Option::is_none")]
    release: Option<u64>,
    signals: SignalsSeen,
    client: Client,
    withdraw_uri: NoticeUri,
    retention: String,
    #[serde(skip)]
    keep_months: u16,
}

/// A subject's last receipt, as far as the next one needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Previous {
    /// Its name.
    pub receipt_id: ReceiptId,
    /// The categories it grants.
    pub granted: CategorySet,
    /// The vendors it grants by themselves.
    pub vendors: Vec<Word>,
}

impl Receipt {
    /// The receipt of `act` under `setting`, after `previous`.
    #[must_use]
    pub fn write(setting: &Setting, act: &Act, previous: Option<Previous>) -> Self {
        let offered: CategorySet = setting.purposes.iter().map(|(category, _)| *category).collect();
        let granted = act.granted.intersection(offered);
        let (previous, before, vendors_before) = match previous {
            Some(previous) => (Some(previous.receipt_id), previous.granted, previous.vendors),
            None => (None, CategorySet::EMPTY, Vec::new()),
        };
        let is_given = |id: &&Word| setting.vendors.contains(id);
        let given: Vec<Word> = act.vendors.iter().filter(is_given).cloned().collect();
        let taken = vendors_before.iter().filter(|id| !given.contains(id));
        let vendors: Vec<VendorState> = given
            .iter()
            .map(|id| (id, PurposeState::ConsentGiven))
            .chain(taken.map(|id| (id, PurposeState::ConsentWithdrawn)))
            .map(|(id, state)| VendorState { id: id.clone(), state })
            .collect();
        let purposes = setting.purposes.iter().map(|(category, text)| Purpose {
            id: *category,
            text_sha256: Sha256Hex(*text),
            state: if granted.contains(*category) {
                PurposeState::ConsentGiven
            } else if before.contains(*category) {
                PurposeState::ConsentWithdrawn
            } else {
                PurposeState::ConsentRefused
            },
        });
        // What is taken back was granted: the proof of that is kept as long.
        let keep_months = setting.retention.months(granted.union(before));
        let at = Timestamp::from_unix_ms(act.at_unix_ms);
        let decided = Timestamp::from_unix_ms(act.decided_unix_ms.min(act.at_unix_ms));
        let outcome = if act.method == Method::VendorLoad {
            Outcome::Vendor
        } else {
            let before = Granted { categories: before, has_vendors: !vendors_before.is_empty() };
            Outcome::of(before, offered, Granted { categories: granted, has_vendors: !given.is_empty() })
        };
        Self {
            schema: SCHEMA,
            receipt_id: ReceiptId::from_random(act.receipt_random),
            subject: subject_hex(act.subject),
            previous,
            at,
            valid_until: decided.plus_minutes(setting.rules.ttl_minutes(granted, !given.is_empty())),
            profile: setting.profile.clone(),
            scope: setting.scope.clone(),
            controller: setting.controller.clone(),
            actor: Actor::DataSubject,
            basis: Basis::Consent,
            event_type: EventType::Expressed,
            method: act.method,
            lang: setting.lang.clone(),
            outcome,
            purposes: purposes.collect(),
            vendors,
            vendors_sha256: Sha256Hex(setting.vendors_sha256),
            notice: setting.notice.clone(),
            policy_sha256: Sha256Hex(setting.policy_sha256),
            release: setting.release,
            signals: SignalsSeen { gpc: act.signals.gpc, dnt: act.signals.dnt },
            client: act.client,
            withdraw_uri: setting.withdraw_uri.clone(),
            retention: Retention::written(keep_months),
            keep_months,
        }
    }

    /// Its name.
    #[must_use]
    pub fn receipt_id(&self) -> &ReceiptId {
        &self.receipt_id
    }

    /// Whose it is, 32 lower-case hex digits.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The subject's receipt before this one.
    #[must_use]
    pub fn previous(&self) -> Option<&ReceiptId> {
        self.previous.as_ref()
    }

    /// What the act amounts to.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// When it was made.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// Until when it holds.
    #[must_use]
    pub fn valid_until(&self) -> Timestamp {
        self.valid_until
    }

    /// How many months it is kept once it holds no more.
    #[must_use]
    pub fn keep_months(&self) -> u16 {
        self.keep_months
    }

    /// Each offered purpose with its state.
    #[must_use]
    pub fn purposes(&self) -> &[Purpose] {
        &self.purposes
    }

    /// What was on offer.
    #[must_use]
    pub fn offered(&self) -> CategorySet {
        self.purposes.iter().map(|purpose| purpose.id).collect()
    }

    /// What is granted now.
    #[must_use]
    pub fn granted(&self) -> CategorySet {
        let given = self.purposes.iter().filter(|purpose| purpose.state == PurposeState::ConsentGiven);
        given.map(|purpose| purpose.id).collect()
    }

    /// The ids of vendors that are granted by themselves now.
    #[must_use]
    pub fn vendors(&self) -> Vec<Word> {
        let given = self.vendors.iter().filter(|vendor| vendor.state == PurposeState::ConsentGiven);
        given.map(|vendor| vendor.id.clone()).collect()
    }

    /// Does it take back anything granted before?
    #[must_use]
    pub fn is_withdrawal(&self) -> bool {
        let purposes = self.purposes.iter().map(|purpose| purpose.state);
        let vendors = self.vendors.iter().map(|vendor| vendor.state);
        purposes.chain(vendors).any(|state| state == PurposeState::ConsentWithdrawn)
    }
}

pub(crate) fn subject_hex(subject: Subject) -> String {
    subject.hex().iter().map(|digit| char::from(*digit)).collect()
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn category_name<S: Serializer>(category: &Category, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(category.name())
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn outcome_name<S: Serializer>(outcome: &Outcome, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(outcome.name())
}
