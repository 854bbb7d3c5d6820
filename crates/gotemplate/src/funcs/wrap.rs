//! Long lines broken, long texts shortened. Widths are bytes, as in Sprig's library.

use crate::exec::Context;
use crate::registry::Type::{Int, Text};
use crate::registry::{Args, Function, Outcome, fixed};
use crate::value::Value;

type Cx<'a, 'b, 'c, 'd> = &'a mut Context<'b, 'c, 'd>;

/// Breaks at the last space within the width; words that are longer are cut, or left whole.
fn wrapped(text: &[u8], width: i64, newline: &[u8], cut_words: bool) -> Outcome {
    let newline = if newline.is_empty() { b"\n" } else { newline };
    let width = usize::try_from(width).unwrap_or(1).max(1);
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while rest.len() > width {
        if out.len() > crate::fmt::MAX_TEXT {
            return Err("the text is too large".into());
        }
        if rest[0] == b' ' {
            rest = &rest[1..];
            continue;
        }
        let space = rest[..=width].iter().rposition(|byte| *byte == b' ');
        let (end, next) = match space {
            Some(space) => (space, space + 1),
            None if cut_words => (width, width),
            None => match rest[width..].iter().position(|byte| *byte == b' ') {
                Some(space) => (width + space, width + space + 1),
                None => break,
            },
        };
        out.extend_from_slice(&rest[..end]);
        out.extend_from_slice(newline);
        rest = &rest[next..];
    }
    out.extend_from_slice(rest);
    Ok(out.into())
}

fn wrap(_: Cx, args: &[Value]) -> Outcome {
    wrapped(args.text(1), args.int(0), b"", false)
}

fn wrap_with(_: Cx, args: &[Value]) -> Outcome {
    wrapped(args.text(2), args.int(0), args.text(1), true)
}

/// A text in a width, with dots where something is left out; `None` if the width is too small for that.
fn abbreviated(text: &[u8], left: i64, width: usize) -> Option<Vec<u8>> {
    if text.len() <= width {
        return Some(text.to_vec());
    }
    let tail = text.len() - (width - 3);
    let start = usize::try_from(left).unwrap_or(0).min(tail);
    if start <= 4 {
        return Some([&text[..width - 3], b"..."].concat());
    }
    if width < 7 {
        return None;
    }
    if start + width - 3 < text.len() {
        let inner = abbreviated(&text[start..], 0, width - 3)?;
        return Some([b"...".as_slice(), &inner].concat());
    }
    Some([b"...", &text[tail..]].concat())
}

fn abbrev(_: Cx, args: &[Value]) -> Outcome {
    shortened(args.text(1), 0, args.int(0))
}

fn abbrevboth(_: Cx, args: &[Value]) -> Outcome {
    if args.int(0) > 0 && args.int(1) < 7 {
        return Ok(args[2].clone());
    }
    shortened(args.text(2), args.int(0), args.int(1))
}

fn shortened(text: &[u8], left: i64, width: i64) -> Outcome {
    match usize::try_from(width) {
        Ok(width) if width >= 4 => Ok(abbreviated(text, left, width).unwrap_or_default().into()),
        _ => Ok(Value::text(text)),
    }
}

pub(super) const TABLE: &[Function] = &[
    fixed("wrap", &[Int, Text], wrap),
    fixed("wrapWith", &[Int, Text, Text], wrap_with),
    fixed("abbrev", &[Int, Text], abbrev),
    fixed("abbrevboth", &[Int, Int, Text], abbrevboth),
];
