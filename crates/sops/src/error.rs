//! What goes wrong with a document, where, and what to do. No text here tells a secret.

use crate::Format;

/// Why a document cannot be read, decrypted or encrypted.
#[derive(Debug, thiserror::Error)]
#[error("{fault}")]
pub struct SopsError {
    /// The line in the document, from 1, where there is one to name.
    pub line: Option<u32>,
    /// What is wrong.
    pub fault: Fault,
}

/// The kinds of faults.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The document is too large to be read.
    #[error("the document has {0} bytes, more than the {max} allowed", max = crate::MAX_BYTES)]
    TooLarge(usize),
    /// The text is not of its format.
    #[error("not valid {format}: {why}")]
    Syntax {
        /// The format it was read as.
        format: Format,
        /// What the reader says.
        why: String,
    },
    /// There is no `sops` entry.
    #[error("the document has no sops metadata, so it is not encrypted, or it was cut off before its end")]
    NotEncrypted,
    /// There is a `sops` entry in what is to be encrypted.
    #[error("the document has an entry `{0}`, so it is encrypted already")]
    AlreadyEncrypted(String),
    /// There is nothing to encrypt.
    #[error("the document is empty")]
    Empty,
    /// The `sops` entry is damaged.
    #[error("the sops metadata cannot be used: {0}")]
    Metadata(String),
    /// The version is none.
    #[error("the sops metadata names version {0:?}, which is not a version of sops")]
    Version(String),
    /// No key opens the data key.
    #[error("{0}")]
    NoDataKey(String),
    /// A value was changed, moved, or encrypted with another key.
    #[error("cannot decrypt {path}: {why}")]
    Value {
        /// The keys that lead to it.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// Long keys with very many values below them.
    #[error("the keys that lead to the values are too long for so many values")]
    LongPaths,
    /// A value cannot be encrypted.
    #[error("cannot encrypt {path}: {why}")]
    Unfit {
        /// The keys that lead to it.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// The document was changed by someone who does not have the data key.
    #[error(
        "the message authentication code does not match: values were changed, added, removed or put into another order"
    )]
    MacMismatch,
    /// The message authentication code is missing.
    #[error("the document has no message authentication code")]
    MacMissing,
    /// The message authentication code cannot be decrypted.
    #[error("the message authentication code cannot be decrypted: {0}")]
    MacUnreadable(String),
    /// The data key cannot be encrypted for a key.
    #[error("cannot encrypt the data key for {key}: {why}")]
    Wrap {
        /// The key.
        key: String,
        /// What is wrong with it.
        why: String,
    },
    /// There is no key to encrypt for.
    #[error("there is no key to encrypt for")]
    NoRecipients,
    /// Key groups and their threshold do not fit.
    #[error("{0}")]
    Threshold(String),
    /// The tree has no form in the format.
    #[error("cannot be written as {format}: {why}")]
    Form {
        /// The format asked for.
        format: Format,
        /// What does not fit.
        why: String,
    },
    /// There is nothing at the path asked for.
    #[error("{0}")]
    NoSuchPath(String),
    /// A regular expression is wrong.
    #[error("the regular expression {text:?} of {field} cannot be used: {why}")]
    Pattern {
        /// Where it is set.
        field: &'static str,
        /// The expression.
        text: String,
        /// What the library says.
        why: String,
    },
    /// `.sops.yaml` is wrong.
    #[error("{0}")]
    Config(String),
}

impl SopsError {
    pub(crate) fn at(line: u32, fault: Fault) -> Self {
        Self { line: (line > 0).then_some(line), fault }
    }

    /// What the reader of the message can do about it.
    pub fn remedy(&self) -> Option<&'static str> {
        Some(match &self.fault {
            Fault::TooLarge(_) => "keep secrets in documents of their own, and split this one",
            Fault::Syntax { .. } => "mend the text, or name its format with --input-type",
            Fault::NotEncrypted => {
                "encrypt it, or take the whole file from Git; if its format was guessed wrong, name it with --input-type"
            }
            Fault::AlreadyEncrypted(_) => "to change it, use `edit`; if it is a plain file, rename the entry",
            Fault::Metadata(_) => "take the `sops` part from the last commit that could be decrypted",
            Fault::Version(_) => {
                "take the `sops` part from the last commit that could be decrypted; documents of sops 1 to 3 are read"
            }
            Fault::NoDataKey(_) => {
                "give the private key of one of these, for age in SOPS_AGE_KEY_FILE; who has one adds yours to .sops.yaml and runs `updatekeys`"
            }
            Fault::Value { .. } => {
                "take the value from the last commit that could be decrypted, and change it with `edit`"
            }
            Fault::MacMismatch => {
                "take the file from the last commit that could be decrypted and repeat the change with `edit`; --ignore-mac decrypts without this check"
            }
            Fault::MacMissing | Fault::MacUnreadable(_) => {
                "take the file from the last commit that could be decrypted; --ignore-mac decrypts without this check"
            }
            Fault::NoRecipients => "name recipients with --age or --pgp, or in a creation rule of .sops.yaml",
            Fault::Form { .. } => "choose another --output-type",
            _ => return None,
        })
    }
}

impl From<Fault> for SopsError {
    fn from(fault: Fault) -> Self {
        Self { line: None, fault }
    }
}
