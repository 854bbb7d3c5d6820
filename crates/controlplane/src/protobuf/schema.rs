//! The recorded table of messages: number, JSON name and type of every field.

use std::collections::HashMap;
use std::io::Read;
use std::sync::LazyLock;

use serde::Deserialize;

const RECORDED: &[u8] = include_bytes!("../../data/proto-1.36.json.gz");
/// Kinds served in every group, such as `DeleteOptions`.
const META: &str = "k8s.io.apimachinery.pkg.apis.meta.v1";

const REPEATED: u8 = 1;
const MAP: u8 = 2;
const INLINE: u8 = 4;
const LIST: u8 = 8;
const POINTER: u8 = 16;
const OMIT_EMPTY: u8 = 32;

/// One field of a message.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "(u32, String, String, u8)")]
pub(super) struct FieldType {
    pub(super) number: u32,
    /// Name in JSON; `-` when the bytes are JSON themselves.
    pub(super) name: String,
    /// A scalar's keyword or a message's name; of a map the type of its values.
    pub(super) of: Kind,
    flags: u8,
}

/// Type of one value.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    String,
    Bytes,
    Bool,
    /// 32 bits, signed.
    Int32,
    /// 64 bits, signed.
    Int64,
    Double,
    Message(String),
}

impl From<(u32, String, String, u8)> for FieldType {
    fn from((number, name, of, flags): (u32, String, String, u8)) -> Self {
        let of = match of.as_str() {
            "string" => Kind::String,
            "bytes" => Kind::Bytes,
            "bool" => Kind::Bool,
            "int32" => Kind::Int32,
            "int64" => Kind::Int64,
            "double" => Kind::Double,
            _ => Kind::Message(of),
        };
        Self { number, name, of, flags }
    }
}

impl FieldType {
    /// Whether it may stand several times.
    pub(super) fn repeated(&self) -> bool {
        self.flags & REPEATED != 0
    }

    /// Whether it is an entry of a map from text.
    pub(super) fn map(&self) -> bool {
        self.flags & MAP != 0
    }

    /// Whether the fields of this message stand in the object around it.
    pub(super) fn inline(&self) -> bool {
        self.flags & INLINE != 0
    }

    /// Whether the whole message is this list in JSON.
    pub(super) fn list(&self) -> bool {
        self.flags & LIST != 0
    }

    /// Whether a zero that is present says nothing: senders write all that are not pointers.
    pub(super) fn omits_zero(&self) -> bool {
        self.flags & OMIT_EMPTY != 0 && self.flags & POINTER == 0
    }
}

/// A message with its fields.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) name: String,
    pub(super) fields: Vec<FieldType>,
}

impl Message {
    /// The name without its package.
    pub(super) fn short(&self) -> &str {
        self.name.rsplit('.').next().unwrap_or(&self.name)
    }

    pub(super) fn field(&self, number: u32) -> Option<&FieldType> {
        self.fields.iter().find(|field| field.number == number)
    }
}

/// All messages.
#[derive(Debug)]
pub(super) struct Schema {
    packages: HashMap<String, String>,
    messages: HashMap<String, Message>,
}

#[derive(Deserialize)]
struct Recording {
    #[serde(rename = "groupVersions")]
    group_versions: HashMap<String, String>,
    messages: HashMap<String, Vec<FieldType>>,
}

impl Schema {
    /// The table that comes with the program; empty, so that no kind is known, if it should be damaged.
    pub(super) fn recorded() -> &'static Self {
        static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
            let mut text = Vec::new();
            let read = flate2::read::GzDecoder::new(RECORDED).read_to_end(&mut text).map_err(|error| error.to_string());
            let parsed =
                read.and_then(|_| serde_json::from_slice::<Recording>(&text).map_err(|error| error.to_string()));
            match parsed {
                Ok(recording) => Schema::from_recording(recording),
                Err(error) => {
                    tracing::error!(%error, "the recorded protobuf table cannot be read; record it again with `cargo xtask proto`");
                    Schema { packages: HashMap::new(), messages: HashMap::new() }
                }
            }
        });
        &SCHEMA
    }

    fn from_recording(recording: Recording) -> Self {
        let message = |(name, fields): (String, Vec<FieldType>)| (name.clone(), Message { name, fields });
        Self { packages: recording.group_versions, messages: recording.messages.into_iter().map(message).collect() }
    }

    /// The message of a kind; what no group has of its own is looked up among the kinds of `meta/v1`.
    pub(super) fn kind(&self, api_version: &str, kind: &str) -> Option<&Message> {
        let package = self.packages.get(api_version);
        let own = package.and_then(|package| self.messages.get(&format!("{package}.{kind}")));
        own.or_else(|| self.messages.get(&format!("{META}.{kind}")))
    }

    /// A message by its full name.
    pub(super) fn message(&self, name: &str) -> Option<&Message> {
        self.messages.get(name)
    }
}
