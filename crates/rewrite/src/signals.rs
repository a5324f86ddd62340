//! The browser's own signals, read from the request's headers. What they deny is `postern-consent`'s.

use crate::Headers;
use postern_consent::{Category, CategorySet, Signals};

/// The browser's own signals, exactly as the standards read them. Nothing in here can grant.
///
/// `Sec-GPC` and `DNT` count only as `1`; of several headers one is enough. An `ADPC` header nobody can
/// read denies what its words could have meant: everything if it says `withdraw`, marketing if it says
/// `object`. Source: W3C GPC, 2026-04-03; ADPC draft of 2021, section 5 (unofficial).
#[must_use]
pub fn signals(headers: &Headers) -> Signals {
    // The platform joins several headers of one name with a comma and a space.
    let is_on = |wanted: &str| {
        headers.iter().any(|(name, value)| name == wanted && value.split(", ").any(|v| v == "1"))
    };
    let quiet = Signals { gpc: is_on("sec-gpc"), dnt: is_on("dnt"), ..Signals::NONE };
    headers.iter().filter(|(name, _)| name == "adpc").fold(quiet, |signals, (_, value)| {
        let adpc = parse_adpc(value).unwrap_or_else(|| suspect_adpc(value));
        Signals {
            withdrawn: signals.withdrawn.union(adpc.withdrawn),
            objected: signals.objected || adpc.objected,
            ..signals
        }
    })
}

/// What one well-formed `ADPC` value says; `None` for any other.
///
/// `1#( name "=" ( token / DQUOTE 1*id DQUOTE ) )`, ids apart by blanks. Ids are the categories' names, as we
/// offer them for request; others are not ours and mean nothing here. Parameters other than `withdraw` and
/// `object` mean nothing either: `consent` is no act on this site's own banner (GDPR Art. 4(11)).
fn parse_adpc(value: &str) -> Option<Signals> {
    let mut signals = Signals::NONE;
    let mut rest = value.trim_matches(BLANK);
    loop {
        let (name, tail) = rest.split_once('=')?;
        let is_name = !name.is_empty() && name.bytes().all(is_token_byte);
        let (ids, tail) = match tail.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => tail.split_at(tail.find([',', ' ', '\t']).unwrap_or(tail.len())),
        };
        let is_list = ids.split(BLANK).any(|id| !id.is_empty())
            && ids.split(BLANK).all(|id| id.bytes().all(is_token_byte));
        if !is_name || !is_list {
            return None;
        }
        let mut ids = ids.split(BLANK).filter(|id| !id.is_empty());
        if name.eq_ignore_ascii_case("withdraw") {
            signals.withdrawn = ids.fold(signals.withdrawn, |set, id| set.union(named(id)));
        } else if name.eq_ignore_ascii_case("object") {
            signals.objected |= ids.any(|id| id == "*" || id.eq_ignore_ascii_case("direct-marketing"));
        }
        rest = tail.trim_start_matches(BLANK);
        if rest.is_empty() {
            return Some(signals);
        }
        rest = rest.strip_prefix(',')?.trim_start_matches(BLANK);
    }
}

/// What a value nobody can read may have meant, at its worst for us.
fn suspect_adpc(value: &str) -> Signals {
    let value = value.to_ascii_lowercase();
    let withdrawn = if value.contains("withdraw") { named("*") } else { CategorySet::EMPTY };
    Signals { withdrawn, objected: value.contains("object"), ..Signals::NONE }
}

fn named(id: &str) -> CategorySet {
    let named = match (id, Category::parse(id)) {
        ("*", _) => CategorySet::ALL,
        (_, Some(category)) => CategorySet::EMPTY.with(category),
        (_, None) => CategorySet::EMPTY,
    };
    // Nobody consented to the necessary, so nobody can withdraw that.
    named.without(Category::Necessary)
}

/// Blanks of a header. Source: RFC 9110 5.6.3.
const BLANK: [char; 2] = [' ', '\t'];

