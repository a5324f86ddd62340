//! The two stylesheets and the hash the first one needs. The rules themselves are in `www/css`.

use crate::held::HELD_CSS;
use crate::reopen::{HOLDING_CSS, REOPEN_CSS};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postern_policy::{Colours, Font, Policy, Scheme, Theme};
use sha2::{Digest, Sha256};

/// What goes inline with the banner. Written as it ships, a rule a line: a build step would save fewer
/// bytes than it costs to explain, and the CSP hash is of this very text.
///
/// Tokens, sizes and look: design.md section 5. `all: initial` on the wrapper stops what would be
/// inherited from the page, `all: revert` below it stops the page's own rules for our elements. The id stands
/// twice so that a page's `#id button` loses; a page's `!important` still wins, as it should for its reader.
/// Until its last part has come nothing is seen of it: a banner that the line cuts in two would grow, and so move.
pub const BANNER_CSS: &str = include_str!("../../../www/css/banner.css");

/// [`BANNER_CSS`] as this site wants it, without the rules of the layouts that it has not.
#[must_use]
pub fn banner_css(policy: &Policy) -> String {
    let own = format!("layout={}]", policy.banner.layout.name());
    let is_own = |rule: &&str| !rule.contains("layout=") || rule.contains(&own);
    let rules: String = BANNER_CSS.split_inclusive('\n').filter(is_own).collect();
    rules + &theme_css(&policy.banner.theme, OURS)
}

/// [`REOPEN_CSS`] as this site wants it, where something is held with [`HOLDING_CSS`].
#[must_use]
pub fn reopen_css(policy: &Policy, can_release: bool) -> String {
    let holding = if can_release { HOLDING_CSS } else { "" };
    format!("{REOPEN_CSS}{holding}{}", theme_css(&policy.banner.theme, OURS))
}

/// [`HELD_CSS`] as this site wants it.
#[must_use]
pub fn held_css(policy: &Policy) -> String {
    format!("{HELD_CSS}{}", theme_css(&policy.banner.theme, ":root"))
}

/// Our root in a page, as strong as the sheets' own rules.
const OURS: &str = "#postern#postern";

/// Says what the site wants otherwise than the sheet it stands behind; nothing if it wants nothing.
fn theme_css(theme: &Theme, root: &str) -> String {
    let plain = Theme::default();
    let colours = |colours: &Colours| -> String {
        colours.iter().map(|(name, colour)| format!("--{name}:{colour};")).collect()
    };
    let mut css = String::new();
    let mut rule = |declarations: &str| css.push_str(&format!("{root}{{{declarations}}}\n"));
    match theme.scheme {
        Scheme::Light => rule(&format!("color-scheme:light;{}", colours(&theme.light))),
        Scheme::Dark => rule(&format!("color-scheme:dark;{}", colours(&theme.dark))),
        Scheme::Auto if (theme.light, theme.dark) != (plain.light, plain.dark) => {
            rule(&colours(&theme.light));
            let dark = colours(&theme.dark);
            css.push_str(&format!("@media(prefers-color-scheme:dark){{{root}{{{dark}}}}}\n"));
        }
        Scheme::Auto => {}
    }
    if theme.radius_px != plain.radius_px {
        css.push_str(&format!("{root}{{--round:{}px}}\n", theme.radius_px));
    }
    // A frame of its own has nobody to inherit from.
    if theme.font == Font::Inherit && root == OURS {
        css.push_str("#postern#postern,#postern#postern *{font-family:inherit}\n");
    }
    css
}

/// What our own pages link to, served at [`PAGE_CSS_PATH`](crate::PAGE_CSS_PATH).
pub const PAGE_CSS: &str = include_str!("../../../www/css/page.css");

