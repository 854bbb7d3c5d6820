//! The meaning of scalars with their tags, as values and as keys.

use std::borrow::Cow;

use super::build::Wrong;
use super::node::{Node, Shape};
use crate::commented::Content;
use crate::resolve::number::{format_g, format_g32};
use crate::resolve::{self, Plain};
use crate::{Dialect, Kind, Value};

/// A scalar that was looked up.
enum Meaning {
    Plain(Plain),
    Text(String),
}

/// The value of a scalar node.
pub(super) fn value(dialect: Dialect, node: &Node<'_>) -> Result<Value, Wrong> {
    let (text, _) = parts(node);
    let plain = match meaning(dialect, node)? {
        Meaning::Text(decoded) => return Ok(decoded.into()),
        Meaning::Plain(plain) => plain,
    };
    Ok(match plain {
        Plain::Null => Value::NULL,
        Plain::Bool(value) => value.into(),
        Plain::Int(value) => value.into(),
        Plain::Uint(value) => value.into(),
        Plain::Float(value) => value.into(),
        Plain::Time(time) if dialect == Dialect::V3 => time.into(),
        Plain::Time(_) | Plain::Text => Kind::String(text.into()).into(),
    })
}

/// The scalar as go-yaml v3 decodes it into any value: times are told from texts, bytes need not be UTF-8.
pub(super) fn content(node: &Node<'_>) -> Result<Content, Wrong> {
    let (text, _) = parts(node);
    if tag_of(Dialect::V3, node) == Some("!!binary") {
        let wrong = || (node.mark, "!!binary value contains invalid base64 data".to_owned());
        let bytes = decode_base64(text).ok_or_else(wrong)?;
        return Ok(String::from_utf8(bytes).map_or_else(|error| Content::Bytes(error.into_bytes()), Content::Text));
    }
    let plain = match meaning(Dialect::V3, node)? {
        Meaning::Text(decoded) => return Ok(Content::Text(decoded)),
        Meaning::Plain(plain) => plain,
    };
    Ok(match plain {
        Plain::Null => Content::Null,
        Plain::Bool(value) => Content::Bool(value),
        Plain::Int(value) => Content::Int(value),
        Plain::Uint(value) => Content::Uint(value),
        Plain::Float(value) => Content::Float(value),
        Plain::Time(time) => Content::Time(time),
        Plain::Text => Content::Text(text.to_owned()),
    })
}

fn parts<'n>(node: &'n Node<'_>) -> (&'n str, bool) {
    match &node.shape {
        Shape::Scalar { text, plain } => (text.as_ref(), *plain),
        _ => ("", true),
    }
}

/// The tag that counts: in v3 the bare `!` is none.
fn tag_of<'n>(dialect: Dialect, node: &'n Node<'_>) -> Option<&'n str> {
    let tag = node.tag.as_deref();
    if dialect == Dialect::V3 { tag.filter(|tag| *tag != "!") } else { tag }
}

fn meaning(dialect: Dialect, node: &Node<'_>) -> Result<Meaning, Wrong> {
    let (text, plain) = parts(node);
    let own = || Meaning::Plain(Plain::Text);
    match tag_of(dialect, node) {
        None if plain => Ok(Meaning::Plain(resolve::plain(dialect, text, true))),
        Some("!!binary") => match decode_base64(text) {
            Some(bytes) => Ok(Meaning::Text(as_text(&bytes))),
            None => Err((node.mark, "!!binary value contains invalid base64 data".to_owned())),
        },
        Some(tag @ ("!!bool" | "!!int" | "!!float" | "!!null" | "!!timestamp")) => {
            tagged(dialect, tag, text).map(Meaning::Plain).map_err(|message| (node.mark, message))
        }
        None | Some(_) => Ok(own()),
    }
}

/// Bytes as Go writes them in JSON: a replacement character for each that is no text.
fn as_text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    text
}

/// A scalar whose tag says what it must be.
fn tagged(dialect: Dialect, tag: &str, text: &str) -> Result<Plain, String> {
    let found = resolve::plain(dialect, text, tag == "!!timestamp");
    if found.tag() == tag {
        return Ok(found);
    }
    match found {
        #[expect(clippy::cast_precision_loss, reason = "the tag asks for a float")]
        Plain::Int(value) if tag == "!!float" => Ok(Plain::Float(value as f64)),
        found => Err(format!("cannot decode {} `{text}` as a {tag}", found.tag())),
    }
}

