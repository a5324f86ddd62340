//! Each vendor's hits as they are sent, and what is left of them.

use super::*;

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";
const TEXT: &str = "text/plain;charset=UTF-8";

/// Asserts whose hit it is and what its query becomes.
#[track_caller]
fn assert_query(vendor: &str, path: &str, query: &str, expected: Option<&str>) {
    let sent = get(path, query);
    assert_eq!(sent.vendor(), Some(vendor), "{query}");
    assert_eq!(sent.strip().map(|hit| hit.query).as_deref(), expected, "{query}");
}

/// Asserts whose hit it is and what its JSON becomes.
#[track_caller]
fn assert_json(vendor: &str, query: &str, body: &str, expected: Option<&str>) {
    let sent = post("/x", query, JSON, body);
    assert_eq!(sent.vendor(), Some(vendor), "{body}");
    let stripped = sent.strip().map(|hit| String::from_utf8(hit.body.unwrap()).unwrap());
    assert_eq!(stripped.as_deref(), expected, "{body}");
}

#[test]
fn ga4_keeps_the_event_and_loses_the_visitor() {
    assert_query(
        "ga4",
        "/a/b/g/collect",
        "v=2&tid=G-DEMO123456&gtm=45je51g0&_p=1795&gcd=13p3p3p3p5l1&npa=1&dma=1&cid=12.34&ul=en-us&sr=1x1&uaa=x86&uafvl=C%3B156&_fplc=0&ur=DE&pscdl=denied&ecid=5&_s=1&sid=179&sct=1&seg=0&dl=https%3A%2F%2Fshop.test%2Fp%3Fgclid%3DTOK%26size%3D4%26fbclid%3DX&dr=https%3A%2F%2Fwww.google.com%2F&dt=A%20%26%20B&en=page_view&_ee=1&ep.color=red&ep.gclid=T&ep.user_data.em=h&up.tier=gold&_et=5&tfd=100&richsstsse",
        Some(
            "v=2&tid=G-DEMO123456&gtm=45je51g0&gcd=13p3p3p3p5l1&npa=1&dma=1&ul=en-us&ur=DE&pscdl=denied&_s=1&sct=1&seg=0&dl=https%3A%2F%2Fshop.test%2Fp%3Fsize%3D4&dr=https%3A%2F%2Fwww.google.com%2F&dt=A%20%26%20B&en=page_view&_ee=1&ep.color=red&_et=5&tfd=100&richsstsse",
        ),
    );
}

#[test]
fn ga4_lines_are_hits_of_their_own() {
    let sent = post(
        "/metrics",
        "v=2&tid=GT-1&cid=1&sid=2&_s=3",
        TEXT,
        "en=scroll&epn.percent_scrolled=90&_et=1\r\nen=click&ep.link_url=https%3A%2F%2Fb%2F%3Ffbclid%3D1&sha256_email_address=x\r\n\r\nen=x&uid=7",
    );
    assert_eq!(sent.vendor(), Some("ga4"));
    let stripped = sent.stripped().unwrap();
    assert_eq!(stripped.query, "v=2&tid=GT-1&_s=3");
    assert_eq!(
        String::from_utf8(stripped.body).unwrap(),
        "en=scroll&epn.percent_scrolled=90&_et=1\r\nen=click&ep.link_url=https%3A%2F%2Fb%2F\r\n\r\nen=x"
    );
    assert_eq!(get("/metrics", "v=2&tid=G-1&cid=1").vendor(), None, "without an event there is no hit");
}

#[test]
fn tags_of_ads_are_the_advertisers() {
    assert_query("google-ads", "/g/collect", "v=2&tid=AW-1&en=x&auid=1.2", Some("v=2&tid=AW-1&en=x"));
    assert_query("google-ads", "/g/collect", "v=2&tid=DC-1&en=x", Some("v=2&tid=DC-1&en=x"));
    for query in [
        "random=1&cv=11&fst=1&bg=ffffff&guid=ON&gtm=45&label=x&url=https%3A%2F%2Fa",
        "frm=0&en=page_view&dl=https%3A%2F%2Fa&scrsrc=x&rnd=1.2&auid=1.2&navt=n&gtm=45&gcd=13l3l3l3l1l1",
        "gtm=45&gcd=13l3l3l3l1l1&em=tv.1~em.abc",
    ] {
        assert_query("google-ads", "/x", query, None);
    }
}

