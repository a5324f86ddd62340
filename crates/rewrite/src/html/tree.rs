//! Follows the tree that browsers build, as far as it says how text is read: which elements are open, in which
//! namespace the next one stands, and where a tag that turns text on might be ignored.
//!
//! Every element that ends is kept by name while it is open. What browsers add, move or end by themselves is not
//! followed, since it changes no text; where that cannot be known, [`Ambiguous`] ends the page.
//! Source: HTML standard, section 13.2.6, "Tree construction".

use super::token::{Content, Escape};

/// Elements within elements that are followed, at most. Browsers stop far earlier.
/// Source: `kMaximumHTMLParserDOMTreeDepth` (512) in Blink's `html_construction_site.cc`.
const DEPTH_MAX: usize = 5000;

/// A namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Space {
    /// HTML.
    Html,
    /// SVG.
    Svg,
    /// MathML.
    MathMl,
}

/// A tag that may be text's beginning, or nothing at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ambiguous;

/// An element that has not ended.
#[derive(Clone, Copy, Debug)]
struct Open {
    name: u64,
    space: Space,
    /// Does HTML stand in it, though it is SVG or MathML?
    is_integration_point: bool,
    class: Class,
}

/// Where a tag that turns text on might be ignored. Source: section 13.2.6.4.16, "in select", as it was until 2025;
/// 13.2.6.4.20, "in frameset".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doubt {
    None,
    InSelect,
    /// With the number of templates around this place.
    InTemplateOfSelect(u32),
    AfterFrameset,
}

/// See the file.
#[derive(Debug)]
pub struct Tree {
    open: Vec<Open>,
    doubt: Doubt,
}

/// What a name means where it is HTML's. Bits of [`Class`].
const VOID: u8 = 1;
/// "special" in the standard, so that an end tag of no standing does not reach beyond it.
const SPECIAL: u8 = 1 << 1;
/// What bounds the scope in which an end tag looks for its element.
const SCOPE: u8 = 1 << 2;
/// What bounds it for parts of tables.
const TABLE_SCOPE: u8 = 1 << 3;
/// Parts of tables.
const TABLE_PART: u8 = 1 << 4;
/// HTML that ends SVG and MathML around it.
const BREAKOUT: u8 = 1 << 5;
/// One's end tag ends any other of them.
const HEADING: u8 = 1 << 6;

type Class = u8;

/// A name as a number. Source: FNV-1a.
const fn id(name: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    let mut rest = name;
    while let Some((byte, tail)) = rest.split_first() {
        hash = (hash ^ *byte as u64).wrapping_mul(0x0000_0100_0000_01b3);
        rest = tail;
    }
    hash
}

const P: u64 = id(b"p");
const BR: u64 = id(b"br");
const BODY: u64 = id(b"body");
const HTML: u64 = id(b"html");
const FORM: u64 = id(b"form");
const TABLE: u64 = id(b"table");
const TEMPLATE: u64 = id(b"template");
const SELECT: u64 = id(b"select");
const FRAMESET: u64 = id(b"frameset");
const ANNOTATION: u64 = id(b"annotation-xml");

/// Source: section 13.2.4.2, "The stack of open elements"; 13.1.2, "void elements"; 13.2.6.5.
fn class_of(name: &[u8]) -> Class {
    match name {
        b"area" | b"base" | b"basefont" | b"bgsound" | b"col" | b"frame" | b"input" | b"keygen" | b"link"
        | b"param" | b"source" | b"track" | b"wbr" | b"image" => VOID | SPECIAL,
        b"br" | b"embed" | b"hr" | b"img" | b"meta" => VOID | SPECIAL | BREAKOUT,
        b"html" | b"template" => SPECIAL | SCOPE | TABLE_SCOPE,
        b"table" => SPECIAL | SCOPE | TABLE_SCOPE | TABLE_PART | BREAKOUT,
        b"td" | b"th" | b"caption" => SPECIAL | SCOPE | TABLE_PART,
        b"tr" | b"tbody" | b"tfoot" | b"thead" => SPECIAL | TABLE_PART,
        b"applet" | b"marquee" | b"object" => SPECIAL | SCOPE,
        b"h1" | b"h2" | b"h3" | b"h4" | b"h5" | b"h6" => SPECIAL | BREAKOUT | HEADING,
        b"blockquote" | b"body" | b"center" | b"dd" | b"div" | b"dl" | b"dt" | b"head" | b"li"
        | b"listing" | b"menu" | b"ol" | b"p" | b"pre" | b"ul" => SPECIAL | BREAKOUT,
        b"b" | b"big" | b"code" | b"em" | b"i" | b"nobr" | b"ruby" | b"s" | b"small" | b"span"
        | b"strong" | b"strike" | b"sub" | b"sup" | b"tt" | b"u" | b"var" => BREAKOUT,
        b"address" | b"article" | b"aside" | b"button" | b"colgroup" | b"details" | b"dir" | b"fieldset"
        | b"figcaption" | b"figure" | b"footer" | b"form" | b"frameset" | b"header" | b"hgroup"
        | b"iframe" | b"main" | b"nav" | b"noembed" | b"noframes" | b"noscript" | b"plaintext"
        | b"script" | b"search" | b"section" | b"select" | b"style" | b"summary" | b"textarea" | b"title"
        | b"xmp" => SPECIAL,
        _ => 0,
    }
}

