//! Files of the site's own that make browsers ask for more by themselves: style sheets, modules, speculation rules.
//! What must be held is replaced in place by an address that nothing loads; every other byte stays.
//!
//! What such a file composes when it runs is no address here: the stub sees to that, in the page.

use crate::address::Base;
use crate::charset::label_in;
use crate::html::{Page, add, decode_text, encode_text, escape_in_script, escape_in_style};
use crate::script::{ScriptKind, literals};
use crate::{Grants, Headers, Seen, css};
use encoding_rs::{Encoding, UTF_8};
use postern_catalogue::Vendor;
use std::borrow::Cow;
use url::Url;

/// How much of a file is looked into and kept while it arrives; the rest of a longer one passes.
pub const FILE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The byte order mark of UTF-8. Source: Encoding standard, "BOM sniff".
const UTF_8_MARK: &[u8] = b"\xEF\xBB\xBF";

/// What a file is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// CSS.
    Style,
    /// JavaScript, a module or not: the request does not tell.
    Script,
    /// JavaScript that runs in a worker, where no page's guard stands.
    Worker,
    /// Speculation rules.
    Rules,
}

impl FileKind {
    /// From what the browser says it asks for; from the answer's type where it does not say.
    /// Source: Fetch Metadata, `Sec-Fetch-Dest`; HTML standard, "speculation rules".
    #[must_use]
    pub fn of(request: &Headers, answer: &Headers) -> Option<Self> {
        let get = |headers: &Headers, wanted: &str| {
            headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.to_ascii_lowercase())
        };
        if let Some(destination) = get(request, "sec-fetch-dest") {
            return match destination.as_str() {
                "style" => Some(Self::Style),
                // A worklet can import, and ask for nothing else.
                "script" | "audioworklet" | "paintworklet" => Some(Self::Script),
                "worker" | "sharedworker" | "serviceworker" => Some(Self::Worker),
                "speculationrules" => Some(Self::Rules),
                _ => None,
            };
        }
        let content_type = get(answer, "content-type")?;
        match content_type.split(';').next().unwrap_or("").trim() {
            "text/css" => Some(Self::Style),
            "application/speculationrules+json" => Some(Self::Rules),
            essence if essence.ends_with("javascript") || essence.ends_with("ecmascript") => {
                Some(Self::Script)
            }
            _ => None,
        }
    }
}

