//! The order of keys: letters by their code, digits by the number they form, all else before letters.

use std::cmp::Ordering;

use super::letters::{is_digit, is_letter};
use crate::Dialect;

/// Sorts entries by their keys in natural order.
///
/// The order is not always consistent (`08` < `190` < `1e` < `08`), where Go's result hangs on the random order of its maps.
/// Then this one goes by the bytes first. A merge of its own, as the standard sorts may panic on such an order.
pub(super) fn sort<K: AsRef<str>, V: Copy>(mut entries: Vec<(K, V)>, dialect: Dialect) -> Vec<(K, V)> {
    entries.sort_by(|(left, _), (right, _)| left.as_ref().cmp(right.as_ref()));
    if entries.is_sorted_by(|(left, _), (right, _)| natural(left.as_ref(), right.as_ref(), dialect).is_le()) {
        return entries;
    }
    let mut runs: Vec<Vec<(K, V)>> = entries.into_iter().map(|entry| vec![entry]).collect();
    while runs.len() > 1 {
        let mut merged = Vec::with_capacity(runs.len().div_ceil(2));
        let mut rest = runs.into_iter();
        while let Some(left) = rest.next() {
            merged.push(match rest.next() {
                Some(right) => merge(left, right, dialect),
                None => left,
            });
        }
        runs = merged;
    }
    runs.pop().unwrap_or_default()
}

fn merge<K: AsRef<str>, V>(left: Vec<(K, V)>, right: Vec<(K, V)>, dialect: Dialect) -> Vec<(K, V)> {
    let mut out = Vec::with_capacity(left.len() + right.len());
    let mut right = right.into_iter().peekable();
    for entry in left {
        while let Some(first) = right.next_if(|first| natural(first.0.as_ref(), entry.0.as_ref(), dialect).is_lt()) {
            out.push(first);
        }
        out.push(entry);
    }
    out.extend(right);
    out
}

/// Compares keys the way go-yaml sorts them: `a9` before `a10`, `_` before `9` before `A`; in v3 `1e` before `1_`.
fn natural(left: &str, right: &str, dialect: Dialect) -> Ordering {
    let Some(mut at) = left.bytes().zip(right.bytes()).position(|(a, b)| a != b) else {
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
        (letter, other) if letter != other => {
            let behind_digit = || left[..at].chars().next_back().is_some_and(is_digit);
            let letter_first = dialect == Dialect::V3 && behind_digit();
            if letter == letter_first { Ordering::Less } else { Ordering::Greater }
        }
        _ => by_number(left, right, at).then(a.cmp(&b)),
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
