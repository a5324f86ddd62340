//! The command `postern`. Reads files and prints; every rule is `postern-policy`'s.

mod check;
mod known;

use std::process::ExitCode;

const USAGE: &str = "\
postern – checks what a consent gatekeeper is told

usage: postern check [FILE]

  check   parse and lint a policy file (default: postern.toml), print each
          error and warning with its line and fix

exit status: 0 sound (perhaps with warnings), 1 errors, 2 wrong usage or unreadable file
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["check"] => check::check(postern_policy::FILE_NAME),
        ["check", file] if !file.starts_with('-') => check::check(file),
        ["help" | "-h" | "--help"] => {
            print!("{USAGE}");
            ExitCode::SUCCESS
        }
        _ => {
            eprint!("{USAGE}");
            ExitCode::from(2)
        }
    }
}
