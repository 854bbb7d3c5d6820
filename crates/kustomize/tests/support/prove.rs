//! The proof of origins: what stands at the places that a field is said to come from is changed, and the field must
//! change with it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use goyaml::origin::{Origins, Place, Step};
use goyaml::{Kind, Value};
use kustomize::{BuildError, BuildOptions, MemoryFiles, Resource};

use crate::mutate;

/// A field: which object, in the order of the build, and the path in it.
type Field = (usize, String);

/// What was proved.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Proved {
    pub(crate) fields: usize,
    pub(crate) places: usize,
    pub(crate) builds: usize,
}

impl std::ops::AddAssign for Proved {
    fn add_assign(&mut self, more: Self) {
        self.fields += more.fields;
        self.places += more.places;
        self.builds += more.builds;
    }
}

/// A tree whose origins are to be proved.
pub(crate) struct Proof<'a> {
    pub(crate) files: &'a MemoryFiles,
    pub(crate) dir: &'a str,
    /// Where it is enough that a change is refused, whatever place the message names.
    pub(crate) refused: &'a dyn Fn(&Place) -> bool,
}

/// In the order of the files, so that an object keeps its place when its name changes.
fn options() -> BuildOptions {
    BuildOptions { legacy_order: false, ..BuildOptions::default() }
}

/// A build, field by field.
struct Built {
    objects: usize,
    fields: BTreeMap<Field, Value>,
    origins: Origins,
}

impl Proof<'_> {
    /// Tries the places of all fields. `None` if the tree does not build.
    pub(crate) fn run(&self) -> Option<Result<Proved, String>> {
        let before = self.build(self.files).ok()?;
        let mut faults = String::new();
        let plain = kustomize::build(self.files, self.dir, &options()).unwrap_or_default();
        let mut fields = BTreeMap::new();
        plain.iter().enumerate().for_each(|(at, object)| collect(&object.value, (at, String::new()), &mut fields));
        if fields != before.fields {
            faults.push_str("builds otherwise with origins\n");
        }
        let mut said: BTreeMap<Place, Vec<Field>> = BTreeMap::new();
        for (field, value) in &before.fields {
            let places = before.origins.places(value);
            if places.is_empty() {
                let _ = writeln!(faults, "object {} {}: comes from nowhere", field.0, field.1);
            }
            for place in places {
                said.entry(place).or_default().push(field.clone());
            }
        }
        let mut proved = Proved { fields: before.fields.len(), ..Proved::default() };
        for (place, fields) in &said {
            proved.places += 1;
            if let Err(fault) = self.place(&before, place, fields, &mut proved.builds) {
                let _ = writeln!(faults, "{fault}");
            }
        }
        Some(if faults.is_empty() { Ok(proved) } else { Err(faults) })
    }

    fn build(&self, files: &MemoryFiles) -> Result<Built, Vec<BuildError>> {
        let traced = kustomize::trace(files, self.dir, &options())?;
        let mut fields = BTreeMap::new();
        for (at, Resource { value, .. }) in traced.resources.iter().enumerate() {
            collect(value, (at, String::new()), &mut fields);
        }
        Ok(Built { objects: traced.resources.len(), fields, origins: traced.tracer.finish() })
    }

    /// Changes what stands at a place: each of the fields must follow, and no other may by the same way.
    fn place(&self, before: &Built, place: &Place, fields: &[Field], builds: &mut usize) -> Result<(), String> {
        let bytes = self.files.0.get(&*place.file).ok_or_else(|| format!("{place}: there is no such file"))?;
        // Files that are no text are data: one more byte changes them.
        let variants: Vec<Vec<u8>> = match std::str::from_utf8(bytes) {
            Ok(text) => mutate::variants(text, place.line, place.column).into_iter().map(String::into_bytes).collect(),
            Err(_) => vec![[b"x", &**bytes].concat()],
        };
        let mut open: BTreeSet<&Field> = fields.iter().collect();
        let mut refusals = BTreeSet::new();
        for variant in variants {
            let mut files = self.files.clone();
            files.insert(&*place.file, variant);
            *builds += 1;
            match self.build(&files) {
                Err(errors) if errors.iter().any(|error| names(error, place)) => open.clear(),
                Err(errors) => refusals.extend(errors.iter().map(ToString::to_string)),
                Ok(after) => {
                    others(before, &after, place, fields)?;
                    open.retain(|field| {
                        after.objects == before.objects && is_as_before(before, &after, (field, place))
                    });
                }
            }
            if open.is_empty() {
                return Ok(());
            }
        }
        if !refusals.is_empty() && (self.refused)(place) {
            return Ok(());
        }
        let field = open.first().map(|(at, path)| format!("object {at} {path}")).unwrap_or_default();
        Err(format!("{place}:{}: has no effect on {field} (and {} more); {refusals:?}", place.column, open.len() - 1))
    }
}

/// Whether a field has the value it had, and says that it has it from the place: where items of a list have changed
/// their order, another one that happens to say the same may stand at its path.
fn is_as_before(before: &Built, after: &Built, (field, place): (&Field, &Place)) -> bool {
    let (Some(old), Some(new)) = (before.fields.get(field), after.fields.get(field)) else { return false };
    old == new && after.origins.places(new).contains(place)
}

/// Fields that changed, though they are not said to come from the place, and were made in the same way both times.
fn others(before: &Built, after: &Built, place: &Place, said: &[Field]) -> Result<(), String> {
    if before.objects != after.objects || !before.fields.keys().eq(after.fields.keys()) {
        return Ok(());
    }
    for ((field, old), new) in before.fields.iter().zip(after.fields.values()) {
        if old != new && !said.contains(field) && ways(&before.origins.steps(old)) == ways(&after.origins.steps(new)) {
            let (at, path) = field;
            return Err(format!("{place}: changes object {at} {path}, which does not name it"));
        }
    }
    Ok(())
}

/// The steps without the values.
fn ways(steps: &[Step]) -> String {
    let one = |step: &Step| {
        let inputs: Vec<String> = step.inputs.iter().map(|way| ways(way)).collect();
        format!("{step}[{}]", inputs.join(";"))
    };
    steps.iter().map(one).collect::<Vec<_>>().join(">")
}

/// Whether an error names the line of a place.
fn names(error: &BuildError, place: &Place) -> bool {
    let shown = place.to_string();
    let text = error.to_string();
    (error.file == *place.file && error.line == place.line)
        || text
            .match_indices(&shown)
            .any(|(at, _)| !text[at + shown.len()..].starts_with(|next: char| next.is_ascii_digit()))
}

fn collect(value: &Value, (at, path): Field, into: &mut BTreeMap<Field, Value>) {
    match value.kind() {
        Kind::Map(map) => {
            map.iter().for_each(|(key, child)| collect(child, (at, format!("{path}.{key}")), into));
        }
        Kind::List(items) => {
            items.iter().enumerate().for_each(|(index, item)| collect(item, (at, format!("{path}[{index}]")), into));
        }
        _ => {
            into.insert((at, path), value.clone());
        }
    }
}
