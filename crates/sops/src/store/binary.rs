//! Any bytes as the one value `data`.

use super::form;
use crate::{Branch, Format, Item, SopsError, Text, Value};

pub(super) fn load(text: &[u8]) -> Vec<Branch> {
    vec![vec![Item::new("data", Value::text(text), 0)]]
}

pub(super) fn emit(branches: &[Branch]) -> Result<Text, SopsError> {
    let hint = "it is not an encrypted binary document; name its format with --output-type";
    let [branch] = branches else {
        return Err(form(Format::Binary, format!("there is more than one document: {hint}")));
    };
    match branch.iter().find(|item| item.name() == Some("data")).map(|item| &item.value) {
        Some(Value::Text(text)) => Ok(text.clone()),
        _ => Err(form(Format::Binary, format!("there is no text under the key `data`: {hint}"))),
    }
}
