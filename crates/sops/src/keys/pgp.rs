//! `OpenPGP`: private keys decrypt, certificates encrypt. No gpg is started and no keyring of its is read.

use std::io::Read;

use pgp::composed::{ArmorOptions, Message, MessageBuilder, PublicOrSecret, SignedPublicKey, SignedSecretKey};
use pgp::crypto::sym::SymmetricKeyAlgorithm;
use pgp::packet::{KeyFlags, SignatureType};
use pgp::types::{KeyDetails, Password};
use zeroize::Zeroizing;

use super::{KeyService, MasterKey, Random};

/// Bytes that a data key, or a part of one, may have.
const MAX_SECRET: u64 = 1024;

/// Private keys and certificates.
#[derive(Default)]
pub struct PgpKeys {
    secret: Vec<SignedSecretKey>,
    public: Vec<SignedPublicKey>,
}

impl PgpKeys {
    /// A service without keys.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the keys of an armored or binary text, private and public ones.
    ///
    /// # Errors
    /// Why it cannot be read; nothing of a private key is told.
    pub fn add(&mut self, text: &[u8]) -> Result<(), String> {
        let wrong = || "it is not an OpenPGP key".to_owned();
        let (keys, _) = PublicOrSecret::from_reader_many(text).map_err(|_| wrong())?;
        let mut found = false;
        for key in keys {
            let key = key.map_err(|_| wrong())?;
            key.verify_bindings().map_err(|_| "a signature in the OpenPGP key is wrong".to_owned())?;
            match key {
                PublicOrSecret::Public(key) => self.public.push(key),
                PublicOrSecret::Secret(key) => {
                    self.public.push(key.to_public_key());
                    self.secret.push(key);
                }
            }
            found = true;
        }
        if found { Ok(()) } else { Err(wrong()) }
    }

    /// The certificate whose primary key or subkey has this fingerprint, or ends with it.
    fn certificate(&self, fingerprint: &str) -> Option<&SignedPublicKey> {
        let wanted = fingerprint.trim_start_matches("0x").trim_end_matches('!').to_uppercase();
        let fits = |found: String| wanted.len() >= 16 && found.ends_with(&wanted);
        self.public.iter().find(|key| {
            let own = format!("{:X}", key.primary_key.fingerprint());
            fits(own) || key.public_subkeys.iter().any(|sub| fits(format!("{:X}", sub.key.fingerprint())))
        })
    }
}

impl KeyService for PgpKeys {
    fn knows(&self, key: &MasterKey) -> bool {
        matches!(key, MasterKey::Pgp { .. })
    }

    fn unwrap(&self, key: &MasterKey) -> Result<Zeroizing<Vec<u8>>, String> {
        let MasterKey::Pgp { enc, .. } = key else {
            return Err("it is no OpenPGP key".to_owned());
        };
        if self.secret.is_empty() {
            return Err("no OpenPGP private key is given".to_owned());
        }
        for secret in &self.secret {
            let damaged = |_| "its `enc` is not an OpenPGP message: it was cut or changed".to_owned();
            let (message, _) = Message::from_armor(enc.as_bytes()).map_err(damaged)?;
            let Ok(opened) = message.decrypt(&Password::empty(), secret) else {
                continue;
            };
            let opened = if opened.is_compressed() { opened.decompress().map_err(damaged)? } else { opened };
            let mut plain = Zeroizing::new(Vec::new());
            let read = opened.take(MAX_SECRET).read_to_end(&mut plain);
            read.map_err(|_| "its `enc` is damaged".to_owned())?;
            return Ok(plain);
        }
        Err("no OpenPGP private key that was given opens it".to_owned())
    }

    fn wrap(&self, key: &MasterKey, secret: &[u8], random: &mut dyn Random) -> Result<String, String> {
        let missing = || "its public key is not given; export it and name the file".to_owned();
        let certificate = self.certificate(&key.id()).ok_or_else(missing)?;
        let refused = |error: pgp::errors::Error| error.to_string();
        let mut rng = Rng { random, failed: None };
        let builder = MessageBuilder::from_bytes("", secret.to_vec());
        let mut builder = builder.seipd_v1(&mut rng, SymmetricKeyAlgorithm::AES256);
        let sub = certificate.public_subkeys.iter().rev().find(|sub| {
            let flagged = |flags: KeyFlags| flags.encrypt_comms() || flags.encrypt_storage();
            let revoked =
                sub.signatures.iter().any(|signature| signature.typ() == Some(SignatureType::SubkeyRevocation));
            let may = sub.signatures.iter().any(|signature| flagged(signature.key_flags()));
            sub.key.algorithm().can_encrypt() && may && !revoked
        });
        match sub {
            Some(sub) => builder.encrypt_to_key(&mut rng, &sub.key).map_err(refused)?,
            None => builder.encrypt_to_key(&mut rng, &certificate.primary_key).map_err(refused)?,
        };
        let armored = builder.to_armored_string(&mut rng, ArmorOptions::default()).map_err(refused)?;
        match rng.failed {
            Some(why) => Err(why),
            None => Ok(armored.trim().to_owned()),
        }
    }
}

/// Our randomness in the form that the library asks for. It has no way to fail, so a failure is kept and looked at after.
struct Rng<'a> {
    random: &'a mut dyn Random,
    failed: Option<String>,
}

impl rand_core_pgp::RngCore for Rng<'_> {
    fn next_u32(&mut self) -> u32 {
        let mut bytes = [0; 4];
        self.fill_bytes(&mut bytes);
        u32::from_le_bytes(bytes)
    }

    fn next_u64(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.fill_bytes(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        if let Err(error) = self.random.fill(bytes) {
            self.failed.get_or_insert_with(|| error.to_string());
        }
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core_pgp::Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl rand_core_pgp::CryptoRng for Rng<'_> {}
