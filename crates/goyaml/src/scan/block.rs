//! Block scalars: literal `|` and folded `>`.

use std::borrow::Cow;

use super::{Fault, Mark, Scanner, Token, TokenKind};

/// What happens to the line breaks at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Chomp {
    Strip,
    Clip,
    Keep,
}

/// The line breaks that wait until it is known whether they fold.
#[derive(Debug, Default)]
struct Breaks<'a> {
    leading: &'a str,
    trailing: String,
}

impl<'a> Scanner<'a> {
    pub(super) fn scan_block_scalar(&mut self, literal: bool) -> Result<Token<'a>, Fault> {
        let start = self.cursor.mark();
        self.cursor.skip(1);
        let (chomp, increment) = self.scan_block_header(start)?;
        let mut indent = match increment {
            0 => 0,
            more => self.indent.max(0) + more,
        };
        let mut breaks = Breaks::default();
        self.scan_block_breaks(&mut indent, &mut breaks.trailing, start)?;
        let mut text = String::new();
        let mut after_blank = false;
        while self.cursor.column() == indent && !self.cursor.at_end() {
            let blank = self.cursor.is_blank();
            let folds = !literal && !after_blank && !blank && breaks.leading == "\n";
            append_breaks(&mut text, &mut breaks, folds);
            after_blank = blank;
            let rest = self.cursor.line_rest();
            text.push_str(self.cursor.take(rest));
            breaks.leading = if self.cursor.is_break() { self.cursor.take_break() } else { "" };
            self.scan_block_breaks(&mut indent, &mut breaks.trailing, start)?;
        }
        if chomp != Chomp::Strip {
            text.push_str(breaks.leading);
        }
        if chomp == Chomp::Keep {
            text.push_str(&breaks.trailing);
        }
        Ok(Token::with_text(TokenKind::Quoted, start, Cow::Owned(text)))
    }

    fn scan_block_header(&mut self, start: Mark) -> Result<(Chomp, isize), Fault> {
        let mut chomp = self.take_chomp();
        let increment = self.take_increment(start)?;
        if chomp.is_none() {
            chomp = self.take_chomp();
        }
        self.cursor.skip_blanks();
        if let Some(comments) = &mut self.comments {
            comments.scan_line(&mut self.cursor, start);
        }
        self.cursor.skip_comment();
        if !self.cursor.is_break_or_end() {
            return self.fault(start, "did not find expected comment or line break");
        }
        self.cursor.skip_break();
        Ok((chomp.unwrap_or(Chomp::Clip), increment))
    }

    fn take_chomp(&mut self) -> Option<Chomp> {
        let chomp = match self.cursor.byte() {
            b'+' => Chomp::Keep,
            b'-' => Chomp::Strip,
            _ => return None,
        };
        self.cursor.skip(1);
        Some(chomp)
    }

    fn take_increment(&mut self, start: Mark) -> Result<isize, Fault> {
        match self.cursor.byte() {
            b'0' => self.fault(start, "found an indentation indicator equal to 0"),
            digit @ b'1'..=b'9' => {
                self.cursor.skip(1);
                Ok(isize::from(i16::from(digit - b'0')))
            }
            _ => Ok(0),
        }
    }

    /// Takes empty lines and the indentation of the next one; finds the indentation out if it is not known yet.
    fn scan_block_breaks(&mut self, indent: &mut isize, breaks: &mut String, start: Mark) -> Result<(), Fault> {
        let mut deepest = 0;
        loop {
            while (*indent == 0 || self.cursor.column() < *indent) && self.cursor.byte() == b' ' {
                self.cursor.skip(1);
            }
            deepest = deepest.max(self.cursor.column());
            if (*indent == 0 || self.cursor.column() < *indent) && self.cursor.byte() == b'\t' {
                return self.fault(start, "found a tab character where an indentation space is expected");
            }
            if !self.cursor.is_break() {
                break;
            }
            breaks.push_str(self.cursor.take_break());
        }
        if *indent == 0 {
            *indent = deepest.max(self.indent + 1).max(1);
        }
        Ok(())
    }
}

/// Writes the breaks before a line: a single one folds into a space.
fn append_breaks(text: &mut String, breaks: &mut Breaks<'_>, folds: bool) {
    if !folds {
        text.push_str(breaks.leading);
    } else if breaks.trailing.is_empty() {
        text.push(' ');
    }
    text.push_str(&breaks.trailing);
    breaks.trailing.clear();
}
