//! Texts inside of other texts: where the lines and columns of a patch in a kustomization stand in its file.

use std::sync::Arc;

use goyaml::Pos;
use goyaml::origin::{self, SourceKind, Start};

use super::Loader;
use crate::documents::Source;
use crate::raw::{self, RawTexts};
use crate::read::Text;

impl Loader<'_> {
    /// A text that is a scalar of a file. `offset`: lines of the file before it, as far as messages care.
    pub(super) fn inline(&mut self, file: &Arc<str>, text: &Text, offset: u32) -> Source {
        let start =
            if self.raw.tracer.is_on() { start(&self.raw, text) } else { Start::After { lines: 0, columns: 0 } };
        // Only what is traced tells a block from quotes when the text is one line.
        let offset = match start {
            Start::After { lines, .. } if self.raw.tracer.is_on() && offset > 0 => lines,
            _ => offset,
        };
        let kind = if self.options.overlay_place.as_ref() == Some(file) { SourceKind::Given } else { SourceKind::File };
        let index = self.raw.tracer.add(origin::Source { name: file.clone(), kind, start });
        Source { file: file.clone(), index, offset }
    }
}

/// How lines and columns of a scalar's text are those of its file.
fn start(raw: &RawTexts, text: &Text) -> Start {
    let Pos { source, line, column } = text.pos;
    let place = raw.tracer.place(text.pos);
    let whole = place.map_or(Start::At { line, column }, |place| Start::At { line: place.line, column: place.column });
    let Some(bytes) = raw.file(source) else { return whole };
    let first = String::from_utf8_lossy(raw::line(bytes, line).unwrap_or_default()).into_owned();
    let rest: String = first.chars().skip(raw::index(column)).collect();
    if rest.starts_with('|') {
        return block(bytes, line, &text.text).map_or(whole, |columns| Start::After { lines: line, columns });
    }
    let quote = u32::from(rest.starts_with(['"', '\'']));
    let inner = if quote == 1 { &rest[1..] } else { &rest };
    if !text.text.contains('\n') && inner.starts_with(&text.text) {
        return Start::After { lines: line.saturating_sub(1), columns: column.saturating_sub(1) + quote };
    }
    whole
}

/// How far the lines of a literal block are indented: the first one that is not empty shows it.
fn block(bytes: &[u8], header: u32, text: &str) -> Option<u32> {
    let skipped = text.lines().take_while(|line| line.is_empty()).count();
    let inner = text.lines().nth(skipped)?;
    let number = header.checked_add(u32::try_from(skipped + 1).ok()?)?;
    let line = String::from_utf8_lossy(raw::line(bytes, number)?).into_owned();
    let indent = line.trim_end_matches('\r').strip_suffix(inner)?;
    u32::try_from(indent.chars().count()).ok()
}
