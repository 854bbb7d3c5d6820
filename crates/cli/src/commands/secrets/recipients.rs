//! Whom a document is encrypted for: flags, or the creation rule of `.sops.yaml`.

use std::env;
use std::path::{Path, PathBuf};

use clap::Args;
use sops::config::{Config, CreationRule};
use sops::{MasterKey, Rule};

use super::document::{self, failed};
use crate::failure::Failure;

/// The configuration's name.
const FILE: &str = ".sops.yaml";

/// Where the configuration is.
#[derive(Args, Debug)]
pub(super) struct ConfigArgs {
    /// Configuration [default: the nearest .sops.yaml, from this folder upward]
    #[arg(long, value_name = "FILE", env = "SOPS_CONFIG")]
    config: Option<PathBuf>,
}

/// A configuration and where it was found.
pub(super) struct Located {
    path: PathBuf,
    pub(super) config: Config,
}

impl ConfigArgs {
    /// The configuration, if there is one.
    pub(super) fn find(&self) -> Result<Option<Located>, Failure> {
        let path = match &self.config {
            Some(path) => path.clone(),
            None => match nearest() {
                Some(path) => path,
                None => return Ok(None),
            },
        };
        let text = document::read(&path)?;
        let config = Config::parse(&String::from_utf8_lossy(&text));
        let config = config.map_err(|error| failed(&path.display().to_string(), &error))?;
        Ok(Some(Located { path, config }))
    }
}

fn nearest() -> Option<PathBuf> {
    let here = env::current_dir().ok()?;
    here.ancestors().map(|folder| folder.join(FILE)).find(|path| path.is_file())
}

impl Located {
    /// The creation rule for a file; its path counts from the folder of the configuration.
    pub(super) fn rule_for(&self, name: &Path) -> Result<Option<CreationRule>, Failure> {
        let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
        let (name, own) = (absolute(name), absolute(&self.path));
        let folder = own.parent().unwrap_or(Path::new("/"));
        let relative = name.strip_prefix(folder).unwrap_or(&name);
        let rule = self.config.rule_for(&relative.to_string_lossy());
        rule.map_err(|error| failed(&self.path.display().to_string(), &error))
    }

    pub(super) fn shown(&self) -> String {
        self.path.display().to_string()
    }
}

/// Recipients and what is encrypted.
#[derive(Args, Debug)]
pub(super) struct RecipientArgs {
    /// age recipients, with commas between them; instead of the keys of .sops.yaml
    #[arg(short, long, value_name = "RECIPIENTS", value_delimiter = ',', env = "SOPS_AGE_RECIPIENTS")]
    age: Vec<String>,
    /// Fingerprints of PGP keys, with commas between them; instead of the keys of .sops.yaml
    #[arg(short, long, value_name = "FINGERPRINTS", value_delimiter = ',', env = "SOPS_PGP_FP")]
    pgp: Vec<String>,
    /// Leave values of keys with this ending as they are
    #[arg(long, value_name = "TEXT")]
    unencrypted_suffix: Option<String>,
    /// Encrypt only values of keys with this ending
    #[arg(long, value_name = "TEXT")]
    encrypted_suffix: Option<String>,
    /// Leave values of keys that match as they are
    #[arg(long, value_name = "REGEX")]
    unencrypted_regex: Option<String>,
    /// Encrypt only values of keys that match
    #[arg(long, value_name = "REGEX")]
    encrypted_regex: Option<String>,
    /// Leave values below comments that match as they are
    #[arg(long, value_name = "REGEX")]
    unencrypted_comment_regex: Option<String>,
    /// Encrypt only values below comments that match
    #[arg(long, value_name = "REGEX")]
    encrypted_comment_regex: Option<String>,
    /// Protect only encrypted values against changes
    #[arg(long)]
    mac_only_encrypted: bool,
    /// How many of several key groups are needed
    #[arg(long, value_name = "NUMBER")]
    shamir_secret_sharing_threshold: Option<usize>,
}

impl RecipientArgs {
    /// What the flags say, over what the configuration says.
    pub(super) fn rule(&self, found: Option<CreationRule>) -> Result<CreationRule, Failure> {
        let mut rule = found.unwrap_or_default();
        let named = |names: &[String], key: fn(&str) -> MasterKey| {
            names.iter().map(|name| name.trim()).filter(|name| !name.is_empty()).map(key).collect::<Vec<_>>()
        };
        let mut keys = named(&self.pgp, MasterKey::pgp);
        keys.extend(named(&self.age, MasterKey::age));
        if !keys.is_empty() {
            rule.groups = vec![keys];
        }
        if let Some(chosen) = self.chosen()? {
            rule.selection.rule = chosen;
        }
        rule.selection.mac_only_encrypted |= self.mac_only_encrypted;
        rule.threshold = self.shamir_secret_sharing_threshold.unwrap_or(rule.threshold);
        Ok(rule)
    }

    /// The rule that a flag sets.
    fn chosen(&self) -> Result<Option<Rule>, Failure> {
        let texts = [
            &self.unencrypted_suffix,
            &self.encrypted_suffix,
            &self.unencrypted_regex,
            &self.encrypted_regex,
            &self.unencrypted_comment_regex,
            &self.encrypted_comment_regex,
        ];
        let set = Rule::FIELDS.iter().zip(texts).filter_map(|(field, text)| Some((field, text.as_ref()?)));
        let mut rules =
            set.filter(|(_, text)| !text.is_empty()).filter_map(|(field, text)| Rule::new(field, text.clone()));
        let first = rules.next();
        if rules.next().is_some() {
            return Err(Failure::usage(format!("only one of {} can be set", Rule::FIELDS.join(", "))));
        }
        Ok(first)
    }
}
