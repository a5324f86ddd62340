//! What the fuzz targets share: a visitor who granted nothing, a page through a rewriter, and what must hold of it.
//!
//! What never lives here: rules of the product. A target says what must be true of any bytes whatsoever.

use postern_catalogue::Catalogue;
use postern_consent::CategorySet;
use postern_rewrite::{Charset, Grants, PageRewriter, RewriteError, Seen, XmlRewriter};
use std::rc::Rc;
use url::Url;

/// Nothing but the necessary.
pub fn denied() -> Grants {
    Grants::new(Rc::new(Catalogue::default()), CategorySet::NECESSARY)
}

/// The page everything stands on.
pub fn page_url() -> Url {
    Url::parse("https://shop.example/a/b").expect("a constant")
}

/// What came out of a rewriter.
pub type Passed = Result<(Vec<u8>, Seen), RewriteError>;

/// A page through the HTML rewriter, in pieces of that many bytes.
pub fn pass_html(page: &[u8], piece_bytes: usize, content_type: &str) -> Passed {
    let charset = Charset::of(content_type, page);
    let mut rewriter = PageRewriter::new(charset, &page_url(), &denied(), None);
    let mut out = Vec::new();
    for piece in page.chunks(piece_bytes.max(1)) {
        out.extend(rewriter.write(piece)?);
    }
    let (rest, seen) = rewriter.end()?;
    out.extend(rest);
    Ok((out, seen))
}

/// A document through the XML rewriter, in pieces of that many bytes.
pub fn pass_xml(page: &[u8], piece_bytes: usize, content_type: &str) -> Passed {
    let charset = Charset::of_xml(content_type, page);
    let mut rewriter = XmlRewriter::new(charset, &page_url(), &denied(), None);
    let mut out = Vec::new();
    for piece in page.chunks(piece_bytes.max(1)) {
        out.extend(rewriter.write(piece)?);
    }
    let (rest, seen) = rewriter.end()?;
    out.extend(rest);
    Ok((out, seen))
}

/// Where a page is cut never shows; what has passed holds nothing more; what was not held passed as it came.
pub fn check_page(
    page: &[u8],
    piece_bytes: usize,
    content_type: &str,
    pass: fn(&[u8], usize, &str) -> Passed,
) {
    let whole = pass(page, page.len(), content_type);
    let cut = pass(page, piece_bytes, content_type);
    assert_eq!(whole.is_ok(), cut.is_ok(), "{:?} and {:?}", whole.as_ref().err(), cut.as_ref().err());
    let (Ok((whole, seen)), Ok((cut, _))) = (whole, cut) else { return };
    assert_eq!(String::from_utf8_lossy(&whole), String::from_utf8_lossy(&cut));
    let is_utf_8 = std::str::from_utf8(page).is_ok()
        && content_type.ends_with("utf-8")
        && !page.starts_with(b"\xef\xbb\xbf");
    if seen.held.is_empty() && is_utf_8 && !has_other_changes(page) {
        assert_eq!(String::from_utf8_lossy(&whole), String::from_utf8_lossy(page));
    }
    let label = if is_utf_8 { content_type } else { "text/html" };
    if let Ok((twice, again)) =
        pass(&whole, whole.len().max(1), if is_ascii_safe(content_type) { content_type } else { label })
    {
        let vendors: Vec<&str> = again.held.iter().map(|vendor| vendor.id).collect();
        assert!(
            vendors.is_empty(),
            "{vendors:?} held again\nfirst: {}\nthen: {}",
            String::from_utf8_lossy(&whole),
            String::from_utf8_lossy(&twice)
        );
    }
}

/// Does the same content type fit what comes out?
fn is_ascii_safe(content_type: &str) -> bool {
    !content_type.ends_with("utf-16le")
}

/// Things that leave or change though nobody is named: documents in documents that cannot be read.
fn has_other_changes(page: &[u8]) -> bool {
    let lower = page.to_ascii_lowercase();
    ["srcdoc", "noscript", "[if", "xml-stylesheet", "encoding"]
        .iter()
        .any(|word| lower.windows(word.len()).any(|window| window == word.as_bytes()))
}

/// The first two bytes choose how a page is cut and what it says it is; the rest is the page.
pub fn split_page(data: &[u8]) -> Option<(usize, &'static str, &[u8])> {
    let (cut, rest) = data.split_first()?;
    let (kind, page) = rest.split_first()?;
    let content_type = match kind % 5 {
        0 | 1 => "text/html; charset=utf-8",
        2 => "text/html; charset=iso-8859-1",
        3 => "text/html; charset=shift_jis",
        _ => "text/html; charset=utf-16le",
    };
    Some((usize::from(cut % 64) + 1, content_type, page))
}
