//! Upper and lower case, letter by letter: one letter never becomes two, as in Go.

use super::strings::is_space;
use crate::exec::Context;
use crate::registry::Type::Text;
use crate::registry::{Args, Function, Outcome, fixed};
use crate::value::{Value, go_lossy};

type Cx<'a, 'b, 'c, 'd> = &'a mut Context<'b, 'c, 'd>;

pub(super) fn upper_char(character: char) -> char {
    let mut upper = character.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(only), None) => only,
        _ => character,
    }
}

pub(super) fn lower_char(character: char) -> char {
    character.to_lowercase().next().unwrap_or(character)
}

fn mapped(args: &[Value], mut map: impl FnMut(char) -> char) -> Outcome {
    Ok(go_lossy(args.text(0)).chars().map(&mut map).collect::<String>().into())
}

fn upper(_: Cx, args: &[Value]) -> Outcome {
    if args.text(0).is_ascii() {
        return Ok(args.text(0).to_ascii_uppercase().into());
    }
    mapped(args, upper_char)
}

fn lower(_: Cx, args: &[Value]) -> Outcome {
    if args.text(0).is_ascii() {
        return Ok(args.text(0).to_ascii_lowercase().into());
    }
    mapped(args, lower_char)
}

/// Whether a letter behind this one starts a word.
fn separates(character: char) -> bool {
    if character.is_ascii() {
        return !character.is_ascii_alphanumeric() && character != '_';
    }
    !character.is_alphabetic() && !character.is_numeric() && is_space(character)
}

fn title(_: Cx, args: &[Value]) -> Outcome {
    let mut before = ' ';
    mapped(args, |character| {
        let starts = separates(before);
        before = character;
        if starts { upper_char(character) } else { character }
    })
}

fn untitle(_: Cx, args: &[Value]) -> Outcome {
    let mut starts = true;
    mapped(args, |character| {
        if is_space(character) {
            starts = true;
        } else if std::mem::take(&mut starts) {
            return lower_char(character);
        }
        character
    })
}

fn swapcase(_: Cx, args: &[Value]) -> Outcome {
    mapped(args, |character| {
        if character.is_uppercase() {
            lower_char(character)
        } else if character.is_lowercase() {
            upper_char(character)
        } else {
            character
        }
    })
}

/// Byte by byte, each as the character of that number, as Sprig's library goes through strings.
fn initials(_: Cx, args: &[Value]) -> Outcome {
    let mut gap = true;
    let mut out = String::new();
    for character in args.text(0).iter().copied().map(char::from) {
        if is_space(character) {
            gap = true;
        } else if std::mem::take(&mut gap) {
            out.push(character);
        }
    }
    Ok(out.into())
}

fn nospace(_: Cx, args: &[Value]) -> Outcome {
    let text = args.text(0);
    let kept: String = text.iter().copied().map(char::from).filter(|character| !is_space(*character)).collect();
    if kept.chars().count() == text.len() {
        return Ok(args[0].clone());
    }
    Ok(kept.into())
}

pub(super) const TABLE: &[Function] = &[
    fixed("upper", &[Text], upper),
    fixed("lower", &[Text], lower),
    fixed("title", &[Text], title),
    fixed("untitle", &[Text], untitle),
    fixed("swapcase", &[Text], swapcase),
    fixed("initials", &[Text], initials),
    fixed("nospace", &[Text], nospace),
];
