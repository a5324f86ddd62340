//! The platform's word on who asks: the JSON Web Token that its login (Cloudflare Access) adds to each request it lets in. It is
//! believed only if the platform signed it, for this application, and for now; everything else is nobody.
//! Source: standards.md requirement 91; RFC 7519 4.1, RFC 7515 5.2, RFC 8725 3.1;
//! developers.cloudflare.com/cloudflare-one/access-controls/applications/http-apps/authorization-cookie/validating-json.

use crate::access::{Person, Role};
use crate::field::Word;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// Longest token that is looked at, bytes: the platform's have about one kilobyte.
pub const ASSERTION_BYTES_MAX: usize = 8192;

/// How far the platform's clock may be ahead of ours, seconds.
const SKEW_SECONDS: u64 = 60;

/// Why a token is nobody's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AssertionError {
    /// Not three parts of base64url, the first two JSON objects.
    #[error("the platform's token cannot be read")]
    Form,
    /// Signed in another way, or in none. Source: RFC 8725 3.1.
    #[error("the platform's token is not signed by RS256")]
    Algorithm,
    /// The signature is not by that key, or of another text.
    #[error("the platform's token is not signed with its key: it was altered or forged")]
    Signature,
    /// Another platform's, or another team's.
    #[error("the platform's token is of another team: see ACCESS_TEAM")]
    Issuer,
    /// For another application of the team.
    #[error("the platform's token is for another application: see ACCESS_AUDIENCE")]
    Audience,
    /// Over, or without an end.
    #[error("the platform's token is over: log in again")]
    Expired,
    /// From the future.
    #[error("the platform's token holds only later: see the clock")]
    Early,
    /// Names nobody.
    #[error("the platform's token names nobody")]
    Nameless,
}

/// Whose tokens are taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// The team's address, without a slash at its end: the claim `iss`.
    pub issuer: String,
    /// The application's tag: one of the claim `aud`.
    pub audience: String,
}

/// A token in its parts. Nothing of it says anything before [`Assertion::who`] has been told that its signature is right.
#[derive(Clone, Debug)]
pub struct Assertion<'text> {
    /// Names the key that signed it.
    pub key_id: String,
    /// What is signed.
    pub signed: &'text str,
    /// The signature, RSASSA-PKCS1-v1_5 with SHA-256.
    pub signature: Vec<u8>,
    claims: Value,
}

impl<'text> Assertion<'text> {
    /// Reads a token.
    ///
    /// # Errors
    /// [`AssertionError::Form`] or [`AssertionError::Algorithm`].
    pub fn parse(token: &'text str) -> Result<Self, AssertionError> {
        if token.len() > ASSERTION_BYTES_MAX {
            return Err(AssertionError::Form);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(AssertionError::Form)?;
        let (header, claims) = signed.split_once('.').ok_or(AssertionError::Form)?;
        let bytes = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| AssertionError::Form);
        let object = |part: &str| {
            let value = serde_json::from_slice::<Value>(&bytes(part)?).map_err(|_| AssertionError::Form)?;
            if value.is_object() { Ok(value) } else { Err(AssertionError::Form) }
        };
        let header = object(header)?;
        let text = |name: &str| header.get(name).and_then(Value::as_str);
        // What we do not know may change what the rest means. Source: RFC 7515 4.1.11.
        if text("alg") != Some("RS256") || header.get("crit").is_some() {
            return Err(AssertionError::Algorithm);
        }
        let key_id = text("kid").ok_or(AssertionError::Form)?.to_owned();
        Ok(Self { key_id, signed, signature: bytes(signature)?, claims: object(claims)? })
    }

    /// Who is meant: the address of a person, or the name of a program; lower-case. `is_signed` says whether the signature was
    /// verified with the key of that name, as the issuer publishes it.
    ///
    /// # Errors
    /// [`AssertionError`] by cause, the signature first.
    pub fn who(
        &self,
        is_signed: bool,
        expected: &Expected,
        now_unix_seconds: u64,
    ) -> Result<String, AssertionError> {
        let text = |name: &str| self.claims.get(name).and_then(Value::as_str).unwrap_or_default();
        let time = |name: &str| self.claims.get(name).and_then(Value::as_u64);
        if !is_signed {
            return Err(AssertionError::Signature);
        }
        if text("iss") != expected.issuer {
            return Err(AssertionError::Issuer);
        }
        let is_for_us = match self.claims.get("aud") {
            Some(Value::String(one)) => *one == expected.audience,
            Some(Value::Array(several)) => several.iter().any(|one| *one == *expected.audience),
            _ => false,
        };
        if !is_for_us || expected.audience.is_empty() {
            return Err(AssertionError::Audience);
        }
        if time("exp").is_none_or(|end| end <= now_unix_seconds) {
            return Err(AssertionError::Expired);
        }
        let latest = now_unix_seconds.saturating_add(SKEW_SECONDS);
        let begins = ["nbf", "iat"].map(|name| self.claims.get(name).map(|_| time(name).unwrap_or(u64::MAX)));
        if begins.into_iter().flatten().any(|begin| begin > latest) {
            return Err(AssertionError::Early);
        }
        let who = [text("email"), text("common_name")].into_iter().find(|name| !name.is_empty());
        who.map(str::to_ascii_lowercase).ok_or(AssertionError::Nameless)
    }
}

