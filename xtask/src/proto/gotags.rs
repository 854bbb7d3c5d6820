//! Reads from Go sources how a protobuf field stands in JSON: its name, whether it is inlined, left out, a pointer.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::failure::{At, Failure};

/// What the Go files of one package say.
#[derive(Default)]
pub(super) struct Package {
    /// By type and protobuf field number.
    pub(super) tags: BTreeMap<(String, u32), Tag>,
    /// The types that are declared as slices: their messages are lists in JSON.
    pub(super) lists: BTreeSet<String>,
    /// The API group, where the package declares one.
    pub(super) group: Option<String>,
}

/// What the tags of one struct field say.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Tag {
    /// The name in JSON; none when the field is inlined.
    pub(super) json: Option<String>,
    /// The fields of its type stand in the object around it.
    pub(super) inline: bool,
    /// Left out of JSON when empty.
    pub(super) omit_empty: bool,
    /// The Go field is a pointer.
    pub(super) pointer: bool,
}

/// Reads the Go files of a folder, tests excepted.
pub(super) fn read(folder: &Path) -> Result<Package, Failure> {
    let mut package = Package::default();
    for entry in fs::read_dir(folder).at(folder)? {
        let path = entry.at(folder)?.path();
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let source = path.extension().is_some_and(|end| end == "go");
        let generated = stem.starts_with("zz_") || stem == "generated.pb";
        if source && !generated && !stem.ends_with("_test") {
            package.read(&fs::read_to_string(&path).at(&path)?);
        }
    }
    Ok(package)
}

impl Package {
    fn read(&mut self, source: &str) {
        let mut open = None;
        for line in source.lines() {
            let words: Vec<_> = line.split_whitespace().collect();
            match words.as_slice() {
                ["type", name, "struct", "{", ..] => open = Some((*name).to_owned()),
                ["type", name, slice, ..] if slice.starts_with("[]") => {
                    self.lists.insert((*name).to_owned());
                }
                ["}"] if line.starts_with('}') => open = None,
                ["const", "GroupName", "=", group, ..] | ["GroupName", "=", group, ..] => {
                    self.group = Some(group.trim_matches('"').to_owned());
                }
                _ => {
                    if let (Some(name), Some((number, tag))) = (&open, tag(line)) {
                        self.tags.insert((name.clone(), number), tag);
                    }
                }
            }
        }
    }
}

/// The protobuf number and the JSON facts of a struct field's line.
fn tag(line: &str) -> Option<(u32, Tag)> {
    let (declaration, tags) = line.trim().split_once('`')?;
    if declaration.starts_with("//") {
        return None;
    }
    let json: Vec<_> = quoted(tags, "json:\"")?.split(',').collect();
    let number = quoted(tags, "protobuf:\"")?.split(',').nth(1)?.parse().ok()?;
    let kind = declaration.split_whitespace().last().unwrap_or_default();
    let inline = json.contains(&"inline");
    let name = json.first().filter(|name| !name.is_empty() && !inline);
    Some((
        number,
        Tag {
            json: name.map(|name| (*name).to_owned()),
            inline,
            omit_empty: json.contains(&"omitempty") || json.contains(&"omitzero"),
            pointer: kind.starts_with('*'),
        },
    ))
}

fn quoted<'a>(tags: &'a str, key: &str) -> Option<&'a str> {
    let rest = &tags[tags.find(key)? + key.len()..];
    rest.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::{Package, Tag};

    const SOURCE: &str = r#"
const GroupName = "apps"
type Volume struct {
	// The name.
	Name string `json:"name" protobuf:"bytes,1,opt,name=name"`
	VolumeSource `json:",inline" protobuf:"bytes,2,opt,name=volumeSource"`
	Mode *int32 `json:"mode,omitempty" protobuf:"varint,3,opt,name=mode"`
}
type ExtraValue []string
"#;

    #[test]
    fn tags_are_read_by_type_and_number() {
        let mut package = Package::default();
        package.read(SOURCE);
        assert_eq!(package.group.as_deref(), Some("apps"));
        assert!(package.lists.contains("ExtraValue"));
        let tag = |number| &package.tags[&("Volume".to_owned(), number)];
        assert_eq!(tag(1).json.as_deref(), Some("name"));
        assert!(tag(2).inline);
        let mode = Tag { json: Some("mode".to_owned()), inline: false, omit_empty: true, pointer: true };
        assert_eq!(*tag(3), mode);
    }
}
