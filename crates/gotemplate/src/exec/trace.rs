//! What a run read, and where in the file its output comes from.

use std::collections::HashSet;

use crate::syntax::ast::Pos;
use crate::value::{Map, Text};

/// Different keys that are noted of one run; more are not.
const MAX_READS: usize = 100_000;

/// Notes of one run.
#[derive(Debug, Default)]
pub struct Trace {
    /// The keys of maps that were looked at, each once.
    pub reads: Vec<Read>,
    seen: HashSet<(usize, Text)>,
    pub(super) marks: Vec<Mark>,
}

/// A key that was looked at.
#[derive(Debug, Clone)]
pub struct Read {
    /// The map.
    pub map: Map,
    /// The key.
    pub key: Text,
}

/// From this byte of the output on, it comes from this byte of the file; text is copied from there, everything else was
/// made there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    pub(super) out: usize,
    pub(super) pos: Pos,
    pub(super) text: bool,
}

impl Trace {
    pub(super) fn read(&mut self, map: &Map, key: &[u8]) {
        if self.reads.len() < MAX_READS && self.seen.insert((map.id(), key.into())) {
            self.reads.push(Read { map: map.clone(), key: key.into() });
        }
    }

    /// Which byte of the file a byte of the output comes from; what included templates wrote comes from where they are
    /// included.
    pub fn place(&self, out: usize) -> Option<usize> {
        let after = self.marks.partition_point(|mark| mark.out <= out);
        let mark = self.marks.get(after.checked_sub(1)?)?;
        let pos = usize::try_from(mark.pos).ok()?;
        Some(if mark.text { pos + (out - mark.out) } else { pos })
    }
}

#[cfg(test)]
mod tests {
    use crate::{Functions, Map, NoHost, Options, Renderer, TemplateSet, Value, parse};

    #[test]
    fn a_trace_leads_from_output_to_file_and_values() {
        let text = "a: 1\n{{ if .x }}b: {{ get .m \"k\" }}\nc: {{ end }}d\n";
        let mut set = TemplateSet::new(Functions::Helm);
        set.add(&parse("t", text.as_bytes(), Functions::Helm).expect("a template"));
        let inner = Map::from_iter([("k", Value::from("long value"))]);
        let data = Map::from_iter([("x", Value::Bool(true)), ("m", inner.clone().into())]);
        let mut renderer = Renderer::new(&set, &NoHost, Options::default());
        renderer.start_trace();
        let out = renderer.render("t", &data.clone().into()).expect("output").to_vec();
        assert_eq!(out, b"a: 1\nb: long value\nc: d\n");
        let trace = renderer.take_trace();
        let reads: Vec<_> = trace.reads.iter().map(|read| (read.map.id(), &*read.key)).collect();
        let expected: [(usize, &[u8]); 3] = [(data.id(), b"x"), (data.id(), b"m"), (inner.id(), b"k")];
        assert_eq!(reads, expected);
        let place = |needle: &str, from: &[u8]| from.windows(needle.len()).position(|at| at == needle.as_bytes());
        for (needle, origin) in [("a: 1", "a: 1"), ("b: ", "b: "), ("long", "get .m"), ("c: ", "c: "), ("d\n", "d\n")] {
            let at = trace.place(place(needle, &out).expect("output")).expect("a place");
            assert_eq!(Some(at), place(origin, text.as_bytes()), "{needle}");
        }
    }
}
