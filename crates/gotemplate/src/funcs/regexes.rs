//! Regular expressions in Go's syntax: classes are ASCII, `\Q…\E` quotes, brackets within classes are plain.

mod class;
mod kept;

use std::fmt::Write;
use std::sync::Arc;

use regex::bytes::{Regex, RegexBuilder};

pub(crate) use self::kept::Patterns;
use crate::error::Fault;
use crate::exec::Context;
use crate::registry::Type::{Int, Text};
use crate::registry::{Args, Function, Outcome, fixed};
use crate::value::{List, ListKind, Value};

type Cx<'a, 'b, 'c, 'd> = &'a mut Context<'b, 'c, 'd>;

/// Expressions that are kept while a render lasts.
const MAX_KEPT: usize = 128;

/// Bytes that one expression may take when it is built.
const MAX_SIZE: usize = 4 << 20;

/// Steps that building one costs.
const BUILD_STEPS: usize = 1000;

fn compile(cx: Cx, pattern: &[u8]) -> Result<Arc<Regex>, Fault> {
    if let Some(known) = cx.run.regexes.get(pattern) {
        return Ok(Arc::clone(known));
    }
    cx.run.spend(BUILD_STEPS)?;
    let patterns = cx.run.patterns;
    let regex = patterns.get(pattern).map_or_else(|| build(pattern, patterns), Ok)?;
    if cx.run.regexes.len() >= MAX_KEPT {
        cx.run.regexes.clear();
    }
    cx.run.regexes.insert(pattern.to_vec(), Arc::clone(&regex));
    Ok(regex)
}

fn build(pattern: &[u8], patterns: &Patterns) -> Result<Arc<Regex>, Fault> {
    let text = str::from_utf8(pattern).map_err(|_| "error parsing regexp: invalid UTF-8")?;
    let ours = translated(text).map_err(|wrong| format!("error parsing regexp: {wrong}"))?;
    if let Ok(small) = RegexBuilder::new(&ours).size_limit(kept::MAX_SIZE).build() {
        let regex = Arc::new(small);
        patterns.keep(pattern, &regex);
        return Ok(regex);
    }
    let built = RegexBuilder::new(&ours).size_limit(MAX_SIZE).build();
    Ok(Arc::new(built.map_err(|error| format!("error parsing regexp: {}", reason(text, &error)))?))
}

/// Go's words for the commonest mistakes, else the first line that says what is wrong.
fn reason(pattern: &str, error: &regex::Error) -> String {
    let words = error.to_string();
    let known = [
        ("unclosed group", "missing closing ): `"),
        ("unopened group", "unexpected ): `"),
        ("unclosed character class", "missing closing ]: `"),
        ("repetition operator missing expression", "missing argument to repetition operator: `"),
    ];
    if words.contains("repetition count range") || words.contains("repetition quantifier") {
        let start = pattern.find('{').unwrap_or(0);
        let end = pattern[start..].find('}').map_or(pattern.len(), |end| start + end + 1);
        return format!("invalid repeat count: `{}`", &pattern[start..end]);
    }
    for (ours, go) in known {
        if words.contains(ours) {
            return format!("{go}{pattern}`");
        }
    }
    words.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

/// The pattern in the syntax of the crate.
fn translated(pattern: &str) -> Result<String, String> {
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut rest = pattern;
    while let Some(character) = rest.chars().next() {
        rest = match character {
            '\\' => escaped(&rest[1..], &mut out),
            '[' => class::translate(rest, &mut out)?,
            '{' => {
                let inner = &rest[1..];
                out.push_str(if repeats(inner.chars()) { "{" } else { "\\{" });
                inner
            }
            _ => {
                out.push(character);
                &rest[character.len_utf8()..]
            }
        };
    }
    Ok(out)
}

/// Writes what stands behind a backslash outside of classes; gives what follows.
fn escaped<'p>(rest: &'p str, out: &mut String) -> &'p str {
    let Some(kind) = rest.chars().next() else {
        out.push('\\');
        return rest;
    };
    let rest = &rest[kind.len_utf8()..];
    if kind == 'Q' {
        let (quoted, rest) = rest.split_once("\\E").unwrap_or((rest, ""));
        out.push_str(&regex::escape(quoted));
        return rest;
    }
    escape(kind, false, out);
    match rest.strip_prefix('{') {
        Some(inner) if matches!(kind, 'p' | 'P' | 'x') => {
            out.push('{');
            inner
        }
        _ => rest,
    }
}

