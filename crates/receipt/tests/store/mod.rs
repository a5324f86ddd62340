//! A store in memory that fails where it is told to, and acts to append to it.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "each test uses its part; clippy exempts test functions, not their helpers"
)]

use postern_consent::{Category, CategorySet, PolicyTag, Profile, Signals, Subject};
use postern_receipt::{
    Act, Append, Capacity, Client, Ended, Entry, HostName, IdempotencyKey, Method, Notice, NoticeUri,
    ReceiptRow, Retention, Setting, Sha256Hex, Store, Word, append, commitment, leaf,
    log::{Hash, LogStore, NodePlace, Nodes, Sealed, leaf_hash, node_hash},
};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    Before,
    After,
}

/// A store in memory. Fails once, at the given call, before or after its effect.
#[derive(Default)]
pub struct Memory {
    pub rows: Vec<ReceiptRow>,
    pub entries: Vec<Entry>,
    /// Each leaf's commitment, and the nodes it completes.
    pub leaves: Vec<(Hash, Vec<Hash>)>,
    pub sealed: Option<Sealed>,
    pub erased: BTreeMap<u32, u64>,
    pub purged: BTreeMap<u32, u64>,
    pub restricted: BTreeSet<String>,
    pub bytes: u64,
    pub calls: Cell<usize>,
    pub fault: Option<(usize, Fault)>,
}

impl Memory {
    fn step(&self, fault: Fault) -> Result<(), &'static str> {
        if fault == Fault::Before {
            self.calls.set(self.calls.get() + 1);
        }
        if self.fault == Some((self.calls.get(), fault)) { Err("injected") } else { Ok(()) }
    }

    fn read<T>(&self, value: T) -> Result<T, &'static str> {
        self.step(Fault::Before)?;
        self.step(Fault::After)?;
        Ok(value)
    }

    pub fn fail(&mut self, call: usize, fault: Fault) {
        self.calls.set(0);
        self.fault = Some((call, fault));
    }
}

impl Nodes for Memory {
    type Error = &'static str;

    fn node(&self, place: NodePlace) -> Result<Option<Hash>, Self::Error> {
        let leaf = self.leaves.get(place.last_leaf() as usize);
        self.read(leaf.and_then(|(_, nodes)| nodes.get(usize::from(place.level))).copied())
    }
}

impl LogStore for Memory {
    fn size(&self) -> Result<u64, Self::Error> {
        self.read(self.leaves.len() as u64)
    }

    fn sealed(&self) -> Result<Option<Sealed>, Self::Error> {
        self.read(self.sealed.clone())
    }

    fn put_sealed(&mut self, sealed: &Sealed) -> Result<(), Self::Error> {
        self.step(Fault::Before)?;
        self.sealed = Some(sealed.clone());
        self.step(Fault::After)
    }
}

impl Store for Memory {
    fn find_key(&self, key: &IdempotencyKey) -> Result<Option<ReceiptRow>, Self::Error> {
        self.read(self.rows.iter().find(|row| row.key == *key).cloned())
    }

    fn find_latest(&self, subject: &str) -> Result<Option<ReceiptRow>, Self::Error> {
        self.read(self.rows.iter().rfind(|row| row.subject == subject).cloned())
    }

    fn list_subject(&self, subject: &str, limit: u32) -> Result<Vec<ReceiptRow>, Self::Error> {
        let own = self.rows.iter().rev().filter(|row| row.subject == subject);
        self.read(own.take(limit as usize).cloned().collect())
    }

    fn bytes_used(&self) -> Result<u64, Self::Error> {
        self.read(self.bytes)
    }

    fn insert(&mut self, row: &ReceiptRow, nodes: &[Hash], ended: Option<Ended>) -> Result<(), Self::Error> {
        self.step(Fault::Before)?;
        let is_there =
            |old: &ReceiptRow| old.key == row.key || old.receipt_id == row.receipt_id || old.seq == row.seq;
        if self.rows.iter().any(is_there) || self.leaves.len() as u64 != row.leaf_index() {
            return Err("not unique");
        }
        if let Some(ended) = ended {
            let before = self.rows.iter_mut().find(|old| old.seq == ended.seq).ok_or("no such receipt")?;
            (before.expires_unix_ms, before.purge_unix_ms) = (None, ended.purge_unix_ms);
        }
        self.rows.push(row.clone());
        self.leaves.push((row.commitment, nodes.to_vec()));
        self.step(Fault::After)
    }

