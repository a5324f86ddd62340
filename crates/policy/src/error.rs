//! The faults of a policy file: where each is, and all of them together. What each says is `cause`'s.

use crate::cause::Cause;
use postern_sort::sorted_by_key;
use std::fmt;

/// The file's usual name, used where no other is given.
pub const FILE_NAME: &str = "postern.toml";

/// One fault or warning: where, and why with the fix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// Line in the file, from 1.
    pub line: usize,
    /// Dotted key path (`"vendors.meta-pixel.category"`); empty when the fault has no key.
    pub key: String,
    /// What is wrong.
    pub cause: Cause,
}

impl Issue {
    /// `<file>:<line>: <key>: <cause>`, one line.
    #[must_use]
    pub fn describe(&self, file: &str) -> String {
        if self.key.is_empty() {
            format!("{file}:{}: {}", self.line, self.cause)
        } else {
            format!("{file}:{}: {}: {}", self.line, self.key, self.cause)
        }
    }
}

impl fmt::Display for Issue {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.describe(FILE_NAME))
    }
}

/// Every fault of a file, in the order of its lines. Never empty.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.describe(FILE_NAME))]
pub struct PolicyError {
    issues: Vec<Issue>,
}

impl PolicyError {
    pub(crate) fn new(issues: Vec<Issue>) -> Self {
        Self { issues: sorted_by_key(issues, |issue| issue.line) }
    }

    pub(crate) fn into_issues(self) -> Vec<Issue> {
        self.issues
    }

    /// The faults, in the order of their lines.
    #[must_use]
    pub fn issues(&self) -> &[Issue] {
        &self.issues
    }

    /// One line per fault, each beginning with that file name.
    #[must_use]
    pub fn describe(&self, file: &str) -> String {
        self.issues.iter().map(|issue| issue.describe(file)).collect::<Vec<_>>().join("\n")
    }
}
