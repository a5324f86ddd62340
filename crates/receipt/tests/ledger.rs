//! The append algorithm against a store that fails before or after each effect, and against a model.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "clippy exempts test functions, not their helpers"
)]

mod store;

use postern_consent::{CategorySet, Granted, Outcome, Subject};
use postern_receipt::log::{leaf_hash, prove_inclusion, root, verify_inclusion};
use postern_receipt::{
    Appended, EntryKind, Fresh, LedgerError, ReceiptRow, Timestamp, Word, admin_act_json, append,
    append_entry, erase, expire, fill_log, is_restricted, leaf, lift, outcome_named, purge, receipts_of,
    restrict, sweep,
};
use proptest::prelude::*;
use std::collections::{BTreeMap, HashMap, HashSet};
use store::{Fault, Memory, ROOM, filled, is_whole, request, setting};

#[test]
fn a_receipt_names_the_one_before_it() {
    let (setting, mut store) = (setting(), Memory::default());
    let first = append(&mut store, &request(&setting, 1, 1, CategorySet::ALL)).unwrap();
    let second = append(&mut store, &request(&setting, 2, 1, CategorySet::EMPTY)).unwrap();
    let other = append(&mut store, &request(&setting, 3, 2, CategorySet::EMPTY)).unwrap();
    assert!(first.receipt.json.contains("\"previous\":null"));
    assert!(second.receipt.json.contains(&format!("\"previous\":\"{}\"", first.receipt.receipt_id)));
    assert!(other.receipt.json.contains("\"previous\":null"));
    assert_eq!(
        [first.receipt.outcome, second.receipt.outcome, other.receipt.outcome],
        [Outcome::Accepted, Outcome::Withdrawn, Outcome::Refused]
    );
    let own: Vec<_> = receipts_of(&store, Subject([1; 16])).unwrap().into_iter().map(|row| row.seq).collect();
    assert_eq!(own, [2, 1]);
}

#[test]
fn the_same_act_twice_is_one_receipt_with_the_first_answer() {
    let (setting, mut store) = (setting(), Memory::default());
    let first = append(&mut store, &request(&setting, 1, 1, CategorySet::ALL)).unwrap();
    // The repetition carries another subject, as a visitor without a cookie does.
    let again = append(&mut store, &request(&setting, 1, 2, CategorySet::ALL)).unwrap();
    assert_eq!(again, Appended { replayed: true, ..first });
    assert_eq!(store.rows.len(), 1);
}

#[test]
fn the_same_key_for_another_act_is_refused() {
    let (setting, mut store) = (setting(), Memory::default());
    append(&mut store, &request(&setting, 1, 1, CategorySet::EMPTY)).unwrap();
    let error = append(&mut store, &request(&setting, 1, 1, CategorySet::ALL)).unwrap_err();
    assert_eq!(error, LedgerError::Conflict);
    assert_eq!(error.to_string(), "this key was used for another choice; reload the page and choose again");
    assert_eq!(store.rows.len(), 1);
}

#[test]
fn a_full_ledger_takes_withdrawals_only() {
    let (setting, mut store) = (setting(), Memory::default());
    append(&mut store, &request(&setting, 1, 1, CategorySet::ALL)).unwrap();
    store.bytes = ROOM.bytes_max - ROOM.bytes_reserved - 4095;
    for granted in [CategorySet::ALL, CategorySet::EMPTY] {
        let error = append(&mut store, &request(&setting, 2, 2, granted)).unwrap_err();
        assert_eq!(error.to_string(), "the ledger holds 1072689153 bytes of 1072693248; free or add storage");
    }
    let withdrawn = append(&mut store, &request(&setting, 3, 1, CategorySet::EMPTY)).unwrap();
    assert_eq!(withdrawn.receipt.outcome, Outcome::Withdrawn);
    store.bytes = ROOM.bytes_max;
    let error = append(&mut store, &request(&setting, 4, 1, CategorySet::EMPTY)).unwrap_err();
    assert!(matches!(error, LedgerError::Full { .. }));
    assert!(is_whole(&store));
}

