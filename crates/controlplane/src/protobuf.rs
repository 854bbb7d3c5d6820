//! Bodies in Kubernetes' protobuf, which kubectl and helm send for typed objects.
//!
//! A body is the four bytes `k8s\0`, then a `runtime.Unknown` message with the kind and the bytes of the object. The
//! fields of every message stand in a recorded table ([`schema`]), so one decoder reads all kinds into the tree that the
//! same object in JSON would give. Answers are JSON, which every such client takes.

mod message;
mod schema;
mod special;
mod wire;

use goyaml::Value;

use message::Decoder;
use schema::Schema;
use wire::{Field, Reader};

/// The first bytes of every body.
const MAGIC: &[u8] = b"k8s\0";

/// A body that is not protobuf of a known kind.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum ProtobufError {
    /// Not Kubernetes' protobuf at all.
    #[error("the body does not begin as Kubernetes protobuf does; send it as application/json or with its envelope")]
    NoEnvelope,
    /// Nobody knows the kind.
    #[error("no kind \"{kind}\" is registered for version \"{api_version}\" in protobuf; send it as application/json")]
    UnknownKind {
        /// As the envelope says.
        api_version: String,
        /// As the envelope says.
        kind: String,
    },
    /// The bytes end inside a field or hold a wire type that is none.
    #[error("the protobuf of {message} is broken: {why}")]
    Broken {
        /// Message in which the fault is.
        message: String,
        /// What is wrong.
        why: &'static str,
    },
    /// A field whose text or JSON does not read.
    #[error("field {field} of {message} {why}")]
    Field {
        /// Message in which the fault is.
        message: String,
        /// Its field.
        field: String,
        /// What is wrong.
        why: String,
    },
    /// Nested or filled beyond what is read.
    #[error("the protobuf body holds more than {limit}; split the object or send it as application/json")]
    TooMuch {
        /// Which bound.
        limit: &'static str,
    },
}

/// Reads a body; the kind stands in its envelope.
pub(crate) fn decode(body: &[u8]) -> Result<Value, ProtobufError> {
    let envelope = Envelope::read(body.strip_prefix(MAGIC).ok_or(ProtobufError::NoEnvelope)?)?;
    let schema = Schema::recorded();
    let unknown =
        || ProtobufError::UnknownKind { api_version: envelope.api_version.clone(), kind: envelope.kind.clone() };
    let message = schema.kind(&envelope.api_version, &envelope.kind).ok_or_else(unknown)?;
    let mut map: goyaml::Map =
        [("kind", envelope.kind.as_str()), ("apiVersion", envelope.api_version.as_str())].into_iter().collect();
    Decoder::new(schema).fields(message, envelope.raw, &mut map)?;
    Ok(map.into())
}

/// The fields of `runtime.Unknown` that matter.
#[derive(Debug, Default)]
struct Envelope<'a> {
    api_version: String,
    kind: String,
    raw: &'a [u8],
}

impl<'a> Envelope<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, ProtobufError> {
        let mut envelope = Self::default();
        let mut fields = Reader::new(bytes);
        while let Some((number, field)) = fields.next().map_err(broken)? {
            match (number, field) {
                (1, Field::Bytes(names)) => envelope.read_names(names)?,
                (2, Field::Bytes(raw)) => envelope.raw = raw,
                _ => {}
            }
        }
        Ok(envelope)
    }

    fn read_names(&mut self, names: &[u8]) -> Result<(), ProtobufError> {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).map_err(|_| broken("a name is not UTF-8"));
        let mut names = Reader::new(names);
        while let Some((number, field)) = names.next().map_err(broken)? {
            match (number, field) {
                (1, Field::Bytes(found)) => self.api_version = text(found)?,
                (2, Field::Bytes(found)) => self.kind = text(found)?,
                _ => {}
            }
        }
        Ok(())
    }
}

fn broken(why: &'static str) -> ProtobufError {
    ProtobufError::Broken { message: "the envelope".into(), why }
}

#[cfg(test)]
mod tests;
