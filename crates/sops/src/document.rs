//! Documents on their way from one state to the next: encrypted, decrypted, encrypted again.

use std::fmt::Write as _;

use sha2::{Digest, Sha512};
use zeroize::Zeroizing;

use crate::cipher::{self, DataKey, KEY_BYTES, Stash};
use crate::keys::KeyGroup;
use crate::rules::Selector;
use crate::walk::{self, Place, Visit};
use crate::{
    Branch, Comment, Fault, Format, Indents, Keyring, Metadata, Random, Rule, Selection, SopsError, Text, VERSION,
    Value, metadata, store,
};

/// What a message authentication code over encrypted values only starts with, so that it never equals one over all values.
const ENCRYPTED_ONLY: [u8; 32] = [
    0x8A, 0x3F, 0xD2, 0xAD, 0x54, 0xCE, 0x66, 0x52, 0x7B, 0x10, 0x34, 0xF3, 0xD1, 0x47, 0xBE, 0x0B, 0x0B, 0x97, 0x5B,
    0x3B, 0xF4, 0x4F, 0x72, 0xC6, 0xFD, 0xAD, 0xEC, 0x81, 0x76, 0xF2, 0x7D, 0x69,
];

/// What is done about the message authentication code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MacCheck {
    /// A document whose code does not match is refused, as by the sops command.
    #[default]
    Require,
    /// It is not looked at, as by Flux.
    Ignore,
}

/// What encryption takes from the world.
pub struct Fresh<'a> {
    /// The time, as RFC 3339 in UTC without fractions: it goes into the metadata.
    pub now: &'a str,
    /// Data keys and nonces.
    pub random: &'a mut dyn Random,
}

/// A document as it stands in a file.
#[derive(Debug)]
pub struct Encrypted {
    branches: Vec<Branch>,
    metadata: Metadata,
}

impl Encrypted {
    /// Takes an encrypted text apart.
    ///
    /// # Errors
    /// It is not of the format, has no metadata, or damaged ones.
    pub fn read(text: &[u8], format: Format) -> Result<Self, SopsError> {
        let mut branches = store::load(text, format, true)?;
        let metadata = Metadata::extract(&mut branches, format)?;
        Ok(Self { branches, metadata })
    }

    /// Who can decrypt it, and what of it is encrypted.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Decrypts all values.
    ///
    /// # Errors
    /// No key opens the data key, a value cannot be decrypted, or the code does not match.
    pub fn decrypt(mut self, keyring: &Keyring, mac: MacCheck) -> Result<Decrypted, SopsError> {
        let key = keyring.data_key(&self.metadata.groups, self.metadata.threshold)?;
        let selection = &self.metadata.selection;
        let selector = Selector::new(&selection.rule)?;
        let mut visit = Decrypt { key: &key, code: Code::new(selection), stash: Stash::default() };
        walk::walk(&mut self.branches, &selector, &mut visit)?;
        let Decrypt { code, mut stash, .. } = visit;
        if mac == MacCheck::Require {
            check_mac(&self.metadata, &code.finish(), &key, &mut stash)?;
        }
        Ok(Decrypted { branches: self.branches, metadata: self.metadata, key, stash })
    }

    /// Encrypts the data key for other keys and leaves the values as they are. `threshold`: how many of several groups are
    /// needed, if that is to change.
    ///
    /// # Errors
    /// No key opens the data key, or it cannot be encrypted for one of the new keys.
    pub fn update_keys(
        &mut self,
        keyring: &Keyring,
        (groups, threshold): (Vec<KeyGroup>, Option<usize>),
        mut fresh: Fresh<'_>,
    ) -> Result<(), SopsError> {
        let key = keyring.data_key(&self.metadata.groups, self.metadata.threshold)?;
        let threshold = threshold.unwrap_or(self.metadata.threshold).min(groups.len());
        self.metadata.groups = groups;
        self.metadata.threshold = threshold;
        seal(keyring, &key, &mut self.metadata, &mut fresh)
    }

    /// The text.
    ///
    /// # Errors
    /// The tree has no form in the format.
    pub fn write(&self, format: Format, indents: Indents) -> Result<Text, SopsError> {
        let mut branches = self.branches.clone();
        self.metadata.append(&mut branches, format)?;
        store::emit(&branches, format, true, indents)
    }
}

/// A document whose values can be read. Its `Debug` text does not tell them.
pub struct Decrypted {
    /// The values.
    pub branches: Vec<Branch>,
    metadata: Metadata,
    key: DataKey,
    stash: Stash,
}

impl std::fmt::Debug for Decrypted {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Decrypted").field("version", &self.metadata.version).finish_non_exhaustive()
    }
}

