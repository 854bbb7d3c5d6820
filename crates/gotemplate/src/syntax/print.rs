//! The tree back as text, as Go prints a node in its messages.

use super::ast::{Branch, Command, Item, Operand, Pipe, Term};
use crate::fmt::quote;

impl Item {
    pub(crate) fn write(&self, out: &mut String) {
        match self {
            Self::Text(_, text) => out.push_str(&String::from_utf8_lossy(text)),
            Self::Action(_, pipe) => {
                out.push_str("{{");
                pipe.write(out);
                out.push_str("}}");
            }
            Self::If(branch) => branch.write("if", out),
            Self::With(branch) => branch.write("with", out),
            Self::Range(branch) => branch.write("range", out),
            Self::Template(_, name, pipe) => {
                out.push_str("{{template ");
                out.push_str(&quote(name.as_bytes()));
                if let Some(pipe) = pipe {
                    out.push(' ');
                    pipe.write(out);
                }
                out.push_str("}}");
            }
            Self::Break => out.push_str("{{break}}"),
            Self::Continue => out.push_str("{{continue}}"),
        }
    }
}

impl Branch {
    fn write(&self, word: &str, out: &mut String) {
        out.push_str("{{");
        out.push_str(word);
        out.push(' ');
        self.pipe.write(out);
        out.push_str("}}");
        for item in &self.list {
            item.write(out);
        }
        if let Some(other) = &self.other {
            out.push_str("{{else}}");
            for item in other {
                item.write(out);
            }
        }
        out.push_str("{{end}}");
    }
}

impl Pipe {
    pub(crate) fn write(&self, out: &mut String) {
        if !self.declared.is_empty() {
            out.push_str(&self.declared.join(", "));
            out.push_str(if self.assign { " = " } else { " := " });
        }
        for (number, command) in self.commands.iter().enumerate() {
            if number > 0 {
                out.push_str(" | ");
            }
            command.write(out);
        }
    }
}

impl Command {
    pub(crate) fn write(&self, out: &mut String) {
        for (number, operand) in self.args.iter().enumerate() {
            if number > 0 {
                out.push(' ');
            }
            operand.write_in_parens(out);
        }
    }
}

impl Operand {
    fn write_in_parens(&self, out: &mut String) {
        if matches!(self.term, Term::Pipe(_)) {
            out.push('(');
            self.write(out);
            out.push(')');
        } else {
            self.write(out);
        }
    }

    pub(crate) fn write(&self, out: &mut String) {
        match &self.term {
            Term::Dot => out.push('.'),
            Term::Nil => out.push_str("nil"),
            Term::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Term::Number(number) => out.push_str(&number.text),
            Term::Text { quoted, .. } => out.push_str(quoted),
            Term::Field(names) => write_fields(names, out),
            Term::Variable(name, names) => {
                out.push_str(name);
                write_fields(names, out);
            }
            Term::Chain(operand, names) => {
                operand.write_in_parens(out);
                write_fields(names, out);
            }
            Term::Function(name, _) => out.push_str(name),
            Term::Pipe(pipe) => pipe.write(out),
        }
    }
}

fn write_fields(names: &[std::sync::Arc<str>], out: &mut String) {
    for name in names {
        out.push('.');
        out.push_str(name);
    }
}
