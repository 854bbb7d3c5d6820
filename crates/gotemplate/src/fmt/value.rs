//! One value by one verb: Go's flags, its forms for each kind, its marks for verbs that do not fit.

use std::borrow::Cow;
use std::fmt::Write;

use super::MAX_TEXT;
use super::number::{FloatForm, format_float};
use super::quoted::{quote, quote_ascii, quote_char};
use crate::syntax::unquote::decode;
use crate::value::{Field, Kind, List, ListKind, MAX_DEPTH, Map, MapKind, Object, Value};

/// What stands between `%` and the verb.
#[expect(clippy::struct_excessive_bools, reason = "each is one flag of the language")]
#[derive(Default, Clone)]
pub(crate) struct Flags {
    pub(crate) width: Option<usize>,
    pub(crate) precision: Option<usize>,
    pub(crate) minus: bool,
    pub(crate) plus: bool,
    pub(crate) sharp: bool,
    pub(crate) space: bool,
    pub(crate) zero: bool,
    /// `%#v`: Go syntax.
    pub(crate) go: bool,
    /// `%+v`: structs with the names of their fields.
    pub(crate) names: bool,
}

/// Writes values into a text.
pub(crate) struct Printer<'o> {
    pub(super) out: &'o mut Vec<u8>,
    pub(crate) flags: Flags,
    depth: usize,
    start: usize,
}

impl<'o> Printer<'o> {
    pub(crate) fn new(out: &'o mut Vec<u8>) -> Self {
        let start = out.len();
        Self { out, flags: Flags::default(), depth: 0, start }
    }

    /// Writes a value by a verb; `None` if the text grows too large or is nested too deeply.
    pub(crate) fn verb(&mut self, value: &Value, verb: char) -> Option<()> {
        if self.out.len() - self.start > MAX_TEXT {
            return None;
        }
        if verb == 'T' {
            let name = if value.is_nil() { Cow::Borrowed("<nil>") } else { value.type_name() };
            self.pad_text(name.as_bytes());
            return Some(());
        }
        match value {
            Value::None | Value::Nil => self.nil(verb),
            Value::Bool(truth) if matches!(verb, 't' | 'v') => {
                self.pad(if *truth { b"true" } else { b"false" });
            }
            Value::Int(number) | Value::Int64(number) => {
                self.integer(number.unsigned_abs(), *number < 0, verb, value)?;
            }
            Value::Uint64(number) => self.integer(*number, false, verb, value)?,
            Value::Uint8(number) => self.integer(u64::from(*number), false, verb, value)?,
            Value::Float(number) => self.float(*number, verb, value)?,
            Value::Complex(real, imaginary) => self.complex(*real, *imaginary, verb, value)?,
            Value::Text(text) => self.string(text, verb, value)?,
            Value::Bytes(bytes) => self.bytes(bytes, verb, value)?,
            Value::Map(map) => self.deeper(|printer| printer.map(map, map.kind().name(), verb))?,
            Value::List(list) => self.deeper(|printer| printer.list(list, list.kind().name(), verb))?,
            Value::Object(object) => self.object(&**object, verb, value)?,
            Value::Bool(_) => self.bad(value, verb)?,
        }
        Some(())
    }

    fn deeper(&mut self, write: impl FnOnce(&mut Self) -> Option<()>) -> Option<()> {
        if self.depth > MAX_DEPTH {
            return None;
        }
        self.depth += 1;
        let done = write(self);
        self.depth -= 1;
        done
    }

    /// A named map or slice as what it is, a struct by its fields, everything else by its text.
    fn object(&mut self, object: &dyn Object, verb: char, value: &Value) -> Option<()> {
        if let Some(plain) = object.underlying() {
            let name = object.type_name();
            return self.deeper(|printer| match &plain {
                Value::Map(map) => printer.map(map, &name, verb),
                Value::List(list) => printer.list(list, &name, verb),
                other => printer.verb(other, verb),
            });
        }
        if object.kind() == Kind::Pointer && !object.is_true() {
            return self.nil_pointer(verb, value);
        }
        let textual = object.prints_itself() && !self.flags.go && matches!(verb, 'v' | 's' | 'x' | 'X' | 'q');
        let fields = if textual { Vec::new() } else { object.fields() };
        if fields.is_empty() {
            return self.string(&object.print(), verb, value);
        }
        self.structure(object, &fields, verb)
    }

