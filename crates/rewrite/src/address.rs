//! Whose address stands somewhere in a page. Reads it as a browser does: tabs and newlines inside,
//! backslashes, case, ports, trailing dots, IDNs (the `url` crate is WHATWG's parser). Callers resolve
//! what their own syntax escapes: character references, CSS and JavaScript escapes.

use crate::grants::{Grants, Verdict};
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use postern_catalogue::Vendor;
use std::rc::Rc;
use url::{Position, Url};

/// What relative addresses are relative to, and on whose page.
#[derive(Clone, Debug)]
pub struct Base {
    url: Url,
    page_host: Rc<str>,
}

impl Base {
    /// The page's own address.
    pub fn new(url: Url) -> Self {
        let page_host = url.host_str().unwrap_or("").into();
        Self { url, page_host }
    }

    /// The base that the `href` of a `base` element moves to; `None` if it is no address.
    pub fn moved(&self, href: &str) -> Option<Self> {
        let url = self.url.join(trim(href)).ok()?;
        Some(Self { url, page_host: Rc::clone(&self.page_host) })
    }

    /// The path and query of an address that plainly is one below the base's own folder; `None` where that takes a parser.
    fn relative_path(&self, text: &str) -> Option<String> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~!$&'()*+,;=@/?".contains(&byte);
        let begins_plainly =
            |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'@');
        if self.is_elsewhere() || !text.as_bytes().first().is_some_and(begins_plainly) {
            return None;
        }
        let text = text.split('#').next().unwrap_or(text);
        if !text.bytes().all(is_plain) || !matches!(self.url.scheme(), "http" | "https") {
            return None;
        }
        let (path, query) = text.split_once('?').map_or((text, None), |(path, query)| (path, Some(query)));
        let (folder, _) = self.url.path().rsplit_once('/')?;
        let mut out = String::with_capacity(folder.len() + text.len() + 1);
        out.push_str(folder);
        let mut segments = path.split('/').peekable();
        while let Some(segment) = segments.next() {
            let is_last = segments.peek().is_none();
            match segment {
                ".." => out.truncate(out.rfind('/').unwrap_or(0)),
                "." => {}
                segment => {
                    out.push('/');
                    out.push_str(segment);
                    continue;
                }
            }
            if is_last {
                out.push('/');
            }
        }
        if let Some(query) = query {
            out.push('?');
            out.push_str(query);
        }
        Some(out)
    }

    fn is_elsewhere(&self) -> bool {
        self.url.host_str() != Some(&self.page_host)
    }
}

/// What was found behind an address.
#[derive(Debug)]
pub enum Found {
    /// Nothing to hold.
    Nothing,
    /// A third party nobody knows.
    Unknown(String),
    /// A vendor that must stay inert.
    Held(&'static Vendor),
    /// A third party of this host that the policy does not list, on a strict site: it must stay inert as that vendor's.
    Stranger(&'static Vendor, String),
    /// A `data:` address, whose content is a document or script of its own.
    Inside(Media, String),
}

/// What the content of a `data:` address is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Media {
    /// HTML, SVG or XML.
    Markup,
    /// JavaScript.
    Script,
    /// CSS.
    Style,
}

fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c <= ' ')
}

/// Judges one address.
pub fn judge(text: &str, base: &Base, grants: &Grants) -> Found {
    let text = trim(text);
    // A path on the page's own host needs no parsing; most addresses are such.
    let is_plain_path =
        matches!(text.as_bytes(), [b'/'] | [b'/', b'!'..=b'.' | b'0'..=b'[' | b']'..=b'~', ..]);
    if is_plain_path && !base.is_elsewhere() {
        let text = text.split('#').next().unwrap_or(text);
        let (path, query) = text.split_once('?').unwrap_or((text, ""));
        return grants.denied_path(path, query).map_or(Found::Nothing, Found::Held);
    }
    if let Some(path) = base.relative_path(text) {
        let (path, query) = path.split_once('?').unwrap_or((&path, ""));
        return grants.denied_path(path, query).map_or(Found::Nothing, Found::Held);
    }
    let Ok(url) = base.url.join(text) else { return Found::Nothing };
    if url.scheme() == "data" {
        let content = &url[Position::BeforePath..Position::AfterQuery];
        return inside(content).map_or(Found::Nothing, |(media, _, content)| Found::Inside(media, content));
    }
    let host = || url.host_str().unwrap_or("").to_string();
    match grants.judge(&url, &base.page_host) {
        Verdict::Passes => Found::Nothing,
        Verdict::Unknown => Found::Unknown(host()),
        Verdict::Held(vendor) => Found::Held(vendor),
        Verdict::Stranger(vendor) => Found::Stranger(vendor, host()),
    }
}

