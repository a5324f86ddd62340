//! What the policies of several sites of one deployment may not share.

use crate::policy::Policy;
use std::fmt;

/// Why two policies cannot be of one deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Clash {
    /// They have one id, and so would have one record of choices.
    Id(String),
    /// Both name this host, and so would have each other's visitors.
    Host(String),
}

impl fmt::Display for Clash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (key, value) = match self {
            Self::Id(id) => ("site.id", id),
            Self::Host(host) => ("site.hosts", host),
        };
        write!(out, "{key}: another site of this deployment has {value:?}; give it to one of them")
    }
}

impl Policy {
    /// Why this cannot be a site beside that one; `None` if it can.
    #[must_use]
    pub fn clash_with(&self, other: &Self) -> Option<Clash> {
        if self.site.id == other.site.id {
            return Some(Clash::Id(self.site.id.clone()));
        }
        let host = self.site.hosts.iter().find(|host| other.site.hosts.contains(host))?;
        Some(Clash::Host(host.clone()))
    }
}
