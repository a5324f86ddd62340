//! What the stub offers the gate. The other side of each is in `www/stub/stub.js`.

use wasm_bindgen::prelude::*;
use web_sys::{Document, Element};

#[wasm_bindgen]
extern "C" {
    /// The stub's bridge.
    pub type Bridge;

    /// The page.
    #[wasm_bindgen(method, getter)]
    pub fn document(this: &Bridge) -> Document;

    /// May a held element start now?
    #[wasm_bindgen(method, js_name = isMet)]
    pub fn is_met(this: &Bridge, element: &Element) -> bool;

    /// Everything held: first what stands in the document, in its order, then what scripts made and put
    /// elsewhere, or nowhere yet.
    #[wasm_bindgen(method)]
    pub fn held(this: &Bridge) -> js_sys::Array;

    /// Puts every attribute of a held element back where it was; so it starts.
    #[wasm_bindgen(method)]
    pub fn restore(this: &Bridge, element: &Element);

    /// From now on these categories pass and others are held; Consent Mode is told, and traces of
    /// denied vendors are removed.
    #[wasm_bindgen(method)]
    pub fn grant(this: &Bridge, bits: u8);

    /// Sends the held requests that may be sent, forgets the others if the question is answered, and tells the
    /// page what holds.
    #[wasm_bindgen(method)]
    pub fn flush(this: &Bridge, is_answered: bool);

    /// Posts a decision: the choice, names of categories and of single vendors, each separated by spaces, and the
    /// layer; the answer comes to `answered`.
    #[wasm_bindgen(method)]
    pub fn post(this: &Bridge, choice: &str, categories: &str, vendors: &str, layer: u8);
}
