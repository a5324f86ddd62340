//! Addresses in style sheets: where they stand, as browsers read them.
//! Source: CSS Syntax Module Level 3, section 4; CSS Values 4 (`url()`, `src()`), CSS Images 4.

use std::borrow::Cow;
use std::ops::Range;

/// An address in a style sheet.
#[derive(Debug, PartialEq, Eq)]
pub struct StyleAddress {
    /// The bytes to replace so that it is gone: the whole `url(...)` or the quoted string.
    pub range: Range<usize>,
    /// The address, escapes resolved.
    pub address: String,
}

/// What stands in for an address that is held: never fetched.
pub const NOWHERE_ADDRESS: &str = "about:invalid";

/// The same as a string, valid in every place where an address may stand.
pub const NOWHERE: &str = "\"about:invalid\"";

/// Functions whose strings are addresses.
const FUNCTIONS: [&str; 6] =
    ["src", "image", "image-set", "-webkit-image-set", "cross-fade", "-webkit-cross-fade"];

/// Every address in `css`, in order.
pub fn addresses(css: &str) -> Vec<StyleAddress> {
    let mut scanner = Scanner { css, at: 0, is_import: false, functions: Vec::new(), out: Vec::new() };
    scanner.run();
    scanner.out
}

/// `css` with the addresses that `is_held` names replaced; `None` if there are none.
pub fn hold(css: &str, mut is_held: impl FnMut(&str) -> bool) -> Option<String> {
    let mut out = String::new();
    let mut end = 0;
    for found in addresses(css) {
        if is_held(&found.address) {
            out.push_str(css.get(end..found.range.start)?);
            // A replaced `url(` needs its function; a replaced string stands where a string may.
            let is_function = !css.get(found.range.clone())?.starts_with(['"', '\'']);
            let nowhere = if is_function { format!("url({NOWHERE})") } else { NOWHERE.to_string() };
            out.push_str(&nowhere);
            end = found.range.end;
        }
    }
    if end == 0 {
        return None;
    }
    out.push_str(css.get(end..)?);
    Some(out)
}

struct Scanner<'css> {
    css: &'css str,
    at: usize,
    /// Between `@import` and its address.
    is_import: bool,
    /// The functions and brackets around this place: is a string in it an address?
    functions: Vec<bool>,
    out: Vec<StyleAddress>,
}

impl Scanner<'_> {
    fn peek(&self, ahead: usize) -> Option<u8> {
        self.css.as_bytes().get(self.at + ahead).copied()
    }

    fn run(&mut self) {
        while let Some(byte) = self.peek(0) {
            match byte {
                b'/' if self.peek(1) == Some(b'*') => self.skip_comment(),
                b'"' | b'\'' => {
                    let start = self.at;
                    let address = self.string(byte);
                    if std::mem::take(&mut self.is_import) || self.functions.last() == Some(&true) {
                        self.out.push(StyleAddress { range: start..self.at, address });
                    }
                }
                b'@' => {
                    self.at += 1;
                    self.is_import = self.name().eq_ignore_ascii_case("import");
                }
                b'(' => {
                    self.functions.push(self.functions.last() == Some(&true));
                    self.at += 1;
                }
                b')' => {
                    self.functions.pop();
                    self.at += 1;
                }
                // A block or rule ends what was open by mistake; browsers recover there as well.
                b';' | b'{' | b'}' => {
                    self.is_import = false;
                    self.functions.clear();
                    self.at += 1;
                }
                byte if is_name(byte) || self.is_escape() => self.word(),
                _ => self.at += 1,
            }
        }
    }

    fn skip_comment(&mut self) {
        let rest = self.css.get(self.at + 2..).unwrap_or("");
        self.at = rest.find("*/").map_or(self.css.len(), |end| self.at + 2 + end + 2);
    }

    /// A name, and what it opens if a bracket follows.
    fn word(&mut self) {
        let start = self.at;
        // Most names have no escape in them, and most open nothing: those are passed over as they stand.
        let rest = self.css.as_bytes().get(start..).unwrap_or_default();
        let length = rest.iter().position(|byte| !is_name(*byte)).unwrap_or(rest.len());
        let name: Cow<'_, str> = if rest.get(length) == Some(&b'\\') {
            Cow::Owned(self.name())
        } else {
            self.at += length;
            Cow::Borrowed(self.css.get(start..self.at).unwrap_or(""))
        };
        if self.peek(0) != Some(b'(') {
            return;
        }
        self.at += 1;
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        if !is("url") && !is("url-prefix") {
            let is_of_addresses = FUNCTIONS.iter().any(|known| is(known));
            self.functions.push(is_of_addresses);
            return;
        }
        self.skip_space();
        let address = match self.peek(0) {
            Some(quote @ (b'"' | b'\'')) => {
                let address = self.string(quote);
                // Modifiers may follow; the function ends at its bracket.
                self.skip_to_bracket();
                address
            }
            _ => self.unquoted(),
        };
        self.is_import = false;
        self.out.push(StyleAddress { range: start..self.at, address });
    }

    fn skip_space(&mut self) {
        while self.peek(0).is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    fn skip_to_bracket(&mut self) {
        while let Some(byte) = self.peek(0) {
            self.at += 1;
            match byte {
                b')' => return,
                b'\\' => self.at += usize::from(self.peek(0).is_some_and(|byte| byte.is_ascii())),
                _ => {}
            }
        }
    }

    /// The content of `url(` up to and with its bracket.
    fn unquoted(&mut self) -> String {
        let mut out = self.plain(|byte| matches!(byte, b')' | b'\\'));
        while let Some(c) = self.next_char() {
            match c {
                ')' => break,
                '\\' => self.escaped(&mut out),
                c => out.push(c),
            }
        }
        out.trim().to_string()
    }

    /// A string from its opening quote to its closing one; a newline ends it as well.
    fn string(&mut self, quote: u8) -> String {
        self.at += 1;
        let mut out = self.plain(|byte| byte == quote || byte == b'\\' || is_newline(byte));
        while let Some(c) = self.next_char() {
            match c {
                c if c == char::from(quote) => break,
                '\n' | '\r' | '\x0c' => break,
                '\\' => self.escaped(&mut out),
                c => out.push(c),
            }
        }
        out
    }

    /// The text up to the first of these bytes, all of them ASCII.
    fn plain(&mut self, is_end: impl Fn(u8) -> bool) -> String {
        let rest = self.css.get(self.at..).unwrap_or("");
        let length = rest.bytes().position(is_end).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or("").into()
    }

    fn name(&mut self) -> String {
        let mut out = String::new();
        while let Some(byte) = self.peek(0) {
            if is_name(byte) {
                out.extend(self.next_char());
            } else if self.is_escape() {
                self.at += 1;
                self.escaped(&mut out);
            } else {
                break;
            }
        }
        out
    }

    fn is_escape(&self) -> bool {
        self.peek(0) == Some(b'\\') && self.peek(1).is_some_and(|byte| !is_newline(byte))
    }

    fn next_char(&mut self) -> Option<char> {
        let c = self.css.get(self.at..)?.chars().next()?;
        self.at += c.len_utf8();
        Some(c)
    }

    /// What a backslash, already taken, stands for: up to six hex digits and one space, a newline that
    /// joins two lines, or the next character itself.
    fn escaped(&mut self, out: &mut String) {
        let mut code = 0u32;
        let mut digits = 0;
        while let Some(digit) =
            self.peek(0).and_then(|byte| char::from(byte).to_digit(16)).filter(|_| digits < 6)
        {
            code = code * 16 + digit;
            digits += 1;
            self.at += 1;
        }
        if digits > 0 {
            if self.peek(0).is_some_and(|byte| byte.is_ascii_whitespace()) {
                self.at += 1;
            }
            out.push(char::from_u32(code).filter(|c| *c != '\0').unwrap_or(char::REPLACEMENT_CHARACTER));
        } else {
            match self.next_char() {
                Some('\r') => self.at += usize::from(self.peek(0) == Some(b'\n')),
                Some('\n' | '\x0c') | None => {}
                Some(c) => out.push(c),
            }
        }
    }
}

