//! What a site is: its policy, its keys, its origin. Read once per isolate; anything missing
//! or broken is kept as the sentence that says what to do, and means: everything stays denied.
//!
//! A deployment may have several (`sites.rs`). What is set for all holds for each, unless the site has its own: `SHARDS_SHOP` is that
//! of the site whose policy is `POLICY_SHOP`.

use crate::countries::country_name;
use crate::memory::Memory;
use crate::platform::{ACCESS, PlatformLogin};
use crate::signing::LogSetting;
use crate::visit::Visit;
use postern_catalogue::{Catalogue, SiteVendor, VENDORS, vendor};
use postern_consent::{Category, CategorySet, Decision, Need, PolicyTag, Profile, Shards, State, VendorSet};
use postern_policy::{Policy, Reopen, Vendor};
use postern_receipt::{Access, CookieKey, KeyRing, Rule};
use postern_rewrite::{Grants, held_query, lockdown_policy, strip_denied};
use postern_stats::Day;
use postern_view::{Granted, VendorTraces};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use url::Url;
use worker::Env;

/// The policy that was built in; the `POLICY` variable replaces it.
const BUILT_IN_POLICY: &str = include_str!("../../postern.toml");

/// The secret that lists who may log in.
const ACCESS_TOKENS: &str = "ACCESS_TOKENS";

/// How long the origin may take to begin its answer, milliseconds.
const ORIGIN_TIMEOUT_MS: u64 = 30_000;

/// How large one Ledger may grow: 9 GB of the platform's 10 GB, so that reading and erasing still work.
const LEDGER_BYTES_MAX: u64 = 9_000_000_000;

/// What no two sites can share: where a site is, and what its log is called and begins with.
const OF_ONE: [&str; 3] = ["ORIGIN", "LOG_ORIGIN", "LOG_MINIMUM_INDEX"];

/// A site.
pub struct Site {
    /// What its variables end in; empty for the first of the deployment.
    pub name: String,
    /// Its id; where the policy cannot be read a word that is nobody's.
    pub id: String,
    /// The hosts that its policy names.
    pub hosts: Vec<String>,
    /// The policy, or every fault of the file, a line each.
    pub policy: Result<Policy, String>,
    /// The policy file as it is written.
    pub source: String,
    /// The place in the log of the version that visitors are asked with; until it is known nobody is asked.
    pub release: Cell<Option<u64>>,
    /// When the Ledger may be asked for that again, Unix milliseconds.
    pub ask_release_after_ms: Cell<u64>,
    /// May only versions be shown that somebody has published? Else each puts itself into the log.
    pub shows_published_only: bool,
    /// The vendors as this site has them.
    pub catalogue: Rc<Catalogue>,
    /// What each listed vendor leaves in a browser, as visitors are told.
    pub traces: Vec<VendorTraces>,
    /// The key of the consent cookie, or what to do about it.
    pub key: Result<KeyRing, String>,
    /// Where the site is, if not behind the very address the visitor asks for.
    pub origin: Option<Url>,
    /// Could whoever is led here be another site's, whose pages come from elsewhere than where they ask (`sites.rs`)?
    pub is_lost: bool,
    /// How long the origin may take to begin its answer, milliseconds.
    pub origin_timeout_ms: u64,
    /// How large one Ledger may grow, bytes.
    pub ledger_bytes_max: u64,
    /// How many choices a minute are taken from one address.
    pub decisions_per_minute: u32,
    /// Among how many Ledgers new visitors are placed.
    pub shards: Shards,
    /// What is wrong with that number; then it is the first alone.
    pub shards_fault: Option<String>,
    /// The log of receipts: its name and keys.
    pub log: LogSetting,
    /// Who may log in.
    pub access: Access,
    /// What is wrong with a list of them, a sentence each; then its people are left out, all of them.
    pub access_faults: Vec<String>,
    /// The platform's login, where it is set up, or what to do about it.
    pub platform: Option<Result<PlatformLogin, String>>,
    /// The site's day, as it was asked for last (`zone.rs`).
    pub day: Cell<Option<(u64, Day)>>,
    /// The version that is shown, where that is not the deployed one (`release.rs`).
    pub instead: RefCell<Option<Rc<Self>>>,
    /// What is kept from one request to the next.
    pub memory: Rc<Memory>,
}

