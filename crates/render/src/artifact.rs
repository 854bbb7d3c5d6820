//! Artifacts that are put together out of the files of sources, as an `ArtifactGenerator` describes them.
//!
//! The rules are those of `cp`: what is copied later replaces what is there; `@alias/dir/**` copies what is in a folder,
//! `@alias/dir/` the folder itself; a target that ends in a slash is a folder.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use kustomize::{EntryKind, Files};
use regex::Regex;

/// Files of one artifact.
pub const MAX_ARTIFACT_FILES: usize = 100_000;
/// Folders nested in each other that are walked through.
const MAX_DEPTH: usize = 128;

/// One copy.
#[derive(Clone, Copy, Debug, Default)]
pub struct Copy<'a> {
    /// `@alias/path` or `@alias/pattern`.
    pub from: &'a str,
    /// `@artifact/path`.
    pub to: &'a str,
    /// Patterns of what is left out.
    pub exclude: &'a [String],
    /// Whether there may be nothing to copy.
    pub optional: bool,
}

/// The files of an artifact: where each comes from.
#[derive(Debug, Default)]
pub struct ArtifactFiles {
    /// Alias and path of each file, by its path in the artifact.
    pub origins: BTreeMap<String, (String, String)>,
}

/// Finds what the copies come to; the error says what is wrong with which. `sources` are the trees by alias.
///
/// # Errors
/// A copy that names nothing, or too much.
pub fn artifact_files(copies: &[Copy<'_>], sources: &BTreeMap<&str, &dyn Files>) -> Result<ArtifactFiles, String> {
    let mut made = ArtifactFiles::default();
    for copy in copies {
        let (alias, path) =
            split(copy.from).ok_or_else(|| format!("'{}' is not of the form @alias/path", copy.from))?;
        let files = sources.get(alias).ok_or_else(|| format!("no source is called '{alias}' in '{}'", copy.from))?;
        let target = copy.to.strip_prefix("@artifact").unwrap_or(copy.to).trim_start_matches('/');
        let count = Copying { made: &mut made, files: *files, alias, exclude: &patterns(copy.exclude)? }
            .copy(path, target)
            .map_err(|cause| format!("'{}': {cause}", copy.from))?;
        if count == 0 && !copy.optional {
            return Err(format!("'{}' is neither a file nor a folder with files", copy.from));
        }
    }
    Ok(made)
}

impl ArtifactFiles {
    /// The bytes of each file, by its path in the artifact.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn read(
        &self,
        sources: &BTreeMap<&str, &dyn Files>,
        mut put: impl FnMut(&str, Arc<[u8]>) -> Result<(), String>,
    ) -> Result<(), String> {
        for (target, (alias, path)) in &self.origins {
            let files = sources.get(alias.as_str()).ok_or_else(|| format!("no source is called '{alias}'"))?;
            put(target, files.read(path).map_err(|error| error.to_string())?)?;
        }
        Ok(())
    }
}

/// `@alias/path`, taken apart.
fn split(from: &str) -> Option<(&str, &str)> {
    let rest = from.strip_prefix('@')?;
    Some(rest.split_once('/').unwrap_or((rest, "")))
}

/// One copy under way.
struct Copying<'a> {
    made: &'a mut ArtifactFiles,
    files: &'a dyn Files,
    alias: &'a str,
    exclude: &'a [Pattern],
}

impl Copying<'_> {
    /// How many files were copied.
    fn copy(mut self, path: &str, target: &str) -> Result<usize, String> {
        if path.contains(['*', '?', '[', '{']) {
            let base = base(path);
            let pattern = Pattern::new(path)?;
            return self.walk(base, &join(target, ""), base, &|found| pattern.fits(found));
        }
        let path = path.trim_end_matches('/');
        let name = path.rsplit('/').next().unwrap_or_default();
        let is_folder = target.is_empty() || target.ends_with('/');
        let target = if is_folder { join(target, name) } else { target.to_owned() };
        match self.files.kind(path) {
            Some(EntryKind::File) => self.file(path, &target, path.rfind('/').map_or("", |at| &path[..at])),
            Some(EntryKind::Dir) => self.walk(path, &target, path, &|_| true),
            None if path.is_empty() => self.walk("", &target, "", &|_| true),
            None => Ok(0),
        }
    }

    /// Copies the files below a folder that fit.
    fn walk(&mut self, folder: &str, target: &str, base: &str, fits: &dyn Fn(&str) -> bool) -> Result<usize, String> {
        let mut todo = vec![(folder.to_owned(), target.to_owned(), 0)];
        let (mut count, mut seen) = (0, BTreeSet::new());
        while let Some((folder, target, depth)) = todo.pop() {
            if depth > MAX_DEPTH || !seen.insert(folder.clone()) {
                continue;
            }
            for name in self.files.list(&folder) {
                let (path, target) = (join(&folder, &name), join(&target, &name));
                match self.files.kind(&path) {
                    Some(EntryKind::Dir) => todo.push((path, target, depth + 1)),
                    Some(EntryKind::File) if fits(&path) => count += self.file(&path, &target, base)?,
                    _ => {}
                }
            }
        }
        Ok(count)
    }

    fn file(&mut self, path: &str, target: &str, base: &str) -> Result<usize, String> {
        let below = path.strip_prefix(base).unwrap_or(path).trim_start_matches('/');
        if self.exclude.iter().any(|pattern| pattern.leaves_out(path, below)) {
            return Ok(0);
        }
        if self.made.origins.len() >= MAX_ARTIFACT_FILES {
            return Err(format!("the artifact has more than {MAX_ARTIFACT_FILES} files"));
        }
        self.made.origins.insert(target.to_owned(), (self.alias.to_owned(), path.to_owned()));
        Ok(1)
    }
}

