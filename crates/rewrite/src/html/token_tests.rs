//! Where tokens begin and end.

use super::*;
use proptest::prelude::*;

/// The first token as a browser has it, and what is left.
fn first(text: &str, content: Content) -> (Option<Kind>, &str) {
    let mut lexer = Lexer::default();
    lexer.read_as(content);
    match lexer.next(text.as_bytes(), false, true) {
        Some((kind, length)) => (Some(kind), &text[length..]),
        None => (None, text),
    }
}

#[test]
fn each_token_ends_where_browsers_end_it() {
    let start = Some(Kind::Start { is_self_closing: false });
    let closed = Some(Kind::Start { is_self_closing: true });
    let comment = |start, end| Some(Kind::Comment(Span { start, end }));
    for (text, kind, rest) in [
        ("a<b", Some(Kind::Text), "<b"),
        ("< b<c", Some(Kind::Text), "<c"),
        ("<3", Some(Kind::Text), ""),
        ("<", None, "<"),
        ("<a b='>' c=\">\">x", start, "x"),
        ("<a b=/>x", start, "x"),
        ("<a b/>x", closed, "x"),
        ("<a / >x", start, "x"),
        ("<a =>x", start, "x"),
        ("<a b= >x", start, "x"),
        ("<a b='c'd>x", start, "x"),
        ("<a b='>", None, "<a b='>"),
        ("</a b='>'>x", Some(Kind::End), "x"),
        ("</>x", Some(Kind::Declaration), "x"),
        ("</ a>x", Some(Kind::Declaration), "x"),
        ("<?a '>'?>", Some(Kind::Declaration), "'?>"),
        ("<!doctype a \">\">", Some(Kind::Declaration), "\">"),
        ("<!-- a -->x", comment(4, 7), "x"),
        ("<!-->x", comment(4, 4), "x"),
        ("<!--->x", comment(4, 4), "x"),
        ("<!---->x", comment(4, 4), "x"),
        ("<!----!>x", comment(4, 4), "x"),
        ("<!---!>-->x", comment(4, 7), "x"),
        ("<!-- -- > --->x", comment(4, 11), "x"),
        ("<!-", None, "<!-"),
        ("<!- a>x", Some(Kind::Declaration), "x"),
        ("<![CDATA[a>]]>x", Some(Kind::CharacterData(Span { start: 9, end: 11 })), "x"),
    ] {
        assert_eq!(first(text, Content::Markup), (kind, rest), "{text}");
    }
}

#[test]
fn text_ends_at_its_own_end_tag() {
    for (text, rest) in [
        ("a<b></title >x", "</title >x"),
        ("a</titles></TITLE/>x", "</TITLE/>x"),
        ("a</titl", "</titl"),
        ("a</", "</"),
        ("a<!-- </title> -->", "</title> -->"),
    ] {
        assert_eq!(first(text, Content::Text("title")), (Some(Kind::Text), rest), "{text}");
    }
}

#[test]
fn a_script_ends_where_browsers_end_it() {
    for (text, rest) in [
        ("a</script>x", "</script>x"),
        ("a<!-- </script>x", "</script>x"),
        ("a<!-- <script> </script> --></script>x", "</script>x"),
        ("a<!-- <script> </script> </script>x", "</script>x"),
        ("a<!-- <script> --> </script>x", "</script>x"),
        ("a<!--> <script> </script>x", "</script>x"),
        ("a<!-- <scripts> </script>x", "</script>x"),
        ("a<!-- <SCRIPT/</script-> </script\t</script>x", "</script>x"),
        ("a<!- <script> </script>x", "</script>x"),
    ] {
        let mut lexer = Lexer::default();
        lexer.read_as(Content::Script(Escape::None));
        let mut left = text;
        while let Some((Kind::Text, length)) = lexer.next(left.as_bytes(), false, false) {
            left = &left[length..];
        }
        assert_eq!(left, rest, "{text}");
    }
}

#[test]
fn attributes_are_read_as_browsers_read_them() {
    let text = "<img/a =b c='d e' F=\"g\"h i=j/k =l m=>";
    let mut lexer = Lexer::default();
    assert!(lexer.next(text.as_bytes(), false, false).is_some());
    let read = |span: Span| &text[span.start..span.end];
    let found: Vec<_> =
        lexer.attributes.iter().map(|attribute| (read(attribute.name), read(attribute.value))).collect();
    assert_eq!(found, [("a", "b"), ("c", "d e"), ("F", "g"), ("h", ""), ("i", "j/k"), ("=l", ""), ("m", "")]);
}

/// All tokens of a text that comes in pieces of that size; neighbouring texts are one.
fn tokens(text: &[u8], cuts: usize, content: Content) -> Vec<(Kind, Vec<u8>)> {
    let mut lexer = Lexer::default();
    lexer.read_as(content);
    let (mut out, mut pending): (Vec<(Kind, Vec<u8>)>, Vec<u8>) = (Vec::new(), Vec::new());
    let mut chunks = text.chunks(cuts).peekable();
    loop {
        pending.extend(chunks.next().unwrap_or_default());
        let is_last = chunks.peek().is_none();
        while !pending.is_empty()
            && let Some((kind, length)) = lexer.next(&pending, is_last, true)
        {
            let token: Vec<u8> = pending.drain(..length).collect();
            match out.last_mut() {
                Some((Kind::Text, before)) if kind == Kind::Text => before.extend(token),
                _ => out.push((kind, token)),
            }
        }
        if is_last {
            return out;
        }
    }
}

proptest! {
    #[test]
    fn where_the_pieces_are_cut_never_shows(
        text in "(<|</|<!--|-->|--|!|>|script|title|[a =/'\"]|<!\\[CDATA\\[|\\]\\]>){0,14}", cuts in 1usize..6,
    ) {
        for content in [Content::Markup, Content::Text("title"), Content::Script(Escape::None)] {
            let whole = tokens(text.as_bytes(), text.len().max(1), content);
            prop_assert_eq!(&whole, &tokens(text.as_bytes(), cuts, content), "{:?}", content);
            let all: Vec<u8> = whole.into_iter().flat_map(|(_, token)| token).collect();
            prop_assert_eq!(all, text.as_bytes());
        }
    }
}
