//! The files of ours that pages load, embedded and compressed at build time. Names carry a hash of
//! the content, so they can be kept for ever, except the stylesheet of our own pages.

use crate::visit::Visit;
use crate::{OWN_FOLDER, answer};
use worker::Result;

/// The stub, minified; inline in pages of visitors who have not chosen.
pub const STUB: &str = include_str!("../../build/page/stub.js");
/// Base64 SHA-256 of [`STUB`].
pub const STUB_HASH: &str = include_str!("../../build/page/stub.sha256");
/// What stands behind the stub where that comes from a file.
pub const LATCH: &str = include_str!("../../build/page/latch.js");
/// Base64 SHA-256 of [`LATCH`].
pub const LATCH_HASH: &str = include_str!("../../build/page/latch.sha256");
/// For pages where nothing is denied: `window.postern` without holding anything.
pub const HANDLE: &str = include_str!("../../build/page/handle.js");
/// Base64 SHA-256 of [`HANDLE`].
pub const HANDLE_HASH: &str = include_str!("../../build/page/handle.sha256");
/// The guard of a worker, as a function of what is granted, what the site says otherwise, and whether the visitor has decided;
/// goes before its script.
pub const WORKER_GUARD: &str = include_str!("../../build/page/worker.js");
/// What goes before [`STUB`] on pages of sites that are not behind the Worker: a function of the stub's state and rows.
pub const TOLD: &str = include_str!("../../build/page/told.js");
/// What goes behind it there: the banner is put together in the page.
pub const DROP_IN: &str = include_str!("../../build/page/drop-in.js");
/// Hashes of all that visitors are shown and that runs in their pages, by name: a JSON object in canonical form.
pub const SHOWN: &str = include_str!("../../build/page/shown.json");
/// Hashes of what makes words, markup and style.
pub const ASKED: &str = include_str!("../../build/page/asked.txt");
/// Folder of the gate below [`OWN_FOLDER`]: a hash of its content.
pub const GATE_FOLDER: &str = include_str!("../../build/page/gate.version");

struct File {
    content_type: &'static str,
    raw: &'static [u8],
    brotli: &'static [u8],
}

const GATE_JS: File = File {
    content_type: "text/javascript; charset=utf-8",
    raw: include_bytes!("../../build/page/gate.js"),
    brotli: include_bytes!("../../build/page/gate.js.br"),
};
const GATE_WASM: File = File {
    content_type: "application/wasm",
    raw: include_bytes!("../../build/page/gate.wasm"),
    brotli: include_bytes!("../../build/page/gate.wasm.br"),
};

const TELL_JS: File = File {
    content_type: "text/javascript; charset=utf-8",
    raw: include_bytes!("../../build/page/tell.js"),
    brotli: include_bytes!("../../build/page/tell.js.br"),
};

const STUB_JS: File = File {
    content_type: "text/javascript; charset=utf-8",
    raw: STUB.as_bytes(),
    brotli: include_bytes!("../../build/page/stub.js.br"),
};

/// Address of the stub as a file, the same for everybody: what a page says to it stands on its element.
pub fn stub_url() -> String {
    format!("{OWN_FOLDER}{GATE_FOLDER}/stub.js")
}

/// Address of the gate's module.
pub fn gate_url() -> String {
    format!("{OWN_FOLDER}{GATE_FOLDER}/gate.js")
}

/// Answers with what a receipt is, for programs that read some.
pub fn receipt_schema() -> Result<web_sys::Response> {
    let headers = answer::headers("application/schema+json")?;
    headers.set("cache-control", "public, max-age=3600")?;
    headers.set("access-control-allow-origin", "*")?;
    answer::with(200, postern_receipt::SCHEMA_JSON, &headers)
}

/// Answers a request for one of our files.
pub fn serve(path: &str, visit: &Visit) -> Result<web_sys::Response> {
    if path == "page.css" {
        let headers = answer::headers("text/css; charset=utf-8")?;
        headers.set("cache-control", "public, max-age=300")?;
        return answer::with(200, postern_view::PAGE_CSS, &headers);
    }
    let file = match path.strip_prefix(GATE_FOLDER) {
        Some("/gate.js") => GATE_JS,
        Some("/gate.wasm") => GATE_WASM,
        Some("/tell.js") => TELL_JS,
        Some("/stub.js") => STUB_JS,
        _ => return answer::text(404, "there is nothing of this name here"),
    };
    let headers = answer::headers(file.content_type)?;
    headers.set("cache-control", "public, max-age=31536000, immutable")?;
    headers.set("vary", "Accept-Encoding")?;
    // They are the same for everybody, and pages of sites that are not behind us load them from here.
    headers.set("access-control-allow-origin", "*")?;
    let takes_brotli = visit.header("accept-encoding").is_some_and(|accepted| {
        accepted.split(',').any(|item| item.trim() == "br" || item.trim().starts_with("br;"))
    });
    if takes_brotli {
        headers.set("content-encoding", "br")?;
    }
    answer::bytes(200, if takes_brotli { file.brotli } else { file.raw }, &headers)
}
