//! The private keys that a Secret of `spec.decryption.secretRef` holds.

use sha2::{Digest, Sha256};
use sops::Keyring;
use sops::keys::{AgeKeys, PgpKeys};

use super::Decryption;
use crate::tree::hex;

impl Decryption {
    /// Takes the keys out of the data of a Secret: `*.agekey` are age identities, `*.asc` `OpenPGP` keys, as in Flux. Other
    /// entries are of services in the network, which documents that need them name as not supported.
    ///
    /// # Errors
    /// What is wrong with which entries; nothing of a key is told.
    pub fn from_secret<'d>(
        data: impl IntoIterator<Item = (&'d str, &'d [u8])>,
        requires_mac: bool,
    ) -> Result<Self, Vec<String>> {
        let (mut age, mut pgp, mut wrong) = (AgeKeys::new(), PgpKeys::new(), Vec::new());
        let mut digest = Sha256::new();
        for (name, value) in data {
            for part in [name.as_bytes(), value] {
                digest.update(part.len().to_be_bytes());
                digest.update(part);
            }
            let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
            if ending == "agekey" {
                let added = age.add_identities(&String::from_utf8_lossy(value));
                wrong.extend(added.err().into_iter().flatten().map(|why| format!("'{name}', {why}")));
            } else if ending == "asc" {
                wrong.extend(pgp.add(value).err().map(|why| format!("'{name}': {why}")));
            }
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        Ok(Self { keys: Keyring::new(vec![Box::new(age), Box::new(pgp)]), id: hex(&digest.finalize()), requires_mac })
    }
}
