//! Reads, decrypts, encrypts and rotates documents in the format of sops, so that sops reads ours and we read its.
//!
//! [`Encrypted::read`] takes a text apart into a tree and the metadata at its end; [`Encrypted::decrypt`] finds the data key
//! with what a [`Keyring`] holds, decrypts every value and checks the message authentication code. [`encrypt`] goes the other
//! way, [`Decrypted::encrypt`] with the data key that is there, [`Decrypted::rotate`] with a new one. [`config`] says which
//! keys a new file is encrypted for.
//!
//! The crate knows no files, no environment and no clock: keys, time and randomness are parameters. Only the ephemeral keys
//! of age recipients are drawn inside the `age` crate. Plaintext and keys are overwritten when they are dropped, where the
//! libraries allow it, and stand in no error and no `Debug` text.

mod cipher;
pub mod config;
mod document;
mod error;
mod extract;
mod format;
pub mod keys;
mod metadata;
mod pattern;
mod rules;
mod shamir;
mod store;
mod time;
mod value;
mod walk;

pub use document::{Decrypted, Encrypted, Fresh, MacCheck, draft, encrypt};
pub use error::{Fault, SopsError};
pub use extract::{Step, parse_path};
pub use format::{Format, Indents};
pub use keys::{KeyService, Keyring, MasterKey, Random};
pub use metadata::Metadata;
pub use rules::{Rule, Selection};
pub use value::{Branch, Comment, Entry, Item, Key, Text, Value};

/// The version of sops that our documents are like; it goes into their metadata.
pub const VERSION: &str = "3.13.3";

/// Bytes of one document; larger ones are refused before they are read.
pub const MAX_BYTES: usize = 32 << 20;