    fn nil_pointer(&mut self, verb: char, value: &Value) -> Option<()> {
        match verb {
            'v' if self.flags.go => self.push(&format!("({})(nil)", value.type_name())),
            'v' => self.pad(b"<nil>"),
            'b' | 'o' | 'd' | 'x' | 'X' => self.integer(0, false, verb, value)?,
            _ => self.bad(value, verb)?,
        }
        Some(())
    }

    fn structure(&mut self, object: &dyn Object, fields: &[Field], verb: char) -> Option<()> {
        if object.kind() == Kind::Pointer {
            if self.depth > 0 {
                // Go prints the address, which says nothing.
                self.push("0xc000000000");
                return Some(());
            }
            self.push("&");
        }
        if self.flags.go {
            self.push(object.type_name().trim_start_matches('*'));
        }
        self.push("{");
        for (number, field) in fields.iter().enumerate() {
            if number > 0 {
                self.push(if self.flags.go { ", " } else { " " });
            }
            if self.flags.go || self.flags.names {
                self.push(field.name);
                self.push(":");
            }
            self.deeper(|printer| printer.verb(&field.value, verb))?;
        }
        self.push("}");
        Some(())
    }

    fn nil(&mut self, verb: char) {
        if self.depth > 0 {
            let text: &[u8] = if self.flags.go { b"interface {}(nil)" } else { b"<nil>" };
            self.out.extend_from_slice(text);
        } else if verb == 'v' {
            self.pad(b"<nil>");
        } else {
            self.push(&format!("%!{verb}(<nil>)"));
        }
    }

    /// `%!d(string=x)`
    fn bad(&mut self, value: &Value, verb: char) -> Option<()> {
        self.push(&format!("%!{verb}({}=", value.type_name()));
        self.verb(value, 'v')?;
        self.out.push(b')');
        Some(())
    }

    pub(super) fn push(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    /// The text in its width.
    fn pad(&mut self, text: &[u8]) {
        let Some(width) = self.flags.width else {
            return self.out.extend_from_slice(text);
        };
        let missing = width.saturating_sub(count(text));
        let byte = if self.flags.zero && !self.flags.minus { b'0' } else { b' ' };
        if !self.flags.minus {
            self.out.resize(self.out.len() + missing, byte);
        }
        self.out.extend_from_slice(text);
        if self.flags.minus {
            self.out.resize(self.out.len() + missing, b' ');
        }
    }

    fn pad_text(&mut self, text: &[u8]) {
        let cut = self.cut(text);
        self.pad(cut);
    }

    /// The text cut to the precision, in characters.
    fn cut<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        let Some(most) = self.flags.precision else {
            return text;
        };
        let mut end = 0;
        for _ in 0..most {
            end += decode(&text[end..]).1;
        }
        &text[..end]
    }

    fn string(&mut self, text: &[u8], verb: char, value: &Value) -> Option<()> {
        match verb {
            'v' if self.flags.go => self.quoted(text),
            'v' | 's' => self.pad_text(text),
            'q' => self.quoted(text),
            'x' | 'X' => self.hex(text, verb == 'X'),
            _ => self.bad(value, verb)?,
        }
        Some(())
    }

    fn quoted(&mut self, text: &[u8]) {
        let cut = self.cut(text);
        let raw = !cut.contains(&b'`') && !cut.iter().any(|byte| *byte < 32 && *byte != b'\t' || *byte == 127);
        if self.flags.sharp && raw && str::from_utf8(cut).is_ok_and(|text| !text.contains('\u{feff}')) {
            let text = [b"`", cut, b"`"].concat();
            return self.pad(&text);
        }
        let text = if self.flags.plus { quote_ascii(cut) } else { quote(cut) };
        self.pad(text.as_bytes());
    }

    fn hex(&mut self, text: &[u8], upper: bool) {
        let cut = &text[..self.flags.precision.map_or(text.len(), |most| most.min(text.len()))];
        let prefix = if upper { "0X" } else { "0x" };
        let mut hex = String::with_capacity(cut.len() * 2);
        for (number, byte) in cut.iter().enumerate() {
            if self.flags.space && number > 0 {
                hex.push(' ');
            }
            if self.flags.sharp && (self.flags.space || number == 0) {
                hex.push_str(prefix);
            }
            let _ = if upper { write!(hex, "{byte:02X}") } else { write!(hex, "{byte:02x}") };
        }
        self.pad(hex.as_bytes());
    }

