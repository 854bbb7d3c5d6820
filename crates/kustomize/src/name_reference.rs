//! Following renamed objects: fields that named an object by its old name get the new one.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use goyaml::origin::Derivation;
use goyaml::{Kind, Value};

use crate::BuildError;
use crate::accumulate::step;
use crate::config::Config;
use crate::field_path::{Missing, visit_always};
use crate::id::{Gvk, GvkPattern, Id};
use crate::item::Item;
use crate::raw::{self, RawTexts};
use crate::scalar;
use crate::table::fields::FieldSpec;
use crate::table::references::Reference;

/// Follows all references of all objects.
pub(crate) fn fix(items: &mut [Item], config: &Config, file: &Arc<str>, raw: &RawTexts) -> Result<(), Vec<BuildError>> {
    let blank: Vec<BuildError> = items.iter().filter_map(blank_account).collect();
    if !blank.is_empty() {
        return Err(blank);
    }
    let targets = Targets::new(items, raw);
    let by = step("nameReference", file, 0);
    let mut errors = Vec::new();
    let mut places: HashMap<&str, Vec<(usize, usize)>> = HashMap::new();
    for (item, own) in items.iter_mut().zip(&targets.all) {
        let referrer = Referrer::new(item, own);
        let mut value = item.value.clone();
        // The object may have changed its kind since it was read; the fields are those of what it was.
        let kind = &*referrer.original.kind;
        let places = places.entry(kind).or_insert_with(|| config.places_of(kind));
        for of_one in places.chunk_by(|one, other| one.0 == other.0) {
            let outcome = follow(&mut value, (&config.references, of_one), &referrer, &targets);
            if let Err(message) = outcome {
                errors.push(BuildError::new(&*item.file, item.line, message));
            }
        }
        if value != item.value {
            item.value = value;
            item.touched(&by);
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// Follows some fields, all of one reference.
fn follow(
    value: &mut Value,
    (references, places): (&[Reference], &[(usize, usize)]),
    referrer: &Referrer<'_>,
    targets: &Targets<'_>,
) -> Result<(), String> {
    for (at, field) in places {
        let reference = &references[*at];
        let spec = &reference.fields[*field];
        if !spec.selects(referrer.original) {
            continue;
        }
        let search = Search { target: &reference.target, spec, referrer, targets };
        visit_always(value, spec, Missing::Skip, &mut |node| search.update(node))?;
    }
    Ok(())
}

/// What an object could be named by, kept apart so that objects can change meanwhile.
struct Target {
    id: Id,
    object: Value,
    previous: Vec<Id>,
    prefixes: Vec<String>,
    suffixes: Vec<String>,
    original_namespace: String,
    file: Arc<str>,
    line: u32,
}

struct Targets<'a> {
    raw: &'a RawTexts,
    all: Vec<Target>,
    by_old_name: HashMap<String, Vec<usize>>,
}

impl<'a> Targets<'a> {
    fn new(items: &[Item], raw: &'a RawTexts) -> Self {
        let mut by_old_name: HashMap<String, Vec<usize>> = HashMap::new();
        let mut all = Vec::with_capacity(items.len());
        for (at, item) in items.iter().enumerate() {
            let previous = item.previous_ids();
            let names: HashSet<&str> = previous.iter().map(|id| id.name.as_str()).collect();
            for name in names {
                by_old_name.entry(name.to_owned()).or_default().push(at);
            }
            let id = item.id();
            all.push(Target {
                original_namespace: previous.first().unwrap_or(&id).effective_namespace().to_owned(),
                id,
                object: item.value.clone(),
                previous,
                prefixes: item.prefixes.clone(),
                suffixes: item.suffixes.clone(),
                file: item.file.clone(),
                line: item.line,
            });
        }
        Self { raw, all, by_old_name }
    }
}

/// The object whose fields are followed.
struct Referrer<'a> {
    id: &'a Id,
    original: &'a Gvk,
    prefixes: &'a [String],
    suffixes: &'a [String],
    /// Namespaces of the accounts a `RoleBinding` names.
    account_namespaces: HashSet<String>,
    /// Group and kind a binding's `roleRef` names.
    role: Option<(String, String)>,
}

impl<'a> Referrer<'a> {
    fn new(item: &Item, own: &'a Target) -> Self {
        Self {
            id: &own.id,
            original: &own.previous.first().unwrap_or(&own.id).gvk,
            prefixes: &own.prefixes,
            suffixes: &own.suffixes,
            account_namespaces: account_namespaces(item),
            role: role_of(&item.value),
        }
    }

    /// Whether this object can name the target at all.
    fn reaches(&self, target: &Target) -> bool {
        self.id.gvk.is_cluster_scoped()
            || target.id.gvk.is_cluster_scoped()
            || self.id.same_namespace(&target.id)
            || self.account_namespaces.contains(&target.id.namespace)
    }

    /// Whether the target is in the same namespace, or of a kind for which that does not matter.
    fn is_beside(&self, target: &Target) -> bool {
        self.id.gvk.is_cluster_scoped()
            || target.id.gvk.is_cluster_scoped()
            || target.id.gvk.kind == "ServiceAccount"
            || self.id.same_namespace(&target.id)
    }

    /// Whether the target was renamed together with this object.
    fn shares_names(&self, target: &Target, allow_none: bool) -> bool {
        let same = |left: &[String], right: &[String]| {
            (allow_none && (left.is_empty() || right.is_empty())) || same_end(left, right)
        };
        same(&target.prefixes, self.prefixes) && same(&target.suffixes, self.suffixes)
    }
}

/// Whether the shorter list is the end of the longer; an empty one only of an empty one.
fn same_end(left: &[String], right: &[String]) -> bool {
    if left.is_empty() || right.is_empty() {
        return left.len() == right.len();
    }
    left.ends_with(right) || right.ends_with(left)
}

/// A `RoleBinding` that names an account of no namespace: `namespace` is there, but empty.
fn blank_account(item: &Item) -> Option<BuildError> {
    if item.gvk().kind != "RoleBinding" {
        return None;
    }
    let subjects = item.value.get("subjects").and_then(Value::as_list).unwrap_or_default();
    let mut accounts = subjects.iter().filter(|subject| subject.str_at(&["kind"]) == Some("ServiceAccount"));
    accounts.find(|subject| subject.get("namespace").is_some_and(|namespace| namespace.as_str().is_none()))?;
    let message = format!("Invalid Input: namespace is blank for resource {}", item.id());
    Some(BuildError::new(&*item.file, item.line, message).hint("Give the subject a namespace, or leave the field out."))
}

fn account_namespaces(item: &Item) -> HashSet<String> {
    if item.gvk().kind != "RoleBinding" {
        return HashSet::new();
    }
    let subjects = item.value.get("subjects").and_then(Value::as_list).unwrap_or_default();
    let accounts = subjects.iter().filter(|subject| subject.str_at(&["kind"]) == Some("ServiceAccount"));
    accounts.filter_map(|subject| subject.str_at(&["namespace"])).map(str::to_owned).collect()
}

fn role_of(object: &Value) -> Option<(String, String)> {
    let role = object.get("roleRef")?;
    Some((scalar::text(role.get("apiGroup")?), scalar::text(role.get("kind")?)))
}

/// What a field can say about the object it names.
#[derive(Clone, Copy)]
enum Naming<'a> {
    Name,
    NameAndNamespace(Option<&'a str>),
}

/// One field of one object, and the kind it names.
struct Search<'a> {
    target: &'a Gvk,
    spec: &'a FieldSpec,
    referrer: &'a Referrer<'a>,
    targets: &'a Targets<'a>,
}

