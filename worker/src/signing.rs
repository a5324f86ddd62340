//! The keys that sign the log of receipts, and signing by the platform's own Ed25519. What is signed, and when, is
//! `postern-receipt`'s affair.

use crate::answer;
use crate::witnessing::{self, Witness};
use js_sys::{Array, Reflect, Uint8Array};
use postern_consent::Shard;
use postern_receipt::log::{LogKey, PublicKey, shard_origin, write_note};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{CryptoKey, SubtleCrypto, WorkerGlobalScope};

/// The name that WebCrypto has for it, as for its keys. Source: WICG Secure Curves; RFC 8032.
pub const ED25519: &str = "Ed25519";

/// How long receipts gather before they are sealed.
const SEAL_AFTER_MS: u64 = 60_000;

/// The longest that may be set. Source: standards.md 5.2 (batch interval of 5 minutes at most).
const SEAL_AFTER_MS_MAX: u64 = 300_000;

/// Where the log's files are, below a host.
pub const LOG_FOLDER: &str = "log/";

/// What a deployment says of its log.
pub struct LogSetting {
    /// The log's name, which checkpoints and keys carry.
    pub origin: String,
    /// How long receipts gather before they are sealed.
    pub seal_after: Duration,
    /// The keys that sign, the current first; or what to do about it.
    pub keys: Result<Vec<LogKey>, String>,
    /// The same as the platform holds them.
    signers: RefCell<Option<Rc<[Signer]>>>,
    /// Before which entry the log shows nothing, if nothing that is kept needs it.
    pub minimum: u64,
    /// Who else is to sign; or what to do about it.
    pub witnesses: Result<Vec<Witness>, String>,
}

impl LogSetting {
    /// What variables and secrets say; `host` is where the site is, or what it is called.
    pub fn read(text: impl Fn(&str) -> Option<String>, host: Option<&str>) -> Self {
        let origin = text("LOG_ORIGIN").or_else(|| Some(format!("{}/_postern/log", host?)));
        let current = text("LOG_KEY").ok_or_else(|| {
            "the secret LOG_KEY is missing, so receipts are recorded and nothing vouches for them: set it to 64 hex digits (wrangler secret put LOG_KEY)"
                .to_string()
        });
        // By another name it would be another log.
        let current = current.and_then(|hex| {
            origin
                .as_ref()
                .map(|_| hex)
                .ok_or_else(|| "what the log is called says the policy, which cannot be read".into())
        });
        let read = |name: &str, hex: &str| {
            LogKey::from_hex(hex).map_err(|error| format!("the secret {name}: {error}"))
        };
        let keys = current.and_then(|hex| {
            let mut keys = vec![read("LOG_KEY", &hex)?];
            // While keys are changed both sign, so that who knows the old one alone can still check.
            if let Some(hex) = text("LOG_KEY_PREVIOUS") {
                keys.push(read("LOG_KEY_PREVIOUS", &hex)?);
            }
            Ok(keys)
        });
        let seal_after_ms =
            text("LOG_SEAL_AFTER_MS").and_then(|text| text.parse().ok()).unwrap_or(SEAL_AFTER_MS);
        Self {
            origin: origin.unwrap_or_default(),
            signers: RefCell::new(None),
            seal_after: Duration::from_millis(seal_after_ms.min(SEAL_AFTER_MS_MAX)),
            keys,
            minimum: text("LOG_MINIMUM_INDEX").and_then(|text| text.parse().ok()).unwrap_or(0),
            witnesses: text("LOG_WITNESSES").map_or(Ok(Vec::new()), |text| witnessing::read(&text)),
        }
    }

    /// The name of a shard's log.
    pub fn origin_of(&self, shard: Shard) -> String {
        shard_origin(&self.origin, shard)
    }

    /// The text as a note, signed with every key as it signs the log of that shard.
    pub async fn sign(&self, shard: Shard, text: &str) -> Result<String, String> {
        let mut lines = Vec::new();
        for signer in self.signers().await?.iter() {
            let signature = signer.sign(text).await.map_err(|error| fault("sign", &error))?;
            lines.push(signer.public_of(shard)?.signature_line(&signature));
        }
        Ok(write_note(text, &lines))
    }

    /// The public keys of a shard's log, the current first.
    pub async fn public_keys(&self, shard: Shard) -> Result<Vec<PublicKey>, String> {
        self.signers().await?.iter().map(|signer| signer.public_of(shard)).collect()
    }

    async fn signers(&self) -> Result<Rc<[Signer]>, String> {
        if let Some(signers) = self.signers.borrow().clone() {
            return Ok(signers);
        }
        let mut signers = Vec::new();
        for key in self.keys.as_ref().map_err(Clone::clone)? {
            let (key, x) = import(key).await.map_err(|error| fault("read its key", &error))?;
            let public =
                PublicKey::from_jwk_x(&self.origin, &x).map_err(|error| format!("the log's key: {error}"))?;
            signers.push(Signer { key, public });
        }
        let signers: Rc<[Signer]> = signers.into();
        self.signers.replace(Some(Rc::clone(&signers)));
        Ok(signers)
    }
}

/// A key that the platform holds.
struct Signer {
    key: CryptoKey,
    public: PublicKey,
}

impl Signer {
    fn public_of(&self, shard: Shard) -> Result<PublicKey, String> {
        self.public.of_shard(shard).map_err(|error| format!("the log's key: {error}"))
    }

    async fn sign(&self, text: &str) -> Result<[u8; 64], JsValue> {
        let signature =
            JsFuture::from(subtle()?.sign_with_str_and_u8_array(ED25519, &self.key, text.as_bytes())?)
                .await?;
        Uint8Array::new(&signature)
            .to_vec()
            .try_into()
            .map_err(|_| JsValue::from_str("a signature has 64 bytes"))
    }
}

/// The platform's cryptography.
pub fn subtle() -> Result<SubtleCrypto, JsValue> {
    let scope: WorkerGlobalScope = js_sys::global().unchecked_into();
    Ok(scope.crypto()?.subtle())
}

/// The platform's key, and its public half as a JSON Web Key says it.
async fn import(key: &LogKey) -> Result<(CryptoKey, String), JsValue> {
    let (subtle, der) = (subtle()?, Uint8Array::from(key.pkcs8().as_slice()));
    let uses = Array::of1(&"sign".into());
    let imported = subtle.import_key_with_str("pkcs8", &der, ED25519, true, &uses)?;
    let key: CryptoKey = JsFuture::from(imported).await?.unchecked_into();
    let jwk = JsFuture::from(subtle.export_key("jwk", &key)?).await?;
    let x = Reflect::get(&jwk, &"x".into())?.as_string().ok_or("a key has a public half")?;
    Ok((key, x))
}

fn fault(what: &str, error: &JsValue) -> String {
    format!("the platform could not {what} for the log: {}", answer::message(error))
}
