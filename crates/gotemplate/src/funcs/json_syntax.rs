//! Where a text stops being JSON, in the words of Go's `encoding/json`.

use crate::syntax::unquote::decode;

/// Levels that Go reads.
const MAX_DEPTH: usize = 10_000;

struct Scanner<'t> {
    text: &'t [u8],
    at: usize,
    /// What is open: `{` or `[`.
    open: Vec<u8>,
}

type Step<T> = Result<T, String>;

/// The first mistake; `None` if there is none.
pub(super) fn words(text: &[u8]) -> Option<String> {
    Scanner { text, at: 0, open: Vec::new() }.document().err()
}

/// A character that can't stand where it does.
fn wrong<T>(byte: u8, context: &str) -> Step<T> {
    let shown = match byte {
        b'\'' => r"'\''".to_owned(),
        b'"' => "'\"'".to_owned(),
        _ => {
            let character = if byte < 0x80 { decode(&[byte]).0 } else { char::from(byte) };
            let quoted = crate::fmt::quote(character.to_string().as_bytes());
            format!("'{}'", &quoted[1..quoted.len() - 1])
        }
    };
    Err(format!("invalid character {shown} {context}"))
}

impl Scanner<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn spaces(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn fail<T>(&self, context: &str) -> Step<T> {
        self.peek().map_or_else(|| Err("unexpected end of JSON input".to_owned()), |byte| wrong(byte, context))
    }

    /// The same where Go takes the end of the text for a space, which can't stand there.
    fn fail_within<T>(&self, context: &str) -> Step<T> {
        wrong(self.peek().unwrap_or(b' '), context)
    }

    /// One value with nothing but space around it; collections are kept on a stack.
    fn document(&mut self) -> Step<()> {
        loop {
            self.spaces();
            if self.value()? {
                continue;
            }
            loop {
                self.spaces();
                match (self.open.last(), self.peek()) {
                    (None, None) => return Ok(()),
                    (None, Some(_)) => return self.fail("after top-level value"),
                    (Some(b'{'), Some(b'}')) | (Some(b'['), Some(b']')) => {
                        self.at += 1;
                        self.open.pop();
                    }
                    (Some(b'{'), Some(b',')) => {
                        self.at += 1;
                        self.spaces();
                        self.key("looking for beginning of object key string")?;
                        break;
                    }
                    (Some(_), Some(b',')) => {
                        self.at += 1;
                        break;
                    }
                    (Some(b'{'), _) => return self.fail("after object key:value pair"),
                    (Some(_), _) => return self.fail("after array element"),
                }
            }
        }
    }

    /// Reads a value; true if a collection was opened that has items.
    fn value(&mut self) -> Step<bool> {
        match self.peek() {
            Some(open @ (b'{' | b'[')) => {
                self.at += 1;
                self.open.push(open);
                if self.open.len() > MAX_DEPTH {
                    return Err("exceeded max depth".to_owned());
                }
                self.spaces();
                if self.peek() == Some(open + 2) {
                    return Ok(false);
                }
                if open == b'{' {
                    self.key("looking for beginning of object key string")?;
                }
                return Ok(true);
            }
            Some(b'"') => self.string()?,
            Some(b't') => self.word("true")?,
            Some(b'f') => self.word("false")?,
            Some(b'n') => self.word("null")?,
            Some(b'-' | b'0'..=b'9') => self.number()?,
            _ => return self.fail("looking for beginning of value"),
        }
        Ok(false)
    }

    fn key(&mut self, context: &str) -> Step<()> {
        if self.peek() != Some(b'"') {
            return self.fail(context);
        }
        self.string()?;
        self.spaces();
        if self.peek() != Some(b':') {
            return self.fail("after object key");
        }
        self.at += 1;
        Ok(())
    }

    fn string(&mut self) -> Step<()> {
        self.at += 1;
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => {
                    self.at += 1;
                    self.escape()?;
                }
                Some(0..=31) | None => return self.fail("in string literal"),
                Some(_) => self.at += 1,
            }
        }
    }

    fn escape(&mut self) -> Step<()> {
        match self.peek() {
            Some(b'u') => {
                for _ in 0..4 {
                    self.at += 1;
                    if !self.peek().is_some_and(|byte| byte.is_ascii_hexdigit()) {
                        return self.fail_within("in \\u hexadecimal character escape");
                    }
                }
            }
            Some(b'b' | b'f' | b'n' | b'r' | b't' | b'\\' | b'/' | b'"') => {}
            _ => return self.fail_within("in string escape code"),
        }
        self.at += 1;
        Ok(())
    }

    fn word(&mut self, word: &str) -> Step<()> {
        for wanted in word.bytes() {
            if self.peek() != Some(wanted) {
                return self.fail_within(&format!("in literal {word} (expecting '{}')", char::from(wanted)));
            }
            self.at += 1;
        }
        Ok(())
    }

    fn digits(&mut self, context: &str) -> Step<()> {
        if !self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            return self.fail_within(context);
        }
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Step<()> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits("in numeric literal")?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits("after decimal point in numeric literal")?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits("in exponent of numeric literal")?;
        }
        Ok(())
    }
}