impl Search<'_> {
    fn update(&self, node: &mut Value) -> Result<(), String> {
        match node.kind() {
            Kind::Null => Ok(()),
            Kind::List(_) => {
                let items = node.as_list_mut().into_iter().flatten();
                items.filter(|item| !item.is_null()).try_for_each(|item| self.update(item))
            }
            Kind::Map(_) => self.update_map(node),
            _ => self.update_name(node),
        }
    }

    /// A field that is the name.
    fn update_name(&self, node: &mut Value) -> Result<(), String> {
        let old = self.targets.raw.text_unless_null(node);
        if let Some(target) = self.find(&old, Naming::Name)?
            && target.id.name != old
        {
            let name = self.name_of(target, node).with_pos(node.pos());
            *node = self.derived(name, node, (target, "name"));
        }
        Ok(())
    }

    /// A field that holds name and namespace.
    fn update_map(&self, node: &mut Value) -> Result<(), String> {
        let Some(old) = node.get("name").map(|name| self.targets.raw.text_unless_null(name)) else {
            return Err(format!("the field '{}' lacks 'name'", self.spec.path()));
        };
        let namespace = node.get("namespace").map(|namespace| self.targets.raw.text_unless_null(namespace));
        let Some(target) = self.find(&old, Naming::NameAndNamespace(namespace.as_deref()))? else { return Ok(()) };
        if target.id.name == old && target.id.namespace.is_empty() {
            return Ok(());
        }
        let name = node.get("name").cloned().unwrap_or_default();
        node.set_at(&["name"], self.derived(self.name_of(target, &name), &name, (target, "name")));
        if !target.id.namespace.is_empty() {
            let namespace = node.get("namespace").cloned().unwrap_or_default();
            let new = self.derived(target.id.namespace.as_str().into(), &namespace, (target, "namespace"));
            node.set_at(&["namespace"], new);
        }
        Ok(())
    }

    /// The name as kustomize writes it: without a type, in quotes if there were any.
    fn name_of(&self, target: &Target, node: &Value) -> Value {
        let name = target.id.name.as_str();
        if node.is_quoted() { raw::untyped(Value::from(name)).with_quotes(true) } else { self.targets.raw.bare(name) }
    }

    /// A field of the object that is named, found by what the node said.
    fn derived(&self, value: Value, node: &Value, (target, field): (&Target, &str)) -> Value {
        if value == *node {
            return self.targets.raw.tracer.same(value, node);
        }
        self.targets.raw.tracer.derive(value, || {
            let named = target.object.at(&["metadata", field]).cloned().unwrap_or_default();
            Derivation::by("name reference").of(node).with(&named)
        })
    }

    /// The object that was called `old`.
    fn find(&self, old: &str, naming: Naming<'_>) -> Result<Option<&Target>, String> {
        let Some(named) = self.targets.by_old_name.get(old) else { return Ok(None) };
        let mut found: Vec<&Target> =
            named.iter().map(|at| &self.targets.all[*at]).filter(|target| self.referrer.reaches(target)).collect();
        if let Naming::NameAndNamespace(Some(namespace)) = naming {
            self.keep_namespace(&mut found, namespace);
        }
        let Gvk { group, version, kind } = self.target;
        let pattern = GvkPattern { group, version, kind };
        found.retain(|target| target.previous.iter().any(|id| pattern.selects(&id.gvk)));
        if self.spec.path().ends_with("roleRef/name")
            && let Some((group, kind)) = &self.referrer.role
        {
            let pattern = GvkPattern { group, version: "", kind };
            found.retain(|target| target.previous.iter().any(|id| pattern.selects(&id.gvk)));
        }
        found.retain(|target| self.referrer.is_beside(target));
        if found.len() == 1 {
            return Ok(found.pop());
        }
        found.retain(|target| self.referrer.shares_names(target, true));
        if found.len() > 1 {
            found.retain(|target| self.referrer.shares_names(target, false));
        }
        let with_namespace = matches!(naming, Naming::NameAndNamespace(_));
        let same = |target: &&Target| {
            let first = &found[0].id;
            target.id.name == first.name && (!with_namespace || target.id.namespace == first.namespace)
        };
        if found.is_empty() || found.iter().all(same) {
            return Ok(found.into_iter().next());
        }
        Err(self.ambiguous(old, &found))
    }

    /// Keeps those that were in a namespace when they were read, or else those that are in it now.
    fn keep_namespace(&self, found: &mut Vec<&Target>, namespace: &str) {
        let reachable = self.targets.all.iter().filter(|target| self.referrer.reaches(target));
        let known = reachable.into_iter().any(|target| target.original_namespace == namespace);
        if known {
            found.retain(|target| target.original_namespace == namespace);
        } else {
            found.retain(|target| target.id.effective_namespace() == namespace);
        }
    }

    fn ambiguous(&self, old: &str, found: &[&Target]) -> String {
        let places: Vec<String> =
            found.iter().map(|target| format!("{} ({}:{})", target.id, target.file, target.line)).collect();
        format!(
            "found multiple possible referrals for '{old}' in the field '{}': {}",
            self.spec.path(),
            places.join(", ")
        )
    }
}
