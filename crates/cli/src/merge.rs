//! What a merge would change: two commits of a repository rendered and compared, cluster by cluster. No cluster is asked.

mod html;
mod markdown;
mod text;

use std::collections::BTreeSet;

use goyaml::Value;
use render::TreeFiles;
use repository::{Action, Change, Cluster, Comparison, Fetch};
use source::{LocalFolder, Snapshot};

use crate::failure::Failure;
use crate::output;

/// Two states of a repository, as the command line names them: `main..HEAD`, or `main...HEAD` from where they parted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    before: String,
    after: String,
    from_base: bool,
}

impl Range {
    /// Reads a range; a side that is left out is HEAD. `None` if the text is none.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (from_base, dots) = if text.contains("...") { (true, "...") } else { (false, "..") };
        let (before, after) = text.split_once(dots)?;
        let is_path = |side: &str| side.starts_with(['/', '.']) || side.ends_with('/');
        if is_path(before) || is_path(after) || (before.is_empty() && after.is_empty()) {
            return None;
        }
        let side = |text: &str| if text.is_empty() { "HEAD".to_owned() } else { text.to_owned() };
        Some(Self { before: side(before), after: side(after), from_base })
    }

    fn snapshots(&self, folder: &LocalFolder) -> Result<[Snapshot; 2], Failure> {
        let wrong = |error: source::SourceError| Failure::task(error.to_string());
        let before =
            if self.from_base { folder.merge_base(&self.before, &self.after) } else { folder.at(&self.before) };
        Ok([before.map_err(wrong)?, folder.at(&self.after).map_err(wrong)?])
    }
}

/// What becomes different for all clusters.
#[derive(Debug)]
pub(crate) struct Merge {
    /// Both commits, shortened.
    commits: [String; 2],
    clusters: Vec<Comparison>,
}

impl Merge {
    /// Renders and compares. The clusters of both states count: one may be added or go.
    pub(crate) fn read(folder: &LocalFolder, range: &Range, fetch: &Fetch) -> Result<Self, Failure> {
        let [before, after] = range.snapshots(folder)?;
        let trees = [TreeFiles::new(&before.tree), TreeFiles::new(&after.tree)];
        let is_there =
            |tree: &TreeFiles<'_>, path: &str| path.is_empty() || kustomize::Files::kind(tree, path).is_some();
        let paths: BTreeSet<String> =
            trees.iter().flat_map(|tree| repository::clusters(tree, folder.sub_path())).collect();
        let read = |tree: &TreeFiles<'_>, path: &str| {
            if is_there(tree, path) { Cluster::read(tree, path, fetch.clone()) } else { Cluster::none(path) }
        };
        let compare = |path: &String| Comparison::new(&read(&trees[0], path), &read(&trees[1], path));
        let short = |snapshot: &Snapshot| snapshot.commit.id.chars().take(SHORT).collect();
        Ok(Self { commits: [short(&before), short(&after)], clusters: paths.iter().map(compare).collect() })
    }

    /// Whether anything becomes different.
    pub(crate) fn has_changes(&self) -> bool {
        self.clusters.iter().any(|cluster| !cluster.is_empty())
    }

    /// Whether something cannot be rendered any more.
    pub(crate) fn has_errors(&self) -> bool {
        self.clusters.iter().any(|cluster| !cluster.errors.is_empty())
    }

    /// The comparison for scripts.
    pub(crate) fn to_value(&self) -> Value {
        let [before, after] = &self.commits;
        let clusters: Value = self.clusters.iter().map(cluster_value).collect();
        Value::from_iter([("before", before.as_str().into()), ("after", after.as_str().into()), ("clusters", clusters)])
    }
}

/// Digits of a commit that are shown.
const SHORT: usize = 10;

/// `3 to create, 1 to change, 2 to delete`
fn summary(cluster: &Comparison) -> String {
    let words = ["to create", "to change", "to delete", "no longer held"];
    let counts = cluster.counts().into_iter().zip(words).filter(|(count, _)| *count > 0);
    let text = counts.map(|(count, word)| format!("{count} {word}")).collect::<Vec<_>>().join(", ");
    if text.is_empty() { "nothing changes".to_owned() } else { text }
}

/// What stands behind an object in lists: where it is declared, and what became of its name and of what holds it.
fn remarks(change: &Change) -> String {
    let renamed = change.renamed_from.as_ref().map(|name| format!("was {name}"));
    let moved = change.moved_from.as_ref().map(|from| format!("was held by {from}"));
    let left =
        (change.action == Action::Leave).then(|| "stays in the cluster: its Kustomization does not prune".to_owned());
    let remarks: Vec<String> = [renamed, moved, left].into_iter().flatten().collect();
    remarks.join("; ")
}

fn sign(action: &Action) -> char {
    match action {
        Action::Create => '+',
        Action::Change(_) => '~',
        Action::Delete => '-',
        Action::Leave => ' ',
    }
}

fn cluster_value(cluster: &Comparison) -> Value {
    let texts = |texts: Vec<String>| texts.into_iter().map(Value::from).collect::<Value>();
    let errors = cluster.errors.iter().map(ToString::to_string).collect();
    Value::from_iter([
        ("cluster", Value::from(cluster.path.as_str())),
        ("changes", cluster.changes.iter().map(change_value).collect()),
        ("unchanged", i64::try_from(cluster.unchanged).unwrap_or(i64::MAX).into()),
        ("errors", texts(errors)),
        ("notes", texts(cluster.notes.clone())),
    ])
}

fn change_value(change: &Change) -> Value {
    let action = match &change.action {
        Action::Create => "create",
        Action::Change(_) => "change",
        Action::Delete => "delete",
        Action::Leave => "leave",
    };
    let mut fields = vec![
        ("resource", Value::from(change.key.to_string())),
        ("action", action.into()),
        ("holder", change.holder.to_string().into()),
        ("place", change.place.as_str().into()),
    ];
    fields.extend(change.renamed_from.as_deref().map(|name| ("renamedFrom", name.into())));
    fields.extend(change.moved_from.as_ref().map(|from| ("movedFrom", from.to_string().into())));
    if let Action::Change(differences) = &change.action {
        fields.push(("fields", output::differences(differences)));
    }
    Value::from_iter(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_told_from_paths() {
        let range = |before: &str, after: &str, from_base| {
            Some(Range { before: before.to_owned(), after: after.to_owned(), from_base })
        };
        assert_eq!(Range::parse("main..HEAD"), range("main", "HEAD", false));
        assert_eq!(Range::parse("origin/main..."), range("origin/main", "HEAD", true));
        assert_eq!(Range::parse("..feature/x"), range("HEAD", "feature/x", false));
        for path in ["..", "../apps", "apps", "a/../b", "./..", ".", "apps/.."] {
            assert!(Range::parse(path).is_none(), "{path}");
        }
    }
}
