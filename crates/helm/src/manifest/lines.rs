//! Which line of a template a line of its output comes from.

use std::sync::Arc;

use gotemplate::Trace;

/// What Go prints for nothing; it is taken out of the output.
pub(crate) const NO_VALUE: &[u8] = b"<no value>";

/// From a place in the output of a file to the line of its template.
#[derive(Debug)]
pub(crate) struct Lines {
    trace: Trace,
    removed: Vec<usize>,
    template: Arc<[u8]>,
}

impl Lines {
    pub(crate) fn new(trace: Trace, removed: Vec<usize>, template: &Arc<[u8]>) -> Self {
        Self { trace, removed, template: Arc::clone(template) }
    }

    /// The line, from 1, that a byte of the output comes from; 0 if that is not known.
    pub(crate) fn line(&self, at: usize) -> u32 {
        let mut at = at;
        for removed in &self.removed {
            if *removed <= at {
                at += NO_VALUE.len();
            }
        }
        let Some(place) = self.trace.place(at) else { return 0 };
        let before = self.template.get(..place).unwrap_or(&self.template);
        u32::try_from(memchr::memchr_iter(b'\n', before).count() + 1).unwrap_or(u32::MAX)
    }
}
