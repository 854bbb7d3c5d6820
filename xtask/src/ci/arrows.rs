//! Proves that the engines are pure: no runtime, no network, no Kubernetes client among their dependencies, and no clock,
//! environment, file system or process in their own code.

use std::path::Path;
use std::process::Command;

use syn::visit::{self, Visit};
use syn::{Item, UseTree};

use crate::failure::{Failure, output};
use crate::style::modules::{self, attributes, is_test};

/// The crates that turn trees into trees and know nothing of the world.
const ENGINES: [&str; 8] =
    ["goyaml", "gotemplate", "helm", "sops", "structured-merge", "kustomize", "object", "expression"];
/// Packages whose presence means a way to the world.
const WORLDLY: [&str; 9] = ["tokio", "async-std", "kube", "kube-client", "hyper", "reqwest", "gix", "rustls", "jiff"];
/// Modules of the standard library that are ways to the world.
const WAYS: [&str; 5] = ["env", "fs", "net", "process", "time"];

/// Fails naming every arrow that points the wrong way.
pub(super) fn check(root: &Path) -> Result<(), Failure> {
    let mut wrong = Vec::new();
    for engine in ENGINES {
        let mut tree = Command::new("cargo");
        tree.current_dir(root).args(["tree", "--locked", "--edges", "normal", "--prefix", "none", "--format", "{p}"]);
        let packages = output(tree.args(["--package", &format!("setpoint-{engine}")]))?;
        let names = packages.lines().filter_map(|line| line.split(' ').next());
        wrong.extend(names.filter(|name| WORLDLY.contains(name)).map(|name| format!("{engine} depends on {name}")));
        for (file, module) in modules::reach(root, &Path::new("crates").join(engine))? {
            if let (false, Ok(syntax)) = (module.test, &module.syntax) {
                let mut ways = Ways::default();
                ways.visit_file(syntax);
                wrong.extend(ways.found.into_iter().map(|way| format!("{}: uses std::{way}", file.display())));
            }
        }
    }
    wrong.sort();
    wrong.dedup();
    if wrong.is_empty() {
        return Ok(());
    }
    Err(Failure::Refused(format!("engines must be pure:\n  {}", wrong.join("\n  "))))
}

/// Collects the ways to the world that code outside tests names.
#[derive(Default)]
struct Ways {
    found: Vec<String>,
}

impl Ways {
    fn note(&mut self, first: &str, second: &str) {
        if first == "std" && WAYS.contains(&second) {
            self.found.push(second.to_owned());
        }
    }

    fn below_std(&mut self, tree: &UseTree) {
        match tree {
            UseTree::Path(path) => self.note("std", &path.ident.to_string()),
            UseTree::Name(name) => self.note("std", &name.ident.to_string()),
            UseTree::Rename(rename) => self.note("std", &rename.ident.to_string()),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.below_std(tree)),
            UseTree::Glob(_) => {}
        }
    }
}

impl<'ast> Visit<'ast> for Ways {
    fn visit_item(&mut self, item: &'ast Item) {
        if !is_test(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_use_path(&mut self, path: &'ast syn::UsePath) {
        if path.ident == "std" {
            self.below_std(&path.tree);
        }
        visit::visit_use_path(self, path);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let mut names = path.segments.iter().map(|segment| segment.ident.to_string());
        if let (Some(first), Some(second)) = (names.next(), names.next()) {
            self.note(&first, &second);
        }
        visit::visit_path(self, path);
    }
}

#[cfg(test)]
mod unit {
    use syn::visit::Visit;

    use super::Ways;

    #[test]
    fn ways_to_the_world_are_found_outside_tests() {
        let check = |code: &str, expect: &[&str]| {
            let mut ways = Ways::default();
            ways.visit_file(&syn::parse_file(code).expect("the code is Rust"));
            assert_eq!(ways.found, expect, "{code}");
        };
        check("use std::{fmt, fs::File};", &["fs"]);
        check("fn f() { let _ = std::env::var(\"X\"); }", &["env"]);
        check("use std::time::Duration;", &["time"]);
        check("#[cfg(test)] mod tests { use std::fs; }", &[]);
        check("use std::fmt; mod fs {} use fs::x;", &[]);
    }
}
