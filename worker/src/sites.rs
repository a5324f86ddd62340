//! Which sites this deployment has, and whose a request is. The variable `POLICY` says the first, or the policy that is built in;
//! each `POLICY_<NAME>` says another, which is served at the hosts that its policy names, and whose other variables and secrets may
//! end in `_<NAME>` as well (`site.rs`). What no policy names is the first's.

use crate::answer;
use crate::site::{Site, value};
use js_sys::{Object, Reflect};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::JsValue;
use worker::Env;

/// What the variables of further sites begin with.
const PREFIX: &str = "POLICY_";

/// Where `worker/last-resort.mjs` finds which host's pages come from where, should all else fail.
const ORIGINS: &str = "posternOrigins";

/// A deployment's sites.
pub struct Sites {
    first: Rc<Site>,
    others: Vec<Rc<Site>>,
    /// Where those who keep all sites see them beside each other, if anywhere.
    keepers_host: Option<String>,
}

thread_local! {
    /// Variables and secrets cannot change while an isolate lives.
    static SITES: RefCell<Option<Rc<Sites>>> = const { RefCell::new(None) };
}

impl Sites {
    /// The sites as they are deployed; what is shown of each says `release.rs`.
    pub fn of(env: &Env) -> Rc<Self> {
        SITES.with_borrow_mut(|sites| Rc::clone(sites.get_or_insert_with(|| Rc::new(Self::read(env)))))
    }

    fn read(env: &Env) -> Self {
        let names = Reflect::own_keys(env).map(|names| names.sort()).unwrap_or_default();
        let names =
            names.iter().filter_map(|name: JsValue| Some(name.as_string()?.strip_prefix(PREFIX)?.to_owned()));
        let mut sites = Self {
            first: Rc::new(Site::first(env)),
            others: Vec::new(),
            keepers_host: value(env, "DASHBOARD_HOST")
                .map(|host| host.trim_end_matches('.').to_ascii_lowercase()),
        };
        for name in names {
            let Some(mut site) = Site::further(env, &name) else { continue };
            // Two sites of one name would share their receipts, and of one host each other's visitors.
            let clash = |other: &Rc<Site>| site.policy.as_ref().ok()?.clash_with(other.policy.as_ref().ok()?);
            let clash = sites.all().find_map(clash).map(|clash| clash.to_string());
            // Two logs of one name would be taken for one that was forged.
            let is_same_log = |other: &Rc<Site>| site.policy.is_ok() && other.log.origin == site.log.origin;
            let twin = sites
                .all()
                .any(is_same_log)
                .then(|| format!("the log would be called {:?}, as another site's", site.log.origin));
            if let Some(fault) = clash.or(twin) {
                let fault = format!("the variable {PREFIX}{name}: {fault}");
                // Nor may whoever keeps this one reach the other's records by its id, or sign by its log's name.
                site.id = format!("_{name}");
                site.log.keys = Err(fault.clone());
                site.policy = Err(fault);
            }
            sites.others.push(Rc::new(site));
        }
        // What nobody can tell whose it is goes to no address that may be another's, with all that it carries: to the one that it
        // asks for, or nowhere.
        let is_elsewhere =
            sites.all().any(|site| site.origin.is_some() && (site.is_unread() || site.name.is_empty()));
        for site in sites.others.iter_mut().filter_map(Rc::get_mut).filter(|site| site.is_unread()) {
            site.origin = None;
            site.is_lost = is_elsewhere;
        }
        sites.first.memory.is_only.set(sites.others.is_empty());
        sites.first.faults().iter().chain(&sites.first.told()).for_each(|fault| answer::log(fault));
        sites.unreached().iter().for_each(|fault| answer::log(fault));
        if let Err(error) = sites.tell_origins() {
            answer::log(&format!(
                "should the edge fail, pages come from where they are asked for: {}",
                answer::message(&error)
            ));
        }
        sites
    }

    /// All of them, the first first.
    pub fn all(&self) -> impl Iterator<Item = &Rc<Site>> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// The site that a host belongs to.
    pub fn at(&self, host: &str) -> Rc<Site> {
        // Which hosts a policy names that cannot be read nobody knows: they are not taken for the first site's, with its pages.
        let unread = || self.others.iter().find(|site| site.is_unread());
        if self.is_for_keepers(host) {
            return Rc::clone(&self.first);
        }
        let named = self.all().find(|site| site.has_host(host));
        Rc::clone(named.or_else(unread).unwrap_or(&self.first))
    }

    /// The site as it is deployed, whatever version of it is shown.
    pub fn deployed(&self, site: &Site) -> Rc<Site> {
        Rc::clone(self.all().find(|one| one.name == site.name).unwrap_or(&self.first))
    }

    /// The site of that id.
    pub fn named(&self, id: &str) -> Option<&Rc<Site>> {
        self.all().find(|site| site.id == id)
    }

    /// The site of a Ledger by the id it was made for, which may be empty where that was before there were several. If it is not
    /// deployed, or nobody knows, one that asks nobody and signs nothing.
    pub fn of_ledger(&self, env: &Env, id: &str) -> Rc<Site> {
        let only = Some(&self.first).filter(|_| self.others.is_empty() && id.is_empty());
        self.named(id).or(only).map_or_else(|| Rc::new(Site::gone(env)), Rc::clone)
    }

    /// Is that the host of those who keep the sites? No page of a site is there, so no script of one either that could read what is
    /// of all.
    pub fn is_for_keepers(&self, host: &str) -> bool {
        self.keepers_host.as_deref() == Some(host) && !self.all().any(|site| site.has_host(host))
    }

    /// What is wrong with the other sites and the keepers' host, a line each, with the site's id before it: of some no visitor reaches
    /// the pages that would tell.
    pub fn unreached(&self) -> Vec<String> {
        let told = |site: &Rc<Site>| {
            let lines = site.faults().into_iter().chain(site.told());
            lines.map(|line| format!("{}: {line}", site.id)).collect::<Vec<_>>()
        };
        let mut lines: Vec<String> = self.others.iter().flat_map(told).collect();
        if self.first.policy.is_ok()
            && self.first.hosts.is_empty()
            && self.others.iter().any(|site| site.is_unread())
        {
            lines.push(
                "site.hosts of the first policy names no host: while another cannot be read, its visitors are denied too"
                    .into(),
            );
        }
        if let Some(host) =
            self.keepers_host.as_ref().filter(|host| !is_host(host) || !self.is_for_keepers(host))
        {
            lines.push(format!(
                "the variable DASHBOARD_HOST is {host:?}, which is a site's or no host: it is not used"
            ));
        }
        lines
    }

    /// Tells the last resort where pages come from, by host; a host that nobody names has the empty name.
    fn tell_origins(&self) -> Result<(), JsValue> {
        if self.others.is_empty() {
            return Ok(());
        }
        let origins = Object::new();
        let named = self.all().flat_map(|site| &site.hosts).map(String::as_str);
        for host in named.chain([""]) {
            let site = self.at(host);
            let origin = site.origin.as_ref().map_or("", |origin| origin.as_str());
            Reflect::set(&origins, &host.into(), &origin.into())?;
        }
        Reflect::set(&js_sys::global(), &ORIGINS.into(), &origins).map(|_| ())
    }
}

/// Can that be the name of a host, without scheme and port?
fn is_host(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte))
}
