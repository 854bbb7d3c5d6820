//! Trees out of texts and texts out of trees, one format a file.

mod binary;
mod dotenv;
mod ini;
mod json;
mod yaml;

use crate::{Branch, Fault, Format, Indents, MAX_BYTES, SopsError, Text, Value};

/// Reads a text. Encrypted binary documents are JSON.
pub(crate) fn load(text: &[u8], format: Format, encrypted: bool) -> Result<Vec<Branch>, SopsError> {
    if text.len() > MAX_BYTES {
        return Err(Fault::TooLarge(text.len()).into());
    }
    match format {
        Format::Yaml => yaml::load(text),
        Format::Json => json::load(text),
        Format::Binary if encrypted => json::load(text),
        Format::Binary => Ok(binary::load(text)),
        Format::Dotenv => dotenv::load(text),
        Format::Ini => ini::load(text),
    }
}

/// Writes a tree. Encrypted binary documents are JSON.
pub(crate) fn emit(branches: &[Branch], format: Format, encrypted: bool, indents: Indents) -> Result<Text, SopsError> {
    Ok(match format {
        Format::Yaml => yaml::emit(branches, indents.yaml),
        Format::Json => json::emit(branches, indents.json)?,
        Format::Binary if encrypted => json::emit(branches, indents.binary)?,
        Format::Binary => binary::emit(branches)?,
        Format::Dotenv => dotenv::emit(branches)?,
        Format::Ini => ini::emit(branches)?,
    })
}

/// Writes a single value.
pub(crate) fn emit_value(value: &Value, format: Format, indents: Indents) -> Result<Text, SopsError> {
    match format {
        Format::Yaml => Ok(yaml::emit_value(value)),
        Format::Json => json::emit_value(value, indents.json),
        Format::Ini => json::emit_value(value, None),
        Format::Binary => Err(form(format, "a binary document has no values to be extracted")),
        Format::Dotenv => Err(form(format, "only texts can be written")),
    }
}

fn form(format: Format, why: impl Into<String>) -> SopsError {
    Fault::Form { format, why: why.into() }.into()
}

fn syntax(format: Format, line: u32, why: impl Into<String>) -> SopsError {
    SopsError::at(line, Fault::Syntax { format, why: why.into() })
}

/// A value as flat formats write it: floats with an exponent where Go's `G` does.
fn flat_text(value: &Value) -> Text {
    match value {
        Value::Bool(value) => Text::new(value.to_string().into_bytes()),
        Value::Float(value) => Text::new(json::go_float_upper(*value).into_bytes()),
        Value::Null => Text::new(b"<nil>".to_vec()),
        other => other.bytes(),
    }
}
