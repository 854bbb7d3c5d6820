//! Passwords: `bcrypt`, `htpasswd`, and `derivePassword`, which is the algorithm of Master Password.

use base64::Engine;
use base64::alphabet::BCRYPT;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};
use hmac::{Hmac, KeyInit, Mac};

use crate::exec::Context;
use crate::registry::Type::{Text, Uint32};
use crate::registry::{Args, Function, Outcome, fixed};
use crate::value::Value;

type Cx<'a, 'b, 'c, 'd> = &'a mut Context<'b, 'c, 'd>;

/// Steps that one bcrypt of [`COST`] counts.
const BCRYPT_STEPS: usize = 500_000;

/// Steps that one derived password counts.
const DERIVE_STEPS: usize = 1_000_000;

/// bcrypt's work: two to this power rounds, Go's default.
const COST: u32 = 10;

/// Bytes that bcrypt takes of a password.
const MAX_BCRYPT: usize = 72;

const SEED: &[u8] = b"com.lyndir.masterpassword";

fn hashed(cx: Cx, password: &[u8]) -> Result<String, crate::error::Fault> {
    if password.len() > MAX_BCRYPT {
        return Ok(format!("failed to encrypt string with bcrypt: bcrypt: password length exceeds {MAX_BCRYPT} bytes"));
    }
    cx.run.spend(BCRYPT_STEPS)?;
    let mut salt = [0; 16];
    cx.run.host()?.random(&mut salt);
    let ended = [password, b"\0"].concat();
    let hash = bcrypt::bcrypt(COST, salt, &ended[..ended.len().min(MAX_BCRYPT)]);
    let base64 = GeneralPurpose::new(&BCRYPT, NO_PAD);
    Ok(format!("$2a${COST}${}{}", base64.encode(salt), base64.encode(&hash[..23])))
}

fn bcrypt(cx: Cx, args: &[Value]) -> Outcome {
    Ok(hashed(cx, args.text(0))?.into())
}

fn htpasswd(cx: Cx, args: &[Value]) -> Outcome {
    let user = args.text(0);
    if user.contains(&b':') {
        return Ok([b"invalid username: ", user].concat().into());
    }
    let hash = hashed(cx, args.text(1))?;
    Ok([user, b":", hash.as_bytes()].concat().into())
}

/// The shapes of passwords of a type; each letter stands for a set of [`characters`].
fn shapes(kind: &[u8]) -> &'static [&'static str] {
    match kind {
        b"maximum" => &["anoxxxxxxxxxxxxxxxxx", "axxxxxxxxxxxxxxxxxno"],
        b"long" => &[
            "CvcvnoCvcvCvcv",
            "CvcvCvcvnoCvcv",
            "CvcvCvcvCvcvno",
            "CvccnoCvcvCvcv",
            "CvccCvcvnoCvcv",
            "CvccCvcvCvcvno",
            "CvcvnoCvccCvcv",
            "CvcvCvccnoCvcv",
            "CvcvCvccCvcvno",
            "CvcvnoCvcvCvcc",
            "CvcvCvcvnoCvcc",
            "CvcvCvcvCvccno",
            "CvccnoCvccCvcv",
            "CvccCvccnoCvcv",
            "CvccCvccCvcvno",
            "CvcvnoCvccCvcc",
            "CvcvCvccnoCvcc",
            "CvcvCvccCvccno",
            "CvccnoCvcvCvcc",
            "CvccCvcvnoCvcc",
            "CvccCvcvCvccno",
        ],
        b"medium" => &["CvcnoCvc", "CvcCvcno"],
        b"short" => &["Cvcn"],
        b"basic" => &["aaanaaan", "aannaaan", "aaannaaa"],
        b"pin" => &["nnnn"],
        _ => &[],
    }
}

fn characters(class: u8) -> &'static [u8] {
    match class {
        b'C' => b"BCDFGHJKLMNPQRSTVWXYZ",
        b'v' => b"aeiou",
        b'c' => b"bcdfghjklmnpqrstvwxyz",
        b'a' => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz",
        b'n' => b"0123456789",
        b'o' => b"@&%?,=[]_:-+*$#!'^~;()/.",
        _ => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()",
    }
}

/// The seed, and a text behind its length.
fn salted(text: &[u8]) -> Vec<u8> {
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
    [SEED, &length.to_be_bytes(), text].concat()
}

fn derive_password(cx: Cx, args: &[Value]) -> Outcome {
    let Some(Value::Uint64(counter)) = args.first() else { return Err("the counter is not a number".into()) };
    let counter = u32::try_from(*counter).unwrap_or(u32::MAX);
    let (kind, password, user, site) = (args.text(1), args.text(2), args.text(3), args.text(4));
    let shapes = shapes(kind);
    if shapes.is_empty() {
        return Ok([b"cannot find password template ", kind].concat().into());
    }
    cx.run.spend(DERIVE_STEPS)?;
    let params = scrypt::Params::new(15, 8, 2).map_err(|error| error.to_string())?;
    let mut key = [0; 64];
    scrypt::scrypt(password, &salted(user), &params, &mut key).map_err(|error| error.to_string())?;
    let mut mac = Hmac::<sha2_next::Sha256>::new_from_slice(&key).map_err(|error| error.to_string())?;
    mac.update(&salted(site));
    mac.update(&counter.to_be_bytes());
    let seed = mac.finalize().into_bytes();
    let shape = shapes[usize::from(seed[0]) % shapes.len()];
    let letter = |(class, number): (u8, &u8)| {
        let characters = characters(class);
        characters[usize::from(*number) % characters.len()]
    };
    Ok(shape.bytes().zip(&seed[1..]).map(letter).collect::<Vec<u8>>().into())
}

pub(in crate::funcs) const TABLE: &[Function] = &[
    fixed("bcrypt", &[Text], bcrypt),
    fixed("htpasswd", &[Text, Text], htpasswd),
    fixed("derivePassword", &[Uint32, Text, Text, Text, Text], derive_password),
];
