//! `FirstName HTTPServer` as `first_name_http_server`, and back: words found by their letters.

use std::sync::LazyLock;

use super::case::{lower_char, upper_char};
use super::strings::is_space;
use crate::exec::Context;
use crate::registry::Type::Text;
use crate::registry::{Args, Function, Outcome, fixed};
use crate::value::{Value, go_lossy};

type Cx<'a, 'b, 'c, 'd> = &'a mut Context<'b, 'c, 'd>;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    /// Behind the last word.
    End,
    Number,
    Upper,
    Letters,
    Connector,
    Punctuation,
    Other,
}

fn is_connector(character: char) -> bool {
    matches!(character, '-' | '_') || is_space(character)
}

static PUNCTUATION: LazyLock<Option<regex::Regex>> = LazyLock::new(|| regex::Regex::new(r"^\p{P}$").ok());

fn is_punctuation(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_punctuation() && !"$+<=>^`|~".contains(character);
    }
    PUNCTUATION.as_ref().is_some_and(|regex| regex.is_match(character.encode_utf8(&mut [0; 4])))
}

/// Letters with upper and lower case; Chinese characters are no such letters.
fn is_letter(character: char) -> bool {
    let chinese = matches!(character, '\u{3400}'..='\u{4D85}' | '\u{4E00}'..='\u{9FCC}' | '\u{20000}'..='\u{2B81D}');
    character.is_alphabetic() && !chinese
}

fn kind(character: char) -> Word {
    if is_connector(character) {
        Word::Connector
    } else if is_punctuation(character) {
        Word::Punctuation
    } else if character.is_uppercase() {
        Word::Upper
    } else if is_letter(character) {
        Word::Letters
    } else if character.is_numeric() {
        Word::Number
    } else {
        Word::Other
    }
}

/// The words of a text: runs of one kind; a capital takes the small letters behind it, and of several capitals before
/// small letters the last one starts the next word.
fn words(text: &[char]) -> Vec<(Word, &[char])> {
    let mut words = Vec::new();
    let mut start = 0;
    while start < text.len() {
        let first = kind(text[start]);
        let run = |from: usize, wanted: Word| from + text[from..].iter().take_while(|it| kind(**it) == wanted).count();
        let mut end = run(start, first);
        if first == Word::Upper {
            if end == start + 1 {
                end = run(end, Word::Letters);
            } else if end < text.len() && kind(text[end]) == Word::Letters {
                end -= 1;
            }
        }
        words.push((first, &text[start..end]));
        start = end;
    }
    words
}

struct Joiner<'t> {
    words: Vec<(Word, &'t [char])>,
    at: usize,
    connector: char,
    out: String,
}

impl Joiner<'_> {
    fn kind(&self) -> Word {
        self.words.get(self.at).map_or(Word::End, |word| word.0)
    }

    fn write(&mut self, index: usize) {
        let Some((kind, word)) = self.words.get(index) else { return };
        for character in *word {
            self.out.push(match kind {
                Word::Connector => self.connector,
                Word::Upper => lower_char(*character),
                _ => *character,
            });
        }
    }

    /// Words that stay joined to a number before them.
    fn write_joined(&mut self) {
        while matches!(self.kind(), Word::Letters | Word::Number) {
            self.write(self.at);
            self.at += 1;
        }
    }

    fn connect_unless(&mut self, kinds: &[Word]) {
        if !kinds.contains(&self.kind()) {
            self.out.push(self.connector);
        }
    }

    fn run(mut self) -> String {
        const OPEN: &[Word] = &[Word::Connector, Word::Punctuation];
        const OPEN_OR_END: &[Word] = &[Word::Connector, Word::Punctuation, Word::End];
        while self.at + 1 < self.words.len() {
            let before = self.kind();
            if before != Word::Connector {
                self.write(self.at);
            }
            self.at += 1;
            match before {
                Word::Number => {
                    self.write_joined();
                    self.connect_unless(OPEN_OR_END);
                }
                Word::Connector => self.write(self.at - 1),
                Word::Punctuation => {}
                _ if self.kind() != Word::Number => self.connect_unless(OPEN),
                _ if self.at + 1 >= self.words.len() => {}
                _ => {
                    let number = self.at;
                    self.at += 1;
                    if self.kind() == Word::Letters {
                        self.out.push(self.connector);
                        self.write(number);
                        self.write_joined();
                        self.connect_unless(OPEN_OR_END);
                    } else {
                        self.write(number);
                        self.connect_unless(OPEN);
                    }
                }
            }
        }
        self.write(self.at);
        self.out
    }
}

fn joined(args: &[Value], connector: char) -> Outcome {
    let text: Vec<char> = go_lossy(args.text(0)).chars().collect();
    let joiner = Joiner { words: words(&text), at: 0, connector, out: String::with_capacity(text.len() + 8) };
    Ok(joiner.run().into())
}

fn snakecase(_: Cx, args: &[Value]) -> Outcome {
    joined(args, '_')
}

fn kebabcase(_: Cx, args: &[Value]) -> Outcome {
    joined(args, '-')
}

/// Connectors go, the letter behind them becomes a capital; of capitals in a row only the first stays one.
fn camelcase(_: Cx, args: &[Value]) -> Outcome {
    let text: Vec<char> = go_lossy(args.text(0)).chars().collect();
    let mut out = String::with_capacity(text.len());
    let Some(start) = text.iter().position(|character| !is_connector(*character)) else {
        // Of connectors alone, the last one is written twice.
        let doubled: String = text.iter().chain(text.last()).collect();
        return Ok(doubled.into());
    };
    out.extend(&text[..start]);
    let mut capitals = text[start].is_uppercase();
    let mut held = upper_char(text[start]);
    for &character in &text[start + 1..] {
        if is_connector(held) {
            if is_connector(character) {
                out.push(held);
                held = character;
                continue;
            }
            capitals = character.is_uppercase();
            held = upper_char(character);
            continue;
        }
        out.push(held);
        held = character;
        if capitals && !is_connector(character) && character.is_uppercase() {
            held = lower_char(character);
        } else if capitals {
            capitals = false;
        }
    }
    out.push(held);
    Ok(out.into())
}

pub(super) const TABLE: &[Function] = &[
    fixed("snakecase", &[Text], snakecase),
    fixed("kebabcase", &[Text], kebabcase),
    fixed("camelcase", &[Text], camelcase),
];
