//! Which values of a document are encrypted.

use regex::bytes::Regex;

use crate::SopsError;
use crate::pattern;

/// Keys with this ending stay as they are where nothing else is said.
pub(crate) const DEFAULT_SUFFIX: &str = "_unencrypted";

/// One of the ways to choose; a document has exactly one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// All but what is below a key with this ending.
    UnencryptedSuffix(String),
    /// Only what is below a key with this ending.
    EncryptedSuffix(String),
    /// All but what is below a key that matches.
    UnencryptedRegex(String),
    /// Only what is below a key that matches.
    EncryptedRegex(String),
    /// All but what is below a comment that matches.
    UnencryptedCommentRegex(String),
    /// Only what is below a comment that matches.
    EncryptedCommentRegex(String),
}

impl Rule {
    /// The names of the ways, as metadata and `.sops.yaml` write them.
    pub const FIELDS: [&'static str; 6] = [
        "unencrypted_suffix",
        "encrypted_suffix",
        "unencrypted_regex",
        "encrypted_regex",
        "unencrypted_comment_regex",
        "encrypted_comment_regex",
    ];

    /// The way with this name.
    pub fn new(field: &str, text: String) -> Option<Self> {
        Some(match field {
            "unencrypted_suffix" => Self::UnencryptedSuffix(text),
            "encrypted_suffix" => Self::EncryptedSuffix(text),
            "unencrypted_regex" => Self::UnencryptedRegex(text),
            "encrypted_regex" => Self::EncryptedRegex(text),
            "unencrypted_comment_regex" => Self::UnencryptedCommentRegex(text),
            "encrypted_comment_regex" => Self::EncryptedCommentRegex(text),
            _ => return None,
        })
    }

    /// The name and the text.
    pub fn parts(&self) -> (&'static str, &str) {
        match self {
            Self::UnencryptedSuffix(text) => (Self::FIELDS[0], text),
            Self::EncryptedSuffix(text) => (Self::FIELDS[1], text),
            Self::UnencryptedRegex(text) => (Self::FIELDS[2], text),
            Self::EncryptedRegex(text) => (Self::FIELDS[3], text),
            Self::UnencryptedCommentRegex(text) => (Self::FIELDS[4], text),
            Self::EncryptedCommentRegex(text) => (Self::FIELDS[5], text),
        }
    }
}

impl Default for Rule {
    fn default() -> Self {
        Self::UnencryptedSuffix(DEFAULT_SUFFIX.to_owned())
    }
}

/// Which values are encrypted, and which are in the message authentication code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Which values are encrypted.
    pub rule: Rule,
    /// Whether the message authentication code covers only those.
    pub mac_only_encrypted: bool,
}

/// A rule, ready to be asked.
pub(crate) enum Selector {
    Suffix { suffix: String, encrypts: bool },
    Keys { regex: Regex, encrypts: bool },
    Comments { regex: Regex, encrypts: bool },
}

impl Selector {
    pub(crate) fn new(rule: &Rule) -> Result<Self, SopsError> {
        let (field, text) = rule.parts();
        let encrypts =
            matches!(rule, Rule::EncryptedSuffix(_) | Rule::EncryptedRegex(_) | Rule::EncryptedCommentRegex(_));
        Ok(match rule {
            Rule::UnencryptedSuffix(suffix) | Rule::EncryptedSuffix(suffix) => {
                Self::Suffix { suffix: suffix.clone(), encrypts }
            }
            Rule::UnencryptedRegex(_) | Rule::EncryptedRegex(_) => {
                Self::Keys { regex: pattern::compile(field, text)?, encrypts }
            }
            Rule::UnencryptedCommentRegex(_) | Rule::EncryptedCommentRegex(_) => {
                Self::Comments { regex: pattern::compile(field, text)?, encrypts }
            }
        })
    }

    /// Whether a key decides for what is below it.
    pub(crate) fn hits_key(&self, key: &str) -> bool {
        match self {
            Self::Suffix { suffix, .. } => !suffix.is_empty() && key.ends_with(suffix.as_str()),
            Self::Keys { regex, .. } => regex.is_match(key.as_bytes()),
            Self::Comments { .. } => false,
        }
    }

    /// Whether a comment decides for what is below it.
    pub(crate) fn hits_comment(&self, comment: &[u8]) -> bool {
        matches!(self, Self::Comments { regex, .. } if regex.is_match(comment))
    }

    /// Whether a value is encrypted below so many keys and comments that decide. `own`: it is itself such a comment.
    pub(crate) fn encrypts(&self, keys: usize, comments: usize, own: bool) -> bool {
        match self {
            Self::Suffix { encrypts, .. } | Self::Keys { encrypts, .. } => (keys > 0) == *encrypts,
            // The comment that turns encryption on stays readable itself.
            Self::Comments { encrypts, .. } => (comments > usize::from(own && *encrypts)) == *encrypts,
        }
    }

    /// Whether the comment, encrypted as it is now, would be taken for one that turns encryption off.
    pub(crate) fn is_misleading(&self, encrypted: &str) -> bool {
        matches!(self, Self::Comments { regex, encrypts: false } if regex.is_match(encrypted.as_bytes()))
    }
}
