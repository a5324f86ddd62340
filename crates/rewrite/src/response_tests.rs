//! What happens to an answer, by its headers.

use super::*;
use crate::grants::testing::{denied, grants};
use postern_consent::CategorySet;

fn plan(headers: &[(&str, &str)], change: impl FnOnce(&mut ResponseFacts)) -> ResponsePlan {
    let headers: Headers = headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    let url = Url::parse("https://shop.example/").unwrap();
    let own = OwnSources {
        script_hashes: vec!["S".into()],
        style_hashes: vec![],
        folder: "https://shop.example/_postern/".into(),
        ..OwnSources::default()
    };
    let denied = denied();
    let mut facts = ResponseFacts {
        status: 200,
        headers: &headers,
        destination: Destination::Page,
        request_cookies: "",
        url: &url,
        grants: &denied,
        must_inject: true,
        own: &own,
        is_locked: false,
        lockdown: None,
        file: None,
    };
    change(&mut facts);
    plan_response(&facts)
}

#[test]
fn a_page_is_rewritten_and_kept_out_of_caches() {
    let plan = plan(&[("content-type", "text/html"), ("etag", "\"a\"")], |_| {});
    assert_eq!(plan.body, BodyPlan::Rewrite { syntax: Syntax::Html, inject: true });
    assert!(plan.remove.contains(&"etag".to_string()));
    assert!(plan.append.contains(&("cache-control".into(), "private, no-store".into())));
}

#[test]
fn what_is_no_page_passes_untouched() {
    let image = plan(&[("content-type", "image/png"), ("content-length", "9")], |_| {});
    assert_eq!(
        image,
        ResponsePlan {
            remove: vec![],
            append: vec![],
            body: BodyPlan::Pass,
            is_page: false,
            demanded_nonces: vec![],
        }
    );
}

#[test]
fn a_page_under_a_full_grant_passes_and_says_it_depends_on_the_cookie() {
    let url = Url::parse("https://shop.example/").unwrap();
    let headers: Headers = vec![("content-type".into(), "text/html".into())];
    let granted = plan_response(&ResponseFacts {
        status: 200,
        headers: &headers,
        destination: Destination::Page,
        request_cookies: "",
        url: &url,
        grants: &grants(CategorySet::ALL),
        must_inject: false,
        own: &OwnSources::default(),
        is_locked: false,
        lockdown: None,
        file: None,
    });
    assert_eq!(granted.body, BodyPlan::Pass);
    assert_eq!(granted.append, [("vary".to_string(), "Cookie".to_string())]);
}

#[test]
fn fragments_are_held_but_get_no_banner() {
    let fragment = plan(&[("content-type", "text/html")], |facts| facts.destination = Destination::Data);
    assert_eq!(fragment.body, BodyPlan::Rewrite { syntax: Syntax::Html, inject: false });
    let saved = [("content-type", "text/html"), ("content-disposition", "Attachment; filename=a.html")];
    assert_eq!(plan(&saved, |_| {}).body, BodyPlan::Pass);
    let untyped = plan(&[], |_| {});
    assert_eq!(untyped.body, BodyPlan::Rewrite { syntax: Syntax::Html, inject: false });
}

#[test]
fn a_page_nobody_can_read_leaves_locked() {
    let headers = [("content-type", "text/html"), ("content-encoding", "zstd"), ("etag", "\"a\"")];
    let page = plan(&headers, |_| {});
    assert_eq!(page.body, BodyPlan::Lock(Locked::Unreadable));
    assert!(page.append.contains(&("content-security-policy".into(), LOCKED_POLICY.into())));
    assert!(
        page.remove.contains(&"etag".to_string()) && !page.remove.contains(&"content-encoding".to_string())
    );
    // No policy of ours stands around what a script will insert.
    assert_eq!(plan(&headers, |facts| facts.destination = Destination::Data).body, BodyPlan::Refuse);
}

#[test]
fn a_worker_is_bound_by_the_policy_of_its_own_answer() {
    let worker = |kind| {
        plan(&[("content-type", "text/javascript")], |facts| {
            facts.destination = Destination::Source;
            facts.file = Some(kind);
            facts.lockdown = Some("default-src 'self'");
        })
    };
    let policy = ("content-security-policy".to_string(), "default-src 'self'".to_string());
    assert_eq!(worker(FileKind::Worker).append, [policy]);
    assert_eq!(worker(FileKind::Script).append, []);
}

