//! The style gate: what can be counted about the Rust sources, judged the same on every machine.
//!
//! - a file has at most [`FILE_LIMIT`] lines outside its tests, a function at most [`FUNCTION_LIMIT`];
//! - every `.rs` file is declared by a `mod` (an orphan compiles nowhere and rots);
//! - no module is called by what it is not about (`utils`, `common`, …);
//! - no text speaks of the places and tools it was written with.

mod measure;
pub(crate) mod modules;
mod words;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::{At, Failure, output, say};

/// Most lines of a file that are not tests.
const FILE_LIMIT: usize = 800;
/// Most lines of a function, from the line of `fn` to its closing brace.
const FUNCTION_LIMIT: usize = 80;
/// Names that say nothing about what a module is for.
const EMPTY_NAMES: [&str; 8] = ["util", "utils", "common", "helper", "helpers", "misc", "mod", "stuff"];

/// One thing to mend.
#[derive(Debug, PartialEq)]
struct Finding {
    /// The file, relative to the checkout.
    file: PathBuf,
    /// The line, 1 for the file as a whole.
    line: usize,
    /// What is wrong and what is allowed.
    what: String,
}

/// Prints every finding as `file:line: what`; fails where there is any.
pub(crate) fn judge(root: &Path, under: &[PathBuf]) -> Result<(), Failure> {
    let mut findings = Vec::new();
    let mut files = 0;
    for package in packages(root)? {
        let reached = modules::reach(root, &package)?;
        for file in modules::sources(root, &package)? {
            let Some(module) = reached.get(&file) else {
                findings.push(whole(&file, "no `mod` declares this file: declare it or delete it"));
                continue;
            };
            files += 1;
            findings.extend(name_of(&file));
            findings.extend(measure::measure(&file, module));
        }
    }
    for file in tracked(root)? {
        findings.extend(words::search(root, &file)?);
    }
    findings.retain(|finding| under.is_empty() || under.iter().any(|folder| finding.file.starts_with(folder)));
    findings.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
    for Finding { file, line, what } in &findings {
        say(&format!("{}:{line}: {what}", file.display()));
    }
    if findings.is_empty() {
        say(&format!("style: {files} Rust files, nothing to mend"));
        return Ok(());
    }
    Err(Failure::Refused(format!("style: {} things to mend, each listed above", findings.len())))
}

fn whole(file: &Path, what: &str) -> Finding {
    Finding { file: file.to_path_buf(), line: 1, what: what.to_owned() }
}

fn name_of(file: &Path) -> Option<Finding> {
    let name = file.file_stem()?.to_str()?;
    let what = format!("a module called `{name}` does not say what it is for");
    EMPTY_NAMES.contains(&name).then(|| whole(file, &what))
}

/// The folders of the workspace's packages, relative to the checkout.
fn packages(root: &Path) -> Result<Vec<PathBuf>, Failure> {
    let crates = root.join("crates");
    let mut found = vec![PathBuf::from("xtask")];
    for entry in fs::read_dir(&crates).at(&crates)? {
        let entry = entry.at(&crates)?;
        if entry.path().join("Cargo.toml").is_file() {
            found.push(Path::new("crates").join(entry.file_name()));
        }
    }
    found.sort();
    Ok(found)
}

/// The files that git knows or would add.
fn tracked(root: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut list = Command::new("git");
    list.current_dir(root).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let names = output(&mut list)?;
    let names = names.split('\0').filter(|name| !name.is_empty());
    Ok(names.map(PathBuf::from).filter(|file| root.join(file).is_file()).collect())
}
