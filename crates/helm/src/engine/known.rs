//! What templates came to in the render before: those that depend on nothing but the chart, its values and the release are not
//! run again when a release is rendered once more because of what others asked the cluster. One that changes values is among
//! them, and is run only for another that is.

use std::sync::Arc;

use gotemplate::Options;

use crate::capabilities::Capabilities;
use crate::manifest::FileText;
use crate::options::{ReleaseOptions, RenderOptions};

/// Steps and bytes of a render's budgets.
pub(super) type Cost = (u64, usize);

/// What two things cost together.
pub(super) fn sum(one: Cost, other: Cost) -> Cost {
    (one.0.saturating_add(other.0), one.1.saturating_add(other.1))
}

/// The outputs of a render.
#[derive(Debug)]
pub(crate) struct Known {
    release: ReleaseOptions,
    capabilities: Capabilities,
    limits: Options,
    /// By the order of the templates.
    files: Vec<KnownFile>,
}

/// What a template came to.
#[derive(Clone, Debug)]
pub(super) struct KnownFile {
    pub(super) text: Arc<FileText>,
    /// How, if it comes to that each time.
    pub(super) same: Option<Same>,
}

/// How a template comes to the same each time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Same {
    pub(super) cost: Cost,
    /// Whether it changes values. Then it is run before any other one is that may see that.
    pub(super) alters: bool,
}

impl Known {
    /// Nothing that is known yet.
    pub(super) fn begin(options: &RenderOptions) -> Self {
        let RenderOptions { release, capabilities, limits, .. } = options.clone();
        Self { release, capabilities, limits, files: Vec::new() }
    }

    /// Whether a render of the same chart and values with these options comes to the same.
    pub(super) fn fits(&self, options: &RenderOptions) -> bool {
        let RenderOptions { release, capabilities, limits, .. } = options;
        (&self.release, &self.capabilities, &self.limits) == (release, capabilities, limits)
    }

    /// What a template came to.
    pub(super) fn file(&self, number: usize) -> Option<&KnownFile> {
        self.files.get(number)
    }

    /// The text of a template's output: that of the render before, with what was read of it, if the output is the same.
    pub(super) fn text(last: Option<&Self>, number: usize, output: Vec<u8>) -> Arc<FileText> {
        let same = last.and_then(|last| last.file(number)).filter(|file| file.text.text == output);
        same.map_or_else(|| Arc::new(FileText::new(output)), |file| Arc::clone(&file.text))
    }

    /// Adds what the next template came to.
    pub(super) fn add(&mut self, file: KnownFile) {
        self.files.push(file);
    }
}
