//! What the gate did, by vendor: things are counted here, not people.

use crate::{Counter, Counts};
use std::collections::BTreeMap;

/// What it does, as it is counted: `held/ga4` in the dimension of the gate.
pub const GATE_ACTS: [&str; 5] = ["held", "released", "stripped", "refused", "anonymous"];

/// How often it did each of these, in their order, by the vendor's id. What is none of them is left out.
pub fn gate_by_vendor<'a>(
    cells: impl Iterator<Item = (&'a str, Counts)>,
) -> BTreeMap<&'a str, [u64; GATE_ACTS.len()]> {
    let mut vendors: BTreeMap<&str, [u64; GATE_ACTS.len()]> = BTreeMap::new();
    for (value, counts) in cells {
        let Some((act, vendor)) = value.split_once('/') else { continue };
        let Some(place) = GATE_ACTS.iter().position(|known| *known == act) else { continue };
        if let Some(sum) = vendors.entry(vendor).or_default().get_mut(place) {
            *sum = sum.saturating_add(counts.get(Counter::Times));
        }
    }
    vendors
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acts_are_told_by_vendor_and_what_is_no_act_is_not() {
        let times = |count| Counts::default().with(Counter::Times, count);
        let cells = [
            ("held/ga4", times(500)),
            ("held/ga4", times(20)),
            ("refused/gtm", times(12)),
            ("anonymous/ga4", times(11)),
            ("praised/hotjar", times(99)),
            ("held", times(99)),
        ];
        let told: Vec<_> = gate_by_vendor(cells.into_iter()).into_iter().collect();
        assert_eq!(told, [("ga4", [520, 0, 0, 0, 11]), ("gtm", [0, 0, 0, 12, 0])]);
    }
}
