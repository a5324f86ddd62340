#![no_main]
//! Any text as a style sheet, declarations, a script, an import map, a `srcset` and a refresh: the scanners, through
//! the page that holds them.

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((kind, text)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let value = text.replace('&', "&amp;").replace('"', "&quot;");
    let page = match kind % 8 {
        0 => format!("<style>{text}</style>"),
        1 => format!("<p style=\"{value}\">"),
        2 => format!("<script>{text}</script>"),
        3 => format!("<script type=module>{text}</script>"),
        4 => format!("<script type=importmap>{text}</script>"),
        5 => format!("<img srcset=\"{value}\">"),
        6 => format!("<meta http-equiv=refresh content=\"{value}\">"),
        _ => format!("<iframe src=\"data:{value}\"></iframe>"),
    };
    postern_fuzz::check_page(page.as_bytes(), 7, "text/html; charset=utf-8", postern_fuzz::pass_html);
});
