//! Master keys, which the data key of a document is encrypted for, and the services that do it.

mod age;
mod pgp;

use std::fmt::Write as _;

use zeroize::Zeroizing;

pub use self::age::AgeKeys;
pub use self::pgp::PgpKeys;
use crate::cipher::{DataKey, KEY_BYTES};
use crate::shamir::{self, MAX_PARTS};
use crate::{Fault, SopsError};

/// Bytes of a data key encrypted for one key; a stanza of age or a packet of `OpenPGP` has a few hundred.
const MAX_SEALED: usize = 16 << 10;
/// Keys that a document may be encrypted for.
pub(crate) const MAX_KEYS: usize = 1_000;

/// A source of bytes that nobody can guess.
pub trait Random {
    /// Fills the bytes.
    ///
    /// # Errors
    /// The source has none.
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), SopsError>;
}

impl<F: FnMut(&mut [u8]) -> Result<(), SopsError>> Random for F {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), SopsError> {
        self(bytes)
    }
}

/// The kinds of keys that are recognised but not asked yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemoteKind {
    /// AWS KMS.
    Aws,
    /// Google Cloud KMS.
    Gcp,
    /// Huawei Cloud KMS.
    Huawei,
    /// Azure Key Vault.
    Azure,
    /// The transit engine of Vault and `OpenBao`.
    Vault,
}

impl RemoteKind {
    pub(crate) const ALL: [Self; 5] = [Self::Aws, Self::Gcp, Self::Huawei, Self::Azure, Self::Vault];

    /// Its name in metadata.
    pub(crate) fn field(self) -> &'static str {
        match self {
            Self::Aws => "kms",
            Self::Gcp => "gcp_kms",
            Self::Huawei => "hckms",
            Self::Azure => "azure_kv",
            Self::Vault => "hc_vault",
        }
    }

    fn product(self) -> &'static str {
        match self {
            Self::Aws => "AWS KMS",
            Self::Gcp => "Google Cloud KMS",
            Self::Huawei => "Huawei Cloud KMS",
            Self::Azure => "Azure Key Vault",
            Self::Vault => "Vault transit",
        }
    }
}

/// A key that the data key, or a part of it, is encrypted for.
#[derive(Clone, Debug, PartialEq)]
pub enum MasterKey {
    /// An age recipient.
    Age {
        /// `age1…` or an SSH public key.
        recipient: String,
        /// The data key encrypted for it, armored.
        enc: String,
    },
    /// An `OpenPGP` key.
    Pgp {
        /// Its fingerprint.
        fingerprint: String,
        /// When the data key was encrypted for it.
        created_at: String,
        /// The data key encrypted for it, armored.
        enc: String,
    },
    /// A key of a service in the network, kept as it was found.
    Remote {
        /// The service.
        kind: RemoteKind,
        /// The fields of its entry.
        fields: crate::Branch,
    },
}

impl MasterKey {
    /// A recipient that nothing is encrypted for yet.
    pub fn age(recipient: &str) -> Self {
        Self::Age { recipient: recipient.trim().to_owned(), enc: String::new() }
    }

    /// A key that nothing is encrypted for yet; spaces in the fingerprint do not count.
    pub fn pgp(fingerprint: &str) -> Self {
        let fingerprint = fingerprint.replace(' ', "");
        Self::Pgp { fingerprint, created_at: String::new(), enc: String::new() }
    }

    /// What tells it apart from others of its kind.
    pub fn id(&self) -> String {
        match self {
            Self::Age { recipient, .. } => recipient.clone(),
            Self::Pgp { fingerprint, .. } => fingerprint.clone(),
            Self::Remote { fields, .. } => {
                let field = |name: &str| {
                    fields.iter().find(|item| item.name() == Some(name)).and_then(|item| item.value.as_str())
                };
                let names = [
                    "arn",
                    "resource_id",
                    "key_id",
                    "vault_url",
                    "name",
                    "version",
                    "vault_address",
                    "engine_path",
                    "key_name",
                ];
                names.iter().filter_map(|name| field(name)).collect::<Vec<_>>().join("/")
            }
        }
    }

    /// The kind and the key, for messages.
    pub fn shown(&self) -> String {
        match self {
            Self::Age { .. } => format!("age {}", self.id()),
            Self::Pgp { .. } => format!("pgp {}", self.id()),
            Self::Remote { kind, .. } => format!("{} {}", kind.product(), self.id()),
        }
    }

    /// The data key encrypted for it.
    fn sealed(&self) -> &str {
        match self {
            Self::Age { enc, .. } | Self::Pgp { enc, .. } => enc,
            Self::Remote { .. } => "",
        }
    }

    /// The order in which keys of a group are tried: those that need no network first.
    fn turn(&self) -> usize {
        match self {
            Self::Age { .. } => 0,
            Self::Pgp { .. } => 1,
            Self::Remote { .. } => 2,
        }
    }
}

/// Keys that all encrypt the same part of the data key.
pub type KeyGroup = Vec<MasterKey>;

/// Encrypts data keys for master keys of some kind, and decrypts them.
pub trait KeyService: Send + Sync {
    /// Whether the key is of the kind that this service works with.
    fn knows(&self, key: &MasterKey) -> bool;

    /// Decrypts what is encrypted for the key.
    ///
    /// # Errors
    /// Why it cannot be, without any secret.
    fn unwrap(&self, key: &MasterKey) -> Result<Zeroizing<Vec<u8>>, String>;

