//! What the stub offers the gate. The other side of each is in `www/stub/stub.js`.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// The stub's bridge.
    pub type Bridge;

    /// What is granted now, as bits.
    #[wasm_bindgen(method, getter)]
    pub fn granted(this: &Bridge) -> u8;

    /// Elements that scripts made and the stub holds, in the order they were made.
    #[wasm_bindgen(method, getter)]
    pub fn made(this: &Bridge) -> js_sys::Array;

    /// Does this cookie or storage key belong to a vendor that is denied now?
    #[wasm_bindgen(method, js_name = isDeniedName)]
    pub fn is_denied_name(this: &Bridge, name: &str) -> bool;

    /// From now on these categories pass, others are held again; Consent Mode is told once.
    #[wasm_bindgen(method)]
    pub fn grant(this: &Bridge, bits: u8);

    /// Sends the held requests that may now be sent, and tells the page what is granted (names
    /// separated by spaces).
    #[wasm_bindgen(method)]
    pub fn flush(this: &Bridge, granted: &str);

    /// Posts a decision; calls `done(status, granted bits)` once. Status 0: the edge was not reached.
    #[wasm_bindgen(method)]
    pub fn post(this: &Bridge, body: &str, done: JsValue);
}
