//! Hits of collectors that sites put behind their own host: dropped, made anonymous, or let pass whole.
//! What a hit looks like is `postern-rewrite`'s; here its body is read.

use crate::site::Site;
use crate::visit::Visit;
use futures_util::AsyncReadExt;
use postern_rewrite::{BODY_BYTES_MAX, CollectFacts, Glance, Grants, StrippedHit, glance, read_hit};
use wasm_bindgen::JsCast;
use wasm_streams::ReadableStream;
use worker::Result;

/// What becomes of a request.
pub enum Verdict {
    /// It is no hit, or one that is granted.
    Passes,
    /// A denied vendor's, by its id: answered here, and nothing of it goes on.
    Dropped(&'static str),
    /// A denied vendor's, by its id, that the site wants sent without identifiers.
    Anonymous(&'static str, StrippedHit),
}

/// Judges a request on its way to the origin.
pub async fn judge(site: &Site, visit: &Visit, grants: &Grants) -> Result<Verdict> {
    let (path, query) = (visit.url.path(), visit.url.query().unwrap_or(""));
    let mut facts = CollectFacts {
        method: &visit.method,
        path,
        query,
        content_type: visit.header("content-type").unwrap_or(""),
        content_encoding: visit.header("content-encoding").unwrap_or(""),
        body_bytes: visit.header("content-length").and_then(|length| length.parse().ok()),
        ..CollectFacts::default()
    };
    let owner = grants.denied_path(path, query).map(|owner| owner.id);
    let glanced = glance(&facts);
    // Whose it is as far as the address says. What is nobody's by its address may be somebody's by its body.
    let named = match glanced {
        Glance::Collector(vendor) => Some(vendor).filter(|vendor| grants.denies_vendor(vendor)),
        _ => owner,
    };
    let without_body = match (named, glanced) {
        (Some(vendor), _) if !site.is_cookieless(vendor) => return Ok(Verdict::Dropped(vendor)),
        (None, Glance::Collector(_) | Glance::NotACollector) => return Ok(Verdict::Passes),
        (Some(vendor), _) => Verdict::Dropped(vendor),
        (None, Glance::NeedsBody) => Verdict::Passes,
    };
    let (body, is_cut) = if matches!(visit.method.as_str(), "GET" | "HEAD") {
        (Vec::new(), false)
    } else {
        beginning(visit).await?
    };
    facts.body = &body;
    facts.is_cut = is_cut;
    let Some(hit) = read_hit(&facts) else { return Ok(without_body) };
    if !grants.denies_vendor(hit.vendor) {
        return Ok(without_body);
    }
    if !site.is_cookieless(hit.vendor) {
        return Ok(Verdict::Dropped(hit.vendor));
    }
    let vendor = hit.vendor;
    Ok(hit.strip().map_or(Verdict::Dropped(vendor), |stripped| Verdict::Anonymous(vendor, stripped)))
}

/// The first bytes of the body, and whether more follow. The request itself stays unread.
async fn beginning(visit: &Visit) -> Result<(Vec<u8>, bool)> {
    let Some(body) = visit.request.clone()?.body() else { return Ok((Vec::new(), false)) };
    let mut reader = ReadableStream::from_raw(body.unchecked_into()).into_async_read();
    let mut out = Vec::new();
    let mut buffer = vec![0; 64 * 1024];
    while out.len() <= BODY_BYTES_MAX {
        match reader.read(&mut buffer).await {
            Ok(0) => return Ok((out, false)),
            Ok(count) => out.extend_from_slice(buffer.get(..count).unwrap_or_default()),
            Err(error) => return Err(worker::Error::RustError(error.to_string())),
        }
    }
    out.truncate(BODY_BYTES_MAX);
    Ok((out, true))
}