/// Why a list of people is refused as a whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the secret ACCESS_PEOPLE, line {line}: {cause}; write role, name and address, as in `auditor anna anna@shop.example`, with `*@shop.example` or `*` for all others"
)]
pub struct PeopleError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub cause: &'static str,
}

/// What those may do whom the platform lets in: `ACCESS_PEOPLE` has a line for each, with role, a name for what is noted of them, and
/// their address there; `*@` and a host stand for all others of that host, `*` for all others.
#[derive(Clone, Debug, Default)]
pub struct People(Vec<(Person, String)>);

impl People {
    /// Reads the list; empty lines and those that begin with `#` say nothing.
    ///
    /// # Errors
    /// [`PeopleError`] for the first line that is none.
    pub fn parse(text: &str) -> Result<Self, PeopleError> {
        let mut people: Vec<(Person, String)> = Vec::new();
        for (line, entry) in (1..).zip(text.lines()) {
            let entry = entry.trim();
            if entry.is_empty() || entry.starts_with('#') {
                continue;
            }
            let wrong = |cause| PeopleError { line, cause };
            let words: Vec<&str> = entry.split_ascii_whitespace().collect();
            let [role, name, address] = words.as_slice() else { return Err(wrong("not three words")) };
            let role = Role::named(role).ok_or(wrong("no such role; there are viewer, auditor and admin"))?;
            let name =
                Word::parse(name).map_err(|_| wrong("the name has other signs than A-Z a-z 0-9 . _ -"))?;
            let address = address.to_ascii_lowercase();
            if people.iter().any(|(_, known)| *known == address) {
                return Err(wrong("this address is there twice"));
            }
            if address.get(1..).is_some_and(|rest| rest.contains('*')) {
                return Err(wrong("a star stands alone, or before the @"));
            }
            people.push((Person { name, role }, address));
        }
        Ok(Self(people))
    }

