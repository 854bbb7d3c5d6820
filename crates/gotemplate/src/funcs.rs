//! The functions, one family a file. Each file ends in the table that names them with their Go types.

mod builtin;
mod cast;
mod compare;
mod defaults;
mod dicts;
mod lists;
mod reflection;
mod string_lists;
mod strings;

use crate::registry::Function;

/// Go's own functions and Sprig's.
pub(crate) const SPRIG: &[&[Function]] = &[
    builtin::TABLE,
    compare::TABLE,
    defaults::TABLE,
    dicts::TABLE,
    lists::TABLE,
    reflection::TABLE,
    string_lists::TABLE,
    strings::TABLE,
];

/// Helm's functions; those of a name that Sprig has replace it.
pub(crate) const HELM: &[&[Function]] = &[];
