//! `setpoint secrets rotate`.

use clap::Args;
use sops::{Encrypted, Indents, MasterKey};

use super::decrypt::mac_check;
use super::document::{DocumentArgs, Now, draw};
use super::keyring::KeyringArgs;
use super::recipients::ConfigArgs;
use crate::failure::Failure;

/// Encrypt a document again with a new data key
///
/// To be done when someone who had a key leaves: `updatekeys` alone leaves the data key that they may have kept.
#[derive(Args, Debug)]
pub(super) struct RotateArgs {
    #[command(flatten)]
    document: DocumentArgs,
    /// Encrypt for these age recipients too
    #[arg(long, value_name = "RECIPIENTS", value_delimiter = ',')]
    add_age: Vec<String>,
    /// Encrypt no more for these age recipients
    #[arg(long, value_name = "RECIPIENTS", value_delimiter = ',')]
    rm_age: Vec<String>,
    /// Encrypt for these PGP keys too
    #[arg(long, value_name = "FINGERPRINTS", value_delimiter = ',')]
    add_pgp: Vec<String>,
    /// Encrypt no more for these PGP keys
    #[arg(long, value_name = "FINGERPRINTS", value_delimiter = ',')]
    rm_pgp: Vec<String>,
    /// Take a document whose message authentication code does not match
    #[arg(long)]
    ignore_mac: bool,
    #[command(flatten)]
    config: ConfigArgs,
    #[command(flatten)]
    keyring: KeyringArgs,
}

pub(super) fn rotate(args: &RotateArgs) -> Result<(), Failure> {
    let indents = args.config.find()?.map_or_else(Indents::default, |located| located.config.indents);
    let found = args.keyring.keyring()?;
    let text = args.document.read()?;
    let (now, random) = (Now::new(), &mut draw);
    let opened = Encrypted::read(&text, args.document.input_format());
    let opened = opened.and_then(|document| document.decrypt(&found.keyring, mac_check(args.ignore_mac)));
    let sealed = opened.and_then(|document| {
        let change = |groups: &mut Vec<Vec<MasterKey>>| change(args, groups);
        document.rotate(&found.keyring, change, now.with(random))
    });
    let sealed = sealed.and_then(|document| document.write(args.document.output_format(), indents));
    let sealed = sealed.map_err(|error| found.explain(&error, args.document.failed(&error)))?;
    args.document.write(&sealed, false)
}

/// Adds to the first group and takes away from all.
fn change(args: &RotateArgs, groups: &mut [Vec<MasterKey>]) {
    let age = args.add_age.iter().map(|name| MasterKey::age(name));
    let pgp = args.add_pgp.iter().map(|name| MasterKey::pgp(name));
    if let Some(first) = groups.first_mut() {
        for key in age.chain(pgp) {
            if !first.iter().any(|known| known.id() == key.id()) {
                first.push(key);
            }
        }
    }
    let gone: Vec<String> = (args.rm_age.iter().map(|name| MasterKey::age(name)))
        .chain(args.rm_pgp.iter().map(|name| MasterKey::pgp(name)))
        .map(|key| key.id())
        .collect();
    for group in groups {
        group.retain(|key| !gone.contains(&key.id()));
    }
}
