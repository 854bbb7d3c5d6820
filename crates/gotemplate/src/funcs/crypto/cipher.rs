//! `encryptAES` and `decryptAES`: AES-256 in CBC mode, the initialization vector before the text, all in base64.

use aes::Aes256;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cbc::cipher::block_padding::{NoPadding, Pkcs7};
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};

use crate::exec::Context;
use crate::funcs::encoding::decode64;
use crate::registry::Type::Text;
use crate::registry::{Args, Function, Outcome, fixed};
use crate::value::Value;

type Cx<'a, 'b, 'c, 'd> = &'a mut Context<'b, 'c, 'd>;

const BLOCK: usize = 16;

/// The first 32 bytes of a password, filled up with zeros.
fn key_of(password: &[u8]) -> [u8; 32] {
    let mut key = [0; 32];
    let used = password.len().min(key.len());
    key[..used].copy_from_slice(&password[..used]);
    key
}

fn encrypt(cx: Cx, args: &[Value]) -> Outcome {
    let (password, text) = (args.text(0), args.text(1));
    if text.is_empty() {
        return Ok("".into());
    }
    let mut iv = [0; BLOCK];
    cx.run.host()?.random(&mut iv);
    let cipher = cbc::Encryptor::<Aes256>::new(&key_of(password).into(), &iv.into());
    let encrypted = cipher.encrypt_padded_vec::<Pkcs7>(text);
    Ok(STANDARD.encode([iv.as_slice(), &encrypted].concat()).into())
}

fn decrypt(_: Cx, args: &[Value]) -> Outcome {
    let (password, text) = (args.text(0), args.text(1));
    if text.is_empty() {
        return Ok("".into());
    }
    let crypt = decode64(text).map_err(|at| format!("illegal base64 data at input byte {at}"))?;
    let Some((iv, crypt)) = crypt.split_first_chunk::<BLOCK>() else {
        // Go makes room for what four letters can hold at most.
        let room = text.len() / 4 * 3;
        return Err(format!("runtime error: slice bounds out of range [:{BLOCK}] with capacity {room}").into());
    };
    if crypt.len() % BLOCK != 0 {
        return Err("crypto/cipher: input not full blocks".into());
    }
    let cipher = cbc::Decryptor::<Aes256>::new(&key_of(password).into(), &(*iv).into());
    let text = cipher.decrypt_padded_vec::<NoPadding>(crypt).map_err(|error| error.to_string())?;
    let Some(last) = text.last() else {
        return Err("runtime error: index out of range [-1]".into());
    };
    let Some(kept) = text.len().checked_sub(usize::from(*last)) else {
        let end = i64::try_from(text.len()).unwrap_or(i64::MAX) - i64::from(*last);
        return Err(format!("runtime error: slice bounds out of range [:{end}]").into());
    };
    Ok(text[..kept].to_vec().into())
}

pub(in crate::funcs) const TABLE: &[Function] =
    &[fixed("encryptAES", &[Text, Text], encrypt), fixed("decryptAES", &[Text, Text], decrypt)];
