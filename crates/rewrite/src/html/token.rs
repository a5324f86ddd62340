//! Cuts HTML into tokens where browsers cut it: where each tag, comment and text ends, and nothing of what it means.
//! What is text because of the element around it is told by the caller ([`Lexer::read_as`]), who follows the tree.
//! Source: HTML standard, section 13.2.5, "Tokenization".

use memchr::memmem;
use memchr::{memchr, memchr_iter, memchr2};

/// A part of what was cut, by offsets from its beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

impl Span {
    /// The bytes it stands for.
    pub fn of(self, bytes: &[u8]) -> &[u8] {
        bytes.get(self.start..self.end).unwrap_or_default()
    }
}

/// An attribute of a tag, by offsets from the tag's `<`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Its name as it was written.
    pub name: Span,
    /// Its value without quotes, references unresolved; empty if it has none.
    pub value: Span,
    /// All of it, quotes included.
    pub whole: Span,
}

/// What a token is. Its length comes beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Characters, or what stands for them.
    Text,
    /// `<a b=c>`; name and attributes are in [`Lexer::name`] and [`Lexer::attributes`].
    Start {
        /// Does it end with `/>`? Means something in SVG and MathML only.
        is_self_closing: bool,
    },
    /// `</a>`; its name is in [`Lexer::name`].
    End,
    /// `<!--…-->`, with its content.
    Comment(Span),
    /// `<![CDATA[…]]>` in SVG and MathML, with its content.
    CharacterData(Span),
    /// A document type, or what browsers take for a comment though it is none (`<?…>`, `</ …>`).
    Declaration,
    /// A tag that the page ends within: browsers drop it.
    Unfinished,
}

/// How text is read after a start tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// As markup.
    Markup,
    /// As text, up to the end tag of that name, lower-case.
    Text(&'static str),
    /// As a script, which hides more than its end tag.
    Script(Escape),
    /// As text without an end (`plaintext`).
    Endless,
}

/// How far into `<!--` a script is: within, another script may hide. The number counts the dashes before this place.
/// Source: section 13.2.5.18 and on, "script data escaped state".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escape {
    /// Not at all.
    None,
    /// Within; the script's end tag still ends it.
    Once(u8),
    /// Within a script within; an end tag ends the inner one.
    Twice(u8),
}

/// Cuts one page. Keeps what the last tag was made of.
#[derive(Debug)]
pub struct Lexer {
    content: Content,
    /// The name of the tag that was cut last.
    pub name: Span,
    /// Its attributes, in order; of several with one name browsers take the first.
    pub attributes: Vec<Attribute>,
}

/// What browsers take for white space in a tag. A carriage return is a newline to them.
const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\x0c' | b'\r')
}

const fn ends_name(byte: u8) -> bool {
    is_space(byte) || matches!(byte, b'/' | b'>')
}

/// Does `bytes` begin with `wanted` (lower-case), whatever its case? `None` if more must come to tell.
fn begins(bytes: &[u8], wanted: &[u8]) -> Option<bool> {
    let length = bytes.len().min(wanted.len());
    let is_alike = bytes.iter().zip(wanted).all(|(byte, wanted)| byte.to_ascii_lowercase() == *wanted);
    if is_alike && length < wanted.len() { None } else { Some(is_alike) }
}

/// Does `bytes` begin with that name and what ends a name?
fn begins_name(bytes: &[u8], name: &[u8]) -> Option<bool> {
    match begins(bytes, name) {
        Some(true) => bytes.get(name.len()).map(|byte| ends_name(*byte)),
        other => other,
    }
}

fn find(bytes: &[u8], from: usize, wanted: u8) -> Option<usize> {
    memchr(wanted, bytes.get(from..)?).map(|at| from + at)
}

impl Default for Lexer {
    fn default() -> Self {
        Self { content: Content::Markup, name: Span::default(), attributes: Vec::with_capacity(16) }
    }
}

impl Lexer {
    /// What follows is read so, up to the end tag that ends it.
    pub fn read_as(&mut self, content: Content) {
        self.content = content;
    }

    /// Is this place within an element whose content is text?
    pub fn is_within_text(&self) -> bool {
        self.content != Content::Markup
    }

