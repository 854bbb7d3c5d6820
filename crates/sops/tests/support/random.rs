//! Random YAML with comments in all sorts of places, through both tools.

use std::fmt::Write as _;

use libtest_mimic::Failed;
use sops::{Encrypted, Format, Fresh, Indents, MacCheck};

use crate::both_ways::counting;
use crate::cases::{Case, NOW, keyring, normalized};
use crate::real::Real;

/// Documents of one run; the variable `SETPOINT_SOPS_RANDOM` asks for more, `SETPOINT_SOPS_SEED` for others.
const DOCUMENTS: u64 = 12;
/// Levels of nested collections.
const DEPTH: usize = 3;

const SCALARS: [&str; 26] = [
    "1",
    "x",
    "\"q s\"",
    "'s q'",
    "true",
    "null",
    "~",
    "1.50",
    "2001-01-01",
    "\"a: b\"",
    "a b c",
    "\"\"",
    "0x1F",
    "[]",
    "{}",
    "[1, a]",
    "{a: 1, b: c}",
    "é",
    "1e3",
    "-5",
    ".5",
    "|\nlit\nmore",
    "|-\nlit",
    ">\nfold\ned",
    "|+\nkeep\n",
    "\"tab\\t\"",
];

struct Writer<'r> {
    random: &'r mut dyn FnMut(&mut [u8]) -> Result<(), sops::SopsError>,
    lines: Vec<String>,
    named: usize,
}

impl Writer<'_> {
    fn draw(&mut self, below: usize) -> usize {
        let mut bytes = [0; 4];
        (self.random)(&mut bytes).expect("it has more");
        u32::from_be_bytes(bytes) as usize % below
    }

    fn comment(&mut self) -> String {
        self.named += 1;
        let number = self.named;
        ["# c", "#c", "#  c", "## c", "#: c"][self.draw(5)].to_owned() + &number.to_string()
    }

    fn inline(&mut self) -> String {
        if self.draw(4) == 0 { format!(" {}", self.comment()) } else { String::new() }
    }

    fn above(&mut self, indent: usize) {
        let near = (indent + self.draw(9)).saturating_sub(4);
        let shape: &[Option<usize>] = match self.draw(25) {
            0..6 => &[Some(indent)],
            6 | 7 => &[None],
            8 => &[Some(indent), None],
            9 => &[None, Some(indent)],
            10 => &[Some(indent), Some(indent)],
            11 | 12 => &[Some(near)],
            13 => &[None, Some(indent), None],
            14 => &[Some(indent), None, Some(indent)],
            _ => &[],
        };
        for column in shape {
            let line = column.map_or_else(String::new, |column| " ".repeat(column) + &self.comment());
            self.lines.push(line);
        }
    }

    fn scalar(&mut self, before: &str, indent: usize) {
        let text = SCALARS[self.draw(SCALARS.len())];
        let mut parts = text.split('\n');
        let first = parts.next().unwrap_or_default();
        let line = format!("{before} {first}{}", self.inline());
        self.lines.push(line);
        self.lines.extend(parts.map(|part| " ".repeat(indent + 2) + part));
    }

    fn mapping(&mut self, indent: usize, depth: usize) {
        for _ in 0..=self.draw(4) {
            self.above(indent);
            self.named += 1;
            let key = ["k#:", "\"q#\":", "k #:", "k#_unencrypted:"][self.draw(4)].replace('#', &self.named.to_string());
            let key = " ".repeat(indent) + &key;
            match self.draw(20) {
                0..5 if depth < DEPTH => {
                    let line = key + &self.inline();
                    self.lines.push(line);
                    let step = [1, 2, 2, 4][self.draw(4)];
                    self.mapping(indent + step, depth + 1);
                }
                5..9 if depth < DEPTH => {
                    let line = key + &self.inline();
                    self.lines.push(line);
                    let step = [0, 2, 2, 4][self.draw(4)];
                    self.sequence(indent + step, depth + 1);
                }
                _ => self.scalar(&key, indent),
            }
        }
    }

    fn sequence(&mut self, indent: usize, depth: usize) {
        for _ in 0..=self.draw(3) {
            self.above(indent);
            let entry = " ".repeat(indent) + "-";
            match self.draw(10) {
                0..3 if depth < DEPTH => self.entry(&entry, indent, depth),
                3 if depth < DEPTH => {
                    let line = entry + &self.inline();
                    self.lines.push(line);
                    self.sequence(indent + 2, depth + 1);
                }
                _ => self.scalar(&entry, indent),
            }
        }
    }

    /// A mapping as an entry, its first key on the line of the `-` where it can be.
    fn entry(&mut self, entry: &str, indent: usize, depth: usize) {
        let at = self.lines.len();
        self.mapping(indent + 2, depth + 1);
        let first = self.lines[at].trim().to_owned();
        if first.is_empty() || first.starts_with('#') || self.draw(3) == 0 {
            let line = entry.to_owned() + &self.inline();
            self.lines.insert(at, line);
        } else {
            self.lines[at] = format!("{entry} {first}");
        }
    }
}

