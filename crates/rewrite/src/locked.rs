//! A page that cannot be rewritten, handed out with nothing in it alive: the browser itself refuses what no rule
//! of ours could reach. Source: CSP Level 3; HTML standard, "sandboxing".

use memchr::memchr;

/// The parameter that asks for a page so. Anybody may: it only takes away.
const PARAMETER: &str = "postern-locked";

/// The policy of such a page: no script, no frame, no automatic navigation, and nothing from any other host.
/// `worker/last-resort.mjs` has the same.
pub const LOCKED_POLICY: &str = "sandbox allow-forms allow-popups allow-same-origin allow-top-navigation-by-user-activation; default-src 'none'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; font-src 'self' data:; media-src 'self'; form-action 'self'; base-uri 'none'";

fn is_asking(pair: &&str) -> bool {
    pair.split('=').next() == Some(PARAMETER)
}

/// Does this path and query ask for the page locked?
#[must_use]
pub fn is_locked_target(target: &str) -> bool {
    target.split_once('?').is_some_and(|(_, query)| query.split('&').any(|pair| is_asking(&pair)))
}

/// The path and query under which the same page is handed out locked.
#[must_use]
pub fn locked_target(target: &str) -> String {
    let mark = if target.contains('?') { '&' } else { '?' };
    format!("{target}{mark}{PARAMETER}=1")
}

/// The path and query without our parameter, for the origin; `None` if it is not there.
pub fn unlocked_target(target: &str) -> Option<String> {
    let (path, query) = target.split_once('?').filter(|_| is_locked_target(target))?;
    let kept: Vec<&str> = query.split('&').filter(|pair| !is_asking(pair)).collect();
    Some(if kept.is_empty() { path.to_string() } else { format!("{path}?{}", kept.join("&")) })
}

/// Elements for whose sake browsers connect before any policy refuses what they ask for: for a frame Chromium does
/// (seen with version 156), for a link every browser.
const CONNECTING: [&[u8]; 6] = [b"link", b"iframe", b"frame", b"fencedframe", b"object", b"embed"];

/// The longest tag of a link that is waited for; a longer one is no link any more.
const LINK_BYTES_MAX: usize = 4096;

/// No policy keeps a browser from connecting where a link says it will soon have to, or where a frame begins. So in a page
/// that leaves locked such elements have another name, unless it plainly is a style sheet's. Works on bytes of any encoding in which a name's
/// letters stand with at most one empty byte between them, and of any markup, however broken; changes no length.
#[derive(Debug, Default)]
pub struct LinkFilter {
    kept: Vec<u8>,
}

impl LinkFilter {
    /// Takes the next bytes and returns what can be sent.
    pub fn write(&mut self, chunk: &[u8]) -> Vec<u8> {
        self.kept.extend_from_slice(chunk);
        self.pass(false)
    }

    /// The last bytes.
    pub fn end(mut self) -> Vec<u8> {
        self.pass(true)
    }

    fn pass(&mut self, is_last: bool) -> Vec<u8> {
        let mut from = 0;
        let mut done = self.kept.len();
        while let Some(at) = self.kept.get(from..).and_then(|rest| memchr(b'<', rest)).map(|step| from + step)
        {
            let rest = self.kept.get(at..).unwrap_or_default();
            let end = memchr(b'>', rest.get(..LINK_BYTES_MAX).unwrap_or(rest));
            if end.is_none() && rest.len() < LINK_BYTES_MAX && !is_last && may_connect(rest) {
                done = at;
                break;
            }
            let tag = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
            if let Some(letter) = first_letter(tag).filter(|_| end.is_none() || !is_plain_style_sheet(tag))
                && let Some(byte) = self.kept.get_mut(at + letter)
            {
                *byte = b'x';
            }
            from = at + 1;
        }
        self.kept.drain(..done).collect()
    }
}

/// Where the first letter of its name stands in a tag that connects, with a prefix or without.
fn first_letter(tag: &[u8]) -> Option<usize> {
    let mut letters = tag.iter().enumerate().skip(1).filter(|(_, byte)| **byte != 0);
    let mut name = Vec::new();
    for (at, byte) in letters.by_ref().take(70) {
        match byte.to_ascii_lowercase() {
            // What stands before a colon is a prefix.
            b':' => name.clear(),
            byte if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) => name.push((at, byte)),
            _ => break,
        }
    }
    let is = |known: &&[u8]| name.iter().map(|(_, byte)| byte).eq(*known);
    name.first().map(|(at, _)| *at).filter(|_| CONNECTING.iter().any(is))
}

