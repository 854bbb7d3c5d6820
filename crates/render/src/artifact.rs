//! Artifacts that are put together out of the files of sources, as an `ArtifactGenerator` describes them.
//!
//! The rules are those of Flux's source-watcher, nearly those of `cp`: what is copied later replaces what is there;
//! `@alias/dir/**` copies what is in a folder, `@alias/dir` the folder itself, and what another pattern finds keeps its whole
//! path; a target that ends in a slash is a folder.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use kustomize::{EntryKind, Files};
use regex::Regex;

use crate::merged_yaml::{Documents, merged_yaml};

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
    /// What becomes of a file that is there already, and of archives.
    pub strategy: Strategy,
}

/// What becomes of a file that is there already, and of archives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strategy {
    /// It is replaced.
    #[default]
    Overwrite,
    /// YAML is merged into it; single files only, as folders are copied whole.
    Merge,
    /// `.tar.gz` and `.tgz` files are unpacked into the folder of the target; others are passed over.
    Extract,
}

/// The files of an archive: path and content of each.
pub type Unpacked = Vec<(String, Arc<[u8]>)>;
/// Unpacks an archive.
pub type Unpack<'a> = dyn Fn(&[u8]) -> Result<Unpacked, String> + 'a;

/// The files of an artifact: where each comes from.
#[derive(Debug, Default)]
pub struct ArtifactFiles {
    /// Alias and path of each file, by its path in the artifact.
    pub origins: BTreeMap<String, (String, String)>,
    /// The content of those that were merged or unpacked, by their path in the artifact.
    made: BTreeMap<String, Arc<[u8]>>,
}