/// Whether the key brings another mapping in.
pub(super) fn is_merge(dialect: Dialect, node: &Node<'_>) -> bool {
    let Shape::Scalar { text, plain } = &node.shape else {
        return false;
    };
    if text != "<<" {
        return false;
    }
    match node.tag.as_deref() {
        None => *plain,
        Some("!") => dialect == Dialect::V2 || *plain,
        Some(tag) => tag == "!!merge",
    }
}

/// Whether Go would decode the key as text.
pub(super) fn is_text_key(dialect: Dialect, node: &Node<'_>) -> bool {
    let Shape::Scalar { text, plain } = &node.shape else {
        return false;
    };
    match tag_of(dialect, node) {
        None if *plain && text == "<<" => true,
        None if *plain => resolve::plain(dialect, text, true) == Plain::Text,
        None => true,
        Some(tag) => matches!(tag, "!!str" | "!!merge"),
    }
}

/// A key as kustomize reads it.
pub(super) fn key_v3<'n>(node: &'n Node<'_>, text_keys: bool) -> Result<Cow<'n, str>, Wrong> {
    let wrong = |message: String| Err((node.mark, message));
    let Shape::Scalar { text, .. } = &node.shape else {
        return wrong(
            "invalid map key: a mapping or a sequence cannot be a key; if it is a template in braces, put it in quotes"
                .to_owned(),
        );
    };
    match meaning(Dialect::V3, node)? {
        Meaning::Plain(Plain::Null) if text_keys => wrong("a key is null; put it in quotes or remove it".to_owned()),
        _ if !text_keys && !is_text_key(Dialect::V3, node) => wrong(format!(
            "json: unsupported type: map[interface {{}}]interface {{}}: the key {text} is not text; put it in quotes"
        )),
        Meaning::Text(decoded) => Ok(Cow::Owned(decoded)),
        Meaning::Plain(_) => Ok(Cow::Borrowed(text)),
    }
}

/// A key as `sigs.k8s.io/yaml` turns it into text.
pub(super) fn key_v2<'n>(node: &'n Node<'_>) -> Result<Cow<'n, str>, Wrong> {
    let wrong = |message: String| Err((node.mark, message));
    let Shape::Scalar { text, .. } = &node.shape else {
        return wrong(
            "invalid map key: a mapping or a sequence cannot be a key; if it is a template in braces, put it in quotes"
                .to_owned(),
        );
    };
    let plain = match meaning(Dialect::V2, node)? {
        Meaning::Text(decoded) => return Ok(Cow::Owned(decoded)),
        Meaning::Plain(plain) => plain,
    };
    Ok(Cow::Owned(match plain {
        Plain::Null => return wrong("unsupported map key of type: null; put the key in quotes".to_owned()),
        Plain::Uint(_) => return wrong("unsupported map key of type: uint64; put the key in quotes".to_owned()),
        Plain::Bool(value) => value.to_string(),
        Plain::Int(value) => value.to_string(),
        Plain::Float(value) if value.is_finite() => format_g32(value),
        Plain::Float(value) => format_g(value),
        Plain::Time(_) | Plain::Text => return Ok(Cow::Borrowed(text)),
    }))
}

/// Standard base64 with padding; line breaks in it are passed over.
fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    if !digits.len().is_multiple_of(4) {
        return None;
    }
    let mut bytes = Vec::with_capacity(digits.len() / 4 * 3);
    let last = (digits.len() / 4).checked_sub(1);
    for (number, quad) in digits.chunks_exact(4).enumerate() {
        let padding = quad.iter().rev().take_while(|digit| **digit == b'=').count();
        if padding > 2 || (padding > 0 && Some(number) != last) {
            return None;
        }
        let mut bits = 0_u32;
        for digit in &quad[..4 - padding] {
            bits = (bits << 6) | sextet(*digit)?;
        }
        bits <<= 6 * padding;
        bytes.extend_from_slice(&bits.to_be_bytes()[1..4 - padding]);
    }
    Some(bytes)
}

fn sextet(digit: u8) -> Option<u32> {
    Some(u32::from(match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    }))
}
