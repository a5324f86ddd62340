//! What holds for every row of the tables, and for any bytes.

use super::{
    super::{Kind, Payload, facts::PAYLOADS, glance},
    *,
};
use proptest::prelude::*;
use serde_json::{Map, Value};

/// Each field that identifies somebody holds it, each address too; nothing else does.
const TOKEN: &str = "Tok7en";

/// How many bytes PostHog's own words about nobody add to one event, at most.
const NOBODY_BYTES: usize = 128;

/// Something a pattern matches.
fn sample(pattern: &str) -> String {
    pattern.replace(['*', '#'], "1")
}

/// A mark's first alternative that is no path of an address, and that path if there is one.
fn first(mark: &'static str) -> (&'static str, Option<&'static str>) {
    let is_path = |one: &&str| one.starts_with('/');
    let name = mark.split('|').find(|one| !is_path(one)).unwrap_or_default();
    (name, mark.split('|').find(is_path))
}

fn name_and_value(mark: &str) -> (String, String) {
    let (name, value) = mark.split_once('=').unwrap_or((mark, "x1"));
    (sample(name), sample(value))
}

/// A hit with all marks, all identifiers and all addresses, as fields.
fn fields_of(payload: &Payload) -> (String, Vec<(String, String)>) {
    let mut path = "/x".to_owned();
    let mut fields = Vec::new();
    for mark in payload.marks {
        match first(mark) {
            ("", Some(end)) => path = end.to_owned(),
            (mark, _) => fields.push(name_and_value(mark)),
        }
    }
    let has = |fields: &[(String, String)], name: &str| fields.iter().any(|(known, _)| known == name);
    for id in payload.ids.iter().map(|id| sample(id)) {
        if !has(&fields, &id) {
            fields.push((id, TOKEN.into()));
        }
    }
    for address in payload.addresses {
        fields.push((
            (*address).into(),
            format!("https://a.test/ö?gclid={TOKEN}&k=1&u=%2F%3Ffbclid%3D{TOKEN}#x"),
        ));
    }
    fields.push(("kept".into(), "a b&c".into()));
    fields.push(("ep.note".into(), format!("see \"https://a.test/?k=2&gclid={TOKEN}\" there")));
    (path, fields)
}

fn put(map: &mut Map<String, Value>, path: &str, value: Value) {
    match path.split_once('.') {
        Some((key, rest)) => {
            let inner = map.entry(key).or_insert_with(|| Value::Object(Map::new()));
            put(inner.as_object_mut().unwrap(), rest, value);
        }
        None => {
            map.entry(path).or_insert(value);
        }
    }
}

/// The same as JSON, and what stands in the query.
fn json_of(payload: &Payload) -> (String, String, Value) {
    let (mut path, mut query, mut map) = ("/x".to_owned(), String::new(), Map::new());
    let mut parent = "";
    for mark in payload.marks {
        match first(mark) {
            ("", Some(end)) => path = end.to_owned(),
            (mark, _) if mark.starts_with('?') => query += &format!("{}&", mark[1..].replace('*', "1")),
            (mark, _) => {
                let (name, value) = name_and_value(mark);
                put(&mut map, &name, value.into());
                parent =
                    mark.split('=').next().unwrap().rsplit_once('.').map_or(parent, |(parent, _)| parent);
            }
        }
    }
    for holder in ["", parent, "properties"] {
        let at = |name: &str| if holder.is_empty() { name.to_owned() } else { format!("{holder}.{name}") };
        for id in payload.ids {
            let nested = serde_json::json!({"deep": [TOKEN], "er": {"x": TOKEN}});
            put(&mut map, &at(&sample(id)), if id.len() % 2 == 0 { TOKEN.into() } else { nested });
        }
        for address in payload.addresses {
            put(&mut map, &at(address), format!("https://a.test/?gclid={TOKEN}&k=1#/?fbclid={TOKEN}").into());
        }
        put(&mut map, &at("kept"), "a b&c".into());
        put(&mut map, &at("note"), format!("see 'https://a.test/?k=2&gclid={TOKEN}' there").into());
    }
    query += "kept=1";
    for id in payload.ids {
        query += &format!("&{}={TOKEN}", encode(&sample(id)));
    }
    (path, query, map.into())
}

/// Every hit that the tables say can be made anonymous, in every form it can have.
pub(super) fn hits() -> Vec<(&'static str, Kind, Sent)> {
    let mut hits = Vec::new();
    for (vendor, payloads) in PAYLOADS.iter() {
        for payload in payloads.iter().filter(|payload| payload.cookieless) {
            if payload.kind == Kind::Query {
                let (path, fields) = fields_of(payload);
                let pairs: Vec<String> = fields
                    .iter()
                    .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
                    .collect();
                let (head, tail) = pairs.split_at(payload.marks.len().min(pairs.len() - 1));
                let mut all = vec![
                    get(&path, &pairs.join("&")),
                    post(&path, "", "", pairs.join("&")),
                    post(&path, &head.join("&"), "", format!("{}\r\n{}", tail.join("&"), pairs.join("&"))),
                    post(&path, &pairs.join("&"), "", ""),
                ];
                let parts: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
                all.push(post(&path, "", "", multipart(&parts)));
                all.push(Sent { body: gzip::pack(&all[1].body), ..all[1].clone() });
                hits.extend(all.into_iter().map(|sent| (*vendor, Kind::Query, sent)));
            } else if !payload.marks.iter().any(|mark| mark.contains("=*")) {
                let (path, query, json) = json_of(payload);
                let sent = post(&path, &query, "", json.to_string());
                let list = post(&path, &query, "", format!("[{json}]"));
                for wrapping in WRAPPINGS {
                    hits.push((*vendor, Kind::Json, sent.wrapped(wrapping)));
                    if query.starts_with("kept") {
                        hits.push((*vendor, Kind::Json, list.wrapped(wrapping)));
                    }
                }
            }
        }
    }
    hits
}

