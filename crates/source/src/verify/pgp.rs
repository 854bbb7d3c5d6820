//! Signatures by `OpenPGP` keys.

use jiff::Timestamp;
use pgp::composed::{Deserializable, DetachedSignature, SignedPublicKey, SignedPublicSubKey};
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{Signature, SignatureType};
use pgp::types::{KeyDetails, Tag, VerifyingKey};

/// How a block of keys begins; a file may hold several.
const BLOCK: &str = "-----BEGIN PGP PUBLIC KEY BLOCK-----";
/// Keys of one Secret, and signatures of one object, that are looked at.
const MAX_KEYS: usize = 1000;
const MAX_SIGNATURES: usize = 16;
/// Seconds by which the clock of who signed may be ahead.
const CLOCK_SKEW: i64 = 300;
/// Hashes of which two texts with the same value can be made.
const BROKEN_HASHES: [HashAlgorithm; 3] = [HashAlgorithm::Md5, HashAlgorithm::Sha1, HashAlgorithm::Ripemd160];

/// A key with its subkeys and what its owner signed about them.
pub(super) type Certificate = SignedPublicKey;

/// Reads all keys of an armored text.
pub(super) fn read(content: &[u8]) -> Result<Vec<Certificate>, String> {
    let text = std::str::from_utf8(content).map_err(|_| "it is no text that begins with ".to_owned() + BLOCK)?;
    let mut found = Vec::new();
    for block in text.split(BLOCK).skip(1) {
        let armored = format!("{BLOCK}{block}");
        let (keys, _) = SignedPublicKey::from_armor_many(armored.as_bytes()).map_err(|error| error.to_string())?;
        for key in keys {
            found.push(key.map_err(|error| error.to_string())?);
            if found.len() > MAX_KEYS {
                return Err(format!("it holds more than {MAX_KEYS} keys"));
            }
        }
    }
    if found.is_empty() { Err(format!("it has no {BLOCK}")) } else { Ok(found) }
}

/// Who signed the text: the id of the primary key.
pub(super) fn check(
    signature: &str,
    payload: &[u8],
    certificates: &[Certificate],
    now: Timestamp,
) -> Result<String, String> {
    let damaged = |error: pgp::errors::Error| format!("the signature is damaged: {error}");
    let (signatures, _) = DetachedSignature::from_armor_many(signature.as_bytes()).map_err(damaged)?;
    let mut why = "the signature is damaged: it is empty".to_owned();
    for found in signatures.take(MAX_SIGNATURES) {
        let signature = found.map_err(damaged)?.signature;
        match one(&signature, payload, certificates, now.as_second()) {
            Ok(signer) => return Ok(signer),
            Err(cause) => why = cause,
        }
    }
    Err(why)
}

fn one(signature: &Signature, payload: &[u8], certificates: &[Certificate], now: i64) -> Result<String, String> {
    if !matches!(signature.typ(), Some(SignatureType::Binary | SignatureType::Text)) {
        return Err("the signature is not one of a text".to_owned());
    }
    if signature.hash_alg().is_none_or(|hash| BROKEN_HASHES.contains(&hash)) {
        return Err("the signature uses a hash that can be forged; sign with SHA-256 or better".to_owned());
    }
    let made = signature.created().map_or(0, |time| i64::from(time.as_secs()));
    if made > now + CLOCK_SKEW {
        return Err("the signature is of a time that is still to come".to_owned());
    }
    if signature.signature_expiration_time().is_some_and(|span| is_over(made, span.as_secs(), now)) {
        return Err("the signature has expired".to_owned());
    }
    let mut why = None;
    for certificate in certificates {
        match signer(certificate, signature, payload, now) {
            Some(Ok(())) => return Ok(id(&certificate.primary_key)),
            Some(Err(cause)) => why = Some(cause),
            None => {}
        }
    }
    let issuer = signature.issuer_key_id().first().map(|id| id.to_string().to_uppercase());
    let by = issuer.map_or_else(String::new, |id| {
        format!(". It is signed by key {id}; add that key to the Secret if you trust it")
    });
    Err(why.unwrap_or_else(|| format!("no matching key{by}")))
}

/// Whether a key of this certificate made the signature and may do so; `None` if it made it not.
fn signer(certificate: &Certificate, signature: &Signature, payload: &[u8], now: i64) -> Option<Result<(), String>> {
    let primary = &certificate.primary_key;
    let id = id(primary);
    if names(signature, primary) {
        return Some(verified(signature, primary, payload, &id).and_then(|()| primary_may_sign(certificate, now)));
    }
    let subkey = certificate.public_subkeys.iter().find(|subkey| names(signature, &subkey.key))?;
    let may = |()| {
        primary_is_valid(certificate, now)?;
        subkey_may_sign(certificate, subkey, now)
    };
    Some(verified(signature, &subkey.key, payload, &id).and_then(may))
}

