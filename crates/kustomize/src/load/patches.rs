//! Patches: read from files or from the kustomization itself, and told apart by what they hold.

use std::sync::Arc;

use goyaml::Pos;

use super::{Loader, Place};
use crate::BuildError;
use crate::documents::{self, Manifest, Source};
use crate::json_patch::{self, Operation};
use crate::read::{Kustomization, Patch, Text};
use crate::selector::Selector;

/// A patch that is ready to be applied.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub(crate) struct PatchInput {
    pub(crate) kind: PatchKind,
    pub(crate) target: Option<Selector>,
    pub(crate) allow_name_change: bool,
    pub(crate) allow_kind_change: bool,
    /// Where the text of the patch stands.
    pub(crate) file: Arc<str>,
    /// Lines of that file before the first line of the patch.
    pub(crate) offset: u32,
    /// It is of `patchesJson6902`, which do not note the names of what they change.
    pub(crate) is_late: bool,
    /// It is of `patchesStrategicMerge`.
    pub(crate) is_legacy: bool,
    /// Where the kustomization names it.
    pub(crate) named_at: Pos,
}

impl PatchInput {
    /// Whether kustomize applies a copy of the patch, which it fits to the object first.
    pub(crate) fn is_copied(&self) -> bool {
        self.target.is_some() || self.is_legacy
    }
}

/// What a patch holds.
#[derive(Debug)]
pub(crate) enum PatchKind {
    /// Parts of objects.
    Merge(Arc<Vec<Manifest>>),
    /// Operations.
    Json(Vec<Operation>),
}

/// The text of a patch and where it stands.
struct PatchText {
    bytes: Arc<[u8]>,
    file: Arc<str>,
    offset: u32,
}

