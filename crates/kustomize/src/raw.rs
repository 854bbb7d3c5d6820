//! Scalars as they were written, and what became of them.
//!
//! Kustomize copies text; the tree holds values: `1.10` is the number 1.1 in it.

use std::collections::HashMap;
use std::sync::Arc;

use goyaml::origin::Tracer;
use goyaml::{Dialect, Duplicates, Kind, ParseOptions, Pos, Value};

use crate::scalar;

/// The texts that were read otherwise than their values print.
#[derive(Debug, Default)]
pub(crate) struct RawTexts {
    /// Where values come from.
    pub(crate) tracer: Tracer,
    texts: HashMap<Pos, (Value, String)>,
    /// What was read, by the index its positions carry.
    sources: HashMap<u32, Arc<[u8]>>,
    /// Kustomizations that were read, by the same.
    kustomizations: HashMap<u32, Arc<[u8]>>,
}

impl RawTexts {
    pub(crate) fn new(tracer: Tracer) -> Self {
        Self { tracer, ..Self::default() }
    }

    /// Notes how a value was written.
    pub(crate) fn note(&mut self, value: &Value, written: &str) {
        self.texts.insert(value.pos(), (value.clone(), written.to_owned()));
    }

    /// Keeps a text, so that it can be looked up how its scalars were written.
    pub(crate) fn keep(&mut self, source: u32, bytes: &Arc<[u8]>) {
        self.sources.insert(source, bytes.clone());
    }

    /// Keeps a kustomization, so that it can be looked up how the texts inside of it are written.
    pub(crate) fn keep_kustomization(&mut self, source: u32, bytes: &Arc<[u8]>) {
        self.kustomizations.insert(source, bytes.clone());
    }

    pub(crate) fn kustomization(&self, source: u32) -> Option<&[u8]> {
        self.kustomizations.get(&source).map(|bytes| &**bytes)
    }

    /// Whether a text was written in quotes or as a block.
    pub(crate) fn is_quoted(&self, value: &Value) -> bool {
        let pos = self.tracer.plain(value.pos());
        let found = self.sources.get(&pos.source).and_then(|bytes| line(bytes, pos.line));
        let text = String::from_utf8_lossy(found.unwrap_or_default());
        text.chars().nth(index(pos.column)).is_some_and(|first| "\"'|>".contains(first))
    }

    /// The text of a scalar as it was written; empty for null and for collections.
    pub(crate) fn text(&self, value: &Value) -> String {
        if self.texts.is_empty() || value.pos().line == 0 {
            return scalar::text(value);
        }
        match self.texts.get(&self.tracer.plain(value.pos())) {
            Some((known, written)) if known == value => written.clone(),
            _ => scalar::text(value),
        }
    }
}

/// A line of a text, counted from 1.
pub(crate) fn line(bytes: &[u8], number: u32) -> Option<&[u8]> {
    bytes.split(|byte| *byte == b'\n').nth(usize::try_from(number).ok()?.checked_sub(1)?)
}

/// A number that counts from 1 as one that counts from 0.
pub(crate) fn index(number: u32) -> usize {
    usize::try_from(number.saturating_sub(1)).unwrap_or(usize::MAX)
}

/// What a scalar without quotes means.
pub(crate) fn plain(text: &str) -> Value {
    if text.is_empty() {
        return Value::NULL;
    }
    let may_mean_more = text.starts_with(|first: char| first.is_ascii_digit() || "+-.~nNtTfF".contains(first))
        && text.chars().all(|character| character.is_ascii_alphanumeric() || "+-._:~".contains(character));
    if !may_mean_more {
        return Value::from(text);
    }
    let options =
        ParseOptions { dialect: Dialect::V3, duplicate_keys: Duplicates::LastWins, ..ParseOptions::default() };
    let documents = goyaml::parse_documents(text, &options).unwrap_or_default();
    match documents.as_slice() {
        [document] if scalar::is_scalar(&document.value) && document.value.as_str().is_none() => {
            document.value.clone().with_pos(Pos::default())
        }
        _ => Value::from(text),
    }
}

/// A scalar with another text, of the type it had. `Err` if the text is none of that type.
pub(crate) fn retyped(node: &Value, text: &str) -> Result<Value, String> {
    let fits = |value: Value| Ok(value.with_pos(node.pos()));
    let value = plain(text);
    match (node.kind(), value.kind()) {
        (Kind::String(_), _) => fits(Value::from(text)),
        (Kind::Int(_) | Kind::Uint(_), Kind::Int(_) | Kind::Uint(_))
        | (Kind::Float(_), Kind::Float(_))
        | (Kind::Bool(_), Kind::Bool(_))
        | (Kind::Null, Kind::Null) => fits(value),
        (Kind::Float(_), Kind::Int(number)) => {
            #[expect(clippy::cast_precision_loss, reason = "as kustomize reads a number of this type")]
            let number = *number as f64;
            fits(Value::from(number))
        }
        _ => Err(format!("the field is of type {}, and '{text}' is not", node.kind_name())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars() {
        let check = |text: &str, expected: Value| assert_eq!(plain(text), expected, "{text}");
        check("5", Value::from(5_i64));
        check("-5", Value::from(-5_i64));
        check("true", Value::from(true));
        check("yes", Value::from("yes"));
        check("a: b", Value::from("a: b"));
        check("-", Value::from("-"));
        check("1.5.0", Value::from("1.5.0"));
        check("null", Value::NULL);
        check("", Value::NULL);
    }

    #[test]
    fn types_stay() {
        let check = |node: Value, text: &str, expected: Option<Value>| {
            assert_eq!(retyped(&node, text).ok(), expected, "{node:?} {text}");
        };
        check(Value::from("a"), "5", Some(Value::from("5")));
        check(Value::from(1_i64), "5", Some(Value::from(5_i64)));
        check(Value::from(1_i64), "x", None);
        check(Value::from(1.5), "2", Some(Value::from(2.0)));
        check(Value::from(true), "yes", None);
    }
}
