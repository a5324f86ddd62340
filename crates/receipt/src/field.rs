//! The kinds of value a receipt may hold. Each is parsed once, at the edge, and none can carry an IP
//! address, a user agent, a visited path, a query or a mail address of the visitor.

use serde::{Serialize, Serializer};
use std::fmt;

/// Why a text is not a field of a receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// Not a host name, or an IP address.
    #[error("not a host name; use lower-case labels of a-z, 0-9 and -, no address and no port")]
    Host,
    /// Not a word.
    #[error("not a word; use 1 to 40 of A-Z, a-z, 0-9, . _ and -")]
    Word,
    /// Not a path of the site and not an http(s) URL.
    #[error("not a link; use a path as in /privacy or an https:// URL")]
    Link,
    /// Not 32 lower-case hex digits.
    #[error("not a key; use 32 lower-case hex digits")]
    Key,
    /// Not 64 lower-case hex digits.
    #[error("not a hash; use 64 lower-case hex digits")]
    Hash,
    /// Not a receipt id.
    #[error("not a receipt id; use a lower-case UUID")]
    ReceiptId,
}

macro_rules! text_field {
    ($name:ident) => {
        impl $name {
            /// The text itself.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(&self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }
    };
}

/// A lower-case host name; never an IP address. Source: RFC 1123 2.1; WHATWG URL, "ends in a number".
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HostName(String);
text_field!(HostName);

impl HostName {
    /// Reads a host name, with no port.
    ///
    /// # Errors
    /// [`FieldError::Host`] for anything else, IP addresses among them.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let is_label = |label: &str| {
            matches!(label.len(), 1..=63)
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
        };
        // A last label of digits, or of hex after 0x, is how browsers tell an address from a name.
        let is_address = |last: &str| {
            last.bytes().all(|byte| byte.is_ascii_digit())
                || last.strip_prefix("0x").is_some_and(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
        };
        let last = text.rsplit('.').next().unwrap_or_default();
        if text.len() <= 253 && text.split('.').all(is_label) && !is_address(last) {
            Ok(Self(text.to_owned()))
        } else {
            Err(FieldError::Host)
        }
    }
}

/// A short word of the site's own: profile, controller slug, notice version, language tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word(String);
text_field!(Word);

impl Word {
    /// Reads a word of 1 to 40 signs of `A-Z a-z 0-9 . _ -`.
    ///
    /// # Errors
    /// [`FieldError::Word`] for anything else.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        if matches!(text.len(), 1..=40) && text.bytes().all(is_sign) {
            Ok(Self(text.to_owned()))
        } else {
            Err(FieldError::Word)
        }
    }
}

/// Where the notice or the withdrawal stands: a path of the site or a URL, without query and fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeUri(String);
text_field!(NoticeUri);

impl NoticeUri {
    /// Reads a link; a query or fragment is cut off.
    ///
    /// # Errors
    /// [`FieldError::Link`] for anything that is no path and no http(s) URL of a named host, or is
    /// longer than 200 bytes.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let text = text.split(['?', '#']).next().unwrap_or_default();
        let is_plain = text.len() <= 200 && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'@');
        let is_path = text.starts_with('/') && !text.starts_with("//");
        let url = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let is_url = url.is_some_and(|rest| {
            let authority = rest.split('/').next().unwrap_or_default();
            let host = authority.split(':').next().unwrap_or_default();
            HostName::parse(host).is_ok()
        });
        if is_plain && (is_path || is_url) { Ok(Self(text.to_owned())) } else { Err(FieldError::Link) }
    }
}

/// The name of one act, made by the page that shows the form: 128 bits as 32 lower-case hex digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);
text_field!(IdempotencyKey);

impl IdempotencyKey {
    /// The key of these bits.
    #[must_use]
    pub fn of_bits(bits: u128) -> Self {
        Self(format!("{bits:032x}"))
    }

    /// Reads a key.
    ///
    /// # Errors
    /// [`FieldError::Key`] for anything but 32 lower-case hex digits.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if text.len() == 32 && text.bytes().all(is_digit) {
            Ok(Self(text.to_owned()))
        } else {
            Err(FieldError::Key)
        }
    }
}

/// A receipt's name: a random UUID. Source: RFC 9562 5.4; standards.md 2.1 (UUID-4 recommended).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ReceiptId(String);
text_field!(ReceiptId);

impl ReceiptId {
    /// The version-4 UUID of these random bytes (122 of the bits are kept).
    #[must_use]
    pub fn from_random(random: [u8; 16]) -> Self {
        let bits = u128::from_be_bytes(random);
        let version = bits & !(0xf << 76) | 0x4 << 76;
        let variant = version & !(0x3 << 62) | 0x2 << 62;
        let hex = format!("{variant:032x}");
        let mut text = String::with_capacity(36);
        for (place, digit) in hex.chars().enumerate() {
            if matches!(place, 8 | 12 | 16 | 20) {
                text.push('-');
            }
            text.push(digit);
        }
        Self(text)
    }

