//! Files that are decrypted before the build: what generators of secrets read, and patches.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use goyaml::{ParseOptions, Value};
use kustomize::{EntryKind, FileError, Files};
use sops::{Format, MacCheck, SopsError};

use super::{Decryption, MAX_FILE, format_of, has_marker, remedy};
use crate::Diagnostic;
use crate::generator::{self, normalise};

/// Files of a source, some of them decrypted.
pub(crate) struct DecryptedFiles<'a> {
    inner: &'a dyn Files,
    decryption: &'a Decryption,
    plain: BTreeMap<String, Arc<[u8]>>,
    /// Encrypted manifests that were changed after they were encrypted.
    changed: Mutex<BTreeMap<String, Diagnostic>>,
}

impl<'a> DecryptedFiles<'a> {
    /// Decrypts what the kustomization in `dir`, and those it names, read as secrets or patches.
    pub(crate) fn new(
        inner: &'a dyn Files,
        decryption: &'a Decryption,
        (dir, overlay): (&str, &Value),
    ) -> Result<Self, Vec<Diagnostic>> {
        let mut files = Self { inner, decryption, plain: BTreeMap::new(), changed: Mutex::default() };
        let mut errors = Vec::new();
        for (path, format) in Sources::of(inner, dir, overlay).files {
            match files.decrypt(&path, format) {
                Ok(Some(plain)) => drop(files.plain.insert(path, plain)),
                Ok(None) => {}
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(files) } else { Err(errors) }
    }

    /// The plaintext of a file; `None` where it is not encrypted, or not there, which the build tells better.
    fn decrypt(&self, path: &str, format: Format) -> Result<Option<Arc<[u8]>>, Diagnostic> {
        let Ok(bytes) = self.inner.read(path) else { return Ok(None) };
        if !has_marker(&bytes, format) {
            return Ok(None);
        }
        if bytes.len() > MAX_FILE {
            let message =
                format!("cannot decrypt a file of {} bytes, more than the {MAX_FILE} that are allowed", bytes.len());
            return Err(Diagnostic { file: path.to_owned(), message, ..Diagnostic::default() });
        }
        self.look_at_mac(path, &bytes, format)?;
        let plain = self.decryption.text(&bytes, (format, format), MacCheck::Ignore);
        plain.map(|text| Some(Arc::from(text.as_slice()))).map_err(|error| at(path, "decryption failed", &error))
    }

    /// Looks whether a file is as it was encrypted: what is changed is refused, or told, as the decryption says.
    fn look_at_mac(&self, path: &str, bytes: &[u8], format: Format) -> Result<(), Diagnostic> {
        let Some(error) = self.decryption.mac_fault(bytes, format) else { return Ok(()) };
        let found = at(path, "the file is not as it was encrypted", &error);
        if self.decryption.requires_mac {
            return Err(found);
        }
        self.changed.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), found);
        Ok(())
    }

    /// The files that were read although they are not as they were encrypted.
    pub(crate) fn into_findings(self) -> Vec<Diagnostic> {
        self.changed.into_inner().unwrap_or_else(PoisonError::into_inner).into_values().collect()
    }
}

impl Files for DecryptedFiles<'_> {
    fn read(&self, path: &str) -> Result<Arc<[u8]>, FileError> {
        if let Some(plain) = self.plain.get(path) {
            return Ok(plain.clone());
        }
        let bytes = self.inner.read(path)?;
        let format = Format::of_path(path);
        if has_marker(&bytes, format) && bytes.len() <= MAX_FILE {
            self.look_at_mac(path, &bytes, format)
                .map_err(|found| FileError::Unreadable { path: path.to_owned(), reason: found.message })?;
        }
        Ok(bytes)
    }

    fn kind(&self, path: &str) -> Option<EntryKind> {
        self.inner.kind(path)
    }

    fn list(&self, dir: &str) -> Vec<String> {
        self.inner.list(dir)
    }

    fn content_id(&self, path: &str) -> Option<String> {
        if self.plain.contains_key(path) { None } else { self.inner.content_id(path) }
    }
}

fn at(path: &str, what: &str, error: &SopsError) -> Diagnostic {
    Diagnostic {
        file: path.to_owned(),
        line: error.line.unwrap_or_default(),
        column: 0,
        message: format!("{what}: {}", error.fault),
        hint: remedy(error),
    }
}

/// The files that kustomizations read as secrets or patches, with the formats in which they are encrypted.
struct Sources<'a> {
    tree: &'a dyn Files,
    files: BTreeMap<String, Format>,
    seen: BTreeSet<String>,
}

impl<'a> Sources<'a> {
    fn of(tree: &'a dyn Files, dir: &str, overlay: &Value) -> Self {
        let mut sources = Self { tree, files: BTreeMap::new(), seen: BTreeSet::new() };
        let mut queue = vec![dir.to_owned()];
        sources.named(dir, overlay, &mut queue);
        // Faults of kustomizations are told by the build.
        while let Some(dir) = queue.pop() {
            if sources.seen.insert(dir.clone())
                && let Some(kustomization) = read(tree, &dir)
            {
                sources.generators(&dir, &kustomization);
                sources.named(&dir, &kustomization, &mut queue);
            }
        }
        sources
    }

    /// Adds what the generators of secrets read, and the patches.
    fn generators(&mut self, dir: &str, kustomization: &Value) {
        for generator in list(kustomization, "secretGenerator") {
            for file in texts(generator, "files") {
                let (key, path) = file.split_once('=').unwrap_or((file, file));
                self.add(dir, path, format_of(key));
            }
            for path in texts(generator, "envs").chain(generator.get("env").and_then(Value::as_str)) {
                let format = format_of(path);
                self.add(dir, path, if format == Format::Binary { Format::Dotenv } else { format });
            }
        }
        for path in list(kustomization, "patches").filter_map(|patch| patch.get("path")?.as_str()) {
            self.add(dir, path, format_of(path));
        }
    }

    fn add(&mut self, dir: &str, path: &str, format: Format) {
        if let Some(path) = normalise(dir, path).filter(|path| self.tree.kind(path) == Some(EntryKind::File)) {
            self.files.entry(path).or_insert(format);
        }
    }

    /// Follows the folders that a kustomization names.
    fn named(&self, dir: &str, kustomization: &Value, queue: &mut Vec<String>) {
        let named = ["resources", "components"].into_iter().flat_map(|field| texts(kustomization, field));
        let folders = named.filter_map(|path| normalise(dir, path));
        queue.extend(folders.filter(|path| self.tree.kind(path) == Some(EntryKind::Dir)));
    }
}

fn read(tree: &dyn Files, dir: &str) -> Option<Value> {
    let bytes = tree.read(&generator::kustomization_file(tree, dir)?).ok()?;
    let parsed = goyaml::parse_first(std::str::from_utf8(&bytes).ok()?, &ParseOptions::sigs());
    Some(parsed.ok()??.value)
}

fn list<'v>(value: &'v Value, field: &str) -> impl Iterator<Item = &'v Value> {
    value.get(field).and_then(Value::as_list).into_iter().flatten()
}

fn texts<'v>(value: &'v Value, field: &str) -> impl Iterator<Item = &'v str> {
    list(value, field).filter_map(Value::as_str)
}
