//! The order of keys: letters by their code, digits by the number they form, all else before letters.

use std::cmp::Ordering;

/// Compares keys the way go-yaml sorts them: `a9` before `a10`, `_` before `9` before `A`.
pub(super) fn natural(left: &str, right: &str) -> Ordering {
    let (same, _) = left.bytes().zip(right.bytes()).enumerate().find(|(_, (a, b))| a != b).map_or((None, ()), |(at, _)| (Some(at), ()));
    let Some(mut at) = same else {
        return left.len().cmp(&right.len());
    };
    while !left.is_char_boundary(at) || !right.is_char_boundary(at) {
        at -= 1;
    }
    let (Some(a), Some(b)) = (left[at..].chars().next(), right[at..].chars().next()) else {
        return left.len().cmp(&right.len());
    };
    match (is_letter(a), is_letter(b)) {
        (true, true) => a.cmp(&b),
        (true, false) => Ordering::Greater,
        (false, true) => Ordering::Less,
        (false, false) => by_number(left, right, at).then(a.cmp(&b)),
    }
}

/// Compares the numbers that start where the keys part; a zero counts after the digits before it.
fn by_number(left: &str, right: &str, at: usize) -> Ordering {
    let zero = left[at..].starts_with('0') || right[at..].starts_with('0');
    let start = i64::from(zero && has_digit_before(left, at));
    let (left_number, left_digits) = number(&left[at..], start);
    let (right_number, right_digits) = number(&right[at..], start);
    left_number.cmp(&right_number).then(left_digits.cmp(&right_digits))
}

/// Whether the digits right before this place have one that is not zero.
fn has_digit_before(text: &str, at: usize) -> bool {
    text[..at].chars().rev().take_while(|character| is_digit(*character)).any(|digit| digit != '0')
}

/// The number at the start of the text and its length; it overflows as Go's does.
fn number(text: &str, start: i64) -> (i64, usize) {
    let mut value = start;
    let mut count = 0;
    for digit in text.chars().take_while(|character| is_digit(*character)) {
        let step = i64::from(u32::from(digit)) - i64::from(u32::from('0'));
        value = value.wrapping_mul(10).wrapping_add(step);
        count += 1;
    }
    (value, count)
}

/// Unicode's general category L, as Go's `unicode.IsLetter`.
fn is_letter(character: char) -> bool {
    // Rust's alphabetic characters are the letters, and numbers and marks that count as alphabetic besides.
    character.is_ascii_alphabetic() || (!character.is_ascii() && character.is_alphabetic() && !character.is_numeric())
}

/// Unicode's general category Nd, as Go's `unicode.IsDigit`.
fn is_digit(character: char) -> bool {
    character.is_ascii_digit()
}
