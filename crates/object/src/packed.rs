//! Values kept for long: as compact JSON, which takes a fraction of the memory of a tree.

use std::fmt;
use std::sync::Arc;

use goyaml::{Kind, Value};

/// A value that is looked at rarely. Positions in files are not kept.
#[derive(Clone)]
pub struct Packed(Form);

#[derive(Clone)]
enum Form {
    Json(Arc<[u8]>),
    /// A value that JSON would give back changed.
    Tree(Value),
}

impl Packed {
    /// Packs a value.
    pub fn of(value: &Value) -> Self {
        if has_float(value) {
            return Self(Form::Tree(value.clone()));
        }
        Self(Form::Json(goyaml::json::to_string(value).into_bytes().into()))
    }

    /// The value: equal to what was packed.
    pub fn value(&self) -> Value {
        match &self.0 {
            Form::Json(json) => goyaml::json::parse(json).unwrap_or_default(),
            Form::Tree(value) => value.clone(),
        }
    }
}

/// Whether there is a floating point number: 1.0 is written as 1, which is read as an integer.
fn has_float(value: &Value) -> bool {
    match value.kind() {
        Kind::Float(_) => true,
        Kind::List(items) => items.iter().any(has_float),
        Kind::Map(map) => map.values().any(has_float),
        _ => false,
    }
}

/// Its size only: it may be a Secret.
impl fmt::Debug for Packed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Form::Json(json) => write!(out, "Packed({} bytes)", json.len()),
            Form::Tree(_) => write!(out, "Packed(tree)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_comes_back_as_it_was() {
        let text = "a: 1\nb: [1.0, 2.5, -3, 18446744073709551615]\nc: {d: \"é\\u0000\\n\", e: null, f: true}\ng: ~\n";
        for text in [text, "a: -9223372036854775808\n", "{}\n"] {
            let documents = goyaml::parse_documents(text, &goyaml::ParseOptions::default()).expect("YAML");
            let value = &documents[0].value;
            assert_eq!(Packed::of(value).value(), *value, "{text}");
        }
    }

    #[test]
    fn nothing_is_told() {
        let value = goyaml::json::parse(br#"{"password":"hunter2"}"#).expect("JSON");
        assert_eq!(format!("{:?}", Packed::of(&value)), "Packed(22 bytes)");
    }
}