/// How what follows this HTML element's start tag is read, with scripts switched on.
fn content_of(name: &[u8]) -> Content {
    match name {
        b"title" => Content::Text("title"),
        b"textarea" => Content::Text("textarea"),
        b"style" => Content::Text("style"),
        b"xmp" => Content::Text("xmp"),
        b"iframe" => Content::Text("iframe"),
        b"noembed" => Content::Text("noembed"),
        b"noframes" => Content::Text("noframes"),
        b"noscript" => Content::Text("noscript"),
        b"script" => Content::Script(Escape::None),
        b"plaintext" => Content::Endless,
        _ => Content::Markup,
    }
}

impl Default for Tree {
    fn default() -> Self {
        Self { open: Vec::with_capacity(64), doubt: Doubt::None }
    }
}

impl Tree {
    /// Is a `<![CDATA[` here a section of text?
    pub fn knows_cdata(&self) -> bool {
        self.open.last().is_some_and(|top| top.space != Space::Html)
    }

    /// How many elements are open.
    pub fn depth(&self) -> usize {
        self.open.len()
    }

    /// Is everything that is open HTML, in which no tag is ignored?
    pub fn is_plain(&self) -> bool {
        self.doubt == Doubt::None && self.open.iter().all(|open| open.space == Space::Html)
    }

    /// A start tag of that lower-case name: the namespace of its element, and how what follows is read.
    /// `has_attribute` tells of an attribute, with one of the values if there are any.
    ///
    /// # Errors
    /// [`Ambiguous`] where browsers may ignore the tag.
    pub fn start(
        &mut self,
        name: &[u8],
        is_self_closing: bool,
        has_attribute: impl Fn(&[&str], &[&str]) -> bool,
    ) -> Result<(Space, Content), Ambiguous> {
        let id_here = id(name);
        let class = class_of(name);
        let mut within = self.content_space();
        if within != Space::Html {
            let is_font = name == b"font" && has_attribute(&["color", "face", "size"], &[]);
            if class & BREAKOUT != 0 || is_font {
                self.leave_foreign();
                within = Space::Html;
            }
        }
        let in_annotation = self.open.last().is_some_and(|top| top.name == ANNOTATION);
        // In what holds HTML for MathML's text; an annotation holds a document.
        let mathml_text = !in_annotation
            && self.open.last().is_some_and(|top| top.is_integration_point && top.space == Space::MathMl);
        if mathml_text && matches!(name, b"mglyph" | b"malignmark") {
            within = Space::MathMl;
        }
        let space = match (within, name) {
            (Space::Html, b"svg") => Space::Svg,
            (Space::MathMl, b"svg") if in_annotation => Space::Svg,
            (Space::Html, b"math") => Space::MathMl,
            (within, _) => within,
        };
        if space == Space::Html {
            let content = content_of(name);
            if self.doubt != Doubt::None || matches!(id_here, SELECT | FRAMESET) {
                self.doubt_start(name, content != Content::Markup)?;
            }
            // Parts of tables count in tables only.
            let is_ignored =
                class & TABLE_PART != 0 && id_here != TABLE && !self.is_any_open(&[TABLE, TEMPLATE]);
            if class & VOID == 0 && !is_ignored {
                self.push(Open { name: id_here, space, is_integration_point: false, class });
            }
            return Ok((space, content));
        }
        if !is_self_closing {
            let is_integration_point = match (space, name) {
                (Space::Svg, b"foreignobject" | b"desc" | b"title") => true,
                (Space::MathMl, b"mi" | b"mo" | b"mn" | b"ms" | b"mtext") => true,
                (Space::MathMl, b"annotation-xml") => {
                    has_attribute(&["encoding"], &["text/html", "application/xhtml+xml"])
                }
                _ => false,
            };
            self.push(Open { name: id_here, space, is_integration_point, class: 0 });
        }
        Ok((space, Content::Markup))
    }

