//! Tokens into trees: pipelines, commands and terms. What spans several actions is in `control`.

use std::sync::Arc;

use super::ast::{Command, Operand, Pipe, Pos, Term, Tree, is_blank};
use super::lex::{Kind, Lexer, Token};
use super::number::Number;
use super::unquote::unquote;
use crate::registry::Functions;

/// Levels of parentheses and of blocks within one template.
pub(super) const MAX_NESTING: usize = 250;

/// Why a text is not a template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("template: {file}:{line}: {message}")]
pub struct ParseError {
    /// The name the text was given.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// What is wrong, as Go words it.
    pub message: String,
}

/// The templates of one text: itself, and those that it defines. Shared between runs and threads.
#[derive(Debug, Clone)]
pub struct Parsed {
    pub(crate) trees: Vec<Arc<Tree>>,
}

/// Reads one text. `name` is the name of the template and of the file in messages.
pub fn parse(name: &str, text: &[u8], functions: Functions) -> Result<Parsed, ParseError> {
    if u32::try_from(text.len()).is_err() {
        let message = "the text is larger than 4 GiB".to_owned();
        return Err(ParseError { file: name.to_owned(), line: 1, message });
    }
    let text: Arc<[u8]> = text.into();
    let mut parser = Parser {
        file: name.into(),
        lexer: Lexer::new(&text),
        input: text.clone(),
        functions,
        frame: Frame::new(),
        trees: Vec::new(),
        nesting: 0,
    };
    parser.file()?;
    Ok(Parsed { trees: parser.trees })
}

/// What belongs to the template that is being read, and not to those around it.
pub(super) struct Frame {
    look: [Token; 3],
    ahead: usize,
    pub(super) variables: Vec<Arc<str>>,
    pub(super) action_line: u32,
    pub(super) ranges: u32,
}

impl Frame {
    pub(super) fn new() -> Self {
        let none = || Token { kind: Kind::Error, start: 0, end: 0, line: 0, message: None };
        Self { look: [none(), none(), none()], ahead: 0, variables: vec!["$".into()], action_line: 0, ranges: 0 }
    }
}

pub(super) struct Parser<'t> {
    pub(super) file: Arc<str>,
    lexer: Lexer<'t>,
    pub(super) input: Arc<[u8]>,
    functions: Functions,
    pub(super) frame: Frame,
    pub(super) trees: Vec<Arc<Tree>>,
    pub(super) nesting: usize,
}

pub(super) type Outcome<T> = Result<T, ParseError>;

#[expect(clippy::cast_possible_truncation, reason = "texts are at most 4 GiB, checked before")]
pub(super) fn at(token: &Token) -> Pos {
    token.start as Pos
}

