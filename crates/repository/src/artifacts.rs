//! Artifacts that an `ArtifactGenerator` puts together out of this repository.

use std::collections::BTreeMap;

use goyaml::Value;
use kustomize::{Files, MemoryFiles};
use object::Object;
use render::{Copy, Strategy};

use crate::fields::items;

/// The files of an artifact, each with its path in the repository.
#[derive(Debug, Default)]
pub(crate) struct Artifact {
    pub(crate) files: MemoryFiles,
    pub(crate) places: BTreeMap<String, String>,
}

/// The artifacts of a generator by name; why one is not followed where that is so.
pub(crate) fn of(
    generator: &Object,
    files: &dyn Files,
    is_own: &dyn Fn(&Value) -> bool,
) -> Vec<(String, Result<Artifact, String>)> {
    let own = items(&generator.value, &["spec", "sources"])
        .filter(|source| is_own(source))
        .filter_map(|source| source.str_at(&["alias"]));
    let sources: BTreeMap<&str, &dyn Files> = own.map(|alias| (alias, files)).collect();
    let outputs = items(&generator.value, &["spec", "artifacts"]);
    outputs.filter_map(|entry| Some((entry.str_at(&["name"])?.to_owned(), artifact(entry, &sources)))).collect()
}

fn artifact(entry: &Value, sources: &BTreeMap<&str, &dyn Files>) -> Result<Artifact, String> {
    let strange = |copy: &Value| !matches!(copy.str_at(&["strategy"]).unwrap_or_default(), "" | "Overwrite" | "Merge");
    if let Some(copy) = items(entry, &["copy"]).find(|copy| strange(copy)) {
        return Err(format!(
            "the strategy of the copy of {} is not followed",
            copy.str_at(&["from"]).unwrap_or_default()
        ));
    }
    let text = |copy: &Value, field: &str| copy.str_at(&[field]).unwrap_or_default().to_owned();
    let excluded = |copy: &Value| items(copy, &["exclude"]).filter_map(Value::as_str).map(str::to_owned).collect();
    let strategy = |copy: &Value| match copy.str_at(&["strategy"]) {
        Some("Merge") => Strategy::Merge,
        _ => Strategy::Overwrite,
    };
    let parts: Vec<(String, String, Vec<String>, bool, Strategy)> = items(entry, &["copy"])
        .map(|copy| {
            let optional = copy.get("optional").and_then(Value::as_bool) == Some(true);
            (text(copy, "from"), text(copy, "to"), excluded(copy), optional, strategy(copy))
        })
        .collect();
    let copies = parts.iter().map(|(from, to, exclude, optional, strategy)| {
        let (optional, strategy) = (*optional, *strategy);
        Copy { from, to, exclude, optional, strategy }
    });
    let copies: Vec<Copy<'_>> = copies.collect();
    let found = render::artifact_files(&copies, sources, &|_| Err("archives are not followed".to_owned()))?;
    let mut artifact = Artifact::default();
    found.read(sources, |target, bytes| {
        artifact.files.0.insert(target.to_owned(), bytes);
        Ok(())
    })?;
    artifact.places = found.origins.into_iter().map(|(target, (_, path))| (target, path)).collect();
    Ok(artifact)
}

#[cfg(test)]
mod tests {
    use goyaml::ParseOptions;
    use object::Origin;

    use super::*;

    #[test]
    fn folders_and_files_are_copied_as_flux_does() {
        let text = "spec: {sources: [{alias: r, name: own}], artifacts: [{name: a, copy: [\
                    {from: '@r/apps/**', to: '@artifact/'}, {from: '@r/x.yaml', to: '@artifact/b/'}, \
                    {from: '@r/x.yaml', to: '@artifact/b/y.yaml'}]}, {name: b, copy: [{from: '@other/x', to: '@artifact/'}]}]}";
        let value = goyaml::parse_documents(text, &ParseOptions::sigs()).unwrap().remove(0).value;
        let files: MemoryFiles = [("apps/a/b.yaml", "1"), ("apps/c.yaml", "2"), ("x.yaml", "3")].into_iter().collect();
        let made =
            of(&Object::new(value, Origin::default()), &files, &|source| source.str_at(&["name"]) == Some("own"));
        let names: Vec<&str> = made[0].1.as_ref().unwrap().places.keys().map(String::as_str).collect();
        assert_eq!(names, ["a/b.yaml", "b/x.yaml", "b/y.yaml", "c.yaml"]);
        assert_eq!(made[1].1.as_ref().unwrap_err(), "no source is called 'other' in '@other/x'");
    }
}