/// Could more bytes make it a tag that connects, or are there too few to tell what kind it is?
fn may_connect(beginning: &[u8]) -> bool {
    let name: Vec<u8> =
        beginning.iter().skip(1).filter(|byte| **byte != 0).map(u8::to_ascii_lowercase).collect();
    let name = name.rsplit(|byte| *byte == b':').next().unwrap_or_default();
    CONNECTING.iter().any(|known| name.starts_with(known) || known.starts_with(name))
        || name.len() == beginning.len() - 1
}

/// Is it written out that it is a style sheet, and nothing else?
fn is_plain_style_sheet(tag: &[u8]) -> bool {
    let text = String::from_utf8_lossy(tag).to_ascii_lowercase();
    let is_other =
        ["connect", "fetch", "prerender", "preload", "&", "\0"].iter().any(|word| text.contains(word));
    text.contains("stylesheet") && text.starts_with("<link") && !is_other
}

/// What ends a page anywhere, in a tag, a text or a comment, and leads on to its locked form.
#[must_use]
pub fn break_out(locked: &str) -> String {
    let address = locked.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
    format!(
        "\"'>--></script></style></textarea></title></noscript></xmp></iframe></noembed></noframes></select></template>\
         </svg></math><meta http-equiv=\"refresh\" content=\"0;url={address}\"><p><a href=\"{address}\">This page \
         continues here, in a simpler form.</a></p>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_asked_for_locked_and_asked_of_the_origin_as_it_was() {
        for (target, locked) in [("/a", "/a?postern-locked=1"), ("/a?b=1&c", "/a?b=1&c&postern-locked=1")] {
            assert_eq!(locked_target(target), locked);
            assert!(is_locked_target(locked) && !is_locked_target(target));
            assert_eq!(unlocked_target(locked).as_deref(), Some(target));
            assert_eq!(unlocked_target(target), None);
        }
    }

    #[test]
    fn the_way_out_cannot_be_broken_by_an_address() {
        let out = break_out("/a?\"><script>&b");
        assert!(out.contains("url=/a?&quot;>&lt;script>&amp;b\"") && !out.contains("<script>"), "{out}");
    }

    fn filtered(page: &[u8], cuts: usize) -> Vec<u8> {
        let mut filter = LinkFilter::default();
        let mut out: Vec<u8> = page.chunks(cuts.max(1)).flat_map(|chunk| filter.write(chunk)).collect();
        out.extend(filter.end());
        out
    }

    #[test]
    fn what_connects_loses_its_name() {
        for (page, expected) in [
            ("a<link rel=preconnect href=//t>b", "a<xink rel=preconnect href=//t>b"),
            ("<LINK rel=dns-prefetch href=//t>", "<xINK rel=dns-prefetch href=//t>"),
            ("<link rel='stylesheet' href=/a.css>", "<link rel='stylesheet' href=/a.css>"),
            ("<link rel='stylesheet preconnect' href=//t>", "<xink rel='stylesheet preconnect' href=//t>"),
            ("<link rel=pre&#99;onnect title=stylesheet>", "<xink rel=pre&#99;onnect title=stylesheet>"),
            ("<x:link rel='preconnect'/>", "<x:xink rel='preconnect'/>"),
            ("<linked><a:b><b", "<linked><a:b><b"),
            ("<iframe src=//t></iframe>", "<xframe src=//t></iframe>"),
            ("<embed title=stylesheet><OBJECT>", "<xmbed title=stylesheet><xBJECT>"),
            ("<link rel=preconnect", "<xink rel=preconnect"),
            ("\"<link rel=preconnect>'", "\"<xink rel=preconnect>'"),
        ] {
            for cuts in [1, 3, 100] {
                let out = filtered(page.as_bytes(), cuts);
                assert_eq!(String::from_utf8_lossy(&out), expected, "{page} by {cuts}");
            }
        }
        let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        assert_eq!(filtered(&wide("<link rel=stylesheet>"), 3), wide("<xink rel=stylesheet>"));
        let long = format!("<link rel=stylesheet x={}>", "y".repeat(2 * LINK_BYTES_MAX));
        assert!(filtered(long.as_bytes(), 1000).starts_with(b"<xink"));
    }

    #[test]
    fn the_last_resort_has_the_same_policy() {
        let shell = include_str!("../../../worker/last-resort.mjs");
        assert!(shell.contains(&format!("\"{LOCKED_POLICY}\"")));
    }
}
