//! What random texts are made of.

use std::collections::BTreeMap;

use super::dice::Dice;

pub(crate) const NAMES: &[&str] = &["web", "db", "api", "web-2", "x"];

/// Names in references: of objects, of generated objects, of nothing.
pub(crate) const REFERRED: &[&str] = &["web", "db", "api", "web-2", "x", "gen", "gen-2", "conf", "nothing", "default"];

pub(crate) const NAMESPACES: &[&str] = &["one", "two", "default"];

pub(crate) const KEYS: &[&str] = &["app", "tier", "example.org/part", "a", "env", "b"];

/// A key, seldom one that YAML 1.1 takes for a switch, and then kustomize for no text.
pub(crate) fn key(dice: &mut Dice) -> &'static str {
    if dice.one_in(60) && dice.dares() { "y" } else { dice.pick(KEYS) }
}

/// Texts as they stand between braces.
pub(crate) const WORDS: &[&str] = &[
    "one",
    "one",
    "two",
    "two",
    "\"3\"",
    "\"true\"",
    "long-value",
    "a.b/c",
    "\"\"",
    "'x: y'",
    "\"$(V)\"",
    "\"a $(V) b\"",
    "\"$$(V)\"",
    "\"$(W)$(V)\"",
    "\"$(X) $( V) $(V\"",
    "\"yes\"",
    "\"off\"",
    "\"a text that goes on and on, far beyond the eighty columns at which the writer folds its lines, and then some\"",
    "\"many  spaces   between words that reach   the eighty columns   in the middle    of a run of  spaces, twice over\"",
    "'{\"json\": [1, 2, {\"a\": \"b\"}], \"so long that it has to be folded\": true, \"x\": \"and on and on\"}'",
    "\"two\\nlines\"",
    "\"ends with a line\\n\"",
    "\"ends with two\\n\\n\"",
    "\"\\n starts with one\"",
    "\"tab\\there\"",
    "\"tab\\tand\\nline\"",
    "\"trailing \"",
    "\" leading\"",
    "\"\u{e9}\u{fc}\u{2603} \u{1f600}\"",
    "\"# no comment\"",
    "\"a # b\"",
    "\"- a\"",
    "\"-\"",
    "\"012\"",
    "\"1_000\"",
    "\"1:30\"",
    "\"0x1F\"",
    "\"2001-01-01\"",
    "\"~\"",
    "\"=\"",
    "\"<<\"",
    "\"*a\"",
    "\"&a\"",
    "\"!a\"",
    "\"%a\"",
    "\"@a\"",
    "\"'\"",
    "\"\\\"\"",
    "\"[a]\"",
    "\"a,b\"",
    "\"null\"",
    "\"1e3\"",
    "\".5\"",
    "\"+1\"",
    "\"---\"",
    "\"trailing \\nspace\"",
    "\"\\u2028\"",
    "\"\\u0085x\"",
    "\"\\u00a0\"",
    "\"\\uFEFF\"",
];

pub(crate) const IMAGES: &[&str] = &[
    "nginx",
    "nginx:1.2",
    "reg.example.org:5000/team/app:v1",
    "app@sha256:abcd",
    "other:2",
    "nginx:1.2@sha256:00ff",
    "\"nginx\"",
    "reg.example.org:5000/team/app",
    "docker.io/library/nginx:1",
    "ngin/x:1",
    "\"\"",
    "app:\"1\"",
    "5",
];

/// Values of any kind; those with several lines stand in a map that is indented by two.
pub(crate) const VALUES: &[&str] = &[
    "1",
    "1.50",
    "true",
    "null",
    "text",
    "\"5\"",
    "0644",
    "[1, 2]",
    "{a: b}",
    "~",
    "1e3",
    "2001-02-03",
    "\"\"",
    "yes",
    "|-\n    two\n    lines",
    "'single'",
    "0x1F",
    "12345678901234567890",
    "-0.0",
    "\"~\"",
    "text # and a comment",
    "|\n    a line\n\n      indented\n    trailing \n",
    ">-\n    folded text\n    of lines\n\n    and more",
    "|+\n    kept\n\n",
    "plain text\n    over lines",
    "\"quoted\n\n    over lines\\\n    \\ joined\"",
    "&n [a, b]",
    "{x: &n [1, {b: c}], y: *n}",
    "!!str 5",
    "!!binary aGVsbG8=",
    "!!int \"7\"",
    "!!float 1",
    "0o17",
    "08",
    "1_000",
    "0b11",
    "1.0",
    "-1",
    "+1",
    "1:30",
    "2001-02-03T04:05:06Z",
    "2001-02-03 04:05:06.5 +01:00",
    "123456789.125",
    "1e21",
    "0.000001",
    "-9223372036854775808",
    "18446744073709551615",
    "[]",
    "{}",
    "[[], {}, null, [1, [2]]]",
    "{b: 1, a10: 2, a9: 3, _: 4, Z: 5, \"1\": 6}",
    "[{name: a}, {name: a, v: 1}]",
    "off",
    "NULL",
    "True",
    "http://example.org/?a=b#c",
];

/// A value that fits between braces.
pub(crate) fn one_line(dice: &mut Dice) -> &'static str {
    let value = dice.pick(VALUES);
    if value.contains(['\n', '#']) { "x" } else { value }
}

pub(crate) fn pairs(dice: &mut Dice) -> String {
    let mut entries: BTreeMap<&str, &str> = BTreeMap::new();
    for _ in 0..=dice.below(2) {
        entries.insert(key(dice), dice.pick(WORDS));
    }
    let entries: Vec<String> = entries.iter().map(|(key, value)| format!("{key}: {value}")).collect();
    format!("{{{}}}", entries.join(", "))
}

/// Labels that a selector would find again: short ones, mostly.
pub(crate) fn labels(dice: &mut Dice) -> String {
    if dice.one_in(3) {
        return pairs(dice);
    }
    let mut entries: BTreeMap<&str, &str> = BTreeMap::new();
    for _ in 0..=dice.below(2) {
        entries.insert(key(dice), dice.pick(&["one", "two", "\"3\"", "\"\""]));
    }
    let entries: Vec<String> = entries.iter().map(|(key, value)| format!("{key}: {value}")).collect();
    format!("{{{}}}", entries.join(", "))
}
