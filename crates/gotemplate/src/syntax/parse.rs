//! Tokens into trees: pipelines, commands and terms. What spans several actions is in `control`.

use std::borrow::Cow;
use std::mem;
use std::sync::Arc;

use super::ast::{
    Command, File, Item, Nodes, Operand, Pipe, PipeAt, Pos, Seq, Span, Template, Term, Variable, index, is_blank,
};
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
/// messages. For many texts there is [`Reader`].
///
/// # Errors
/// What is wrong first.
pub fn parse(name: &str, text: impl Into<Arc<[u8]>>, functions: Functions) -> Result<Parsed, ParseError> {
    Reader::new(functions).read(name, text)
}

/// Reads texts one after the other, in room that it makes once.
#[derive(Debug)]
pub struct Reader {
    functions: Functions,
    tokens: Vec<Token>,
    nodes: Nodes,
    open: Open,
}

impl Reader {
    /// A reader of texts that use these functions.
    pub fn new(functions: Functions) -> Self {
        Self { functions, tokens: Vec::new(), nodes: Nodes::default(), open: Open::default() }
    }

    /// The same as [`parse`].
    ///
    /// # Errors
    /// As [`parse`].
    pub fn read(&mut self, name: &str, text: impl Into<Arc<[u8]>>) -> Result<Parsed, ParseError> {
        let text: Arc<[u8]> = text.into();
        if u32::try_from(text.len()).is_err() {
            let message = "the text is larger than 4 GiB".to_owned();
            return Err(ParseError { file: name.to_owned(), line: 1, message });
        }
        let name: Arc<str> = name.into();
        let Self { functions, tokens, nodes, open } = self;
        let mut parser = Parser {
            name: &name,
            lexer: Lexer::new(&text, mem::take(tokens)),
            input: &text,
            functions: *functions,
            next: 0,
            seen: 0,
            frame: Frame::new(),
            templates: Vec::new(),
            nodes,
            open,
            nesting: 0,
        };
        let read = parser.file();
        let Parser { lexer, templates, .. } = parser;
        *tokens = lexer.into_room();
        open.clear();
        let nodes = nodes.take();
        read.map_err(|error| *error)?;
        Ok(Parsed { file: Arc::new(File { name, text, templates, nodes }) })
    }
}

/// What belongs to the template that is being read, and not to those around it.
pub(super) struct Frame {
    pub(super) variables: Vec<Variable>,
    /// Where the braces of the action opened that is being read.
    pub(super) action: Option<Pos>,
    pub(super) ranges: u32,
}

impl Frame {
    pub(super) fn new() -> Self {
        Self { variables: vec![Variable::DATA], action: None, ranges: 0 }
    }
}

pub(super) struct Parser<'t> {
    pub(super) name: &'t Arc<str>,
    lexer: Lexer<'t>,
    pub(super) input: &'t [u8],
    functions: Functions,
    /// The number of the next token among those that the lexer has.
    next: usize,
    /// How many of them were looked at: the last of these is where messages say that something is wrong.
    seen: usize,
    pub(super) frame: Frame,
    pub(super) templates: Vec<Template>,
    pub(super) nodes: &'t mut Nodes,
    /// Nodes whose list is not complete yet; those of inner lists are behind those of outer ones.
    pub(super) open: &'t mut Open,
    pub(super) nesting: usize,
}

/// Nodes that become neighbours when their list ends.
#[derive(Debug, Default)]
pub(super) struct Open {
    pub(super) items: Vec<Item>,
    commands: Vec<Command>,
    operands: Vec<Operand>,
}

impl Open {
    fn clear(&mut self) {
        self.items.clear();
        self.commands.clear();
        self.operands.clear();
    }
}

/// Moves what was opened last to the nodes that are complete.
pub(super) fn close<T: Copy>(open: &mut Vec<T>, from: usize, nodes: &mut Vec<T>) -> Seq {
    let start = nodes.len();
    match open[from..] {
        // Nearly all lists are of one, which is quicker than a copy of any number.
        [only] => nodes.push(only),
        ref all => nodes.extend_from_slice(all),
    }
    open.truncate(from);
    Seq::new(start, nodes.len())
}

