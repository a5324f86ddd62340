//! The site's own requests look a little like hits, and are none.

use super::{super::Glance, super::glance, *};

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
const TEXT: &str = "text/plain";

/// Requests of sites, each with something that hits have too.
fn innocents() -> Vec<Sent> {
    let json_in_base64 =
        format!("data={}", encode(&STANDARD.encode(r#"{"event":"saved","token":"t1","id":7}"#)));
    let mut all = vec![
        get("/p", "id=1&ev=2"),
        get("/events", "id=1234567890&ev=42"),
        get("/p", "v=2&en=news&lang=de"),
        get("/p", "v=2&tid=1234&en=1"),
        get("/collect", "v=1&tid=A-1"),
        get("/p", "tid=G-ABC&v=2"),
        get("/site", "idsite=1&page=2"),
        get("/i", "e=pv&p=2"),
        get("/p", "gclid=abc&fbclid=def"),
        get("/search", "data=eyJhIjoxfQ==&token=abc"),
        get("/tr/", "id=42&lang=tr"),
        get("/api/surveys/", "token=abc"),
        post("/api/cart", "", JSON, r#"{"items":[{"sku":"a","n":1}],"token":"abc","user_id":7}"#),
        post(
            "/graphql",
            "",
            JSON,
            r#"{"query":"query($id:ID!){user(id:$id){events{event_name}}}","variables":{"id":"1"}}"#,
        ),
        post(
            "/graphql",
            "",
            JSON,
            r#"[{"operationName":"track","variables":{"properties":{"token":"x"},"event":"e"}}]"#,
        ),
        post("/login", "", FORM, "user=a&password=v%3D2%26tid%3DG-1%26en%3Dx&csrf=1"),
        post("/api/events", "", JSON, r#"{"events":[{"name":"wedding","client_id":7,"date":"2027-01-01"}]}"#),
        post("/api/events", "", JSON, r#"{"api_key":"k","events":[{"title":"x","user_id":1}]}"#),
        post("/api/batch", "", JSON, r#"{"batch":[{"event":"x","properties":{"a":1}}],"token":"jwt"}"#),
        post("/api/flags/", "v=2", JSON, r#"{"token":"abc","distinct_id":"me"}"#),
        post("/s/", "", JSON, r#"{"token":"abc","data":[1,2,3]}"#),
        post("/api", "", JSON, r#"{"settings":{"posthog":{"api_key":"phc_abc"}}}"#),
        post("/api/keys", "", JSON, r#"{"api_key":"phc_abc","note":"the key of our project"}"#),
        post("/api/users", "", JSON, r#"{"data":[{"user_data":{"name":"x"},"id":1}]}"#),
        post("/api", "", JSON, r#"{"userId":1,"type":"page","path":"/x"}"#),
        post("/messages", "", JSON, r#"{"messageId":"1","userId":"2","text":"hello?gclid=1"}"#),
        post("/api", "measurement_id=5", JSON, r#"{"client_id":1,"events":[]}"#),
        post("/api", "", JSON, r#"{"schema":"iglu:com.acme/x/1-0-0","data":[{"e":"pv"}]}"#),
        post("/api", "", JSON, r#"{"requests":["/a","/b?rec=1"]}"#),
        post("/api", "", JSON, r#"{"e":["1.0","b"],"a":[]}"#),
        post("/api", "", JSON, r#"{"type":"group","messageId":1,"userId":2,"text":"x"}"#),
        post("/api", "", JSON, r#"{"e":"ue","p":1,"eid":2}"#),
        post("/api", "", JSON, r#"{"event":"$identify","properties":{"distinct_id":1}}"#),
        post("/api", "", JSON, r#"{"event_type":"$identify","device_id":1}"#),
        post("/api", "", JSON, r#"[{"event":"saved","properties":{"token":"x","$insert_id":"y"}}]"#),
        post("/api", "", JSON, "{broken"),
        post("/api", "", JSON, ""),
        post("/form", "", FORM, json_in_base64),
        post("/form", "", FORM, "data=%7B%22a%22%3A1%7D&x=1"),
        post("/form", "", FORM, "data=hello+world"),
        post("/form", "", FORM, "id=1234567890&ev=1&comment=fbp%3D1%26rqm%3Dx"),
        post("/note", "", TEXT, "see https://shop.test/?v=2&tid=G-1 for more"),
        post("/note", "", TEXT, r#"An article: "api_key":"phc_x","batch":[] is what they send."#),
        post("/backup", "", "application/octet-stream", [0xff, 0xfe, 0, 1, b'{', b'"']),
        post(
            "/pay",
            "",
            "multipart/form-data; boundary=x",
            multipart(&[("id", "1234567890"), ("amount", "3"), ("ev", "x")]),
        ),
        post(
            "/upload",
            "",
            "multipart/form-data; boundary=x",
            multipart(&[("id", "1234567890"), ("ev", "x")])
                .replace("name=\"ev\"", "name=\"rqm\"; filename=\"a.txt\""),
        ),
    ];
    let packed = |sent: &Sent| Sent { body: gzip::pack(&sent.body), ..sent.clone() };
    let more: Vec<Sent> = all.iter().filter(|sent| !sent.body.is_empty()).map(packed).collect();
    all.extend(more);
    all
}

#[test]
fn what_a_site_asks_for_itself_is_no_hit() {
    for sent in innocents() {
        assert_eq!(sent.vendor(), None, "{sent:?}");
        let glance = glance(&CollectFacts { body: &[], ..sent.facts() });
        assert!(!matches!(glance, Glance::Collector(_)), "{sent:?}");
    }
}

#[test]
fn a_body_that_cannot_be_read_is_the_sites_own_unless_it_begins_as_a_hit() {
    let own = format!(r#"{{"rows":["{}"]}}"#, "x".repeat(5 << 20));
    assert_eq!(post("/import", "", JSON, gzip::pack(own.as_bytes())).vendor(), None);
    let hit = format!(r#"{{"api_key":"phc_1","batch":[{{"event":"{}"}}]}}"#, "x".repeat(5 << 20));
    let bomb = post("/e/", "", TEXT, gzip::pack(hit.as_bytes()));
    assert!(bomb.body.len() < super::super::BODY_BYTES_MAX);
    assert_eq!((bomb.vendor(), bomb.strip()), (Some("posthog"), None));
    for own in innocents() {
        assert_eq!(Sent { is_cut: true, ..own.clone() }.vendor(), None, "{own:?}");
    }
}

#[test]
fn damage_does_not_hide_a_hit() {
    let whole = r#"{"api_key":"phc_1","batch":[{"event":"a","properties":{"distinct_id":"x"}}]}"#;
    for body in [
        &whole[..60],
        &format!("{whole}x"),
        &whole.replace("\"x\"", "NaN"),
        &format!("{}{whole}", "\u{feff}"),
    ] {
        let sent = post("/x", "", TEXT, body);
        assert_eq!(sent.vendor(), Some("posthog"), "{body}");
        assert!(sent.strip().is_none() || !sent.stripped().unwrap().text().contains("\"x\""));
    }
    let packed = gzip::pack(whole.repeat(20).as_bytes());
    assert_eq!(post("/x", "", TEXT, &packed[..packed.len() - 12]).vendor(), Some("posthog"));
    let mut latin = whole.as_bytes().to_vec();
    latin.splice(40..40, *b"\xe9");
    assert_eq!(post("/x", "", TEXT, latin).vendor(), Some("posthog"));
    let many = whole.replace("\"x\"", &format!("[{}0]", "0,".repeat(70_000)));
    assert_eq!(post("/x", "", TEXT, &many).vendor(), Some("posthog"), "too many values to parse");
    assert_eq!(post("/x", "", TEXT, &many).strip(), None);
    assert_eq!(post("/x", "", TEXT, format!(r#"{{"rows":[{}0]}}"#, "0,".repeat(70_000))).vendor(), None);
    let many = post("/x", "v=2&tid=G-1&en=x", TEXT, "a=1&".repeat(20_000));
    assert_eq!((many.vendor(), many.strip()), (Some("ga4"), None), "too many fields to look at");
    // What the address says, no body takes back.
    let odd = Sent { content_encoding: "br", ..post("/g/collect", "v=2&tid=G-1&en=x&cid=1", TEXT, "???") };
    assert_eq!((odd.vendor(), odd.strip()), (Some("ga4"), None));
    let odd = post("/mp/collect", "measurement_id=G-1&api_secret=x", JSON, "{");
    assert_eq!((odd.vendor(), odd.strip()), (Some("ga4"), None));
}

#[test]
fn only_bodies_that_could_be_hits_are_asked_for() {
    let ask = |method, content_type, body_bytes| {
        let facts = CollectFacts { method, path: "/x", content_type, body_bytes, ..CollectFacts::default() };
        glance(&facts)
    };
    for content_type in ["", TEXT, "text/plain;charset=UTF-8", JSON, FORM, "application/octet-stream", "x/y"]
    {
        assert_eq!(ask("POST", content_type, Some(10)), Glance::NeedsBody, "{content_type}");
        assert_eq!(ask("PUT", content_type, None), Glance::NeedsBody);
        assert_eq!(ask("GET", content_type, Some(10)), Glance::NotACollector);
        assert_eq!(ask("POST", content_type, Some(0)), Glance::NotACollector);
        assert_eq!(ask("POST", content_type, Some(1024 * 1024)), Glance::NeedsBody);
        assert_eq!(ask("POST", content_type, Some(1024 * 1024 + 1)), Glance::NotACollector);
    }
    for content_type in
        ["image/png", "Video/mp4", "application/pdf", "multipart/mixed", "application/grpc-web"]
    {
        assert_eq!(ask("POST", content_type, Some(10)), Glance::NotACollector, "{content_type}");
    }
    let form = "multipart/form-data; boundary=----x";
    assert_eq!(ask("POST", form, Some(64 * 1024)), Glance::NeedsBody);
    assert_eq!(ask("POST", form, Some(64 * 1024 + 1)), Glance::NotACollector);
    assert_eq!(ask("POST", form, None), Glance::NotACollector);
    let hit = CollectFacts { query: "v=2&tid=G-1&en=x", ..CollectFacts::default() };
    for method in ["GET", "POST", "HEAD"] {
        assert_eq!(glance(&CollectFacts { method, ..hit }), Glance::Collector("ga4"));
    }
}
