//! `postern shorten`: a policy as a variable of a Worker can hold it, without comments and empty lines.

use crate::check::read;
use crate::known::known;
use postern_policy::Policy;
use std::process::ExitCode;

/// The longest variable or secret of a Worker, bytes. Source: developers.cloudflare.com/workers/platform/limits, "Environment
/// variables" (5 KB).
const VARIABLE_BYTES_MAX: usize = 5_000;

/// Prints the policy, shortened; if it says something else then, or is still too long, says so in its place and fails.
pub(crate) fn shorten(file: &str) -> ExitCode {
    let (policy, text) = match read(file) {
        Ok(sound) => sound,
        Err(status) => return ExitCode::from(status),
    };
    let short = without_comments(&text);
    let is_same = Policy::parse(&short, &known()).is_ok_and(|read| read.hash() == policy.hash());
    if !is_same {
        eprintln!("{file}: a text of several lines has one that is empty or begins with #; write it without");
        return ExitCode::from(1);
    }
    if short.len() > VARIABLE_BYTES_MAX {
        eprintln!(
            "{file}: {} bytes without comments, and a variable holds {VARIABLE_BYTES_MAX}; build it in as the first site's, or give it a deployment of its own",
            short.len()
        );
        return ExitCode::from(1);
    }
    print!("{short}");
    ExitCode::SUCCESS
}

/// The lines that say something; no end of a line behind the last, which wrangler and shells take off, so that what is deployed is
/// this file byte for byte.
fn without_comments(text: &str) -> String {
    let says = |line: &&str| !line.trim_start().starts_with('#') && !line.trim().is_empty();
    text.lines().filter(says).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_empty_lines_are_left_out_and_nothing_else() {
        let text = "# one\n[site]\n\n  # two\nid = \"a#b\" # three\n \t\nhosts = [\n  \"a.example\",\n]";
        assert_eq!(without_comments(text), "[site]\nid = \"a#b\" # three\nhosts = [\n  \"a.example\",\n]");
    }
}
