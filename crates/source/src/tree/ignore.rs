//! `.sourceignore` and `spec.ignore`: which files of a repository are a source's.
//!
//! The rules are Flux's: gitignore lines; without any the built-in list leaves out what is no manifest,
//! with any only the files of Git itself are left out beside them. Unlike Git, a later rule may bring
//! back a file whose folder an earlier rule left out: every rule is held against the file and all its
//! folders, and the last one that fits decides.

use std::{collections::BTreeMap, sync::Arc};

use gix::{
    bstr::ByteSlice,
    glob::{Pattern, pattern::Case, wildmatch::Mode},
};
use sha2::{Digest, Sha256};

use super::{Dir, FileTree, Node, join};
use crate::error::TreeError;

/// The file with rules for its folder and what is below.
const FILE: &str = ".sourceignore";
/// Left out always.
const GIT_FILES: [&str; 4] = [".git/", ".gitignore", ".gitmodules", ".gitattributes"];
/// Left out where there are no rules: pictures and archives, pipelines of forges, settings of tools.
const NO_MANIFESTS: [&str; 20] = [
    "*.jpg",
    "*.jpeg",
    "*.gif",
    "*.png",
    "*.wmv",
    "*.flv",
    "*.tar.gz",
    "*.zip",
    ".github/",
    ".circleci/",
    ".travis.yml",
    ".gitlab-ci.yml",
    "appveyor.yml",
    ".drone.yml",
    "cloudbuild.yaml",
    "codeship-services.yml",
    "codeship-steps.yml",
    "**/.goreleaser.yml",
    "**/.sops.yaml",
    "**/.flux.yaml",
];

/// Rules in the order in which they count, the last most.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    rules: Vec<Rule>,
}

#[derive(Debug)]
struct Rule {
    pattern: Pattern,
    /// The folder it is written in, with a slash at its end; empty for the root.
    base: String,
}

/// The folders of `tree` without what the rules leave out.
pub(crate) fn filter(tree: &FileTree, ignore: Option<&str>) -> Result<Arc<Dir>, TreeError> {
    let mut own = Rules::default();
    collect(tree, tree.root(), "", &mut own)?;
    own.add(ignore.unwrap_or_default(), "");
    let mut rules = Rules::default();
    rules.add(&GIT_FILES.join("\n"), "");
    if own.rules.is_empty() {
        rules.add(&NO_MANIFESTS.join("\n"), "");
    }
    rules.rules.extend(own.rules);
    Ok(rules.keep(tree.root(), "", None).unwrap_or_else(|| Arc::new(Dir::empty())))
}

/// Reads every `.sourceignore`, outer folders first.
fn collect(tree: &FileTree, dir: &Dir, path: &str, rules: &mut Rules) -> Result<(), TreeError> {
    if let Some(Node::File { .. }) = dir.entries.get(FILE) {
        let text = tree.read(&join(path, FILE))?;
        rules.add(&String::from_utf8_lossy(&text), path);
    }
    for (name, node) in &dir.entries {
        if let Node::Dir(below) = node {
            collect(tree, below, &join(path, name), rules)?;
        }
    }
    Ok(())
}

impl Rules {
    /// Appends the lines of a file that stands in the folder `base`.
    pub(crate) fn add(&mut self, text: &str, base: &str) {
        let base = if base.is_empty() { String::new() } else { format!("{base}/") };
        for line in text.lines() {
            if line.starts_with('#') {
                continue;
            }
            if let Some(pattern) = gix::glob::parse(line) {
                self.rules.push(Rule { pattern, base: base.clone() });
            }
        }
    }

    /// The last rule that fits `path` itself, or `above`, the one that fits its folders.
    pub(crate) fn last_match(&self, path: &str, is_dir: bool, above: Option<usize>) -> Option<usize> {
        let first = above.map_or(0, |index| index + 1);
        let own = (first..self.rules.len()).rev().find(|index| self.rules[*index].fits(path, is_dir));
        own.or(above)
    }

    /// Whether the rule found by [`Rules::last_match`] leaves the file out.
    pub(crate) fn leaves_out(&self, found: Option<usize>) -> bool {
        found.is_some_and(|index| !self.rules[index].pattern.is_negative())
    }

    /// Whether the file at a path is left out, by the rules that fit it and its folders.
    pub(crate) fn leaves_out_path(&self, path: &str) -> bool {
        let above = path.match_indices('/').fold(None, |found, (end, _)| self.last_match(&path[..end], true, found));
        self.leaves_out(self.last_match(path, false, above))
    }

    /// `dir` without what is left out; none if nothing remains.
    fn keep(&self, dir: &Arc<Dir>, path: &str, above: Option<usize>) -> Option<Arc<Dir>> {
        let mut entries = BTreeMap::new();
        let mut count = 0;
        let mut changed = false;
        for (name, node) in &dir.entries {
            let path = join(path, name);
            let found = self.last_match(&path, matches!(node, Node::Dir(_)), above);
            match node {
                Node::Dir(below) => {
                    let kept = self.keep(below, &path, found);
                    changed |= kept.as_ref().is_none_or(|kept| !Arc::ptr_eq(kept, below));
                    let Some(kept) = kept else { continue };
                    count += 1 + kept.count;
                    entries.insert(name.clone(), Node::Dir(kept));
                }
                _ if self.leaves_out(found) => changed = true,
                other => {
                    count += 1;
                    entries.insert(name.clone(), other.clone());
                }
            }
        }
        if !changed {
            return Some(Arc::clone(dir));
        }
        (!entries.is_empty()).then(|| Arc::new(Dir { id: id_of(&entries), entries, count }))
    }
}

