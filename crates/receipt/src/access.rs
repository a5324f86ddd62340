//! Who may use the dashboard, and what for. A deployment keeps no token, only their hashes, so that who reads its secrets can
//! still not log in by them.
//!
//! `ACCESS_TOKENS` has a line for each person or program: role, name, and the SHA-256 of a token of 20 signs or more, as in
//! `auditor anna 3f2a…`. The one token of `DASHBOARD_TOKEN` is an admin's. Where a deployment has several sites, these keep all of
//! them, and each site may have a list of its own besides. Source: standards.md requirement 91.

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
#[error("line {line}: {cause}; write role, name and the SHA-256 of a token, as in `auditor anna 3f2a…`")]
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

/// Who may log in on a site.
#[derive(Clone, Debug, Default)]
pub struct Access {
    people: Vec<(Person, [u8; 32])>,
    /// The first so many keep all sites of the deployment.
    shared: usize,
}

/// The name of who has the one token that is kept by itself.
const OWNER: &str = "owner";

impl Access {
    /// Reads the list of those who keep all sites; empty lines and those that begin with `#` say nothing.
    ///
    /// # Errors
    /// [`AccessError`] for the first line that is none.
    pub fn parse(text: &str) -> Result<Self, AccessError> {
        Self::default().with_own(text).map(Self::shared)
    }

    /// The same, and those of a list who keep this site alone.
    ///
    /// # Errors
    /// [`AccessError`] for the first line that is none; a name that the others have is one.
    pub fn with_own(mut self, text: &str) -> Result<Self, AccessError> {
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
            if self.people.iter().any(|(person, _)| person.name == name) || name.as_str() == OWNER {
                return Err(wrong("this name is taken"));
            }
            self.people.push((Person { name, role }, hash));
        }
        Ok(self)
    }

    fn shared(self) -> Self {
        Self { shared: self.people.len(), ..self }
    }

    /// The same, and an admin of all sites with that token; an empty one is none.
    #[must_use]
    pub fn with_owner(mut self, token: &str) -> Self {
        if let (false, Ok(name)) = (token.is_empty(), Word::parse(OWNER)) {
            let owner = (Person { name, role: Role::Admin }, sha256(token.as_bytes()));
            self.people.insert(self.shared, owner);
            self.shared += 1;
        }
        self
    }

    /// The first half of the hash that a person has in the list, by which a session of theirs is of this token and of no later one.
    #[must_use]
    pub fn mark(&self, person: &Person) -> Option<String> {
        let (_, hash) = self.people.iter().find(|(listed, _)| listed == person)?;
        Some(Sha256Hex(*hash).to_string().chars().take(32).collect())
    }

    /// Who is in a session that `open` opens by the mark of their token: somebody who is still listed, with that role and that token.
    #[must_use]
    pub fn in_session(&self, open: impl Fn(&str) -> Option<Person>) -> Option<&Person> {
        let mut listed = self.people.iter().map(|(person, _)| person);
        listed.find(|person| self.mark(person).and_then(|mark| open(&mark)).as_ref() == Some(*person))
    }

    /// Does that person keep all sites of the deployment?
    #[must_use]
    pub fn keeps_all(&self, person: &Person) -> bool {
        self.people.iter().take(self.shared).any(|(listed, _)| listed == person)
    }

    /// Is there anybody who may log in?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.people.is_empty()
    }

    /// Whose token that is. Every one is compared, in the same time wherever they differ.
    #[must_use]
    pub fn find(&self, token: &str) -> Option<&Person> {
        let hash = sha256(token.as_bytes());
        self.people.iter().fold(
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
    fn a_sites_own_people_keep_no_other_and_take_nobodys_name() {
        let shared = Access::parse(&format!("viewer maria {}", hash("first"))).unwrap();
        let own = format!("admin zoe {}", hash("second"));
        let access = shared.clone().with_own(&own).unwrap().with_owner("third");
        for (token, keeps_all) in [("first", true), ("second", false), ("third", true)] {
            let person = access.find(token).unwrap();
            assert_eq!(access.keeps_all(person), keeps_all, "{token}");
        }
        let zoe = access.find("second").unwrap().clone();
        let raised = Person { role: Role::Admin, ..access.find("first").unwrap().clone() };
        assert!(shared.mark(&zoe).is_none() && access.mark(&raised).is_none() && !access.keeps_all(&raised));
        let twice = format!("\nadmin maria {}", hash("x"));
        let error = shared.with_own(&twice).unwrap_err();
        assert_eq!(error, AccessError { line: 2, cause: "this name is taken" });
    }

    #[test]
    fn a_session_is_of_who_is_listed_with_that_role_and_that_token() {
        let list = |line: &str| Access::parse(line).unwrap();
        let before = list(&format!("viewer maria {}\nadmin zoe {}", hash("first"), hash("second")));
        let zoe = before.find("second").unwrap().clone();
        let mark = before.mark(&zoe).unwrap();
        let in_session = |access: &Access| {
            // As a sealed session opens: for who knows the mark it was sealed by, and for nobody else.
            access.in_session(|known| (known == mark).then(|| zoe.clone())).cloned()
        };
        assert_eq!(in_session(&before), Some(zoe.clone()));
        for after in [
            format!("viewer maria {}", hash("first")),
            format!("viewer zoe {}", hash("second")),
            format!("admin zoe {}", hash("third")),
            format!("admin other {}", hash("second")),
        ] {
            assert_eq!(in_session(&list(&after)), None, "{after}");
        }
        assert_ne!(before.mark(&zoe), before.mark(before.find("first").unwrap()));
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
            "line 1: not three words; write role, name and the SHA-256 of a token, as in `auditor anna 3f2a…`"
        );
    }
}