    /// The token at the beginning of `bytes` and its length; `None` if more must come first. Text is handed out as far
    /// as it is there. `bytes` must not be empty. In SVG and MathML `knows_cdata` is true.
    pub fn next(&mut self, bytes: &[u8], is_last: bool, knows_cdata: bool) -> Option<(Kind, usize)> {
        let text = match self.content {
            Content::Markup => return self.markup(bytes, is_last, knows_cdata),
            Content::Endless => bytes.len(),
            Content::Text(name) => text_length(bytes, name.as_bytes()),
            Content::Script(escape) => {
                let (length, escape) = script_length(bytes, escape);
                self.content = Content::Script(escape);
                length
            }
        };
        if text > 0 {
            return Some((Kind::Text, text));
        }
        // At its end tag, or at what may become it.
        let name = match self.content {
            Content::Text(name) => name,
            _ => "script",
        };
        match begins_name(bytes.get(2..).unwrap_or_default(), name.as_bytes()) {
            Some(true) if bytes.get(1) == Some(&b'/') => {
                let end = self.tag(bytes, 2, is_last)?;
                self.content = Content::Markup;
                Some(end)
            }
            _ if is_last => Some((Kind::Text, bytes.len())),
            _ => None,
        }
    }

    fn markup(&mut self, bytes: &[u8], is_last: bool, knows_cdata: bool) -> Option<(Kind, usize)> {
        if bytes.first() != Some(&b'<') {
            return Some((Kind::Text, memchr(b'<', bytes).unwrap_or(bytes.len())));
        }
        let text = || Some((Kind::Text, find(bytes, 1, b'<').unwrap_or(bytes.len())));
        match bytes.get(1) {
            None if is_last => text(),
            None => None,
            Some(b'!') => declaration(bytes, is_last, knows_cdata),
            Some(b'?') => bogus(bytes, is_last),
            Some(b'/') => match bytes.get(2) {
                None if is_last => text(),
                None => None,
                Some(byte) if byte.is_ascii_alphabetic() => self.tag(bytes, 2, is_last),
                Some(_) => bogus(bytes, is_last),
            },
            Some(byte) if byte.is_ascii_alphabetic() => self.tag(bytes, 1, is_last),
            Some(_) => text(),
        }
    }

    /// A tag whose name begins at `from`.
    fn tag(&mut self, bytes: &[u8], from: usize, is_last: bool) -> Option<(Kind, usize)> {
        match self.tag_end(bytes, from) {
            Some((end, _)) if from == 2 => Some((Kind::End, end)),
            Some((end, is_self_closing)) => Some((Kind::Start { is_self_closing }, end)),
            None => is_last.then_some((Kind::Unfinished, bytes.len())),
        }
    }

    /// Where the tag ends and whether it ends itself; `None` if it does not end here.
    /// Source: section 13.2.5.8, "Tag name state", to 13.2.5.40.
    fn tag_end(&mut self, bytes: &[u8], from: usize) -> Option<(usize, bool)> {
        self.attributes.clear();
        let skip = |mut at: usize, stops: fn(u8) -> bool| loop {
            if stops(*bytes.get(at)?) {
                return Some(at);
            }
            at += 1;
        };
        let mut at = skip(from, ends_name)?;
        self.name = Span { start: from, end: at };
        let mut has_slash = false;
        loop {
            match *bytes.get(at)? {
                b'>' => return Some((at + 1, has_slash)),
                byte if is_space(byte) || byte == b'/' => {
                    has_slash = byte == b'/';
                    at += 1;
                }
                _ => {
                    has_slash = false;
                    let start = at;
                    // An equals sign can begin a name.
                    at = skip(at + 1, |byte| ends_name(byte) || byte == b'=')?;
                    let name = Span { start, end: at };
                    let after = skip(at, |byte| !is_space(byte))?;
                    let mut value = Span { start: at, end: at };
                    if bytes.get(after) == Some(&b'=') {
                        at = skip(after + 1, |byte| !is_space(byte))?;
                        match *bytes.get(at)? {
                            quote @ (b'"' | b'\'') => {
                                let end = find(bytes, at + 1, quote)?;
                                value = Span { start: at + 1, end };
                                at = end + 1;
                            }
                            b'>' => value = Span { start: at, end: at },
                            _ => {
                                let end = skip(at, |byte| is_space(byte) || byte == b'>')?;
                                value = Span { start: at, end };
                                at = end;
                            }
                        }
                    }
                    self.attributes.push(Attribute { name, value, whole: Span { start, end: at } });
                }
            }
        }
    }
}

/// What begins with `<!`.
fn declaration(bytes: &[u8], is_last: bool, knows_cdata: bool) -> Option<(Kind, usize)> {
    const CDATA: &[u8] = b"<![CDATA[";
    if let Some(rest) = bytes.strip_prefix(b"<!--") {
        let content = |length| Kind::Comment(Span { start: 4, end: 4 + length });
        return match comment_end(rest) {
            Some((length, end)) => Some((content(length), 4 + end)),
            None => is_last.then(|| (content(rest.len()), bytes.len())),
        };
    }
    if knows_cdata && let Some(rest) = bytes.strip_prefix(CDATA) {
        let content = |length| Kind::CharacterData(Span { start: CDATA.len(), end: CDATA.len() + length });
        return match memmem::find(rest, b"]]>") {
            Some(length) => Some((content(length), CDATA.len() + length + 3)),
            None => is_last.then(|| (content(rest.len()), bytes.len())),
        };
    }
    let may_become = |wanted: &[u8]| bytes.len() < wanted.len() && wanted.starts_with(bytes);
    if !is_last && (may_become(b"<!--") || (knows_cdata && may_become(CDATA))) {
        return None;
    }
    bogus(bytes, is_last)
}