impl Site {
    /// The first site of this deployment.
    pub fn first(env: &Env) -> Self {
        let source = value(env, "POLICY").unwrap_or_else(|| BUILT_IN_POLICY.to_string());
        Self::read(env, String::new(), source, Rc::default())
    }

    /// Another site, by what its variables end in; `None` if its policy is empty.
    pub fn further(env: &Env, name: &str) -> Option<Self> {
        let source = value(env, &format!("POLICY_{name}"))?;
        Some(Self::read(env, name.into(), source, Rc::default()))
    }

    /// In the place of a site that is not deployed any more.
    pub fn gone(env: &Env) -> Self {
        let mut site = Self::read(env, String::new(), String::new(), Rc::default());
        site.log.keys = Err("the site of this log is not deployed, or its policy cannot be read".into());
        site
    }

    /// The same site under another policy; each is read once, since its vendors are kept for good.
    pub fn under(&self, env: &Env, source: &str) -> Rc<Self> {
        let mut versions = self.memory.versions.borrow_mut();
        if let Some(version) = versions.iter().find(|version| version.source == source) {
            return Rc::clone(version);
        }
        let version = Rc::new(Self::read(env, self.name.clone(), source.into(), Rc::clone(&self.memory)));
        versions.push(Rc::clone(&version));
        version
    }