/// Base64 of the SHA-256 of an inline stylesheet, for `style-src 'sha256-…'`. Source: CSP 3, section 2.3.1.
#[must_use]
pub fn css_hash(css: &str) -> String {
    STANDARD.encode(Sha256::digest(css.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use postern_consent::Category;

    /// The value of a custom property, in the light (first) or dark (last) set.
    fn token(css: &str, name: &str, is_dark: bool) -> (f64, f64, f64) {
        let start = format!("--{name}:");
        let found: Vec<_> = css.match_indices(&start).map(|(place, _)| place + start.len()).collect();
        assert_eq!(found.len(), 2, "{name}: once light, once dark");
        let value = &css[found[usize::from(is_dark)]..];
        let hex = value.trim_start().strip_prefix('#').unwrap();
        let part = |place: usize| f64::from(u8::from_str_radix(&hex[place..place + 2], 16).unwrap());
        (part(0), part(2), part(4))
    }

    /// Source: WCAG 2.2, "relative luminance" and "contrast ratio".
    fn contrast(one: (f64, f64, f64), other: (f64, f64, f64)) -> f64 {
        let linear = |value: f64| {
            let share = value / 255.0;
            if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        };
        let luminance =
            |(r, g, b): (f64, f64, f64)| 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn text_is_at_least_5_to_1_and_controls_3_to_1_in_light_and_dark() {
        for css in [BANNER_CSS, PAGE_CSS] {
            for is_dark in [false, true] {
                let of = |name: &str| token(css, name, is_dark);
                for paper in ["paper", "raised"] {
                    for text in ["ink", "soft", "accent"] {
                        assert!(contrast(of(text), of(paper)) >= 5.0, "{text} on {paper}, dark {is_dark}");
                    }
                    assert!(contrast(of("edge"), of(paper)) >= 3.0, "edge on {paper}, dark {is_dark}");
                }
                assert!(contrast(of("paper"), of("accent")) >= 5.0, "twins' text, dark {is_dark}");
            }
        }
        for is_dark in [false, true] {
            for text in ["good", "warn", "bad"] {
                for paper in ["paper", "raised"] {
                    let found = contrast(token(PAGE_CSS, text, is_dark), token(PAGE_CSS, paper, is_dark));
                    assert!(found >= 5.0, "{text} on {paper}, dark {is_dark}: {found}");
                }
            }
        }
    }

    #[test]
    fn the_tokens_are_the_designs() {
        for (name, light, dark) in [
            ("ink", "#16202e", "#eef2f6"),
            ("soft", "#4a5768", "#aab6c4"),
            ("paper", "#ffffff", "#10161f"),
            ("raised", "#f5f7f9", "#182130"),
            ("line", "#c9d1da", "#334155"),
            ("edge", "#768292", "#6f7f93"),
            ("accent", "#1f5f8b", "#7cc0ea"),
        ] {
            for css in [BANNER_CSS, PAGE_CSS] {
                for value in [light, dark] {
                    assert!(css.contains(&format!("--{name}:{value}")), "{name}");
                }
            }
        }
        for value in [
            "--good:#1a6e47",
            "--good:#6fd3a1",
            "--warn:#9a5b00",
            "--warn:#f0b861",
            "--bad:#a3312a",
            "--bad:#f19a92",
        ] {
            assert!(PAGE_CSS.contains(value), "{value}");
        }
    }

    /// The shop's policy with these lines at its end.
    fn policy(more: &str) -> Policy {
        parsed(&format!("{SHOP}\n{more}\n"))
    }

    const SHOP: &str = include_str!("../../../postern.toml");

    fn parsed(source: &str) -> Policy {
        let known: Vec<_> = ["ga4", "gtm", "google-ads", "meta-pixel", "posthog", "youtube"]
            .into_iter()
            .map(|id| {
                let is_meta = id == "meta-pixel";
                let category = if is_meta { Category::Marketing } else { Category::Analytics };
                (id, category, id)
            })
            .collect();
        Policy::parse(source, &known).unwrap()
    }

    #[test]
    fn a_banner_has_the_rules_of_its_layout_and_of_no_other() {
        let all = ["bar", "box", "centre"];
        for layout in all {
            let css =
                banner_css(&parsed(&SHOP.replace("layout = \"bar\"", &format!("layout = \"{layout}\""))));
            for other in all {
                assert_eq!(css.contains(&format!("layout={other}]")), other == layout, "{layout} {other}");
            }
            let shared = |css: &str| css.lines().filter(|rule| !rule.contains("layout=")).count();
            assert_eq!(shared(&css), shared(BANNER_CSS), "{layout}");
        }
        // A rule of two layouts would be lost for both.
        for rule in BANNER_CSS.lines() {
            assert!(
                all.iter().filter(|layout| rule.contains(&format!("layout={layout}]"))).count() < 2,
                "{rule}"
            );
        }
    }

    #[test]
    fn a_theme_says_only_what_it_changes_and_both_sheets_take_it() {
        let (plain, plain_reopen) = (banner_css(&policy("")), reopen_css(&policy(""), false));
        assert_eq!(plain_reopen, REOPEN_CSS);
        for (theme, expected) in [
            ("[banner.theme]\nradius = 0", "#postern#postern{--round:0px}\n"),
            (
                "[banner.theme]\nfont = \"inherit\"",
                "#postern#postern,#postern#postern *{font-family:inherit}\n",
            ),
            ("[banner.theme]\nscheme = \"dark\"", "#postern#postern{color-scheme:dark;--ink:#eef2f6;"),
            ("[banner.theme]\nscheme = \"light\"", "#postern#postern{color-scheme:light;--ink:#16202e;"),
            ("[banner.theme.dark]\naccent = \"#ffcc00\"", "#postern#postern{--ink:#16202e;"),
        ] {
            for (css, sheet) in [
                (banner_css(&policy(theme)), plain.as_str()),
                (reopen_css(&policy(theme), false), REOPEN_CSS),
            ] {
                assert!(css.strip_prefix(sheet).unwrap().starts_with(expected), "{css}");
            }
        }
        let both = banner_css(&policy("[banner.theme.dark]\naccent = \"#ffcc00\""));
        assert!(both.contains("@media(prefers-color-scheme:dark){#postern#postern{--ink:#eef2f6;"), "{both}");
        assert!(both.contains("--accent:#ffcc00;"), "{both}");
    }

    #[test]
    fn every_rule_is_under_our_own_id_and_nothing_is_fetched() {
        for css in [BANNER_CSS, PAGE_CSS] {
            assert!(!css.contains("url(") && !css.contains("@import") && !css.contains('<'));
        }
        for physical in ["left", "right", "top:", "bottom:", "width:6", "margin-top", "padding-top"] {
            let allowed = BANNER_CSS.replace("max-width:600px", "").replace("max-width:900px", "");
            assert!(!allowed.contains(physical), "{physical}");
        }
        for rule in BANNER_CSS.lines().filter(|line| !line.starts_with('@')) {
            let selectors = rule.split('{').next().unwrap();
            for selector in selectors.split(',') {
                let is_ours = selector.starts_with("#postern")
                    || selector == "iframe[data-postern-need]"
                    || selector.starts_with("html:has(#postern");
                assert!(is_ours, "{selector}");
            }
        }
    }

    #[test]
    fn the_twins_share_one_rule() {
        // Fill, border and text of Accept and Reject come from [name=choice] alone; size from button.
        assert!(!BANNER_CSS.contains("value=accept") && !BANNER_CSS.contains("value=reject"));
        assert!(!BANNER_CSS.contains("action=accept") && !BANNER_CSS.contains("action=reject"));
        assert!(BANNER_CSS.contains("min-block-size:44px"));
    }

    #[test]
    fn the_hash_is_what_another_program_computes() {
        // printf '' | openssl dgst -sha256 -binary | base64, as a check of the form
        assert_eq!(STANDARD.encode(Sha256::digest(b"")), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
        assert_eq!(css_hash(BANNER_CSS).len(), 44);
    }
}
