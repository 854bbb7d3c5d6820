//! Signatures as cosign writes them with a key: a manifest beside the artifact, `sha256-….sig`, whose layers are texts that
//! name the artifact's digest, each with a signature over its bytes.

use base64::{Engine, prelude::BASE64_STANDARD};
use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use rustls_pki_types::{SubjectPublicKeyInfoDer, pem::PemObject};
use serde::Deserialize;
use x509_parser::{prelude::FromDer, x509::SubjectPublicKeyInfo};

use super::{OciError, Signed, fetch::Manifest};
use crate::charts::{ChartError, registry::Registry};

/// Media type of a text that is signed.
const PAYLOAD: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
/// Where its signature is.
const SIGNATURE: &str = "dev.cosignproject.cosign/signature";
/// Signatures that are looked at.
const MAX_SIGNATURES: usize = 50;

/// What is signed.
#[derive(Deserialize)]
struct Payload {
    critical: Critical,
}

#[derive(Deserialize)]
struct Critical {
    image: Image,
}

#[derive(Deserialize)]
struct Image {
    #[serde(rename = "docker-manifest-digest")]
    digest: String,
}

/// A public key, ready to be held against signatures.
struct Key {
    algorithm: &'static dyn VerificationAlgorithm,
    bytes: Vec<u8>,
}

/// Holds the signatures of the manifest with this digest against the keys: one must fit.
pub(super) fn verify(registry: &mut Registry<'_>, digest: &str, signed: &Signed) -> Result<(), OciError> {
    let unverified = |cause: String| OciError::Unverified { cause };
    let keys = signed.keys.iter().map(|pem| read(pem)).collect::<Result<Vec<_>, _>>().map_err(unverified)?;
    if keys.is_empty() {
        return Err(unverified("the Secret has no public key; a key's name ends in .pub".to_owned()));
    }
    let tag = format!("{}.sig", digest.replace(':', "-"));
    let place = registry.shown(&tag);
    let manifest = match registry.read_manifest::<Manifest>(&tag) {
        Ok((manifest, _)) => manifest,
        Err(ChartError::NotFound { .. }) => {
            return Err(unverified(format!("no signatures found for {}; there is no {place}", registry.shown(digest))));
        }
        Err(error) => return Err(unverified(error.to_string())),
    };
    for layer in manifest.layers.iter().filter(|layer| layer.media_type == PAYLOAD).take(MAX_SIGNATURES) {
        let Some(signature) = layer.annotations.get(SIGNATURE).and_then(|text| BASE64_STANDARD.decode(text).ok())
        else {
            continue;
        };
        let payload = registry.layer(&layer.digest).map_err(|error| unverified(error.to_string()))?;
        if keys.iter().any(|key| key.fits(&payload, &signature)) && names(&payload, digest) {
            return Ok(());
        }
    }
    Err(unverified(format!("no matching signatures: none of {place} is by the keys of the Secret and names {digest}")))
}

/// Whether a signed text is about this digest: a true signature of something else is no signature of this.
fn names(payload: &[u8], digest: &str) -> bool {
    serde_json::from_slice::<Payload>(payload).is_ok_and(|payload| payload.critical.image.digest == digest)
}

impl Key {
    fn fits(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(self.algorithm, &self.bytes).verify(message, signature).is_ok()
    }
}

/// Reads a public key in PEM.
fn read(pem: &[u8]) -> Result<Key, String> {
    let wrong = |cause: &str| format!("a public key of the Secret cannot be used: {cause}");
    let der = SubjectPublicKeyInfoDer::from_pem_slice(pem)
        .map_err(|_| wrong("it is no PEM text that begins with -----BEGIN PUBLIC KEY-----"))?;
    let (_, info) = SubjectPublicKeyInfo::from_der(&der).map_err(|_| wrong("it is not what it says"))?;
    let curve = info.algorithm.parameters.as_ref().and_then(|curve| curve.as_oid().ok()).map(|oid| oid.to_id_string());
    let algorithm: &'static dyn VerificationAlgorithm =
        match (info.algorithm.algorithm.to_id_string().as_str(), curve.as_deref()) {
            ("1.2.840.10045.2.1", Some("1.2.840.10045.3.1.7")) => &signature::ECDSA_P256_SHA256_ASN1,
            ("1.2.840.10045.2.1", Some("1.3.132.0.34")) => &signature::ECDSA_P384_SHA256_ASN1,
            ("1.3.101.112", _) => &signature::ED25519,
            ("1.2.840.113549.1.1.1", _) => &signature::RSA_PKCS1_2048_8192_SHA256,
            _ => return Err(wrong("keys of its kind are not known; cosign makes ECDSA keys with the curve P-256")),
        };
    Ok(Key { algorithm, bytes: info.subject_public_key.data.into_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_key_is_told() {
        for text in ["", "nonsense", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"] {
            assert!(read(text.as_bytes()).is_err_and(|cause| cause.contains("cannot be used")), "{text}");
        }
    }

    #[test]
    fn a_signed_text_names_its_artifact() {
        let text = r#"{"critical": {"image": {"docker-manifest-digest": "sha256:1"}, "type": "x"}, "optional": null}"#;
        assert!(names(text.as_bytes(), "sha256:1"));
        assert!(!names(text.as_bytes(), "sha256:2") && !names(b"{}", "sha256:1"));
    }
}
