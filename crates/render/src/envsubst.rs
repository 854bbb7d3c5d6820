//! `${name}` and its functions, as Flux substitutes them after a build.
//!
//! The forms: `${v}`, `${#v}`, `${v^}` `${v^^}` `${v,}` `${v,,}`, `${v:n}` `${v:n:m}`, `${v#p}` `${v##p}` `${v%p}`
//! `${v%%p}`, `${v:-d}` `${v:=d}` `${v=d}`, `${v/a/b}` `${v//a/b}` `${v/#a/b}` `${v/%a/b}`; `$$` is a dollar.
//! `${v?m}` and `${v+d}` are errors, `${v:?m}` and `${v:+d}` give the default: so does Flux.

mod functions;
mod glob;
mod parse;

use std::collections::BTreeMap;

pub(crate) use parse::{Node, parse};

/// Bytes that one object may grow to.
const MAX_OUTPUT: usize = 32 << 20;

/// What is wrong with a text or its variables.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvsubstError {
    /// A form that does not exist.
    #[error("bad substitution")]
    BadSubstitution,
    /// A name that does not end with `}`.
    #[error("missing closing brace")]
    MissingClosingBrace,
    /// Nothing, or no name, after `${`.
    #[error("unable to parse variable name")]
    VariableName,
    /// An argument that is empty or does not end.
    #[error("unable to parse substitution within function")]
    FunctionArgument,
    /// A variable without a value.
    #[error("variable not set (strict mode): \"{0}\"")]
    NotSet(String),
    /// A name that cannot be one of a variable.
    #[error("'{0}' var name is invalid, must match '^[_[:alpha:]][_[:alpha:][:digit:]]*$'")]
    InvalidName(String),
    /// The result is too big, or a pattern would take too long.
    #[error("the substitution is too large: {0}")]
    TooLarge(&'static str),
}

/// Replaces the variables in a text. Without `strict`, a variable without a value is empty.
pub fn evaluate(text: &str, variables: &BTreeMap<String, String>, strict: bool) -> Result<String, EnvsubstError> {
    if !text.contains('$') {
        return Ok(text.to_owned());
    }
    let mut output = String::with_capacity(text.len());
    let scope = Scope { variables, strict };
    for node in parse(text)? {
        scope.write(&node, &mut output)?;
        if output.len() > MAX_OUTPUT {
            return Err(EnvsubstError::TooLarge("more than 32 MiB"));
        }
    }
    Ok(output)
}

/// The variables that a text names, those in defaults among them; none if it is no template.
pub fn names(text: &str) -> Vec<String> {
    let (mut found, mut todo) = (Vec::new(), parse(text).unwrap_or_default());
    while let Some(node) = todo.pop() {
        if let Node::Function { name, arguments, .. } = node {
            if !found.contains(&name) {
                found.push(name);
            }
            todo.extend(arguments);
        }
    }
    found
}

/// Whether a text is a name that a variable may have.
pub fn is_name(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(|first| first == '_' || first.is_ascii_alphabetic())
        && characters.all(|other| other == '_' || other.is_ascii_alphanumeric())
}

struct Scope<'a> {
    variables: &'a BTreeMap<String, String>,
    strict: bool,
}

impl Scope<'_> {
    fn write(&self, node: &Node, output: &mut String) -> Result<(), EnvsubstError> {
        match node {
            Node::Text(text) => output.push_str(text),
            Node::Function { name, operator, arguments } => {
                let mut values = Vec::with_capacity(arguments.len());
                for argument in arguments {
                    let mut value = String::new();
                    self.write(argument, &mut value)?;
                    values.push(value);
                }
                let value = self.variables.get(name);
                if value.is_none() && self.strict && !functions::gives_default(operator) {
                    return Err(EnvsubstError::NotSet(name.clone()));
                }
                output.push_str(&functions::call(operator, value.map_or("", String::as_str), &values)?);
            }
        }
        Ok(())
    }
}
