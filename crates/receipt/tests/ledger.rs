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
    Appended, DayRow, LedgerError, ReceiptRow, add_views, append, days, erase, fill_log, leaf, outcome_named,
    receipts_of,
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
    let counted = days(&store, 20_001, 20_001).unwrap();
    assert_eq!(counted, [DayRow { day: 20_001, accepted: 1, withdrawn: 1, ..DayRow::default() }]);
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
            let mut store =
                Memory { rows: whole.rows.clone(), days: whole.days.clone(), ..Memory::default() };
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
    let counted = days(&store, 20_001, 20_001).unwrap();
    for (fault, left) in [(Fault::Before, 3), (Fault::After, 1)] {
        store.fail(1, fault);
        assert_eq!(erase(&mut store, Subject([1; 16]), 20_500), Err(LedgerError::Store("injected")));
        assert_eq!(store.rows.len(), left);
    }
    store.fault = None;
    assert_eq!(erase(&mut store, Subject([1; 16]), 20_500), Ok(0));
    assert_eq!(receipts_of(&store, Subject([1; 16])), Ok(Vec::new()));
    assert_eq!(receipts_of(&store, Subject([2; 16])).unwrap().len(), 1);
    // Figures name nobody: they stay what they were.
    assert_eq!(days(&store, 20_001, 20_001).unwrap(), counted);
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

#[test]
fn views_are_added_and_an_empty_batch_touches_nothing() {
    let mut store = Memory::default();
    add_views(&mut store, 5, 0, 0).unwrap();
    assert_eq!(store.calls.get(), 0);
    add_views(&mut store, 5, 10, 3).unwrap();
    add_views(&mut store, 5, 1, 1).unwrap();
    add_views(&mut store, 9, 1, 0).unwrap();
    assert_eq!(days(&store, 0, 8).unwrap(), [DayRow { day: 5, views: 11, shown: 4, ..DayRow::default() }]);
}

#[test]
fn stored_outcomes_are_read_back_by_name() {
    for outcome in Outcome::ALL {
        assert_eq!(outcome_named(outcome.name()), Some(outcome));
    }
    assert_eq!(outcome_named("Accepted"), None);
}

proptest! {
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
