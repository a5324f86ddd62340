//! Sorting that costs the Worker one sort, not one for each type.
//!
//! `slice::sort_by` is compiled anew for every type and comparison: 4 to 20 kB each, 94 kB for the fourteen that the Worker once
//! had, of the 1 MB that it may have. Here one sort of places is shared by all; what is generic only moves the items. The price
//! is two allocations, so this is for short lists, and for crates that the Worker links.

use std::cmp::Ordering;

/// The items in the order that `compare` says; those that are equal stay in theirs, as with [`slice::sort_by`].
pub fn sorted_by<T>(items: Vec<T>, compare: impl Fn(&T, &T) -> Ordering) -> Vec<T> {
    let order = places(items.len(), &|one, other| match (items.get(one), items.get(other)) {
        (Some(one), Some(other)) => compare(one, other),
        _ => Ordering::Equal,
    });
    let mut items: Vec<Option<T>> = items.into_iter().map(Some).collect();
    order.into_iter().filter_map(|place| items.get_mut(place).and_then(Option::take)).collect()
}

/// The items in the order of their keys; those with the same key stay in theirs, as with [`slice::sort_by_key`].
pub fn sorted_by_key<T, K: Ord>(items: Vec<T>, key: impl Fn(&T) -> K) -> Vec<T> {
    sorted_by(items, |one, other| key(one).cmp(&key(other)))
}

/// `0..count`, in the order of what stands there. Not generic, so that the sort itself is compiled once.
#[inline(never)]
fn places(count: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut places: Vec<usize> = (0..count).collect();
    places.sort_by(|one, other| compare(*one, *other));
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn is_what_the_standard_library_makes_of_it(items in proptest::collection::vec((0_u8..8, ".{0,3}"), 0..80)) {
            let mut expected = items.clone();
            expected.sort_by_key(|(key, _)| *key);
            prop_assert_eq!(sorted_by_key(items.clone(), |(key, _)| *key), expected);
            let mut expected = items.clone();
            expected.sort_by(|(_, one), (_, other)| other.cmp(one));
            prop_assert_eq!(sorted_by(items, |(_, one), (_, other)| other.cmp(one)), expected);
        }
    }
}