#[test]
fn whatever_fails_nothing_is_half_written_and_a_repetition_finishes_it() {
    let setting = setting();
    let (mut failed_before, mut failed_after) = (0, 0);
    for fault in [Fault::Before, Fault::After] {
        for call in 1..=6 {
            let mut store = Memory::default();
            append(&mut store, &request(&setting, 1, 1, CategorySet::ALL)).unwrap();
            store.fail(call, fault);
            let error = append(&mut store, &request(&setting, 2, 1, CategorySet::EMPTY)).unwrap_err();
            assert_eq!(error, LedgerError::Store("injected"), "call {call} {fault:?}");
            assert!(is_whole(&store), "call {call} {fault:?}");
            let is_stored = store.rows.len() == 2;
            // Only the last call writes, so only a failure after it leaves the receipt there.
            assert_eq!(is_stored, (call, fault) == (6, Fault::After));
            *(if is_stored { &mut failed_after } else { &mut failed_before }) += 1;
            let again = append(&mut store, &request(&setting, 2, 1, CategorySet::EMPTY)).unwrap();
            assert_eq!(again.replayed, is_stored);
            assert_eq!((store.rows.len(), again.seq), (2, 2));
            assert!(is_whole(&store));
        }
    }
    assert_eq!((failed_before, failed_after), (11, 1));
}

#[test]
fn receipts_older_than_the_log_get_their_leaves_whatever_fails() {
    let whole = filled(21);
    for fault in [Fault::Before, Fault::After] {
        for call in 1..80 {
            let mut store = Memory { rows: whole.rows.clone(), ..Memory::default() };
            store.fail(call, fault);
            if fill_log(&mut store).is_err() {
                store.fault = None;
                fill_log(&mut store).unwrap();
            }
            store.fault = None;
            assert_eq!(store.leaves, whole.leaves, "call {call} {fault:?}");
            assert!(is_whole(&store));
        }
    }
}

#[test]
fn a_receipt_that_is_gone_before_it_was_logged_is_said() {
    let mut store = Memory { rows: filled(5).rows, ..Memory::default() };
    store.rows.remove(2);
    let error = fill_log(&mut store).unwrap_err();
    assert_eq!(error, LedgerError::Gap(3));
    assert_eq!(
        error.to_string(),
        "the receipt at place 3 is missing, and the log does not have it: restore the storage"
    );
    // One that is erased later leaves its leaf, and the next receipt takes no place of another.
    let (setting, mut store) = (setting(), filled(5));
    store.rows.remove(4);
    fill_log(&mut store).unwrap();
    let next = append(&mut store, &request(&setting, 9, 1, CategorySet::EMPTY)).unwrap();
    assert_eq!((next.seq, next.receipt.leaf_index(), store.leaves.len()), (6, 5, 6));
}

#[test]
fn a_log_that_lost_a_node_takes_no_receipt() {
    let (setting, mut store) = (setting(), filled(3));
    store.leaves[1].1.pop();
    let error = append(&mut store, &request(&setting, 9, 1, CategorySet::ALL)).unwrap_err();
    assert_eq!(error, LedgerError::Log { level: 1, index: 0 });
    assert_eq!((store.rows.len(), store.leaves.len()), (3, 3));
}

#[test]
fn what_is_erased_is_gone_with_its_salt_and_nothing_of_others_is() {
    let (setting, mut store) = (setting(), Memory::default());
    append(&mut store, &request(&setting, 1, 1, CategorySet::ALL)).unwrap();
    append(&mut store, &request(&setting, 2, 2, CategorySet::ALL)).unwrap();
    append(&mut store, &request(&setting, 3, 1, CategorySet::EMPTY)).unwrap();
    for (fault, left) in [(Fault::Before, 3), (Fault::After, 1)] {
        store.fail(1, fault);
        assert_eq!(erase(&mut store, Subject([1; 16]), 20_500), Err(LedgerError::Store("injected")));
        assert_eq!(store.rows.len(), left);
    }
    store.fault = None;
    assert_eq!(erase(&mut store, Subject([1; 16]), 20_500), Ok(0));
    assert_eq!(receipts_of(&store, Subject([1; 16])), Ok(Vec::new()));
    assert_eq!(receipts_of(&store, Subject([2; 16])).unwrap().len(), 1);
    assert_eq!(store.erased, BTreeMap::from([(20_500, 2)]));
}

