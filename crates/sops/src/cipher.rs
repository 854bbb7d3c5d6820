//! One value: AES-256-GCM, bound to its place in the document.

use std::collections::HashMap;

use aes_gcm::aead::consts::{U12, U16, U32};
use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{AesGcm, aes::Aes256};
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{Comment, Random, SopsError, Value};

/// Bytes of a data key.
pub(crate) const KEY_BYTES: usize = 32;
/// Bytes of the nonces that sops draws.
const NONCE_BYTES: usize = 32;
const TAG_BYTES: usize = 16;
const PREFIX: &str = "ENC[AES256_GCM,data:";

/// As Go decodes: bits behind the last byte may be set.
const BASE64: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true));

/// A data key; overwritten when dropped.
pub(crate) type DataKey = Zeroizing<Vec<u8>>;

/// The nonces of values that were decrypted, so that what did not change is encrypted to the same text again.
#[derive(Default)]
pub(crate) struct Stash {
    /// By place, kind and hash of the value: the plaintext is not kept.
    nonces: HashMap<(String, &'static str, [u8; 32]), Vec<u8>>,
}

impl Stash {
    fn id(bound: &str, value: &Value) -> (String, &'static str, [u8; 32]) {
        (bound.to_owned(), kind_of(value), Sha256::digest(value.bytes()).into())
    }
}

/// A value taken apart.
struct Parts<'a> {
    /// The encrypted bytes and their tag.
    data: Vec<u8>,
    nonce: Vec<u8>,
    kind: &'a str,
}

/// Decrypts a value; its text is not told in the error.
pub(crate) fn decrypt(text: &str, key: &DataKey, bound: &str, stash: &mut Stash) -> Result<Value, String> {
    if text.is_empty() {
        return Ok(Value::text(""));
    }
    let parts = parse(text)?;
    let payload = Payload { msg: &parts.data, aad: bound.as_bytes() };
    let opened = match parts.nonce.len() {
        12 => {
            AesGcm::<Aes256, U12>::new_from_slice(key).ok().map(|cipher| cipher.decrypt(nonce(&parts.nonce), payload))
        }
        16 => {
            AesGcm::<Aes256, U16>::new_from_slice(key).ok().map(|cipher| cipher.decrypt(nonce(&parts.nonce), payload))
        }
        32 => {
            AesGcm::<Aes256, U32>::new_from_slice(key).ok().map(|cipher| cipher.decrypt(nonce(&parts.nonce), payload))
        }
        other => return Err(format!("its iv has {other} bytes; sops writes 32")),
    };
    let plain = Zeroizing::new(match opened {
        Some(Ok(plain)) => plain,
        Some(Err(_)) => {
            return Err("it was changed, moved from another key, or encrypted with another data key".to_owned());
        }
        None => return Err(format!("the data key has {} bytes instead of {KEY_BYTES}", key.len())),
    });
    let value = typed(parts.kind, &plain)?;
    stash.nonces.insert(Stash::id(bound, &value), parts.nonce);
    Ok(value)
}

fn nonce<N: aes_gcm::aead::array::ArraySize>(bytes: &[u8]) -> &aes_gcm::aead::array::Array<u8, N> {
    bytes.try_into().expect("because the length was looked at")
}

fn parse(text: &str) -> Result<Parts<'_>, String> {
    let foreign = || "it is not encrypted in the form of sops (ENC[AES256_GCM,…])".to_owned();
    let line = text.split('\n').next().unwrap_or_default();
    let body = line.strip_prefix(PREFIX).ok_or_else(foreign)?;
    let body = &body[..body.rfind(']').ok_or_else(foreign)?];
    let (body, kind) = body.rsplit_once(",type:").ok_or_else(foreign)?;
    let (body, tag) = body.rsplit_once(",tag:").ok_or_else(foreign)?;
    let (data, iv) = body.rsplit_once(",iv:").ok_or_else(foreign)?;
    if [kind, tag, iv, data].iter().any(|part| part.is_empty()) {
        return Err(foreign());
    }
    let decode = |name: &str, part: &str| {
        BASE64.decode(part).map_err(|_| format!("its {name} is not base64: it was cut or changed"))
    };
    let mut data = decode("data", data)?;
    data.extend(decode("tag", tag)?);
    Ok(Parts { data, nonce: decode("iv", iv)?, kind })
}

fn typed(kind: &str, plain: &[u8]) -> Result<Value, String> {
    let unfit = || format!("its content is not of its type {kind:?}");
    let text = || std::str::from_utf8(plain).map_err(|_| unfit());
    Ok(match kind {
        "str" | "bytes" => Value::text(plain),
        "int" => Value::Int(text()?.parse().map_err(|_| unfit())?),
        "float" => Value::Float(text()?.parse().map_err(|_| unfit())?),
        "bool" => Value::Bool(match text()? {
            "1" | "t" | "T" | "TRUE" | "true" | "True" => true,
            "0" | "f" | "F" | "FALSE" | "false" | "False" => false,
            _ => return Err(unfit()),
        }),
        "time" => Value::Time(text()?.to_owned()),
        "comment" => Value::Comment(Comment::new(plain)),
        other => return Err(format!("its type {other:?} is unknown")),
    })
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Bool(_) => "bool",
        Value::Int(_) => "int",
        Value::Float(_) => "float",
        Value::Time(_) => "time",
        Value::Comment(_) => "comment",
        _ => "str",
    }
}

/// Encrypts a value; an empty text stays empty.
pub(crate) fn encrypt(
    value: &Value,
    key: &DataKey,
    bound: &str,
    (stash, random): (&Stash, &mut dyn Random),
) -> Result<String, SopsError> {
    let plain = value.bytes();
    if plain.is_empty() {
        return Ok(String::new());
    }
    let kind = kind_of(value);
    let known = stash.nonces.get(&Stash::id(bound, value)).filter(|known| known.len() == NONCE_BYTES);
    let mut drawn = [0; NONCE_BYTES];
    match known {
        Some(known) => drawn.copy_from_slice(known),
        None => random.fill(&mut drawn)?,
    }
    let sealed = sealed((&plain, bound), key, &drawn);
    let (data, tag) = sealed.split_at(sealed.len() - TAG_BYTES);
    let encode = |bytes: &[u8]| BASE64.encode(bytes);
    Ok(format!("{PREFIX}{},iv:{},tag:{},type:{kind}]", encode(data), encode(&drawn), encode(tag)))
}

/// The encrypted bytes and their tag.
fn sealed((plain, bound): (&[u8], &str), key: &DataKey, drawn: &[u8; NONCE_BYTES]) -> Vec<u8> {
    let cipher = AesGcm::<Aes256, U32>::new_from_slice(key).expect("because every data key was found to have 32 bytes");
    let payload = Payload { msg: plain, aad: bound.as_bytes() };
    cipher.encrypt(nonce(drawn), payload).expect("because a document is far smaller than what GCM allows")
}
