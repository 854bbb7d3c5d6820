//! Standard output and standard error: the only place that prints.
//!
//! A closed pipe (`setpoint get all | head -1`) ends the program quietly, as other Unix tools do.

use std::io::{self, BufWriter, IsTerminal, Write};

use goyaml::Value;
use object::FieldDiff;

use crate::args::OutputFormat;

/// Bytes of small parts that are written at once.
const WRITTEN_AT_ONCE: usize = 64 << 10;

/// Prints a line to standard output.
pub(crate) fn line(text: impl AsRef<str>) {
    raw(&format!("{}\n", text.as_ref()));
}

/// Prints text to standard output as it is.
pub(crate) fn raw(text: &str) {
    bytes(text.as_bytes());
}

/// Prints bytes to standard output as they are.
pub(crate) fn bytes(text: &[u8]) {
    let mut out = io::stdout().lock();
    end_if_gone(&out.write_all(text).and_then(|()| out.flush()));
}

/// Prints what stands in several places to standard output as if it stood in one.
pub(crate) fn parts(parts: &[impl AsRef<[u8]>]) {
    let mut out = BufWriter::with_capacity(WRITTEN_AT_ONCE, io::stdout().lock());
    let written = parts.iter().try_for_each(|part| out.write_all(part.as_ref()));
    end_if_gone(&written.and_then(|()| out.flush()));
}

/// Ends the program if whoever reads us has gone: there is nobody left to tell.
fn end_if_gone(written: &io::Result<()>) {
    if written.is_err() {
        std::process::exit(0);
    }
}

/// Prints a line to standard error: progress, notes, errors.
pub(crate) fn note(text: impl AsRef<str>) {
    let _ = writeln!(io::stderr().lock(), "{}", text.as_ref());
}

/// Whether colours and moving bars are welcome on standard error.
pub(crate) fn is_fancy() -> bool {
    io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Prints a list of objects as JSON or YAML the way kubectl does: one object alone, several as a `List`.
pub(crate) fn objects(format: OutputFormat, mut objects: Vec<Value>) {
    let value = if objects.len() == 1 {
        objects.remove(0)
    } else {
        Value::from_iter([("apiVersion", Value::from("v1")), ("kind", "List".into()), ("items", objects.into())])
    };
    if format == OutputFormat::Json {
        line(serde_json::to_string_pretty(&value).expect("because a tree has only text keys and JSON kinds"));
    } else {
        raw(&goyaml::emit(&value));
    }
}

/// Differences for scripts: `path`, `before` and `after` of each field, null for what is not there.
pub(crate) fn differences(fields: &[FieldDiff]) -> Value {
    let side = |value: &Option<Value>| value.clone().unwrap_or(Value::NULL);
    let field = |field: &FieldDiff| {
        let parts =
            [("path", field.path.as_str().into()), ("before", side(&field.before)), ("after", side(&field.after))];
        Value::from_iter(parts)
    };
    fields.iter().map(field).collect()
}

/// Prints rows under headings in aligned columns, three spaces apart, as kubectl does.
pub(crate) fn table(headings: &[&str], rows: &[Vec<String>]) {
    raw(&columns(headings, rows));
}

fn columns(headings: &[&str], rows: &[Vec<String>]) -> String {
    let heading_row: Vec<String> = headings.iter().map(|&heading| heading.to_owned()).collect();
    let all = || std::iter::once(&heading_row).chain(rows);
    let width_of =
        |column: usize| all().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..headings.len()).map(width_of).collect();
    let print = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:<width$}"));
        format!("{}\n", cells.collect::<Vec<_>>().join("   ").trim_end())
    };
    all().map(print).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_lines_have_no_trailing_space() {
        let rows =
            vec![vec!["apps".into(), "True".into(), String::new()], vec!["x".into(), "False".into(), "why".into()]];
        assert_eq!(
            columns(&["NAME", "READY", "STATUS"], &rows),
            "NAME   READY   STATUS\napps   True\nx      False   why\n"
        );
    }
}
