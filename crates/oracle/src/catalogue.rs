//! The list of oracles in `tools/oracle/catalogue.json`, and the cache folder that each belongs to.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use sha2::{Digest, Sha256};

/// How many hexadecimal digits of a key's hash a folder's name carries.
const KEY_DIGITS: usize = 12;

/// Why the place of an oracle is not known.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// A file of `tools/oracle` cannot be read.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's word.
        source: io::Error,
    },
    /// The catalogue is not what it should be.
    #[error("tools/oracle/catalogue.json: {0}")]
    Form(#[from] serde_json::Error),
    /// There is no such entry.
    #[error("no oracle is called {name}; there are {known}")]
    Unknown {
        /// The name that was asked for.
        name: String,
        /// All names, with commas.
        known: String,
    },
    /// There is no folder for the cache.
    #[error("neither SETPOINT_ORACLES nor HOME is set: no place for the oracles")]
    NoCache,
}

/// The oracles by name.
pub struct Catalogue {
    modules: PathBuf,
    entries: BTreeMap<String, Entry>,
}

/// Programs that are made together.
#[derive(Deserialize)]
pub struct Entry {
    /// How they are made.
    #[serde(flatten)]
    pub origin: Origin,
    /// Their names as installed, with their place in what was built or unpacked.
    pub programs: BTreeMap<String, String>,
}

/// How oracles are made.
#[derive(Deserialize)]
#[serde(tag = "from", rename_all = "lowercase")]
pub enum Origin {
    /// The module in `tools/oracle/NAME`: its own program, or where it has no Go files the `tool` block of its `go.mod`.
    Go {
        /// Flags of Go's linker.
        ldflags: String,
    },
    /// A package of the npm registry that holds a zip archive.
    Npm {
        /// The package's name.
        package: String,
        /// Its version.
        version: String,
        /// The archive's place in the package.
        archive: String,
    },
    /// A wheel of the Python registry.
    Pypi {
        /// The package's name.
        package: String,
        /// Its version.
        version: String,
    },
}

impl Catalogue {
    /// Reads the catalogue of a checkout.
    pub fn read(checkout: &Path) -> Result<Self, CatalogueError> {
        let modules = checkout.join("tools/oracle");
        let text = at(&modules.join("catalogue.json"), |path| fs::read(path))?;
        let entries = serde_json::from_slice(&text)?;
        Ok(Self { modules, entries })
    }

    /// All entries by name.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.entries.iter().map(|(name, entry)| (name.as_str(), entry))
    }

    /// One entry.
    pub fn entry(&self, name: &str) -> Result<&Entry, CatalogueError> {
        self.entries.get(name).ok_or_else(|| CatalogueError::Unknown {
            name: name.to_owned(),
            known: self.entries.keys().map(String::as_str).collect::<Vec<_>>().join(", "),
        })
    }

    /// The folder in the cache whose `bin` holds the programs; its name changes with what they are made from.
    pub fn folder(&self, name: &str) -> Result<PathBuf, CatalogueError> {
        let key = match &self.entry(name)?.origin {
            Origin::Npm { version, .. } | Origin::Pypi { version, .. } => version.clone(),
            Origin::Go { .. } => self.digest(name)?,
        };
        Ok(cache()?.join(format!("{name}-{key}")))
    }

    /// The folder of a Go oracle's module.
    pub fn module(&self, name: &str) -> PathBuf {
        self.modules.join(name)
    }

    /// The Go files of an oracle that is a program of ours; none for one that is only built.
    pub fn own_sources(&self, name: &str) -> Result<Vec<PathBuf>, CatalogueError> {
        let module = self.module(name);
        let mut sources = Vec::new();
        for entry in at(&module, |path| fs::read_dir(path))? {
            sources.push(at(&module, |_| entry)?.path());
        }
        sources.retain(|path| path.extension().is_some_and(|end| end == "go"));
        sources.sort();
        Ok(sources)
    }

    fn digest(&self, name: &str) -> Result<String, CatalogueError> {
        let module = self.module(name);
        let pinned = [module.join("go.mod"), module.join("go.sum")];
        let mut hash = Sha256::new();
        for path in pinned.into_iter().chain(self.own_sources(name)?) {
            hash.update(at(&path, |path| fs::read(path))?);
        }
        let mut digits = format!("{:x}", hash.finalize());
        digits.truncate(KEY_DIGITS);
        Ok(digits)
    }
}

fn cache() -> Result<PathBuf, CatalogueError> {
    let named = env::var_os("SETPOINT_ORACLES").map(PathBuf::from);
    let usual = || env::var_os("HOME").map(|home| Path::new(&home).join(".cache/setpoint/oracles"));
    named.or_else(usual).ok_or(CatalogueError::NoCache)
}

fn at<T>(path: &Path, ask: impl FnOnce(&Path) -> io::Result<T>) -> Result<T, CatalogueError> {
    ask(path).map_err(|source| CatalogueError::Io { path: path.to_path_buf(), source })
}
