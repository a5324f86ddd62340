//! Who may use the dashboard, and what for. A deployment keeps no token, only their hashes, so that who reads its secrets can
//! still not log in by them.
//!
//! `ACCESS_TOKENS` has a line for each person or program: role, name, and the SHA-256 of a token of 20 signs or more, as in
//! `auditor anna 3f2a…`. The one token of `DASHBOARD_TOKEN` is an admin's. Source: standards.md requirement 91.

use crate::field::{Sha256Hex, Word};
use crate::seal::{constant_time_eq, sha256};

/// What somebody may do. Each may do what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Reads the figures.
    Viewer,
    /// Reads receipts and exports too.
    Auditor,
    /// Keeps the register of requests too.
    Admin,
}

impl Role {
    /// Every role, the least first.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Auditor, Self::Admin];

    /// The word in secrets and sessions.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Auditor => "auditor",
            Self::Admin => "admin",
        }
    }

    /// The role of that word.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// Why a list of tokens is refused as a whole: who is left out by a slip would not know why, and who stays in by one neither.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the secret ACCESS_TOKENS, line {line}: {cause}; write role, name and the SHA-256 of a token, as in `auditor anna 3f2a…`"
)]
pub struct AccessError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub cause: &'static str,
}

/// Somebody who is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Their name, as the list has it.
    pub name: Word,
    /// What they may do.
    pub role: Role,
}

/// Who may log in.
#[derive(Clone, Debug, Default)]
pub struct Access(Vec<(Person, [u8; 32])>);

/// The name of who has the one token that is kept by itself.
const OWNER: &str = "owner";

impl Access {
    /// Reads the list; empty lines and those that begin with `#` say nothing.
    ///
    /// # Errors
    /// [`AccessError`] for the first line that is none.
    pub fn parse(text: &str) -> Result<Self, AccessError> {
        let mut people = Vec::new();
        for (line, entry) in (1..).zip(text.lines()) {
            let entry = entry.trim();
            if entry.is_empty() || entry.starts_with('#') {
                continue;
            }
            let wrong = |cause| AccessError { line, cause };
            let words: Vec<&str> = entry.split_ascii_whitespace().collect();
            let [role, name, hash] = words.as_slice() else { return Err(wrong("not three words")) };
            let role = Role::named(role).ok_or(wrong("no such role; there are viewer, auditor and admin"))?;
            let name =
                Word::parse(name).map_err(|_| wrong("the name has other signs than A-Z a-z 0-9 . _ -"))?;
            let Sha256Hex(hash) =
                Sha256Hex::parse(hash).map_err(|_| wrong("not a SHA-256 in 64 lower-case hex digits"))?;
            if people.iter().any(|(person, _): &(Person, _)| person.name == name) || name.as_str() == OWNER {
                return Err(wrong("this name is taken"));
            }
            people.push((Person { name, role }, hash));
        }
        Ok(Self(people))
    }

    /// The same, and an admin with that token; an empty one is none.
    #[must_use]
    pub fn with_owner(mut self, token: &str) -> Self {
        if let (false, Ok(name)) = (token.is_empty(), Word::parse(OWNER)) {
            self.0.push((Person { name, role: Role::Admin }, sha256(token.as_bytes())));
        }
        self
    }

    /// Is there anybody who may log in?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whose token that is. Every one is compared, in the same time wherever they differ.
    #[must_use]
    pub fn find(&self, token: &str) -> Option<&Person> {
        let hash = sha256(token.as_bytes());
        self.0.iter().fold(
            None,
            |found, (person, known)| {
                if constant_time_eq(&hash, known) { Some(person) } else { found }
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(token: &str) -> String {
        Sha256Hex(sha256(token.as_bytes())).to_string()
    }

    #[test]
    fn each_token_is_one_persons() {
        let list = format!(
            "# the team\n\nviewer  maria {}\n  auditor anna.b {}\nadmin zoe {}\n",
            hash("first"),
            hash("second"),
            hash("third")
        );
        let access = Access::parse(&list).unwrap().with_owner("fourth");
        for (token, name, role) in [
            ("first", "maria", Role::Viewer),
            ("second", "anna.b", Role::Auditor),
            ("third", "zoe", Role::Admin),
            ("fourth", "owner", Role::Admin),
        ] {
            let person = access.find(token).unwrap();
            assert_eq!((person.name.as_str(), person.role), (name, role));
        }
        for token in ["", "First", "first ", &hash("first")] {
            assert_eq!(access.find(token), None, "{token}");
        }
        assert!(Role::Viewer < Role::Auditor && Role::Auditor < Role::Admin);
    }

    #[test]
    fn without_a_list_and_a_token_nobody_is_known() {
        let nobody = Access::parse("").unwrap().with_owner("");
        assert!(nobody.is_empty());
        assert_eq!(nobody.find(""), None);
    }

    #[test]
    fn a_line_that_is_none_says_which_and_why() {
        let sound = format!("viewer maria {}\n", hash("first"));
        for (line, cause) in [
            ("viewer maria", "not three words"),
            ("boss zoe 00", "no such role; there are viewer, auditor and admin"),
            ("admin z/e 00", "the name has other signs than A-Z a-z 0-9 . _ -"),
            ("admin zoe 00", "not a SHA-256 in 64 lower-case hex digits"),
            (&format!("admin maria {}", hash("x")), "this name is taken"),
            (&format!("admin owner {}", hash("x")), "this name is taken"),
        ] {
            let error = Access::parse(&format!("{sound}{line}")).unwrap_err();
            assert_eq!(error, AccessError { line: 2, cause: error.cause });
            assert_eq!(error.cause, cause);
        }
        let error = Access::parse("x").unwrap_err().to_string();
        assert_eq!(
            error,
            "the secret ACCESS_TOKENS, line 1: not three words; write role, name and the SHA-256 of a token, as in `auditor anna 3f2a…`"
        );
    }
}
