//! What we last applied and what the server made of it, so that the next plan needs no request.

use std::fmt;

use goyaml::{Kind, Value};
use sha2::{Digest as _, Sha256};

/// A SHA-256 over the canonical form of a value: keys sorted, positions and order of keys left out.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest([u8; 32]);

/// One object as we last applied it.
#[derive(Clone, Debug, PartialEq)]
pub struct AppliedRecord {
    /// The manifest that was sent, owner labels included.
    pub desired: Digest,
    /// The fields we own, as the server answered them.
    pub answer: Digest,
    /// Compact JSON of the fields we own, as the server answered them; values of Secrets are sealed.
    pub projection: std::sync::Arc<[u8]>,
    /// Which fields those are.
    pub fields: std::sync::Arc<structured_merge::FieldSet>,
    /// Those of them that are left to others, and not in the projection.
    pub ignored: std::sync::Arc<[crate::Pointer]>,
    /// Revision of the object in the answer.
    pub resource_version: String,
    /// Uid of the object in the answer.
    pub uid: String,
}

impl Digest {
    /// The digest of a value.
    pub fn of(value: &Value) -> Self {
        let mut hash = Sha256::new();
        feed(&mut hash, value);
        Self(hash.finalize().into())
    }

    /// The digest of bytes.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

fn feed(hash: &mut Sha256, value: &Value) {
    match value.kind() {
        Kind::Null => hash.update(b"n"),
        Kind::Bool(value) => hash.update(if *value { b"t" } else { b"f" }),
        Kind::Int(number) => {
            hash.update(b"i");
            hash.update(number.to_be_bytes());
        }
        Kind::Uint(number) => {
            hash.update(b"u");
            hash.update(number.to_be_bytes());
        }
        Kind::Float(number) => {
            hash.update(b"d");
            hash.update(number.to_bits().to_be_bytes());
        }
        Kind::String(text) => {
            hash.update(b"s");
            sized(hash, text.as_bytes());
        }
        Kind::List(items) => {
            hash.update(b"[");
            hash.update(items.len().to_be_bytes());
            for item in items.iter() {
                feed(hash, item);
            }
        }
        Kind::Map(map) => {
            hash.update(b"{");
            hash.update(map.len().to_be_bytes());
            for (key, value) in map.sorted() {
                sized(hash, key.as_bytes());
                feed(hash, value);
            }
        }
    }
}

/// Feeds bytes with their length, so that neighbours cannot run into each other.
fn sized(hash: &mut Sha256, bytes: &[u8]) {
    hash.update(bytes.len().to_be_bytes());
    hash.update(bytes);
}

/// 64 hexadecimal digits.
impl fmt::Display for Digest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:.12}", self.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(json: &str) -> Digest {
        Digest::of(&goyaml::json::parse(json.as_bytes()).expect("JSON"))
    }

    #[test]
    fn order_of_keys_does_not_count() {
        assert_eq!(digest(r#"{"a":1,"b":[2]}"#), digest(r#"{"b":[2],"a":1}"#));
    }

    #[test]
    fn everything_else_counts() {
        let all = [
            r#"{"a":1}"#,
            r#"{"a":"1"}"#,
            r#"{"a":[1]}"#,
            r#"{"a":null}"#,
            "{}",
            "[]",
            "null",
            r#"["a","b"]"#,
            r#"["ab"]"#,
            r#"["b","a"]"#,
            r#"{"a":true}"#,
            r#"{"a":1.5}"#,
        ];
        let digests: std::collections::BTreeSet<_> = all.iter().map(|json| digest(json)).collect();
        assert_eq!(digests.len(), all.len());
    }
}
