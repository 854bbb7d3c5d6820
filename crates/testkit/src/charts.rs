//! Charts where people get them from: a chart repository over HTTP and a real registry, both filled by the real helm.

mod artifact;
mod helm;
mod registry;
mod site;
mod token;

pub use crate::tls::Certificate;
pub use artifact::{CHART_LAYER, CosignKey, FLUX_LAYER, archive};
pub use helm::Helm;
pub use registry::{Login, Registry, Setup as RegistrySetup};
pub use site::{ChartSite, Encryption, Setup as SiteSetup};
