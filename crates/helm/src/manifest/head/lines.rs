//! The lines of a document.

/// Goes over the lines of a text once.
pub(super) struct Lines<'t> {
    rest: &'t [u8],
}

impl<'t> Lines<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { rest: text.as_bytes() }
    }

    /// The next line with something on it besides space and comments: its column, and the line from there without the
    /// space at its end. `Some(None)` at the end of the text, `None` for a line with tabs.
    #[expect(clippy::option_option, reason = "the outer one is for `?`, as everywhere in this reader")]
    pub(super) fn next(&mut self) -> Option<Option<(usize, &'t [u8])>> {
        while !self.rest.is_empty() {
            let (line, rest) = split(self.rest);
            self.rest = rest;
            let column = spaces(line);
            let line = without_end(&line[column..]);
            if line.is_empty() || line[0] == b'#' {
                continue;
            }
            if memchr::memchr(b'\t', line).is_some() {
                return None;
            }
            return Some(Some((column, line)));
        }
        Some(None)
    }

    /// Goes over the lines of a block scalar below a node of this column; `None` where its indentation is not plain to see.
    pub(super) fn skip_block(&mut self, column: usize) -> Option<()> {
        let mut indent: Option<usize> = None;
        let mut deepest_blank = 0;
        while !self.rest.is_empty() {
            let (line, rest) = split(self.rest);
            let deep = spaces(line);
            if deep == line.len() {
                deepest_blank = deepest_blank.max(deep);
            } else if deep < indent.unwrap_or(column + 1) {
                return is_text(line, deep);
            } else if indent.is_none() {
                // Blank lines before the first one must not be deeper than it.
                if deepest_blank > deep {
                    return None;
                }
                is_text(line, deep)?;
                indent = Some(deep);
            }
            self.rest = rest;
        }
        Some(())
    }
}

fn split(text: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memchr(b'\n', text) {
        Some(end) => (&text[..end], &text[end + 1..]),
        None => (text, &[]),
    }
}

/// Indentation is of spaces alone.
fn is_text(line: &[u8], deep: usize) -> Option<()> {
    (line.get(deep) != Some(&b'\t')).then_some(())
}

fn without_end(line: &[u8]) -> &[u8] {
    let end = line.iter().rposition(|byte| *byte != b' ').map_or(0, |last| last + 1);
    &line[..end]
}

fn spaces(line: &[u8]) -> usize {
    line.iter().take_while(|byte| **byte == b' ').count()
}
