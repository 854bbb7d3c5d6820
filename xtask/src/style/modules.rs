//! Follows `mod` declarations from the roots of a package, to tell which files are compiled and which only in tests.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

use syn::{Attribute, Expr, Item, ItemMod, Lit, Meta};

use crate::failure::{At, Failure};

/// A file that is part of a package.
pub(crate) struct Module {
    /// Compiled only for tests or benchmarks.
    pub(crate) test: bool,
    /// The text.
    pub(crate) text: String,
    /// What it means, or why it means nothing.
    pub(crate) syntax: syn::Result<syn::File>,
}

/// Where the declarations of one file look for theirs.
struct Place {
    file: PathBuf,
    /// The folder of the modules that this file declares.
    below: PathBuf,
    test: bool,
}

/// All files of a package that a `mod` reaches, by their path relative to `root`.
pub(crate) fn reach(root: &Path, package: &Path) -> Result<BTreeMap<PathBuf, Module>, Failure> {
    let mut reached = BTreeMap::new();
    let mut open = roots(root, package)?;
    while let Some(place) = open.pop() {
        let path = root.join(&place.file);
        // A missing file is the compiler's to report; one that two roots share keeps its first reading.
        if !path.is_file() || reached.contains_key(&place.file) {
            continue;
        }
        let source = fs::read_to_string(&path).at(&path)?;
        let syntax = syn::parse_file(&source);
        let test = place.test || syntax.as_ref().is_ok_and(|file| is_test(&file.attrs));
        if let Ok(file) = &syntax {
            declared(&file.items, &place.below, test, &place.file, &mut open);
        }
        reached.insert(place.file, Module { test, text: source, syntax });
    }
    Ok(reached)
}

/// Every `.rs` file of a package that is meant to be compiled: data for tests is not.
pub(crate) fn sources(root: &Path, package: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    let mut open = vec![package.to_path_buf()];
    while let Some(folder) = open.pop() {
        for name in names(root, &folder)? {
            let path = folder.join(&name);
            if root.join(&path).is_dir() {
                if !matches!(name.as_str(), "target" | "testdata" | "data" | "fixtures") {
                    open.push(path);
                }
            } else if path.extension().is_some_and(|end| end == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The files that Cargo compiles by their place.
fn roots(root: &Path, package: &Path) -> Result<Vec<Place>, Failure> {
    let mut roots = Vec::new();
    for name in ["build.rs", "src/lib.rs", "src/main.rs"] {
        let file = package.join(name);
        roots.push(Place { below: parent(&file), file, test: false });
    }
    for (folder, test) in [("src/bin", false), ("tests", true), ("benches", true), ("examples", true)] {
        let folder = package.join(folder);
        if !root.join(&folder).is_dir() {
            continue;
        }
        for name in names(root, &folder)? {
            let file = folder.join(&name);
            let file = if root.join(&file).is_dir() { file.join("main.rs") } else { file };
            if file.extension().is_some_and(|end| end == "rs") {
                roots.push(Place { below: parent(&file), file, test });
            }
        }
    }
    Ok(roots)
}

fn declared(items: &[Item], below: &Path, test: bool, file: &Path, open: &mut Vec<Place>) {
    for item in items {
        let Item::Mod(module) = item else { continue };
        let test = test || is_test(&module.attrs);
        let name = module.ident.to_string();
        let name = name.trim_start_matches("r#");
        match &module.content {
            Some((_, items)) => declared(items, &below.join(name), test, file, open),
            None => open.push(place(module, name, below, test, file)),
        }
    }
}

fn place(module: &ItemMod, name: &str, below: &Path, test: bool, file: &Path) -> Place {
    let explicit = module.attrs.iter().find_map(path_attribute);
    let file = explicit.map_or_else(|| below.join(format!("{name}.rs")), |path| plain(&parent(file).join(path)));
    Place { below: file.with_extension(""), file, test }
}

/// The path without `..`: files are known by one name.
fn plain(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut plain, part| {
        if part == Component::ParentDir {
            plain.pop();
        } else {
            plain.push(part);
        }
        plain
    })
}

fn path_attribute(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(pair) = &attribute.meta else {
        return None;
    };
    let Expr::Lit(literal) = &pair.value else {
        return None;
    };
    match &literal.lit {
        Lit::Str(path) if pair.path.is_ident("path") => Some(path.value()),
        _ => None,
    }
}

/// Whether an item is compiled only for tests: `#[test]`, `#[tokio::test]`, `#[cfg(test)]`, `#[cfg(any(test, …))]`.
pub(crate) fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let last = attribute.path().segments.last();
        match &attribute.meta {
            Meta::List(condition) if attribute.path().is_ident("cfg") => mentions_test(&condition.tokens.to_string()),
            _ => last.is_some_and(|segment| segment.ident == "test"),
        }
    })
}

/// The attributes of an item that may be there only for tests.
pub(crate) fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Const(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn mentions_test(condition: &str) -> bool {
    let mut words = condition.split(|c: char| !c.is_alphanumeric() && c != '_');
    words.any(|word| word == "test") && !condition.contains("not")
}

fn parent(file: &Path) -> PathBuf {
    file.parent().unwrap_or(file).to_path_buf()
}

fn names(root: &Path, folder: &Path) -> Result<Vec<String>, Failure> {
    let path = root.join(folder);
    let mut names = Vec::new();
    for entry in fs::read_dir(&path).at(&path)? {
        names.push(entry.at(&path)?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}
