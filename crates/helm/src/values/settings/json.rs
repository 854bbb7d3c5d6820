//! JSON at the start of a text, as Go's decoder takes it.

use goyaml::{Pos, Value};

use crate::yaml::floats;

/// The value that a text is; `None` if it is not JSON.
pub(super) fn whole(text: &str, pos: Pos) -> Option<Value> {
    let value = goyaml::json::parse(text.as_bytes()).ok()?;
    Some(settled(value, pos))
}

/// The value at the start of a text and its length in bytes; what follows may be anything.
pub(super) fn leading(text: &str, pos: Pos) -> Option<(Value, usize)> {
    let length = extent(text)?;
    Some((whole(&text[..length], pos)?, length))
}

/// Where the value ends that a text starts with.
fn extent(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    match bytes.first()? {
        b'"' => string_end(bytes, 0),
        b'{' | b'[' => {
            let (mut depth, mut at) = (0_usize, 0);
            while let Some(byte) = bytes.get(at) {
                match byte {
                    b'"' => {
                        at = string_end(bytes, at)?;
                        continue;
                    }
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' => depth -= 1,
                    _ => {}
                }
                at += 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            None
        }
        b'-' | b'0'..=b'9' => Some(number_end(bytes)),
        _ => ["true", "false", "null"].iter().find(|word| text.starts_with(**word)).map(|word| word.len()),
    }
}

/// Behind the quote that ends the string which starts here.
fn string_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// Behind the longest number that the text starts with: a second zero or point is no longer of it.
fn number_end(bytes: &[u8]) -> usize {
    let digits = |mut at: usize| {
        while bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        at
    };
    let start = usize::from(bytes[0] == b'-');
    let mut at = if bytes.get(start) == Some(&b'0') { start + 1 } else { digits(start) };
    if bytes.get(at) == Some(&b'.') {
        at = digits(at + 1);
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        let signed = at + 1 + usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        at = digits(signed);
    }
    at
}

fn settled(mut value: Value, pos: Pos) -> Value {
    floats(&mut value);
    place(&mut value, pos);
    value
}

/// Everything in a JSON text stands where the text starts.
fn place(value: &mut Value, pos: Pos) {
    *value = std::mem::take(value).with_pos(pos);
    if let Some(items) = value.as_list_mut() {
        for item in items {
            place(item, pos);
        }
    } else if let Some(map) = value.as_map_mut() {
        for (_, item) in map.iter_mut() {
            place(item, pos);
        }
    }
}