/// Whether `2}`, `2,}` or `2,3}` follows; any other brace stands for itself.
fn repeats(rest: impl Iterator<Item = char>) -> bool {
    let inner: String = rest.take_while(|character| *character != '}').take(12).collect();
    let (least, most) = inner.split_once(',').unwrap_or((&inner, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    !least.is_empty() && digits(least) && digits(most)
}

fn escape(kind: char, class: bool, out: &mut String) {
    let inner = match kind.to_ascii_lowercase() {
        'd' => "0-9",
        'w' => "0-9A-Za-z_",
        's' => "\\t\\n\\f\\r ",
        'b' if !class => {
            out.push_str("(?-u:\\");
            out.push(kind);
            out.push(')');
            return;
        }
        _ => {
            out.push('\\');
            out.push(kind);
            return;
        }
    };
    let negated = if kind.is_ascii_uppercase() { "^" } else { "" };
    if class && negated.is_empty() {
        out.push_str(inner);
    } else {
        // Writing into a String does not fail.
        let _ = write!(out, "[{negated}{inner}]");
    }
}

fn regex_match(cx: Cx, args: &[Value]) -> Outcome {
    let matches = compile(cx, args.text(0)).is_ok_and(|regex| regex.is_match(args.text(1)));
    Ok(matches.into())
}

fn must_match(cx: Cx, args: &[Value]) -> Outcome {
    Ok(compile(cx, args.text(0))?.is_match(args.text(1)).into())
}

/// The functions without `must` panic, in other words than those with it.
fn panicking(cx: Cx, pattern: &[u8]) -> Result<Arc<Regex>, Fault> {
    compile(cx, pattern).map_err(|fault| {
        let shown = if pattern.contains(&b'`') {
            crate::fmt::quote(pattern)
        } else {
            format!("`{}`", String::from_utf8_lossy(pattern))
        };
        format!("regexp: Compile({shown}): {}", fault.message).into()
    })
}

fn find_with(regex: &Regex, args: &[Value]) -> Value {
    Value::text(regex.find(args.text(1)).map_or(b"".as_slice(), |found| found.as_bytes()))
}

fn find(cx: Cx, args: &[Value]) -> Outcome {
    Ok(find_with(&*panicking(cx, args.text(0))?, args))
}

fn must_find(cx: Cx, args: &[Value]) -> Outcome {
    Ok(find_with(&*compile(cx, args.text(0))?, args))
}

/// The matches, at most so many; empty ones only between characters.
fn matches<'t>(regex: &Regex, text: &'t [u8], most: i64) -> Vec<regex::bytes::Match<'t>> {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let inside = |at: usize| text.get(at).is_some_and(|byte| byte & 0xC0 == 0x80);
    regex.find_iter(text).filter(|found| !found.is_empty() || !inside(found.start())).take(most).collect()
}

/// Matches that Go makes room for before it looks for the first one.
const FIRST_MATCHES: usize = 10;

fn find_all_with(regex: &Regex, args: &[Value]) -> Value {
    let found = matches(regex, args.text(1), args.int(2));
    if found.is_empty() {
        return Value::List(List::nil(ListKind::Text));
    }
    let mut room = FIRST_MATCHES;
    while room < found.len() {
        room *= 2;
    }
    let texts = found.iter().map(|found| Value::text(found.as_bytes())).collect();
    Value::List(List::with_room(ListKind::Text, texts, room))
}

fn find_all(cx: Cx, args: &[Value]) -> Outcome {
    Ok(find_all_with(&*panicking(cx, args.text(0))?, args))
}

fn must_find_all(cx: Cx, args: &[Value]) -> Outcome {
    Ok(find_all_with(&*compile(cx, args.text(0))?, args))
}

/// The text with each match replaced; `$1` and the like are filled in if it is a template.
fn replaced(cx: Cx, regex: &Regex, args: &[Value], template: bool) -> Outcome {
    let (text, by) = (args.text(1), args.text(2));
    let inside = |at: usize| text.get(at).is_some_and(|byte| byte & 0xC0 == 0x80);
    let mut out = Vec::with_capacity(text.len());
    let mut done = 0;
    for found in regex.captures_iter(text) {
        let Some(whole) = found.get(0) else { continue };
        if whole.is_empty() && inside(whole.start()) {
            continue;
        }
        out.extend_from_slice(&text[done..whole.start()]);
        if template {
            found.expand(by, &mut out);
        } else {
            out.extend_from_slice(by);
        }
        done = whole.end();
        if out.len() > crate::fmt::MAX_TEXT {
            return Err("the text is too large".into());
        }
    }
    cx.run.spend(out.len() / 64)?;
    out.extend_from_slice(&text[done..]);
    Ok(out.into())
}

