//! Go's text/template with Sprig's and Helm's functions: the language, its values, and what runs it.
//!
//! A text is read once ([`parse`]) into trees that threads share; a [`TemplateSet`] names them; a [`Renderer`] runs them
//! over [`Value`]s. Time, randomness and the cluster are asked of a [`Host`]; the crate itself does no I/O.
//!
//! ```
//! use gotemplate::{Functions, Map, NoHost, Options, Renderer, TemplateSet, Value, parse};
//!
//! let mut set = TemplateSet::new(Functions::Helm);
//! set.add(&parse("chart/templates/a.yaml", "name: {{ .name | quote }}".as_bytes(), Functions::Helm)?);
//! let mut renderer = Renderer::new(&set, &NoHost, Options::default());
//! let data = Value::Map(Map::from_iter([("name", Value::from("web"))]));
//! assert_eq!(renderer.render("chart/templates/a.yaml", &data)?, b"name: \"web\"");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod exec;
mod fmt;
mod funcs;
mod host;
mod options;
mod registry;
pub mod semver;
mod syntax;
mod value;

pub use error::{ExecError, Fault};
pub use exec::{Dependence, Read, Renderer, TemplateSet, Trace};
pub use fmt::{is_print, quote, text_of as print};
pub use funcs::dates::{days_in, days_until};
pub use host::{Host, Instant, NoHost};
pub use options::{MAX_DEPTH, MAX_MEMORY, MAX_OUTPUT, MAX_STEPS, MissingKey, Options};
pub use registry::{Functions, Type};
pub use syntax::{ParseError, Parsed, Reader, parse};
pub use value::{
    Field, Fields, Kind, List, ListKind, MAX_DEPTH as MAX_VALUE_DEPTH, Map, MapKind, Member, Object, Text, Value,
    from_yaml, given, to_yaml, write_yaml,
};
