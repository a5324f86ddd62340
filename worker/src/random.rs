//! Random bytes from the platform, and nothing else.

use wasm_bindgen::JsCast;

/// Random bytes from the platform.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    let scope: web_sys::WorkerGlobalScope = js_sys::global().unchecked_into();
    // Without the platform's generator nothing may be named or salted: hashing the failure in would
    // make names guessable, so the whole request ends instead.
    if let Err(error) =
        scope.crypto().and_then(|crypto| crypto.get_random_values_with_u8_array(&mut bytes).map(|_| ()))
    {
        wasm_bindgen::throw_val(error);
    }
    bytes
}
