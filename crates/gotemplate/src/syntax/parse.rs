//! Tokens into trees: pipelines, commands and terms. What spans several actions is in `control`.

use std::borrow::Cow;
use std::sync::Arc;

use super::ast::{Command, File, Item, Nodes, Operand, Pipe, Pos, Seq, Span, Template, Term, Variable, is_blank};
use super::lex::{Kind, Lexer, Token, line_at};
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
    pub(crate) file: Arc<File>,
}

/// Reads one text, which is kept for as long as its templates are. `name` is the name of the template and of the file in
/// messages.
pub fn parse(name: &str, text: impl Into<Arc<[u8]>>, functions: Functions) -> Result<Parsed, ParseError> {
    let text: Arc<[u8]> = text.into();
    if u32::try_from(text.len()).is_err() {
        let message = "the text is larger than 4 GiB".to_owned();
        return Err(ParseError { file: name.to_owned(), line: 1, message });
    }
    let name: Arc<str> = name.into();
    let mut parser = Parser::new(&name, &text, functions);
    parser.file().map_err(|error| *error)?;
    let Parser { mut nodes, templates, .. } = parser;
    nodes.shrink();
    Ok(Parsed { file: Arc::new(File { name, text, templates, nodes }) })
}

/// What belongs to the template that is being read, and not to those around it.
pub(super) struct Frame {
    look: [Token; 3],
    ahead: usize,
    pub(super) variables: Vec<Variable>,
    /// Where the braces of the action opened that is being read.
    pub(super) action: Option<Pos>,
    pub(super) ranges: u32,
}

impl Frame {
    pub(super) fn new() -> Self {
        Self { look: [Token::NONE; 3], ahead: 0, variables: vec![Variable::DATA], action: None, ranges: 0 }
    }
}

pub(super) struct Parser<'t> {
    pub(super) name: &'t Arc<str>,
    lexer: Lexer<'t>,
    pub(super) input: &'t [u8],
    functions: Functions,
    pub(super) frame: Frame,
    pub(super) templates: Vec<Template>,
    pub(super) nodes: Nodes,
    /// Nodes whose list is not complete yet; those of inner lists are behind those of outer ones.
    pub(super) open: Open,
    pub(super) nesting: usize,
}

/// Nodes that become neighbours when their list ends.
#[derive(Default)]
pub(super) struct Open {
    pub(super) items: Vec<Item>,
    commands: Vec<Command>,
    operands: Vec<Operand>,
}

/// Moves what was opened last to the nodes that are complete.
pub(super) fn close<T>(open: &mut Vec<T>, from: usize, nodes: &mut Vec<T>) -> Seq {
    let start = nodes.len();
    nodes.extend(open.drain(from..));
    seq(start, nodes.len())
}

fn seq(start: usize, end: usize) -> Seq {
    Seq { start: index(start), end: index(end) }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "there are fewer nodes than bytes of the text, which are below 4 Gi"
)]
fn index(at: usize) -> u32 {
    at as u32
}

/// The error is elsewhere, as what was read goes through many hands.
pub(super) type Outcome<T> = Result<T, Box<ParseError>>;

impl<'t> Parser<'t> {
    fn new(name: &'t Arc<str>, input: &'t [u8], functions: Functions) -> Self {
        Self {
            name,
            lexer: Lexer::new(input),
            input,
            functions,
            frame: Frame::new(),
            templates: Vec::new(),
            nodes: Nodes::default(),
            open: Open::default(),
            nesting: 0,
        }
    }

    pub(super) fn next(&mut self) -> Token {
        let frame = &mut self.frame;
        if frame.ahead > 0 {
            frame.ahead -= 1;
        } else {
            frame.look[0] = self.lexer.next();
        }
        frame.look[frame.ahead]
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
        self.frame.look[self.frame.ahead - 1]
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
        let line = line_at(self.input, self.frame.look[0].start);
        Err(Box::new(ParseError { file: self.name.to_string(), line, message: message.into() }))
    }

