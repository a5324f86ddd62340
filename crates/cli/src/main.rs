//! The command `postern`. Reads files, asks a site for its log or its receipts, and prints; every rule is `postern-policy`'s or
//! `postern-receipt`'s.

mod check;
mod export;
mod known;
mod pictures;
mod publish;
mod remote;
mod shorten;
mod show;
mod verify;

use std::process::ExitCode;

const USAGE: &str = "\
postern – checks what a consent gatekeeper is told, and what it has recorded

usage: postern check [FILE]...
       postern shorten FILE
       postern verify --key KEY [--key KEY] receipts.json
       postern verify --key KEY --commitment HEX PROOF
       postern verify --key KEY [--earlier CHECKPOINT]... [--witness KEY]... FOLDER
       postern verify --key KEY [--earlier CHECKPOINT]... [--witness KEY]...
                      --url SITE [--cache FOLDER]
       postern verify --key KEY (--log FOLDER | --url SITE) EXPORT
       postern export --url SITE [--csv | --acts] [--out FILE] [--shard NUMBER]
                      [--from PLACE]
       postern publish --url SITE [--pictures FOLDER [--browser COMMAND]] [FILE]
       postern show --url SITE --receipt ID --out FOLDER [--browser COMMAND]
       postern files CHECKPOINT

  check   parse and lint a policy file (default: postern.toml), print each
          error and warning with its line and fix; of several, which are those
          of one deployment, also what no two of them may share
  shorten print a policy without comments and empty lines, as a variable of a
          Worker can hold it, which takes 5,000 bytes
  verify  check receipts that a visitor took along, a single proof, or a whole
          log in a folder, also against checkpoints that were kept earlier;
          KEY is the log's public key, or a file with one in each line. With
          --url the log is fetched from the site, as https://shop.example; what
          was fetched stays in FOLDER, and the next time the log is compared
          with every checkpoint that was seen before. EXPORT is what
          `postern export` wrote: each receipt of it against the log. With
          --witness that witness must have signed the log too; its KEY is the
          one it publishes, or a file with one in each line
  export  write all receipts of a site, a line of JSON or a row for each, to
          FILE, or on where FILE ends; with --acts what was done by those who
          keep the site; the variable POSTERN_TOKEN has the token of an auditor
          or admin
  publish put what is deployed into the site's log, so that visitors may be
          asked with it; with FILE only if that is the policy that is
          deployed; with --pictures the log has the hashes of pictures of it on
          a desktop and a phone, which are left in FOLDER; the variable POSTERN_TOKEN has the token of an admin
  show    write into FOLDER what the visitor was asked with who has that
          receipt, as a page and as pictures of a phone and a desktop, with the
          receipt, the policy and its entry in the log; the variable
          POSTERN_TOKEN has the token of an auditor or admin
  files   print the path of every file of the log that a checkpoint heads

exit status: 0 sound (perhaps with warnings) or proven, 1 errors or not proven,
             2 wrong usage or unreadable file
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["check"] => check::check(&[postern_policy::FILE_NAME]),
        ["check", files @ ..] if !files.iter().any(|file| file.starts_with('-')) => check::check(files),
        ["shorten", file] if !file.starts_with('-') => shorten::shorten(file),
        ["verify", arguments @ ..] if !arguments.is_empty() => verify::verify(arguments),
        ["export", arguments @ ..] if !arguments.is_empty() => export::export(arguments),
        ["publish", arguments @ ..] if !arguments.is_empty() => publish::publish(arguments),
        ["show", arguments @ ..] if !arguments.is_empty() => show::show(arguments),
        ["files", file] if !file.starts_with('-') => verify::list(file),
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