    fn list_expired(&self, now_unix_ms: u64, limit: u32) -> Result<Vec<ReceiptRow>, Self::Error> {
        let mut over: Vec<_> =
            self.rows.iter().filter(|row| is_by(row.expires_unix_ms, now_unix_ms)).collect();
        over.sort_by_key(|row| row.expires_unix_ms);
        self.read(over.into_iter().take(limit as usize).cloned().collect())
    }

    fn purge(&mut self, now_unix_ms: u64, day: u32, limit: u32) -> Result<u64, Self::Error> {
        self.step(Fault::Before)?;
        let mut purged = 0;
        self.rows.retain(|row| {
            let is_kept = row.purge_unix_ms > now_unix_ms
                || self.restricted.contains(&row.subject)
                || purged == u64::from(limit);
            purged += u64::from(!is_kept);
            is_kept
        });
        *self.purged.entry(day).or_default() += purged;
        self.step(Fault::After)?;
        Ok(purged)
    }

    fn set_restricted(
        &mut self,
        subject: &str,
        _now_unix_ms: u64,
        is_restricted: bool,
    ) -> Result<(), Self::Error> {
        self.step(Fault::Before)?;
        if self.restricted.contains(subject) != is_restricted {
            if is_restricted {
                self.restricted.insert(subject.to_owned())
            } else {
                self.restricted.remove(subject)
            };
        }
        self.step(Fault::After)
    }

    fn is_restricted(&self, subject: &str) -> Result<bool, Self::Error> {
        self.read(self.restricted.contains(subject))
    }

    fn next_due(&self) -> Result<Option<u64>, Self::Error> {
        let due = self.rows.iter().flat_map(|row| {
            let purge = (!self.restricted.contains(&row.subject)).then_some(row.purge_unix_ms);
            row.expires_unix_ms.into_iter().chain(purge)
        });
        self.read(due.min())
    }

    fn insert_entry(&mut self, entry: &Entry, nodes: &[Hash]) -> Result<(), Self::Error> {
        self.step(Fault::Before)?;
        if self.leaves.len() as u64 != entry.place {
            return Err("not unique");
        }
        self.entries.push(entry.clone());
        self.leaves.push((entry.commitment, nodes.to_vec()));
        self.step(Fault::After)
    }

    fn add_leaf(&mut self, index: u64, commitment: &Hash, nodes: &[Hash]) -> Result<(), Self::Error> {
        self.step(Fault::Before)?;
        if self.leaves.len() as u64 != index {
            return Err("not unique");
        }
        self.leaves.push((*commitment, nodes.to_vec()));
        self.step(Fault::After)
    }

    fn list_commitments(&self, after: u64, limit: u32) -> Result<Vec<(u64, Hash)>, Self::Error> {
        let rows = self.rows.iter().filter(|row| row.seq > after);
        self.read(rows.take(limit as usize).map(|row| (row.seq, row.commitment)).collect())
    }

    fn erase(&mut self, subject: &str, day: u32) -> Result<u64, Self::Error> {
        self.step(Fault::Before)?;
        let before = self.rows.len();
        self.rows.retain(|row| row.subject != subject);
        self.restricted.remove(subject);
        let erased = (before - self.rows.len()) as u64;
        *self.erased.entry(day).or_default() += erased;
        self.step(Fault::After)?;
        Ok(erased)
    }
}

fn is_by(moment: Option<u64>, now_unix_ms: u64) -> bool {
    moment.is_some_and(|moment| moment <= now_unix_ms)
}