    /// An end tag of that lower-case name.
    pub fn end(&mut self, name: &[u8]) {
        let wanted = id(name);
        let class = class_of(name);
        if self.doubt != Doubt::None && self.content_space() == Space::Html {
            self.doubt_end(name);
        }
        let mut from = self.open.len();
        if self.open.last().is_some_and(|top| top.space != Space::Html) {
            if matches!(wanted, P | BR) {
                self.leave_foreign();
                return self.end_html(wanted, class, self.open.len());
            }
            // Up through what is foreign; then HTML's own rules, with what is foreign still open.
            while let Some(above) = from.checked_sub(1)
                && let Some(open) = self.open.get(above).filter(|open| open.space != Space::Html)
            {
                if open.name == wanted {
                    return self.open.truncate(above);
                }
                from = above;
            }
            from = self.open.len();
        }
        self.end_html(wanted, class, from);
    }

    /// Ends the HTML element of that name, if an end tag here reaches it.
    fn end_html(&mut self, wanted: u64, class: Class, from: usize) {
        // After these, what was open stays so.
        if matches!(wanted, BODY | HTML) {
            return;
        }
        let bounds = if class & TABLE_PART != 0 { TABLE_SCOPE } else { SCOPE };
        for at in (0..from).rev() {
            let Some(open) = self.open.get(at) else { return };
            let is_html = open.space == Space::Html;
            if is_html && (open.name == wanted || open.class & class & HEADING != 0) {
                // A form leaves alone, and what is in it stays open.
                if wanted == FORM && !self.is_any_open(&[TEMPLATE]) {
                    self.open.remove(at);
                } else {
                    self.open.truncate(at);
                }
                return;
            }
            let is_bound = open.is_integration_point
                || (is_html && open.class & bounds != 0)
                || (is_html && class & SPECIAL == 0 && open.class & SPECIAL != 0);
            if is_bound {
                return;
            }
        }
    }

    /// The namespace in which a start tag here is read.
    fn content_space(&self) -> Space {
        self.open
            .last()
            .map_or(Space::Html, |top| if top.is_integration_point { Space::Html } else { top.space })
    }

    fn is_any_open(&self, names: &[u64]) -> bool {
        self.open.iter().any(|open| open.space == Space::Html && names.contains(&open.name))
    }

    fn leave_foreign(&mut self) {
        while self.open.last().is_some_and(|top| top.space != Space::Html && !top.is_integration_point) {
            self.open.pop();
        }
    }

    fn push(&mut self, open: Open) {
        if self.open.len() < DEPTH_MAX {
            self.open.push(open);
        }
    }

    fn doubt_start(&mut self, name: &[u8], turns_text_on: bool) -> Result<(), Ambiguous> {
        let is_ambiguous = match self.doubt {
            Doubt::None => {
                match name {
                    b"select" => self.doubt = Doubt::InSelect,
                    b"frameset" => self.doubt = Doubt::AfterFrameset,
                    _ => {}
                }
                false
            }
            Doubt::InSelect => match name {
                b"select" | b"textarea" | b"input" | b"keygen" => {
                    self.doubt = Doubt::None;
                    false
                }
                b"template" => {
                    self.doubt = Doubt::InTemplateOfSelect(1);
                    false
                }
                b"script" => false,
                _ => turns_text_on,
            },
            Doubt::InTemplateOfSelect(depth) => {
                if name == b"template" {
                    self.doubt = Doubt::InTemplateOfSelect(depth.saturating_add(1));
                }
                turns_text_on
            }
            Doubt::AfterFrameset => turns_text_on && name != b"noframes",
        };
        if is_ambiguous { Err(Ambiguous) } else { Ok(()) }
    }

    fn doubt_end(&mut self, name: &[u8]) {
        self.doubt = match (self.doubt, name) {
            (Doubt::InSelect, b"select") => Doubt::None,
            (Doubt::InTemplateOfSelect(1), b"template") => Doubt::InSelect,
            (Doubt::InTemplateOfSelect(depth), b"template") => Doubt::InTemplateOfSelect(depth - 1),
            (doubt, _) => doubt,
        };
    }
}
