//! Pictures of a page in a folder, by a browser of this machine.

use std::path::Path;
use std::process::{Command, Stdio};

/// The page of which they are, in the folder.
pub(crate) const PAGE: &str = "page.html";
/// Browsers that take pictures of a page, by the names they have on machines.
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
/// File, width and height of each, CSS pixels: sizes of screens that the banner is made for.
pub(crate) const PICTURES: [(&str, u32, u32); 2] = [("desktop.png", 1440, 900), ("phone.png", 390, 844)];

/// Takes them, by the browser named or by one that is found, and says so.
///
/// # Errors
/// A sentence that says why there are none.
pub(crate) fn take_pictures(browser: Option<&str>, folder: &Path) -> Result<String, String> {
    let folder = folder.canonicalize().map_err(|error| format!("{}: {error}", folder.display()))?;
    let commands =
        browser.map_or_else(|| BROWSERS.map(str::to_owned).to_vec(), |named| vec![named.to_owned()]);
    for command in commands {
        let mut words = command.split_ascii_whitespace();
        let Some(program) = words.next() else { continue };
        let options: Vec<&str> = words.collect();
        let is_taken = PICTURES.iter().all(|(name, width, height)| {
            let file = folder.join(name);
            let taken = Command::new(program)
                .args(&options)
                // A picture is of what stands, not of what still moves.
                .args(["--headless", "--disable-gpu", "--hide-scrollbars", "--force-prefers-reduced-motion"])
                .arg(format!("--window-size={width},{height}"))
                .arg(format!("--screenshot={}", file.display()))
                .arg(format!("file://{}", folder.join(PAGE).display()))
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
            taken.is_ok_and(|status| status.success()) && file.is_file()
        });
        if is_taken {
            return Ok(format!("pictures: {}", PICTURES.map(|(name, ..)| name).join(", ")));
        }
    }
    Err("no browser was found that takes them; name one by --browser".into())
}