/// The candidates of a `srcset`, with what surrounds them cut away. Commas can stand inside an address; each
/// piece between them is a candidate as well, so that whatever a browser takes for one is among these.
pub fn candidates(srcset: &str) -> impl Iterator<Item = &str> {
    let words = srcset.split([' ', '\t', '\n', '\r', '\x0c']);
    words.flat_map(|word| word.split(',')).filter(|candidate| !candidate.is_empty())
}

/// Some pages leave the padding out, and browsers let them. Source: Infra standard, forgiving-base64 decode.
const FORGIVING: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// What is written in a `data:` address (less the scheme), if browsers could act on it, and its type.
/// Source: Fetch standard, "data: URL processor".
fn inside(rest: &str) -> Option<(Media, String, String)> {
    let (header, body) = rest.split_once(',')?;
    let header = header.to_ascii_lowercase();
    let essence = header.split(';').next().unwrap_or("").trim();
    let media = match essence {
        essence if essence.ends_with("html") || essence.ends_with("xml") => Media::Markup,
        "text/css" => Media::Style,
        essence if essence.ends_with("javascript") || essence.ends_with("ecmascript") => Media::Script,
        _ => return None,
    };
    let bytes = percent_decode(body);
    let is_base64 = header.rsplit(';').next().is_some_and(|last| last.trim() == "base64");
    let bytes = if is_base64 {
        let kept: Vec<u8> = bytes.into_iter().filter(|byte| !byte.is_ascii_whitespace()).collect();
        FORGIVING.decode(kept).ok()?
    } else {
        bytes
    };
    Some((media, essence.to_string(), String::from_utf8_lossy(&bytes).into_owned()))
}

/// The type and the text of a document that is all in its address.
pub fn data_document(address: &str) -> Option<(String, String)> {
    let url = Url::parse(trim(address)).ok().filter(|url| url.scheme() == "data")?;
    let (media, essence, content) = inside(&url[Position::BeforePath..Position::AfterQuery])?;
    (media == Media::Markup).then_some((essence, content))
}

/// The code of a `javascript:` address: browsers run it in the frame, and show what it comes to as a document.
/// Source: HTML standard, "evaluate a javascript: URL".
pub fn script_of(address: &str) -> Option<String> {
    let url = Url::parse(trim(address)).ok().filter(|url| url.scheme() == "javascript")?;
    Some(String::from_utf8_lossy(&percent_decode(&url[Position::BeforePath..])).into_owned())
}

/// A document as an address.
pub fn as_data_address(essence: &str, content: &str) -> String {
    let mut address = format!("data:{essence};charset=utf-8,");
    for byte in content.bytes() {
        match byte {
            byte if byte.is_ascii_alphanumeric() || b"-_.~!*'()/:;,=@$?".contains(&byte) => {
                address.push(char::from(byte));
            }
            byte => address.push_str(&format!("%{byte:02X}")),
        }
    }
    address
}

