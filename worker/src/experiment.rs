//! Who is asked in which way while the site tries several. The way is drawn once for a browser's session and kept in the cookie that
//! says that it was asked (`cookie.rs`), the same for everybody who is asked so.

use crate::asked;
use crate::random::random;
use crate::site::Site;
use crate::visit::Visit;
use crate::zone;
use postern_consent::State;
use postern_policy::Experiment;

/// The experiment that is on at that moment.
fn on(site: &Site, now_ms: u64) -> Option<&Experiment> {
    let experiment = site.policy.as_ref().ok()?.experiment.as_ref()?;
    experiment.is_on(zone::day(site, now_ms).number()).then_some(experiment)
}

/// What is asked, and in which way, as a browser keeps it: `<tag>["." <experiment> "." <way>]`.
pub fn asked(site: &Site, way: Option<usize>) -> String {
    let tag = site.policy.as_ref().map(asked::tag).unwrap_or_default();
    name(site, way).map_or_else(|| tag.clone(), |name| format!("{tag}.{name}"))
}

/// A way to ask, as figures name it.
pub fn name(site: &Site, way: Option<usize>) -> Option<String> {
    let experiment = site.policy.as_ref().ok()?.experiment.as_ref()?;
    Some(format!("{}.{}", experiment.name, experiment.names().nth(way?)?))
}

/// The way that such a cookie names, if it is one of the experiment that is on. Who was asked before it began, or in another, has
/// no part in it: nobody counted them among those who were asked.
pub fn kept(site: &Site, cookie: Option<&str>, now_ms: u64) -> Option<usize> {
    let (experiment, way) = cookie?.split_once('.')?.1.split_once('.')?;
    let on = on(site, now_ms).filter(|on| on.name == experiment)?;
    on.names().position(|name| name == way)
}

/// Draws a way for a browser that is asked for the first time; each is as likely as the others.
pub fn draw(site: &Site, visit: &Visit) -> Option<usize> {
    let experiment = on(site, visit.now_ms).filter(|_| visit.decision.must_ask)?;
    if visit.is_asked || !matches!(visit.state, State::Absent) || visit.is_bot() {
        return None;
    }
    let count = u32::try_from(experiment.names().count()).ok()?;
    // Of four thousand million, so that what is left over by the division is nothing.
    usize::try_from(u32::from_le_bytes(random()) % count).ok()
}
