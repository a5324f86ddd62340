//! The bucket for the log's full files, which a deployment may leave out. Called as JavaScript calls it: the builders of
//! the `worker` crate would cost several kB for a put and a get.

use js_sys::{Function, Promise, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use worker::Env;

/// The binding.
const BINDING: &str = "LOG_TILES";

/// A bucket of this deployment.
pub struct Bucket(JsValue);

impl Bucket {
    /// The bucket, if it is bound.
    pub fn of(env: &Env) -> Option<Self> {
        Reflect::get(env, &BINDING.into()).ok().filter(|binding| binding.is_object()).map(Self)
    }

    /// Keeps a file. When this returns, it is kept.
    pub async fn put(&self, path: &str, bytes: &[u8]) -> Result<(), JsValue> {
        self.call("put", path, &Uint8Array::from(bytes)).await.map(|_| ())
    }

    /// A file's bytes, if it is there.
    pub async fn read(&self, path: &str) -> Result<Option<Vec<u8>>, JsValue> {
        let object = self.call("get", path, &JsValue::UNDEFINED).await?;
        if object.is_null() {
            return Ok(None);
        }
        let read: Function = Reflect::get(&object, &"arrayBuffer".into())?.dyn_into()?;
        let bytes = JsFuture::from(read.call0(&object)?.dyn_into::<Promise>()?).await?;
        Ok(Some(Uint8Array::new(&bytes).to_vec()))
    }

    async fn call(&self, method: &str, path: &str, value: &JsValue) -> Result<JsValue, JsValue> {
        let method: Function = Reflect::get(&self.0, &method.into())?.dyn_into()?;
        JsFuture::from(method.call2(&self.0, &path.into(), value)?.dyn_into::<Promise>()?).await
    }
}