    /// Reads a lower-case UUID, of any version.
    ///
    /// # Errors
    /// [`FieldError::ReceiptId`] for anything else.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let is_fine = text.len() == 36
            && text.bytes().enumerate().all(|(place, byte)| {
                if matches!(place, 8 | 13 | 18 | 23) {
                    byte == b'-'
                } else {
                    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
                }
            });
        if is_fine { Ok(Self(text.to_owned())) } else { Err(FieldError::ReceiptId) }
    }
}

/// A SHA-256 hash, written as 64 lower-case hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sha256Hex(pub [u8; 32]);

impl Sha256Hex {
    /// Reads 64 lower-case hex digits.
    ///
    /// # Errors
    /// [`FieldError::Hash`] for anything else.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if text.len() != 64 || !text.bytes().all(is_digit) {
            return Err(FieldError::Hash);
        }
        let mut hash = [0; 32];
        for (byte, pair) in hash.iter_mut().zip(text.as_bytes().as_chunks::<2>().0) {
            let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
            let [high, low] = pair.map(value);
            *byte = high.zip(low).map(|(high, low)| high << 4 | low).ok_or(FieldError::Hash)?;
        }
        Ok(Self(hash))
    }
}

impl fmt::Display for Sha256Hex {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

impl Serialize for Sha256Hex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The family of a browser's engine, and no more. Source: standards.md 5.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// Blink.
    Chromium,
    /// WebKit.
    Webkit,
    /// Gecko.
    Gecko,
    /// Anything else.
    Other,
}

/// The form of a device, and no more. Source: standards.md 5.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ClientForm {
    /// Phone or tablet.
    Mobile,
    /// Anything else.
    Desktop,
}

/// What is kept of a user agent: eight possible values in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Client {
    /// Engine family.
    pub engine: Engine,
    /// Form factor.
    pub form: ClientForm,
}

impl Client {
    /// The coarse class of a user agent text. Chromium's text names WebKit and Gecko too, so it is asked first.
    #[must_use]
    pub fn of(user_agent: &str) -> Self {
        let names = |word: &str| user_agent.contains(word);
        let engine = if names("Chrome/") || names("Chromium/") {
            Engine::Chromium
        } else if names("Gecko/") && names("Firefox/") {
            Engine::Gecko
        } else if names("AppleWebKit/") {
            Engine::Webkit
        } else {
            Engine::Other
        };
        let is_mobile = ["Mobi", "Android", "iPhone", "iPad"].into_iter().any(names);
        Self { engine, form: if is_mobile { ClientForm::Mobile } else { ClientForm::Desktop } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_ports_and_capitals_are_no_hosts() {
        for host in ["shop.example", "localhost", "a-1.shop.example", "xn--bcher-kva.example"] {
            assert!(HostName::parse(host).is_ok(), "{host}");
        }
        for host in [
            "",
            "1.2.3.4",
            "0x7f000001",
            "1.2.3.0x4",
            "[::1]",
            "shop.example:80",
            "Shop.example",
            "a..b",
            "-a",
            "a/b",
        ] {
            assert_eq!(HostName::parse(host), Err(FieldError::Host), "{host}");
        }
    }

    #[test]
    fn a_notice_link_loses_its_query() {
        assert_eq!(NoticeUri::parse("/privacy?visitor=7#top").unwrap().as_str(), "/privacy");
        assert_eq!(NoticeUri::parse("https://shop.example/p#x").unwrap().as_str(), "https://shop.example/p");
        for link in
            ["", "privacy", "//evil.example", "javascript:1", "https://1.2.3.4/", "https://a@b.example/"]
        {
            assert_eq!(NoticeUri::parse(link), Err(FieldError::Link), "{link}");
        }
    }

    #[test]
    fn a_receipt_id_is_a_version_4_uuid() {
        let id = ReceiptId::from_random([0xff; 16]);
        assert_eq!(id.as_str(), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(ReceiptId::from_random([0; 16]).as_str(), "00000000-0000-4000-8000-000000000000");
        assert_eq!(ReceiptId::parse(id.as_str()), Ok(id));
        assert!(ReceiptId::parse("FFFFFFFF-ffff-4fff-bfff-ffffffffffff").is_err());
        assert!(ReceiptId::parse("ffffffffffff4fffbfffffffffffffffffff").is_err());
    }

    #[test]
    fn a_user_agent_becomes_one_of_eight_classes() {
        for (user_agent, engine, form) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
                Engine::Chromium,
                ClientForm::Desktop,
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
                Engine::Webkit,
                ClientForm::Mobile,
            ),
            (
                "Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0",
                Engine::Gecko,
                ClientForm::Mobile,
            ),
            ("curl/8", Engine::Other, ClientForm::Desktop),
            ("", Engine::Other, ClientForm::Desktop),
        ] {
            assert_eq!(Client::of(user_agent), Client { engine, form });
        }
    }
}