/// The rows with the highest `seq` are among the erased: the next receipt takes the place of none of them.
#[test]
fn what_is_erased_leaves_its_leaf_and_the_proofs_of_others_hold() {
    let (setting, mut store) = (setting(), filled(9));
    for (subject, left, size) in [(0, 6, 9), (3, 5, 10), (2, 4, 11)] {
        let leaves = store.leaves.clone();
        erase(&mut store, Subject([subject; 16]), 20_500).unwrap();
        assert_eq!((store.rows.len(), &store.leaves), (left, &leaves));
        let next = append(&mut store, &request(&setting, 20 + subject, 1, CategorySet::ALL)).unwrap();
        assert_eq!(next.receipt.leaf_index(), size);
        assert_eq!(store.leaves[size as usize].0, next.receipt.commitment);
        let size = size + 1;
        let root = root(size, &store).unwrap();
        for row in &store.rows {
            let siblings = prove_inclusion(row.leaf_index(), size, &store).unwrap();
            let hash = leaf_hash(&leaf(&row.commitment));
            assert_eq!(verify_inclusion(row.leaf_index(), size, &hash, &siblings, &root), Ok(()));
        }
    }
}

/// A clock that is turned on, and what is new each time.
fn turn(store: &mut Memory, now_unix_ms: u64) -> Result<(u64, u64), LedgerError<&'static str>> {
    let mut made = 0;
    let expired = expire(store, now_unix_ms, 20_900, ROOM, || {
        made += 1;
        let receipt = (u128::from(now_unix_ms) << 16 | made).to_be_bytes();
        Fresh { receipt_random: receipt, salt: [9; 32] }
    })?;
    Ok((expired, purge(store, now_unix_ms, 20_900)?))
}

fn unix_ms(text: &str) -> u64 {
    Timestamp::parse(text).unwrap().unix_ms()
}

#[test]
fn a_grant_whose_time_is_over_gets_its_receipt_once_and_a_refusal_none() {
    let (setting, mut store) = (setting(), Memory::default());
    append(&mut store, &request(&setting, 1, 1, CategorySet::ALL)).unwrap();
    append(&mut store, &request(&setting, 2, 2, CategorySet::EMPTY)).unwrap();
    append(&mut store, &request(&setting, 3, 3, CategorySet::ALL)).unwrap();
    append(&mut store, &request(&setting, 4, 3, CategorySet::EMPTY)).unwrap();
    let end = unix_ms("2027-05-21T11:20:41Z");
    assert_eq!(turn(&mut store, end - 1), Ok((0, 0)));
    assert_eq!(turn(&mut store, end), Ok((1, 0)));
    assert_eq!(turn(&mut store, end + 1), Ok((0, 0)));
    let expired = receipts_of(&store, Subject([1; 16])).unwrap().remove(0);
    assert_eq!((expired.seq, expired.outcome, expired.granted), (5, Outcome::Expired, CategorySet::EMPTY));
    let receipt: serde_json::Value = serde_json::from_str(&expired.json).unwrap();
    assert_eq!(receipt["previous"], store.rows[0].receipt_id.as_str());
    let said = ["at", "valid_until", "actor", "type", "method", "outcome", "policy_sha256"]
        .map(|name| &receipt[name]);
    let policy = "04".repeat(32);
    assert_eq!(
        said,
        [
            "2027-05-21T11:20:41Z",
            "2027-05-21T11:20:41Z",
            "controller",
            "lapsed",
            "expiry",
            "expired",
            &policy
        ]
    );
    assert_eq!(
        (&receipt["signals"], &receipt["client"]),
        (&serde_json::Value::Null, &serde_json::Value::Null)
    );
    for purpose in receipt["purposes"].as_array().unwrap() {
        assert_eq!(purpose["state"], "ConsentExpired");
    }
    assert!(is_whole(&store));
    // Nothing is granted any more, so a refusal takes nothing back.
    let later = append(&mut store, &request(&setting, 5, 1, CategorySet::EMPTY)).unwrap();
    assert_eq!(later.receipt.outcome, Outcome::Refused);
}