    fn bytes(&mut self, bytes: &[u8], verb: char, value: &Value) -> Option<()> {
        if !matches!(verb, 'v' | 'd') {
            return self.string(bytes, verb, value);
        }
        let (between, close) = if self.flags.go { (", ", "}") } else { (" ", "]") };
        self.push(match (self.flags.go, self.depth) {
            (false, _) => "[",
            (true, 0) => "[]byte{",
            (true, _) => "[]uint8{",
        });
        for (number, byte) in bytes.iter().enumerate() {
            if number > 0 {
                self.push(between);
            }
            let item = Value::Uint8(*byte);
            self.integer(u64::from(*byte), false, if self.flags.go { 'v' } else { 'd' }, &item)?;
        }
        self.push(close);
        Some(())
    }

    fn integer(&mut self, size: u64, negative: bool, verb: char, value: &Value) -> Option<()> {
        let unsigned = matches!(value.kind(), Kind::Uint8 | Kind::Uint64);
        match verb {
            'v' if self.flags.go && unsigned => {
                let sharp = std::mem::replace(&mut self.flags.sharp, true);
                self.based(size, negative, 'x');
                self.flags.sharp = sharp;
            }
            'v' | 'd' => self.based(size, negative, 'd'),
            'b' | 'o' | 'O' | 'x' | 'X' => self.based(size, negative, verb),
            'c' => {
                let text = character(size, negative).to_string();
                self.pad(text.as_bytes());
            }
            'q' => {
                let text = quote_char(character(size, negative), self.flags.plus);
                self.pad(text.as_bytes());
            }
            'U' => self.unicode(size, negative),
            _ => self.bad(value, verb)?,
        }
        Some(())
    }

    fn unicode(&mut self, size: u64, negative: bool) {
        let code = if negative { size.wrapping_neg() } else { size };
        let digits = self.flags.precision.unwrap_or(4).max(4);
        let mut text = format!("U+{code:0digits$X}");
        if self.flags.sharp
            && let Some(character) = u32::try_from(code).ok().and_then(char::from_u32).filter(|it| super::is_print(*it))
        {
            let _ = write!(text, " '{character}'");
        }
        let zero = std::mem::replace(&mut self.flags.zero, false);
        self.pad(text.as_bytes());
        self.flags.zero = zero;
    }

    fn based(&mut self, size: u64, negative: bool, verb: char) {
        let Flags { width, precision, plus, space, sharp, zero, minus, .. } = self.flags;
        if verb == 'd' && (width, precision, plus, space) == (None, None, false, false) {
            self.push(if negative { "-" } else { "" });
            return self.push(itoa::Buffer::new().format(size));
        }
        let zeros = std::mem::replace(&mut self.flags.zero, false);
        if precision == Some(0) && size == 0 {
            self.pad(b"");
            self.flags.zero = zeros;
            return;
        }
        let signed = negative || plus || space;
        let least = match (precision, width) {
            (Some(precision), _) => precision,
            (None, Some(width)) if zero && !minus => width.saturating_sub(usize::from(signed)),
            _ => 0,
        };
        let digits = match verb {
            'b' => format!("{size:b}"),
            'o' | 'O' => format!("{size:o}"),
            'x' => format!("{size:x}"),
            'X' => format!("{size:X}"),
            _ => size.to_string(),
        };
        let digits = format!("{digits:0>least$}");
        let prefix = match verb {
            'O' => "0o",
            'b' if sharp => "0b",
            'o' if sharp && !digits.starts_with('0') => "0",
            'x' if sharp => "0x",
            'X' if sharp => "0X",
            _ => "",
        };
        let sign = if negative {
            "-"
        } else if plus {
            "+"
        } else if space {
            " "
        } else {
            ""
        };
        self.pad(format!("{sign}{prefix}{digits}").as_bytes());
        self.flags.zero = zeros;
    }

    fn float(&mut self, number: f64, verb: char, value: &Value) -> Option<()> {
        let (form, precision) = match verb {
            'v' | 'g' | 'G' => (FloatForm::General, None),
            'e' | 'E' => (FloatForm::Exponent, Some(6)),
            'f' | 'F' => (FloatForm::Fixed, Some(6)),
            'x' | 'X' => (FloatForm::Hex, None),
            'b' => (FloatForm::Binary, None),
            _ => return self.bad(value, verb),
        };
        let mut text = format_float(number, form, self.flags.precision.or(precision));
        if self.flags.sharp && verb != 'b' && number.is_finite() {
            let digits = match (form, self.flags.precision) {
                (FloatForm::General, precision) => precision.unwrap_or(6),
                (FloatForm::Hex, None) => 6,
                _ => 0,
            };
            text = with_point(&text, digits);
        }
        if verb.is_ascii_uppercase() && number.is_finite() {
            text.make_ascii_uppercase();
        }
        self.signed(&text);
        Some(())
    }