impl Rule {
    fn fits(&self, path: &str, is_dir: bool) -> bool {
        let Some(path) = path.strip_prefix(&self.base) else {
            return false;
        };
        let name = path.rfind('/').map(|slash| slash + 1);
        self.pattern.matches_repo_relative_path(
            path.as_bytes().as_bstr(),
            name,
            Some(is_dir),
            Case::Sensitive,
            Mode::NO_MATCH_SLASH_LITERAL,
        )
    }
}

impl Dir {
    /// A folder with nothing in it.
    pub(crate) fn empty() -> Self {
        Self { id: id_of(&BTreeMap::new()), entries: BTreeMap::new(), count: 0 }
    }
}

/// An id made of what is in the folder.
pub(crate) fn id_of(entries: &BTreeMap<Box<str>, Node>) -> Box<str> {
    let mut hash = Sha256::new();
    for (name, node) in entries {
        let (mode, id) = match node {
            Node::Dir(dir) => ("40000", dir.id.to_string()),
            Node::File { id, executable: false } => ("100644", id.to_string()),
            Node::File { id, executable: true } => ("100755", id.to_string()),
            Node::Link(id) => ("120000", id.to_string()),
            Node::Submodule(id) => ("160000", id.to_string()),
        };
        // A name has no zero byte and no slash, so that no two folders read the same.
        hash.update(format!("{mode} {id} {name}\0"));
    }
    format!("sha256:{:x}", hash.finalize()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, out: &[&str], kept: &[&str]) {
        let mut rules = Rules::default();
        rules.add(text, "");
        for path in out {
            assert!(rules.leaves_out_path(path), "{path} is left out by {text:?}");
        }
        for path in kept {
            assert!(!rules.leaves_out_path(path), "{path} is kept by {text:?}");
        }
    }

    #[test]
    fn the_last_rule_that_fits_decides() {
        check("*.md", &["a.md", "a/b.md"], &["a.yaml", "md"]);
        check("docs/", &["docs/a.yaml", "a/docs/b"], &["docs", "docs.yaml"]);
        check("/docs", &["docs/a.yaml"], &["a/docs/b"]);
        check("/*\n!/deploy", &["a.yaml", "b/c.yaml"], &["deploy/a.yaml", "deploy/b/c.yaml"]);
        check("/*\n!/deploy/app", &["deploy/x.yaml"], &["deploy/app/x.yaml"]);
        check("# *.md\n\\#a", &["#a"], &["a.md"]);
        check("a/**/z", &["a/z", "a/b/c/z"], &["z"]);
    }

    /// The situations that Flux's own rules are tested with.
    #[test]
    fn situations_of_flux() {
        check("ignore-dir/*\n!ignore-dir/include\n", &["ignore-dir/file.yaml"], &["file.yaml", "ignore-dir/include"]);
        check("ignore-dir/*\n# !ignore-dir/include", &["ignore-dir/file.yaml", "ignore-dir/include"], &["file.yaml"]);
        check("# .sourceignore\nignore-this.txt", &["ignore-this.txt", "a/ignore-this.txt"], &["other.txt"]);
        let mut rules = Rules::default();
        rules.add("ignore-dir/*", "domain/scoped");
        assert!(rules.leaves_out_path("domain/scoped/ignore-dir/file.yaml"));
        for kept in ["ignore-dir/file.yaml", "domain/ignore-dir/file.yaml", "domain/scoped/file.yaml"] {
            assert!(!rules.leaves_out_path(kept), "{kept}");
        }
        let of_git = GIT_FILES.join("\n");
        check(
            &of_git,
            &[
                ".git/config",
                ".gitignore",
                ".gitmodules",
                ".gitattributes",
                "directory/.git/config",
                "directory/.gitignore",
            ],
            &["workload.yaml", "workload.yml", "simple.txt", "git/config"],
        );
        let built_in = NO_MANIFESTS.join("\n");
        let pictures = ["image.jpg", "image.jpeg", "image.gif", "image.png", "a/image.wmv", "a/image.flv"];
        let archives = ["archive.tar.gz", "directory/archive.tar.gz", "archive.zip"];
        let forges =
            [".github/workflows/workflow.yaml", ".circleci/config.yml", ".travis.yml", ".gitlab-ci.yml", ".drone.yml"];
        let tools = ["subdir/.flux.yaml", "subdir2/.sops.yaml", ".goreleaser.yml", "cloudbuild.yaml", "appveyor.yml"];
        let kept = ["workload.yaml", "workload.yml", "simple.txt", "archive.tar", "jpg", "github/workflow.yaml"];
        for out in [&pictures[..], &archives, &forges, &tools] {
            check(&built_in, out, &kept);
        }
        check(&format!("{built_in}\n!*.jpg"), &["image.png"], &["image.jpg", "a/image.jpg"]);
    }

    #[test]
    fn rules_of_a_folder_hold_below_it_only() {
        let mut rules = Rules::default();
        rules.add("/x", "a");
        assert!(rules.leaves_out_path("a/x"));
        assert!(!rules.leaves_out_path("x"));
        assert!(!rules.leaves_out_path("ab/x"));
    }
}