/// Source: RFC 9110 5.6.2; `*` is one of them. Ids we did not make may hold the rest of a URL's signs.
const fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'"' | b',' | b';' | b'=' | b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const EVERYTHING: u8 = 0x1e;
    const FUNCTIONAL: u8 = 0x02;
    const ANALYTICS: u8 = 0x04;
    const MARKETING: u8 = 0x08;

    fn headers(pairs: &[(&str, &str)]) -> Headers {
        pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
    }

    #[test]
    fn only_the_exact_signal_counts() {
        for (value, expected) in [
            ("1", true),
            ("0, 1", true),
            ("0", false),
            ("true", false),
            (" 1,1", false),
            ("", false),
            ("1;a", false),
        ] {
            assert_eq!(signals(&headers(&[("sec-gpc", value)])).gpc, expected, "{value:?}");
            assert_eq!(signals(&headers(&[("dnt", value)])).dnt, expected, "{value:?}");
        }
    }

    #[test]
    fn adpc_is_read_strictly_and_denies_when_in_doubt() {
        for (value, withdrawn, objected) in [
            ("withdraw=*", EVERYTHING, false),
            ("withdraw=\"*\"", EVERYTHING, false),
            ("WITHDRAW=*", EVERYTHING, false),
            ("withdraw=analytics", ANALYTICS, false),
            ("withdraw=\"analytics marketing\"", ANALYTICS | MARKETING, false),
            ("withdraw=\" analytics\t functional \"", ANALYTICS | FUNCTIONAL, false),
            ("withdraw=\"analytics *\"", EVERYTHING, false),
            ("withdraw=analytics, withdraw=marketing", ANALYTICS | MARKETING, false),
            ("withdraw=analytics ,\twithdraw=marketing", ANALYTICS | MARKETING, false),
            // Not ours: harmless, and next to ours too.
            ("withdraw=q1", 0, false),
            ("withdraw=\"q1 analytics\"", ANALYTICS, false),
            ("withdraw=Analytics", 0, false),
            ("withdraw=necessary", 0, false),
            ("object=direct-marketing", 0, true),
            ("object=\"direct-marketing\"", 0, true),
            ("object=\"profiling direct-marketing\"", 0, true),
            ("object=*", 0, true),
            ("object=profiling", 0, false),
            ("consent=\"analytics marketing\", withdraw=*, object=direct-marketing", EVERYTHING, true),
            // Consent is given on the site, by an act.
            ("consent=*", 0, false),
            ("consent=\"analytics\"", 0, false),
            ("consent=withdraw", 0, false),
            ("future=1", 0, false),
            // Nobody can read these.
            ("withdraw", EVERYTHING, false),
            ("withdraw=", EVERYTHING, false),
            ("withdraw=\"\"", EVERYTHING, false),
            ("withdraw=\" \"", EVERYTHING, false),
            ("withdraw=\"analytics", EVERYTHING, false),
            ("withdraw=\"analytics\\\"\"", EVERYTHING, false),
            ("withdraw=analytics marketing", EVERYTHING, false),
            ("withdraw=analytics;q=1", EVERYTHING, false),
            ("withdraw = analytics", EVERYTHING, false),
            ("withdraw=analytics,", EVERYTHING, false),
            ("withdraw=änalytics", EVERYTHING, false),
            ("consent=\"a, withdraw=analytics", EVERYTHING, false),
            ("?1, WithDraw", EVERYTHING, false),
            ("object", 0, true),
            ("object=\"direct-marketing", 0, true),
            ("", 0, false),
            ("consent", 0, false),
        ] {
            let found = signals(&headers(&[("adpc", value)]));
            assert_eq!((found.withdrawn.bits(), found.objected), (withdrawn, objected), "{value:?}");
        }
    }

    #[test]
    fn several_adpc_headers_deny_together() {
        let found = signals(&headers(&[
            ("adpc", "withdraw=analytics"),
            ("adpc", "object=*"),
            ("sec-gpc", "1"),
            ("adpc", "withdraw=functional"),
        ]));
        assert_eq!(found.withdrawn.bits(), ANALYTICS | FUNCTIONAL);
        assert!(found.objected && found.gpc && !found.dnt);
    }

    proptest! {
        #[test]
        fn no_value_panics_and_what_says_withdraw_and_is_unreadable_denies_all(
            before in "[a-z=\", *\\\\ä]{0,12}", after in any::<String>(),
        ) {
            let value = format!("{before}withdraw{after}");
            let found = signals(&headers(&[("adpc", &value)]));
            prop_assert!(parse_adpc(&value).is_some() || found.withdrawn.bits() == EVERYTHING);
            prop_assert!(!found.gpc && !found.dnt);
        }

        #[test]
        fn what_is_written_by_the_grammar_is_read(sets in prop::collection::vec(0u8..=0x1f, 1..4)) {
            let value: Vec<String> = sets.iter().map(|bits| {
                let ids: Vec<_> = CategorySet::from_bits(*bits).unwrap().iter().map(Category::name).collect();
                format!("withdraw=\"x {}\"", ids.join(" "))
            }).collect();
            let all = sets.iter().fold(0, |all, bits| all | bits);
            let found = signals(&headers(&[("adpc", &value.join(", "))]));
            prop_assert_eq!(found.withdrawn.bits(), all & EVERYTHING);
        }
    }
}
