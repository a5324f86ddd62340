//! `[banner.theme]`: colours, corners and type of the banner, and what of it nobody could read. Accept and reject share
//! every value, so no theme can tell them apart.

use crate::cause::Cause;
use crate::section::{Report, Section};

/// A colour of sRGB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour(pub [u8; 3]);

impl Colour {
    /// `#1f5f8b`. Source: CSS Color 4, section 5.2, six digits only.
    fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
        let number = u32::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+'))?;
        let [_, red, green, blue] = number.to_be_bytes();
        Some(Self([red, green, blue]))
    }

    /// Source: WCAG 2.2, "relative luminance".
    fn luminance(self) -> f64 {
        let [red, green, blue] = self.0.map(|part| {
            let share = f64::from(part) / 255.0;
            if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    /// In hundredths, 100 to 2100, rounded down. Source: WCAG 2.2, "contrast ratio".
    #[must_use]
    pub fn contrast(self, other: Self) -> u32 {
        let (one, other) = (self.luminance(), other.luminance());
        let ratio = (one.max(other) + 0.05) / (one.min(other) + 0.05);
        (1..=2100).rev().find(|hundredths| f64::from(*hundredths) <= ratio * 100.0).unwrap_or(0)
    }
}

impl std::fmt::Display for Colour {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [red, green, blue] = self.0;
        write!(out, "#{red:02x}{green:02x}{blue:02x}")
    }
}

/// The colours of one scheme, by name: `ink` and `soft` are text, `accent` is links, focus and filled buttons,
/// `paper` and `raised` what they stand on, `edge` the boundary of controls, `line` decoration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colours([Colour; 7]);

impl Colours {
    /// The names, in order.
    pub const NAMES: [&'static str; 7] = ["ink", "soft", "paper", "raised", "line", "edge", "accent"];

    /// Source: design.md section 5.
    const LIGHT: Self = Self([
        Colour([0x16, 0x20, 0x2e]),
        Colour([0x4a, 0x57, 0x68]),
        Colour([0xff, 0xff, 0xff]),
        Colour([0xf5, 0xf7, 0xf9]),
        Colour([0xc9, 0xd1, 0xda]),
        Colour([0x76, 0x82, 0x92]),
        Colour([0x1f, 0x5f, 0x8b]),
    ]);

    /// Source: design.md section 5.
    const DARK: Self = Self([
        Colour([0xee, 0xf2, 0xf6]),
        Colour([0xaa, 0xb6, 0xc4]),
        Colour([0x10, 0x16, 0x1f]),
        Colour([0x18, 0x21, 0x30]),
        Colour([0x33, 0x41, 0x55]),
        Colour([0x6f, 0x7f, 0x93]),
        Colour([0x7c, 0xc0, 0xea]),
    ]);

    /// Name and colour of each.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, Colour)> + '_ {
        Self::NAMES.into_iter().zip(self.0)
    }
}

/// Light, dark, or as the visitor's system is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// As the system says.
    Auto,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

impl Scheme {
    const WORDS: [(&'static str, Self); 3] =
        [("auto", Self::Auto), ("light", Self::Light), ("dark", Self::Dark)];
}

/// Whose type it is set in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Font {
    /// The system's.
    System,
    /// That of the page's body.
    Inherit,
}

impl Font {
    const WORDS: [(&'static str, Self); 2] = [("system", Self::System), ("inherit", Self::Inherit)];
}

/// Roundest corner, pixels: rounder, and the text of a small button leaves it.
const RADIUS_PX_MAX: u32 = 22;

/// Looks of the banner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Theme {
    /// Light, dark, or as the system is.
    pub scheme: Scheme,
    /// Corner of the banner, pixels, 0..=22; buttons are 2 less round.
    pub radius_px: u32,
    /// Whose type it is.
    pub font: Font,
    /// Colours in the light.
    pub light: Colours,
    /// Colours in the dark.
    pub dark: Colours,
}

impl Default for Theme {
    fn default() -> Self {
        let (light, dark) = (Colours::LIGHT, Colours::DARK);
        Self { scheme: Scheme::Auto, radius_px: 10, font: Font::System, light, dark }
    }
}

impl Theme {
    /// The words of the file, for its hash.
    pub(crate) fn fields(&self) -> Vec<String> {
        let scheme =
            Scheme::WORDS.iter().find(|(_, scheme)| *scheme == self.scheme).map_or("", |(word, _)| word);
        let font = Font::WORDS.iter().find(|(_, font)| *font == self.font).map_or("", |(word, _)| word);
        let colours = self.light.iter().chain(self.dark.iter()).map(|(_, colour)| colour.to_string());
        [scheme.to_owned(), self.radius_px.to_string(), font.to_owned()].into_iter().chain(colours).collect()
    }
}

/// What must be told apart, and how well, in hundredths. Source: WCAG 2.2 SC 1.4.3 and 1.4.11; standards.md
/// requirement 23 (5:1 for text). `accent` is the focus ring and a switch that is on, `paper` the text on `accent`.
const PAIRS: [(&str, &str, u32); 9] = [
    ("ink", "paper", 500),
    ("ink", "raised", 500),
    ("soft", "paper", 500),
    ("soft", "raised", 500),
    ("accent", "paper", 500),
    ("accent", "raised", 500),
    ("paper", "accent", 500),
    ("edge", "paper", 300),
    ("edge", "raised", 300),
];

pub(crate) fn read_theme(mut theme: Section<'_>, report: &mut Report<'_>) -> Theme {
    let scheme = theme.word(report, "scheme", "scheme", &Scheme::WORDS).unwrap_or(Scheme::Auto);
    let font = theme.word(report, "font", "font", &Font::WORDS).unwrap_or(Font::System);
    let radius_px = theme.pixels(report, "radius", RADIUS_PX_MAX).unwrap_or(10);
    let light = read_colours(theme.section(report, "light"), report, Colours::LIGHT);
    let dark = read_colours(theme.section(report, "dark"), report, Colours::DARK);
    theme.close(report);
    Theme { scheme, radius_px, font, light, dark }
}

fn read_colours(mut section: Section<'_>, report: &mut Report<'_>, defaults: Colours) -> Colours {
    let mut colours = defaults;
    let mut is_whole = true;
    for (name, colour) in Colours::NAMES.into_iter().zip(&mut colours.0) {
        let Some(text) = section.text(report, name) else { continue };
        match Colour::parse(&text) {
            Some(found) => *colour = found,
            None => {
                section.refuse(report, name, Cause::Colour(text));
                is_whole = false;
            }
        }
    }
    let of = |name: &str| colours.iter().find(|(known, _)| *known == name).map(|(_, colour)| colour);
    for (name, ground, min) in PAIRS {
        let (Some(front), Some(back)) = (of(name), of(ground)) else { continue };
        let ratio = front.contrast(back);
        if is_whole && ratio < min {
            // Said where the file says one of the two, or at the table.
            let key = [name, ground].into_iter().find(|key| section.says(key)).unwrap_or("");
            let cause = Cause::Contrast {
                front: format!("{name} {front}"),
                back: format!("{ground} {back}"),
                ratio,
                min,
            };
            section.refuse(report, key, cause);
        }
    }
    section.close(report);
    colours
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_six_digits() {
        assert_eq!(Colour::parse("#1F5f8b"), Some(Colour([0x1f, 0x5f, 0x8b])));
        for text in ["", "#", "1f5f8b", "#1f5f8", "#1f5f8b0", "#+f5f8b", "#1f5f8g", "red", "#fff"] {
            assert_eq!(Colour::parse(text), None, "{text}");
        }
        assert_eq!(Colour([1, 0x20, 0xff]).to_string(), "#0120ff");
    }

    #[test]
    fn contrast_is_that_of_the_standard() {
        let [black, white, grey] = [Colour([0; 3]), Colour([255; 3]), Colour([0x77; 3])];
        assert_eq!((black.contrast(white), white.contrast(white)), (2100, 100));
        // 4.478 as in the widely quoted example of a grey that just fails 4.5:1.
        assert_eq!((grey.contrast(white), white.contrast(grey)), (447, 447));
        assert_eq!(Colour([255, 0, 0]).contrast(white), 399);
    }

    #[test]
    fn the_colours_of_the_design_can_be_told_apart() {
        for colours in [Colours::LIGHT, Colours::DARK] {
            let of = |name: &str| colours.iter().find(|(known, _)| *known == name).unwrap().1;
            for (front, back, min) in PAIRS {
                assert!(of(front).contrast(of(back)) >= min, "{front} on {back}");
            }
        }
    }
}