/// The error is elsewhere, as what was read goes through many hands.
pub(super) type Outcome<T> = Result<T, Box<ParseError>>;

impl<'t> Parser<'t> {
    #[inline]
    pub(super) fn next(&mut self) -> Token {
        let token = self.peek();
        self.next += 1;
        token
    }

    #[inline]
    pub(super) fn peek(&mut self) -> Token {
        if self.next >= self.lexer.count() {
            self.more();
        }
        self.seen = self.seen.max(self.next + 1);
        self.lexer.token(self.next)
    }

    /// Goes on with the tokens that come now.
    #[inline(never)]
    fn more(&mut self) {
        self.lexer.read();
        self.next = 0;
        self.seen = 0;
    }

    /// Goes back to the token that was read last.
    pub(super) fn backup(&mut self) {
        self.next -= 1;
    }

    /// Where the next token stands, to come back to it within one action.
    pub(super) fn here(&self) -> usize {
        self.next
    }

    pub(super) fn back_to(&mut self, here: usize) {
        self.next = here;
    }

    pub(super) fn fail<T>(&self, message: impl Into<String>) -> Outcome<T> {
        let last = self.seen.checked_sub(1).map(|last| self.lexer.token(last)).unwrap_or_default();
        self.fail_at(last.start, message)
    }

    fn fail_at<T>(&self, pos: Pos, message: impl Into<String>) -> Outcome<T> {
        let line = line_at(self.input, pos);
        Err(Box::new(ParseError { file: self.name.to_string(), line, message: message.into() }))
    }

