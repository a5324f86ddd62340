//! Letting our own inline parts through the site's Content-Security-Policy, and nothing else.
//! Source: CSP Level 3; standards.md 5.6.

/// What of ours the page must be allowed to run and load.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnSources {
    /// Base64 SHA-256 of each inline script.
    pub script_hashes: Vec<String>,
    /// Base64 SHA-256 of each inline style.
    pub style_hashes: Vec<String>,
    /// Origin and folder of our own files (`https://shop.example/_postern/`).
    pub folder: String,
    /// Is a picture of ours asked for, by which a banner that is drawn is counted?
    pub has_picture: bool,
}

/// The name under which the stub makes trusted values, in `www/stub/restore.js`.
const TRUSTED_TYPES_POLICY: &str = "postern";

/// One serialized policy with our sources added where it would otherwise forbid them.
pub fn amend(policy: &str, own: &OwnSources) -> String {
    let mut directives: Vec<(String, Vec<String>)> = policy
        .split(';')
        .filter_map(|directive| {
            let mut words = directive.split_ascii_whitespace().map(str::to_string);
            Some((words.next()?.to_ascii_lowercase(), words.collect()))
        })
        .collect();
    let script: Vec<String> = own.script_hashes.iter().map(|hash| format!("'sha256-{hash}'")).collect();
    let style: Vec<String> = own.style_hashes.iter().map(|hash| format!("'sha256-{hash}'")).collect();
    let wasm = vec![own.folder.clone(), "'wasm-unsafe-eval'".to_string()];
    for (name, inline, loaded) in [
        ("script-src-elem", &script, vec![own.folder.clone()]),
        ("script-src", &script, wasm),
        ("style-src-elem", &style, vec![]),
        ("style-src", &style, vec![]),
        ("connect-src", &vec![], vec![own.folder.clone()]),
        ("form-action", &vec![], vec![own.folder.clone()]),
    ] {
        add(&mut directives, name, inline, &loaded);
    }
    if own.has_picture {
        add(&mut directives, "img-src", &[], std::slice::from_ref(&own.folder));
    }
    allow_trusted_types(&mut directives);
    let rendered = directives
        .into_iter()
        .map(|(name, values)| if values.is_empty() { name } else { format!("{name} {}", values.join(" ")) });
    rendered.collect::<Vec<_>>().join("; ")
}

/// The policy without addresses that reports may not be sent to; `None` if there are none.
pub fn without_reports(policy: &str, mut is_held: impl FnMut(&str) -> bool) -> Option<String> {
    let mut has_changed = false;
    let directives: Vec<String> = policy
        .split(';')
        .filter_map(|directive| {
            let mut words = directive.split_ascii_whitespace();
            if !words.next().is_some_and(|name| name.eq_ignore_ascii_case("report-uri")) {
                return Some(directive.to_string());
            }
            let (held, kept): (Vec<&str>, Vec<&str>) = words.partition(|address| is_held(address));
            has_changed |= !held.is_empty();
            (!kept.is_empty()).then(|| format!(" report-uri {}", kept.join(" ")))
        })
        .collect();
    has_changed.then(|| directives.join(";").trim().to_string())
}

/// The nonces a script of the markup needs one of, where the policy says `'strict-dynamic'`: what a trusted script
/// starts later runs without, so a script that the browser would refuse must not be started by us.
/// `None` where the policy does not say so.
pub fn demanded_nonces(policy: &str) -> Option<Vec<String>> {
    let directive = |wanted: &str| {
        policy
            .split(';')
            .map(|directive| directive.split_ascii_whitespace().collect::<Vec<_>>())
            .find(|words| words.first().is_some_and(|name| name.eq_ignore_ascii_case(wanted)))
    };
    let words = ["script-src-elem", "script-src", "default-src"].into_iter().find_map(directive)?;
    if !words.iter().any(|word| word.eq_ignore_ascii_case("'strict-dynamic'")) {
        return None;
    }
    let nonce =
        |word: &&str| word.strip_prefix("'nonce-").and_then(|rest| rest.strip_suffix('\'')).map(String::from);
    Some(words.iter().filter_map(nonce).collect())
}

/// Names the stub's policy where the site names the policies it allows. Source: Trusted Types, "trusted-types".
fn allow_trusted_types(directives: &mut [(String, Vec<String>)]) {
    let Some((_, names)) = directives.iter_mut().find(|(name, _)| name == "trusted-types") else { return };
    if names.iter().any(|name| name == "*") {
        return;
    }
    names.retain(|name| !name.eq_ignore_ascii_case("'none'"));
    names.push(TRUSTED_TYPES_POLICY.into());
}