/// The bytes that a percent-encoded text stands for.
pub fn percent_decode(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let mut ahead = bytes.clone();
        let escaped = (byte == b'%').then(|| {
            let digits = [ahead.next()?, ahead.next()?];
            u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()
        });
        if let Some(Some(value)) = escaped {
            out.push(value);
            bytes = ahead;
        } else {
            out.push(byte);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grants::testing::{denied, grants};
    use crate::references::unescape;
    use postern_consent::CategorySet;
    use proptest::prelude::*;

    fn owner_id(raw: &str) -> Option<&'static str> {
        let base = Base::new(Url::parse("https://shop.example/a/b.html").unwrap());
        held(raw, &base, &denied())
    }

    fn held(raw: &str, base: &Base, grants: &Grants) -> Option<&'static str> {
        match judge(&unescape(raw), base, grants) {
            Found::Held(vendor) => Some(vendor.id),
            _ => None,
        }
    }

    #[test]
    fn the_shared_vectors_hold() {
        let rows: Vec<(String, Option<String>)> =
            serde_json::from_str(include_str!("../../../tests/vectors/urls.json")).unwrap();
        for (url, expected) in rows {
            assert_eq!(owner_id(&url), expected.as_deref(), "{url}");
        }
    }

    #[test]
    fn disguises_are_seen_through() {
        for raw in [
            " https://www.googletagmanager.com/gtag/js?id=G-1",
            "//www.google&#116;agmanager.com/gtag/js?id=G-1&amp;l=x",
            "https&colon;&sol;&sol;www.googletagmanager&period;com/gtag/js?id=G-1",
            "ht\ntps://www.googletag\tmanager.com/gtag/js?id=G-1",
            "/\t/www.googletagmanager.com/gtag/js?id=G-1",
            "/\\www.googletagmanager.com/gtag/js?id=G-1",
            "https:/www.googletagmanager.com/gtag/js?id=G-1",
            "https://user@www.googletagmanager.com./gtag/js?id=G-1",
            "https://www.g%6fogletagmanager.com:443/gtag/js?id=G-1",
            "https://ｗｗｗ.googletagmanager.com/gtag/js?id=G-1",
            "&#x2f&#x2fwww.googletagmanager.com/gtag/js?id=G-1",
            "//www.google&shy;tagmanager.com/gtag/js?id=G-1",
            "//www.google&ZeroWidthSpace;tagmanager.com/gtag/js?id=G-1",
            "//www.&gfr;oogletagmanager.com/gtag/js?id=G-1",
        ] {
            // A scheme-relative "https:/host" is a path on an https page, and one that tells on any host.
            assert_eq!(owner_id(raw), Some("ga4"), "{raw}");
        }
    }

    #[test]
    fn a_base_elsewhere_moves_relative_addresses() {
        let base = Base::new(Url::parse("https://shop.example/").unwrap());
        let base = base.moved("//www.googletagmanager.com/x/").unwrap();
        for raw in ["../gtag/js?id=G-1", "/gtag/js?id=G-1"] {
            assert_eq!(held(raw, &base, &denied()), Some("ga4"), "{raw}");
        }
    }

    #[test]
    fn what_is_granted_has_no_denied_owner() {
        let base = Base::new(Url::parse("https://shop.example/").unwrap());
        let raw = "https://www.googletagmanager.com/gtag/js?id=G-1";
        assert!(held(raw, &base, &grants(CategorySet::ALL)).is_none());
    }

    #[test]
    fn every_candidate_of_a_srcset_is_seen() {
        let found: Vec<&str> =
            candidates("/a.jpg 1x,https://www.facebook.com/tr?id=1\n2x, /c,d.jpg").collect();
        assert_eq!(found, ["/a.jpg", "1x", "https://www.facebook.com/tr?id=1", "2x", "/c", "d.jpg"]);
    }

    #[test]
    fn data_addresses_are_looked_into() {
        let base = Base::new(Url::parse("https://shop.example/").unwrap());
        for (address, expected) in [
            ("data:text/html,%3Cimg src=x>", Some((Media::Markup, "<img src=x>"))),
            ("DATA:image/svg+xml;charset=utf-8;base64,PHN2Zy8+", Some((Media::Markup, "<svg/>"))),
            ("data:text/javascript;base64,YSgp", Some((Media::Script, "a()"))),
            ("data:text/css,a{}", Some((Media::Style, "a{}"))),
            ("data:image/png;base64,AAAA", None),
            ("data:,x", None),
        ] {
            let found = match judge(address, &base, &denied()) {
                Found::Inside(media, text) => Some((media, text)),
                _ => None,
            };
            assert_eq!(found, expected.map(|(media, text)| (media, text.to_string())), "{address}");
        }
    }

    #[test]
    fn third_parties_nobody_knows_are_named() {
        let base = Base::new(Url::parse("https://www.shop.example/").unwrap());
        let unknown = |address| match judge(address, &base, &denied()) {
            Found::Unknown(host) => Some(host),
            _ => None,
        };
        assert_eq!(unknown("//cdn.other.example/x.js").as_deref(), Some("cdn.other.example"));
        assert_eq!(unknown("//cdn.shop.example/x.js"), None);
        assert_eq!(unknown("mailto:x@other.example"), None);
    }

    proptest! {
        #[test]
        fn a_plain_path_is_what_the_parser_makes_of_it(
            base in "(/[a-z.]{0,3}){1,4}", text in "[a-z.@_-][a-z./?&=#:]{0,20}",
        ) {
            let base = Base::new(Url::parse(&format!("https://shop.example{base}")).unwrap());
            if let Some(path) = base.relative_path(&text) {
                let url = base.url.join(&text).unwrap();
                prop_assert_eq!(&url[Position::BeforePath..Position::AfterQuery], path);
                prop_assert_eq!(url.host_str(), Some("shop.example"));
            }
        }

        #[test]
        fn no_text_panics(raw in "\\PC{0,60}") {
            let _ = owner_id(&raw);
        }
    }
}
