//! How much work the loops of an expression can cause.

use goyaml::{Kind, Value};
use kube_cel::cel::common::ast::{Expr, IdedExpr};

/// Calls that make a list out of a text, so that texts count as lists.
const SPLITTING: [&str; 2] = ["split", "findAll"];
/// The call of `+`, which makes lists longer.
const ADDITION: &str = "_+_";

/// What counts in an expression for the work it can cause.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Loops {
    /// Loops inside of each other, at most.
    depth: u32,
    /// Longest list that the expression has itself.
    literal: usize,
    /// Additions.
    additions: u32,
    splits: bool,
}

impl Loops {
    pub(crate) fn of(expression: &IdedExpr) -> Self {
        let mut loops = Self::default();
        loops.depth = loops.visit(expression);
        loops
    }

    /// The steps that all loops take together over such values, at most.
    pub(crate) fn steps<'v>(&self, values: impl Iterator<Item = &'v Value>) -> u64 {
        let longest = values.map(|value| longest(value, self.splits)).max().unwrap_or_default().max(self.literal);
        let length = u64::try_from(longest).unwrap_or(u64::MAX).saturating_mul(u64::from(self.additions) + 1);
        length.saturating_pow(self.depth)
    }

    /// The loops inside of each other in an expression.
    fn visit(&mut self, expression: &IdedExpr) -> u32 {
        match &expression.expr {
            Expr::Comprehension(inner) => {
                let parts = [&inner.iter_range, &inner.accu_init, &inner.loop_cond, &inner.loop_step, &inner.result];
                1 + self.deepest(parts)
            }
            Expr::Call(call) => {
                self.additions += u32::from(call.func_name == ADDITION);
                self.splits |= SPLITTING.contains(&call.func_name.as_str());
                self.deepest(call.target.as_deref().into_iter().chain(&call.args))
            }
            Expr::List(list) => {
                self.literal = self.literal.max(list.elements.len());
                self.deepest(&list.elements)
            }
            Expr::Select(select) => self.visit(&select.operand),
            Expr::Map(map) => self.entries(&map.entries),
            Expr::Struct(value) => self.entries(&value.entries),
            Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => 0,
        }
    }

    fn deepest<'e>(&mut self, parts: impl IntoIterator<Item = &'e IdedExpr>) -> u32 {
        parts.into_iter().map(|part| self.visit(part)).max().unwrap_or_default()
    }

    fn entries(&mut self, entries: &[kube_cel::cel::common::ast::IdedEntryExpr]) -> u32 {
        use kube_cel::cel::common::ast::EntryExpr;
        self.literal = self.literal.max(entries.len());
        let deepest = |entry: &_| match entry {
            EntryExpr::StructField(field) => self.visit(&field.value),
            EntryExpr::MapEntry(entry) => self.visit(&entry.key).max(self.visit(&entry.value)),
        };
        entries.iter().map(|entry| &entry.expr).map(deepest).max().unwrap_or_default()
    }
}

/// The longest list or map in a value; with `texts`, the longest text too.
fn longest(value: &Value, texts: bool) -> usize {
    match value.kind() {
        Kind::Map(map) => map.values().map(|value| longest(value, texts)).max().unwrap_or_default().max(map.len()),
        Kind::List(items) => items.iter().map(|value| longest(value, texts)).max().unwrap_or_default().max(items.len()),
        Kind::String(text) if texts => text.len(),
        _ => 0,
    }
}
