//! Random values and texts that lean towards what is hard.

use goyaml::Value;

/// A small generator with a seed, so that a run can be repeated.
pub(crate) struct Random(u64);

const WORDS: &[&str] = &[
    "a",
    "b",
    "key",
    "yes",
    "no",
    "on",
    "off",
    "y",
    "N",
    "true",
    "False",
    "null",
    "~",
    "",
    "<<",
    "=",
    "012",
    "0o14",
    "0x1F",
    "0b11",
    "1_000",
    "1__0",
    "0_",
    "08",
    "1:30",
    "190:20:30",
    ".5",
    "5.",
    "1e3",
    "1e400",
    "+1",
    "-0",
    "-.inf",
    ".nan",
    ".inf",
    "+.5",
    "._5",
    ".5_0",
    "2001-01-01",
    "2001-1-2 3:4:5",
    "2001-01-01T01:02:03.040Z",
    "2001-12-14t21:59:43.10-05:00",
    "2001-02-30",
    "12345678901234567890",
    "123456789012345678901234",
    "9223372036854775808",
    "-9223372036854775808",
    "0b-11",
    "0o-7",
    "-0x1f",
    "1.5",
    "1e-7",
    "12345678.9",
    "1e21",
    "é",
    "日本",
    "😀",
    "\u{feff}",
    "\u{85}",
    "\u{2028}",
    "\u{a0}",
    "word",
    "two words",
    "a: b",
    "a #b",
    "a# b",
    "- a",
    "-a",
    "--",
    "---",
    "...a",
    "#a",
    "[x",
    "{x",
    "]",
    "}",
    ",",
    "a,b",
    "?",
    "? a",
    "?a",
    ":",
    ":a",
    "a:",
    "&a",
    "*a",
    "!a",
    "|",
    ">",
    "'",
    "\"",
    "%a",
    "@a",
    "`a",
    "\\",
    "\t",
    " lead",
    "trail ",
    "tab\there",
    "it's",
    "say \"x\"",
    "a\nb",
    "a\n",
    "\na",
    "a\n\nb\n\n",
    " a\nb",
    "a \nb",
    "a\n b",
    "\n",
    "\n\n",
    " ",
    "  ",
    "\r",
    "a\rb",
    "\0",
    "\u{1b}",
];

const PIECES: &[&str] = &[
    "a",
    "b",
    "c: ",
    "d:",
    "e: f",
    "- ",
    "-",
    "? ",
    ": ",
    ":",
    "\n",
    "\n  ",
    "\n    ",
    "\n- ",
    "\n  - ",
    " ",
    "  ",
    "\t",
    "\n\t",
    "[",
    "]",
    "{",
    "}",
    ",",
    ", ",
    "#",
    " # c",
    "\n# c",
    "&x ",
    "*x",
    "*x ",
    "!!str ",
    "!!int ",
    "!!float ",
    "!!binary ",
    "! ",
    "!t ",
    "!<v> ",
    "!!null ",
    "|\n",
    "|-\n",
    "|+\n",
    ">\n",
    ">-\n",
    "|2\n",
    ">1-\n",
    "| # c\n",
    "'",
    "''",
    "\"",
    "\\n",
    "\\x41",
    "\\u00e9",
    "\\",
    "\\\n",
    "---\n",
    "--- ",
    "...\n",
    "%YAML 1.1\n",
    "%TAG ! tag:x,1:\n",
    "<<: ",
    "<<: *x",
    "<<: [*x, *x]",
    "1",
    "012",
    "yes",
    "~",
    "2001-01-01",
    "\r\n",
    "\r",
    "\u{85}",
    "\u{2028}",
    "é",
    "\u{feff}",
    "a: 1\n",
    "b: 2\n",
    "a: &x {k: v}\n",
    "x: |\n  t\n",
    "'q'",
    "\"q\"",
    "[a, b]",
    "{a: b}",
    "{a, b: }",
    "YWJj",
];