#[test]
fn whatever_fails_a_grant_expires_once() {
    for fault in [Fault::Before, Fault::After] {
        for call in 1..9 {
            let mut store = filled(6);
            store.fail(call, fault);
            let first = turn(&mut store, unix_ms("2027-06-01T00:00:00Z"));
            store.fault = None;
            turn(&mut store, unix_ms("2027-06-02T00:00:00Z")).unwrap();
            let expired = store.rows.iter().filter(|row| row.outcome == Outcome::Expired);
            let mut subjects: Vec<_> = expired.map(|row| &row.subject).collect();
            subjects.sort();
            subjects.dedup();
            assert_eq!((subjects.len(), store.rows.len()), (4, 10), "call {call} {fault:?} {first:?}");
            assert!(is_whole(&store));
        }
    }
}

#[test]
fn a_receipt_is_deleted_twelve_months_after_it_held_and_not_before() {
    let (setting, mut store) = (setting(), Memory::default());
    // A grant that is withdrawn, one that runs out, and a refusal.
    append(&mut store, &request(&setting, 1, 1, CategorySet::ALL)).unwrap();
    let mut withdrawal = request(&setting, 2, 1, CategorySet::EMPTY);
    withdrawal.act.at_unix_ms = unix_ms("2027-01-15T08:00:00Z");
    withdrawal.act.decided_unix_ms = withdrawal.act.at_unix_ms;
    append(&mut store, &withdrawal).unwrap();
    append(&mut store, &request(&setting, 3, 2, CategorySet::ALL)).unwrap();
    append(&mut store, &request(&setting, 4, 3, CategorySet::EMPTY)).unwrap();
    let leaves = store.leaves.clone();
    let left = |store: &Memory| store.rows.iter().map(|row| row.seq).collect::<Vec<_>>();
    for (now, expired, purged, rows) in [
        ("2027-05-21T11:20:41Z", 1, 0, vec![1, 2, 3, 4, 5]),
        ("2028-01-15T07:59:59Z", 0, 0, vec![1, 2, 3, 4, 5]),
        // The withdrawn grant, a year after the withdrawal.
        ("2028-01-15T08:00:00Z", 0, 1, vec![2, 3, 4, 5]),
        ("2028-05-21T11:20:40Z", 0, 0, vec![2, 3, 4, 5]),
        // The grant that ran out, what says so, and the refusal.
        ("2028-05-21T11:20:41Z", 0, 3, vec![2]),
        // The withdrawal is remembered as a refusal, and kept as long after that.
        ("2028-07-14T07:59:59Z", 0, 0, vec![2]),
        ("2028-07-14T08:00:00Z", 0, 1, vec![]),
    ] {
        assert_eq!(turn(&mut store, unix_ms(now)), Ok((expired, purged)), "{now}");
        assert_eq!(left(&store), rows, "{now}");
    }
    assert_eq!(store.leaves[..4], leaves[..]);
    assert_eq!(store.purged, BTreeMap::from([(20_900, 5)]));
}

#[test]
fn a_ledger_that_is_full_still_gets_rid_of_what_it_need_not_keep() {
    let (setting, mut store) = (setting(), Memory::default());
    append(&mut store, &request(&setting, 1, 1, CategorySet::ALL)).unwrap();
    append(&mut store, &request(&setting, 2, 2, CategorySet::EMPTY)).unwrap();
    store.bytes = ROOM.bytes_max;
    let now = unix_ms("2028-06-01T00:00:00Z");
    let fresh = || Fresh { receipt_random: [7; 16], salt: [9; 32] };
    let full = sweep(&mut store, now, 20_900, ROOM, fresh).unwrap_err();
    assert!(matches!(full, LedgerError::Full { .. }));
    assert_eq!((store.rows.len(), &store.purged), (0, &BTreeMap::from([(20_900, 2)])));
    // With room again there is nothing left to say of it.
    store.bytes = 0;
    assert_eq!(sweep(&mut store, now, 20_900, ROOM, fresh), Ok(()));
}

