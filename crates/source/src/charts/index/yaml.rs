//! An index in YAML, line by line. Lines are told apart by their indentation: what stands deeper than a chart's name
//! belongs to it, as YAML demands of all styles. Only the items of the wanted chart are parsed.

use std::io::BufRead;

use goyaml::Value;

use super::{Counted, Fault, Found, Gathered, MAX_ITEM, MAX_LISTED, listed, parse};

pub(super) fn scan(index: impl BufRead, gathered: Gathered<'_>) -> Result<Found, Fault> {
    let mut lines = Lines { inner: Counted::new(index), line: Vec::new(), cut: false };
    let mut scan = Scan { gathered, place: Place::Top, number: 0, piece: Piece::default() };
    while lines.next()? {
        scan.number += 1;
        scan.line(&lines).map_err(Fault::Form)?;
    }
    scan.close_chart().map_err(Fault::Form)?;
    scan.gathered.finish()
}

/// The lines of a text, of each no more than [`MAX_ITEM`] bytes held and [`MAX_LISTED`] read.
struct Lines<R> {
    inner: Counted<R>,
    line: Vec<u8>,
    cut: bool,
}

impl<R: BufRead> Lines<R> {
    /// Brings the next line into `line`, with its end.
    fn next(&mut self) -> Result<bool, Fault> {
        self.line.clear();
        self.cut = false;
        let mut length = 0;
        loop {
            let piece = self.inner.inner.fill_buf()?;
            if piece.is_empty() {
                return Ok(!self.line.is_empty());
            }
            let end = memchr::memchr(b'\n', piece);
            let count = end.map_or(piece.len(), |end| end + 1);
            let room = MAX_ITEM.saturating_sub(self.line.len());
            self.line.extend_from_slice(&piece[..count.min(room)]);
            self.cut |= count > room;
            self.inner.inner.consume(count);
            self.inner.count(count)?;
            length += count;
            if length > MAX_LISTED {
                return Err(Fault::Form(format!("a line has more than {MAX_LISTED} bytes")));
            }
            if end.is_some() {
                return Ok(true);
            }
        }
    }
}

/// Where a line stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Outside `entries`.
    Top,
    /// Below `entries`, whose first name is to come.
    Entries,
    /// Below `entries`, whose names are indented so far; inside the wanted chart or not.
    Charts { indent: usize, wanted: bool },
}

/// Lines that are parsed together: an item, or where a chart is not written as a list of them the whole chart.
#[derive(Default)]
struct Piece {
    text: Vec<u8>,
    /// Lines of the index before it.
    before: u64,
    /// Where items begin; unknown until the first, and in a whole chart.
    indent: Option<usize>,
    whole: bool,
}

struct Scan<'w> {
    gathered: Gathered<'w>,
    place: Place,
    number: u64,
    piece: Piece,
}

