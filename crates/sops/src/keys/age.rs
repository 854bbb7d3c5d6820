//! age: X25519 keys and SSH keys. Plugins are programs and are refused by name.

use std::io::{Read, Write};
use std::str::FromStr;

use age::armor::{ArmoredReader, ArmoredWriter, Format};
use age::{Decryptor, Encryptor, Identity, Recipient, ssh, x25519};
use zeroize::Zeroizing;

use super::{KeyService, MasterKey, Random};

/// Bytes that a data key, or a part of one, may have.
const MAX_SECRET: u64 = 1024;

/// Private keys of age recipients.
#[derive(Default)]
pub struct AgeKeys {
    identities: Vec<Box<dyn Identity + Send + Sync>>,
}

impl AgeKeys {
    /// A service without private keys: it can encrypt.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the identities of a keys file: one a line, or several apart; `#` starts a comment. Those that can be used are added
    /// whatever the others are.
    ///
    /// # Errors
    /// What each of the others is, by its line's number; the line itself is not told.
    pub fn add_identities(&mut self, text: &str) -> Result<(), Vec<String>> {
        let mut wrong = Vec::new();
        for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.starts_with('#')) {
            for word in line.split_whitespace() {
                match identity(word) {
                    Ok(identity) => self.identities.push(identity),
                    Err(why) => wrong.push(format!("line {number}: {why}")),
                }
            }
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }

    /// Adds an SSH private key, Ed25519 or RSA, in the form of OpenSSH or PEM.
    ///
    /// # Errors
    /// Why it cannot be used; the key itself is not told.
    pub fn add_ssh(&mut self, text: &[u8]) -> Result<(), String> {
        let key = ssh::Identity::from_buffer(text, None).map_err(|_| "it is not an SSH private key".to_owned())?;
        match key {
            ssh::Identity::Unencrypted(_) => {}
            ssh::Identity::Encrypted(_) => {
                return Err("the SSH key is protected by a passphrase; give one without, or an age identity".to_owned());
            }
            ssh::Identity::Unsupported(_) => return Err("only Ed25519 and RSA keys of SSH can be used".to_owned()),
        }
        self.identities.push(Box::new(key));
        Ok(())
    }

    /// Whether there is no private key.
    pub fn is_empty(&self) -> bool {
        self.identities.is_empty()
    }
}

fn identity(word: &str) -> Result<Box<dyn Identity + Send + Sync>, String> {
    if let Some(plugin) = word.strip_prefix("AGE-PLUGIN-") {
        let name = plugin.split('-').next().unwrap_or_default().to_lowercase();
        return Err(format!("the key is one of the age plugin {name:?}; plugins are not supported"));
    }
    if word.starts_with("AGE-SECRET-KEY-PQ-1") {
        return Err("post-quantum keys of age are not supported yet".to_owned());
    }
    let wrong = || "this is no age identity; it should start with AGE-SECRET-KEY-1".to_owned();
    Ok(Box::new(x25519::Identity::from_str(word).map_err(|_| wrong())?))
}

fn recipient(text: &str) -> Result<Box<dyn Recipient>, String> {
    if text.starts_with("ssh-") {
        let parsed = ssh::Recipient::from_str(text);
        return Ok(Box::new(parsed.map_err(|_| "it is not an Ed25519 or RSA public key of SSH".to_owned())?));
    }
    if text.starts_with("age1pq1") {
        return Err("post-quantum keys of age are not supported yet".to_owned());
    }
    if let Some((plugin, _)) = text.strip_prefix("age1").and_then(|rest| rest.split_once('1')) {
        return Err(format!("it is one of the age plugin {plugin:?}; plugins are not supported"));
    }
    Ok(Box::new(x25519::Recipient::from_str(text).map_err(|why| format!("it is no age recipient: {why}"))?))
}

impl KeyService for AgeKeys {
    fn knows(&self, key: &MasterKey) -> bool {
        matches!(key, MasterKey::Age { .. })
    }

    fn unwrap(&self, key: &MasterKey) -> Result<Zeroizing<Vec<u8>>, String> {
        let MasterKey::Age { enc, .. } = key else {
            return Err("it is no age recipient".to_owned());
        };
        if self.is_empty() {
            return Err("no age identity is given".to_owned());
        }
        let damaged = |_| "its `enc` is not an age file: it was cut or changed".to_owned();
        let decryptor = Decryptor::new_buffered(ArmoredReader::new(enc.as_bytes())).map_err(damaged)?;
        let identities = self.identities.iter().map(|identity| &**identity as &dyn Identity);
        let reader = decryptor.decrypt(identities).map_err(|error| match error {
            age::DecryptError::NoMatchingKeys => "no age identity that was given is for it".to_owned(),
            other => format!("its `enc` cannot be decrypted: {other}"),
        })?;
        let mut secret = Zeroizing::new(Vec::new());
        let read = reader.take(MAX_SECRET).read_to_end(&mut secret);
        read.map_err(|_| "its `enc` is damaged".to_owned())?;
        Ok(secret)
    }

    fn wrap(&self, key: &MasterKey, secret: &[u8], _: &mut dyn Random) -> Result<String, String> {
        let recipient = recipient(&key.id())?;
        let encryptor = Encryptor::with_recipients(std::iter::once(&*recipient)).map_err(|error| error.to_string())?;
        let mut out = Vec::new();
        let written = (|| {
            let armor = ArmoredWriter::wrap_output(&mut out, Format::AsciiArmor)?;
            let mut writer = encryptor.wrap_output(armor)?;
            writer.write_all(secret)?;
            writer.finish()?.finish()?;
            Ok::<_, std::io::Error>(())
        })();
        written.map_err(|error| error.to_string())?;
        String::from_utf8(out).map_err(|error| error.to_string())
    }
}