/// The folders of a pattern before its first sign.
fn base(pattern: &str) -> &str {
    let sign = pattern.find(['*', '?', '[', '{']).unwrap_or(pattern.len());
    pattern[..sign].rfind('/').map_or("", |at| &pattern[..at])
}

fn join(folder: &str, name: &str) -> String {
    match (folder.trim_end_matches('/'), name) {
        ("", name) => name.to_owned(),
        (folder, "") => folder.to_owned(),
        (folder, name) => format!("{folder}/{name}"),
    }
}

/// A pattern of paths.
struct Pattern {
    regex: Regex,
    /// It has no slash: it is held against names.
    is_name: bool,
}

fn patterns(texts: &[String]) -> Result<Vec<Pattern>, String> {
    texts.iter().map(|text| Pattern::new(text)).collect()
}

impl Pattern {
    fn new(text: &str) -> Result<Self, String> {
        let regex = Regex::new(&in_regex(text)).map_err(|_| format!("'{text}' is no pattern of paths"))?;
        Ok(Self { regex, is_name: !text.contains('/') })
    }

    fn fits(&self, path: &str) -> bool {
        self.regex.is_match(path)
    }

    fn leaves_out(&self, path: &str, below: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        self.fits(path) || self.fits(below) || self.is_name && self.fits(name)
    }
}

/// A pattern as a regular expression: `*` and `?` stop at slashes, `**` does not, `{a,b}` is one of them.
fn in_regex(pattern: &str) -> String {
    let mut made = String::from("^");
    let (mut rest, mut inside) = (pattern, 0u32);
    while let Some(sign) = rest.chars().next() {
        let mut taken = sign.len_utf8();
        if rest.starts_with("**/") {
            made.push_str("(?:.*/)?");
            taken = 3;
        } else if rest.starts_with("**") {
            made.push_str(".*");
            taken = 2;
        } else {
            match sign {
                '*' => made.push_str("[^/]*"),
                '?' => made.push_str("[^/]"),
                '{' => {
                    inside += 1;
                    made.push_str("(?:");
                }
                '}' if inside > 0 => {
                    inside -= 1;
                    made.push(')');
                }
                ',' if inside > 0 => made.push('|'),
                '[' | ']' => made.push(sign),
                other => made.push_str(&regex::escape(&other.to_string())),
            }
        }
        rest = &rest[taken..];
    }
    made + "$"
}

#[cfg(test)]
mod tests {
    use kustomize::MemoryFiles;

    use super::*;

    fn made(copies: &[Copy<'_>]) -> Result<String, String> {
        let names = ["apps/a/b.yaml", "apps/c.yaml", "apps/README.md", "x.yaml"];
        let files: MemoryFiles = names.iter().map(|name| (*name, "1")).collect();
        let sources = BTreeMap::from([("r", &files as &dyn Files)]);
        let made = artifact_files(copies, &sources)?;
        let lines = made.origins.iter().map(|(target, (_, path))| format!("{target}<{path}"));
        Ok(lines.collect::<Vec<_>>().join(" "))
    }

    fn check(from: &str, to: &str, exclude: &[&str], expected: &str) {
        let exclude: Vec<String> = exclude.iter().map(|text| (*text).to_owned()).collect();
        let copy = Copy { from, to, exclude: &exclude, optional: false };
        assert_eq!(made(&[copy]).unwrap_or_else(|error| error), expected, "{from} {to}");
    }

    #[test]
    fn files_and_folders_are_copied_as_cp_does() {
        check("@r/x.yaml", "@artifact/", &[], "x.yaml<x.yaml");
        check("@r/x.yaml", "@artifact/b/", &[], "b/x.yaml<x.yaml");
        check("@r/x.yaml", "@artifact/b/y.yaml", &[], "b/y.yaml<x.yaml");
        check("@r/apps/a/**", "@artifact/", &[], "b.yaml<apps/a/b.yaml");
        check("@r/apps/a/", "@artifact/d/", &[], "d/a/b.yaml<apps/a/b.yaml");
        check("@r/apps/a", "@artifact/d", &[], "d/b.yaml<apps/a/b.yaml");
        check("@r/apps/*.yaml", "@artifact/d/", &[], "d/c.yaml<apps/c.yaml");
        check("@r/**/*.yaml", "@artifact/", &["x.yaml"], "apps/a/b.yaml<apps/a/b.yaml apps/c.yaml<apps/c.yaml");
        check("@r/apps/**", "@artifact/", &["*.md", "a/*"], "c.yaml<apps/c.yaml");
        check("@r/apps/{c,d}.yaml", "@artifact/", &[], "c.yaml<apps/c.yaml");
    }

    #[test]
    fn what_names_nothing_is_told() {
        check("@r/gone", "@artifact/", &[], "'@r/gone' is neither a file nor a folder with files");
        check("@s/x", "@artifact/", &[], "no source is called 's' in '@s/x'");
        check("x", "@artifact/", &[], "'x' is not of the form @alias/path");
        let gone = Copy { from: "@r/gone", to: "@artifact/", exclude: &[], optional: true };
        assert_eq!(made(&[gone]), Ok(String::new()));
    }

    #[test]
    fn what_is_copied_later_replaces() {
        let copy = |from, to| Copy { from, to, ..Copy::default() };
        let both = [copy("@r/apps/c.yaml", "@artifact/x.yaml"), copy("@r/x.yaml", "@artifact/")];
        assert_eq!(made(&both).unwrap(), "x.yaml<x.yaml");
    }
}
