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
}

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
    let rendered = directives
        .into_iter()
        .map(|(name, values)| if values.is_empty() { name } else { format!("{name} {}", values.join(" ")) });
    rendered.collect::<Vec<_>>().join("; ")
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
        }
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
            ("upgrade-insecure-requests", "upgrade-insecure-requests".to_string()),
        ] {
            assert_eq!(amend(policy, &own()), expected, "{policy}");
        }
    }
}
