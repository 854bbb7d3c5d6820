//! Builds with charts, as `setpoint build --enable-helm` does.

use std::sync::Arc;

use gotemplate::NoHost;
use helm::HelmCompat;
use kustomize::{BuildError, BuildOptions, Files, Resource};
use render::HelmCharts;

pub(crate) fn ours(files: &dyn Files, dir: &str) -> Result<Vec<Resource>, Vec<BuildError>> {
    kustomize::build(files, dir, &options())
}

pub(crate) fn options() -> BuildOptions {
    let charts = HelmCharts::new(HelmCompat::V3, Arc::new(NoHost));
    BuildOptions { charts: Some(Arc::new(charts)), ..BuildOptions::default() }
}
