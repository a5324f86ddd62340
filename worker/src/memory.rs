//! What an isolate keeps of a site from one request to the next, whatever version of it is shown. All that is kept so stands here or
//! in [`crate::site::Site`] itself, by site: one isolate may have several, and nothing of one is ever another's.

use crate::site::Site;
use crate::{archive, counting, observing, settings, shards};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// What is kept of one site.
#[derive(Default)]
pub struct Memory {
    /// Page views that have gathered.
    pub counting: counting::Gathering,
    /// Things seen that have gathered.
    pub observing: observing::Gathering,
    /// How many Ledgers it has, as far as this isolate has heard.
    pub shards: shards::Known,
    /// The site's part of receipts, where a Ledger is here.
    pub settings: settings::Settings,
    /// Exports that are under way.
    pub exports: archive::UnderWay,
    /// Is it the deployment's only one?
    pub is_only: Cell<bool>,
    /// It under policies that are not the deployed one: as many as the log has versions, at most.
    pub versions: RefCell<Vec<Rc<Site>>>,
}