    fn read(env: &Env, name: String, source: String, memory: Rc<Memory>) -> Self {
        let own = |variable: &str| {
            if name.is_empty() { None } else { value(env, &format!("{variable}_{name}")) }
        };
        let text = |variable: &str| {
            // A key before this one is of the same hand as this one, and whom a team names is for who has set the team.
            let beside = match variable {
                "COOKIE_KEY_PREVIOUS" => "COOKIE_KEY",
                "LOG_KEY_PREVIOUS" => "LOG_KEY",
                "ACCESS_PEOPLE" => "ACCESS_TEAM",
                _ => "",
            };
            let is_of_one = OF_ONE.contains(&variable) || own(beside).is_some();
            own(variable).or_else(|| value(env, variable).filter(|_| name.is_empty() || !is_of_one))
        };
        let known: Vec<(&str, Category, &str)> =
            VENDORS.iter().map(|vendor| (vendor.id, vendor.shown_category(), vendor.name)).collect();
        let policy = Policy::parse(&source, &known).map_err(|error| error.to_string());
        let key = text("COOKIE_KEY")
            .ok_or_else(|| {
                "the secret COOKIE_KEY is missing: set it to 64 hex digits (wrangler secret put COOKIE_KEY)"
                    .to_string()
            })
            .and_then(|hex| {
                CookieKey::from_hex(&hex).map_err(|error| format!("the secret COOKIE_KEY: {error}"))
            })
            // The key before this one still opens, so that changing keys asks nobody again.
            .map(|current| {
                KeyRing::new(
                    current,
                    text("COOKIE_KEY_PREVIOUS").and_then(|hex| CookieKey::from_hex(&hex).ok()),
                )
            });
        let named = policy.as_ref().ok().and_then(|policy| policy.site.origin.clone());
        let catalogue = policy.as_ref().map(catalogue).unwrap_or_default();
        let place = policy.as_ref().ok().map(|policy| policy.site.hosts.first().unwrap_or(&policy.site.id));
        let shards = text("SHARDS").map(|count| {
            count.parse().ok().and_then(Shards::new).ok_or_else(|| {
                format!("the variable SHARDS is {count:?}: use a number from 1 to 255; until then it is 1")
            })
        });
        let shared = Access::parse(&value(env, ACCESS_TOKENS).unwrap_or_default());
        let owner = value(env, "DASHBOARD_TOKEN").unwrap_or_default();
        let of_all = shared.clone().unwrap_or_default().with_owner(&owner);
        let listed = of_all.clone().with_own(&own(ACCESS_TOKENS).unwrap_or_default());
        let access_faults = [
            shared.err().map(|error| format!("the secret {ACCESS_TOKENS}, {error}")),
            listed.as_ref().err().map(|error| format!("the secret {ACCESS_TOKENS}_{name}, {error}")),
        ];
        Self {
            log: LogSetting::read(text, place.map(String::as_str)),
            origin: text("ORIGIN").or(named).and_then(|origin| Url::parse(&origin).ok()),
            is_lost: false,
            origin_timeout_ms: number(text("ORIGIN_TIMEOUT_MS")).unwrap_or(ORIGIN_TIMEOUT_MS),
            ledger_bytes_max: number(text("LEDGER_BYTES_MAX")).unwrap_or(LEDGER_BYTES_MAX),
            decisions_per_minute: number(text("DECISIONS_PER_MINUTE"))
                .and_then(|count| u32::try_from(count).ok())
                .unwrap_or(Rule::DECISIONS.max),
            platform: PlatformLogin::read(text, ACCESS.iter().all(|variable| own(variable).is_none())),
            shards: shards.clone().and_then(Result::ok).unwrap_or(Shards::ONE),
            shards_fault: shards.and_then(Result::err),
            access: listed.unwrap_or(of_all),
            access_faults: access_faults.into_iter().flatten().collect(),
            traces: catalogue.listed().iter().map(|vendor| traces(vendor)).collect(),
            catalogue: Rc::new(catalogue),
            release: Cell::new(None),
            ask_release_after_ms: Cell::new(0),
            // What nobody can read asks for the stricter.
            shows_published_only: text("RELEASES").is_some_and(|word| word != "automatic"),
            day: Cell::new(None),
            instead: RefCell::new(None),
            id: policy.as_ref().map_or_else(|_| format!("_{name}"), |policy| policy.site.id.clone()),
            hosts: policy.as_ref().map_or(Vec::new(), |policy| policy.site.hosts.clone()),
            name,
            source,
            policy,
            key,
            memory,
        }
    }

    /// Does the platform's login let those in here whom it lets in on all sites?
    pub fn is_platform_shared(&self) -> bool {
        matches!(&self.platform, Some(Ok(login)) if login.is_shared)
    }

    /// Does its policy name that host?
    pub fn has_host(&self, host: &str) -> bool {
        self.hosts.iter().any(|known| known == host)
    }

    /// For whom choices and sessions are sealed at a host: for the site as well, so that what was chosen while the host was another's is
    /// not taken for a choice here.
    pub fn scope(&self, host: &str) -> String {
        format!("{}/{host}", self.id)
    }

    /// Is it a further site whose hosts nobody knows, since its policy cannot be read?
    pub fn is_unread(&self) -> bool {
        !self.name.is_empty() && self.policy.is_err() && self.hosts.is_empty()
    }

    /// What keeps this deployment from recording a decision, a line each; empty if nothing does.
    pub fn faults(&self) -> Vec<String> {
        let policy =
            self.policy.as_ref().err().into_iter().flat_map(|faults| faults.lines().map(String::from));
        policy.chain(self.key.as_ref().err().cloned()).collect()
    }