    /// Who that is here: by their own line, else by that of their host, else by the one for all.
    #[must_use]
    pub fn find(&self, who: &str) -> Option<&Person> {
        let host = who.rsplit_once('@').map(|(_, host)| format!("*@{host}"));
        let line = |wanted: &str| self.0.iter().find(|(_, address)| address == wanted);
        // Nobody is called by the name that stands for all.
        let own = line(who).filter(|_| !who.starts_with('*'));
        let found = own.or_else(|| line(&host?)).or_else(|| line("*"));
        found.map(|(person, _)| person)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const NOW: u64 = 1_795_346_441;

    fn token(header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.{}", part(header), part(claims), URL_SAFE_NO_PAD.encode([1, 2, 3]))
    }

    fn expected() -> Expected {
        Expected { issuer: "https://team.example".into(), audience: "tag".into() }
    }

    fn claims() -> Value {
        json!({ "iss": "https://team.example", "aud": ["other", "tag"], "exp": NOW + 60, "iat": NOW, "nbf": NOW, "email": "Anna@Shop.example" })
    }

    fn who(change: impl Fn(&mut Value)) -> Result<String, AssertionError> {
        let mut claims = claims();
        change(&mut claims);
        let token = token(&json!({ "alg": "RS256", "kid": "k" }), &claims);
        Assertion::parse(&token)?.who(true, &expected(), NOW)
    }

    fn without(name: &'static str) -> impl Fn(&mut Value) {
        move |claims| {
            claims.as_object_mut().map(|claims| claims.remove(name));
        }
    }

    #[test]
    fn a_token_names_somebody_only_if_everything_about_it_is_right() {
        assert_eq!(who(|_| {}).as_deref(), Ok("anna@shop.example"));
        assert_eq!(who(|claims| claims["aud"] = json!("tag")).as_deref(), Ok("anna@shop.example"));
        assert_eq!(
            who(|claims| {
                claims["email"] = json!("");
                claims["common_name"] = json!("Bot.Access");
            })
            .as_deref(),
            Ok("bot.access")
        );
        for (change, error) in [
            (json!({ "iss": "https://team.example.evil" }), AssertionError::Issuer),
            (json!({ "iss": null }), AssertionError::Issuer),
            (json!({ "aud": [] }), AssertionError::Audience),
            (json!({ "aud": ["tags"] }), AssertionError::Audience),
            (json!({ "aud": { "tag": "tag" } }), AssertionError::Audience),
            (json!({ "exp": NOW }), AssertionError::Expired),
            (json!({ "exp": "never" }), AssertionError::Expired),
            (json!({ "exp": -1 }), AssertionError::Expired),
            (json!({ "nbf": NOW + 61 }), AssertionError::Early),
            (json!({ "iat": "then" }), AssertionError::Early),
            (json!({ "email": 7 }), AssertionError::Nameless),
        ] {
            let found = who(|claims| {
                for (name, value) in change.as_object().into_iter().flatten() {
                    claims[name] = value.clone();
                }
            });
            assert_eq!(found, Err(error), "{change}");
        }
        for (name, error) in [
            ("iss", AssertionError::Issuer),
            ("aud", AssertionError::Audience),
            ("exp", AssertionError::Expired),
            ("email", AssertionError::Nameless),
        ] {
            assert_eq!(who(without(name)), Err(error), "{name}");
        }
        let token = token(&json!({ "alg": "RS256", "kid": "k" }), &claims());
        let assertion = Assertion::parse(&token).unwrap();
        assert_eq!(assertion.who(false, &expected(), NOW), Err(AssertionError::Signature));
        let nobody = Expected { audience: String::new(), ..expected() };
        assert_eq!(assertion.who(true, &nobody, NOW), Err(AssertionError::Audience));
        assert_eq!((assertion.key_id.as_str(), assertion.signature.as_slice()), ("k", [1, 2, 3].as_slice()));
        assert_eq!(Some(assertion.signed), token.rsplit_once('.').map(|(signed, _)| signed));
    }

    #[test]
    fn no_other_algorithm_is_taken() {
        for header in [
            json!({ "alg": "none", "kid": "k" }),
            json!({ "alg": "HS256", "kid": "k" }),
            json!({ "alg": "rs256", "kid": "k" }),
            json!({ "kid": "k" }),
            json!({ "alg": "RS256", "kid": "k", "crit": ["b64"] }),
        ] {
            let error = Assertion::parse(&token(&header, &claims())).map(|_| ()).unwrap_err();
            assert_eq!(error, AssertionError::Algorithm, "{header}");
        }
        assert!(Assertion::parse(&token(&json!({ "alg": "RS256" }), &claims())).is_err());
    }

    proptest! {
        #[test]
        fn nothing_of_strangers_panics(text in "(?s).{0,200}", parts in "[A-Za-z0-9_-]{0,40}\\.[A-Za-z0-9_-]{0,40}\\.[A-Za-z0-9_-]{0,40}") {
            for text in [text, parts] {
                if let Ok(assertion) = Assertion::parse(&text) {
                    prop_assert!(assertion.who(true, &expected(), NOW).is_err());
                }
            }
        }
    }

    #[test]
    fn people_are_found_by_their_own_line_first() {
        let people = People::parse(
            "# the team\nadmin zoe Zoe@shop.example\nviewer staff *@shop.example\n\nauditor bot bot.access\n",
        )
        .unwrap();
        let found = |who: &str| people.find(who).map(|person| (person.name.as_str(), person.role));
        assert_eq!(found("zoe@shop.example"), Some(("zoe", Role::Admin)));
        assert_eq!(found("anna@shop.example"), Some(("staff", Role::Viewer)));
        assert_eq!(found("bot.access"), Some(("bot", Role::Auditor)));
        for nobody in
            ["anna@other.example", "zoe@shop.example.evil", "shop.example", "", "*", "*@shop.example@x"]
        {
            assert_eq!(found(nobody), None, "{nobody}");
        }
        let all = People::parse("viewer all *").unwrap();
        assert_eq!(all.find("who@ever.example").map(|person| person.role), Some(Role::Viewer));
    }

    #[test]
    fn a_line_that_is_none_says_which_and_why() {
        for (line, cause) in [
            ("viewer anna", "not three words"),
            ("boss zoe zoe@shop.example", "no such role; there are viewer, auditor and admin"),
            ("admin z/e zoe@shop.example", "the name has other signs than A-Z a-z 0-9 . _ -"),
            ("admin zoe anna@shop.example", "this address is there twice"),
            ("admin zoe z*@shop.example", "a star stands alone, or before the @"),
        ] {
            let error = People::parse(&format!("viewer anna anna@shop.example\n{line}")).unwrap_err();
            assert_eq!(error, PeopleError { line: 2, cause }, "{line}");
        }
    }
}
