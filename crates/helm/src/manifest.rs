//! From the output of templates to manifests and hooks, in the order in which they are installed.

mod head;
mod lines;
mod order;
mod split;

use std::cmp::Ordering;
use std::sync::{Arc, OnceLock};

use goyaml::parallel;
pub(crate) use lines::{Lines, NO_VALUE};
pub use order::{install_rank, uninstall_rank};
pub use split::split;

use self::head::Head;
use crate::compat::HelmCompat;
use crate::scope::is_partial;

/// One document of a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The template it comes from: `chart/templates/file.yaml`.
    pub path: Arc<str>,
    /// Its text, without the `---`.
    pub content: Arc<str>,
    /// `apiVersion`; empty if there is none.
    pub api_version: Arc<str>,
    /// `kind`; empty if there is none, as in a document of comments only.
    pub kind: Arc<str>,
    /// `metadata.name`; empty if there is none.
    pub name: Arc<str>,
    /// Line of the template that its text starts at, from 1; 0 if it was not traced.
    pub line: u32,
}

/// A document that is not part of the release itself, but done at a point of its life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// The document.
    pub manifest: Manifest,
    /// When it is done.
    pub events: Vec<HookEvent>,
    /// Lower ones are done first.
    pub weight: i64,
    /// When it is deleted: `before-hook-creation`, `hook-succeeded`, `hook-failed`, or what else was written.
    pub delete_policies: Vec<String>,
    /// When its log is shown: `hook-succeeded`, `hook-failed`.
    pub output_log_policies: Vec<String>,
}

impl Hook {
    /// Whether it is a test.
    pub fn is_test(&self) -> bool {
        self.events.contains(&HookEvent::Test)
    }
}

/// Points in the life of a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HookEvent {
    /// Before the first installation.
    PreInstall,
    /// After it.
    PostInstall,
    /// Before a deletion.
    PreDelete,
    /// After it.
    PostDelete,
    /// Before an upgrade.
    PreUpgrade,
    /// After it.
    PostUpgrade,
    /// Before a rollback.
    PreRollback,
    /// After it.
    PostRollback,
    /// At `helm test`.
    Test,
}

/// All events with their names.
const EVENTS: &[(&str, HookEvent)] = &[
    ("pre-install", HookEvent::PreInstall),
    ("post-install", HookEvent::PostInstall),
    ("pre-delete", HookEvent::PreDelete),
    ("post-delete", HookEvent::PostDelete),
    ("pre-upgrade", HookEvent::PreUpgrade),
    ("post-upgrade", HookEvent::PostUpgrade),
    ("pre-rollback", HookEvent::PreRollback),
    ("post-rollback", HookEvent::PostRollback),
    ("test", HookEvent::Test),
    // Of Helm 2.
    ("test-success", HookEvent::Test),
];

impl HookEvent {
    /// The event of this name.
    pub fn parse(name: &str) -> Option<Self> {
        EVENTS.iter().find(|(known, _)| *known == name).map(|(_, event)| *event)
    }

    /// Its name in the annotation `helm.sh/hook`.
    pub fn name(self) -> &'static str {
        EVENTS.iter().find(|(_, event)| *event == self).map_or("", |(name, _)| name)
    }
}

const HOOK: &str = "helm.sh/hook";
const WEIGHT: &str = "helm.sh/hook-weight";
const DELETE_POLICY: &str = "helm.sh/hook-delete-policy";
const OUTPUT_LOG_POLICY: &str = "helm.sh/hook-output-log-policy";

/// What the files came to.
#[derive(Debug, Default)]
pub(crate) struct Sorted {
    pub(crate) hooks: Vec<Hook>,
    pub(crate) manifests: Vec<Manifest>,
}

/// A file that is not YAML.
#[derive(Debug)]
pub(crate) struct Trouble {
    pub(crate) path: Arc<str>,
    pub(crate) message: String,
}

/// What one template came to.
#[derive(Debug)]
pub(crate) struct RenderedFile {
    /// `chart/templates/file.yaml`
    pub(crate) path: Arc<str>,
    /// Its output.
    pub(crate) output: Arc<FileText>,
    /// Where the output comes from, if that was noted.
    pub(crate) lines: Option<Lines>,
}

/// What a template came to, with the documents in it.
#[derive(Debug)]
pub(crate) struct FileText {
    /// All of it.
    pub(crate) text: Vec<u8>,
    documents: OnceLock<Result<Vec<Document>, String>>,
}

