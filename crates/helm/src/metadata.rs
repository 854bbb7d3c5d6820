//! What `Chart.yaml` says.

mod decode;
mod encode;
mod validate;

use std::collections::BTreeMap;

use goyaml::{Pos, Value};

pub(crate) use decode::{Decoded, decode, decode_dependencies};
pub(crate) use validate::validate;

/// The fields of `Chart.yaml`; a field that is not there is empty.
///
/// Fields are found whatever the case of their letters, and numbers and truth values in the place of text are taken as
/// text, as `sigs.k8s.io/yaml` does: `appVersion: 1.10` is `1.1`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata {
    /// The name; a copy of a chart under an alias carries the alias.
    pub name: String,
    /// Home page.
    pub home: String,
    /// Addresses of the source code.
    pub sources: Vec<String>,
    /// Version of the chart.
    pub version: String,
    /// One sentence.
    pub description: String,
    /// Keywords to search for.
    pub keywords: Vec<String>,
    /// Who looks after it.
    pub maintainers: Vec<Maintainer>,
    /// Address of a picture.
    pub icon: String,
    /// `v1` or `v2`.
    pub api_version: String,
    /// Unused by Helm.
    pub condition: String,
    /// Unused by Helm.
    pub tags: String,
    /// Version of the software that the chart installs.
    pub app_version: String,
    /// Whether it should no longer be used.
    pub deprecated: bool,
    /// Notes for other programs.
    pub annotations: BTreeMap<String, String>,
    /// Range of Kubernetes versions.
    pub kube_version: String,
    /// The charts it needs. Processing takes out those that are switched off.
    pub dependencies: Vec<Dependency>,
    /// Whether there is a list of dependencies, be it an empty one: without it Helm does not look into the charts of
    /// `charts/` for theirs.
    pub declares_dependencies: bool,
    /// `application` (or nothing) or `library`.
    pub chart_type: String,
}

/// Who looks after a chart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Maintainer {
    /// Name.
    pub name: String,
    /// Address of their mail.
    pub email: String,
    /// Address of their page.
    pub url: String,
}

/// A chart that another one needs.
#[derive(Clone, Debug, Default)]
pub struct Dependency {
    /// Name of the needed chart; after processing its alias.
    pub name: String,
    /// Range of versions.
    pub version: String,
    /// Where it comes from: `https://…`, `oci://…`, `file://…`, `@name`, or nothing for a chart in `charts/`.
    pub repository: String,
    /// Paths of values that switch it on or off, with commas.
    pub condition: String,
    /// Names below `tags` of the values that switch it on or off.
    pub tags: Vec<String>,
    /// Whether it is switched on.
    pub enabled: bool,
    /// Which of its values the parent takes over: text, or maps with `child` and `parent`.
    pub import_values: Vec<Value>,
    /// Another name for it.
    pub alias: String,
    /// Where it stands in `Chart.yaml`.
    pub pos: Pos,
}

/// Places do not count.
impl PartialEq for Dependency {
    fn eq(&self, other: &Self) -> bool {
        let texts = |it: &Self| [&it.name, &it.version, &it.repository, &it.condition, &it.alias].map(Clone::clone);
        texts(self) == texts(other)
            && self.tags == other.tags
            && self.enabled == other.enabled
            && self.import_values == other.import_values
    }
}
