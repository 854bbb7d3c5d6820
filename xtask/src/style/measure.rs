//! Counts the lines of files and functions.

use std::path::Path;

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, Block, ImplItemFn, Item, ItemFn, Signature, TraitItemFn};

use super::modules::{Module, attributes, is_test};
use super::{FILE_LIMIT, FUNCTION_LIMIT, Finding, whole};

/// What is too long in one file; tests may be as long as they like.
pub(super) fn measure(file: &Path, module: &Module) -> Vec<Finding> {
    if module.test {
        return Vec::new();
    }
    let syntax = match &module.syntax {
        Ok(syntax) => syntax,
        Err(why) => return vec![whole(file, &format!("not readable as Rust: {why}"))],
    };
    let mut counter = Counter { file, test_lines: 0, findings: Vec::new() };
    counter.visit_file(syntax);
    let production = module.text.lines().count().saturating_sub(counter.test_lines);
    let mut findings = counter.findings;
    if production > FILE_LIMIT {
        let what = format!("{production} lines outside tests; at most {FILE_LIMIT}: give a part its own file");
        findings.push(whole(file, &what));
    }
    findings
}

struct Counter<'a> {
    file: &'a Path,
    test_lines: usize,
    findings: Vec<Finding>,
}

impl Counter<'_> {
    fn function(&mut self, signature: &Signature, body: &Block) {
        let line = signature.fn_token.span.start().line;
        let lines = body.brace_token.span.close().end().line + 1 - line;
        if lines > FUNCTION_LIMIT {
            let what = format!("`{}` has {lines} lines; at most {FUNCTION_LIMIT}", signature.ident);
            self.findings.push(Finding { file: self.file.to_path_buf(), line, what });
        }
    }
}

impl<'ast> Visit<'ast> for Counter<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes = attributes(item);
        if is_test(attributes) {
            let first = attributes.first().map_or_else(|| item.span(), Attribute::span);
            self.test_lines += span_lines(first, item.span());
        } else {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        self.function(&function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        self.function(&function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast TraitItemFn) {
        if let Some(body) = &function.default {
            self.function(&function.sig, body);
        }
        visit::visit_trait_item_fn(self, function);
    }
}

fn span_lines(first: Span, last: Span) -> usize {
    last.end().line + 1 - first.start().line
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;
    use std::path::Path;

    use super::super::modules::Module;
    use super::measure;

    fn findings(text: String) -> Vec<(usize, String)> {
        let syntax = syn::parse_file(&text);
        let module = Module { test: false, text, syntax };
        let findings = measure(Path::new("x.rs"), &module);
        findings.into_iter().map(|finding| (finding.line, finding.what)).collect()
    }

    #[test]
    fn a_function_may_have_eighty_lines_and_no_more() {
        let body = |lines| "    ();\n".repeat(lines);
        assert!(findings(format!("fn fits() {{\n{}}}\n", body(78))).is_empty());
        let over = findings(format!("/// Said.\nimpl X {{\nfn over() {{\n{}}}\n}}\n", body(79)));
        assert_eq!(over, [(3, "`over` has 81 lines; at most 80".to_owned())]);
    }

    #[test]
    fn tests_do_not_count_as_lines_of_a_file() {
        let mut text = String::from("#[cfg(test)]\nmod tests {\n");
        for number in 0..900 {
            writeln!(text, "const A{number}: u8 = 0;").expect("a String takes all");
        }
        text.push_str("}\n");
        assert!(findings(text.clone()).is_empty());
        assert_eq!(findings(text.replace("#[cfg(test)]\n", "")).len(), 1);
    }
}
