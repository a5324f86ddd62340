//! `postern check`: reads the policy files of a deployment, says what is wrong, gives the exit status.

use crate::known::known;
use postern_policy::Policy;
use std::process::ExitCode;

/// Checks each file by itself and beside those before it, and prints errors to stderr, warnings and verdicts to stdout. The exit
/// status is the worst of all.
pub(crate) fn check(files: &[&str]) -> ExitCode {
    let (mut sound, mut worst): (Vec<(&str, Policy)>, u8) = (Vec::new(), 0);
    for file in files {
        match read(file) {
            Ok((policy, _)) => {
                let clash =
                    sound.iter().find_map(|(other, earlier)| Some((other, policy.clash_with(earlier)?)));
                if let Some((other, clash)) = clash {
                    eprintln!("{file}: beside {other}: {clash}");
                    worst = worst.max(1);
                } else {
                    print!("{}", describe(file, &policy));
                }
                if files.len() > 1 && policy.site.hosts.is_empty() {
                    println!(
                        "warning: {file}: site.hosts names no host, so it can only be the first site of a deployment"
                    );
                }
                sound.push((file, policy));
            }
            Err(status) => worst = worst.max(status),
        }
    }
    ExitCode::from(worst)
}

/// The policy of a file, and its text; else the exit status, with the reason printed.
pub(crate) fn read(file: &str) -> Result<(Policy, String), u8> {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) => {
            eprintln!(
                "{file}: cannot be read: {error}; name the policy file, as in postern check shop/postern.toml"
            );
            return Err(2);
        }
    };
    match Policy::parse(&text, &known()) {
        Ok(policy) => Ok((policy, text)),
        Err(error) => {
            eprintln!("{}", error.describe(file));
            let count = error.issues().len();
            eprintln!("{count} {}", if count == 1 { "error" } else { "errors" });
            Err(1)
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