#[test]
fn no_identifier_survives_in_any_row_of_the_tables_and_in_any_wrapping() {
    let hits = hits();
    assert!(hits.len() > 100, "{}", hits.len());
    for (vendor, kind, sent) in hits {
        assert!(sent.text().contains(TOKEN));
        assert_eq!(sent.vendor(), Some(vendor), "{sent:?}\n{}", sent.text());
        let Some(stripped) = sent.stripped() else { panic!("{vendor} {}", sent.text()) };
        let text = stripped.text();
        assert!(!text.contains(TOKEN), "{vendor} {kind:?}: {text}");
        assert!(text.contains("kept"), "{text}");
        assert!(!text.contains("gclid") && !text.contains("fbclid"), "{text}");
    }
}

#[test]
fn stripping_again_changes_nothing() {
    for (vendor, _, sent) in hits() {
        let once = sent.stripped().unwrap();
        // Some are known by an identifier, so that nothing is left to know them by.
        if let Some(again) = read_hit(&once.facts()) {
            assert_eq!(again.vendor, vendor);
            let again = again.strip().unwrap();
            assert_eq!(again.query, once.query);
            assert_eq!(again.body.unwrap_or_default(), once.body, "{}", once.text());
        }
    }
}

#[test]
fn fields_only_lose_bytes_and_json_gains_a_constant_at_most() {
    for (vendor, kind, sent) in hits() {
        let once = sent.stripped().unwrap();
        if kind == Kind::Query && !gzip::is_gzip(&sent.body) {
            for (before, after) in
                [(sent.query.as_bytes(), once.query.as_bytes()), (&*sent.body, &*once.body)]
            {
                let mut rest = before.iter();
                assert!(after.iter().all(|byte| rest.any(|original| original == byte)), "{vendor}");
            }
        } else if !gzip::is_gzip(&sent.body) {
            // Three bytes of form for each of base64, and PostHog's words for one event.
            let size = |sent: &Sent| sent.query.len() + sent.body.len();
            assert!(size(&once) <= size(&sent) + NOBODY_BYTES * 4, "{vendor}");
        }
    }
}

#[test]
fn every_row_asks_for_two_marks_at_least() {
    for (vendor, payloads) in PAYLOADS.iter() {
        for payload in *payloads {
            let is_of_event = payload.marks.iter().any(|mark| mark.starts_with('.'));
            assert!(payload.marks.len() > 1 || (is_of_event && !payload.cookieless), "{vendor}");
            assert!(
                payload.cookieless || payload.ids.is_empty(),
                "{vendor}: ids of what is dropped say nothing"
            );
        }
    }
}

/// Pieces of hits, in any order.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("v=2&tid=G-1&en=x"),
        Just("&cid=1"),
        Just("&dl=https%3A%2F%2Fa%3Fgclid%3D1"),
        Just("id=1234567890&ev=x&rqm=a"),
        Just("{"),
        Just("}"),
        Just("["),
        Just("]"),
        Just(","),
        Just("\""),
        Just("\\"),
        Just("\r\n"),
        Just("&"),
        Just("="),
        Just("\"api_key\":\"phc_1\","),
        Just("\"batch\":["),
        Just("\"event\":\"a\","),
        Just("\"properties\":{"),
        Just("\"distinct_id\":\"x\""),
        Just("{\"api_key\":\"phc_1\",\"batch\":[{\"event\":\"a\",\"distinct_id\":\"b\"}]}"),
        Just("data="),
        Just("eyJhIjoxfQ"),
        Just("%7B"),
        Just("%"),
        Just("--x\r\n"),
        Just("\r\n--x--\r\n"),
        Just("ö"),
        Just("Content-Disposition: form-data; name=\"ev\"\r\n\r\n"),
        Just("idsite=1&rec=1"),
        Just("{\"e\":[\"0.8.9\","),
    ];
    prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(
        is_post: bool, is_cut: bool, is_packed: bool, path in "(/|e|tr|\\PC){0,6}",
        query in prop_oneof![pieces(), "\\PC{0,40}"],
        body in prop_oneof![pieces().prop_map(String::into_bytes), prop::collection::vec(any::<u8>(), 0..200)],
    ) {
        let body = if is_packed { gzip::pack(&body) } else { body };
        let method = if is_post { "POST" } else { "GET" };
        let sent = Sent { method, path, query, body, is_cut, ..Sent::default() };
        let _ = glance(&sent.facts());
        if let Some(stripped) = sent.stripped() && let Some(again) = read_hit(&stripped.facts()) {
            let again = again.strip().map(|hit| (hit.query, hit.body.unwrap_or_default()));
            prop_assert_eq!(again, Some((stripped.query, stripped.body)));
        }
    }

    #[test]
    fn what_is_kept_of_a_query_keeps_its_bytes(noise in prop::collection::vec("[a-z0-9%+._~-]{0,8}=[a-zA-Z0-9%+._~-]{0,8}", 0..8)) {
        let query = format!("v=2&{}&cid={TOKEN}&tid=G-1&en=x&sid={TOKEN}", noise.join("&"));
        let stripped = get("/x", &query).strip().unwrap().query;
        prop_assert!(!stripped.contains(TOKEN));
        let mut rest = query.split('&');
        for pair in stripped.split('&') {
            prop_assert!(rest.any(|original| original == pair), "{} became {}", query, stripped);
        }
    }
}
