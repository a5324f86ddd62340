#![no_main]
//! Any bytes as a page.

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Some((piece_bytes, content_type, page)) = postern_fuzz::split_page(data) {
        postern_fuzz::check_page(page, piece_bytes, content_type, postern_fuzz::pass_html);
    }
});