/// What browsers take for a comment, or a document type: up to the first `>`, whatever stands in quotes.
fn bogus(bytes: &[u8], is_last: bool) -> Option<(Kind, usize)> {
    match memchr(b'>', bytes) {
        Some(end) => Some((Kind::Declaration, end + 1)),
        None => is_last.then_some((Kind::Declaration, bytes.len())),
    }
}

/// How long a comment's content is and where the comment ends, both from after `<!--`.
/// Source: section 13.2.5.43, "Comment start state", to 13.2.5.52.
fn comment_end(rest: &[u8]) -> Option<(usize, usize)> {
    for abrupt in [&b">"[..], b"->"] {
        if rest.starts_with(abrupt) {
            return Some((0, abrupt.len()));
        }
    }
    memchr_iter(b'>', rest).find_map(|end| {
        let before = rest.get(..end)?;
        let content = before.strip_suffix(b"--").or_else(|| before.strip_suffix(b"--!"))?;
        Some((content.len(), end + 1))
    })
}

/// How much of `bytes` is text before the end tag of that name, or before what may become it.
fn text_length(bytes: &[u8], name: &[u8]) -> usize {
    let mut from = 0;
    while let Some(at) = find(bytes, from, b'<') {
        if may_end(bytes.get(at + 1..).unwrap_or_default(), name) {
            return at;
        }
        from = at + 1;
    }
    bytes.len()
}

/// Is it `/name` and what ends a name, or could it become that?
fn may_end(after: &[u8], name: &[u8]) -> bool {
    match after.split_first() {
        None => true,
        Some((b'/', rest)) => begins_name(rest, name) != Some(false),
        Some(_) => false,
    }
}

/// How much of `bytes` is text of a script, and how far into its comments it leads.
/// Source: section 13.2.5.4, "Script data state", and 13.2.5.15 to 13.2.5.31.
fn script_length(bytes: &[u8], mut escape: Escape) -> (usize, Escape) {
    const OPENING: &[u8] = b"<!--";
    let mut at = 0;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        if matches!(escape, Escape::None) {
            let Some(step) = memchr(b'<', rest) else { return (bytes.len(), escape) };
            at += step;
            let here = bytes.get(at..).unwrap_or_default();
            if may_end(here.get(1..).unwrap_or_default(), b"script") {
                return (at, escape);
            }
            if here.starts_with(OPENING) {
                // Its own dashes count: `<!-->` is over at once.
                escape = Escape::Once(2);
                at += OPENING.len();
            } else if OPENING.starts_with(here) {
                return (at, escape);
            } else {
                at += 1;
            }
            continue;
        }
        let (dashes, is_twice) = match escape {
            Escape::Once(dashes) => (dashes, false),
            Escape::Twice(dashes) => (dashes, true),
            Escape::None => continue,
        };
        let within = |dashes: u8| if is_twice { Escape::Twice(dashes) } else { Escape::Once(dashes) };
        let Some(byte) = rest.first() else { return (at, escape) };
        escape = match byte {
            b'-' => within(2.min(dashes + 1)),
            b'>' if dashes == 2 => Escape::None,
            b'<' => {
                let after = rest.get(1..).unwrap_or_default();
                // Within another script its end tag is looked for, else that of this one, or another's beginning.
                let (sought, found) = if is_twice {
                    (after.strip_prefix(b"/"), Escape::Once(0))
                } else if may_end(after, b"script") {
                    return (at, escape);
                } else {
                    (Some(after), Escape::Twice(0))
                };
                match sought.map(|sought| begins_name(sought, b"script")) {
                    Some(Some(true)) => {
                        at += rest.len() - sought.unwrap_or_default().len() + "script".len();
                        found
                    }
                    // More must come to tell.
                    Some(None) => return (at, escape),
                    None if after.is_empty() => return (at, escape),
                    _ => within(0),
                }
            }
            _ => {
                // Up to what means something.
                at += memchr2(b'-', b'<', rest).map_or(rest.len(), |step| step.max(1)) - 1;
                within(0)
            }
        };
        at += 1;
    }
}

#[cfg(test)]
#[path = "token_tests.rs"]
mod tests;