    /// A number with its sign and, between the two, its zeros.
    fn signed(&mut self, text: &str) {
        let infinite = text.contains(['I', 'N']);
        let (sign, digits) = match text.as_bytes()[0] {
            sign @ (b'-' | b'+') => (sign, &text[1..]),
            _ => (b'+', text),
        };
        let shown = match sign {
            b'-' => "-",
            _ if self.flags.plus => "+",
            _ if self.flags.space => " ",
            _ if digits == "Inf" => "+",
            _ => "",
        };
        let zero = self.flags.zero && !infinite;
        let zeros = std::mem::replace(&mut self.flags.zero, zero);
        let length = shown.len() + digits.len();
        match self.flags.width {
            Some(width) if zero && !self.flags.minus && width > length => {
                self.push(shown);
                self.out.resize(self.out.len() + width - length, b'0');
                self.push(digits);
            }
            None => {
                self.push(shown);
                self.push(digits);
            }
            _ => self.pad(format!("{shown}{digits}").as_bytes()),
        }
        self.flags.zero = zeros;
    }

    fn complex(&mut self, real: f64, imaginary: f64, verb: char, value: &Value) -> Option<()> {
        if !matches!(verb, 'v' | 'g' | 'G' | 'e' | 'E' | 'f' | 'F') {
            return self.bad(value, verb);
        }
        let plus = self.flags.plus;
        self.out.push(b'(');
        self.float(real, verb, value)?;
        self.flags.plus = true;
        self.float(imaginary, verb, value)?;
        self.push("i)");
        self.flags.plus = plus;
        Some(())
    }

    fn map(&mut self, map: &Map, name: &str, verb: char) -> Option<()> {
        if map.kind() == MapKind::Nil && self.flags.go {
            self.push(&format!("{name}(nil)"));
            return Some(());
        }
        let (between, close) = if self.flags.go { (", ", "}") } else { (" ", "]") };
        if self.flags.go {
            self.push(name);
            self.push("{");
        } else {
            self.push("map[");
        }
        for (number, (key, value)) in map.entries().into_iter().enumerate() {
            if number > 0 {
                self.push(between);
            }
            self.verb(&Value::Text(key), verb)?;
            self.out.push(b':');
            self.verb(&value, verb)?;
        }
        self.push(close);
        Some(())
    }

    fn list(&mut self, list: &List, name: &str, verb: char) -> Option<()> {
        if list.is_nil() && self.flags.go {
            self.push(&format!("{name}(nil)"));
            return Some(());
        }
        let (between, close) = if self.flags.go { (", ", "}") } else { (" ", "]") };
        if self.flags.go {
            self.push(name);
            self.push("{");
        } else {
            self.push("[");
        }
        for (number, value) in list.iter().enumerate() {
            if number > 0 {
                self.push(between);
            }
            debug_assert!(list.kind() != ListKind::Text || matches!(value, Value::Text(_)), "a []string holds strings");
            self.verb(value, verb)?;
        }
        self.push(close);
        Some(())
    }
}

/// The sharp flag: a decimal point always, and zeros up to so many digits.
fn with_point(text: &str, digits: usize) -> String {
    let hex = text.contains("0x");
    let tail = text.find(|character| character == 'p' || !hex && character == 'e').unwrap_or(text.len());
    let (mut head, tail) = (text[..tail].to_owned(), &text[tail..]);
    let body = head.trim_start_matches(['-', '+']).trim_start_matches("0x");
    let leading = body.bytes().take_while(|byte| matches!(byte, b'0' | b'.')).filter(|byte| *byte == b'0').count();
    // Go counts the x of a hexadecimal number as one of its digits.
    let digits_written = body.bytes().filter(|byte| *byte != b'.').count();
    let written = if hex { digits_written + 1 } else { digits_written - leading };
    let written = if !hex && written == 0 { 1 } else { written };
    if !head.contains('.') {
        head.push('.');
    }
    head.push_str(&"0".repeat(digits.saturating_sub(written)));
    format!("{head}{tail}")
}

fn count(text: &[u8]) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    let mut rest = text;
    let mut characters = 0;
    while !rest.is_empty() {
        rest = &rest[decode(rest).1..];
        characters += 1;
    }
    characters
}

fn character(size: u64, negative: bool) -> char {
    if negative {
        return char::REPLACEMENT_CHARACTER;
    }
    u32::try_from(size).ok().and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER)
}