fn add(directives: &mut Vec<(String, Vec<String>)>, name: &str, inline: &[String], loaded: &[String]) {
    let position = directives.iter().position(|(found, _)| found == name);
    let index = match position {
        Some(index) => index,
        // `-elem` falls back to the plain directive, which is amended in its turn; only fetch
        // directives fall back to default-src.
        None if name.ends_with("-elem") || name == "form-action" => return,
        None => {
            let Some(default) = directives.iter().find(|(found, _)| found == "default-src") else { return };
            let copy = (name.to_string(), default.1.clone());
            directives.push(copy);
            directives.len() - 1
        }
    };
    let Some((_, values)) = directives.get_mut(index) else { return };
    let has = |wanted: &str| values.iter().any(|value| value.eq_ignore_ascii_case(wanted));
    let is_strict = values.iter().any(|value| value.starts_with("'nonce-") || value.starts_with("'sha"));
    // A hash beside 'unsafe-inline' would switch the latter off and break the site's own scripts.
    let allows_inline = has("'unsafe-inline'") && !is_strict && !has("'strict-dynamic'");
    let allows_everything = has("*");
    values.retain(|value| !value.eq_ignore_ascii_case("'none'"));
    if !allows_inline {
        values.extend(inline.iter().cloned());
    }
    for source in loaded {
        let is_needed = source.starts_with('\'') || !allows_everything;
        if is_needed && !values.contains(source) {
            values.push(source.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own() -> OwnSources {
        OwnSources {
            script_hashes: vec!["S".into()],
            style_hashes: vec!["T".into()],
            folder: "https://x.example/_postern/".into(),
            has_picture: false,
        }
    }

    #[test]
    fn reports_go_to_nobody_who_is_held() {
        let without = |policy| without_reports(policy, |address| address.contains("evil"));
        assert_eq!(
            without("img-src *; Report-URI https://evil/x /own").as_deref(),
            Some("img-src *; report-uri /own")
        );
        assert_eq!(without("report-uri https://evil/x").as_deref(), Some(""));
        assert_eq!(without("img-src evil; report-uri /own"), None);
    }

    #[test]
    fn nonces_are_demanded_only_where_trust_is_handed_on() {
        let nonces = |policy| demanded_nonces(policy);
        assert_eq!(
            nonces("script-src 'nonce-a' 'nonce-b' 'strict-dynamic'"),
            Some(vec!["a".into(), "b".into()])
        );
        assert_eq!(nonces("default-src 'Strict-Dynamic'"), Some(vec![]));
        assert_eq!(nonces("default-src 'strict-dynamic'; script-src 'self'"), None);
        assert_eq!(nonces("script-src 'nonce-a'"), None);
    }

    #[test]
    fn our_parts_are_let_through_and_nothing_else() {
        let folder = "https://x.example/_postern/";
        for (policy, expected) in [
            ("img-src *", "img-src *".to_string()),
            (
                "script-src 'self' 'nonce-a'",
                format!("script-src 'self' 'nonce-a' 'sha256-S' {folder} 'wasm-unsafe-eval'"),
            ),
            ("script-src 'unsafe-inline' *", "script-src 'unsafe-inline' * 'wasm-unsafe-eval'".to_string()),
            ("style-src 'none'", "style-src 'sha256-T'".to_string()),
            (
                "Default-Src 'none'",
                format!(
                    "default-src 'none'; script-src 'sha256-S' {folder} 'wasm-unsafe-eval'; \
                     style-src 'sha256-T'; connect-src {folder}"
                ),
            ),
            ("form-action 'self'", format!("form-action 'self' {folder}")),
            ("trusted-types a b", "trusted-types a b postern".to_string()),
            ("trusted-types 'none'", "trusted-types postern".to_string()),
            ("trusted-types *", "trusted-types *".to_string()),
            (
                "script-src 'strict-dynamic' 'nonce-a' 'unsafe-inline'",
                format!(
                    "script-src 'strict-dynamic' 'nonce-a' 'unsafe-inline' 'sha256-S' {folder} 'wasm-unsafe-eval'"
                ),
            ),
            ("upgrade-insecure-requests", "upgrade-insecure-requests".to_string()),
        ] {
            assert_eq!(amend(policy, &own()), expected, "{policy}");
        }
    }

    #[test]
    fn a_picture_of_ours_is_let_through_where_there_is_one() {
        let own = OwnSources { has_picture: true, ..own() };
        let folder = "https://x.example/_postern/";
        for (policy, expected) in [
            ("img-src 'none'", format!("img-src {folder}")),
            ("img-src 'self' data:", format!("img-src 'self' data: {folder}")),
            ("img-src *", "img-src *".to_string()),
            ("frame-src 'none'", "frame-src 'none'".to_string()),
        ] {
            assert_eq!(amend(policy, &own), expected, "{policy}");
        }
        assert!(amend("default-src 'none'", &own).ends_with(&format!("; img-src {folder}")));
    }
}