    fn text_of(&self, token: Token) -> &'t [u8] {
        token.span().of(self.input)
    }

    pub(super) fn expect(&mut self, kind: Kind, context: &str) -> Outcome<Token> {
        let token = self.next_word();
        if token.kind == kind { Ok(token) } else { self.unexpected(token, context) }
    }

    #[cold]
    pub(super) fn unexpected<T>(&self, token: Token, context: &str) -> Outcome<T> {
        if token.kind != Kind::Error {
            return self.fail(format!("unexpected {} in {context}", self.shown(token)));
        }
        let message = self.lexer.trouble();
        let line = |pos| line_at(self.input, pos);
        let started = self.frame.action.map(line).filter(|started| *started != line(token.start));
        let Some(started) = started else {
            return self.fail(message);
        };
        let joint = if message.ends_with(" action") { " started at" } else { " in action started at" };
        self.fail(format!("{message}{joint} {}:{started}", self.name))
    }

    /// A token as messages show it: keywords in angle brackets, long texts cut.
    fn shown(&self, token: Token) -> String {
        if token.kind == Kind::Eof {
            return "EOF".to_owned();
        }
        let text = self.text_of(token);
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

    pub(super) fn unquoted(&self, token: Token) -> Outcome<Cow<'t, [u8]>> {
        match unquote(self.text_of(token)) {
            Some(text) => Ok(text),
            None => self.fail("invalid syntax"),
        }
    }

    /// Keeps a template; a second one of the same name in one text must be blank, or replace a blank one.
    pub(super) fn keep(&mut self, name: Arc<str>, root: Seq) -> Outcome<()> {
        let is_blank = is_blank(root.of(&self.nodes.items), self.input);
        let template = Template { name, root, is_blank };
        match self.templates.iter_mut().find(|known| known.name == template.name) {
            None => self.templates.push(template),
            Some(known) if known.is_blank => *known = template,
            Some(_) if is_blank => {}
            Some(_) => {
                let name = crate::fmt::quote(template.name.as_bytes());
                return self.fail(format!("template: multiple definition of template {name}"));
            }
        }
        Ok(())
    }

    pub(super) fn pipeline(&mut self, context: &str, end: Kind) -> Outcome<Pipe> {
        let pos = self.peek_word().start;
        let (assign, declared) = self.declarations(context)?;
        let from = self.open.commands.len();
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
                    self.open.commands.push(command);
                }
                _ => return self.unexpected(token, context),
            }
        }
        self.check(&self.open.commands[from..], context)?;
        let commands = close(&mut self.open.commands, from, &mut self.nodes.commands);
        Ok(Pipe { pos, assign, declared, commands })
    }

    /// The variables before `:=` or `=`, and whether it is the latter.
    fn declarations(&mut self, context: &str) -> Outcome<(bool, [Option<Variable>; 2])> {
        let (mut assign, mut declared) = (false, [None; 2]);
        loop {
            let variable = self.peek_word();
            if variable.kind != Kind::Variable {
                return Ok((assign, declared));
            }
            self.next_word();
            let after = self.peek();
            let next = self.peek_word();
            let comma = next.kind == Kind::Char && self.text_of(next) == b",";
            if matches!(next.kind, Kind::Assign | Kind::Declare) || comma {
                assign = next.kind == Kind::Assign;
                self.next_word();
                let number = self.variable(variable);
                let second = declared[0].is_some();
                declared[usize::from(second)] = Some(number);
                self.frame.variables.push(number);
                if !comma {
                    return Ok((assign, declared));
                }
                if context != "range" || second {
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
            return Ok((assign, declared));
        }
    }

    /// The number of a variable.
    fn variable(&mut self, token: Token) -> Variable {
        let name = self.text_of(token);
        if name == b"$" {
            return Variable::DATA;
        }
        let known = self.nodes.variables.iter().position(|known| known.of(self.input) == name);
        let known = known.unwrap_or_else(|| {
            self.nodes.variables.push(token.span());
            self.nodes.variables.len() - 1
        });
        Variable::at(index(known))
    }

    fn check(&self, commands: &[Command], context: &str) -> Outcome<()> {
        if commands.is_empty() {
            return self.fail(format!("missing value for {context}"));
        }
        for (number, command) in commands.iter().enumerate().skip(1) {
            let first = command.args.of(&self.nodes.operands).first().map(|operand| &operand.term);
            if matches!(first, Some(Term::Bool(_) | Term::Dot | Term::Nil | Term::Number(_) | Term::Text(_))) {
                return self.fail(format!("non executable command in pipeline stage {}", number + 1));
            }
        }
        Ok(())
    }

    fn command(&mut self) -> Outcome<Command> {
        let pos = self.peek_word().start;
        let from = self.open.operands.len();
        loop {
            self.peek_word();
            if let Some(operand) = self.operand()? {
                self.open.operands.push(operand);
            }
            let token = self.next();
            match token.kind {
                Kind::Space => continue,
                Kind::RightDelim | Kind::RightParen => self.backup(),
                Kind::Pipe => {}
                _ => return self.unexpected(token, "operand"),
            }
            break;
        }
        if self.open.operands.len() == from {
            return self.fail("empty command");
        }
        Ok(Command { pos, args: close(&mut self.open.operands, from, &mut self.nodes.operands) })
    }

    fn operand(&mut self) -> Outcome<Option<Operand>> {
        let Some(first) = self.term()? else {
            return Ok(None);
        };
        let next = self.peek();
        if next.kind != Kind::Field {
            return Ok(Some(first));
        }
        let own = matches!(first.term, Term::Field(_) | Term::Variable(..));
        // The first name of a field was read just now, so that the others stand behind it.
        let start = self.nodes.names.len() - usize::from(matches!(first.term, Term::Field(_)));
        let mut end = next.end;
        while self.peek().kind == Kind::Field {
            let token = self.next();
            end = token.end;
            self.field_name(token);
        }
        let names = seq(start, self.nodes.names.len());
        let pos = next.start;
        let span = Span { start: if own { first.span.start } else { pos }, end };
        let term = match first.term {
            Term::Field(_) => Term::Field(names),
            Term::Variable(variable, _) => Term::Variable(variable, names),
            Term::Bool(_) | Term::Text(_) | Term::Number(_) | Term::Nil | Term::Dot => {
                let shown = crate::fmt::quote(first.span.of(self.input));
                return self.fail(format!("unexpected . after term {shown}"));
            }
            Term::Chain(..) | Term::Function(_) | Term::Pipe(_) => {
                let inner = self.nodes.operands.len();
                self.nodes.operands.push(first);
                Term::Chain(seq(inner, inner + 1), names)
            }
        };
        Ok(Some(Operand { pos, span, term }))
    }

    /// Notes the name behind a dot.
    fn field_name(&mut self, token: Token) {
        self.nodes.names.push(Span { start: token.start + 1, end: token.end });
    }

    fn term(&mut self) -> Outcome<Option<Operand>> {
        let token = self.next_word();
        let term = match token.kind {
            Kind::Identifier => {
                let name = self.text_of(token);
                match self.functions.find(name) {
                    Some(function) => Term::Function(function),
                    None => return self.fail(format!("function {} not defined", crate::fmt::quote(name))),
                }
            }
            Kind::Dot => Term::Dot,
            Kind::Nil => Term::Nil,
            Kind::Variable => {
                let variable = self.variable(token);
                if !self.frame.variables.contains(&variable) {
                    return self.fail(format!("undefined variable {}", crate::fmt::quote(self.text_of(token))));
                }
                Term::Variable(variable, Seq::default())
            }
            Kind::Field => {
                self.field_name(token);
                let end = self.nodes.names.len();
                Term::Field(seq(end - 1, end))
            }
            Kind::Bool => Term::Bool(self.text_of(token) == b"true"),
            Kind::CharConstant | Kind::Number => self.number(token)?,
            Kind::LeftParen => Term::Pipe(self.parenthesis()?),
            Kind::String | Kind::RawString => Term::Text(self.unquoted(token)?.into()),
            _ => {
                self.backup();
                return Ok(None);
            }
        };
        Ok(Some(Operand { pos: token.start, span: token.span(), term }))
    }

    fn number(&mut self, token: Token) -> Outcome<Term> {
        let text = String::from_utf8_lossy(self.text_of(token));
        let read = if token.kind == Kind::CharConstant { Number::from_char(&text) } else { Number::parse(&text) };
        match read {
            Ok(number) => {
                self.nodes.numbers.push(number);
                Ok(Term::Number(index(self.nodes.numbers.len() - 1)))
            }
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
