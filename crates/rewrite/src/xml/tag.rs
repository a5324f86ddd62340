//! A start tag that can be changed: its attributes with their values as they were written.

use crate::RewriteError;
use quick_xml::events::BytesStart;

/// A start tag.
#[derive(Clone, Debug)]
pub struct Tag {
    /// Its name with its prefix.
    pub name: String,
    /// Does it end itself (`<a/>`)?
    pub is_empty: bool,
    /// Names with their prefixes, values with their references, in order.
    pub attributes: Vec<(String, String)>,
}

impl Tag {
    /// Reads a whole start tag, brackets included.
    ///
    /// # Errors
    /// [`RewriteError::IllFormed`]; browsers stop there as well.
    pub fn parse(raw: &str) -> Result<Self, RewriteError> {
        let inner = raw.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')).unwrap_or("");
        let (inner, is_empty) = inner.strip_suffix('/').map_or((inner, false), |rest| (rest, true));
        let length = inner.find([' ', '\t', '\r', '\n']).unwrap_or(inner.len());
        let start = BytesStart::from_content(inner, length);
        let mut attributes = Vec::new();
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|_| RewriteError::IllFormed("an attribute cannot be read"))?;
            attributes.push((check(attribute.key.0)?.to_string(), attribute.value.into_owned()));
        }
        Ok(Self { name: check(start.name().0)?.to_string(), is_empty, attributes })
    }

    /// The value of an attribute without prefix, as it was written.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, raw)| raw.as_str())
    }

    /// Sets an attribute to a value that is escaped already.
    pub fn set(&mut self, name: &str, raw: String) {
        match self.attributes.iter_mut().find(|(known, _)| known == name) {
            Some((_, value)) => *value = raw,
            None => self.attributes.push((name.into(), raw)),
        }
    }

    /// Moves a value from one attribute to another, in its place.
    pub fn rename(&mut self, from: &str, to: &str) {
        self.attributes.retain(|(name, _)| name != to);
        if let Some((name, _)) = self.attributes.iter_mut().find(|(name, _)| name == from) {
            *name = to.into();
        }
    }

    /// Removes an attribute.
    pub fn remove(&mut self, name: &str) {
        self.attributes.retain(|(known, _)| known != name);
    }
}

/// Browsers differ in what they make of names such as `:a` and `a:b:c`, so such a document ends.
fn check(name: &str) -> Result<&str, RewriteError> {
    let is_whole = match name.split_once(':') {
        None => !name.is_empty(),
        Some((prefix, local)) => !prefix.is_empty() && !local.is_empty() && !local.contains(':'),
    };
    if is_whole { Ok(name) } else { Err(RewriteError::IllFormed("a name has a colon too many")) }
}

impl std::fmt::Display for Tag {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "<{}", self.name)?;
        for (name, raw) in &self.attributes {
            // A value that stood between one kind of quotes holds none of that kind.
            let quote = if raw.contains('"') { '\'' } else { '"' };
            write!(f, " {name}={quote}{raw}{quote}")?;
        }
        f.write_str(if self.is_empty { "/>" } else { ">" })
    }
}

/// A text as it can stand in an attribute's value and between tags.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' => out.push_str("&#9;"),
            '\n' => out.push_str("&#10;"),
            '\r' => out.push_str("&#13;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_read_and_written() {
        let mut tag = Tag::parse("<h:a  b = 'x\"y'\n c=\"&#x2f;\" />").unwrap();
        assert_eq!(tag.to_string(), "<h:a b='x\"y' c=\"&#x2f;\"/>");
        tag.rename("b", "data-b");
        tag.set("c", escape("<\">"));
        tag.set("d", String::new());
        assert_eq!(tag.to_string(), "<h:a data-b='x\"y' c=\"&lt;&quot;&gt;\" d=\"\"/>");
        for raw in ["<a b>", "<a b=c>", "<a b='1' b='2'>", "<:a>", "<a:>", "<a:b:c>", "<a xmlns:='x'>"] {
            assert!(Tag::parse(raw).is_err(), "{raw}");
        }
    }
}