#[test]
fn a_file_that_asks_for_more_is_looked_into() {
    let css = [("content-type", "text/css"), ("cache-control", "public, max-age=9, s-maxage=99")];
    let file = |change: fn(&mut ResponseFacts)| {
        plan(&css, |facts| {
            facts.destination = Destination::Source;
            facts.file = Some(FileKind::Style);
            change(facts);
        })
    };
    let denied = file(|_| {});
    assert_eq!((denied.body, denied.remove.len()), (BodyPlan::File(FileKind::Style), 0));
    assert_eq!(file(|facts| facts.status = 304).body, BodyPlan::Pass);
    let mut changed = denied;
    changed.replace_body();
    assert!(changed.append.contains(&("cache-control".into(), "private, no-store".into())));
    let all = grants(CategorySet::ALL);
    let url = Url::parse("https://shop.example/a.css").unwrap();
    let headers: Headers = css.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    let granted = plan_response(&ResponseFacts {
        status: 200,
        headers: &headers,
        destination: Destination::Source,
        request_cookies: "",
        url: &url,
        grants: &all,
        must_inject: false,
        own: &OwnSources::default(),
        is_locked: false,
        lockdown: None,
        file: Some(FileKind::Style),
    });
    assert_eq!(granted.body, BodyPlan::Pass);
    assert_eq!(granted.append, [("cache-control".to_string(), "private, max-age=9".to_string())]);
}

#[test]
fn an_answer_without_a_body_is_not_rewritten() {
    assert_eq!(plan(&[("content-type", "text/html")], |facts| facts.status = 304).body, BodyPlan::Pass);
}

#[test]
fn trackers_cookies_are_neither_set_nor_kept() {
    let headers = [("set-cookie", "_ga=GA1.1.1.1; Path=/"), ("set-cookie", "s=1; HttpOnly")];
    let plan = plan(&headers, |facts| facts.request_cookies = "_gid=1");
    let set = plan.append.iter().filter(|(name, _)| name == "set-cookie");
    let cookies: Vec<&str> = set.map(|(_, value)| value.as_str()).collect();
    assert_eq!(cookies[0], "s=1; HttpOnly");
    assert!(cookies[1..].iter().all(|cookie| cookie.starts_with("_gid=; Path=/; Max-Age=0")));
}

#[test]
fn links_to_trackers_are_dropped_and_others_kept() {
    let links = "<https://www.googletagmanager.com/gtag/js?a=1,2>; rel=preload, </a,b.css>; rel=preload; title=\"x,y\"";
    let plan = plan(&[("link", links)], |_| {});
    assert!(plan.remove.contains(&"link".to_string()));
    assert!(plan.append.contains(&("link".into(), "</a,b.css>; rel=preload; title=\"x,y\"".into())));
}

#[test]
fn a_lockdown_stands_beside_the_sites_own_policy() {
    let headers = [("content-type", "text/html"), ("content-security-policy", "img-src *")];
    let plan = plan(&headers, |facts| facts.lockdown = Some("default-src 'self'"));
    let mut policies: Vec<&str> = plan
        .append
        .iter()
        .filter(|(name, _)| name == "content-security-policy")
        .map(|(_, value)| &**value)
        .collect();
    policies.sort_unstable();
    assert_eq!(policies, ["default-src 'self'", "img-src *"]);
}

#[test]
fn a_locked_page_is_not_read_and_runs_nothing() {
    let headers = [("content-type", "text/html"), ("content-encoding", "zstd"), ("content-length", "9")];
    let asked = |facts: &mut ResponseFacts| facts.is_locked = true;
    assert_eq!(plan(&headers[..1], asked).body, BodyPlan::Lock(Locked::Asked));
    let plan = plan(&headers, asked);
    assert_eq!(plan.body, BodyPlan::Lock(Locked::Unreadable));
    assert!(plan.append.contains(&("content-security-policy".into(), LOCKED_POLICY.into())));
}