#[test]
fn who_is_restricted_keeps_the_receipts() {
    let (setting, mut store) = (setting(), Memory::default());
    let subject = Subject([1; 16]);
    append(&mut store, &request(&setting, 1, 1, CategorySet::ALL)).unwrap();
    for _ in 0..2 {
        restrict(&mut store, subject, 5).unwrap();
    }
    // A later act is recorded and logged all the same.
    append(&mut store, &request(&setting, 2, 1, CategorySet::EMPTY)).unwrap();
    assert!(is_whole(&store));
    // Nothing is deleted meanwhile, and nothing of others is kept for it.
    append(&mut store, &request(&setting, 3, 2, CategorySet::EMPTY)).unwrap();
    assert_eq!(turn(&mut store, unix_ms("2040-01-01T00:00:00Z")), Ok((0, 1)));
    for _ in 0..2 {
        lift(&mut store, subject, 6).unwrap();
        assert!(!is_restricted(&store, subject).unwrap());
    }
    assert_eq!(turn(&mut store, unix_ms("2040-01-01T00:00:00Z")), Ok((0, 2)));
    // Erasing ends the restriction too.
    append(&mut store, &request(&setting, 4, 1, CategorySet::ALL)).unwrap();
    restrict(&mut store, subject, 7).unwrap();
    erase(&mut store, subject, 20_500).unwrap();
    assert!(store.restricted.is_empty());
}

#[test]
fn acts_of_those_who_keep_the_site_have_their_places_between_receipts() {
    let (setting, mut store) = (setting(), Memory::default());
    let note = |store: &mut Memory, what: &str, capacity| {
        let json = admin_act_json(1_795_346_441_000, &Word::parse("zoe").unwrap(), what);
        append_entry(store, EntryKind::Act, json, 1_795_346_441_000, [9; 32], capacity)
    };
    append(&mut store, &request(&setting, 1, 1, CategorySet::ALL)).unwrap();
    assert_eq!(note(&mut store, "logged in", ROOM), Ok(1));
    assert_eq!(note(&mut store, "request DSR-2: \"extend\"", ROOM), Ok(2));
    let behind = append(&mut store, &request(&setting, 2, 1, CategorySet::EMPTY)).unwrap();
    assert_eq!(behind.receipt.leaf_index(), 3);
    assert!(is_whole(&store));
    assert_eq!(
        store.entries[1].json,
        r#"{"at":"2026-11-22T11:20:41Z","schema":"admin-act/1","what":"request DSR-2: \"extend\"","who":"zoe"}"#
    );
    let before = root(4, &store).unwrap();
    let proof = prove_inclusion(1, 4, &store).unwrap();
    assert_eq!(
        verify_inclusion(1, 4, &leaf_hash(&leaf(&store.entries[0].commitment)), &proof, &before),
        Ok(())
    );
    // An older log than its receipts is filled by these alone.
    fill_log(&mut store).unwrap();
    assert_eq!(store.leaves.len(), 4);
    // Where only withdrawals are taken they are taken too, and where nothing is, they are not.
    store.bytes = ROOM.bytes_max - ROOM.bytes_reserved;
    assert_eq!(note(&mut store, "exported the receipts", ROOM), Ok(4));
    store.bytes = ROOM.bytes_max;
    assert!(matches!(note(&mut store, "logged in", ROOM), Err(LedgerError::Full { .. })));
    assert!(is_whole(&store));
}

#[test]
fn stored_outcomes_are_read_back_by_name() {
    for outcome in Outcome::ALL {
        assert_eq!(outcome_named(outcome.name()), Some(outcome));
    }
    assert_eq!(outcome_named("Accepted"), None);
}

