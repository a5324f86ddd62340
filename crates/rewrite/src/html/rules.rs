//! Which attributes can start a request, and how their values are read.
//! Source: HTML standard, index of attributes; SVG 2, appendix on attributes; Attribution Reporting API.

/// How an attribute's value names addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// One address.
    Address,
    /// The address of a document that is shown within: scripts of its own run in it.
    Document,
    /// Candidates with descriptors, separated by commas.
    Srcset,
    /// Addresses separated by spaces.
    Spaced,
    /// Addresses separated by semicolons.
    Listed,
    /// A document.
    Markup,
    /// CSS declarations: what is held is replaced in place.
    Declarations,
    /// One CSS value.
    Value,
    /// Seconds, then an address (`0; url=/x`).
    Refresh,
    /// A Content-Security-Policy.
    Policy,
}

/// An attribute, lower-case, and how it is read.
pub type Rule = (&'static str, Reading);

const STYLE: Rule = ("style", Reading::Declarations);
const SRC: Rule = ("src", Reading::Address);
const FRAMED: Rule = ("src", Reading::Document);
const HREF: Rule = ("href", Reading::Address);
const BACKGROUND: Rule = ("background", Reading::Address);
const REPORTED: Rule = ("attributionsrc", Reading::Spaced);

/// The attributes of an HTML element with which it can start a request. Any element can by its style.
/// Links that people follow start nothing by themselves, and `base` only moves others.
pub fn of_html(tag: &str) -> &'static [Rule] {
    match tag {
        "script" => &[SRC, REPORTED, STYLE],
        "iframe" => &[FRAMED, ("srcdoc", Reading::Markup), STYLE],
        "img" => &[SRC, ("srcset", Reading::Srcset), STYLE, REPORTED],
        "source" => &[SRC, ("srcset", Reading::Srcset), STYLE],
        "link" => &[HREF, ("imagesrcset", Reading::Srcset), STYLE],
        "video" => &[SRC, ("poster", Reading::Address), STYLE],
        // What browsers take `image` for. Source: HTML standard, "in body" insertion mode.
        "image" => &[SRC, ("srcset", Reading::Srcset), STYLE],
        "frame" | "embed" => &[FRAMED, STYLE],
        "audio" | "track" => &[SRC, STYLE],
        "object" => &[("data", Reading::Document), STYLE],
        "input" => &[SRC, ("formaction", Reading::Address), STYLE],
        "button" => &[("formaction", Reading::Address), STYLE],
        "form" => &[("action", Reading::Address), STYLE],
        "a" | "area" => &[("ping", Reading::Spaced), REPORTED, STYLE],
        "body" | "table" | "thead" | "tbody" | "tfoot" | "tr" | "td" | "th" => &[BACKGROUND, STYLE],
        "meta" => &[("content", Reading::Refresh), STYLE],
        _ => &[STYLE],
    }
}

/// The attributes of an SVG element with which it can start a request.
pub fn of_svg(tag: &str) -> &'static [Rule] {
    match tag {
        "a" => DRAWN.split_at(2).1,
        "set" | "animate" => &[
            ("to", Reading::Listed),
            ("from", Reading::Listed),
            ("by", Reading::Listed),
            ("values", Reading::Listed),
            STYLE,
            ("fill", Reading::Value),
        ],
        _ => DRAWN,
    }
}

/// What SVG elements are drawn by. Source: SVG 2, "presentation attributes".
const DRAWN: &[Rule] = &[
    HREF,
    ("xlink:href", Reading::Address),
    STYLE,
    ("fill", Reading::Value),
    ("stroke", Reading::Value),
    ("filter", Reading::Value),
    ("mask", Reading::Value),
    ("clip-path", Reading::Value),
    ("cursor", Reading::Value),
    ("marker", Reading::Value),
    ("marker-start", Reading::Value),
    ("marker-mid", Reading::Value),
    ("marker-end", Reading::Value),
];

/// How the `content` of a `meta` with that `http-equiv` is read; `None` if it starts nothing.
pub fn of_pragma(pragma: &str) -> Option<Reading> {
    match pragma.trim().to_ascii_lowercase().as_str() {
        "refresh" => Some(Reading::Refresh),
        "content-security-policy" => Some(Reading::Policy),
        _ => None,
    }
}

/// The address in the `content` of a refresh; `None` if it reloads the page itself.
/// Source: HTML standard, "shared declarative refresh steps".
pub fn refresh_address(content: &str) -> Option<&str> {
    let rest = content.trim_start().trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || matches!(c, ';' | ','));
    let after_name = rest
        .get(..3)
        .filter(|name| name.eq_ignore_ascii_case("url"))
        .and_then(|_| rest.get(3..)?.trim_start().strip_prefix('=').map(str::trim_start));
    let address = after_name.unwrap_or(rest);
    let quoted = address
        .strip_prefix('"')
        .map(|rest| (rest, '"'))
        .or(address.strip_prefix('\'').map(|rest| (rest, '\'')));
    let address = quoted.map_or(address, |(rest, quote)| rest.split(quote).next().unwrap_or(rest));
    (!address.trim().is_empty()).then_some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refresh_names_its_address_in_many_ways() {
        for (content, expected) in [
            ("0;url=https://x/", Some("https://x/")),
            (" 5.5 , URL = 'https://x/' y", Some("https://x/")),
            ("0; \"//x/\"", Some("//x/")),
            ("0 //x/", Some("//x/")),
            ("1;/a", Some("/a")),
            ("30", None),
            ("30;", None),
            ("0;url=", None),
        ] {
            assert_eq!(refresh_address(content), expected, "{content}");
        }
    }

    #[test]
    fn links_that_people_follow_start_nothing() {
        assert!(!of_html("a").iter().any(|(name, _)| *name == "href"));
        assert!(!of_svg("a").iter().any(|(name, _)| name.ends_with("href")));
        assert!(of_svg("use").contains(&HREF) && of_html("link").contains(&HREF));
        assert!(of_html("custom-element").contains(&STYLE));
        assert_eq!(of_pragma(" Refresh"), Some(Reading::Refresh));
        assert_eq!(of_pragma("default-style"), None);
    }
}
