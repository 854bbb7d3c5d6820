//! `setpoint secrets`.

mod decrypt;
mod document;
mod edit;
mod encrypt;
mod keyring;
mod recipients;
mod rotate;
mod updatekeys;

use clap::{Args, Subcommand};

use crate::failure::Failure;

/// Encrypt and decrypt documents as sops does, without sops
///
/// YAML, JSON, dotenv and INI files keep their keys readable; any other file is encrypted whole. Whom a file is encrypted for
/// says the first creation rule of .sops.yaml that fits its path. Private age keys come from `SOPS_AGE_KEY`,
/// `SOPS_AGE_KEY_FILE`, `SOPS_AGE_SSH_PRIVATE_KEY_FILE`, `~/.ssh/id_ed25519`, `~/.ssh/id_rsa` and
/// `~/.config/sops/age/keys.txt`; PGP keys, private and public, from the files that --pgp-key names. No gpg and no age plugin
/// is started.
#[derive(Args, Debug)]
pub(crate) struct SecretsArgs {
    #[command(subcommand)]
    verb: Verb,
}

/// The verbs.
#[derive(Debug, Subcommand)]
enum Verb {
    Encrypt(Box<encrypt::EncryptArgs>),
    Decrypt(decrypt::DecryptArgs),
    Edit(edit::EditArgs),
    Rotate(rotate::RotateArgs),
    Updatekeys(updatekeys::UpdatekeysArgs),
}

pub(super) async fn secrets(args: SecretsArgs) -> Result<(), Failure> {
    match args.verb {
        Verb::Encrypt(args) => encrypt::encrypt(&args),
        Verb::Decrypt(args) => decrypt::decrypt(&args),
        Verb::Edit(args) => edit::edit(&args).await,
        Verb::Rotate(args) => rotate::rotate(&args),
        Verb::Updatekeys(args) => updatekeys::updatekeys(&args),
    }
}