#[test]
fn universal_analytics_too() {
    let query = "v=1&_v=j99&a=77&t=pageview&_s=1&dl=https%3A%2F%2Fa%2F%3Fgclid%3D1&jid=1&gjid=2&cid=3.4&tid=UA-1-1&z=5";
    let expected = "v=1&_v=j99&t=pageview&_s=1&dl=https%3A%2F%2Fa%2F&tid=UA-1-1&z=5";
    assert_query("ga4", "/j/collect", query, Some(expected));
    let sent = post("/batch", "", TEXT, format!("{query}\n{query}"));
    assert_eq!(sent.stripped().unwrap().body, format!("{expected}\n{expected}").into_bytes());
}

#[test]
fn measurement_protocol() {
    assert_json(
        "ga4",
        "measurement_id=G-1&api_secret=s",
        r#"{"client_id":"1.2","user_id":"u","user_data":{"sha256_email_address":"x"},"user_properties":{"a":1},"events":[{"name":"buy","params":{"session_id":"3","value":9.99,"page_location":"https://a/?gclid=1#x=2"}}]}"#,
        Some(r#"{"events":[{"name":"buy","params":{"value":9.99,"page_location":"https://a/#x=2"}}]}"#),
    );
}

#[test]
fn meta_by_image_form_and_beacon() {
    let query = "id=1234567890123456&ev=PageView&dl=https%3A%2F%2Fa%2F%3Ffbclid%3D1&rl=&if=false&ts=17&ud%5Bem%5D=hash&cd%5Bvalue%5D=3&sw=1&v=2.9.248&r=stable&ec=0&o=4126&fbp=fb.1.17.2&fbc=fb.1.17.x&it=17&coo=false&eid=e1&rqm=GET";
    let expected = "id=1234567890123456&ev=PageView&dl=https%3A%2F%2Fa%2F&rl=&if=false&ts=17&cd%5Bvalue%5D=3&sw=1&v=2.9.248&r=stable&ec=0&o=4126&coo=false&rqm=GET";
    assert_query("meta-pixel", "/tr/", query, Some(expected));
    assert_query("meta-pixel", "/x", query, Some(expected));
    assert_query("meta-pixel", "/x", "id=1234567890&ev=a&noscript=1", Some("id=1234567890&ev=a&noscript=1"));
    let form = post("/x", "", FORM, query);
    assert_eq!(form.stripped().unwrap().body, expected.as_bytes());
    let parts = [
        ("id", "1234567890123456"),
        ("ev", "Buy"),
        ("dl", "https://a/?fbclid=1&x=ö"),
        ("fbp", "fb.1.17.2"),
        ("aud[em]", "hash"),
        ("cd[note]", "a\r\nb"),
    ];
    let beacon = post("/x", "", "multipart/form-data; boundary=----WebKitFormBoundaryx1", multipart(&parts));
    assert_eq!(beacon.vendor(), Some("meta-pixel"));
    let kept = [("id", parts[0].1), ("ev", "Buy"), ("dl", "https://a/?x=ö"), ("cd[note]", "a\r\nb")];
    assert_eq!(beacon.stripped().unwrap().body, multipart(&kept).into_bytes());
}

#[test]
fn metas_server_hits_are_about_persons_only() {
    for body in [
        r#"{"data":[{"event_name":"Buy","event_time":1,"action_source":"website","user_data":{"em":["x"]}}]}"#,
        r#"{"event_name":"Buy","fb.pixel_id":"1","fb.fbp":"x","website_context":{"location":"https://a"}}"#,
    ] {
        assert_json("meta-pixel", "access_token=x", body, None);
    }
}

#[test]
fn posthog_in_every_wrapping_and_generation() {
    let nobody = r#""distinct_id":"$posthog_cookieless","$device_id":null,"$cookieless_mode":true,"$geoip_disable":true"#;
    let event = r#"{"event":"$autocapture","properties":{"token":"phc_1","distinct_id":"d","$device_id":"d","$session_entry_url":"x","gclid":"g","$current_url":"https://a/?gclid=1&b=2","$elements_chain":"a:href=\"/x?fbclid=1\"nth=\"1\"","$set":{"a":1},"price":1.10},"uuid":"u","timestamp":"t"}"#;
    let kept = format!(
        r#"{{"event":"$autocapture","properties":{{"token":"phc_1","$current_url":"https://a/?b=2","$elements_chain":"a:href=\"/x\"nth=\"1\"","price":1.1,{nobody}}},"timestamp":"t"}}"#
    );
    for (body, expected) in [
        (event.to_owned(), kept.clone()),
        (format!("[{event},{event}]"), format!("[{kept},{kept}]")),
        (
            format!(r#"{{"api_key":"phc_1","batch":[{event}],"sent_at":"s"}}"#),
            format!(r#"{{"api_key":"phc_1","batch":[{kept}],"sent_at":"s"}}"#),
        ),
        (
            r#"{"token":"phc_1","distinct_id":"d","$anon_distinct_id":"e","person_properties":{"$initial_gclid":"x"},"groups":{"g":"1"},"timezone":"UTC"}"#.into(),
            r#"{"token":"phc_1","timezone":"UTC","distinct_id":"$posthog_cookieless","geoip_disable":true}"#.into(),
        ),
        (
            r#"{"event":"a","distinct_id":"x","properties":{"$lib":"web","token":"old"}}"#.into(),
            format!(r#"{{"event":"a","properties":{{"$lib":"web","token":"old",{nobody}}}}}"#),
        ),
        (
            r#"{"api_key":"phc_1","event":"$$heatmap","properties":{"$heatmap_data":{"https://a/?gclid=1":[1]}}}"#.into(),
            format!(r#"{{"api_key":"phc_1","event":"$$heatmap","properties":{{"$heatmap_data":{{"https://a/":[1]}},{nobody}}}}}"#),
        ),
    ] {
        let expected: serde_json::Value = serde_json::from_str(&expected).unwrap();
        for wrapping in WRAPPINGS {
            let sent = post("/free/text", "ver=1", TEXT, &body).wrapped(wrapping);
            assert_eq!(sent.vendor(), Some("posthog"), "{wrapping:?} {body}");
            let stripped = sent.stripped().unwrap();
            let text = stripped.text();
            let json = text.lines().rev().filter(|line| line.starts_with(['{', '['])).find_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
            assert_eq!(json.unwrap().to_string(), expected.to_string(), "{wrapping:?}");
        }
    }
}

#[test]
fn lzstring_is_answered_in_base64() {
    let golden: Vec<(String, String)> =
        serde_json::from_str(include_str!("../../../tests/golden/lz.json")).unwrap();
    let (_, packed) = golden.iter().find(|(text, _)| text.starts_with("{\"event\"")).unwrap();
    let body = format!("data={}", encode(packed));
    let sent = post("/e/", "compression=lz64&ip=1", FORM, &body);
    assert_eq!(sent.vendor(), Some("posthog"));
    let stripped = sent.stripped().unwrap();
    assert_eq!(stripped.query, "compression=base64&ip=1");
    assert!(
        stripped
            .text()
            .contains(r#"{"event":"$pageview","properties":{"token":"phc_abc","distinct_id":"$posthog"#)
    );
    let sent = get("/e/", &format!("compression=lz64&{body}"));
    assert!(sent.stripped().unwrap().query.starts_with("compression=base64&data=ey"));
}

#[test]
fn posthog_events_about_somebody_leave_the_batch() {
    let event = |name: &str| format!(r#"{{"event":"{name}","properties":{{"distinct_id":"d"}}}}"#);
    let batch = |events: &[&str]| {
        let events: Vec<String> = events.iter().map(|name| event(name)).collect();
        post("/x", "", TEXT, format!(r#"{{"api_key":"phc_1","batch":[{}]}}"#, events.join(",")))
    };
    let left = batch(&["a", "$identify", "b", "$snapshot", "$create_alias"]).stripped().unwrap().json();
    let names: Vec<&str> =
        left["batch"].as_array().unwrap().iter().map(|e| e["event"].as_str().unwrap()).collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(batch(&["$identify", "$set"]).strip(), None);
    for body in [
        r#"{"event":"$identify","properties":{"token":"phc_1","distinct_id":"x"}}"#,
        r#"[{"event":"$snapshot","properties":{"token":"phc_1","distinct_id":"x","$snapshot_data":[]}}]"#,
        r#"{"api_key":"phc_1","event":"$groupidentify","properties":{"distinct_id":"x"}}"#,
    ] {
        assert_json("posthog", "", body, None);
    }
    assert_query("posthog", "/ingest/api/surveys/", "token=phc_1", Some("token=phc_1"));
    assert_query("posthog", "/ingest/i/v1/logs", "token=phc_1", None);
}

#[test]
fn matomo_alone_and_in_bulk() {
    let query = "action_name=A&idsite=1&rec=1&r=5&h=1&url=https%3A%2F%2Fa%2F%3Fgclid%3D1%26pk_vid%3D2&urlref=&_id=ab12&_idn=1&send_image=0&cookie=1&res=1x1&pv_id=x&uadata=%7B%7D&uid=me";
    let expected =
        "action_name=A&idsite=1&rec=1&r=5&h=1&url=https%3A%2F%2Fa%2F&urlref=&_idn=1&send_image=0&cookie=1";
    assert_query("matomo", "/x", query, Some(expected));
    assert_eq!(post("/x", "", FORM, query).stripped().unwrap().body, expected.as_bytes());
    assert_json(
        "matomo",
        "",
        &format!(r#"{{"requests":["?{query}","{query}"],"token_auth":"t","send_image":0}}"#),
        Some(&format!(r#"{{"requests":["?{expected}","{expected}"],"send_image":0}}"#)),
    );
    assert_query("matomo", "/x", "idsite=1&rec=1&hsr_vid=x&hsr_ev=y", None);
    assert_json("matomo", "", r#"{"requests":["?idsite=1&rec=1&hsr_vid=x"]}"#, None);
}

#[test]
fn snowplow_segment_mixpanel_amplitude_clarity() {
    let schema = r#""schema":"iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4""#;
    assert_json(
        "snowplow",
        "",
        &format!(
            r#"{{{schema},"data":[{{"e":"pv","p":"web","tv":"js-4","url":"https://a/?gclid=1","duid":"d","co":"{{}}","eid":"x"}},{{"e":"ue","p":"web","ue_px":"e30"}}]}}"#
        ),
        Some(&format!(r#"{{{schema},"data":[{{"e":"pv","p":"web","tv":"js-4","url":"https://a/"}}]}}"#)),
    );
    assert_query("snowplow", "/i", "e=ue&p=web&tv=js-4&eid=1&ue_px=e30", None);
    assert_json(
        "segment",
        "",
        r#"{"batch":[{"type":"track","event":"a","anonymousId":"x","messageId":"m","context":{"ip":"1.2.3.4","traits":{"email":"e"},"page":{"url":"https://a/?gclid=1","search":"?gclid=1"}}},{"type":"identify","userId":"u","messageId":"n"}],"writeKey":"k"}"#,
        Some(
            r#"{"batch":[{"type":"track","event":"a","context":{"page":{"url":"https://a/","search":""}}}],"writeKey":"k"}"#,
        ),
    );
    assert_json(
        "segment",
        "",
        r#"{"type":"alias","userId":"u","previousId":"a","anonymousId":"x","messageId":"m","writeKey":"k"}"#,
        None,
    );
    for wrapping in WRAPPINGS {
        let sent = post(
            "/x",
            "",
            FORM,
            r#"[{"event":"buy","properties":{"token":"t","mp_lib":"web","distinct_id":"d","$device_id":"d","$insert_id":"i","$current_url":"https://a/?gclid=1"}}]"#,
        );
        let sent = sent.wrapped(wrapping);
        assert_eq!(sent.vendor(), Some("mixpanel"), "{wrapping:?}");
        let text = sent.stripped().unwrap().text();
        assert!(
            text.contains(
                r#"[{"event":"buy","properties":{"token":"t","mp_lib":"web","$current_url":"https://a/"}}]"#
            ),
            "{text}"
        );
    }
    assert_json("mixpanel", "", r#"[{"$token":"t","$distinct_id":"d","$set":{"$email":"e"}}]"#, None);
    assert_query("mixpanel", "/record/", "distinct_id=d&seq=1&replay_id=r&mp_lib=web", None);
    assert_json(
        "amplitude",
        "",
        r#"{"api_key":"k","events":[{"device_id":"d","session_id":1,"event_type":"buy","event_properties":{"[Amplitude] Page URL":"https://a/?gclid=1"},"insert_id":"i","ip":"$remote"},{"device_id":"d","event_type":"$identify","user_properties":{}}],"options":{}}"#,
        Some(
            r#"{"api_key":"k","events":[{"event_type":"buy","event_properties":{"[Amplitude] Page URL":"https://a/"}}],"options":{}}"#,
        ),
    );
    assert_query("amplitude", "/x", "device_id=d&session_id=1&type=replay", None);
    let clarity =
        r#"{"e":["0.8.9",1,0,500,"project","user","session",1,0,0,1,"https://a/?gclid=1"],"a":[[1,2]]}"#;
    for wrapping in [Wrapping::None, Wrapping::Gzip] {
        let sent = post("/collect", "", "", clarity).wrapped(wrapping);
        assert_eq!((sent.vendor(), sent.strip()), (Some("clarity"), None));
    }
}