/// Finds what the copies come to; the error says what is wrong with which. `sources` are the trees by alias, `unpack` opens
/// archives.
///
/// # Errors
/// A copy that names nothing, or too much.
pub fn artifact_files(
    copies: &[Copy<'_>],
    sources: &BTreeMap<&str, &dyn Files>,
    unpack: &Unpack<'_>,
) -> Result<ArtifactFiles, String> {
    let mut made = ArtifactFiles::default();
    for copy in copies {
        let (alias, path) =
            split(copy.from).ok_or_else(|| format!("'{}' is not of the form @alias/path", copy.from))?;
        let files = sources.get(alias).ok_or_else(|| format!("no source is called '{alias}' in '{}'", copy.from))?;
        let target = copy.to.strip_prefix("@artifact").unwrap_or(copy.to).trim_start_matches('/');
        let exclude = patterns(copy.exclude)?;
        let (files, strategy) = (*files, copy.strategy);
        let copying = Copying { made: &mut made, files, sources, alias, exclude: &exclude, strategy, unpack };
        let count = copying.copy(path, target).map_err(|cause| format!("'{}': {cause}", copy.from))?;
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
            if let Some(made) = self.made.get(target) {
                put(target, made.clone())?;
                continue;
            }
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
    sources: &'a BTreeMap<&'a str, &'a dyn Files>,
    alias: &'a str,
    exclude: &'a [Pattern],
    strategy: Strategy,
    unpack: &'a Unpack<'a>,
}

impl Copying<'_> {
    /// How many files were copied.
    fn copy(mut self, path: &str, target: &str) -> Result<usize, String> {
        if path.contains(['*', '?', '[', ']']) {
            if self.strategy != Strategy::Extract {
                return self.globbed(path, target);
            }
            let (base, pattern) = (base(path), Pattern::new(path)?);
            return self.walk(base, &join(target, ""), base, &|found| pattern.fits(found));
        }
        let path = path.trim_end_matches('/');
        let name = path.rsplit('/').next().unwrap_or_default();
        let kind = self.files.kind(path);
        let is_folder =
            target.is_empty() || target.ends_with('/') || kind == Some(EntryKind::Dir) || self.has_folder(target);
        if self.strategy == Strategy::Extract {
            return match kind {
                Some(EntryKind::File) if is_archive(path) => self.extract(path, target),
                Some(EntryKind::File) => Err("extract strategy requires tarball file (.tar.gz or .tgz)".to_owned()),
                Some(EntryKind::Dir) => Err("extract strategy is not supported for directories".to_owned()),
                None => Ok(0),
            };
        }
        if kind == Some(EntryKind::Dir) {
            // As in Flux, only single files and those of patterns are merged.
            self.strategy = Strategy::Overwrite;
        }
        let target = if is_folder { join(target, name) } else { target.to_owned() };
        match kind {
            Some(EntryKind::File) => self.file(path, &target, path.rfind('/').map_or("", |at| &path[..at])),
            Some(EntryKind::Dir) => self.walk(path, &target, path, &|_| true),
            None if path.is_empty() => self.walk("", &target, "", &|_| true),
            None => Ok(0),
        }
    }

    /// Whether something was copied into a folder of this name.
    fn has_folder(&self, target: &str) -> bool {
        let below = format!("{target}/");
        self.made.origins.range(below.clone()..).next().is_some_and(|(path, _)| path.starts_with(&below))
    }

    /// Copies what a pattern finds: files, and folders whole. A `**` is a `*` here, as in Flux.
    fn globbed(&mut self, pattern: &str, target: &str) -> Result<usize, String> {
        let mut found = vec![String::new()];
        for step in pattern.split('/').filter(|step| !step.is_empty()) {
            let step = Pattern::of_names(step)?;
            let below = |folder: &String| {
                let names = self.files.list(folder).into_iter().filter(|name| step.fits(name));
                names.map(|name| join(folder, &name)).collect::<Vec<_>>()
            };
            found = found.iter().flat_map(below).collect();
        }
        found.sort();
        let (base, inside) = (base(pattern), pattern.strip_suffix("/**").map(|folder| format!("{folder}/")));
        let (strategy, mut count) = (self.strategy, 0);
        for path in found.iter().filter(|path| !self.leaves_out(path, base)).cloned().collect::<Vec<_>>() {
            let kept = inside.as_ref().and_then(|folder| path.strip_prefix(folder)).unwrap_or(&path);
            let to = join(target, kept);
            count += match self.files.kind(&path) {
                Some(EntryKind::File) => self.file(&path, &to, base)?,
                Some(EntryKind::Dir) => {
                    self.strategy = Strategy::Overwrite;
                    let count = self.walk(&path, &to, base, &|_| true)?;
                    self.strategy = strategy;
                    count
                }
                None => 0,
            };
        }
        Ok(count)
    }

    /// Copies the files below a folder that fit.
    fn walk(&mut self, folder: &str, target: &str, base: &str, fits: &dyn Fn(&str) -> bool) -> Result<usize, String> {
        let top = target;
        let mut todo = vec![(folder.to_owned(), target.to_owned(), 0)];
        let (mut count, mut seen) = (0, BTreeSet::new());
        while let Some((folder, target, depth)) = todo.pop() {
            if depth > MAX_DEPTH || !seen.insert(folder.clone()) {
                continue;
            }
            for name in self.files.list(&folder) {
                let (path, target) = (join(&folder, &name), join(&target, &name));
                match self.files.kind(&path) {
                    Some(EntryKind::Dir) if !self.leaves_out(&path, base) => todo.push((path, target, depth + 1)),
                    Some(EntryKind::File) if fits(&path) => count += self.found(&path, (&target, top), base)?,
                    _ => {}
                }
            }
        }
        Ok(count)
    }

    /// A file that a pattern found: where it goes by itself, and the folder that archives are unpacked into.
    fn found(&mut self, path: &str, (target, folder): (&str, &str), base: &str) -> Result<usize, String> {
        match self.strategy {
            Strategy::Extract if !is_archive(path) || self.leaves_out(path, base) => Ok(0),
            Strategy::Extract => self.extract(path, folder),
            Strategy::Overwrite | Strategy::Merge => self.file(path, target, base),
        }
    }

    fn leaves_out(&self, path: &str, base: &str) -> bool {
        let below = path.strip_prefix(base).unwrap_or(path).trim_start_matches('/');
        self.exclude.iter().any(|pattern| pattern.leaves_out(path, below))
    }

    fn file(&mut self, path: &str, target: &str, base: &str) -> Result<usize, String> {
        if self.leaves_out(path, base) {
            return Ok(0);
        }
        let merged = match self.strategy {
            Strategy::Merge if self.made.origins.contains_key(target) => Some(self.merged(path, target)?),
            _ => None,
        };
        self.put(target, path, merged)
    }

    /// What is at the target with the file laid over.
    fn merged(&self, path: &str, target: &str) -> Result<Arc<[u8]>, String> {
        let known = match (self.made.made.get(target), self.made.origins.get(target)) {
            (Some(known), _) => known.clone(),
            (None, Some((alias, path))) => {
                let files = self.sources.get(alias.as_str()).ok_or_else(|| format!("no source is called '{alias}'"))?;
                files.read(path).map_err(|error| error.to_string())?
            }
            (None, None) => Arc::default(),
        };
        let own = self.files.read(path).map_err(|error| error.to_string())?;
        let text = merged_yaml([(target, &known[..]), (path, &own[..])], Documents::All)?;
        Ok(text.into_bytes().into())
    }

    /// Unpacks an archive into a folder.
    fn extract(&mut self, path: &str, folder: &str) -> Result<usize, String> {
        let bytes = self.files.read(path).map_err(|error| error.to_string())?;
        let entries = (self.unpack)(&bytes).map_err(|cause| format!("failed to extract tarball '{path}': {cause}"))?;
        for (name, content) in entries {
            self.put(&join(folder, &name), path, Some(content))?;
        }
        Ok(1)
    }

    fn put(&mut self, target: &str, path: &str, made: Option<Arc<[u8]>>) -> Result<usize, String> {
        if self.made.origins.len() >= MAX_ARTIFACT_FILES {
            return Err(format!("the artifact has more than {MAX_ARTIFACT_FILES} files"));
        }
        self.made.origins.insert(target.to_owned(), (self.alias.to_owned(), path.to_owned()));
        match made {
            Some(made) => self.made.made.insert(target.to_owned(), made),
            None => self.made.made.remove(target),
        };
        Ok(1)
    }
}

/// Whether Flux takes a file for an archive.
fn is_archive(path: &str) -> bool {
    [".tar.gz", ".tgz"].iter().any(|ending| {
        let start = path.len().checked_sub(ending.len());
        start.and_then(|start| path.get(start..)).is_some_and(|end| end.eq_ignore_ascii_case(ending))
    })
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

    /// One step of a path, in which a `**` is a `*` and braces are letters.
    fn of_names(step: &str) -> Result<Self, String> {
        let mut single = step.to_owned();
        while single.contains("**") {
            single = single.replace("**", "*");
        }
        let escaped = in_regex(&single.replace('{', "[{]").replace('}', "[}]"));
        let regex = Regex::new(&escaped).map_err(|_| format!("'{step}' is no pattern of paths"))?;
        Ok(Self { regex, is_name: true })
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

    fn nothing(_: &[u8]) -> Result<Unpacked, String> {
        Err("no archive".to_owned())
    }

    fn made(copies: &[Copy<'_>]) -> Result<String, String> {
        let names = ["apps/a/b.yaml", "apps/c.yaml", "apps/README.md", "x.yaml"];
        let files: MemoryFiles = names.iter().map(|name| (*name, "1")).collect();
        let sources = BTreeMap::from([("r", &files as &dyn Files)]);
        let made = artifact_files(copies, &sources, &nothing)?;
        let lines = made.origins.iter().map(|(target, (_, path))| format!("{target}<{path}"));
        Ok(lines.collect::<Vec<_>>().join(" "))
    }

    fn check(from: &str, to: &str, exclude: &[&str], expected: &str) {
        let exclude: Vec<String> = exclude.iter().map(|text| (*text).to_owned()).collect();
        let copy = Copy { from, to, exclude: &exclude, ..Copy::default() };
        assert_eq!(made(&[copy]).unwrap_or_else(|error| error), expected, "{from} {to}");
    }

    #[test]
    fn files_and_folders_are_copied_as_cp_does() {
        check("@r/x.yaml", "@artifact/", &[], "x.yaml<x.yaml");
        check("@r/x.yaml", "@artifact/b/", &[], "b/x.yaml<x.yaml");
        check("@r/x.yaml", "@artifact/b/y.yaml", &[], "b/y.yaml<x.yaml");
        check("@r/apps/a/**", "@artifact/", &[], "b.yaml<apps/a/b.yaml");
        check("@r/apps/a/", "@artifact/d/", &[], "d/a/b.yaml<apps/a/b.yaml");
        check("@r/apps/a", "@artifact/d", &[], "d/a/b.yaml<apps/a/b.yaml");
        check("@r/apps/*.yaml", "@artifact/d/", &[], "d/apps/c.yaml<apps/c.yaml");
        check("@r/**/*.yaml", "@artifact/", &["x.yaml"], "apps/c.yaml<apps/c.yaml");
        check("@r/apps/**", "@artifact/d", &["a"], "d/README.md<apps/README.md d/c.yaml<apps/c.yaml");
        check("@r/apps/**", "@artifact/", &["*.md", "a/*"], "c.yaml<apps/c.yaml");
    }

    #[test]
    fn what_names_nothing_is_told() {
        check("@r/gone", "@artifact/", &[], "'@r/gone' is neither a file nor a folder with files");
        check("@s/x", "@artifact/", &[], "no source is called 's' in '@s/x'");
        check("x", "@artifact/", &[], "'x' is not of the form @alias/path");
        let gone = Copy { from: "@r/gone", to: "@artifact/", optional: true, ..Copy::default() };
        assert_eq!(made(&[gone]), Ok(String::new()));
    }

    #[test]
    fn what_is_copied_later_replaces() {
        let copy = |from, to| Copy { from, to, ..Copy::default() };
        let both = [copy("@r/apps/c.yaml", "@artifact/x.yaml"), copy("@r/x.yaml", "@artifact/")];
        assert_eq!(made(&both).unwrap(), "x.yaml<x.yaml");
    }

    /// The texts of an artifact of these files by path.
    fn texts(files: &[(&'static str, &'static str)], copies: &[(&str, &str, Strategy)]) -> Result<String, String> {
        let files: MemoryFiles = files.iter().copied().collect();
        let sources = BTreeMap::from([("r", &files as &dyn Files)]);
        let copies: Vec<Copy<'_>> = copies
            .iter()
            .map(|(from, to, strategy)| Copy { from, to, strategy: *strategy, ..Copy::default() })
            .collect();
        let unpack = |bytes: &[u8]| match bytes {
            b"broken" => Err("it is no archive".to_owned()),
            other => Ok(vec![("inner/file".to_owned(), Arc::from(other))]),
        };
        let made = artifact_files(&copies, &sources, &unpack)?;
        let mut lines = Vec::new();
        made.read(&sources, |target, bytes| {
            lines.push(format!("{target}={}", String::from_utf8_lossy(&bytes).trim_end().replace('\n', "|")));
            Ok(())
        })?;
        Ok(lines.join(" "))
    }

    #[test]
    fn values_are_merged_into_what_is_there() {
        let files = [("a/v.yaml", "x: {p: 1, q: [1]}"), ("b/v.yaml", "x: {q: [2]}\n---\nw: 3"), ("c/v.yaml", "z: 4")];
        let copy = |from, strategy| (from, "@artifact/v.yaml", strategy);
        let merged = texts(&files, &[copy("@r/a/v.yaml", Strategy::Overwrite), copy("@r/b/v.yaml", Strategy::Merge)]);
        assert_eq!(merged.as_deref(), Ok("v.yaml=w: 3|x:|  p: 1|  q:|  - 2"));
        let alone = texts(&files, &[copy("@r/b/v.yaml", Strategy::Merge)]);
        assert_eq!(alone.as_deref(), Ok("v.yaml=x: {q: [2]}|---|w: 3"), "nothing is there to merge into");
        let replaced = [Strategy::Overwrite, Strategy::Merge, Strategy::Overwrite];
        let replaced: Vec<_> = ["@r/a/v.yaml", "@r/b/v.yaml", "@r/c/v.yaml"].into_iter().zip(replaced).collect();
        let replaced: Vec<_> = replaced.into_iter().map(|(from, strategy)| copy(from, strategy)).collect();
        assert_eq!(texts(&files, &replaced).as_deref(), Ok("v.yaml=z: 4"));
    }

    #[test]
    fn archives_are_unpacked_where_they_are_copied_to() {
        let files = [("charts/a.tgz", "A"), ("charts/b.TAR.GZ", "B"), ("charts/notes", "n"), ("x.tgz", "broken")];
        let extract = |from, to| texts(&files, &[(from, to, Strategy::Extract)]);
        assert_eq!(extract("@r/charts/a.tgz", "@artifact/c/").as_deref(), Ok("c/inner/file=A"));
        assert_eq!(extract("@r/charts/a.tgz", "@artifact/").as_deref(), Ok("inner/file=A"));
        assert!(extract("@r/charts/**", "@artifact/c/").is_ok_and(|made| made.starts_with("c/inner/file=")));
        assert!(extract("@r/charts/notes", "@artifact/").is_err_and(|why| why.contains("requires tarball")));
        assert!(extract("@r/charts", "@artifact/").is_err_and(|why| why.contains("not supported for directories")));
        assert!(
            extract("@r/x.tgz", "@artifact/")
                .is_err_and(|why| why.contains("failed to extract tarball 'x.tgz': it is no"))
        );
    }
}
