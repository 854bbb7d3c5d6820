//! One message after the other, driven by the table.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use goyaml::{Kind as Node, Map, Value};

use super::schema::{FieldType, Kind, Message, Schema};
use super::wire::{Field, Reader};
use super::{ProtobufError, special};

/// The deepest nesting; schemas of CRDs nest most.
const MAX_DEPTH: u32 = 128;
/// Values in one body. An empty message takes two bytes of a body but some hundred in memory.
const MAX_VALUES: u32 = 400_000;

/// Reads one body.
#[derive(Debug)]
pub(super) struct Decoder<'a> {
    schema: &'a Schema,
    depth: u32,
    values: u32,
}

impl<'a> Decoder<'a> {
    pub(super) fn new(schema: &'a Schema) -> Self {
        Self { schema, depth: 0, values: 0 }
    }

    /// Reads the fields of a message into a map. Unknown fields are skipped, as protobuf wants.
    pub(super) fn fields(&mut self, message: &Message, bytes: &[u8], into: &mut Map) -> Result<(), ProtobufError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(ProtobufError::TooMuch { limit: "128 levels of messages" });
        }
        let broken = |why| ProtobufError::Broken { message: message.name.clone(), why };
        let mut reader = Reader::new(bytes);
        while let Some((number, found)) = reader.next().map_err(broken)? {
            if let Some(field) = message.field(number) {
                self.field(message, field, found, into)?;
            }
        }
        self.depth -= 1;
        Ok(())
    }

    fn field(
        &mut self,
        message: &Message,
        field: &FieldType,
        found: Field<'_>,
        into: &mut Map,
    ) -> Result<(), ProtobufError> {
        if field.inline() {
            return match (found, &field.of) {
                (Field::Bytes(bytes), Kind::Message(name)) => match self.schema.message(name) {
                    Some(inner) => self.fields(inner, bytes, into),
                    None => Ok(()),
                },
                _ => Err(wrong_wire(message)),
            };
        }
        if field.map() {
            return self.entry(message, field, found, into);
        }
        if field.repeated() {
            return self.item(message, field, found, into);
        }
        let value = self.value(message, field, found)?;
        if value.is_null() || field.omits_zero() && is_zero(&value) {
            into.remove(&field.name);
        } else {
            into.insert(field.name.as_str(), value);
        }
        Ok(())
    }

    fn item(
        &mut self,
        message: &Message,
        field: &FieldType,
        found: Field<'_>,
        into: &mut Map,
    ) -> Result<(), ProtobufError> {
        let mut values = Vec::new();
        match (found, &field.of) {
            (Field::Bytes(packed), Kind::Bool | Kind::Int32 | Kind::Int64) => {
                let mut numbers = Reader::new(packed);
                let broken = |why| ProtobufError::Broken { message: message.name.clone(), why };
                while let Some(number) = numbers.packed().map_err(broken)? {
                    values.push(self.value(message, field, Field::Varint(number))?);
                }
            }
            _ => values.push(self.value(message, field, found)?),
        }
        match into.get_mut(&field.name).and_then(Value::as_list_mut) {
            Some(list) => list.append(&mut values),
            None => drop(into.insert(field.name.as_str(), values)),
        }
        Ok(())
    }

    fn entry(
        &mut self,
        message: &Message,
        field: &FieldType,
        found: Field<'_>,
        into: &mut Map,
    ) -> Result<(), ProtobufError> {
        let Field::Bytes(bytes) = found else {
            return Err(wrong_wire(message));
        };
        let broken = |why| ProtobufError::Broken { message: message.name.clone(), why };
        let (mut key, mut value) = (String::new(), None);
        let mut reader = Reader::new(bytes);
        while let Some((number, part)) = reader.next().map_err(broken)? {
            match (number, part) {
                (1, Field::Bytes(text)) => utf8(message, field, text)?.clone_into(&mut key),
                (2, part) => value = Some(self.value(message, field, part)?),
                _ => {}
            }
        }
        let value = match value {
            Some(value) => value,
            None => self.value(message, field, empty(&field.of))?,
        };
        if !into.contains_key(&field.name) {
            into.insert(field.name.as_str(), Value::empty_map());
        }
        if let Some(map) = into.get_mut(&field.name).and_then(Value::as_map_mut) {
            map.insert(key, value);
        }
        Ok(())
    }

    fn value(&mut self, message: &Message, field: &FieldType, found: Field<'_>) -> Result<Value, ProtobufError> {
        self.values += 1;
        if self.values > MAX_VALUES {
            return Err(ProtobufError::TooMuch { limit: "400000 values" });
        }
        Ok(match (&field.of, found) {
            (Kind::String, Field::Bytes(bytes)) => utf8(message, field, bytes)?.into(),
            (Kind::Bytes, Field::Bytes(bytes)) => STANDARD.encode(bytes).into(),
            (Kind::Bool, Field::Varint(number)) => (number != 0).into(),
            (Kind::Int32, Field::Varint(number)) => i64::from(low_half(number)).into(),
            (Kind::Int64, Field::Varint(number)) => number.cast_signed().into(),
            (Kind::Double, Field::Fixed64(bits)) => number(f64::from_bits(bits)),
            (Kind::Message(name), Field::Bytes(bytes)) => self.message(name, bytes)?,
            _ => return Err(wrong_wire(message)),
        })
    }

    /// A message as JSON shows it.
    fn message(&mut self, name: &str, bytes: &[u8]) -> Result<Value, ProtobufError> {
        let Some(message) = self.schema.message(name) else {
            return Ok(Value::NULL);
        };
        if let [only] = message.fields.as_slice()
            && only.name == "-"
        {
            return raw_json(message, only, bytes);
        }
        let mut map = Map::new();
        self.fields(message, bytes, &mut map)?;
        if let Some(list) = message.fields.iter().find(|field| field.list()) {
            return Ok(map.remove(&list.name).unwrap_or_else(|| Vec::new().into()));
        }
        Ok(special::json_form(&message.name, map))
    }
}

