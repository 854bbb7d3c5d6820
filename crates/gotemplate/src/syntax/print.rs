//! Nodes back as text, as Go prints them in its messages.

use super::ast::{Branch, Command, File, Item, Operand, Pipe, Seq, Span, Term};
use crate::fmt::quote;

impl File {
    pub(crate) fn write_item(&self, item: &Item, out: &mut String) {
        match item {
            Item::Text(span) => self.write_span(*span, out),
            Item::Action(_, pipe) => {
                out.push_str("{{");
                self.write_pipe(self.pipe(*pipe), out);
                out.push_str("}}");
            }
            Item::If(branch) => self.write_branch("if", branch, out),
            Item::With(branch) => self.write_branch("with", branch, out),
            Item::Range(branch) => self.write_branch("range", branch, out),
            Item::Template(call) => {
                let call = self.call(*call);
                out.push_str("{{template ");
                out.push_str(&quote(call.name.as_bytes()));
                if let Some(pipe) = call.pipe {
                    out.push(' ');
                    self.write_pipe(self.pipe(pipe), out);
                }
                out.push_str("}}");
            }
            Item::Break => out.push_str("{{break}}"),
            Item::Continue => out.push_str("{{continue}}"),
        }
    }

    fn write_items(&self, items: Seq, out: &mut String) {
        for item in self.items(items) {
            self.write_item(item, out);
        }
    }

    fn write_branch(&self, word: &str, branch: &Branch, out: &mut String) {
        out.push_str("{{");
        out.push_str(word);
        out.push(' ');
        self.write_pipe(self.pipe(branch.pipe), out);
        out.push_str("}}");
        self.write_items(branch.list, out);
        if let Some(other) = branch.other {
            out.push_str("{{else}}");
            self.write_items(other, out);
        }
        out.push_str("{{end}}");
    }

    pub(crate) fn write_pipe(&self, pipe: &Pipe, out: &mut String) {
        for (number, variable) in pipe.declared.iter().flatten().enumerate() {
            if number > 0 {
                out.push_str(", ");
            }
            out.push_str(&String::from_utf8_lossy(self.variable(*variable)));
        }
        if pipe.declares() {
            out.push_str(if pipe.assign { " = " } else { " := " });
        }
        for (number, command) in self.commands(pipe).iter().enumerate() {
            if number > 0 {
                out.push_str(" | ");
            }
            self.write_command(command, out);
        }
    }

    pub(crate) fn write_command(&self, command: &Command, out: &mut String) {
        for (number, operand) in self.operands(command.args).iter().enumerate() {
            if number > 0 {
                out.push(' ');
            }
            self.write_in_parens(operand, out);
        }
    }

    fn write_in_parens(&self, operand: &Operand, out: &mut String) {
        if matches!(operand.term, Term::Pipe(_)) {
            out.push('(');
            self.write_operand(operand, out);
            out.push(')');
        } else {
            self.write_operand(operand, out);
        }
    }

    pub(crate) fn write_operand(&self, operand: &Operand, out: &mut String) {
        match &operand.term {
            Term::Pipe(pipe) => self.write_pipe(self.pipe(*pipe), out),
            Term::Chain(inner, names) => {
                self.write_in_parens(self.operand(*inner), out);
                for name in self.names(*names) {
                    out.push('.');
                    self.write_span(*name, out);
                }
            }
            _ => self.write_span(operand.span, out),
        }
    }

    /// An operand as it is shown.
    pub(crate) fn shown(&self, operand: &Operand) -> String {
        let mut out = String::new();
        self.write_operand(operand, &mut out);
        out
    }

    fn write_span(&self, span: Span, out: &mut String) {
        out.push_str(&String::from_utf8_lossy(self.text_of(span)));
    }
}