impl Parser<'_> {
    pub(super) fn next(&mut self) -> Token {
        let frame = &mut self.frame;
        if frame.ahead > 0 {
            frame.ahead -= 1;
        } else {
            frame.look[0] = self.lexer.next();
        }
        frame.look[frame.ahead].clone()
    }

    pub(super) fn backup(&mut self) {
        self.frame.ahead += 1;
    }

    pub(super) fn backup2(&mut self, first: Token) {
        self.frame.look[1] = first;
        self.frame.ahead = 2;
    }

    fn backup3(&mut self, first: Token, second: Token) {
        self.frame.look[1] = second;
        self.frame.look[2] = first;
        self.frame.ahead = 3;
    }

    pub(super) fn peek(&mut self) -> Token {
        if self.frame.ahead == 0 {
            self.frame.look[0] = self.lexer.next();
            self.frame.ahead = 1;
        }
        self.frame.look[self.frame.ahead - 1].clone()
    }

    pub(super) fn next_word(&mut self) -> Token {
        loop {
            let token = self.next();
            if token.kind != Kind::Space {
                return token;
            }
        }
    }

    pub(super) fn peek_word(&mut self) -> Token {
        let token = self.next_word();
        self.backup();
        token
    }

    pub(super) fn fail<T>(&self, message: impl Into<String>) -> Outcome<T> {
        let line = self.frame.look[0].line;
        Err(ParseError { file: self.file.to_string(), line, message: message.into() })
    }

    pub(super) fn text_of(&self, token: &Token) -> Arc<str> {
        String::from_utf8_lossy(&self.input[token.start..token.end]).into()
    }

    pub(super) fn expect(&mut self, kind: Kind, context: &str) -> Outcome<Token> {
        let token = self.next_word();
        if token.kind == kind { Ok(token) } else { self.unexpected(&token, context) }
    }

    pub(super) fn unexpected<T>(&self, token: &Token, context: &str) -> Outcome<T> {
        if token.kind != Kind::Error {
            return self.fail(format!("unexpected {} in {context}", self.shown(token)));
        }
        let message = token.message.as_deref().unwrap_or_default();
        let started = self.frame.action_line;
        if started == 0 || started == token.line {
            return self.fail(message);
        }
        let joint = if message.ends_with(" action") { " started at" } else { " in action started at" };
        self.fail(format!("{message}{joint} {}:{started}", self.file))
    }

    /// A token as messages show it: keywords in angle brackets, long texts cut.
    fn shown(&self, token: &Token) -> String {
        if token.kind == Kind::Eof {
            return "EOF".to_owned();
        }
        let text = &self.input[token.start..token.end];
        if token.kind.is_keyword() {
            return format!("<{}>", String::from_utf8_lossy(text));
        }
        let full = String::from_utf8_lossy(text);
        if text.len() > 10 {
            let start: String = full.chars().take(10).collect();
            return format!("{}...", crate::fmt::quote(start.as_bytes()));
        }
        crate::fmt::quote(text)
    }

    pub(super) fn unquoted(&self, token: &Token) -> Outcome<Vec<u8>> {
        match unquote(&self.input[token.start..token.end]) {
            Some(text) => Ok(text),
            None => self.fail("invalid syntax"),
        }
    }

    /// Keeps a template; a second one of the same name in one text must be blank, or replace a blank one.
    pub(super) fn keep(&mut self, tree: Tree) -> Outcome<()> {
        match self.trees.iter().position(|known| known.name == tree.name) {
            None => self.trees.push(Arc::new(tree)),
            Some(known) if is_blank(&self.trees[known].root) => self.trees[known] = Arc::new(tree),
            Some(_) if is_blank(&tree.root) => {}
            Some(_) => {
                let name = crate::fmt::quote(tree.name.as_bytes());
                return self.fail(format!("template: multiple definition of template {name}"));
            }
        }
        Ok(())
    }

    pub(super) fn pipeline(&mut self, context: &str, end: Kind) -> Outcome<Pipe> {
        let pos = at(&self.peek_word());
        let mut pipe = Pipe { pos, assign: false, declared: Vec::new(), commands: Vec::new() };
        self.declarations(&mut pipe, context)?;
        loop {
            let token = self.next_word();
            match token.kind {
                kind if kind == end => break,
                Kind::Bool
                | Kind::CharConstant
                | Kind::Dot
                | Kind::Field
                | Kind::Identifier
                | Kind::Number
                | Kind::Nil
                | Kind::RawString
                | Kind::String
                | Kind::Variable
                | Kind::LeftParen => {
                    self.backup();
                    let command = self.command()?;
                    pipe.commands.push(command);
                }
                _ => return self.unexpected(&token, context),
            }
        }
        self.check(&pipe, context)?;
        Ok(pipe)
    }

    fn declarations(&mut self, pipe: &mut Pipe, context: &str) -> Outcome<()> {
        loop {
            let variable = self.peek_word();
            if variable.kind != Kind::Variable {
                return Ok(());
            }
            self.next_word();
            let after = self.peek();
            let next = self.peek_word();
            let comma = next.kind == Kind::Char && self.input[next.start] == b',';
            if matches!(next.kind, Kind::Assign | Kind::Declare) || comma {
                pipe.assign = next.kind == Kind::Assign;
                self.next_word();
                let name = self.text_of(&variable);
                pipe.declared.push(name.clone());
                self.frame.variables.push(name);
                if !comma {
                    return Ok(());
                }
                if context != "range" || pipe.declared.len() >= 2 {
                    return self.fail(format!("too many declarations in {context}"));
                }
                if !matches!(self.peek_word().kind, Kind::Variable | Kind::RightDelim | Kind::RightParen) {
                    return self.fail("range can only initialize variables");
                }
                continue;
            }
            if after.kind == Kind::Space {
                self.backup3(variable, after);
            } else {
                self.backup2(variable);
            }
            return Ok(());
        }
    }

    fn check(&self, pipe: &Pipe, context: &str) -> Outcome<()> {
        if pipe.commands.is_empty() {
            return self.fail(format!("missing value for {context}"));
        }
        for (number, command) in pipe.commands.iter().enumerate().skip(1) {
            let first = &command.args[0].term;
            if matches!(first, Term::Bool(_) | Term::Dot | Term::Nil | Term::Number(_) | Term::Text { .. }) {
                return self.fail(format!("non executable command in pipeline stage {}", number + 1));
            }
        }
        Ok(())
    }

    fn command(&mut self) -> Outcome<Command> {
        let mut command = Command { pos: at(&self.peek_word()), args: Vec::new() };
        loop {
            self.peek_word();
            if let Some(operand) = self.operand()? {
                command.args.push(operand);
            }
            let token = self.next();
            match token.kind {
                Kind::Space => continue,
                Kind::RightDelim | Kind::RightParen => self.backup(),
                Kind::Pipe => {}
                _ => return self.unexpected(&token, "operand"),
            }
            break;
        }
        if command.args.is_empty() { self.fail("empty command") } else { Ok(command) }
    }

    fn operand(&mut self) -> Outcome<Option<Operand>> {
        let Some(mut operand) = self.term()? else {
            return Ok(None);
        };
        let first = self.peek();
        if first.kind != Kind::Field {
            return Ok(Some(operand));
        }
        let mut fields = Vec::new();
        while self.peek().kind == Kind::Field {
            let token = self.next();
            fields.push(self.field_name(&token));
        }
        let pos = at(&first);
        operand = match operand.term {
            Term::Field(mut names) => {
                names.extend(fields);
                Operand { pos, term: Term::Field(names) }
            }
            Term::Variable(name, mut names) => {
                names.extend(fields);
                Operand { pos, term: Term::Variable(name, names) }
            }
            Term::Bool(_) | Term::Text { .. } | Term::Number(_) | Term::Nil | Term::Dot => {
                let mut text = String::new();
                operand.write(&mut text);
                return self.fail(format!("unexpected . after term {}", crate::fmt::quote(text.as_bytes())));
            }
            _ => Operand { pos, term: Term::Chain(Box::new(operand), fields) },
        };
        Ok(Some(operand))
    }

    fn field_name(&self, token: &Token) -> Arc<str> {
        String::from_utf8_lossy(&self.input[token.start + 1..token.end]).into()
    }

    fn term(&mut self) -> Outcome<Option<Operand>> {
        let token = self.next_word();
        let term = match token.kind {
            Kind::Identifier => {
                let name = self.text_of(&token);
                match self.functions.find(&name) {
                    Some(function) => Term::Function(name, function),
                    None => return self.fail(format!("function {} not defined", crate::fmt::quote(name.as_bytes()))),
                }
            }
            Kind::Dot => Term::Dot,
            Kind::Nil => Term::Nil,
            Kind::Variable => {
                let name = self.text_of(&token);
                if !self.frame.variables.contains(&name) {
                    return self.fail(format!("undefined variable {}", crate::fmt::quote(name.as_bytes())));
                }
                Term::Variable(name, Vec::new())
            }
            Kind::Field => Term::Field(vec![self.field_name(&token)]),
            Kind::Bool => Term::Bool(&self.input[token.start..token.end] == b"true"),
            Kind::CharConstant | Kind::Number => self.number(&token)?,
            Kind::LeftParen => Term::Pipe(self.parenthesis()?),
            Kind::String | Kind::RawString => {
                let text = self.unquoted(&token)?.into();
                Term::Text { quoted: self.text_of(&token), text }
            }
            _ => {
                self.backup();
                return Ok(None);
            }
        };
        Ok(Some(Operand { pos: at(&token), term }))
    }

    fn number(&self, token: &Token) -> Outcome<Term> {
        let text = self.text_of(token);
        let read = if token.kind == Kind::CharConstant { Number::from_char(&text) } else { Number::parse(&text) };
        match read {
            Ok(number) => Ok(Term::Number(number)),
            Err(message) => self.fail(message),
        }
    }

    fn parenthesis(&mut self) -> Outcome<Pipe> {
        self.enter("max expression depth exceeded")?;
        let pipe = self.pipeline("parenthesized pipeline", Kind::RightParen);
        self.nesting -= 1;
        pipe
    }

    /// One level deeper; callers step out by themselves, an error ends the parse anyway.
    pub(super) fn enter(&mut self, message: &str) -> Outcome<()> {
        if self.nesting >= MAX_NESTING {
            return self.fail(message);
        }
        self.nesting += 1;
        Ok(())
    }
}