impl Decrypted {
    /// The metadata that the document came with.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The plaintext.
    ///
    /// # Errors
    /// The tree has no form in the format.
    pub fn write(&self, format: Format, indents: Indents) -> Result<Text, SopsError> {
        store::emit(&self.branches, format, false, indents)
    }

    /// Writes what stands at a path: a text as it is, anything else in the format.
    ///
    /// # Errors
    /// There is nothing, or it has no form in the format.
    pub fn extract(&self, path: &[crate::Step], format: Format, indents: Indents) -> Result<Text, SopsError> {
        crate::extract::extract(&self.branches, path, (format, indents))
    }

    /// Puts an edited plaintext in the place of the values.
    ///
    /// # Errors
    /// It is not of the format, empty, or has an entry that only metadata may have.
    pub fn replace(&mut self, text: &[u8], format: Format) -> Result<(), SopsError> {
        self.branches = plain(text, format)?;
        VERSION.clone_into(&mut self.metadata.version);
        Ok(())
    }

    /// Encrypts with the data key that is there; what did not change is encrypted to the same text.
    ///
    /// # Errors
    /// A value cannot be encrypted.
    pub fn encrypt(self, fresh: Fresh<'_>) -> Result<Encrypted, SopsError> {
        let Self { branches, metadata, key, stash } = self;
        seal_values((branches, metadata), &key, &stash, fresh)
    }

    /// Encrypts with a new data key. `change` adds and removes keys before.
    ///
    /// # Errors
    /// A value cannot be encrypted, or the data key for a key.
    pub fn rotate(
        self,
        keyring: &Keyring,
        change: impl FnOnce(&mut Vec<KeyGroup>),
        mut fresh: Fresh<'_>,
    ) -> Result<Encrypted, SopsError> {
        let Self { branches, mut metadata, .. } = self;
        change(&mut metadata.groups);
        let key = new_key(&mut metadata, keyring, &mut fresh)?;
        seal_values((branches, metadata), &key, &Stash::default(), fresh)
    }
}

/// Encrypts a plaintext for the first time.
///
/// # Errors
/// It is not of the format, empty, encrypted already, or cannot be encrypted for one of the keys.
pub fn encrypt(
    text: &[u8],
    format: Format,
    whom: (Vec<KeyGroup>, usize, Selection),
    (keyring, fresh): (&Keyring, Fresh<'_>),
) -> Result<Encrypted, SopsError> {
    draft(text, format, whom, (keyring, Fresh { now: fresh.now, random: &mut *fresh.random }))?.encrypt(fresh)
}

/// A plaintext with a data key that is encrypted for the keys, to be changed and then encrypted.
///
/// # Errors
/// It is not of the format, empty, encrypted already, or the data key cannot be encrypted for one of the keys.
pub fn draft(
    text: &[u8],
    format: Format,
    whom: (Vec<KeyGroup>, usize, Selection),
    (keyring, mut fresh): (&Keyring, Fresh<'_>),
) -> Result<Decrypted, SopsError> {
    let (branches, mut metadata) = prepared(text, format, whom)?;
    let key = new_key(&mut metadata, keyring, &mut fresh)?;
    Ok(Decrypted { branches, metadata, key, stash: Stash::default() })
}

fn prepared(
    text: &[u8],
    format: Format,
    (groups, threshold, selection): (Vec<KeyGroup>, usize, Selection),
) -> Result<(Vec<Branch>, Metadata), SopsError> {
    let branches = plain(text, format)?;
    let version = VERSION.to_owned();
    // A binary document is one value, which is encrypted whatever the rule.
    let whole = Selection { rule: Rule::UnencryptedSuffix(String::new()), mac_only_encrypted: false };
    let selection = if format == Format::Binary { whole } else { selection };
    Ok((branches, Metadata { groups, threshold, selection, version, ..Metadata::default() }))
}

fn plain(text: &[u8], format: Format) -> Result<Vec<Branch>, SopsError> {
    let branches = store::load(text, format, false)?;
    let first = branches.first().ok_or(Fault::Empty)?;
    match metadata::reserved(first, format) {
        Some(name) => Err(Fault::AlreadyEncrypted(name).into()),
        None => Ok(branches),
    }
}

/// Draws a data key and encrypts it for the keys of the metadata.
fn new_key(metadata: &mut Metadata, keyring: &Keyring, fresh: &mut Fresh<'_>) -> Result<DataKey, SopsError> {
    let mut key = Zeroizing::new(vec![0; KEY_BYTES]);
    fresh.random.fill(&mut key)?;
    seal(keyring, &key, metadata, fresh)?;
    Ok(key)
}

/// Encrypts the data key for the keys of the metadata.
fn seal(keyring: &Keyring, key: &DataKey, metadata: &mut Metadata, fresh: &mut Fresh<'_>) -> Result<(), SopsError> {
    if metadata.groups.len() > 1 && metadata.threshold == 0 {
        metadata.threshold = metadata.groups.len();
    }
    keyring.seal(key, &mut metadata.groups, (metadata.threshold, (fresh.now, &mut *fresh.random)))
}

fn seal_values(
    (mut branches, mut metadata): (Vec<Branch>, Metadata),
    key: &DataKey,
    stash: &Stash,
    fresh: Fresh<'_>,
) -> Result<Encrypted, SopsError> {
    let Fresh { now, random } = fresh;
    let selector = Selector::new(&metadata.selection.rule)?;
    let mut visit = Encrypt { key, selector: &selector, code: Code::new(&metadata.selection), stash, random };
    walk::walk(&mut branches, &selector, &mut visit)?;
    let Encrypt { code, random, .. } = visit;
    now.clone_into(&mut metadata.last_modified);
    metadata.mac = cipher::encrypt(&Value::text(code.finish()), key, now, (stash, random))?;
    Ok(Encrypted { branches, metadata })
}

fn check_mac(metadata: &Metadata, computed: &str, key: &DataKey, stash: &mut Stash) -> Result<(), SopsError> {
    if metadata.mac.is_empty() {
        return Err(Fault::MacMissing.into());
    }
    match cipher::decrypt(&metadata.mac, key, &metadata.last_modified, stash) {
        Ok(value) if value.as_str() == Some(computed) => Ok(()),
        Ok(_) => Err(Fault::MacMismatch.into()),
        Err(why) => Err(Fault::MacUnreadable(why).into()),
    }
}

/// The message authentication code over the values that count.
struct Code {
    encrypted_only: bool,
    hash: Sha512,
}

impl Code {
    fn new(selection: &Selection) -> Self {
        let mut hash = Sha512::new();
        if selection.mac_only_encrypted {
            hash.update(ENCRYPTED_ONLY);
        }
        Self { encrypted_only: selection.mac_only_encrypted, hash }
    }

    /// Counts a plain value, unless it is a comment.
    fn count(&mut self, value: &Value, encrypted: bool) {
        if !matches!(value, Value::Comment(_)) && (encrypted || !self.encrypted_only) {
            self.hash.update(value.bytes());
        }
    }

    fn finish(self) -> String {
        self.hash.finalize().iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02X}");
            text
        })
    }
}

