//! `NAME=value` lines; line breaks in values are written `\n`.

use super::{flat_text, form, syntax};
use crate::{Branch, Comment, Format, Item, Key, SopsError, Text, Value};

pub(super) fn load(text: &[u8]) -> Result<Vec<Branch>, SopsError> {
    let mut branch = Branch::new();
    for (line, bytes) in (1..).zip(text.split(|byte| *byte == b'\n')) {
        if bytes.is_empty() {
            continue;
        }
        if let Some(comment) = bytes.strip_prefix(b"#") {
            branch.push(Item::comment(Comment::new(comment), line));
            continue;
        }
        let Some(at) = bytes.iter().position(|byte| *byte == b'=') else {
            return Err(syntax(Format::Dotenv, line, "the line has no `=`"));
        };
        let name = std::str::from_utf8(&bytes[..at]);
        let name = name.map_err(|_| syntax(Format::Dotenv, line, "the name is not UTF-8"))?;
        branch.push(Item::new(name, Value::Text(replaced(&bytes[at + 1..], b"\\n", b"\n")), line));
    }
    Ok(vec![branch])
}

pub(super) fn emit(branches: &[Branch]) -> Result<Text, SopsError> {
    let mut out = Text::default();
    for item in branches.first().into_iter().flatten() {
        match (&item.key, &item.value) {
            (Key::Comment(comment), _) => {
                out.push(b'#');
                out.extend_from_slice(&comment.text);
            }
            (Key::Text(name), Value::List(_) | Value::Map(_)) => {
                return Err(form(Format::Dotenv, format!("the value of {name} is a list or a map")));
            }
            (Key::Text(name), value) => {
                out.extend_from_slice(name.as_bytes());
                out.push(b'=');
                let text = flat_text(value);
                let text = if matches!(value, Value::Text(_)) { replaced(&text, b"\n", b"\\n") } else { text };
                out.extend_from_slice(&text);
            }
        }
        out.push(b'\n');
    }
    Ok(out)
}

fn replaced(text: &[u8], from: &[u8], to: &[u8]) -> Text {
    let mut out = Text::new(Vec::with_capacity(text.len()));
    let mut rest = text;
    while let Some((first, tail)) = rest.split_first() {
        if let Some(tail) = rest.strip_prefix(from) {
            out.extend_from_slice(to);
            rest = tail;
        } else {
            out.push(*first);
            rest = tail;
        }
    }
    out
}
