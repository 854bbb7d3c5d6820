//! Renders of recorded Kustomizations.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

use goyaml::{Map, ParseOptions, Value};
use kustomize::MemoryFiles;
use render::{KustomizationRequest, Traced};

use crate::disk;

/// A recorded Kustomization.
pub(crate) struct Case {
    pub(crate) files: MemoryFiles,
    pub(crate) spec: Value,
}

impl Case {
    pub(crate) fn read(folder: &Path) -> Result<Self, Box<dyn Error>> {
        let text = std::fs::read_to_string(folder.join("spec.yaml"))?;
        let documents =
            goyaml::parse_documents(&text, &ParseOptions::sigs()).map_err(|errors| errors[0].to_string())?;
        let spec = documents.into_iter().next().map(|document| document.value).unwrap_or_default();
        Ok(Self { files: disk::read(&folder.join("tree"))?, spec })
    }

    pub(crate) fn path(&self) -> &str {
        self.spec.str_at(&["path"]).unwrap_or_default()
    }

    /// What ours renders, as text, or what it says.
    pub(crate) fn ours(&self) -> Result<String, String> {
        let rendered = self.with(render::kustomization);
        rendered.map(|rendered| goyaml::emit_documents(rendered.objects.iter().map(|object| &object.value)))
    }

    /// The same with origins.
    pub(crate) fn traced(&self) -> Result<Traced, String> {
        self.with(render::trace)
    }

    fn with<T>(
        &self,
        render: impl FnOnce(&KustomizationRequest<'_>) -> Result<T, Vec<render::Diagnostic>>,
    ) -> Result<T, String> {
        let values = self.spec.at(&["postBuild", "substitute"]).and_then(Value::as_map);
        let text = |(name, value): (&str, &Value)| (name.to_owned(), value.as_str().unwrap_or_default().to_owned());
        let variables: BTreeMap<String, String> = values.into_iter().flat_map(Map::iter).map(text).collect();
        let request = KustomizationRequest {
            tree: &self.files,
            path: self.path(),
            spec: &self.spec,
            place: "Kustomization flux-system/apps",
            variables,
            strict: true,
            remote: None,
            decryption: None,
        };
        let shown = |errors: Vec<render::Diagnostic>| {
            errors.iter().map(ToString::to_string).map(|error| error + "\n").collect::<String>()
        };
        render(&request).map_err(shown)
    }
}
