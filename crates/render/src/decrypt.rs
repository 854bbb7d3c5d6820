//! Reads what is encrypted with SOPS, where Flux's kustomize-controller does: files of generators and patches before the
//! build, whole objects and values of Secrets after it.

mod keys;
mod sources;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use goyaml::Value;
use object::Object;
use sops::{Encrypted, Fault, Format, Indents, Keyring, MacCheck, SopsError, Text};

use crate::Diagnostic;
pub(crate) use sources::DecryptedFiles;

/// Bytes of an encrypted file; larger ones are refused, as by Flux.
const MAX_FILE: usize = 5 << 20;

/// The annotation of objects that stay as they are; its value is `Disabled` in whatever case.
const DECRYPT: &str = "kustomize.toolkit.fluxcd.io/decrypt";

/// How encrypted files and objects of a Kustomization are read.
pub struct Decryption {
    /// The private keys.
    pub keys: Keyring,
    /// Tells one set of keys from another without telling the keys; it is part of the digest of a render.
    pub id: String,
    /// Whether a file that was changed after it was encrypted is refused. Flux does not look; here it is at least told.
    pub requires_mac: bool,
}

impl std::fmt::Debug for Decryption {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Decryption")
            .field("id", &self.id)
            .field("requires_mac", &self.requires_mac)
            .finish_non_exhaustive()
    }
}

impl Decryption {
    /// Decrypts an object that is encrypted as a whole, or the encrypted values of a Secret.
    ///
    /// The message authentication code counts for the file that the object came from; here, after the build has laid
    /// names, labels and patches over it, it never matches.
    pub(crate) fn object(&self, object: &mut Object) -> Result<(), Diagnostic> {
        if is_disabled(object) {
            return Ok(());
        }
        let decrypted = match &object.value {
            value if is_whole(value) => self.whole(value),
            _ if object.kind() == "Secret" => self.secret(object.value.clone()),
            _ => return Ok(()),
        };
        object.value = decrypted.map_err(|error| {
            let message = format!("{}: decryption failed: {}", object.key(), error.fault);
            Diagnostic {
                file: object.origin.file.to_string(),
                line: object.origin.line,
                column: 0,
                message,
                hint: remedy(&error),
            }
        })?;
        Ok(())
    }

    fn whole(&self, value: &Value) -> Result<Value, SopsError> {
        let json = goyaml::json::to_go_string(value);
        let plain = self.text(json.as_bytes(), (Format::Json, Format::Json), MacCheck::Ignore)?;
        goyaml::json::parse(&plain)
            .map_err(|error| Fault::Syntax { format: Format::Json, why: error.to_string() }.into())
    }

    /// Values that are encrypted files of their own, as generators of secrets put them there.
    fn secret(&self, mut secret: Value) -> Result<Value, SopsError> {
        let Some(data) = secret.get("data").and_then(Value::as_map) else { return Ok(secret) };
        let mut plain = Vec::new();
        for (key, value) in data.iter() {
            let text: String = value.as_str().unwrap_or_default().split_ascii_whitespace().collect();
            // What is no base64 is refused by the server, with the better message.
            let Ok(bytes) = STANDARD.decode(text) else { continue };
            if let Some(from) = marked(&bytes) {
                let decrypted = self.text(&bytes, (from, format_of(key)), MacCheck::Ignore)?;
                plain.push((key.to_owned(), STANDARD.encode(&*decrypted)));
            }
        }
        for (key, value) in plain {
            secret.set_at(&["data", &key], value);
        }
        Ok(secret)
    }

    /// The plaintext of an encrypted text.
    fn text(&self, bytes: &[u8], (from, to): (Format, Format), mac: MacCheck) -> Result<Text, SopsError> {
        Encrypted::read(bytes, from)?.decrypt(&self.keys, mac)?.write(to, Indents::default())
    }

    /// What is wrong with the message authentication code of an encrypted file, if anything is. A file that cannot be
    /// decrypted at all is told of elsewhere.
    fn mac_fault(&self, bytes: &[u8], format: Format) -> Option<SopsError> {
        let checked = Encrypted::read(bytes, format).and_then(|file| file.decrypt(&self.keys, MacCheck::Require));
        let is_mac =
            |error: &SopsError| matches!(error.fault, Fault::MacMismatch | Fault::MacMissing | Fault::MacUnreadable(_));
        checked.err().filter(is_mac)
    }
}

/// Whether an object is encrypted as a whole: it has the metadata of SOPS.
pub(crate) fn is_whole(value: &Value) -> bool {
    value.at(&["sops", "mac"]).and_then(Value::as_str).is_some_and(|mac| !mac.is_empty())
}

/// Whether an object says that it is to stay as it is.
pub(crate) fn is_disabled(object: &Object) -> bool {
    let annotation = object.value.at(&["metadata", "annotations", DECRYPT]).and_then(Value::as_str);
    annotation.is_some_and(|value| value.eq_ignore_ascii_case("disabled"))
}

/// The format in which a file's or a value's plaintext is written, by its name.
fn format_of(name: &str) -> Format {
    if name.ends_with(".dockerconfigjson") { Format::Json } else { Format::of_path(name) }
}

/// What only an encrypted text of a format has in it.
fn marker(format: Format) -> &'static str {
    match format {
        Format::Yaml => "mac: ENC[",
        Format::Json | Format::Binary => "\"mac\": \"ENC[",
        Format::Dotenv => "sops_mac=ENC[",
        Format::Ini => "[sops]",
    }
}

fn has_marker(bytes: &[u8], format: Format) -> bool {
    memchr::memmem::find(bytes, marker(format).as_bytes()).is_some()
}

/// The format of an encrypted text, by what is in it.
fn marked(bytes: &[u8]) -> Option<Format> {
    [Format::Json, Format::Yaml, Format::Dotenv, Format::Ini].into_iter().find(|format| has_marker(bytes, *format))
}

/// What can be done about a fault where the keys come from a Secret.
fn remedy(error: &SopsError) -> Option<String> {
    let known = match error.fault {
        Fault::NoDataKey(_) => {
            "put the private key of one of these into the Secret that spec.decryption.secretRef names, as NAME.agekey or \
             NAME.asc; or have somebody with access add your key to .sops.yaml and run `setpoint secrets updatekeys`"
        }
        Fault::MacMismatch | Fault::MacMissing | Fault::MacUnreadable(_) => {
            "take the file from the last commit that was encrypted in one go, and repeat the change with `setpoint secrets edit`"
        }
        _ => error.remedy()?,
    };
    Some(known.to_owned())
}