fn replace_with(cx: Cx, regex: &Regex, args: &[Value]) -> Outcome {
    replaced(cx, regex, args, true)
}

fn replace_all(cx: Cx, args: &[Value]) -> Outcome {
    let regex = panicking(cx, args.text(0))?;
    replace_with(cx, &regex, args)
}

fn must_replace_all(cx: Cx, args: &[Value]) -> Outcome {
    let regex = compile(cx, args.text(0))?;
    replace_with(cx, &regex, args)
}

fn literal_with(cx: Cx, regex: &Regex, args: &[Value]) -> Outcome {
    replaced(cx, regex, args, false)
}

fn replace_literal(cx: Cx, args: &[Value]) -> Outcome {
    let regex = panicking(cx, args.text(0))?;
    literal_with(cx, &regex, args)
}

fn must_replace_literal(cx: Cx, args: &[Value]) -> Outcome {
    let regex = compile(cx, args.text(0))?;
    literal_with(cx, &regex, args)
}

fn split_with(regex: &Regex, args: &[Value]) -> Value {
    let (text, most) = (args.text(1), args.int(2));
    if most == 0 {
        return Value::List(List::nil(ListKind::Text));
    }
    if text.is_empty() && !args.text(0).is_empty() {
        return Value::texts([b""]);
    }
    let limit = usize::try_from(most).ok();
    let (mut parts, mut start, mut end) = (Vec::new(), 0, 0);
    let found = matches(regex, text, most);
    let expected = found.len();
    for found in found {
        if limit == Some(parts.len() + 1) {
            break;
        }
        end = found.start();
        if found.end() != 0 {
            parts.push(&text[start..end]);
        }
        start = found.end();
    }
    if end != text.len() {
        parts.push(&text[start..]);
    }
    let room = if parts.len() > expected { 2 * expected } else { expected };
    Value::List(List::with_room(ListKind::Text, parts.into_iter().map(Value::text).collect(), room))
}

fn split(cx: Cx, args: &[Value]) -> Outcome {
    Ok(split_with(&*panicking(cx, args.text(0))?, args))
}

fn must_split(cx: Cx, args: &[Value]) -> Outcome {
    Ok(split_with(&*compile(cx, args.text(0))?, args))
}

fn quote_meta(_: Cx, args: &[Value]) -> Outcome {
    let mut out = Vec::with_capacity(args.text(0).len());
    for byte in args.text(0) {
        if br"\.+*?()|[]{}^$".contains(byte) {
            out.push(b'\\');
        }
        out.push(*byte);
    }
    Ok(out.into())
}

pub(super) const TABLE: &[Function] = &[
    fixed("regexMatch", &[Text, Text], regex_match),
    fixed("mustRegexMatch", &[Text, Text], must_match),
    fixed("regexFind", &[Text, Text], find),
    fixed("mustRegexFind", &[Text, Text], must_find),
    fixed("regexFindAll", &[Text, Text, Int], find_all),
    fixed("mustRegexFindAll", &[Text, Text, Int], must_find_all),
    fixed("regexReplaceAll", &[Text, Text, Text], replace_all),
    fixed("mustRegexReplaceAll", &[Text, Text, Text], must_replace_all),
    fixed("regexReplaceAllLiteral", &[Text, Text, Text], replace_literal),
    fixed("mustRegexReplaceAllLiteral", &[Text, Text, Text], must_replace_literal),
    fixed("regexSplit", &[Text, Text, Int], split),
    fixed("mustRegexSplit", &[Text, Text, Int], must_split),
    fixed("regexQuoteMeta", &[Text], quote_meta),
];

#[cfg(test)]
mod tests {
    use super::translated;

    #[test]
    fn patterns_are_translated() {
        let cases = [
            (r"\d+[\w-]", r"[0-9]+[0-9A-Za-z_\x{2D}]"),
            (r"\Qa.b\E.", r"a\.b."),
            ("{}x{2}y{1,}", r"\{}x{2}y{1,}"),
            (r"\p{Lu}\x{41}", r"\p{Lu}\x{41}"),
        ];
        for (go, ours) in cases {
            assert_eq!(translated(go).as_deref(), Ok(ours), "{go}");
            assert!(regex::bytes::Regex::new(ours).is_ok(), "{ours}");
        }
    }
}