/// The bytes of field 1 are JSON; none are null.
fn raw_json(message: &Message, field: &FieldType, bytes: &[u8]) -> Result<Value, ProtobufError> {
    let broken = |why| ProtobufError::Broken { message: message.name.clone(), why };
    let mut reader = Reader::new(bytes);
    let mut raw: &[u8] = b"";
    while let Some((number, found)) = reader.next().map_err(broken)? {
        if let (true, Field::Bytes(found)) = (number == field.number, found) {
            raw = found;
        }
    }
    if raw.is_empty() {
        return Ok(Value::NULL);
    }
    goyaml::json::parse(raw).map_err(|error| fault(message, field, format!("should hold JSON: {error}")))
}

/// A missing value of a map's entry.
fn empty(of: &Kind) -> Field<'static> {
    match of {
        Kind::String | Kind::Bytes | Kind::Message(_) => Field::Bytes(b""),
        Kind::Bool | Kind::Int32 | Kind::Int64 => Field::Varint(0),
        Kind::Double => Field::Fixed64(0),
    }
}

fn is_zero(value: &Value) -> bool {
    match value.kind() {
        Node::Bool(value) => !value,
        Node::Int(number) => *number == 0,
        Node::Float(number) => *number == 0.0,
        Node::String(text) => text.is_empty(),
        Node::List(items) => items.is_empty(),
        _ => false,
    }
}

/// Negative numbers of 32 bits are written with 64.
fn low_half(number: u64) -> i32 {
    let [a, b, c, d, ..] = number.to_le_bytes();
    i32::from_le_bytes([a, b, c, d])
}

/// JSON knows whole numbers only by the lack of a fraction.
fn number(value: f64) -> Value {
    let text = format!("{value}");
    text.parse::<i64>().map_or_else(|_| value.into(), Value::from)
}

fn utf8<'b>(message: &Message, field: &FieldType, bytes: &'b [u8]) -> Result<&'b str, ProtobufError> {
    std::str::from_utf8(bytes).map_err(|_| fault(message, field, "is not UTF-8".into()))
}

fn fault(message: &Message, field: &FieldType, why: String) -> ProtobufError {
    ProtobufError::Field { message: message.short().into(), field: field.name.clone(), why }
}

fn wrong_wire(message: &Message) -> ProtobufError {
    ProtobufError::Broken { message: message.name.clone(), why: "a field has another wire type than its own" }
}