#[derive(Debug)]
struct Document {
    /// Where it starts in the file.
    start: usize,
    content: Arc<str>,
    head: Head,
    /// The place of its kind in the order of installation; none for those that come last, by their names.
    rank: Option<usize>,
}

impl FileText {
    pub(crate) fn new(text: Vec<u8>) -> Self {
        Self { text, documents: OnceLock::new() }
    }

    /// Reads the documents, so that they need not be read when they are asked for.
    pub(crate) fn read(&self, compat: HelmCompat) {
        // What is wrong is told to whoever asks.
        let _ = self.documents(compat);
    }

    /// The documents, as this release of Helm cuts them; the error is that of the first one that is no YAML.
    fn documents(&self, compat: HelmCompat) -> Result<&[Document], &str> {
        let read = self.documents.get_or_init(|| {
            let text = str::from_utf8(&self.text).map_err(|_| NO_TEXT.to_owned())?;
            let document = |content: &str| {
                let start = content.as_ptr() as usize - text.as_ptr() as usize;
                let head = Head::read(content)?;
                let rank = order::install_rank(&head.kind, compat);
                Ok(Document { start, content: content.into(), head, rank })
            };
            split(text, compat).into_iter().map(document).collect()
        });
        read.as_deref().map_err(String::as_str)
    }
}

/// Splits the files, in the order of their paths, and sorts their documents.
pub(crate) fn sort(files: &[RenderedFile], compat: HelmCompat) -> Result<Sorted, Trouble> {
    let mut files: Vec<&RenderedFile> = files.iter().filter(|file| !is_partial(&file.path)).collect();
    files.sort_by(|left, right| left.path.cmp(&right.path));
    let outputs: Vec<&FileText> = files.iter().map(|file| &*file.output).collect();
    let unread = outputs.iter().filter(|output| output.documents.get().is_none()).count();
    let worth = parallel::worth_of(unread, FILES_OF_A_THREAD);
    let documents = parallel::map(&outputs, worth, |output| output.documents(compat));
    let mut all = Vec::with_capacity(files.len());
    for (file, documents) in files.iter().zip(documents) {
        let trouble = |message: &str| Trouble { path: Arc::clone(&file.path), message: message.to_owned() };
        all.extend(documents.map_err(trouble)?.iter().map(|document| (*file, document)));
    }
    all.sort_by(|(_, left), (_, right)| left.compare(right));
    let mut sorted = Sorted { hooks: Vec::new(), manifests: Vec::with_capacity(all.len()) };
    for (file, document) in all {
        sorted.add(file, document);
    }
    Ok(sorted)
}

/// Files whose documents are worth a thread of their own.
const FILES_OF_A_THREAD: usize = 32;

const NO_TEXT: &str = "error converting YAML to JSON: yaml: invalid leading UTF-8 octet";

impl Document {
    /// Kinds that are not in the list come last, by their names; equal ones stay as they are.
    fn compare(&self, other: &Self) -> Ordering {
        match (self.rank, other.rank) {
            (Some(rank), Some(other)) => rank.cmp(&other),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => self.head.kind.cmp(&other.head.kind),
        }
    }
}

impl Sorted {
    /// Adds a document of a file.
    fn add(&mut self, file: &RenderedFile, document: &Document) {
        let Document { start, content, head, .. } = document;
        let manifest = Manifest {
            path: Arc::clone(&file.path),
            content: Arc::clone(content),
            api_version: Arc::clone(&head.api_version),
            kind: Arc::clone(&head.kind),
            name: Arc::clone(&head.name),
            line: file.lines.as_ref().map_or(0, |lines| lines.line(*start)),
        };
        let annotation = |name: &str| head.annotations.get(name).map(String::as_str);
        match annotation(HOOK) {
            None => self.manifests.push(manifest),
            // One that names an event that Helm does not know is left out as a whole.
            Some(events) => self.hooks.extend(hook(manifest, events, annotation)),
        }
    }
}

fn hook<'a>(manifest: Manifest, events: &str, annotation: impl Fn(&str) -> Option<&'a str>) -> Option<Hook> {
    let events: Option<Vec<_>> = words(events).iter().map(|name| HookEvent::parse(name)).collect();
    let policies = |name: &str| annotation(name).map(words).unwrap_or_default();
    Some(Hook {
        manifest,
        events: events?,
        weight: annotation(WEIGHT).and_then(|weight| weight.parse().ok()).unwrap_or(0),
        delete_policies: policies(DELETE_POLICY),
        output_log_policies: policies(OUTPUT_LOG_POLICY),
    })
}

fn words(list: &str) -> Vec<String> {
    list.split(',').map(|word| word.trim().to_lowercase()).collect()
}
