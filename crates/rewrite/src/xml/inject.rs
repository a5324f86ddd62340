//! Where our own parts go in an XML document: only into one that is a page or could run something, since a feed or
//! a sitemap must stay what its readers expect.

use super::tag::Tag;
use super::{Space, XmlRewriter};
use crate::Injection;

/// What the root element is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Root {
    Unseen,
    Html,
    /// Another element that browsers draw, above all `svg`.
    Drawn,
    Other,
}

/// Our parts, until they are put in.
pub(super) struct Ours {
    script: String,
    link: String,
    root: Root,
}

impl Ours {
    pub(super) fn of(injection: Option<&Injection>) -> Self {
        let (script, link) = injection.map(Injection::xml).unwrap_or_default();
        Self { script, link, root: Root::Unseen }
    }

    /// The script, if the page ends and had no place for it.
    pub(super) fn take_script_of_root(&mut self) -> String {
        if self.root == Root::Html { std::mem::take(&mut self.script) } else { String::new() }
    }
}

impl XmlRewriter {
    /// What of ours goes before this element, and first into it.
    pub(super) fn place_ours(&mut self, tag: &Tag, space: Space, local: &str) -> (String, String) {
        let depth = self.open.len();
        let ours = &mut self.ours;
        if depth == 0 {
            ours.root = match space {
                Space::Xhtml if local == "html" => Root::Html,
                Space::Xhtml | Space::Svg | Space::MathMl => Root::Drawn,
                Space::XLink | Space::Other => Root::Other,
            };
            let is_whole = ours.root == Root::Drawn || (ours.root == Root::Html && tag.is_empty);
            return if is_whole {
                (String::new(), std::mem::take(&mut ours.script))
            } else {
                Default::default()
            };
        }
        let is_child_of_html = ours.root == Root::Html && depth == 1;
        let is = |wanted: &str| is_child_of_html && space == Space::Xhtml && local == wanted;
        let mut parts = (String::new(), String::new());
        if is("head") {
            parts.1 = std::mem::take(&mut ours.script);
        } else if is_child_of_html || (ours.root == Root::Other && can_run(tag, space, local)) {
            parts.0 = std::mem::take(&mut ours.script);
        }
        if is("body") {
            parts.1.push_str(&std::mem::take(&mut ours.link));
        }
        parts
    }
}

fn can_run(tag: &Tag, space: Space, local: &str) -> bool {
    let is_drawn = matches!(space, Space::Xhtml | Space::Svg | Space::MathMl);
    let is_runner = matches!(local, "script" | "iframe" | "object" | "embed");
    is_drawn && (is_runner || tag.attributes.iter().any(|(name, _)| name.starts_with("on")))
}
