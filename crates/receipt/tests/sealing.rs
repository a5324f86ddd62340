//! Sealing against a store that fails before or after each effect, loses leaves, or was altered.

mod store;

use postern_consent::CategorySet;
use postern_receipt::log::{SealError, completed, finish_seal, leaf_hash, plan_seal, plan_seal_of, root};
use postern_receipt::{append, leaf};
use store::{Fault, Memory, filled, is_whole, request, setting};

/// Seals as the edge does, with a note instead of a signature, and fails where the store does.
fn seal(store: &mut Memory) -> Result<bool, SealError<&'static str>> {
    let Some(plan) = plan_seal(store, "shop.example/log")? else { return Ok(false) };
    let note = plan.checkpoint.to_string();
    finish_seal(store, &plan, note).map(|_| true)
}

#[test]
fn nothing_is_sealed_twice_and_no_smaller_or_other_tree() {
    let mut store = Memory::default();
    assert_eq!(seal(&mut store), Ok(false));
    let mut store = filled(5);
    assert_eq!(seal(&mut store), Ok(true));
    assert_eq!(seal(&mut store), Ok(false));
    let sealed = store.sealed.clone().unwrap();
    assert_eq!(sealed.note.lines().take(2).collect::<Vec<_>>(), ["shop.example/log", "5"]);
    // A leaf is lost, as after an old backup.
    let last = store.leaves.pop().unwrap();
    assert_eq!(seal(&mut store), Err(SealError::Shrunk { size: 4, sealed: 5 }));
    // Another has taken its place, and more have come.
    for seed in 0..3 {
        let index = store.leaves.len() as u64;
        let nodes = completed(index, leaf_hash(&leaf(&[seed; 32])), &store).unwrap();
        store.leaves.push(([seed; 32], nodes));
    }
    assert_eq!(seal(&mut store), Err(SealError::Rewritten(5)));
    assert_eq!(store.sealed, Some(sealed));
    // The right one is back.
    store.leaves.truncate(4);
    store.leaves.push(last);
    assert_eq!(seal(&mut store), Ok(false));
}

#[test]
fn a_long_log_is_sealed_in_steps_and_each_begins_with_the_one_before() {
    let mut store = filled(10);
    let mut sizes = Vec::new();
    while let Some(plan) = plan_seal_of(&store, "o", 4).unwrap() {
        assert_eq!(plan.checkpoint.root, root(plan.checkpoint.size, &store).unwrap());
        finish_seal(&mut store, &plan, "note".into()).unwrap();
        sizes.push(plan.checkpoint.size);
    }
    assert_eq!(sizes, [4, 8, 10]);
}

#[test]
fn a_seal_that_was_overtaken_is_not_kept() {
    let (setting, mut store) = (setting(), filled(2));
    let early = plan_seal(&store, "o").unwrap().unwrap();
    append(&mut store, &request(&setting, 7, 1, CategorySet::ALL)).unwrap();
    assert_eq!(seal(&mut store), Ok(true));
    assert_eq!(finish_seal(&mut store, &early, "late".into()), Err(SealError::Overtaken));
    assert_eq!(store.sealed.unwrap().size, 3);
}

#[test]
fn whatever_fails_while_sealing_the_sequence_of_checkpoints_is_consistent() {
    let setting = setting();
    for fault in [Fault::Before, Fault::After] {
        for call in 1..=12 {
            let mut store = filled(3);
            seal(&mut store).unwrap();
            let first = store.sealed.clone().unwrap();
            append(&mut store, &request(&setting, 8, 1, CategorySet::ALL)).unwrap();
            store.fail(call, fault);
            let result = seal(&mut store);
            store.fault = None;
            // Either the old checkpoint stands or the new one; a repetition ends with the new one.
            let now = store.sealed.clone().unwrap();
            assert!(now == first || now.size == 4, "call {call} {fault:?}");
            assert!(
                result.is_ok()
                    || result == Err(SealError::Store("injected"))
                    || matches!(result, Err(SealError::Tree(_)))
            );
            seal(&mut store).unwrap();
            assert_eq!(store.sealed.as_ref().map(|sealed| sealed.size), Some(4));
            assert!(is_whole(&store));
        }
    }
}
