//! `setpoint secrets decrypt`.

use clap::Args;
use sops::{Encrypted, Indents, MacCheck};

use super::document::DocumentArgs;
use super::keyring::KeyringArgs;
use super::recipients::ConfigArgs;
use crate::failure::Failure;

/// Decrypt a document
///
/// Comments are kept. A document that was changed by someone without a key is refused.
#[derive(Args, Debug)]
pub(super) struct DecryptArgs {
    #[command(flatten)]
    document: DocumentArgs,
    /// Print one value, such as `["stringData"]["password"]` or `["list"][0]`
    #[arg(long, value_name = "PATH", conflicts_with = "in_place")]
    extract: Option<String>,
    /// Decrypt a document whose message authentication code does not match
    #[arg(long)]
    ignore_mac: bool,
    #[command(flatten)]
    config: ConfigArgs,
    #[command(flatten)]
    keyring: KeyringArgs,
}

/// What is done about the code.
pub(super) fn mac_check(ignore: bool) -> MacCheck {
    if ignore { MacCheck::Ignore } else { MacCheck::Require }
}

pub(super) fn decrypt(args: &DecryptArgs) -> Result<(), Failure> {
    let path = args.extract.as_deref().map(sops::parse_path).transpose().map_err(Failure::usage)?;
    let indents = args.config.find()?.map_or_else(Indents::default, |located| located.config.indents);
    let found = args.keyring.keyring()?;
    let text = args.document.read()?;
    let opened = Encrypted::read(&text, args.document.input_format());
    let opened = opened.and_then(|document| document.decrypt(&found.keyring, mac_check(args.ignore_mac)));
    let format = args.document.output_format();
    let plain = opened.and_then(|document| match &path {
        Some(path) => document.extract(path, format, indents),
        None => document.write(format, indents),
    });
    let plain = plain.map_err(|error| found.explain(&error, args.document.failed(&error)))?;
    args.document.write(&plain, true)
}
