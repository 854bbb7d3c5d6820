//! Files that change the rules: `configurations`, `crds`, `openapi` and files of `replacements`.

use std::sync::Arc;

use super::{Loader, Place};
use crate::BuildError;
use crate::config::{self, Config};
use crate::open_api::OpenApi;
use crate::read::Text;
use crate::read::replacements::{self, Replacement, ReplacementField};

type ReadConfig = fn(&Arc<str>, &[u8]) -> Result<Config, Vec<BuildError>>;

impl Loader<'_> {
    /// Kustomize's own fields and those of `configurations`.
    pub(super) fn config(&mut self, place: Place<'_>, named: &[Text]) -> Arc<Config> {
        let own = self.configs(place, named, config::read);
        match own.map(|own| (config::merged(&config::built_in(), &own), own)) {
            Some((Ok(merged), _)) => merged,
            Some((Err(message), _)) => {
                let line = named.first().map_or(0, Text::line);
                self.fail(BuildError::new(&**place.file, line, format!("configurations: {message}")));
                config::built_in()
            }
            None => config::built_in(),
        }
    }

    /// Fields of custom resources.
    pub(super) fn crds(&mut self, place: Place<'_>, named: &[Text]) -> Option<Arc<Config>> {
        self.configs(place, named, config::from_crds)
    }

    fn configs(&mut self, place: Place<'_>, named: &[Text], read: ReadConfig) -> Option<Arc<Config>> {
        let mut all: Option<Config> = None;
        for text in named {
            let place = Place { line: text.line(), ..place };
            let Some((target, bytes)) = self.content(place, &text.text) else { continue };
            match read(&target.into(), &bytes) {
                Ok(config) => {
                    if let Err(message) = all.get_or_insert_default().merge(&config) {
                        self.fail(BuildError::new(&**place.file, text.line(), message));
                    }
                }
                Err(errors) => self.fail_all(errors),
            }
        }
        all.map(Arc::new)
    }

    pub(super) fn open_api(&mut self, place: Place<'_>, named: &Text) -> Option<Arc<OpenApi>> {
        let (target, bytes) = self.content(Place { line: named.line(), ..place }, &named.text)?;
        match OpenApi::read(&target.into(), &bytes) {
            Ok(api) => Some(Arc::new(api)),
            Err(errors) => {
                self.fail_all(errors);
                None
            }
        }
    }

    /// Replacements, each with the file it stands in.
    pub(super) fn replacements(
        &mut self,
        place: Place<'_>,
        fields: &[ReplacementField],
    ) -> Vec<(Arc<str>, Replacement)> {
        let mut found = Vec::new();
        for field in fields {
            match field {
                ReplacementField::Inline(replacement) => found.push((place.file.clone(), (**replacement).clone())),
                ReplacementField::Path(named) => {
                    let place = Place { line: named.line(), ..place };
                    let Some((target, bytes)) = self.content(place, &named.text) else { continue };
                    let file: Arc<str> = target.into();
                    let source = self.source(&file);
                    match replacements::file(&source, &bytes) {
                        Ok(read) => found.extend(read.into_iter().map(|one| (file.clone(), one))),
                        Err(errors) => self.fail_all(errors),
                    }
                }
            }
        }
        found
    }
}