    /// Encrypts a data key or a part of one: the `enc` of the key's entry.
    ///
    /// # Errors
    /// Why it cannot be, without any secret.
    fn wrap(&self, key: &MasterKey, secret: &[u8], random: &mut dyn Random) -> Result<String, String>;
}

/// The services that are asked, in this order.
#[derive(Default)]
pub struct Keyring {
    services: Vec<Box<dyn KeyService>>,
}

impl Keyring {
    /// A keyring with these services.
    pub fn new(services: Vec<Box<dyn KeyService>>) -> Self {
        Self { services }
    }

    fn unwrap(&self, key: &MasterKey) -> Result<Zeroizing<Vec<u8>>, String> {
        let mut why = not_built(key);
        if key.sealed().len() > MAX_SEALED {
            return Err(format!("its `enc` has more than {MAX_SEALED} bytes"));
        }
        for service in self.services.iter().filter(|service| service.knows(key)) {
            match service.unwrap(key) {
                Ok(secret) => return Ok(secret),
                Err(error) => why = error,
            }
        }
        Err(why)
    }

    fn wrap(&self, key: &MasterKey, secret: &[u8], random: &mut dyn Random) -> Result<String, SopsError> {
        let mut why = not_built(key);
        for service in self.services.iter().filter(|service| service.knows(key)) {
            match service.wrap(key, secret, random) {
                Ok(enc) => return Ok(enc),
                Err(error) => why = error,
            }
        }
        Err(Fault::Wrap { key: key.shown(), why }.into())
    }

    /// Finds the data key of a document.
    pub(crate) fn data_key(&self, groups: &[KeyGroup], threshold: usize) -> Result<DataKey, SopsError> {
        let mut parts = Vec::new();
        let mut failures = Vec::new();
        for group in groups {
            match self.part(group) {
                Ok(part) => parts.push(part),
                Err(why) => failures.push(why),
            }
        }
        let needed = if groups.len() > 1 { threshold.max(2) } else { 1 };
        if parts.len() < needed {
            return Err(Fault::NoDataKey(told(&failures, (parts.len(), needed), groups.len())).into());
        }
        let key =
            if groups.len() > 1 { shamir::combine(&parts).map_err(Fault::Metadata)? } else { parts.swap_remove(0) };
        if key.len() != KEY_BYTES {
            return Err(Fault::Metadata(format!("the data key has {} bytes instead of {KEY_BYTES}", key.len())).into());
        }
        Ok(key)
    }

    /// What the keys of a group hold, by the first that can be used.
    fn part(&self, group: &KeyGroup) -> Result<Zeroizing<Vec<u8>>, Vec<String>> {
        let mut keys: Vec<&MasterKey> = group.iter().collect();
        keys.sort_by_key(|key| key.turn());
        let mut failures = Vec::new();
        for key in keys {
            match self.unwrap(key) {
                Ok(part) => return Ok(part),
                Err(why) => failures.push(format!("{}: {why}", key.shown())),
            }
        }
        Err(failures)
    }

    /// Encrypts the data key for all groups: the whole of it for one, a part for each of several.
    pub(crate) fn seal(
        &self,
        key: &DataKey,
        groups: &mut [KeyGroup],
        (threshold, fresh): (usize, (&str, &mut dyn Random)),
    ) -> Result<(), SopsError> {
        if groups.is_empty() || groups.iter().any(Vec::is_empty) {
            return Err(Fault::NoRecipients.into());
        }
        let (now, random) = fresh;
        let parts = if groups.len() == 1 { vec![key.clone()] } else { split(key, groups.len(), threshold, random)? };
        for (group, part) in groups.iter_mut().zip(&parts) {
            for master in group {
                let sealed = self.wrap(master, part, random)?;
                match master {
                    MasterKey::Age { enc, .. } => *enc = sealed,
                    MasterKey::Pgp { enc, created_at, .. } => {
                        *enc = sealed;
                        now.clone_into(created_at);
                    }
                    MasterKey::Remote { .. } => {}
                }
            }
        }
        Ok(())
    }
}

fn split(key: &DataKey, groups: usize, threshold: usize, random: &mut dyn Random) -> Result<Vec<DataKey>, SopsError> {
    if groups > MAX_PARTS || threshold > groups || threshold < 2 {
        let told = format!(
            "the threshold of {threshold} does not fit {groups} key groups: it must be at least 2 and at most their number"
        );
        return Err(Fault::Threshold(told).into());
    }
    let small = |number: usize| u8::try_from(number).expect("because it was looked at");
    shamir::split(key, (small(groups), small(threshold)), random)
}

fn not_built(key: &MasterKey) -> String {
    match key {
        MasterKey::Remote { kind, .. } => format!("{} is not supported yet", kind.product()),
        MasterKey::Age { .. } => "no age identity is given".to_owned(),
        MasterKey::Pgp { .. } => "no OpenPGP key is given".to_owned(),
    }
}

/// Why no data key was found: every key with its reason.
fn told(failures: &[Vec<String>], (found, needed): (usize, usize), groups: usize) -> String {
    let mut text = "none of the keys that the document is encrypted for is at hand".to_owned();
    if groups > 1 {
        text = format!("the data key needs {needed} of {groups} key groups, and {found} can be opened");
    }
    for why in failures.iter().flatten() {
        let _ = write!(text, "\n  {why}");
    }
    text
}