/// What becomes of a file.
#[derive(Debug)]
pub struct FilePlan {
    /// What must be sent instead of the bytes that came, and the charset it is in; `None` if they can stay.
    pub replacement: Option<(Vec<u8>, &'static str)>,
    /// Does what it says depend on who asks? Then no cache may hand it to another.
    pub is_personal: bool,
    /// What was seen in it.
    pub seen: Seen,
}

/// Plans a file of the site at `url`, from its bytes up to [`FILE_BYTES_MAX`]. `guard` is a whole statement of
/// JavaScript in ASCII that goes first into what runs in a worker.
#[must_use]
pub fn plan_file(
    kind: FileKind,
    content_type: &str,
    bytes: &[u8],
    url: &Url,
    grants: &Grants,
    guard: &str,
) -> FilePlan {
    let encoding = encoding_of(kind, content_type, bytes);
    let text = if encoding == UTF_8 {
        decode_text(bytes.strip_prefix(UTF_8_MARK).unwrap_or(bytes), encoding)
    } else {
        encoding.decode_with_bom_removal(bytes).0
    };
    let mut page = Page::new(Base::new(url.clone()), grants.clone(), None, None);
    let mut owners = Vec::new();
    let mut held = hold(kind, &text, &mut page, &mut owners);
    if kind == FileKind::Worker && !grants.is_open() {
        let text = held.as_deref().unwrap_or(&text);
        // A directive counts only where nothing stands before it.
        let start = text.trim_start();
        let is_strict =
            ["'use strict'", "\"use strict\""].iter().any(|directive| start.starts_with(directive));
        held = Some(format!("{}{guard}{text}", if is_strict { "'use strict';" } else { "" }));
    }
    // Would somebody who grants nothing get other bytes?
    let is_personal = held.is_some() || {
        let mut page = Page::new(Base::new(url.clone()), grants.denying_all(), None, None);
        grants.is_anything_granted() && hold(kind, &text, &mut page, &mut Vec::new()).is_some()
    };
    owners.into_iter().for_each(|vendor| add(&mut page.held, vendor));
    let replacement = held.map(|text| {
        let encoding = encoding.output_encoding();
        let escape = if kind == FileKind::Style { escape_in_style } else { escape_in_script };
        (encode_text(&text, encoding, escape), encoding.name())
    });
    FilePlan { replacement, is_personal, seen: page.take_seen() }
}

/// The text less what must be held; `None` if it can stay as it is.
fn hold(kind: FileKind, text: &str, page: &mut Page, owners: &mut Vec<&'static Vendor>) -> Option<String> {
    let places: Vec<(std::ops::Range<usize>, Cow<'_, str>)> = match kind {
        FileKind::Style => return page.style(text, owners),
        FileKind::Script | FileKind::Worker => literals(text, ScriptKind::Module),
        FileKind::Rules => literals(text, ScriptKind::Rules),
    };
    let (mut out, mut end) = (String::new(), 0);
    for (range, address) in places {
        let mut found = Vec::new();
        // A bare word is a name to be looked up, not an address.
        if address.contains('/') {
            page.look_at(&address, &mut found);
        }
        if !found.is_empty() {
            found.into_iter().for_each(|vendor| add(owners, vendor));
            out.push_str(text.get(end..range.start)?);
            out.push_str(css::NOWHERE_ADDRESS);
            end = range.end;
        }
    }
    if end == 0 {
        return None;
    }
    out.push_str(text.get(end..)?);
    Some(out)
}

/// Source: CSS Syntax Module Level 3, section 3.2; HTML standard, "fetch a module script". What a document's own
/// encoding would be is not known here, and is UTF-8.
fn encoding_of(kind: FileKind, content_type: &str, bytes: &[u8]) -> &'static Encoding {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return encoding;
    }
    let of_rule = || {
        let rest = bytes.strip_prefix(b"@charset \"").filter(|_| kind == FileKind::Style)?;
        let end = rest.iter().take(100).position(|byte| *byte == b'"')?;
        Encoding::for_label(rest.get(..end)?).map(Encoding::output_encoding)
    };
    label_in(content_type.as_bytes()).or_else(of_rule).unwrap_or(UTF_8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grants::testing::{denied, grants};
    use postern_consent::{Category, CategorySet};

    const FONT: &str = "https://www.facebook.com/tr?id=1";

    fn plan(kind: FileKind, text: &[u8], grants: &Grants) -> FilePlan {
        let url = Url::parse("https://shop.example/a/site.css").unwrap();
        plan_file(kind, "", text, &url, grants, "guard();")
    }

    fn replaced(kind: FileKind, text: &str) -> Option<String> {
        plan(kind, text.as_bytes(), &denied()).replacement.map(|(bytes, _)| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn what_a_file_asks_for_by_itself_is_held() {
        for (kind, text, expected) in [
            (FileKind::Style, "@import 'T';a{b:c}", "@import \"about:invalid\";a{b:c}"),
            (FileKind::Style, "a{b:url(T) red}", "a{b:url(\"about:invalid\") red}"),
            (FileKind::Script, "import'T';a()", "import'about:invalid';a()"),
            (FileKind::Script, "let a = import( /* b */ `T`)", "let a = import( /* b */ `about:invalid`)"),
            (FileKind::Script, "import {a} from // b\n\"T\"", "import {a} from // b\n\"about:invalid\""),
            (
                FileKind::Rules,
                "{\"prefetch\":[{\"urls\":[\"/own\",\"T\"]}]}",
                "{\"prefetch\":[{\"urls\":[\"/own\",\"about:invalid\"]}]}",
            ),
        ] {
            let replaced = replaced(kind, &text.replace('T', FONT));
            assert_eq!(replaced.as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_names_nobody_passes() {
        for (kind, text) in [
            (FileKind::Style, "@import 'own.css';a{b:url(../c.png)}"),
            (FileKind::Script, "import a from './b.js'; x.src = 'https://www.facebook.com/tr?id=1'"),
            (FileKind::Rules, "{\"prefetch\":[{\"urls\":[\"/own\"]}]}"),
            (FileKind::Script, ""),
        ] {
            let plan = plan(kind, text.as_bytes(), &denied());
            assert!(plan.replacement.is_none() && !plan.is_personal, "{text}");
        }
    }

    #[test]
    fn what_is_granted_passes_and_is_kept_from_others() {
        let marketing = grants(CategorySet::NECESSARY.with(Category::Marketing));
        let plan = plan(FileKind::Style, format!("a{{b:url({FONT})}}").as_bytes(), &marketing);
        assert!(plan.replacement.is_none() && plan.is_personal);
    }

    #[test]
    fn a_worker_is_guarded_before_anything_in_it_runs() {
        let guarded = |text: &str| replaced(FileKind::Worker, &text.replace('T', FONT)).unwrap();
        assert_eq!(guarded("a()"), "guard();a()");
        assert_eq!(guarded(" 'use strict';a()"), "'use strict';guard(); 'use strict';a()");
        assert_eq!(guarded("import 'T'"), "guard();import 'about:invalid'");
        let open = plan(FileKind::Worker, b"a()", &grants(CategorySet::ALL));
        assert!(open.replacement.is_none());
    }

    #[test]
    fn other_encodings_are_read_and_kept() {
        let mut bytes = b"@charset \"windows-1252\";a{c:'\xe4';b:url(".to_vec();
        bytes.extend(FONT.as_bytes());
        bytes.extend(b")}");
        let (out, label) = plan(FileKind::Style, &bytes, &denied()).replacement.unwrap();
        assert_eq!(label, "windows-1252");
        assert_eq!(out, b"@charset \"windows-1252\";a{c:'\xe4';b:url(\"about:invalid\")}");
        for (bytes, expected) in [
            (&b"\xef\xbb\xbf@import 'T'/*\xc3\xa4*/"[..], "@import \"about:invalid\"/*ä*/"),
            (b"@import 'T'/*\xe4*/", "@import \"about:invalid\"/*\u{fffd}*/"),
        ] {
            let bytes = bytes.split(|byte| *byte == b'T').collect::<Vec<_>>().join(FONT.as_bytes());
            let (out, label) = plan(FileKind::Style, &bytes, &denied()).replacement.unwrap();
            assert_eq!((String::from_utf8(out).unwrap().as_str(), label), (expected, "UTF-8"));
        }
        let wide: Vec<u8> = [0xff, 0xfe]
            .into_iter()
            .chain(format!("a{{b:url({FONT})}}").encode_utf16().flat_map(u16::to_le_bytes))
            .collect();
        let (out, label) = plan(FileKind::Style, &wide, &denied()).replacement.unwrap();
        assert_eq!((out.as_slice(), label), (&b"a{b:url(\"about:invalid\")}"[..], "UTF-8"));
    }

    #[test]
    fn what_a_file_is_read_as_is_what_the_browser_says() {
        let header = |name: &str, value: &str| vec![(name.to_string(), value.to_string())];
        let none = Headers::new();
        let of = |destination| FileKind::of(&header("sec-fetch-dest", destination), &none);
        assert_eq!(of("style"), Some(FileKind::Style));
        assert_eq!(of("serviceworker"), Some(FileKind::Worker));
        assert_eq!(of("audioworklet"), Some(FileKind::Script));
        assert_eq!(of("image"), None);
        let typed = |value| FileKind::of(&none, &header("content-type", value));
        assert_eq!(typed("text/CSS; charset=x"), Some(FileKind::Style));
        assert_eq!(typed("application/x-javascript"), Some(FileKind::Script));
        assert_eq!(typed("text/html"), None);
    }
}
