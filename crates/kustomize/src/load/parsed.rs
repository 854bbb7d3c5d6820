//! Files of objects, parsed beside each other before they are asked for one after another.

use std::sync::Arc;

use goyaml::{Document, parallel};

use super::Loader;
use crate::documents::{self, Source};
use crate::limit::MAX_FILE_BYTES;
use crate::read::Text;
use crate::{BuildError, EntryKind, Files, path, remote};

/// Bytes of files that are worth the start of threads.
const WORTH_THREADS: usize = 256 << 10;

/// What a file holds, or why it cannot be read.
pub(super) struct Parsed {
    pub(super) source: Source,
    pub(super) documents: Result<Vec<Document>, Vec<BuildError>>,
}

impl Parsed {
    pub(super) fn new(source: Source, bytes: &[u8]) -> Self {
        let documents = documents::parse(bytes, &source);
        Self { source, documents }
    }
}

impl Loader<'_> {
    /// Parses the files among the resources of a kustomization on all cores, as that is most of what a build does.
    /// Whether they may be read at all is asked when their turn comes. Where builds share files, they share the cores, too.
    pub(super) fn parse_ahead(&mut self, dir: &str, resources: &[Text]) {
        if self.cache.is_some() {
            return;
        }
        let files: Vec<(String, Arc<[u8]>)> = resources.iter().filter_map(|named| self.unread(dir, named)).collect();
        if files.iter().map(|(_, bytes)| bytes.len()).sum::<usize>() < WORTH_THREADS {
            return;
        }
        let sources = files.into_iter().map(|(path, bytes)| (self.source(&path.into()), bytes));
        let sources: Vec<(Source, Arc<[u8]>)> = sources.collect();
        let parsed = parallel::map(&sources, 1, |(source, bytes)| Parsed::new(source.clone(), bytes));
        self.parsed.extend(parsed.into_iter().map(|parsed| (parsed.source.file.to_string(), parsed)));
    }

    /// A file that nobody has read yet.
    fn unread(&self, dir: &str, named: &Text) -> Option<(String, Arc<[u8]>)> {
        let path = path::join(dir, &named.text).filter(|_| !remote::is_address(&named.text))?;
        let is_known = self.manifests.contains_key(&path) || self.parsed.contains_key(&path);
        if is_known || self.files.kind(&path) != Some(EntryKind::File) {
            return None;
        }
        let bytes = self.files.read(&path).ok().filter(|bytes| bytes.len() <= MAX_FILE_BYTES)?;
        Some((path, bytes))
    }
}