const LINES: &[&str] = &[
    "a: 1",
    "b: two words",
    "c:",
    "d: |",
    "e: >-",
    "f: 'q",
    "g: \"q",
    "- a",
    "- b: 1",
    "-",
    "- - x",
    "-   deep",
    "# c",
    "",
    "text",
    "more text",
    "k: &x v",
    "l: *x",
    "m: {a: 1,",
    "n: [1, 2",
    "]",
    "}",
    "o: [a, b: c]",
    "? key",
    ": value",
    "? - k",
    "'q': 1",
    "\"r\": 2",
    "s: !!str 1",
    "t: |+",
    "u: >2",
    "<<: {z: 1}",
    "<<: *x",
    "v: &x {y: 1}",
    "w: a #c",
    "1: 2",
    "~: n",
    "yes: y",
    "x: a: b",
    "  ",
    "\t",
    "a: b\\",
    "'",
    "\"",
    "---",
    "...",
    "--- text",
    "--- |",
    "-\ta",
    "y:\tz",
    "a",
    "é: ü",
    "z: # c",
    "z: !t",
    "z: &y",
    "[a]: b",
    "{a: b}: c",
];

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next()).unwrap_or(0) % bound.max(1)
    }

    fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len())]
    }

    /// A text put together from difficult words.
    fn string(&mut self) -> String {
        let words = match self.below(8) {
            0..4 => 1,
            4..7 => 1 + self.below(4),
            _ => 8 + self.below(40),
        };
        let glue = self.pick(&["", " ", " ", "  ", "\n", "_"]);
        let mut text = String::new();
        for number in 0..words {
            if number > 0 {
                text.push_str(glue);
            }
            if self.below(30) == 0 {
                text.push(char::from_u32(u32::try_from(self.next() % 0x3000).unwrap_or(65)).unwrap_or('x'));
            }
            text.push_str(self.pick(WORDS));
        }
        text
    }

    fn number(&mut self) -> f64 {
        let value = f64::from_bits(self.next() << 16 | self.next() & 0xFFFF);
        if value.is_finite() { value } else { 1.5 }
    }

    /// A value of at most this depth.
    pub(crate) fn value(&mut self, depth: usize) -> Value {
        let kinds = if depth == 0 { 8 } else { 14 };
        match self.below(kinds) {
            0 => Value::NULL,
            1 => (self.below(2) == 0).into(),
            2 => i64::from_ne_bytes(self.next().wrapping_mul(self.next()).to_ne_bytes()).into(),
            3 => self.number().into(),
            4..8 => self.string().into(),
            8..10 => (0..self.below(5)).map(|_| self.value(depth - 1)).collect::<Vec<_>>().into(),
            _ => (0..self.below(7)).map(|_| (self.string(), self.value(depth - 1))).collect(),
        }
    }

    /// A scalar as it may stand in a text.
    pub(crate) fn scalar_text(&mut self) -> String {
        if self.below(3) > 0 {
            return self.pick(WORDS).to_owned();
        }
        let digits = [
            "0", "1", "7", "8", "_", ".", "e", "E", "+", "-", "x", "b", "o", "f", ":", "T", "Z", " ", "n", "y",
            "2001-", "01-", "-3",
        ];
        (0..=self.below(7)).map(|_| self.pick(&digits)).collect()
    }

    /// A text, likely YAML.
    pub(crate) fn text(&mut self) -> String {
        let text = self.any_text();
        // Behind two byte order marks go-yaml skips the first character of each line.
        let marks = text.len() - text.trim_start_matches('\u{FEFF}').len();
        if marks > '\u{FEFF}'.len_utf8() { text[marks..].to_owned() } else { text }
    }

    fn any_text(&mut self) -> String {
        match self.below(4) {
            0 => (0..=self.below(14)).map(|_| self.pick(PIECES)).collect(),
            1 => self.lines(),
            2 => {
                let text = goyaml::emit(&self.value(3));
                self.damage(&text)
            }
            _ => {
                let text = self.lines();
                self.damage(&text)
            }
        }
    }

    fn lines(&mut self) -> String {
        let mut text = String::new();
        let mut indent = 0;
        for _ in 0..=self.below(9) {
            match self.below(5) {
                0 => indent += 2,
                1 => indent = self.below(indent + 1),
                _ => {}
            }
            text.push_str(&" ".repeat(indent));
            text.push_str(self.pick(LINES));
            text.push_str(if self.below(30) == 0 { "\r\n" } else { "\n" });
        }
        text
    }

    /// Takes a bit of the text out, or puts a piece in.
    fn damage(&mut self, text: &str) -> String {
        let mut characters: Vec<char> = text.chars().collect();
        for _ in 0..=self.below(3) {
            let at = self.below(characters.len() + 1);
            match self.below(3) {
                0 if at < characters.len() => {
                    characters.remove(at);
                }
                1 if at < characters.len() => {
                    let end = (at + self.below(6)).min(characters.len());
                    characters.drain(at..end);
                }
                _ => {
                    let piece: Vec<char> = self.pick(PIECES).chars().collect();
                    characters.splice(at..at, piece);
                }
            }
        }
        characters.into_iter().collect()
    }
}
