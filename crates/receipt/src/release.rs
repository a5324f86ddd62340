//! A released version of what visitors are asked with: policy, texts, markup, style and scripts, by their hashes. It is put into
//! the log before anybody is asked with it, and each receipt names its place there. Source: standards.md requirements 64, 65 and
//! 5.2 (the artefact log); here it stands in the same log as the receipts, so that their order is proven too.

use crate::field::{Sha256Hex, Word};
use crate::seal::sha256;
use crate::time::Timestamp;

/// The form and version of a release.
pub const RELEASE_SCHEMA: &str = "banner-release/1";

/// What a version is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release<'a> {
    /// The controller's slug.
    pub controller: Word,
    /// Hash of the policy's whole meaning: purposes, vendors, days, layout, changes of the notice. Receipts carry it.
    pub policy_sha256: Sha256Hex,
    /// Hash of the policy file as it is written.
    pub source_sha256: Sha256Hex,
    /// Files of the page, and the sources of what is put together for each visitor: a JSON object of names and hashes in
    /// canonical form.
    pub parts: &'a str,
}

/// Hashes of pictures of the banner as it is first seen, as files. Source: CNIL, guidelines of 17 September 2020, section 48.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pictures {
    /// On a desktop.
    pub desktop: Sha256Hex,
    /// On a phone.
    pub phone: Sha256Hex,
}

impl Release<'_> {
    /// Names the version: the hash of what it is made of, in canonical form (RFC 8785).
    #[must_use]
    pub fn version(&self) -> Sha256Hex {
        let Self { controller, policy_sha256, source_sha256, parts } = self;
        let form = format!(
            r#"{{"controller":"{controller}","parts":{parts},"policy_sha256":"{policy_sha256}","source_sha256":"{source_sha256}"}}"#
        );
        Sha256Hex(sha256(form.as_bytes()))
    }

    /// What the log has of it, in canonical form; with what it looks like, where somebody took pictures.
    #[must_use]
    pub fn json(&self, at_unix_ms: u64, pictures: Option<&Pictures>) -> String {
        let Self { controller, policy_sha256, source_sha256, parts } = self;
        let (at, version) = (Timestamp::from_unix_ms(at_unix_ms), self.version());
        let pictures = pictures.map_or(String::new(), |Pictures { desktop, phone }| {
            format!(r#""pictures":{{"desktop":"{desktop}","phone":"{phone}"}},"#)
        });
        format!(
            r#"{{"at":"{at}","controller":"{controller}","parts":{parts},{pictures}"policy_sha256":"{policy_sha256}","schema":"{RELEASE_SCHEMA}","source_sha256":"{source_sha256}","version":"{version}"}}"#
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canonical::canonical_json;

    const VERSION: &str = "491c9f09b7769b3ea7f718986a6f76444aa96869bdab2af01b6e8308d2d09ec6";

    fn release() -> Release<'static> {
        Release {
            controller: Word::parse("luxmoor").unwrap(),
            policy_sha256: Sha256Hex([1; 32]),
            source_sha256: Sha256Hex([2; 32]),
            parts: concat!(
                r#"{"css":"cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd","#,
                r#""stub.js":"abababababababababababababababababababababababababababababababab"}"#
            ),
        }
    }

    #[test]
    fn a_version_is_what_another_program_computes() {
        // python3: hashlib.sha256(json.dumps({…}, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
        assert_eq!(release().version().to_string(), VERSION);
        let json = release().json(1_795_346_441_000, None);
        let read: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(canonical_json(&read).unwrap(), json);
        assert_eq!(read["at"], "2026-11-22T11:20:41Z");
        assert_eq!(read["version"], VERSION);
        assert_eq!(read["schema"], "banner-release/1");
        let pictures = Pictures { desktop: Sha256Hex([3; 32]), phone: Sha256Hex([4; 32]) };
        let json = release().json(1_795_346_441_000, Some(&pictures));
        let read: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(canonical_json(&read).unwrap(), json);
        assert_eq!(read["pictures"]["phone"], "04".repeat(32));
        assert_eq!(read["version"], VERSION, "a picture makes no other version");
    }

    #[test]
    fn whatever_is_another_makes_another_version_and_time_does_not() {
        let version = |change: fn(&mut Release)| {
            let mut release = release();
            change(&mut release);
            release.version().to_string()
        };
        let changed = [
            version(|_| {}),
            version(|release| release.controller = Word::parse("other").unwrap()),
            version(|release| release.policy_sha256.0[0] = 9),
            version(|release| release.source_sha256.0[0] = 9),
            version(|release| release.parts = "{}"),
        ];
        let different: std::collections::HashSet<&String> = changed.iter().collect();
        assert_eq!(different.len(), changed.len());
        assert_ne!(release().json(0, None), release().json(1_000, None));
    }
}