pub fn setting() -> Setting {
    Setting {
        controller: Word::parse("luxmoor").unwrap(),
        profile: Word::parse("EU").unwrap(),
        rules: Profile {
            offered: CategorySet::ALL.without(Category::Necessary),
            grant_ttl_minutes: 180 * 1440,
            refusal_ttl_minutes: 180 * 1440,
            is_dnt_denial: true,
            policy: PolicyTag(7),
        },
        scope: vec![HostName::parse("luxmoor.example").unwrap()],
        lang: Word::parse("en").unwrap(),
        purposes: Category::ALL.into_iter().skip(1).map(|category| (category, [1; 32])).collect(),
        vendors: Vec::new(),
        vendors_sha256: [2; 32],
        notice: Notice {
            uri: NoticeUri::parse("/privacy").unwrap(),
            version: Word::parse("1").unwrap(),
            sha256: Sha256Hex([3; 32]),
        },
        policy_sha256: [4; 32],
        release: Some(0),
        withdraw_uri: NoticeUri::parse("/_postern/consent").unwrap(),
        retention: Retention::default(),
    }
}

pub const ROOM: Capacity = Capacity { bytes_max: 1 << 30, bytes_reserved: 1 << 20 };

pub fn request(setting: &Setting, key: u8, subject: u8, granted: CategorySet) -> Append<'_> {
    // Each attempt brings new random bytes, as the worker does: only the key says it is the same act.
    thread_local!(static RANDOM: Cell<u64> = const { Cell::new(0) });
    let random = RANDOM.with(|random| {
        random.set(random.get() + 1);
        let [a, b, c, d, e, f, g, h] = random.get().to_be_bytes();
        [a, b, c, d, e, f, 0, g, 0, h, 0, 0, 0, 0, 0, 0]
    });
    Append {
        setting,
        act: Act {
            receipt_random: random,
            subject: Subject([subject; 16]),
            at_unix_ms: 1_795_346_441_000,
            granted,
            vendors: Vec::new(),
            decided_unix_ms: 1_795_346_441_000,
            method: Method::LayerTwoSave,
            signals: Signals::default(),
            client: Client::of(""),
        },
        key: IdempotencyKey::parse(&format!("{key:032x}")).unwrap(),
        is_answered: true,
        body_sha256: [granted.bits(); 32],
        salt: [key; 32],
        day: 20_000 + u32::from(subject),
        facts: format!("{key}"),
        capacity: ROOM,
    }
}

pub fn is_whole(store: &Memory) -> bool {
    store.rows.iter().all(|row| row.commitment == commitment(&row.salt, &row.json))
        && store.entries.iter().all(|entry| entry.commitment == commitment(&entry.salt, &entry.json))
        && is_logged(store)
}

/// Each receipt and entry has its leaf, and no place is of two; each leaf has the nodes of the plainest tree.
fn is_logged(store: &Memory) -> bool {
    let places: BTreeMap<u64, Hash> = store
        .rows
        .iter()
        .map(|row| (row.leaf_index(), row.commitment))
        .chain(store.entries.iter().map(|entry| (entry.place, entry.commitment)))
        .collect();
    let leaves: Vec<Hash> = places.values().map(|commitment| leaf_hash(&leaf(commitment))).collect();
    let is_same = |(known, (commitment, _)): (&Hash, &(Hash, Vec<Hash>))| known == commitment;
    store.leaves.len() == leaves.len()
        && store.rows.len() + store.entries.len() == leaves.len()
        && places.keys().copied().eq(0..leaves.len() as u64)
        && places.values().zip(&store.leaves).all(is_same)
        && store.leaves.iter().enumerate().all(|(index, (_, nodes))| {
            nodes
                .iter()
                .enumerate()
                .all(|(level, node)| *node == naive(&leaves[index + 1 - (1 << level)..=index]))
                && nodes.len() == 1 + index.trailing_ones() as usize
        })
}

/// RFC 6962's definition, word for word.
pub fn naive(leaves: &[Hash]) -> Hash {
    let [leaf] = leaves else {
        let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
        return node_hash(&naive(left), &naive(right));
    };
    *leaf
}

pub fn filled(count: u8) -> Memory {
    let (setting, mut store) = (setting(), Memory::default());
    for key in 0..count {
        append(&mut store, &request(&setting, key, key % 4, CategorySet::ALL)).unwrap();
    }
    store
}