    fn text_of(&self, token: Token) -> &'t [u8] {
        token.span().of(self.input)
    }

    pub(super) fn expect(&mut self, kind: Kind, context: &str) -> Outcome<Token> {
        let token = self.next();
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

    pub(super) fn pipeline(&mut self, context: &str, end: Kind) -> Outcome<PipeAt> {
        let pos = self.peek().start;
        let (assign, declared) = self.declarations(context)?;
        let from = self.open.commands.len();
        loop {
            let token = self.next();
            if token.kind == end {
                break;
            }
            if !token.kind.begins_term() {
                return self.unexpected(token, context);
            }
            self.backup();
            let command = self.command()?;
            self.open.commands.push(command);
        }
        self.check(&self.open.commands[from..], context)?;
        let commands = close(&mut self.open.commands, from, &mut self.nodes.commands);
        self.nodes.pipes.push(Pipe { pos, assign, declared, commands });
        Ok(PipeAt(index(self.nodes.pipes.len() - 1)))
    }

    /// The variables before `:=` or `=`, and whether it is the latter.
    fn declarations(&mut self, context: &str) -> Outcome<(bool, [Option<Variable>; 2])> {
        let (mut assign, mut declared) = (false, [None; 2]);
        loop {
            if self.peek().kind != Kind::Variable {
                return Ok((assign, declared));
            }
            let here = self.here();
            let variable = self.next();
            let next = self.peek();
            let comma = next.kind == Kind::Char && self.text_of(next) == b",";
            if matches!(next.kind, Kind::Assign | Kind::Declare) || comma {
                assign = next.kind == Kind::Assign;
                self.next();
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
                if !matches!(self.peek().kind, Kind::Variable | Kind::RightDelim | Kind::RightParen) {
                    return self.fail("range can only initialize variables");
                }
                continue;
            }
            self.back_to(here);
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
        let [_, behind @ ..] = commands else {
            return self.fail(format!("missing value for {context}"));
        };
        for (number, command) in behind.iter().enumerate() {
            let first = command.args.of(&self.nodes.operands).first().map(|operand| &operand.term);
            if matches!(first, Some(Term::Bool(_) | Term::Dot | Term::Nil | Term::Number(_) | Term::Text(_))) {
                return self.fail(format!("non executable command in pipeline stage {}", number + 2));
            }
        }
        Ok(())
    }

    fn command(&mut self) -> Outcome<Command> {
        let pos = self.peek().start;
        let from = self.open.operands.len();
        while self.operand()? && self.peek().spaced {}
        let token = self.peek();
        match token.kind {
            Kind::RightDelim | Kind::RightParen => {}
            Kind::Pipe => self.next += 1,
            _ => return self.unexpected(token, "operand"),
        }
        if self.open.operands.len() == from {
            return self.fail("empty command");
        }
        Ok(Command { pos, args: close(&mut self.open.operands, from, &mut self.nodes.operands) })
    }

    /// One term with the names behind it; whether there is one.
    fn operand(&mut self) -> Outcome<bool> {
        let token = self.next();
        if token.kind == Kind::Field {
            let operand = self.field(token);
            self.open.operands.push(operand);
            return Ok(true);
        }
        let Some(term) = self.term(token)? else {
            self.backup();
            return Ok(false);
        };
        let mut operand = Operand { pos: token.start, span: token.span(), term };
        if self.name_follows() {
            operand = self.with_names(operand)?;
        }
        self.open.operands.push(operand);
        Ok(true)
    }

    /// A name behind a dot, with those that follow it.
    fn field(&mut self, first: Token) -> Operand {
        let start = self.nodes.names.len();
        self.field_name(first);
        let (pos, end) = if self.name_follows() { self.names() } else { (first.start, first.end) };
        let names = Seq::new(start, self.nodes.names.len());
        Operand { pos, span: Span { start: first.start, end }, term: Term::Field(names) }
    }

    /// Whether a dot with a name is next, without space before it.
    fn name_follows(&mut self) -> bool {
        let next = self.peek();
        next.kind == Kind::Field && !next.spaced
    }

    /// A term with the names that follow it.
    fn with_names(&mut self, first: Operand) -> Outcome<Operand> {
        let start = self.nodes.names.len();
        let (pos, end) = self.names();
        let names = Seq::new(start, self.nodes.names.len());
        let (span, term) = match first.term {
            Term::Variable(variable, _) => (Span { start: first.span.start, end }, Term::Variable(variable, names)),
            Term::Bool(_) | Term::Text(_) | Term::Number(_) | Term::Nil | Term::Dot => {
                let shown = crate::fmt::quote(first.span.of(self.input));
                let next = self.peek();
                // Go has seen what is next, which may be space.
                let seen = if next.spaced { end } else { next.start };
                return self.fail_at(seen, format!("unexpected . after term {shown}"));
            }
            Term::Field(_) | Term::Chain(..) | Term::Function(_) | Term::Pipe(_) => {
                self.nodes.operands.push(first);
                let inner = index(self.nodes.operands.len() - 1);
                (Span { start: pos, end }, Term::Chain(inner, names))
            }
        };
        Ok(Operand { pos, span, term })
    }

    /// Notes the names that follow; where they start and end.
    fn names(&mut self) -> (Pos, Pos) {
        let start = self.peek().start;
        let mut end = start;
        while self.name_follows() {
            let token = self.next();
            end = token.end;
            self.field_name(token);
        }
        (start, end)
    }

    /// Notes the name behind a dot.
    fn field_name(&mut self, token: Token) {
        self.nodes.names.push(Span { start: token.start + 1, end: token.end });
    }

    /// What a token begins, if that is a term.
    fn term(&mut self, token: Token) -> Outcome<Option<Term>> {
        Ok(Some(match token.kind {
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
            Kind::Bool => Term::Bool(self.text_of(token) == b"true"),
            Kind::CharConstant | Kind::Number => self.number(token)?,
            Kind::LeftParen => Term::Pipe(self.parenthesis()?),
            Kind::String | Kind::RawString => {
                let text = self.unquoted(token)?.into();
                self.nodes.texts.push(text);
                Term::Text(index(self.nodes.texts.len() - 1))
            }
            _ => return Ok(None),
        }))
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

    fn parenthesis(&mut self) -> Outcome<PipeAt> {
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
