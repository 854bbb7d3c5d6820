//! What a render is asked for, beside the chart and its values.

use crate::capabilities::Capabilities;
use crate::compat::HelmCompat;

/// The release, as templates see it under `.Release`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseOptions {
    /// The release's name.
    pub name: String,
    /// The namespace it goes to.
    pub namespace: String,
    /// Its revision.
    pub revision: i64,
    /// Whether it is an upgrade or a rollback; otherwise it is an installation.
    pub upgrade: bool,
}

/// How a chart is rendered.
#[derive(Clone, Debug)]
pub struct RenderOptions {
    /// Which Helm to be like.
    pub compat: HelmCompat,
    /// The release.
    pub release: ReleaseOptions,
    /// What the cluster can do.
    pub capabilities: Capabilities,
    /// Do not check the values against `values.schema.json`.
    pub skip_schema_validation: bool,
    /// Render the notes of subcharts with those of the chart.
    pub subchart_notes: bool,
    /// Note which values each file reads, and which line of a template each document comes from.
    pub trace: bool,
    /// What the templates of one render may cost, and whether a key that is missing in the values is an error.
    pub limits: gotemplate::Options,
}

impl RenderOptions {
    /// The first installation of a release, without a cluster.
    pub fn install(name: &str, namespace: &str) -> Self {
        Self {
            compat: HelmCompat::default(),
            release: ReleaseOptions {
                name: name.to_owned(),
                namespace: namespace.to_owned(),
                revision: 1,
                upgrade: false,
            },
            capabilities: Capabilities::default(),
            skip_schema_validation: false,
            subchart_notes: false,
            trace: false,
            limits: gotemplate::Options::default(),
        }
    }
}
