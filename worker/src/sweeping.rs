//! What time does to receipts, from within the Ledger, by its alarm: grants that are over get their receipt, and receipts
//! whose time to be kept is over are deleted.

use crate::answer;
use crate::ledger_store::SqlStore;
use crate::random::random;
use crate::site::Site;
use crate::zone;
use postern_receipt::{Capacity, Fresh};
use std::time::Duration;

/// How soon it goes on where there was more than one go.
const NEXT_GO: Duration = Duration::from_secs(1);
/// How soon it is tried again after a failure.
const NEXT_TRY: Duration = Duration::from_secs(60);

/// Does one go, and says how soon the next may come. A failure is told to the operator.
pub fn sweep(store: &mut SqlStore, site: &Site, now_ms: u64, capacity: Capacity) -> Duration {
    let day = zone::day(site, now_ms).number();
    let fresh = || Fresh { receipt_random: random(), salt: random() };
    match postern_receipt::sweep(store, now_ms, day, capacity, fresh) {
        Ok(()) => NEXT_GO,
        Err(error) => {
            answer::log(&format!("receipts whose time is over are not seen to: {error}"));
            NEXT_TRY
        }
    }
}
