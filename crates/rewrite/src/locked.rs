//! A page that cannot be rewritten, handed out with nothing in it alive: the browser itself refuses what no rule
//! of ours could reach. Source: CSP Level 3; HTML standard, "sandboxing".

/// The parameter that asks for a page so. Anybody may: it only takes away.
const PARAMETER: &str = "postern-locked";

/// The policy of such a page: no script, no frame, no automatic navigation, and nothing from any other host.
/// `worker/last-resort.mjs` has the same.
pub const LOCKED_POLICY: &str = "sandbox allow-forms allow-popups allow-same-origin allow-top-navigation-by-user-activation; default-src 'none'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; font-src 'self' data:; media-src 'self'; form-action 'self'; base-uri 'none'";

fn is_asking(pair: &&str) -> bool {
    pair.split('=').next() == Some(PARAMETER)
}

/// Does this path and query ask for the page locked?
#[must_use]
pub fn is_locked_target(target: &str) -> bool {
    target.split_once('?').is_some_and(|(_, query)| query.split('&').any(|pair| is_asking(&pair)))
}

/// The path and query under which the same page is handed out locked.
#[must_use]
pub fn locked_target(target: &str) -> String {
    let mark = if target.contains('?') { '&' } else { '?' };
    format!("{target}{mark}{PARAMETER}=1")
}

/// The path and query without our parameter, for the origin; `None` if it is not there.
pub fn unlocked_target(target: &str) -> Option<String> {
    let (path, query) = target.split_once('?').filter(|_| is_locked_target(target))?;
    let kept: Vec<&str> = query.split('&').filter(|pair| !is_asking(pair)).collect();
    Some(if kept.is_empty() { path.to_string() } else { format!("{path}?{}", kept.join("&")) })
}

/// What ends a page anywhere, in a tag, a text or a comment, and leads on to its locked form.
#[must_use]
pub fn break_out(locked: &str) -> String {
    let address = locked.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
    format!(
        "\"'>--></script></style></textarea></title></noscript></xmp></iframe></noembed></noframes></select></template>\
         </svg></math><meta http-equiv=\"refresh\" content=\"0;url={address}\"><p><a href=\"{address}\">This page \
         continues here, in a simpler form.</a></p>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_asked_for_locked_and_asked_of_the_origin_as_it_was() {
        for (target, locked) in [("/a", "/a?postern-locked=1"), ("/a?b=1&c", "/a?b=1&c&postern-locked=1")] {
            assert_eq!(locked_target(target), locked);
            assert!(is_locked_target(locked) && !is_locked_target(target));
            assert_eq!(unlocked_target(locked).as_deref(), Some(target));
            assert_eq!(unlocked_target(target), None);
        }
    }

    #[test]
    fn the_way_out_cannot_be_broken_by_an_address() {
        let out = break_out("/a?\"><script>&b");
        assert!(out.contains("url=/a?&quot;>&lt;script>&amp;b\"") && !out.contains("<script>"), "{out}");
    }

    #[test]
    fn the_last_resort_has_the_same_policy() {
        let shell = include_str!("../../../worker/last-resort.mjs");
        assert!(shell.contains(&format!("\"{LOCKED_POLICY}\"")));
    }
}
