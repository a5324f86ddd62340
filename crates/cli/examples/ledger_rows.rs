//! Rows of a Ledger, as many as one likes, for `tests/bench/ledger.mjs` to put into the storage of a real one: made by the
//! very algorithm that records a choice (`postern_receipt::append`), under the policy that is built in. A line for each
//! receipt, in the columns of the Worker's statement, binary ones and facts, which have tabs, in hexadecimal; between them
//! lines that begin with `cookie`, the sealed choice of a visitor whose receipts are in there.
//!
//! Usage: `ledger_rows POLICY COOKIE_KEY COUNT NOW_MS`

use postern_catalogue::VENDORS;
use postern_consent::{CategorySet, Choice, Minutes, Shard, Signals, Subject, VendorSet};
use postern_policy::{KnownVendor, Policy};
use postern_receipt::log::{Hash, LogStore, NodePlace, Nodes, Sealed};
use postern_receipt::{
    Act, Append, Capacity, Client, CookieKey, Ended, Entry, HostName, IdempotencyKey, KeyRing, Method,
    Notice, NoticeUri, ReceiptRow, Retention, Setting, Sha256Hex, Store, Word, append, sha256,
};
use std::collections::{BTreeMap, VecDeque};
use std::error::Error;
use std::io::{BufWriter, Write};

/// The host that the bench asks for.
const HOST: &str = "localhost";

/// Every fourth receipt is a later one of the visitor three before.
const AGAIN_EVERY: u64 = 4;

/// Visitors whose cookies are told.
const COOKIES: u64 = 500;

const DAY_MS: u64 = 86_400_000;

type Failure = Box<dyn Error>;

/// What `append` reads: the last rows, and the last node of each level. All that comes later needs no more.
#[derive(Default)]
struct Tail {
    rows: VecDeque<ReceiptRow>,
    nodes: BTreeMap<u8, (u64, Hash)>,
    size: u64,
    last: Option<(ReceiptRow, Vec<Hash>, Option<Ended>)>,
}

impl Nodes for Tail {
    type Error = String;

    fn node(&self, place: NodePlace) -> Result<Option<Hash>, String> {
        Ok(self.nodes.get(&place.level).filter(|(index, _)| *index == place.index).map(|(_, hash)| *hash))
    }
}

impl LogStore for Tail {
    fn size(&self) -> Result<u64, String> {
        Ok(self.size)
    }

    fn sealed(&self) -> Result<Option<Sealed>, String> {
        Ok(None)
    }

    fn put_sealed(&mut self, _: &Sealed) -> Result<(), String> {
        Err("nothing is sealed here".into())
    }
}

impl Store for Tail {
    fn find_key(&self, _: &IdempotencyKey) -> Result<Option<ReceiptRow>, String> {
        Ok(None)
    }

    fn find_latest(&self, subject: &str) -> Result<Option<ReceiptRow>, String> {
        Ok(self.rows.iter().rev().find(|row| row.subject == subject).cloned())
    }

    fn list_subject(&self, _: &str, _: u32) -> Result<Vec<ReceiptRow>, String> {
        Ok(Vec::new())
    }

    fn bytes_used(&self) -> Result<u64, String> {
        Ok(0)
    }

    fn insert(&mut self, row: &ReceiptRow, nodes: &[Hash], ended: Option<Ended>) -> Result<(), String> {
        for (level, node) in (0u8..).zip(nodes) {
            self.nodes.insert(level, (row.leaf_index() >> level, *node));
        }
        self.size += 1;
        if let Some(before) = self.rows.iter_mut().find(|row| Some(row.seq) == ended.map(|ended| ended.seq)) {
            before.expires_unix_ms = None;
        }
        self.rows.push_back(row.clone());
        if self.rows.len() > AGAIN_EVERY as usize {
            self.rows.pop_front();
        }
        self.last = Some((row.clone(), nodes.to_vec(), ended));
        Ok(())
    }

    fn insert_entry(&mut self, _: &Entry, _: &[Hash]) -> Result<(), String> {
        Err("nobody is logged in here".into())
    }

    fn add_leaf(&mut self, _: u64, _: &Hash, _: &[Hash]) -> Result<(), String> {
        Err("no receipt is older than the log here".into())
    }

    fn list_commitments(&self, _: u64, _: u32) -> Result<Vec<(u64, Hash)>, String> {
        Ok(Vec::new())
    }

    fn list_expired(&self, _: u64, _: u32) -> Result<Vec<ReceiptRow>, String> {
        Ok(Vec::new())
    }

    fn purge(&mut self, _: u64, _: u32, _: u32) -> Result<u64, String> {
        Err("nothing is deleted here".into())
    }

    fn set_restricted(&mut self, _: &str, _: u64, _: bool) -> Result<(), String> {
        Err("nobody is restricted here".into())
    }

    fn is_restricted(&self, _: &str) -> Result<bool, String> {
        Ok(false)
    }

    fn next_due(&self) -> Result<Option<u64>, String> {
        Ok(None)
    }

    fn erase(&mut self, _: &str, _: u32) -> Result<u64, String> {
        Err("nothing is erased here".into())
    }
}

