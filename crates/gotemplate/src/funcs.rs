//! The functions, one family a file. Each file ends in the table that names them with their Go types.

#![expect(
    clippy::unnecessary_wraps,
    reason = "every function has the type that the table asks for, those that cannot fail too"
)]

mod builtin;
mod case;
mod cast;
mod compare;
mod crypto;
pub(crate) mod dates;
mod decimal;
mod defaults;
mod dicts;
mod encoding;
mod flow;
mod json;
mod json_syntax;
mod lists;
mod math;
mod paths;
mod reflection;
pub(crate) mod regexes;
mod semver;
mod string_lists;
mod strings;
mod toml;
mod url;
mod words;
mod wrap;
mod yaml;

use crate::registry::Function;

/// Go's own functions and Sprig's.
pub(crate) const SPRIG: &[&[Function]] = &[
    builtin::TABLE,
    case::TABLE,
    compare::TABLE,
    crypto::CERTIFICATES,
    crypto::CIPHERS,
    crypto::KEYS,
    crypto::PASSWORDS,
    dates::TABLE,
    defaults::TABLE,
    dicts::TABLE,
    encoding::TABLE,
    flow::TABLE,
    json::TABLE,
    lists::TABLE,
    math::TABLE,
    paths::TABLE,
    reflection::TABLE,
    regexes::TABLE,
    semver::TABLE,
    string_lists::TABLE,
    strings::TABLE,
    url::TABLE,
    words::TABLE,
    wrap::TABLE,
];

/// Helm's functions; those of a name that Sprig has replace it.
pub(crate) const HELM: &[&[Function]] = &[flow::HELM, json::HELM, toml::TABLE, yaml::TABLE];