proptest! {
    /// Random acts of four visitors while years go by: nothing that holds is deleted, everything that ran out has its
    /// receipt, and nothing is kept for longer than it may.
    #[test]
    fn what_holds_is_kept_and_what_is_over_goes(
        steps in prop::collection::vec((0u8..4, 0u8..=0x1f, 0u64..400), 1..60)
    ) {
        let (setting, mut store) = (setting(), Memory::default());
        let mut now = 1_795_346_441_000;
        for (number, (subject, bits, days)) in (0u8..).zip(steps) {
            now += days * 86_400_000;
            let mut act = request(&setting, number, subject, CategorySet::from_bits(bits).unwrap());
            act.act.at_unix_ms = now;
            act.act.decided_unix_ms = now;
            append(&mut store, &act).unwrap();
            while turn(&mut store, now).unwrap() != (0, 0) {}
            let mut last: HashMap<&str, &ReceiptRow> = HashMap::new();
            for row in &store.rows {
                last.insert(&row.subject, row);
                prop_assert!(row.purge_unix_ms > now);
                prop_assert!(row.at_unix_ms + (180 + 366) * 86_400_000 > now);
            }
            for row in last.values() {
                let receipt: serde_json::Value = serde_json::from_str(&row.json).unwrap();
                let until = Timestamp::parse(receipt["valid_until"].as_str().unwrap()).unwrap().unix_ms();
                // What grants holds; what ran out says so.
                prop_assert!(row.granted.is_empty() || until > now);
                prop_assert_eq!(row.expires_unix_ms, (!row.granted.is_empty()).then_some(until));
                prop_assert_eq!(row.outcome == Outcome::Expired, receipt["method"] == "expiry");
            }
            // The act of this moment is there whatever was swept.
            prop_assert!(store.rows.iter().any(|row| row.key == act.key));
            prop_assert!(store.rows.iter().rev().skip_while(|row| row.at_unix_ms < now).count() > 0);
        }
    }

    /// Random acts, repetitions and faults against the plainest model there is.
    #[test]
    fn the_ledger_is_what_a_naive_list_would_be(
        acts in prop::collection::vec((0u8..8, 0u8..4, 0u8..=0x1f, 0usize..12, any::<bool>()), 1..60)
    ) {
        let (setting, mut store) = (setting(), Memory::default());
        let mut acknowledged: HashMap<u8, String> = HashMap::new();
        let mut bodies: HashMap<u8, u8> = HashMap::new();
        for (key, subject, bits, call, is_after) in acts {
            let granted = CategorySet::from_bits(bits).unwrap();
            store.fail(call, if is_after { Fault::After } else { Fault::Before });
            let before: HashSet<_> = store.rows.iter().map(|row| row.key.clone()).collect();
            let wanted = request(&setting, key, subject, granted);
            let was_there = before.contains(&wanted.key);
            let result = append(&mut store, &wanted);
            store.fault = None;
            match result {
                Ok(appended) => {
                    prop_assert_eq!(appended.replayed, was_there);
                    prop_assert_eq!(&store.rows[appended.receipt.leaf_index() as usize], &appended.receipt);
                    let first = acknowledged.entry(key).or_insert_with(|| appended.receipt.json.clone());
                    prop_assert_eq!(first, &appended.receipt.json);
                    prop_assert_eq!(*bodies.entry(key).or_insert(bits), bits);
                }
                Err(LedgerError::Conflict) => {
                    let stored = store.rows.iter().find(|row| row.key == wanted.key).unwrap();
                    prop_assert_ne!(stored.body_sha256, wanted.body_sha256);
                }
                Err(error) => prop_assert_eq!(error, LedgerError::Store("injected")),
            }
            prop_assert!(is_whole(&store));
        }
        // Every acknowledged receipt is stored, unchanged; chains are unbroken per subject.
        for json in acknowledged.values() {
            prop_assert!(store.rows.iter().any(|row| row.json == *json));
        }
        let mut latest: HashMap<&str, &ReceiptRow> = HashMap::new();
        for row in &store.rows {
            let before = latest.insert(&row.subject, row);
            let expected = match before {
                Some(before) => format!("\"previous\":\"{}\"", before.receipt_id),
                None => "\"previous\":null".to_owned(),
            };
            prop_assert!(row.json.contains(&expected));
            let granted_before = before.map_or(CategorySet::EMPTY, |before| before.granted);
            let of = |categories| Granted { categories, has_vendors: false };
            prop_assert_eq!(row.outcome, Outcome::of(of(granted_before), row.offered, of(row.granted)));
        }
    }
}