/// Source: CSS Syntax Module Level 3, section 3.3, "Preprocessing the input stream".
const fn is_newline(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r' | b'\x0c')
}

const fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_' || !byte.is_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(css: &str) -> Vec<String> {
        addresses(css).into_iter().map(|found| found.address).collect()
    }

    #[test]
    fn addresses_are_found_where_browsers_find_them() {
        for (css, expected) in [
            ("a{background:url(x.png)}", &["x.png"][..]),
            ("a{background:URL( \"x.png\" )}", &["x.png"]),
            ("@import 'a.css' screen;@import url(b.css);", &["a.css", "b.css"]),
            ("@IMPORT/**/\"a.css\"", &["a.css"]),
            ("a{background:u\\72l(x)}", &["x"]),
            ("a{background:\\75 rl(//h\\6f st/)}", &["//host/"]),
            ("a{background:image-set(\"a.png\" 1x, url(b.png) 2x)}", &["a.png", "b.png"]),
            ("a{background:-webkit-image-set(url('a') 1x)}", &["a"]),
            ("a{src:url(a.woff2) format('woff2')}", &["a.woff2"]),
            ("a{background:image-set('a' type('image/avif'))}", &["a"]),
            ("a{content:'https://x/' url(y)}", &["y"]),
            ("a{content:'url(x)'}/* url(y) */", &[]),
            ("@namespace 'x';a[href='y']{}", &[]),
            ("a{b:src('x')}", &["x"]),
            ("a{b:url(x", &["x"]),
            ("a{b:url('x\ny)}", &["x"]),
            ("a{b:'x\x0curl(y)}", &["y"]),
            ("a{b:'x\rurl(y)}", &["y"]),
            ("a{b:url('x\\\r\ny')}", &["xy"]),
            ("", &[]),
        ] {
            assert_eq!(found(css), expected, "{css}");
        }
    }

    #[test]
    fn what_is_held_is_replaced_and_all_else_stays() {
        let css = "@import 'bad';a{b:url( bad ) c;d:image-set(\"bad\" 1x,'ok')}";
        assert_eq!(
            hold(css, |address| address == "bad").as_deref(),
            Some(
                "@import \"about:invalid\";a{b:url(\"about:invalid\") c;d:image-set(\"about:invalid\" 1x,'ok')}"
            )
        );
        assert_eq!(hold(css, |_| false), None);
    }

    proptest! {
        #[test]
        fn no_text_panics_and_nothing_held_is_left(css in "[a-z@()'\"\\\\;{}/* \nurlimportéx]{0,60}") {
            if let Some(out) = hold(&css, |_| true) {
                prop_assert!(found(&out).iter().all(|address| address == "about:invalid"), "{} → {}", css, out);
            }
        }
    }
}
