//! Markup of ours as a tree, for pages that put it together themselves: there no markup may be parsed where the site
//! asks for trusted values, and there is only one banner to keep in words and looks.

use serde_json::{Map, Value};

/// Elements without content. Source: HTML standard, "void elements"; those that our markup has.
const VOID: [&str; 3] = ["br", "hr", "input"];

/// The nodes of markup that this crate has rendered: a text, or `[name, {attribute: value}, [nodes]]`.
///
/// Only for what `maud` writes: every attribute in double quotes or without a value, every element closed.
#[must_use]
pub fn tree(markup: &str) -> Value {
    let mut rest = markup;
    // The open elements, the outermost first, each with its nodes so far; the first is around all.
    let mut open: Vec<(Value, Vec<Value>)> = vec![(Value::Null, Vec::new())];
    while let Some((text, tail)) = rest.split_once('<') {
        add_text(&mut open, text);
        let (tag, after) = split_tag(tail);
        rest = after;
        if tag.starts_with('/') {
            if let Some((head, nodes)) = open.pop_if(|(head, _)| !head.is_null()) {
                close(&mut open, head, nodes);
            }
            continue;
        }
        let name = tag.split([' ', '\n']).next().unwrap_or_default();
        let head = Value::from(vec![name.into(), attributes(tag.get(name.len()..).unwrap_or_default())]);
        if VOID.contains(&name) { close(&mut open, head, Vec::new()) } else { open.push((head, Vec::new())) }
    }
    add_text(&mut open, rest);
    open.into_iter().next().map_or(Value::Null, |(_, nodes)| nodes.into())
}

fn close(open: &mut [(Value, Vec<Value>)], head: Value, nodes: Vec<Value>) {
    if let (Some((_, siblings)), Value::Array(mut node)) = (open.last_mut(), head) {
        node.push(nodes.into());
        siblings.push(node.into());
    }
}

fn add_text(open: &mut [(Value, Vec<Value>)], text: &str) {
    if let Some((_, siblings)) = open.last_mut().filter(|_| !text.is_empty()) {
        siblings.push(unescape(text).into());
    }
}

/// The inside of a tag, and what stands behind it. A `>` in a value ends no tag.
fn split_tag(text: &str) -> (&str, &str) {
    let mut is_quoted = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'>' if !is_quoted => {
                return (text.get(..at).unwrap_or_default(), text.get(at + 1..).unwrap_or_default());
            }
            _ => {}
        }
    }
    (text, "")
}

fn attributes(text: &str) -> Value {
    let mut found = Map::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let end = rest.find(['=', ' ', '\n']).unwrap_or(rest.len());
        let (name, tail) = rest.split_at(end);
        let (value, tail) = match tail.strip_prefix("=\"") {
            Some(tail) => tail.split_once('"').unwrap_or((tail, "")),
            None => ("", tail),
        };
        found.insert(name.into(), unescape(value).into());
        rest = tail.trim_start();
    }
    found.into()
}

/// The four signs that `maud` escapes.
fn unescape(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;
    use maud::html;
    use serde_json::json;

    #[test]
    fn the_tree_of_markup_is_what_was_written() {
        let markup = html! {
            section aria-label="a > \"b\"" { "1 < 2 & 3" input type="checkbox" checked; p { "x " b {} "&lt;" } }
            "end"
        };
        assert_eq!(
            tree(&markup.into_string()),
            json!([
                ["section", { "aria-label": "a > \"b\"" }, [
                    "1 < 2 & 3", ["input", { "type": "checkbox", "checked": "" }, []],
                    ["p", {}, ["x ", ["b", {}, []], "&lt;"]],
                ]],
                "end",
            ])
        );
    }
}
