//! The cases and the keys that open them.

use std::fs;
use std::path::{Path, PathBuf};

use sops::config::Config;
use sops::keys::{AgeKeys, PgpKeys};
use sops::{Format, Indents, Keyring};

/// Files that every rule but `age` is recorded with.
pub(crate) const FEW: [&str; 4] = ["comments.yaml", "settings.env", "settings.ini", "kinds.json"];
/// A time for what is encrypted here.
pub(crate) const NOW: &str = "2026-11-29T12:00:00Z";

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases")
}

/// A rule and a file that go together.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) rule: String,
    pub(crate) file: String,
}

impl Case {
    pub(crate) fn name(&self) -> String {
        format!("{}/{}", self.rule, self.file)
    }

    pub(crate) fn plain(&self) -> PathBuf {
        root().join("plain").join(&self.file)
    }

    pub(crate) fn recorded(&self) -> PathBuf {
        root().join("recorded").join(&self.rule).join(&self.file)
    }

    /// What the real sops made of its own document.
    pub(crate) fn decrypted(&self) -> PathBuf {
        let name = format!("{}.plain", self.file);
        self.recorded().with_file_name(name)
    }

    pub(crate) fn format(&self) -> Format {
        Format::of_path(&self.file)
    }

    pub(crate) fn rule_path(&self) -> PathBuf {
        root().join("rules").join(format!("{}.yaml", self.rule))
    }

    pub(crate) fn config(&self) -> Config {
        let text = fs::read_to_string(self.rule_path()).expect("the rule is there");
        Config::parse(&text).expect("the rule is right")
    }

    pub(crate) fn indents(&self) -> Indents {
        self.config().indents
    }
}

/// All cases, in order.
pub(crate) fn all() -> Vec<Case> {
    let mut cases = Vec::new();
    for rule in names(&root().join("rules")) {
        let rule = rule.trim_end_matches(".yaml").to_owned();
        let files = names(&root().join("plain"));
        let files = files.into_iter().filter(|file| rule == "age" || FEW.contains(&file.as_str()));
        cases.extend(files.map(|file| Case { rule: rule.clone(), file }));
    }
    cases
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("the folder is there");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("it is readable").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

pub(crate) fn key(name: &str) -> Vec<u8> {
    fs::read(root().join("keys").join(name)).expect("the key is there")
}

/// Age identities by their files.
pub(crate) fn age(names: &[&str]) -> AgeKeys {
    let mut keys = AgeKeys::new();
    for name in names {
        keys.add_identities(&String::from_utf8(key(name)).expect("text")).expect("identities");
    }
    keys
}

/// A keyring that opens every case.
pub(crate) fn keyring() -> Keyring {
    let mut age = age(&["age1.txt", "age2.txt"]);
    for name in ["id_ed25519", "id_rsa"] {
        age.add_ssh(&key(name)).expect("an SSH key");
    }
    let mut pgp = PgpKeys::new();
    for name in ["rsa.asc", "ecc.asc"] {
        pgp.add(&key(name)).expect("OpenPGP keys");
    }
    Keyring::new(vec![Box::new(age), Box::new(pgp)])
}

/// Text in which what differs from one encryption to the next is the same.
pub(crate) fn normalized(text: &[u8]) -> String {
    let mut out = String::new();
    for line in String::from_utf8_lossy(text).lines() {
        let blank = line.trim_start().len() > 30 && line.trim_start().bytes().all(is_base64);
        if line.trim().bytes().all(|byte| byte == b'=' || is_base64(byte))
            && line.trim().len() < 30
            && line.starts_with("  ")
            || blank
            || line.contains("created_at")
        {
            continue;
        }
        let cut = ["data:", "ENCRYPTED FILE", "PGP MESSAGE", "lastmodified", "__map_enc"]
            .iter()
            .filter_map(|mark| line.find(mark))
            .min();
        let kind = line.rfind(",type:").map_or("", |at| &line[at..]);
        match cut {
            Some(at) => out.extend([&line[..at], "…", kind, "\n"]),
            None => out.extend([line, "\n"]),
        }
    }
    out
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}