    /// What is wrong and keeps nothing from being recorded, but somebody must be told, a line each.
    pub fn told(&self) -> Vec<String> {
        let zone = self.policy.as_ref().ok().map(|policy| policy.figures.time_zone.as_str());
        let zone_fault = zone
            .filter(|zone| !crate::zone::is_known(zone))
            .map(|zone| format!("figures.time_zone: there is no zone {zone:?}; days are those of UTC"));
        let platform = self.platform.as_ref().and_then(|login| login.as_ref().err());
        let unreachable =
            (!self.name.is_empty() && self.policy.is_ok() && self.hosts.is_empty()).then(|| {
                format!(
                    "the variable POLICY_{}: site.hosts names no host, so nobody is led to this site",
                    self.name
                )
            });
        let all = [
            self.log.keys.as_ref().err(),
            self.log.witnesses.as_ref().err(),
            self.shards_fault.as_ref(),
            zone_fault.as_ref(),
            unreachable.as_ref(),
            platform,
        ];
        all.into_iter().flatten().chain(&self.access_faults).cloned().collect()
    }

    /// What is granted, as visitors see it.
    pub fn granted(&self, decision: &Decision) -> Granted<'_> {
        Granted {
            categories: decision.granted,
            vendors: decision.vendors,
            traces: &self.traces,
            country_name,
        }
    }

    /// Policy and key, if visitors can be asked: what they are asked with is in the log.
    pub fn working(&self) -> Option<(&Policy, &KeyRing)> {
        self.recording().filter(|_| self.release.get().is_some())
    }

    /// Policy and key, if anything can be recorded. What was granted can be taken back as long as it can.
    pub fn recording(&self) -> Option<(&Policy, &KeyRing)> {
        self.policy.as_ref().ok().zip(self.key.as_ref().ok())
    }

    /// The policy as who is asked in that way sees it; without a way as the site asks itself.
    pub fn asking(&self, way: Option<usize>) -> Option<&Policy> {
        self.policy.as_ref().ok()?.variant(way.unwrap_or_default())
    }

    /// The legal regime's numbers for a visitor from there; without a policy nothing is offered.
    pub fn profile(&self, country: Option<&str>, region: Option<&str>) -> Profile {
        self.policy.as_ref().map_or(
            Profile {
                offered: CategorySet::EMPTY,
                grant_ttl_minutes: 0,
                refusal_ttl_minutes: 0,
                is_dnt_denial: true,
                policy: PolicyTag(0),
            },
            |policy| policy.profile_for(country, region),
        )
    }

    /// What a decision lets pass here.
    pub fn grants(&self, decision: &Decision) -> Grants {
        Grants::new(Rc::clone(&self.catalogue), decision.granted)
            .with_vendors(decision.vendors, decision.grantable)
            .with_strict(self.policy.as_ref().is_ok_and(|policy| policy.edge.strict))
    }

    /// The policy's vendors at these places.
    pub fn named(&self, places: VendorSet) -> impl Iterator<Item = &Vendor> {
        let vendors = self.policy.as_ref().map(Policy::vendors).unwrap_or_default();
        places.iter().filter_map(|place| vendors.get(place))
    }

    /// May a hit of that vendor be sent without a grant, once nothing in it identifies anybody?
    pub fn is_cookieless(&self, vendor: &str) -> bool {
        let vendors = self.policy.as_ref().map(Policy::vendors).unwrap_or_default();
        vendors.iter().any(|listed| listed.id == vendor && listed.is_cookieless)
    }

    /// The policy by which the browser itself refuses, where the site wants it and the visitor has decided.
    pub fn lockdown(&self, visit: &Visit, grants: &Grants) -> Option<String> {
        let is_wanted = self.policy.as_ref().is_ok_and(|policy| policy.edge.lockdown);
        let is_decided = !visit.decision.must_ask && !grants.is_open();
        (is_wanted && is_decided).then(|| lockdown_policy(grants, visit.host()))
    }

    /// The address without identifiers to which a visitor who arrives with some is sent on, where the site wants it.
    pub fn clean_landing(&self, visit: &Visit, grants: &Grants) -> Option<String> {
        let is_wanted = self.policy.as_ref().is_ok_and(|policy| policy.edge.clean_landing);
        if !is_wanted || visit.method != "GET" {
            return None;
        }
        // A path of two slashes would be another host's.
        strip_denied(visit.target(), grants).filter(|target| !target.starts_with("//"))
    }

    /// The identifiers in the address of a page, for the stub to take out of the address bar, where the site wants it.
    pub fn held_query(&self, visit: &Visit, grants: &Grants) -> Option<String> {
        let is_wanted = self.policy.as_ref().is_ok_and(|policy| policy.edge.hold_landing);
        if is_wanted { held_query(visit.target(), grants) } else { None }
    }

    /// What Google's tags are told beside the signals, as the stub reads it: how long they wait, and names to set.
    pub fn consent_mode(&self) -> String {
        let Ok(policy) = &self.policy else { return "500|ads_data_redaction".into() };
        let mode = &policy.consent_mode;
        let named =
            [("ads_data_redaction", mode.ads_data_redaction), ("url_passthrough", mode.url_passthrough)];
        let set: Vec<&str> = named.into_iter().filter(|(_, is_set)| *is_set).map(|(name, _)| name).collect();
        format!("{}|{}", mode.wait_for_update_ms, set.join(","))
    }

    /// `Clear-Site-Data` of an answer that takes back a grant: pages the browser keeps were made under it, those it
    /// would show again on "back" among them. Source: W3C Clear Site Data; HTML standard, "back/forward cache".
    pub fn clear_site_data(&self) -> String {
        let targets =
            self.policy.as_ref().map(|policy| policy.edge.clear_site_data.as_slice()).unwrap_or_default();
        let mut names: Vec<&str> = targets.iter().map(|target| target.name()).collect();
        if !names.contains(&"cache") {
            names.insert(0, "cache");
        }
        names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
    }

    /// What the consent cookie of this host says.
    pub fn state(&self, host: &str, cookie: Option<&str>) -> State {
        match (&self.key, cookie) {
            (_, None) => State::Absent,
            (Ok(key), cookie) => match key.open(&self.scope(host), cookie) {
                // From before sites were sealed for: where there is one alone, it was this one's.
                State::Forged if self.memory.is_only.get() => key.open(host, cookie),
                state => state,
            },
            (Err(_), Some(_)) => State::Unverifiable,
        }
    }

    /// Is a change of the site's notice announced now?
    pub fn announces_change(&self, visit: &Visit) -> bool {
        let today = Day::from_unix_ms(visit.now_ms, 0).number();
        self.policy.as_ref().is_ok_and(|policy| policy.change_on(today).is_some())
    }

    /// Does every page carry the control to reopen?
    pub fn has_reopen_button(&self) -> bool {
        self.policy.as_ref().is_ok_and(|policy| policy.banner.reopen == Reopen::Button)
    }
}

