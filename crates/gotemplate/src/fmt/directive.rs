//! Format strings: `%-5.2f`, `%[2]*.[1]d`, and Go's marks for what does not fit.

use super::MAX_TEXT;
use super::value::Printer;
use crate::syntax::unquote::decode;
use crate::value::Value;

/// Go refuses larger widths and precisions.
const MAX_WIDTH: usize = 1_000_000;

struct Run<'a> {
    format: &'a [u8],
    args: &'a [Value],
    at: usize,
    arg: usize,
    reordered: bool,
    after_index: bool,
    good_index: bool,
}

/// Writes the formatted text; `None` if it is too large.
pub(super) fn run(format: &[u8], args: &[Value], out: &mut Vec<u8>) -> Option<()> {
    let start = out.len();
    let mut run = Run { format, args, at: 0, arg: 0, reordered: false, after_index: false, good_index: true };
    while run.at < format.len() {
        let text = format[run.at..].iter().position(|byte| *byte == b'%').unwrap_or(format.len() - run.at);
        out.extend_from_slice(&format[run.at..run.at + text]);
        run.at += text;
        if run.at < format.len() {
            run.at += 1;
            run.directive(out)?;
        }
        if out.len() - start > MAX_TEXT {
            return None;
        }
    }
    if !run.reordered && run.arg < args.len() {
        extra(&args[run.arg..], out)?;
    }
    Some(())
}

fn extra(args: &[Value], out: &mut Vec<u8>) -> Option<()> {
    out.extend_from_slice(b"%!(EXTRA ");
    for (number, arg) in args.iter().enumerate() {
        if number > 0 {
            out.extend_from_slice(b", ");
        }
        if arg.is_nil() {
            out.extend_from_slice(b"<nil>");
        } else {
            out.extend_from_slice(arg.type_name().as_bytes());
            out.push(b'=');
            Printer::new(out).verb(arg, 'v')?;
        }
    }
    out.push(b')');
    Some(())
}

impl Run<'_> {
    fn peek(&self) -> u8 {
        self.format.get(self.at).copied().unwrap_or(0)
    }

    fn directive(&mut self, out: &mut Vec<u8>) -> Option<()> {
        self.good_index = true;
        self.after_index = false;
        let mut printer = Printer::new(out);
        self.flags(&mut printer);
        self.index();
        self.width(&mut printer);
        self.precision(&mut printer);
        if !self.after_index {
            self.index();
        }
        if self.at >= self.format.len() {
            printer.push("%!(NOVERB)");
            return Some(());
        }
        let (verb, length) = decode(&self.format[self.at..]);
        self.at += length;
        if verb == '%' {
            printer.push("%");
        } else if !self.good_index {
            printer.push(&format!("%!{verb}(BADINDEX)"));
        } else if let Some(arg) = self.args.get(self.arg) {
            self.arg += 1;
            if verb == 'v' {
                printer.flags.go = std::mem::replace(&mut printer.flags.sharp, false);
                printer.flags.names = std::mem::take(&mut printer.flags.plus);
            }
            printer.verb(arg, verb)?;
        } else {
            printer.push(&format!("%!{verb}(MISSING)"));
        }
        Some(())
    }

    fn flags(&mut self, printer: &mut Printer<'_>) {
        let flags = &mut printer.flags;
        loop {
            match self.peek() {
                b'#' => flags.sharp = true,
                b'0' => flags.zero = true,
                b'+' => flags.plus = true,
                b'-' => flags.minus = true,
                b' ' => flags.space = true,
                _ => return,
            }
            self.at += 1;
        }
    }

    fn width(&mut self, printer: &mut Printer<'_>) {
        if self.peek() == b'*' {
            self.at += 1;
            match self.star() {
                Some(width) => {
                    printer.flags.minus |= width < 0;
                    printer.flags.width = usize::try_from(width.unsigned_abs()).ok();
                }
                None => printer.push("%!(BADWIDTH)"),
            }
            self.after_index = false;
            return;
        }
        let digits = self.number();
        if digits.is_some() && self.after_index {
            self.good_index = false;
        }
        printer.flags.width = digits;
    }

    fn precision(&mut self, printer: &mut Printer<'_>) {
        if self.peek() != b'.' {
            return;
        }
        self.at += 1;
        if self.after_index {
            self.good_index = false;
        }
        self.index();
        if self.peek() == b'*' {
            self.at += 1;
            match self.star() {
                Some(precision) if precision >= 0 => printer.flags.precision = usize::try_from(precision).ok(),
                Some(_) => {
                    printer.flags.precision = None;
                    printer.push("%!(BADPREC)");
                }
                None => printer.push("%!(BADPREC)"),
            }
            self.after_index = false;
            return;
        }
        printer.flags.precision = Some(self.number().unwrap_or(0));
    }

    /// The argument that a `*` takes.
    fn star(&mut self) -> Option<i64> {
        let arg = self.args.get(self.arg)?;
        self.arg += 1;
        let number = match arg {
            Value::Int(number) | Value::Int64(number) => *number,
            Value::Uint64(number) => i64::try_from(*number).ok()?,
            Value::Uint8(number) => i64::from(*number),
            _ => return None,
        };
        (number.unsigned_abs() <= MAX_WIDTH as u64).then_some(number)
    }

    fn number(&mut self) -> Option<usize> {
        let digits = self.format[self.at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 {
            return None;
        }
        let text = str::from_utf8(&self.format[self.at..self.at + digits]).ok()?;
        self.at += digits;
        text.parse().ok().filter(|number| *number <= MAX_WIDTH)
    }

    /// `[2]`: which argument comes next.
    fn index(&mut self) {
        if self.peek() != b'[' {
            return;
        }
        self.reordered = true;
        let Some(close) = self.format[self.at..].iter().position(|byte| *byte == b']') else {
            self.good_index = false;
            self.at += 1;
            return;
        };
        let inner = str::from_utf8(&self.format[self.at + 1..self.at + close]).unwrap_or_default();
        self.at += close + 1;
        match inner.parse::<usize>() {
            Ok(number) if (1..=self.args.len()).contains(&number) => {
                self.arg = number - 1;
                self.after_index = true;
            }
            _ => self.good_index = false,
        }
    }
}
