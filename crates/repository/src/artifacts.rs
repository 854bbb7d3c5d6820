//! Artifacts that an `ArtifactGenerator` puts together out of this repository.

use std::collections::BTreeMap;
use std::sync::Arc;

use goyaml::Value;
use kustomize::{EntryKind, Files, MemoryFiles};
use object::Object;

use crate::fields::items;

/// Files of one artifact; more are not followed.
const MAX_FILES: usize = 100_000;

/// The files of an artifact, each with its path in the repository.
#[derive(Debug, Default)]
pub(crate) struct Artifact {
    pub(crate) files: MemoryFiles,
    pub(crate) places: BTreeMap<String, String>,
}

/// The artifacts of a generator by name; why one is not followed where that is so.
///
/// As Flux copies them: `@alias/dir/**` puts what is in `dir` into the target, a file goes into a target that ends in a
/// slash and under its name otherwise. Later copies replace files of earlier ones.
pub(crate) fn of(
    generator: &Object,
    files: &dyn Files,
    is_own: &dyn Fn(&Value) -> bool,
) -> Vec<(String, Result<Artifact, String>)> {
    let own: Vec<&str> = items(&generator.value, &["spec", "sources"])
        .filter(|source| is_own(source))
        .filter_map(|source| source.str_at(&["alias"]))
        .collect();
    let artifact = |entry: &Value| {
        let name = entry.str_at(&["name"])?.to_owned();
        let mut artifact = Artifact::default();
        let copied = items(entry, &["copy"]).try_for_each(|copy| artifact.copy(copy, files, &own));
        Some((name, copied.map(|()| artifact)))
    };
    items(&generator.value, &["spec", "artifacts"]).filter_map(artifact).collect()
}

impl Artifact {
    fn copy(&mut self, copy: &Value, files: &dyn Files, own: &[&str]) -> Result<(), String> {
        let text = |field: &str| copy.str_at(&[field]).unwrap_or_default();
        let (from, to) = (text("from"), text("to"));
        if copy.get("exclude").is_some() || !matches!(text("strategy"), "" | "Overwrite") {
            return Err(format!("exclude and strategy of the copy of {from} are not followed"));
        }
        let (alias, path) = from.strip_prefix('@').and_then(|from| from.split_once('/')).unwrap_or_default();
        if !own.contains(&alias) {
            return Err(format!("{from} is not of this repository"));
        }
        let target = to.strip_prefix("@artifact").unwrap_or(to).trim_start_matches('/');
        match path.strip_suffix("**") {
            Some(folder) => self.folder(files, folder.trim_end_matches('/'), target.trim_end_matches('/')),
            None if path.contains(['*', '?', '[']) => Err(format!("the pattern {from} is not followed")),
            None if files.kind(path) == Some(EntryKind::File) => {
                let name = path.rsplit('/').next().unwrap_or(path);
                let is_folder = target.is_empty() || target.ends_with('/');
                let target = if is_folder { format!("{target}{name}") } else { target.to_owned() };
                self.file(files, path, &target)
            }
            None => Err(format!("{from} is no file")),
        }
    }

    fn folder(&mut self, files: &dyn Files, folder: &str, target: &str) -> Result<(), String> {
        let mut todo = vec![(folder.to_owned(), target.to_owned())];
        while let Some((folder, target)) = todo.pop() {
            let below = |parent: &str, name: &str| {
                if parent.is_empty() { name.to_owned() } else { format!("{parent}/{name}") }
            };
            for name in files.list(&folder) {
                let (path, target) = (below(&folder, &name), below(&target, &name));
                match files.kind(&path) {
                    Some(EntryKind::Dir) => todo.push((path, target)),
                    Some(EntryKind::File) => self.file(files, &path, &target)?,
                    None => {}
                }
            }
        }
        Ok(())
    }

    fn file(&mut self, files: &dyn Files, path: &str, target: &str) -> Result<(), String> {
        if self.places.len() >= MAX_FILES {
            return Err(format!("it has more than {MAX_FILES} files"));
        }
        let data: Arc<[u8]> = files.read(path).map_err(|error| error.to_string())?;
        self.files.0.insert(target.to_owned(), data);
        self.places.insert(target.to_owned(), path.to_owned());
        Ok(())
    }
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
        assert_eq!(made[1].1.as_ref().unwrap_err(), "@other/x is not of this repository");
    }
}
