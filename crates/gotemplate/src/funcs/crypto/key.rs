//! Private keys: made, read from PEM and written to it, and as what signs a certificate.

use ed25519_dalek::pkcs8::{EncodePrivateKey, KeypairBytes};
use ed25519_dalek::{Signer, SigningKey as Ed25519};
use p256::elliptic_curve::Generate;
use p256::elliptic_curve::sec1::ToSec1Point;
use rcgen::{PublicKeyData, SignatureAlgorithm, SigningKey};
use rsa::RsaPrivateKey;
use rsa::pkcs1::{DecodeRsaPrivateKey, EncodeRsaPrivateKey, EncodeRsaPublicKey};
use rsa::pkcs8::DecodePrivateKey;
use rsa::signature::SignatureEncoding;

use super::Random;
use crate::exec::Context;
use crate::registry::Type::Text;
use crate::registry::{Args, Function, Outcome, fixed};
use crate::value::Value;

type Cx<'a, 'b, 'c, 'd> = &'a mut Context<'b, 'c, 'd>;

/// Steps that an RSA key of 2,048 bits counts: a render can make a hundred of them.
pub(super) const RSA_2048_STEPS: usize = 500_000;

/// Steps that an RSA key of 4,096 bits counts.
const RSA_4096_STEPS: usize = 4_000_000;

/// Steps that a key on an elliptic curve counts.
const CURVE_STEPS: usize = 2_000;

enum Secret {
    Rsa(Box<RsaPrivateKey>),
    P256(p256::SecretKey),
    Ed25519(Box<Ed25519>),
}

/// A private key with its public half as certificates hold it.
pub(super) struct PrivateKey {
    secret: Secret,
    public: Vec<u8>,
}

impl PrivateKey {
    /// Makes an RSA key.
    pub(super) fn rsa(random: &mut Random, bits: usize) -> Result<Self, String> {
        let key = RsaPrivateKey::new(random, bits).map_err(|error| format!("error generating rsa key: {error}"))?;
        Self::of(Secret::Rsa(Box::new(key)))
    }

    fn of(secret: Secret) -> Result<Self, String> {
        let public = match &secret {
            Secret::Rsa(key) => {
                let der = key.to_public_key().to_pkcs1_der();
                der.map_err(|error| error.to_string())?.as_bytes().to_vec()
            }
            Secret::P256(key) => key.public_key().to_sec1_point(false).as_bytes().to_vec(),
            Secret::Ed25519(key) => key.verifying_key().to_bytes().to_vec(),
        };
        Ok(Self { secret, public })
    }

    /// Reads the first PEM block of a text.
    pub(super) fn read(text: &[u8]) -> Result<Self, String> {
        let block = pem::parse(text).map_err(|_| "no PEM data in input")?;
        let der = block.contents();
        let secret = match block.tag() {
            "PRIVATE KEY" => Self::pkcs8(der)?,
            "RSA PRIVATE KEY" => {
                let key = RsaPrivateKey::from_pkcs1_der(der);
                let key = key.map_err(|error| format!("parsing RSA private key from PEM: {error}"))?;
                Secret::Rsa(Box::new(key))
            }
            "EC PRIVATE KEY" => {
                let key = p256::SecretKey::from_sec1_der(der);
                Secret::P256(
                    key.map_err(|error| format!("parsing EC private key from PEM: {error}; only P-256 is supported"))?,
                )
            }
            tag if tag.ends_with(" PRIVATE KEY") => return Err(format!("invalid private key type {tag}")),
            tag => return Err(format!("no private key data in PEM block of type {tag}")),
        };
        Self::of(secret)
    }

    fn pkcs8(der: &[u8]) -> Result<Secret, String> {
        if let Ok(key) = RsaPrivateKey::from_pkcs8_der(der) {
            return Ok(Secret::Rsa(Box::new(key)));
        }
        if let Ok(key) = p256::SecretKey::from_pkcs8_der(der) {
            return Ok(Secret::P256(key));
        }
        let key = Ed25519::from_pkcs8_der(der);
        let key =
            key.map_err(|error| format!("decoding PEM as PKCS#8: {error}; RSA, P-256 and Ed25519 are supported"))?;
        Ok(Secret::Ed25519(Box::new(key)))
    }

    /// As PEM, in the form that Go has for the kind of key.
    pub(super) fn pem(&self) -> Result<String, String> {
        let (tag, der) = match &self.secret {
            Secret::Rsa(key) => ("RSA PRIVATE KEY", key.to_pkcs1_der().map_err(|error| error.to_string())?.to_bytes()),
            Secret::P256(key) => ("EC PRIVATE KEY", key.to_sec1_der().map_err(|error| error.to_string())?),
            Secret::Ed25519(key) => {
                let pair = KeypairBytes { secret_key: key.to_bytes(), public_key: None };
                ("PRIVATE KEY", pair.to_pkcs8_der().map_err(|error| error.to_string())?.to_bytes())
            }
        };
        Ok(pem_text(tag, &der))
    }
}

/// A block of PEM as Go writes it.
pub(super) fn pem_text(tag: &str, der: &[u8]) -> String {
    let config = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
    pem::encode_config(&pem::Pem::new(tag, der), config)
}

impl PublicKeyData for PrivateKey {
    fn der_bytes(&self) -> &[u8] {
        &self.public
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        match &self.secret {
            Secret::Rsa(_) => &rcgen::PKCS_RSA_SHA256,
            Secret::P256(_) => &rcgen::PKCS_ECDSA_P256_SHA256,
            Secret::Ed25519(_) => &rcgen::PKCS_ED25519,
        }
    }
}

impl SigningKey for PrivateKey {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let failed = |_| rcgen::Error::RemoteKeyError;
        Ok(match &self.secret {
            Secret::Rsa(key) => {
                let key = rsa::pkcs1v15::SigningKey::<sha2_next::Sha256>::new((**key).clone());
                key.try_sign(message).map_err(failed)?.to_vec()
            }
            Secret::P256(key) => {
                let signature: p256::ecdsa::Signature =
                    p256::ecdsa::SigningKey::from(key).try_sign(message).map_err(failed)?;
                signature.to_der().as_bytes().to_vec()
            }
            Secret::Ed25519(key) => key.try_sign(message).map_err(failed)?.to_vec(),
        })
    }
}

fn generate(cx: Cx, args: &[Value]) -> Outcome {
    let mut random = Random::new(cx.run.host()?);
    let secret = match args.text(0) {
        b"" | b"rsa" => {
            cx.run.spend(RSA_4096_STEPS)?;
            return Ok(PrivateKey::rsa(&mut random, 4096)?.pem()?.into());
        }
        b"ecdsa" => {
            cx.run.spend(CURVE_STEPS)?;
            Secret::P256(p256::SecretKey::generate_from_rng(&mut random))
        }
        b"ed25519" => {
            cx.run.spend(CURVE_STEPS)?;
            Secret::Ed25519(Box::new(Ed25519::generate(&mut random)))
        }
        b"dsa" => return Err("DSA keys are not made: no program takes them any more; use rsa, ecdsa or ed25519".into()),
        other => return Ok([b"Unknown type ", other].concat().into()),
    };
    Ok(PrivateKey::of(secret)?.pem()?.into())
}

pub(in crate::funcs) const TABLE: &[Function] = &[fixed("genPrivateKey", &[Text], generate)];
