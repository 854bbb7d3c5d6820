//! What templates came to in the render before: those that depend on nothing but the chart, its values and the release are not
//! run again when a release is rendered once more because of what others asked the cluster.

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
    /// By the order of the templates, with what each costs; nothing for what is to be run each time.
    files: Vec<Option<(Arc<FileText>, Cost)>>,
}

impl Known {
    /// Nothing that is known yet.
    pub(super) fn begin(options: &RenderOptions) -> Self {
        let RenderOptions { release, capabilities, limits, .. } = options.clone();
        Self { release, capabilities, limits, files: Vec::new() }
    }

    /// Whether a render of the same chart and values with these options comes to the same.
    pub(crate) fn fits(&self, options: &RenderOptions) -> bool {
        let RenderOptions { release, capabilities, limits, .. } = options;
        (&self.release, &self.capabilities, &self.limits) == (release, capabilities, limits)
    }

    /// The output of a template.
    pub(super) fn file(&self, number: usize) -> Option<&(Arc<FileText>, Cost)> {
        self.files.get(number)?.as_ref()
    }

    /// Adds what the next template came to, with its cost if that is so each time.
    pub(super) fn add(&mut self, text: &Arc<FileText>, cost: Option<Cost>) {
        self.files.push(cost.map(|cost| (Arc::clone(text), cost)));
    }
}