/// The site's part of each receipt, as `worker/src/ledger_object.rs` makes it for a visitor nobody can place.
fn setting(policy: &Policy) -> Result<Setting, Failure> {
    let language = policy.language_for(Some("en"), None);
    let hosts = policy.site.hosts.iter().map(String::as_str).chain([HOST]);
    let mut scope: Vec<HostName> = hosts.filter_map(|host| HostName::parse(host).ok()).collect();
    scope.sort();
    scope.dedup();
    Ok(Setting {
        controller: Word::parse(&policy.site.id)?,
        profile: Word::parse(&policy.legal_for(None, None).name)?,
        rules: policy.profile_for(None, None),
        scope,
        lang: Word::parse(&language.tag)?,
        purposes: policy
            .purposes
            .iter()
            .filter_map(|purpose| {
                Some((purpose.category, policy.purpose_sha256(purpose.category, language)?))
            })
            .collect(),
        vendors: policy.vendors().iter().filter_map(|vendor| Word::parse(&vendor.id).ok()).collect(),
        vendors_sha256: policy.vendors_sha256(),
        notice: Notice {
            uri: NoticeUri::parse(&policy.notice.url)?,
            version: Word::parse(&policy.notice.version)?,
            sha256: Sha256Hex(policy.texts_sha256(language)),
        },
        policy_sha256: policy.hash(),
        release: None,
        withdraw_uri: NoticeUri::parse("/_postern/consent")?,
        retention: Retention::default(),
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// 16 bytes that nobody could tell from random ones.
fn bits(what: &str, number: u64) -> [u8; 16] {
    let hash = sha256(format!("{what} {number}").as_bytes());
    hash.first_chunk().copied().unwrap_or_default()
}

/// What the Worker counts of such an act beside its receipt, as it writes it: `worker/src/counting.rs`, `worker/src/decision.rs`.
fn facts(policy: &Policy, granted: CategorySet) -> String {
    let tag = policy.tag().0;
    let released = policy.vendors().iter().filter(|vendor| granted.contains(vendor.category));
    let released: String = released.map(|vendor| format!("\tgate\treleased/{}", vendor.id)).collect();
    format!(
        "client\tcomputer/chrome\tsignal\tnone\tplace\tEU/IE\tversion\t{tag:08x}/0\tpage\tlamps\tlanguage\ten\tlayer\tsettings\twait\t5-15{released}\tfirst\t"
    )
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [policy, key, count, now_ms] = arguments.as_slice() else {
        return Err("usage: ledger_rows POLICY COOKIE_KEY COUNT NOW_MS".into());
    };
    let known: Vec<KnownVendor<'static>> =
        VENDORS.iter().map(|vendor| (vendor.id, vendor.shown_category(), vendor.name)).collect();
    let policy = Policy::parse(&std::fs::read_to_string(policy)?, &known)?;
    let (count, now_ms): (u64, u64) = (count.parse()?, now_ms.parse()?);
    let keys = KeyRing::new(CookieKey::from_hex(key)?, None);
    let setting = setting(&policy)?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut tail = Tail::default();
    for number in 0..count {
        let is_again = number % AGAIN_EVERY == AGAIN_EVERY - 1;
        let subject = Subject(bits("subject", if is_again { number - 3 } else { number }));
        let granted = match number % 3 {
            0 => CategorySet::ALL,
            1 => CategorySet::EMPTY,
            _ => policy.offered().iter().take(1).collect(),
        };
        // Over the year before, so that days are counted as they would be.
        let at_unix_ms = now_ms - (count - number) * 365 * DAY_MS / count;
        append(
            &mut tail,
            &Append {
                setting: &setting,
                act: Act {
                    receipt_random: bits("receipt", number),
                    subject,
                    at_unix_ms,
                    granted,
                    vendors: Vec::new(),
                    decided_unix_ms: at_unix_ms,
                    method: Method::LayerTwoSave,
                    signals: Signals::default(),
                    client: Client::of("Mozilla/5.0 (X11; Linux x86_64) Chrome/150.0"),
                },
                is_answered: true,
                key: IdempotencyKey::parse(&hex(&bits("key", number)))?,
                body_sha256: sha256(&bits("body", number)),
                salt: sha256(&bits("salt", number)),
                day: u32::try_from(at_unix_ms / DAY_MS)?,
                facts: facts(&policy, granted),
                capacity: Capacity { bytes_max: u64::MAX, bytes_reserved: 0 },
            },
        )?;
        let Some((row, nodes, ended)) = tail.last.take() else {
            return Err("a receipt was not stored".into());
        };
        let vendors = row.vendors.iter().map(Word::as_str).collect::<Vec<_>>().join(" ");
        let or_nothing = |number: Option<u64>| number.map_or_else(String::new, |number| number.to_string());
        writeln!(
            out,
            "{}\t{}\t{}\t{}\t{}\t{}\t{}\t{vendors}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}",
            row.seq,
            row.receipt_id.as_str(),
            row.subject,
            row.at_unix_ms,
            row.day,
            row.offered.bits(),
            row.granted.bits(),
            u8::from(row.is_answered),
            row.decided_unix_ms,
            row.outcome.name(),
            or_nothing(row.expires_unix_ms),
            row.purge_unix_ms,
            row.keep_months,
            row.json,
            hex(&row.salt),
            hex(&row.commitment),
            row.key.as_str(),
            hex(&row.body_sha256),
            hex(row.facts.as_bytes()),
            hex(&nodes.concat()),
            or_nothing(ended.map(|ended| ended.seq)),
            or_nothing(ended.map(|ended| ended.purge_unix_ms)),
        )?;
        if number % (count / COOKIES).max(1) == 0 {
            let choice = Choice {
                granted: row.granted,
                decided_at: Minutes::from_unix_ms(now_ms),
                policy: policy.tag(),
                subject,
                vendors: VendorSet::default(),
                is_answered: true,
                shard: Shard::FIRST,
            };
            writeln!(out, "cookie\t{}", keys.seal(HOST, &choice))?;
        }
    }
    out.flush()?;
    Ok(())
}
