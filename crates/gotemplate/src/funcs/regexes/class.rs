//! Classes of characters: `[^a-z\d_-]`. Go reads them otherwise than the crate: brackets and the signs of set operations
//! stand for themselves, and so does a minus wherever it makes no range.

use std::fmt::Write;

/// What is wrong, in Go's words.
type Wrong = String;

/// Names between `[:` and `:]`.
const NAMED: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "word",
    "xdigit",
];

/// Writes the class at the start of a text in the syntax of the crate; gives what follows it.
pub(super) fn translate<'p>(class: &'p str, out: &mut String) -> Result<&'p str, Wrong> {
    let mut reader = Reader { class, rest: class.strip_prefix('[').unwrap_or(class), out };
    reader.out.push('[');
    if reader.skip("^") {
        reader.out.push('^');
    }
    let mut first = true;
    while first || !reader.rest.starts_with(']') {
        first = false;
        reader.item()?;
    }
    reader.out.push(']');
    Ok(&reader.rest[1..])
}

struct Reader<'p, 'o> {
    class: &'p str,
    rest: &'p str,
    out: &'o mut String,
}

impl<'p> Reader<'p, '_> {
    fn skip(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn take(&mut self, bytes: usize) -> &'p str {
        let (taken, rest) = self.rest.split_at(bytes);
        self.rest = rest;
        taken
    }

    fn item(&mut self) -> Result<(), Wrong> {
        if self.named()? || self.of_unicode() || self.of_perl() {
            return Ok(());
        }
        let start = self.rest;
        let low = self.character()?;
        let mut high = low;
        if self.rest.starts_with('-') && self.rest.len() > 1 && !self.rest.starts_with("-]") {
            self.rest = &self.rest[1..];
            high = self.character()?;
            if high < low {
                let range = &start[..start.len() - self.rest.len()];
                return Err(format!("invalid character class range: `{range}`"));
            }
        }
        // Numbers need no escapes. Writing into a String does not fail.
        let _ = write!(self.out, "\\x{{{:X}}}", u32::from(low));
        if high > low {
            let _ = write!(self.out, "-\\x{{{:X}}}", u32::from(high));
        }
        Ok(())
    }

    /// `[:alpha:]` or `[:^alpha:]`
    fn named(&mut self) -> Result<bool, Wrong> {
        let Some(end) = self.rest.strip_prefix("[:").and_then(|rest| rest.find(":]")) else {
            return Ok(false);
        };
        let name = self.take(end + 4);
        let bare = name[2..name.len() - 2].trim_start_matches('^');
        if !NAMED.contains(&bare) || name.len() > bare.len() + 5 {
            return Err(format!("invalid character class range: `{name}`"));
        }
        self.out.push_str(name);
        Ok(true)
    }

    /// `\p{Greek}`, `\pN` and their opposites; whether there is such a class, the crate says.
    fn of_unicode(&mut self) -> bool {
        if !self.rest.starts_with("\\p") && !self.rest.starts_with("\\P") {
            return false;
        }
        let length = match self.rest[2..].chars().next() {
            Some('{') => self.rest.find('}').map_or(self.rest.len(), |end| end + 1),
            Some(letter) => 2 + letter.len_utf8(),
            None => 2,
        };
        let class = self.take(length);
        self.out.push_str(class);
        true
    }

    /// `\d`, `\s`, `\w` and their opposites, which are ASCII.
    fn of_perl(&mut self) -> bool {
        let mut letters = self.rest.chars();
        let (Some('\\'), Some(kind @ ('d' | 'D' | 's' | 'S' | 'w' | 'W'))) = (letters.next(), letters.next()) else {
            return false;
        };
        self.rest = &self.rest[2..];
        super::escape(kind, true, self.out);
        true
    }

    /// One character, which may be escaped.
    fn character(&mut self) -> Result<char, Wrong> {
        let Some(letter) = self.rest.chars().next() else {
            return Err(format!("missing closing ]: `{}`", self.class));
        };
        if letter == '\\' {
            return self.escaped();
        }
        self.rest = &self.rest[letter.len_utf8()..];
        Ok(letter)
    }

    fn escaped(&mut self) -> Result<char, Wrong> {
        let start = self.rest;
        let Some(letter) = start[1..].chars().next() else {
            return Err("trailing backslash at end of expression: ``".to_owned());
        };
        self.rest = &start[1 + letter.len_utf8()..];
        let read = match letter {
            '0' => self.octal(0),
            '1'..='7' if self.rest.starts_with(|next: char| matches!(next, '0'..='7')) => {
                self.octal(letter as u32 - 48)
            }
            'x' => self.hexadecimal(),
            'a' => Some('\x07'),
            'f' => Some('\x0C'),
            'n' => Some('\n'),
            'r' => Some('\r'),
            't' => Some('\t'),
            'v' => Some('\x0B'),
            sign if sign.is_ascii_punctuation() || sign == ' ' || sign.is_ascii_control() => Some(sign),
            _ => None,
        };
        read.ok_or_else(|| format!("invalid escape sequence: `{}`", &start[..start.len() - self.rest.len()]))
    }

    /// Up to three digits with the first.
    fn octal(&mut self, mut number: u32) -> Option<char> {
        for _ in 0..2 {
            let Some(digit) = self.rest.chars().next().and_then(|next| next.to_digit(8)) else { break };
            self.rest = &self.rest[1..];
            number = number * 8 + digit;
        }
        char::from_u32(number)
    }

    /// `x7F` or `x{10FFFF}`, behind the `x`.
    fn hexadecimal(&mut self) -> Option<char> {
        let braces = self.skip("{");
        let mut number = 0_u32;
        let mut digits = 0;
        loop {
            let next = self.rest.chars().next()?;
            self.rest = &self.rest[next.len_utf8()..];
            if braces && next == '}' {
                return char::from_u32(number).filter(|_| digits > 0);
            }
            number = number.checked_mul(16)?.checked_add(next.to_digit(16)?)?;
            digits += 1;
            if number > 0x0010_FFFF {
                return None;
            }
            if !braces && digits == 2 {
                return char::from_u32(number);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::translate;

    #[test]
    fn classes_are_read_as_go_reads_them() {
        let cases: [(&str, &str, &[&str], &[&str]); 9] = [
            (r"[\w-\.]", "", &["a", "_", "-", "."], &[",", "/"]),
            ("[]a-]x", "x", &["]", "a", "-"], &["b"]),
            ("[a[b&&~]", "", &["a", "[", "b", "&", "~"], &["]"]),
            ("[[:alpha:]-9]", "", &["a", "-", "9"], &["5"]),
            ("[[:x]", "", &["[", ":", "x"], &["]"]),
            (r"[^\W_-]", "", &["a", "9"], &["_", "-", "!"]),
            (r"[\x41-\x{43}\012\]]", "", &["A", "B", "\n", "]"], &["D"]),
            (r"[a\--c]", "", &["a", "-", "c", "0"], &["b x"]),
            (r"[+--]", "", &["+", ",", "-"], &["."]),
        ];
        for (class, rest, inside, outside) in cases {
            let mut out = String::new();
            assert_eq!(translate(class, &mut out).as_deref(), Ok(rest), "{class}");
            let regex = regex::Regex::new(&format!("^{out}$")).expect(&out);
            assert!(inside.iter().all(|text| regex.is_match(text)), "{class} {out}");
            assert!(!outside.iter().any(|text| regex.is_match(text)), "{class} {out}");
        }
        let wrong = [
            ("[z-a]", "invalid character class range: `z-a`"),
            (r"[a-\d]", r"invalid escape sequence: `\d`"),
            ("[[:no:]]", "invalid character class range: `[:no:]`"),
            ("[ab", "missing closing ]: `[ab`"),
        ];
        for (class, words) in wrong {
            assert_eq!(translate(class, &mut String::new()), Err(words.to_owned()), "{class}");
        }
    }
}