struct Decrypt<'a> {
    key: &'a DataKey,
    code: Code,
    stash: Stash,
}

impl Visit for Decrypt<'_> {
    fn leaf(&mut self, value: Value, place: &Place<'_>) -> Result<Value, SopsError> {
        let plain = if place.encrypted { self.open(value, place)? } else { value };
        self.code.count(&plain, place.encrypted);
        Ok(plain)
    }
}

impl Decrypt<'_> {
    fn open(&mut self, value: Value, place: &Place<'_>) -> Result<Value, SopsError> {
        let fault = |why: String| SopsError::at(place.line, Fault::Value { path: place.shown(), why });
        match value {
            Value::Comment(comment) => {
                let text = String::from_utf8_lossy(&comment.text);
                // Versions before 3.7 left comments as they were.
                let opened = cipher::decrypt(&text, self.key, &place.bound(), &mut self.stash);
                Ok(opened.unwrap_or(Value::Comment(comment)))
            }
            Value::Text(text) => {
                let text = std::str::from_utf8(&text).map_err(|_| fault("it is not UTF-8".to_owned()))?;
                cipher::decrypt(text, self.key, &place.bound(), &mut self.stash).map_err(fault)
            }
            other => Err(fault(format!("it is {} in plain text, where an encrypted value should be", other.kind()))),
        }
    }
}

struct Encrypt<'a> {
    key: &'a DataKey,
    selector: &'a Selector,
    code: Code,
    stash: &'a Stash,
    random: &'a mut dyn Random,
}

impl Visit for Encrypt<'_> {
    fn leaf(&mut self, value: Value, place: &Place<'_>) -> Result<Value, SopsError> {
        self.code.count(&value, place.encrypted);
        if !place.encrypted {
            return Ok(value);
        }
        let sealed = cipher::encrypt(&value, self.key, &place.bound(), (self.stash, &mut *self.random))?;
        if matches!(value, Value::Comment(Comment { .. })) && self.selector.is_misleading(&sealed) {
            let why =
                "the encrypted comment matches unencrypted_comment_regex; make the expression narrower".to_owned();
            return Err(SopsError::at(place.line, Fault::Unfit { path: place.shown(), why }));
        }
        Ok(Value::text(sealed))
    }
}
