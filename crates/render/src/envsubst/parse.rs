//! The grammar of substitutions.

use super::EnvsubstError;

/// Levels of `${a:-${b:-…}}`.
const MAX_NESTING: usize = 64;

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Node {
    /// Taken as it is.
    Text(String),
    /// A variable, what is done with it, and with what.
    Function { name: String, operator: String, arguments: Vec<Self> },
}

/// Takes a text apart.
pub(crate) fn parse(text: &str) -> Result<Vec<Node>, EnvsubstError> {
    let mut parser = Parser { rest: text, depth: 0 };
    let mut nodes = Vec::new();
    while !parser.rest.is_empty() {
        if parser.take("${") {
            nodes.push(parser.function()?);
        } else {
            nodes.push(Node::Text(parser.text_until(|_| false, Escapes::Dollar)));
        }
    }
    Ok(nodes)
}

/// Which escapes a run of text knows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Escapes {
    None,
    /// `$$`
    Dollar,
    /// `$$`, `\/` and `\\`
    All,
}

struct Parser<'a> {
    rest: &'a str,
    depth: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn take(&mut self, text: &str) -> bool {
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.rest = &self.rest[next.len_utf8()..];
        Some(next)
    }

    /// Text up to a character that ends it, or to the next `${`.
    fn text_until(&mut self, ends: impl Fn(char) -> bool, escapes: Escapes) -> String {
        let mut text = String::new();
        while let Some(next) = self.peek() {
            if escapes != Escapes::None && self.take("$$") {
                text.push('$');
            } else if self.rest.starts_with("${") {
                break;
            } else if escapes == Escapes::All && self.take("\\/") {
                text.push('/');
            } else if escapes == Escapes::All && self.take("\\\\") {
                text.push('\\');
            } else if ends(next) {
                break;
            } else {
                text.push(next);
                self.next();
            }
        }
        text
    }

    fn close(&mut self) -> Result<(), EnvsubstError> {
        if self.take("}") { Ok(()) } else { Err(EnvsubstError::BadSubstitution) }
    }

    fn name(&mut self) -> String {
        let end = self.rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        name.to_owned()
    }

    /// What follows `${`.
    fn function(&mut self) -> Result<Node, EnvsubstError> {
        self.depth += 1;
        if self.depth > MAX_NESTING {
            return Err(EnvsubstError::TooLarge("more than 64 levels"));
        }
        let node = self.function_body();
        self.depth -= 1;
        node
    }

    fn function_body(&mut self) -> Result<Node, EnvsubstError> {
        if self.take("#") {
            let name = self.name();
            if name.is_empty() {
                return Err(EnvsubstError::BadSubstitution);
            }
            self.close()?;
            return Ok(Node::Function { name, operator: "#".to_owned(), arguments: Vec::new() });
        }
        let name = self.name();
        if name.is_empty() {
            return Err(EnvsubstError::VariableName);
        }
        let (operator, arguments) = match self.peek() {
            Some(':') if self.rest[1..].starts_with(['=', '-', '?', '+']) => self.default(2)?,
            Some(':') => self.part()?,
            Some('=') => self.default(1)?,
            Some(',' | '^') => {
                let operator = self.run(&[',', '^'], 2);
                self.close()?;
                (operator, Vec::new())
            }
            Some('/') => self.replacement()?,
            Some(mark @ ('#' | '%')) => {
                let operator = self.run(&[mark], 2);
                let argument = self.argument(|c| c == '}', Escapes::None)?;
                self.close()?;
                (operator, vec![argument])
            }
            _ if self.take("}") => (String::new(), Vec::new()),
            _ => return Err(EnvsubstError::MissingClosingBrace),
        };
        Ok(Node::Function { name, operator, arguments })
    }

    /// Up to `most` of some characters.
    fn run(&mut self, accepted: &[char], most: usize) -> String {
        let mut run = String::new();
        while run.len() < most && self.rest.starts_with(accepted) {
            run.extend(self.next());
        }
        run
    }

    /// One argument: a substitution, or text that is not empty.
    fn argument(&mut self, ends: impl Fn(char) -> bool, escapes: Escapes) -> Result<Node, EnvsubstError> {
        if self.take("${") {
            return self.function();
        }
        let before = self.rest.len();
        let text = self.text_until(ends, escapes);
        if self.rest.len() == before { Err(EnvsubstError::FunctionArgument) } else { Ok(Node::Text(text)) }
    }

    /// `:-default`: as many texts and substitutions as there are.
    fn default(&mut self, length: usize) -> Result<(String, Vec<Node>), EnvsubstError> {
        let (operator, rest) = self.rest.split_at(length);
        self.rest = rest;
        let mut arguments = Vec::new();
        while !self.take("}") {
            arguments.push(self.argument(|c| c == '}', Escapes::None)?);
        }
        Ok((operator.to_owned(), arguments))
    }

    /// `:start` or `:start:length`.
    fn part(&mut self) -> Result<(String, Vec<Node>), EnvsubstError> {
        self.next();
        let mut arguments = vec![self.argument(|c| c == ':' || c == '}', Escapes::None)?];
        if !self.take("}") {
            if self.run(&[':'], usize::MAX).is_empty() {
                return Err(EnvsubstError::BadSubstitution);
            }
            arguments.push(self.argument(|c| c == '}', Escapes::None)?);
            self.close()?;
        }
        Ok((":".to_owned(), arguments))
    }

    /// `/old/new`, with `//`, `/#` and `/%`.
    fn replacement(&mut self) -> Result<(String, Vec<Node>), EnvsubstError> {
        let mut operator = self.run(&['/'], 1);
        operator.push_str(&self.run(&['/', '#', '%'], 1));
        let mut arguments = vec![self.argument(|c| c == '/', Escapes::All)?];
        if self.run(&['/'], usize::MAX).is_empty() {
            return Err(EnvsubstError::BadSubstitution);
        }
        if !self.take("}") {
            arguments.push(self.argument(|c| c == '}', Escapes::All)?);
            self.close()?;
        }
        Ok((operator, arguments))
    }
}