impl Scan<'_> {
    fn line<R>(&mut self, lines: &Lines<R>) -> Result<(), String> {
        let raw = lines.line.strip_prefix(b"\xEF\xBB\xBF").filter(|_| self.number == 1).unwrap_or(&lines.line);
        let text = raw.trim_ascii_end();
        let indent = text.iter().take_while(|byte| **byte == b' ').count();
        let text = &text[indent..];
        if text.is_empty() || text.starts_with(b"#") {
            return self.add(raw, lines.cut);
        }
        match self.place {
            Place::Top => return self.top(indent, text),
            Place::Entries if indent == 0 => return self.leave(text),
            Place::Entries => self.place = Place::Charts { indent, wanted: false },
            Place::Charts { .. } => {}
        }
        let Place::Charts { indent: names, .. } = self.place else {
            return Ok(());
        };
        if indent == 0 {
            return self.leave(text);
        }
        let is_item = text.starts_with(b"- ") || text == b"-";
        if indent <= names
            && !is_item
            && let Some((name, rest)) = key(text)
        {
            return self.name(names, &name, rest, raw);
        }
        if is_item { self.item(indent, raw, lines.cut) } else { self.add(raw, lines.cut) }
    }

    /// A line outside `entries`.
    fn top(&mut self, indent: usize, text: &[u8]) -> Result<(), String> {
        if indent > 0 {
            return Ok(());
        }
        match key(text) {
            Some((name, rest)) if name == "apiVersion" => {
                self.gathered.api_version = !rest.is_empty();
            }
            Some((name, rest)) if name == "entries" => {
                self.gathered.entries = true;
                match without_comment(rest) {
                    b"" => self.place = Place::Entries,
                    b"{}" | b"null" | b"~" => {}
                    _ => {
                        let number = self.number;
                        return Err(format!(
                            "line {number}: `entries` is neither a block of YAML nor is the whole index JSON"
                        ));
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The first line behind `entries`.
    fn leave(&mut self, text: &[u8]) -> Result<(), String> {
        self.close_chart()?;
        self.place = Place::Top;
        self.top(0, text)
    }

    /// A chart begins.
    fn name(&mut self, indent: usize, name: &str, rest: &[u8], raw: &[u8]) -> Result<(), String> {
        self.close_chart()?;
        let wanted = self.gathered.chart(name);
        self.place = Place::Charts { indent, wanted };
        let whole = !without_comment(rest).is_empty();
        self.piece = Piece { before: self.number - 1, whole, ..Piece::default() };
        if whole { self.add(raw, false) } else { Ok(()) }
    }

    /// A line that begins with a hyphen: the next item, or a list inside of one.
    fn item(&mut self, indent: usize, raw: &[u8], cut: bool) -> Result<(), String> {
        let begins = !self.piece.whole && self.piece.indent.is_none_or(|items| indent == items);
        if begins && matches!(self.place, Place::Charts { wanted: true, .. }) {
            self.close_piece()?;
            self.piece = Piece { before: self.number - 1, indent: Some(indent), ..Piece::default() };
        }
        self.add(raw, cut)
    }

    /// Adds a line to the piece, if it is one of the wanted chart.
    fn add(&mut self, raw: &[u8], cut: bool) -> Result<(), String> {
        if !matches!(self.place, Place::Charts { wanted: true, .. }) {
            return Ok(());
        }
        if cut || self.piece.text.len() + raw.len() > MAX_ITEM {
            return Err(format!("line {}: an item has more than {MAX_ITEM} bytes", self.number));
        }
        self.piece.text.extend_from_slice(raw);
        Ok(())
    }

    fn close_chart(&mut self) -> Result<(), String> {
        if matches!(self.place, Place::Charts { wanted: true, .. }) {
            self.close_piece()?;
        }
        Ok(())
    }

    /// Parses what was gathered.
    fn close_piece(&mut self) -> Result<(), String> {
        let piece = std::mem::take(&mut self.piece);
        let value = parse(&piece.text, piece.before)?;
        let list = if piece.whole { value.as_map().and_then(|map| map.values().next()).cloned() } else { Some(value) };
        let list = list.unwrap_or(Value::NULL);
        let items = match list.as_list() {
            Some(items) => items,
            None if list.is_null() => return Ok(()),
            None => return Err(format!("line {}: the versions of a chart are a list", piece.before + 1)),
        };
        items.iter().map(listed).try_for_each(|item| self.gathered.keep(item))
    }
}

/// The key of a line and what follows it; none where the line is no `key: value`.
fn key(text: &[u8]) -> Option<(String, &[u8])> {
    let quote = text.first().copied().filter(|byte| matches!(byte, b'"' | b'\''));
    let end = match quote {
        Some(quote) => 2 + memchr::memchr(quote, &text[1..])?,
        None => colon(text)?,
    };
    let rest = text[end..].trim_ascii_start().strip_prefix(b":")?;
    let name = match quote {
        Some(_) => parse(&text[..end], 0).ok()?.as_str()?.to_owned(),
        None => std::str::from_utf8(&text[..end]).ok()?.trim_end().to_owned(),
    };
    Some((name, rest.trim_ascii()))
}

/// The place of the colon that ends a plain key.
fn colon(text: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b':', text).find(|at| text.get(at + 1).is_none_or(u8::is_ascii_whitespace))
}

fn without_comment(text: &[u8]) -> &[u8] {
    match memchr::memmem::find(text, b" #") {
        Some(at) => text[..at].trim_ascii_end(),
        None if text.starts_with(b"#") => b"",
        None => text,
    }
}
