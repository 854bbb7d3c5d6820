//! `setpoint secrets encrypt`.

use std::path::Path;

use clap::Args;
use sops::Indents;

use super::document::{DocumentArgs, Now, draw};
use super::keyring::KeyringArgs;
use super::recipients::{ConfigArgs, RecipientArgs};
use crate::failure::Failure;

/// Encrypt a document
#[derive(Args, Debug)]
pub(super) struct EncryptArgs {
    #[command(flatten)]
    document: DocumentArgs,
    #[command(flatten)]
    recipients: RecipientArgs,
    #[command(flatten)]
    config: ConfigArgs,
    #[command(flatten)]
    keyring: KeyringArgs,
}

pub(super) fn encrypt(args: &EncryptArgs) -> Result<(), Failure> {
    let missing = || Failure::usage("to encrypt standard input, give the file's name with --filename-override");
    let name: &Path = args.document.name().ok_or_else(missing)?;
    let located = args.config.find()?;
    let rule = located.as_ref().map(|located| located.rule_for(name)).transpose()?.flatten();
    let rule = args.recipients.rule(rule)?;
    let keyring = args.keyring.keyring()?.keyring;
    let text = args.document.read()?;
    let (now, random) = (Now::new(), &mut draw);
    let told = |error| args.document.failed(&error);
    let made = (rule.groups, rule.threshold, rule.selection);
    let sealed = sops::encrypt(&text, args.document.input_format(), made, (&keyring, now.with(random)));
    let indents = located.map_or_else(Indents::default, |located| located.config.indents);
    let sealed = sealed.and_then(|sealed| sealed.write(args.document.output_format(), indents)).map_err(told)?;
    args.document.write(&sealed, false)
}