impl Loader<'_> {
    /// `patchesStrategicMerge`, then `patches`.
    pub(super) fn patches(&mut self, dir: &str, file: &Arc<str>, kustomization: &Kustomization) -> Vec<PatchInput> {
        let merges: Vec<_> = kustomization.patches_strategic_merge.iter().map(|named| (named.line(), named)).collect();
        let mut found = self.strategic_merges(Place { dir, file, line: 0 }, &merges);
        for patch in &kustomization.patches {
            let place = Place { dir, file: patch.from.as_ref().unwrap_or(file), line: patch.line };
            found.extend(self.patch(place, patch));
        }
        found
    }

    /// An entry of `patches`.
    pub(super) fn patch(&mut self, place: Place<'_>, patch: &Patch) -> Option<PatchInput> {
        let text = self.patch_text(place, patch)?;
        let source = self.patch_source(&text, patch);
        let text = PatchText { offset: source.offset, ..text };
        let input = self.classify(place, &text, &source).map(|kind| input(kind, text, patch))?;
        self.checked(place, input)
    }

    /// `patchesJson6902`.
    pub(super) fn late_patches(
        &mut self,
        dir: &str,
        file: &Arc<str>,
        kustomization: &Kustomization,
    ) -> Vec<PatchInput> {
        let mut found = Vec::new();
        for patch in &kustomization.patches_json {
            let place = Place { dir, file, line: patch.line };
            found.extend(self.late_patch(place, patch));
        }
        found
    }

    /// An entry of `patchesJson6902`.
    pub(super) fn late_patch(&mut self, place: Place<'_>, patch: &Patch) -> Option<PatchInput> {
        if !patch.target_has_name {
            let message = "must specify the target name in an entry of 'patchesJson6902'";
            self.fail(BuildError::new(&**place.file, patch.line, message));
            return None;
        }
        let text = self.patch_text(place, patch)?;
        let source = self.patch_source(&text, patch);
        let text = PatchText { offset: source.offset, ..text };
        match self.operations(&text, &source) {
            Ok(operations) if operations.is_empty() => {
                self.fail(BuildError::new(&*text.file, 0, "patch appears to be empty"));
                None
            }
            Ok(operations) => Some(PatchInput { is_late: true, ..input(PatchKind::Json(operations), text, patch) }),
            Err((line, message)) => {
                self.fail(BuildError::new(&*text.file, line + text.offset, message));
                None
            }
        }
    }

    /// All entries of `patchesStrategicMerge`, each with the line to blame. Some may be empty, but not all.
    pub(super) fn strategic_merges(&mut self, place: Place<'_>, named: &[(u32, &Text)]) -> Vec<PatchInput> {
        let read = |(line, text): &(u32, &Text)| self.strategic_merge(Place { line: *line, ..place }, text);
        let found: Vec<PatchInput> = named.iter().filter_map(read).collect();
        let is_empty = |patch: &PatchInput| matches!(&patch.kind, PatchKind::Merge(parts) if parts.is_empty());
        if let Some((line, _)) = named.first().filter(|_| found.len() == named.len() && found.iter().all(is_empty)) {
            self.fail(BuildError::new(&**place.file, *line, "the patch is empty"));
        }
        found
    }

    /// An entry of `patchesStrategicMerge`: a patch itself, or the path of a file.
    fn strategic_merge(&mut self, place: Place<'_>, named: &Text) -> Option<PatchInput> {
        let offset = if named.text.contains('\n') { named.line() } else { named.line().saturating_sub(1) };
        let inline = self.inline(place.file, named, offset);
        let (manifests, file, offset) = match documents::read_patch(named.text.as_bytes(), &inline, &self.raw) {
            Ok(manifests) => (Arc::new(manifests), place.file.clone(), offset),
            Err(errors) if named.text.contains('\n') => {
                self.fail_all(errors);
                return None;
            }
            Err(_) => {
                let (target, bytes) = self.content(place, &named.text)?;
                let file: Arc<str> = target.into();
                let source = self.source(&file);
                match self.read_patch(&bytes, &source) {
                    Ok(manifests) => (manifests, file, 0),
                    Err(errors) => {
                        self.fail_all(errors);
                        return None;
                    }
                }
            }
        };
        Some(PatchInput {
            kind: PatchKind::Merge(manifests),
            target: None,
            allow_name_change: false,
            allow_kind_change: false,
            file,
            offset,
            is_late: false,
            is_legacy: true,
            named_at: named.pos,
        })
    }

    /// The objects of a patch; what is kept of another build need not be read again.
    fn read_patch(&self, bytes: &Arc<[u8]>, source: &Source) -> Result<Arc<Vec<Manifest>>, Vec<BuildError>> {
        if let Some(kept) = self.cache.as_ref().and_then(|cache| cache.patch(bytes, source.offset)) {
            return Ok(kept);
        }
        let read = Arc::new(documents::read_patch(bytes, source, &self.raw)?);
        if let Some(cache) = &self.cache {
            cache.keep_patch(bytes, source.offset, &read);
        }
        Ok(read)
    }

    /// Where the text of a patch stands.
    fn patch_source(&mut self, text: &PatchText, patch: &Patch) -> Source {
        match &patch.inline {
            Some(inline) => self.inline(&text.file, inline, text.offset),
            None => self.source(&text.file),
        }
    }

    fn operations(&self, text: &PatchText, source: &Source) -> Result<Vec<Operation>, (u32, String)> {
        let mut operations = json_patch::parse(&String::from_utf8_lossy(&text.bytes))?;
        for operation in &mut operations {
            operation.trace(&self.raw.tracer, source.index);
        }
        Ok(operations)
    }

    fn patch_text(&mut self, place: Place<'_>, patch: &Patch) -> Option<PatchText> {
        if let Some(inline) = &patch.inline {
            let bytes = Arc::from(inline.text.as_bytes());
            return Some(PatchText { bytes, file: place.file.clone(), offset: patch.offset });
        }
        let named = patch.path.as_ref()?;
        let (target, bytes) = self.content(Place { line: named.line(), ..place }, &named.text)?;
        Some(PatchText { bytes, file: target.into(), offset: 0 })
    }

    /// Decides what a patch is by reading it both ways.
    fn classify(&mut self, place: Place<'_>, text: &PatchText, source: &Source) -> Option<PatchKind> {
        let merge = self.read_patch(&text.bytes, source);
        let merge = match merge {
            // Whatever is an object is no list.
            Ok(manifests) if !manifests.is_empty() && !looks_like_operations(&text.bytes) => {
                return Some(PatchKind::Merge(manifests));
            }
            merge => merge,
        };
        let json = self.operations(text, source);
        match (merge, json) {
            (Ok(manifests), Ok(operations)) if !manifests.is_empty() && !operations.is_empty() => {
                let message = "the patch reads both as a strategic merge patch and as a JSON patch";
                self.fail(BuildError::new(&**place.file, place.line, message));
                None
            }
            (Ok(manifests), json) if !manifests.is_empty() || json.is_err() => Some(PatchKind::Merge(manifests)),
            (_, Ok(operations)) => Some(PatchKind::Json(operations)),
            (Ok(manifests), Err(_)) => Some(PatchKind::Merge(manifests)),
            (Err(errors), Err((line, message))) => {
                if looks_like_operations(&text.bytes) {
                    let hint =
                        "A JSON patch is a list of operations: '- op: replace', 'path: /spec/replicas', 'value: 2'.";
                    self.fail(BuildError::new(&*text.file, line + text.offset, message).hint(hint));
                } else {
                    self.fail_all(errors);
                }
                None
            }
        }
    }

    fn checked(&mut self, place: Place<'_>, input: PatchInput) -> Option<PatchInput> {
        let problem = match &input.kind {
            PatchKind::Json(_) if input.target.is_none() => Some("must specify a target for a JSON patch"),
            PatchKind::Merge(manifests) if input.target.is_some() && manifests.len() > 1 => {
                Some("several patches in one entry cannot share a target: make an entry of each")
            }
            PatchKind::Merge(manifests) if manifests.is_empty() => Some("the patch is empty"),
            _ => None,
        };
        let Some(problem) = problem else { return Some(input) };
        self.fail(BuildError::new(&**place.file, place.line, problem));
        None
    }
}

fn looks_like_operations(bytes: &[u8]) -> bool {
    let start = String::from_utf8_lossy(bytes);
    let first = start.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
    first.is_some_and(|line| line.starts_with('-') && !line.starts_with("---") || line.starts_with('['))
}

fn input(kind: PatchKind, text: PatchText, patch: &Patch) -> PatchInput {
    PatchInput {
        kind,
        target: patch.target.clone(),
        allow_name_change: patch.allow_name_change,
        allow_kind_change: patch.allow_kind_change,
        file: text.file,
        offset: text.offset,
        is_late: false,
        is_legacy: false,
        named_at: patch.pos,
    }
}
