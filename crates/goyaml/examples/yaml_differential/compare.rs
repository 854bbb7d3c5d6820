//! One question to both sides, and the count of what differs.

use std::collections::BTreeMap;
use std::io::Write;

use goyaml::{Dialect, Duplicates, ParseOptions, Profile, Value, emit, emit_as, json, parse_documents};

use crate::oracle::{Answer, Oracle};

/// Results by kind of question.
pub(crate) struct Tally {
    show: usize,
    /// Whether other wordings are shown too.
    words: bool,
    name: String,
    /// Same, different, and same but for the wording of the error.
    counts: BTreeMap<&'static str, [usize; 3]>,
    shown: Vec<String>,
}

impl Tally {
    pub(crate) fn new(show: usize, words: bool) -> Self {
        Self { show, words, name: String::new(), counts: BTreeMap::new(), shown: Vec::new() }
    }

    pub(crate) fn name(&mut self, name: &str) {
        name.clone_into(&mut self.name);
    }

    fn add(&mut self, kind: &'static str, verdict: &Verdict, input: &str) {
        let counts = self.counts.entry(kind).or_default();
        let (slot, detail) = match verdict {
            Verdict::Same => (0, None),
            Verdict::Different(detail) => (1, Some(detail)),
            Verdict::OtherWords(detail) => (2, Some(detail)),
        };
        counts[slot] += 1;
        if let Some(detail) = detail
            && self.shown.len() < self.show
            && (slot == 1 || self.words)
        {
            let input = if self.name.is_empty() { input } else { &self.name };
            self.shown.push(format!("{kind}{}: {input:?}\n{detail}", if slot == 2 { " (wording)" } else { "" }));
        }
    }

    /// Prints what was found; gives the number of different results.
    pub(crate) fn print(&self, out: &mut impl Write) -> std::io::Result<usize> {
        for shown in &self.shown {
            writeln!(out, "{shown}\n")?;
        }
        for (kind, [same, different, words]) in &self.counts {
            writeln!(out, "{kind}: {same} same, {different} different, {words} with other words")?;
        }
        Ok(self.counts.values().map(|counts| counts[1]).sum())
    }
}

enum Verdict {
    Same,
    Different(String),
    OtherWords(String),
}

/// Compares what both write for a value, and what both read from that.
pub(crate) fn emitted(value: &Value, oracle: &mut Oracle, tally: &mut Tally) -> std::io::Result<()> {
    pretty(value, oracle, tally)?;
    let answer = oracle.write("emit2", value)?;
    let text = emit(value);
    let shown = json::to_go_string(value);
    let refused = emit_as(value, Profile::ToYaml).err();
    if refused.is_some() || !answer.error.is_empty() {
        let verdict = match refused {
            Some(error)
                if !answer.error.is_empty() && error.to_string().ends_with(&answer.error.replace("line 1: ", "")) =>
            {
                Verdict::Same
            }
            Some(error) if !answer.error.is_empty() => {
                Verdict::OtherWords(format!("  ours {error}\n  Go   {}", answer.error))
            }
            other => Verdict::Different(format!("  ours {other:?}\n  Go   {}{:?}", answer.error, answer.text)),
        };
        tally.add("emit refused", &verdict, &shown);
        return Ok(());
    }
    let mut verdict = same_text(&text, &answer.text);
    if matches!(verdict, Verdict::Different(_)) && varies(value, &answer.text, oracle)? {
        verdict = Verdict::OtherWords("  Go's answer varies".to_owned());
    }
    tally.add("emit", &verdict, &shown);
    let again = oracle.read("parse2", &answer.text)?;
    tally.add("read what was emitted", &documents(&answer.text, Dialect::V2, &again), &answer.text);
    Ok(())
}

