//! Headers of an answer that make browsers ask for something before, or without, reading the page.

use crate::address::{Base, Found, judge};
use crate::html::refresh_address;
use crate::response::{ResponseFacts, ResponsePlan};
use crate::script::{ScriptKind, addresses};
use crate::{cookies, hints};
use postern_catalogue::Vendor;

/// Filters all of them.
pub fn filter(facts: &ResponseFacts, plan: &mut ResponsePlan) {
    filter_cookies(facts, plan);
    filter_members(facts, plan, "link", link_target);
    filter_members(facts, plan, "reporting-endpoints", endpoint);
    for name in ["report-to", "speculation-rules", "refresh"] {
        filter_whole(facts, plan, name);
    }
    // Network error logging reports to an endpoint that was taken away above, or to none.
    if plan.remove.iter().any(|name| name == "report-to") {
        plan.remove.push("nel".into());
    }
    if !hints::may_travel(facts.grants.granted()) {
        for name in ["accept-ch", "critical-ch"] {
            let values: Vec<&str> = facts.values(name).collect();
            if let Some(kept) = hints::strip_list(&values.join(", ")) {
                plan.remove.push(name.into());
                if !kept.is_empty() {
                    plan.append.push((name.into(), kept));
                }
            }
        }
    }
}

/// The vendor of that address that must be held, on this page.
pub fn held(address: &str, facts: &ResponseFacts) -> Option<&'static Vendor> {
    match judge(address, &Base::new(facts.url.clone()), facts.grants) {
        Found::Held(vendor) | Found::Stranger(vendor, _) => Some(vendor),
        _ => None,
    }
}

fn filter_cookies(facts: &ResponseFacts, plan: &mut ResponsePlan) {
    let all: Vec<&str> = facts.values("set-cookie").collect();
    let kept: Vec<&str> =
        all.iter().copied().filter(|value| cookies::is_settable(value, facts.grants)).collect();
    if kept.len() < all.len() {
        plan.remove.push("set-cookie".into());
        plan.append.extend(kept.into_iter().map(|value| ("set-cookie".to_string(), value.to_string())));
    }
    let expired = cookies::expire_denied(facts.request_cookies, facts.url, facts.grants);
    plan.append.extend(expired.into_iter().map(|value| ("set-cookie".to_string(), value)));
}

/// A header that is a list: members that name a denied address leave it.
fn filter_members(
    facts: &ResponseFacts,
    plan: &mut ResponsePlan,
    name: &str,
    address_of: fn(&str) -> Option<&str>,
) {
    let all: Vec<&str> = facts.values(name).flat_map(members).collect();
    let is_kept = |member: &&&str| address_of(member).is_none_or(|address| held(address, facts).is_none());
    let kept: Vec<&str> = all.iter().filter(is_kept).map(|member| member.trim()).collect();
    if kept.len() < all.len() {
        plan.remove.push(name.into());
        if !kept.is_empty() {
            plan.append.push((name.into(), kept.join(", ")));
        }
    }
}

/// A header that leaves as a whole if it names a denied address.
fn filter_whole(facts: &ResponseFacts, plan: &mut ResponsePlan, name: &str) {
    let is_denied = |value: &str| {
        if name == "refresh" {
            return refresh_address(value).is_some_and(|address| held(address, facts).is_some());
        }
        addresses(value, ScriptKind::Rules).iter().any(|address| held(address, facts).is_some())
    };
    if facts.values(name).any(is_denied) {
        plan.remove.push(name.into());
    }
}

/// `<address>; rel=…`. Source: RFC 8288.
fn link_target(member: &str) -> Option<&str> {
    member.trim().strip_prefix('<')?.split_once('>').map(|(target, _)| target)
}

/// `name="address"`. Source: Reporting API, "Reporting-Endpoints".
fn endpoint(member: &str) -> Option<&str> {
    member.split_once('"')?.1.split('"').next()
}

/// Splits at commas that stand neither in `<…>` nor in quotes.
fn members(value: &str) -> impl Iterator<Item = &str> {
    let (mut in_target, mut in_quotes) = (false, false);
    value.split(move |c| {
        match c {
            '"' if !in_target => in_quotes = !in_quotes,
            '<' if !in_quotes => in_target = true,
            '>' if !in_quotes => in_target = false,
            _ => {}
        }
        c == ',' && !in_target && !in_quotes
    })
}