#[test]
fn headers_that_lead_to_trackers_leave() {
    let evil = "https://www.facebook.com/tr?id=1";
    let headers = [
        ("refresh", format!("0;url={evil}")),
        ("reporting-endpoints", format!("a=\"{evil}\", b=\"/reports\"")),
        ("report-to", format!("{{\"endpoints\":[{{\"url\":\"{evil}\"}}]}}")),
        ("nel", "{\"report_to\":\"a\"}".to_string()),
        ("speculation-rules", format!("\"{evil}\"")),
        ("accept-ch", "DPR, Save-Data".to_string()),
    ];
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let changed = plan(&headers, |facts| facts.destination = Destination::Asset);
    for name in ["refresh", "reporting-endpoints", "report-to", "nel", "speculation-rules", "accept-ch"] {
        assert!(changed.remove.iter().any(|removed| removed == name), "{name}");
    }
    assert_eq!(
        changed.append,
        [("reporting-endpoints".into(), "b=\"/reports\"".into()), ("accept-ch".into(), "Save-Data".into())]
    );
    let fine =
        [("refresh", "5"), ("reporting-endpoints", "b=\"/r\""), ("nel", "{}"), ("accept-ch", "Save-Data")];
    assert!(plan(&fine, |facts| facts.destination = Destination::Asset).remove.is_empty());
}

#[test]
fn a_picture_is_not_led_to_a_tracker() {
    let headers = [("location", "https://www.facebook.com/tr?id=1")];
    let redirect = |destination| {
        plan(&headers, |facts| {
            facts.status = 302;
            facts.destination = destination;
        })
    };
    assert_eq!(redirect(Destination::Asset).body, BodyPlan::Withhold);
    assert_eq!(redirect(Destination::Data).body, BodyPlan::Withhold);
    assert_eq!(redirect(Destination::Page).body, BodyPlan::Rewrite { syntax: Syntax::Html, inject: false });
}

#[test]
fn html_is_told_as_browsers_tell_it() {
    for (content_type, expected) in [
        ("text/html", BodyPlan::Rewrite { syntax: Syntax::Html, inject: true }),
        ("text/plain, text/html", BodyPlan::Rewrite { syntax: Syntax::Html, inject: true }),
        ("html", BodyPlan::Rewrite { syntax: Syntax::Html, inject: false }),
        ("*/*", BodyPlan::Rewrite { syntax: Syntax::Html, inject: false }),
        ("text/plain", BodyPlan::Pass),
        ("application/json", BodyPlan::Pass),
    ] {
        assert_eq!(plan(&[("content-type", content_type)], |_| {}).body, expected, "{content_type}");
    }
}

#[test]
fn xml_is_told_where_it_is_a_document() {
    let read = |content_type, destination| {
        let plan = plan(&[("content-type", content_type)], |facts| facts.destination = destination);
        (plan.body, plan.is_page)
    };
    let xml = BodyPlan::Rewrite { syntax: Syntax::Xml, inject: true };
    let html = BodyPlan::Rewrite { syntax: Syntax::Html, inject: false };
    for (content_type, destination, expected) in [
        ("application/xhtml+xml", Destination::Page, (xml, true)),
        ("Application/XHTML+XML; charset=utf-8", Destination::Frame, (xml, false)),
        ("application/xhtml+xml", Destination::Data, (html, false)),
        ("application/xhtml+xml", Destination::Asset, (BodyPlan::Pass, false)),
        ("image/svg+xml", Destination::Page, (xml, false)),
        ("image/svg+xml", Destination::Frame, (xml, false)),
        ("image/svg+xml", Destination::Asset, (BodyPlan::Pass, false)),
        ("image/svg+xml", Destination::Data, (BodyPlan::Pass, false)),
        ("text/xml", Destination::Page, (xml, false)),
        ("application/rss+xml", Destination::Page, (xml, false)),
        ("application/xml", Destination::Data, (BodyPlan::Pass, false)),
        ("text/html, application/xhtml+xml", Destination::Page, (BodyPlan::Lock(Locked::Either), true)),
    ] {
        assert_eq!(read(content_type, destination), expected, "{content_type} {destination:?}");
    }
}

#[test]
fn every_policy_is_amended() {
    let headers =
        [("content-type", "text/html"), ("content-security-policy", "script-src 'self', img-src *")];
    let plan = plan(&headers, |_| {});
    let policies: Vec<&str> = plan
        .append
        .iter()
        .filter(|(name, _)| name.starts_with("content-s"))
        .map(|(_, value)| value.as_str())
        .collect();
    assert_eq!(
        policies,
        ["script-src 'self' 'sha256-S' https://shop.example/_postern/ 'wasm-unsafe-eval'", "img-src *"]
    );
}
