//! `postern check`: reads one file, says what is wrong, gives the exit status.

use crate::known::known;
use postern_policy::Policy;
use std::process::ExitCode;

/// Checks the file and prints errors to stderr, warnings and the verdict to stdout.
pub(crate) fn check(file: &str) -> ExitCode {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) => {
            eprintln!(
                "{file}: cannot be read: {error}; name the policy file, as in postern check shop/postern.toml"
            );
            return ExitCode::from(2);
        }
    };
    match Policy::parse(&text, &known()) {
        Ok(policy) => {
            print!("{}", describe(file, &policy));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{}", error.describe(file));
            let count = error.issues().len();
            eprintln!("{count} {}", if count == 1 { "error" } else { "errors" });
            ExitCode::from(1)
        }
    }
}

/// The warnings, then one line on what the file means.
fn describe(file: &str, policy: &Policy) -> String {
    let warnings: String =
        policy.warnings().iter().map(|issue| format!("warning: {}\n", issue.describe(file))).collect();
    let categories: Vec<_> = policy.offered().iter().map(|category| category.name()).collect();
    let rules = &policy.rules;
    // By country the numbers are those of visitors nobody can place; the others' are the profiles'.
    let place = if rules.is_by_country() { " (where the country is not known)" } else { "" };
    format!(
        "{warnings}{file}: sound; asks for {}; {} vendors; profile {}, grants {} days, refusals {}{place}; tag {:08x}\n",
        categories.join(", "),
        policy.vendors().len(),
        rules.name,
        rules.grant_days,
        rules.refusal_days,
        policy.tag().0
    )
}
