//! Asking others than the origin over the network: the platform's login for its keys, witnesses for their signatures. Nothing of a
//! visitor is in it.

use crate::answer;
use futures_util::future::{Either, select};
use std::pin::pin;
use std::time::Duration;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{RequestInit, RequestRedirect, Response, WorkerGlobalScope};
use worker::Delay;

/// How long an answer may take.
const WAIT: Duration = Duration::from_secs(5);

/// Status and text of what is at an address, or of what it answers to a body; else why there is no answer.
pub async fn ask(address: &str, body: Option<&str>) -> Result<(u16, String), String> {
    let asked = async {
        let init = RequestInit::new();
        init.set_redirect(RequestRedirect::Manual);
        if let Some(body) = body {
            init.set_method("POST");
            init.set_body(&JsValue::from_str(body));
        }
        let scope: WorkerGlobalScope = js_sys::global().unchecked_into();
        let response: Response =
            JsFuture::from(scope.fetch_with_str_and_init(address, &init)).await?.unchecked_into();
        let text = JsFuture::from(response.text()?).await?.as_string().unwrap_or_default();
        Ok::<_, JsValue>((response.status(), text))
    };
    match select(pin!(asked), pin!(Delay::from(WAIT))).await {
        Either::Left((answered, _)) => answered.map_err(|error| answer::message(&error)),
        Either::Right(_) => Err("there was no answer in time".into()),
    }
}
