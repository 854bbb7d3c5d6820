//! Go's `fmt` over template values: `print`, `println`, `printf` and how an action prints its result.

mod directive;
mod number;
mod quoted;
mod value;

pub(crate) use number::float_text;
pub(crate) use quoted::write_quoted;
pub use quoted::{is_print, quote};

use crate::value::Value;
use value::Printer;

/// Bytes of one formatted text.
pub(crate) const MAX_TEXT: usize = 16 << 20;

/// What an action writes: `fmt.Fprint` of one operand; `None` if it is larger than [`MAX_TEXT`].
pub(crate) fn print(value: &Value, out: &mut Vec<u8>) -> Option<()> {
    match value {
        Value::Text(text) => out.extend_from_slice(text),
        Value::None => out.extend_from_slice(b"<no value>"),
        // Unlike functions, an action can take the address of what it prints.
        Value::Object(object) if object.underlying().is_none() => out.extend_from_slice(&object.print()),
        _ => Printer::new(out).verb(value, 'v')?,
    }
    Some(())
}

/// A value as `%v` prints it; `None` if it is too large or nested too deeply. For [`crate::Object::print`].
pub fn text_of(value: &Value) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    write(value, &mut out)?;
    Some(out)
}

/// The same, behind what is in `out`.
pub(crate) fn write(value: &Value, out: &mut Vec<u8>) -> Option<()> {
    Printer::new(out).verb(value, 'v')
}

/// `fmt.Sprint`: a space between operands where neither is a string.
pub(crate) fn sprint(args: &[Value], out: &mut Vec<u8>) -> Option<()> {
    let mut after_text = true;
    for (number, arg) in args.iter().enumerate() {
        let text = matches!(arg, Value::Text(_));
        if number > 0 && !text && !after_text {
            out.push(b' ');
        }
        Printer::new(out).verb(arg, 'v')?;
        after_text = text;
    }
    Some(())
}

/// `fmt.Sprintln`: a space between all operands, and a newline.
pub(crate) fn sprintln(args: &[Value], out: &mut Vec<u8>) -> Option<()> {
    for (number, arg) in args.iter().enumerate() {
        if number > 0 {
            out.push(b' ');
        }
        Printer::new(out).verb(arg, 'v')?;
    }
    out.push(b'\n');
    Some(())
}

/// `fmt.Sprintf`; `None` if the text is too large.
pub(crate) fn sprintf(format: &[u8], args: &[Value], out: &mut Vec<u8>) -> Option<()> {
    directive::run(format, args, out)
}
