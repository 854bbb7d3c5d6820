//! The texts that values were read from.
//!
//! Every value carries its place ([`Pos`]): the source's number, line and column. A chart's own files are numbered when
//! it is loaded, what the user set is numbered from [`USER`] on: so both are read once, each for itself, and are put
//! together at every render.

use std::fmt;
use std::sync::Arc;

use goyaml::Pos;

/// The first number of what the user set.
pub const USER: u32 = 1 << 31;

/// One text that values come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A file of the chart or of a chart inside it.
    Chart {
        /// Its path from the top of the loaded tree, such as `charts/redis/values.yaml` or
        /// `charts/redis-1.2.3.tgz/values.yaml`.
        path: Arc<str>,
    },
    /// A file given with `-f`.
    File {
        /// Its name as it was given.
        name: Arc<str>,
    },
    /// A setting given on the command line.
    Setting {
        /// `--set` or one of its kin.
        flag: &'static str,
        /// Its text.
        text: Arc<str>,
    },
}

/// All sources of one render.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    chart: Arc<[Source]>,
    user: Arc<[Source]>,
}

impl Sources {
    /// The sources of a chart (its root's) and of what the user set.
    pub fn new(chart: &Arc<[Source]>, user: &Arc<[Source]>) -> Self {
        Self { chart: Arc::clone(chart), user: Arc::clone(user) }
    }

    /// The text that a value was read from; `None` for a value that was made.
    pub fn get(&self, pos: Pos) -> Option<&Source> {
        if pos.line == 0 {
            return None;
        }
        let (table, number) =
            if pos.source < USER { (&self.chart, pos.source) } else { (&self.user, pos.source - USER) };
        table.get(usize::try_from(number).ok()?)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chart { path } => out.write_str(path),
            Self::File { name } => out.write_str(name),
            Self::Setting { flag, text } => write!(out, "{flag} {text}"),
        }
    }
}