/// Compares what both write as `toYamlPretty`.
fn pretty(value: &Value, oracle: &mut Oracle, tally: &mut Tally) -> std::io::Result<()> {
    let theirs = oracle.write("emit3", value)?;
    // As the oracle gets it: a float that looks like an integer is one.
    let read = json::parse(json::to_go_string(value).as_bytes()).map_err(std::io::Error::other)?;
    let ours = emit_as(&read, Profile::Pretty).unwrap_or_else(|error| error.to_string());
    let mut verdict = same_text(&ours, &theirs.text);
    if matches!(verdict, Verdict::Different(_)) {
        for _ in 0..20 {
            if oracle.write("emit3", value)?.text != theirs.text {
                verdict = Verdict::OtherWords("  Go's answer varies".to_owned());
            }
        }
    }
    tally.add("emit pretty", &verdict, &json::to_go_string(value));
    Ok(())
}

/// Whether Go gives another answer when asked again: its order of some keys hangs on the order of its maps.
fn varies(value: &Value, first: &str, oracle: &mut Oracle) -> std::io::Result<bool> {
    for _ in 0..20 {
        if oracle.write("emit2", value)?.text != first {
            return Ok(true);
        }
    }
    Ok(false)
}

fn same_text(ours: &str, theirs: &str) -> Verdict {
    if ours == theirs { Verdict::Same } else { Verdict::Different(format!("  ours {ours:?}\n  Go   {theirs:?}")) }
}

/// Compares one scalar as value, key and item in both dialects.
pub(crate) fn scalar(text: &str, oracle: &mut Oracle, tally: &mut Tally) -> std::io::Result<()> {
    parsed(&format!("a: {text}\n"), oracle, tally)?;
    parsed(&format!("- {text}\n- {{{text}: 1}}\n"), oracle, tally)
}

/// Compares what both read from a text in both dialects.
pub(crate) fn parsed(text: &str, oracle: &mut Oracle, tally: &mut Tally) -> std::io::Result<()> {
    let answer = oracle.read("parse3", text)?;
    tally.add("parse v3", &documents(text, Dialect::V3, &answer), text);
    let answer = oracle.read("parse2", text)?;
    tally.add("parse v2", &documents(text, Dialect::V2, &answer), text);
    Ok(())
}

/// Compares what both write for the documents of a text.
pub(crate) fn round_trip(text: &str, oracle: &mut Oracle, tally: &mut Tally) -> std::io::Result<()> {
    let Ok(documents) = parse_documents(text, &ParseOptions::default()) else {
        return Ok(());
    };
    for document in documents {
        emitted(&document.value, oracle, tally)?;
    }
    Ok(())
}

fn documents(text: &str, dialect: Dialect, answer: &Answer) -> Verdict {
    let duplicate_keys = if dialect == Dialect::V2 { Duplicates::LastWins } else { Duplicates::Refuse };
    let options = ParseOptions { dialect, duplicate_keys, ..ParseOptions::default() };
    match (parse_documents(text, &options), answer.error.is_empty()) {
        (Ok(ours), true) => {
            let ours: Vec<String> = ours.iter().map(|document| json::to_go_string(&document.value)).collect();
            let filled = |list: &[String]| list.iter().filter(|text| *text != "null").cloned().collect::<Vec<_>>();
            // Go writes the replacement character as an escape where it replaced bytes, and as itself elsewhere.
            let theirs = filled(&answer.documents).join("\n").replace("\\ufffd", "\u{FFFD}");
            same_text(&filled(&ours).join("\n"), &theirs)
        }
        (Err(errors), true) => {
            let known = ["unknown anchor", "a key is null"];
            if known.iter().any(|known| errors[0].message.starts_with(known)) {
                return Verdict::OtherWords(format!("  ours {}\n  Go reads {:?}", errors[0], answer.documents));
            }
            Verdict::Different(format!("  ours {}\n  Go   {:?}", errors[0], answer.documents))
        }
        (Ok(ours), false) => {
            let ours: Vec<String> = ours.iter().map(|document| json::to_go_string(&document.value)).collect();
            Verdict::Different(format!("  ours {ours:?}\n  Go   {}", answer.error))
        }
        (Err(errors), false) => {
            let words = &answer.error;
            if errors.iter().any(|error| words.contains(&error.message) || error.message.contains(words.as_str())) {
                return Verdict::Same;
            }
            Verdict::OtherWords(format!("  ours {}\n  Go   {words}", errors[0]))
        }
    }
}
