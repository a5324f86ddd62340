//! What of ours goes into a page, and in which form: into its head, its body, its held frames, or into one of XML.

use crate::xml::escape;
use postern_catalogue::Vendor;
use std::fmt;
use std::rc::Rc;

/// What of ours goes into a page. All of it is ASCII, so that it reads the same in every encoding.
#[derive(Clone, Debug, Default)]
pub struct Injection {
    pub(super) head: String,
    pub(super) body: String,
    embed_note: String,
    xml_script: String,
    xml_link: String,
    words: Option<Words>,
}

/// Makes `body` and `embed_note` for a page that says it is in that language, or says nothing.
type Speak = dyn Fn(Option<&str>) -> (String, String);

/// [`Speak`], until the page has said its language.
#[derive(Clone)]
struct Words(Rc<Speak>);

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Words")
    }
}

impl Injection {
    /// `head` goes first into the head and must be ASCII, since scripts know no character references;
    /// `body` goes first into the body and is empty in frames; `embed_note` stands in a held frame,
    /// with `{vendor}` and `{vendor-id}` replaced by the vendor's name and id.
    #[must_use]
    pub fn new(head: String, body: &str, embed_note: &str) -> Self {
        debug_assert!(head.is_ascii());
        Self { head, body: as_ascii(body), embed_note: as_ascii(embed_note), ..Self::default() }
    }

    /// The same `head`, with `body` and `embed_note` made once the page's first element is seen, by what its `lang`
    /// says; a page of XML has none.
    #[must_use]
    pub fn in_language(head: String, words: impl Fn(Option<&str>) -> (String, String) + 'static) -> Self {
        Self { words: Some(Words(Rc::new(words))), ..Self::new(head, "", "") }
    }

    /// Makes what depends on the page's language, once.
    pub(crate) fn speak(&mut self, lang: Option<&str>) {
        if let Some(Words(words)) = self.words.take() {
            let (body, note) = words(lang);
            (self.body, self.embed_note) = (as_ascii(&body), as_ascii(&note));
        }
    }

    /// The same, with what goes into a page that is XML, where neither `head` nor `body` can stand: a script with
    /// these attributes (name and plain value), and in a page's body a link (address and plain words). The text of
    /// the script is the very text given here, so its hash for CSP is the same as in HTML; it must hold no carriage
    /// return, which XML would change.
    #[must_use]
    pub fn with_xml(mut self, attributes: &[(&str, &str)], script: &str, link: Option<(&str, &str)>) -> Self {
        const XHTML: &str = "http://www.w3.org/1999/xhtml";
        let attributes: String =
            attributes.iter().map(|(name, value)| format!(" {name}=\"{}\"", escape(value))).collect();
        // The end of a section within it is written as the ends of two sections.
        let text = script.replace("]]>", "]]]]><![CDATA[>");
        self.xml_script = format!("<script xmlns=\"{XHTML}\"{attributes}><![CDATA[{text}]]></script>");
        self.xml_link = link
            .map(|(address, words)| {
                format!("<p xmlns=\"{XHTML}\"><a href=\"{}\">{}</a></p>", escape(address), escape(words))
            })
            .unwrap_or_default();
        self
    }

    /// Script and link for a page that is XML; empty where there are none.
    pub(crate) fn xml(&self) -> (String, String) {
        (self.xml_script.clone(), self.xml_link.clone())
    }

    /// What goes into a document within the page: no banner, and none of the identifiers of the page's own address.
    pub(crate) fn within(&self) -> Self {
        Self {
            head: without_identifiers(&self.head),
            body: String::new(),
            words: None,
            xml_script: without_identifiers(&self.xml_script),
            ..self.clone()
        }
    }

    /// What stands in a held frame of that vendor.
    pub(crate) fn note_of(&self, owner: &Vendor) -> String {
        self.embed_note.replace("{vendor}", &escape(owner.name)).replace("{vendor-id}", owner.id)
    }

    /// Where a policy hands trust on, the script of ours may only load the gate if it has one of its nonces.
    /// Source: HTML standard, "descendant script fetch options".
    pub(super) fn carry_nonce(&mut self, demanded: &[Vec<String>]) {
        let first = demanded.first().into_iter().flatten();
        let common = first.filter(|nonce| demanded.iter().all(|list| list.contains(nonce)));
        if let Some(nonce) = common.into_iter().find(|nonce| is_nonce(nonce)) {
            for markup in [&mut self.head, &mut self.xml_script] {
                *markup = markup.replacen("<script ", &format!("<script nonce=\"{nonce}\" "), 1);
            }
        }
    }
}

/// Our script's markup without the attribute that only the page itself has.
fn without_identifiers(markup: &str) -> String {
    let cut = markup.split_once(" data-postern-landing=\"");
    let cut = cut.and_then(|(before, value)| Some((before, value.split_once('"')?.1)));
    cut.map_or_else(|| markup.to_string(), |(before, after)| format!("{before}{after}"))
}

/// What the nonce of a policy can be made of. Source: CSP Level 3, `base64-value`.
fn is_nonce(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/-_=".contains(&byte))
}

/// Markup with every other character written as a reference.
pub(super) fn as_ascii(markup: &str) -> String {
    if markup.is_ascii() {
        return markup.to_string();
    }
    let mut out = String::with_capacity(markup.len() + 64);
    for c in markup.chars() {
        if c.is_ascii() {
            out.push(c);
        } else {
            out.push_str(&format!("&#{};", u32::from(c)));
        }
    }
    out
}

#[cfg(test)]
#[path = "injection_tests.rs"]
mod tests;
