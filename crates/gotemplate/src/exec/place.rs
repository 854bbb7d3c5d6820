//! Where the evaluation stands, for messages.

use super::eval::State;
use crate::error::{ExecError, Fault};
use crate::syntax::ast::{Command, File, Item, Operand, Pipe, Pos};

/// The node that is being evaluated.
#[derive(Clone, Copy)]
pub(super) enum At<'t> {
    Nothing,
    Item(&'t Item),
    Pipe(&'t Pipe),
    Command(&'t Command),
    Operand(&'t Operand),
}

impl At<'_> {
    fn pos(self, file: &File) -> Pos {
        match self {
            At::Nothing => 0,
            At::Item(item) => match item {
                Item::Action(pos, _) => *pos,
                Item::Template(call) => file.call(*call).pos,
                Item::If(branch) | Item::With(branch) | Item::Range(branch) => file.pipe(branch.pipe).pos,
                Item::Text(..) | Item::Break | Item::Continue => 0,
            },
            At::Pipe(pipe) => pipe.pos,
            At::Command(command) => command.pos,
            At::Operand(operand) => operand.pos,
        }
    }

    fn shown(self, file: &File) -> String {
        let mut out = String::new();
        match self {
            At::Nothing => {}
            At::Item(item) => file.write_item(item, &mut out),
            At::Pipe(pipe) => file.write_pipe(pipe, &mut out),
            At::Command(command) => file.write_command(command, &mut out),
            At::Operand(operand) => file.write_operand(operand, &mut out),
        }
        out
    }
}

impl State<'_, '_, '_> {
    /// An error at the place where the evaluation stands.
    #[cold]
    pub(super) fn error(&self, message: impl Into<String>) -> Box<ExecError> {
        let file = self.tree.file;
        let pos = self.at.pos(file) as usize;
        let before = &file.text[..pos.min(file.text.len())];
        let column = before.iter().rev().take_while(|byte| **byte != b'\n').count();
        Box::new(ExecError {
            template: self.tree.template.name.to_string(),
            file: file.name.to_string(),
            line: 1 + memchr::memchr_iter(b'\n', before).count(),
            column,
            expression: self.at.shown(file),
            message: message.into(),
            cause: None,
            raised: None,
        })
    }

    /// The error of a function that was called here.
    pub(super) fn fault(&self, name: &str, fault: Fault) -> Box<ExecError> {
        let mut error = self.error(format!("error calling {name}: {}", fault.message));
        error.cause = fault.cause;
        error.raised = fault.raised.then_some(fault.message);
        error
    }
}