/// A key's id as Flux writes it.
fn id(key: &impl KeyDetails) -> String {
    key.legacy_key_id().to_string().to_uppercase()
}

/// Whether a signature says that it is by this key.
fn names(signature: &Signature, key: &impl KeyDetails) -> bool {
    signature.issuer_fingerprint().contains(&&key.fingerprint())
        || signature.issuer_key_id().contains(&&key.legacy_key_id())
}

fn verified(signature: &Signature, key: &impl VerifyingKey, payload: &[u8], id: &str) -> Result<(), String> {
    signature.verify(key, payload).map_err(|_| {
        format!(
            "the signature by key {id} does not fit: what was signed was changed, or the signature is of something else"
        )
    })
}

/// The newest statement of the owner about the primary key.
fn self_signature(certificate: &Certificate) -> Option<&Signature> {
    let primary = &certificate.primary_key;
    let direct = certificate.details.direct_signatures.iter();
    let direct = direct.filter(|signature| signature.verify_key(primary).is_ok());
    let named = certificate.details.users.iter().filter_map(|user| {
        let own = |signature: &&Signature| signature.verify_certification(primary, Tag::UserId, &user.id).is_ok();
        let newest = user.signatures.iter().filter(own).max_by_key(|signature| signature.created())?;
        (newest.typ() != Some(SignatureType::CertRevocation)).then_some(newest)
    });
    direct.chain(named).max_by_key(|signature| signature.created())
}

fn primary_is_valid(certificate: &Certificate, now: i64) -> Result<(), String> {
    let primary = &certificate.primary_key;
    let revoked = certificate.details.revocation_signatures.iter().any(|found| found.verify_key(primary).is_ok());
    let own = self_signature(certificate).filter(|_| !revoked);
    let own = own.ok_or_else(|| format!("key {} was revoked, or its owner does not vouch for it", id(primary)))?;
    expired(primary, own, now)
}

fn primary_may_sign(certificate: &Certificate, now: i64) -> Result<(), String> {
    primary_is_valid(certificate, now)?;
    let flags = self_signature(certificate).map(Signature::key_flags).unwrap_or_default();
    // Keys of old programs say nothing of their purpose.
    if flags.sign() || !(flags.certify() || flags.encrypt_comms() || flags.encrypt_storage() || flags.authentication())
    {
        return Ok(());
    }
    Err(format!("key {} is not made for signatures", id(&certificate.primary_key)))
}

/// Whether the primary key says that this subkey signs, and the subkey that it belongs there.
fn subkey_may_sign(certificate: &Certificate, subkey: &SignedPublicSubKey, now: i64) -> Result<(), String> {
    let (primary, key) = (&certificate.primary_key, &subkey.key);
    let id = id(key);
    let own = || subkey.signatures.iter().filter(|found| found.verify_subkey_binding(primary, key).is_ok());
    let revoked = own().any(|found| found.typ() == Some(SignatureType::SubkeyRevocation));
    let binding = own().max_by_key(|found| found.created()).filter(|_| !revoked);
    let binding = binding.ok_or_else(|| format!("subkey {id} was revoked, or belongs to no key"))?;
    let back = binding.embedded_signature();
    let agreed = back.is_some_and(|back| back.verify_primary_key_binding(key, primary).is_ok());
    if !binding.key_flags().sign() || !agreed {
        return Err(format!("subkey {id} is not made for signatures"));
    }
    expired(key, binding, now)
}

/// That a key's time is not over, by what its owner says.
fn expired(key: &impl KeyDetails, own: &Signature, now: i64) -> Result<(), String> {
    let made = i64::from(key.created_at().as_secs());
    if own.key_expiration_time().is_some_and(|span| is_over(made, span.as_secs(), now)) {
        return Err(format!("key {} has expired; put its prolonged public key into the Secret", id(key)));
    }
    Ok(())
}

fn is_over(made: i64, span: u32, now: i64) -> bool {
    span != 0 && made + i64::from(span) < now
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_key_is_told() {
        for text in ["", "nonsense", BLOCK] {
            assert!(read(text.as_bytes()).is_err(), "{text}");
        }
        assert!(read(b"\xff").is_err_and(|cause| cause.contains(BLOCK)));
    }

    #[test]
    fn a_time_is_over_when_its_span_is() {
        assert!(is_over(100, 10, 111));
        assert!(!is_over(100, 10, 110));
        assert!(!is_over(100, 0, 1 << 40), "none is for ever");
    }
}