fn traces(vendor: &postern_catalogue::Vendor) -> VendorTraces {
    VendorTraces {
        id: vendor.id.into(),
        cookies: vendor.told_cookies().map(|(name, days)| (name.into(), days)).collect(),
        storage: vendor.storage.iter().map(|key| (*key).into()).collect(),
    }
}

/// The catalogue under this policy.
fn catalogue(policy: &Policy) -> Catalogue {
    let vendors = policy.vendors().iter().map(|listed| {
        // A loader's need is wider than the category it is shown under, unless the policy says another.
        let known = vendor(&listed.id).filter(|known| known.shown_category() == listed.category);
        let own = Need::any_of(CategorySet::EMPTY.with(listed.category));
        SiteVendor {
            id: &listed.id,
            name: &listed.name,
            need: known.map_or(own, |known| known.need),
            hosts: &listed.hosts,
            paths: &listed.paths,
            cookies: &listed.cookies,
            params: &listed.params,
            storage: &listed.storage,
        }
    });
    Catalogue::of_site(vendors).with_own_hosts(&policy.site.hosts)
}

/// A variable or a secret; `None` if it is empty.
pub fn value(env: &Env, name: &str) -> Option<String> {
    env.var(name).map(|value| value.to_string()).ok().filter(|text| !text.is_empty())
}

fn number(text: Option<String>) -> Option<u64> {
    text.and_then(|text| text.parse().ok())
}
