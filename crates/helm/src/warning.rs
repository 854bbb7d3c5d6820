//! What is odd, but no reason to stop.

use std::fmt;

/// Something that Helm would print on standard error and go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Which chart, as a path of names: `parent/charts/child`. Empty where no chart is concerned.
    pub chart: String,
    /// Helm's words.
    pub message: String,
}

impl Warning {
    pub(crate) fn new(chart: &str, message: impl Into<String>) -> Self {
        Self { chart: chart.to_owned(), message: message.into() }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.chart.is_empty() {
            write!(out, "{}: ", self.chart)?;
        }
        out.write_str(&self.message)
    }
}
