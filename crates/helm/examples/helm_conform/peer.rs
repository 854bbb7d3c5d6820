//! The real helm, one process a render.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::case::Case;

/// What the real helm said.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Said {
    /// What it printed.
    Printed(Vec<u8>),
    /// Why it refused.
    Refused(String),
}

/// The real helm.
pub(crate) struct Peer {
    helm: PathBuf,
    cache: Option<PathBuf>,
}

impl Peer {
    pub(crate) fn new(helm: PathBuf, cache: Option<PathBuf>) -> Self {
        Self { helm, cache }
    }

    /// What it says about a case; from the cache if there is one.
    pub(crate) fn ask(&self, case: &Case) -> Result<Said, String> {
        let Some(cache) = &self.cache else { return self.run(case) };
        let key = cache.join(format!("{:016x}", self.key(case)));
        if let Ok(printed) = fs::read(key.with_extension("out")) {
            return Ok(Said::Printed(printed));
        }
        if let Ok(refused) = fs::read_to_string(key.with_extension("err")) {
            return Ok(Said::Refused(refused));
        }
        let said = self.run(case)?;
        let stored = fs::create_dir_all(cache).and_then(|()| match &said {
            Said::Printed(printed) => fs::write(key.with_extension("out"), printed),
            Said::Refused(refused) => fs::write(key.with_extension("err"), refused),
        });
        stored.map_err(|error| format!("{}: {error}", key.display()))?;
        Ok(said)
    }

    /// What it says now.
    pub(crate) fn run(&self, case: &Case) -> Result<Said, String> {
        let mut command = Command::new(&self.helm);
        command.args(["template", "conform"]).arg(&case.chart).args(["--namespace", "conform-ns"]);
        for file in &case.values {
            command.arg("-f").arg(file);
        }
        let output = command.output().map_err(|error| format!("{}: {error}", self.helm.display()))?;
        if output.status.success() {
            return Ok(Said::Printed(output.stdout));
        }
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        let at = text.find("Error: ").map_or(0, |at| at + "Error: ".len());
        let text = text[at..].trim_end();
        Ok(Said::Refused(
            text.strip_suffix("\n\nUse --debug flag to render out invalid YAML").unwrap_or(text).to_owned(),
        ))
    }

    fn key(&self, case: &Case) -> u64 {
        let mut hash = DefaultHasher::new();
        self.helm.hash(&mut hash);
        hash_tree(&case.chart, &mut hash);
        for file in &case.values {
            fs::read(file).unwrap_or_default().hash(&mut hash);
        }
        hash.finish()
    }
}

fn hash_tree(path: &Path, hash: &mut impl Hasher) {
    path.hash(hash);
    if path.is_dir() {
        let mut entries: Vec<_> =
            fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        entries.sort();
        for entry in &entries {
            hash_tree(entry, hash);
        }
    } else {
        fs::read(path).unwrap_or_default().hash(hash);
    }
}