fn document(seed: u64) -> String {
    let mut random = counting(seed.wrapping_mul(2_654_435_769).wrapping_add(17));
    let mut writer = Writer { random: &mut random, lines: Vec::new(), named: 0 };
    for at in 0..=usize::from(writer.draw(4) == 0) {
        if at > 0 {
            writer.lines.push("---".to_owned());
        }
        writer.above(0);
        writer.mapping(0, 0);
        writer.above(0);
    }
    writer.lines.join("\n") + ["\n", "", "\n\n"][writer.draw(3)]
}

fn asked(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Both tools make the same of documents that nobody thought of.
pub(crate) fn same_as(real: &Real) -> Result<(), Failed> {
    let case = Case { rule: "age".to_owned(), file: "random.yaml".to_owned() };
    let first = asked("SETPOINT_SOPS_SEED").unwrap_or(0);
    let mut differences = String::new();
    for seed in first..first + asked("SETPOINT_SOPS_RANDOM").unwrap_or(DOCUMENTS) {
        let text = document(seed);
        if let Err(why) = one(&case, real, &text) {
            let _ = writeln!(differences, "seed {seed}: {why}\n{text}");
        }
    }
    if differences.is_empty() { Ok(()) } else { Err(differences.into()) }
}

fn one(case: &Case, real: &Real, text: &str) -> Result<(), String> {
    let config = case.config();
    let rule = config.rule_for(&case.file).map_err(|error| error.to_string())?.expect("there are rules");
    let mut random = counting(9);
    let fresh = Fresh { now: NOW, random: &mut random };
    let whom = (rule.groups, rule.threshold, rule.selection);
    let ours = sops::encrypt(text.as_bytes(), Format::Yaml, whom, (&keyring(), fresh));
    let ours = ours.and_then(|document| document.write(Format::Yaml, Indents::default()));
    let theirs = match (real.run(case, "encrypt", text.as_bytes()), ours) {
        (Ok(theirs), Ok(ours)) => {
            let (left, right) = (normalized(&theirs), normalized(&ours));
            if left != right {
                return Err(format!("sops encrypts\n{left}\nwe\n{right}"));
            }
            real.run(case, "decrypt", &ours).map_err(|why| format!("sops does not read ours: {why}"))?;
            theirs
        }
        (Err(_), Err(_)) => return Ok(()),
        (Err(why), Ok(_)) => return Err(format!("only sops refuses: {why}")),
        (Ok(_), Err(why)) => return Err(format!("only we refuse: {why}")),
    };
    let expected = real.run(case, "decrypt", &theirs)?;
    let opened =
        Encrypted::read(&theirs, Format::Yaml).and_then(|document| document.decrypt(&keyring(), MacCheck::Require));
    let found = opened.and_then(|document| document.write(Format::Yaml, Indents::default()));
    let found = found.map_err(|error| error.to_string())?;
    if found.as_slice() == expected {
        return Ok(());
    }
    Err(format!("sops decrypts\n{}\nwe\n{}", String::from_utf8_lossy(&expected), String::from_utf8_lossy(&found)))
}
