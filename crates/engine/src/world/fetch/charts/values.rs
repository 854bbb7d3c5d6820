//! Charts with other values, and under other versions, than they came with.

use render::{Documents, merged_yaml};
use source::{EntryKind, FileTree};

/// The chart's own values.
const VALUES: &str = "values.yaml";
/// What the chart says of itself.
const CHART: &str = "Chart.yaml";

/// A chart with its values replaced, and the files that they were merged of.
#[derive(Debug)]
pub(super) struct WithValues {
    pub(super) chart: FileTree,
    pub(super) files: Vec<String>,
}

/// Replaces the values of a chart by these files of `tree`, merged one over the other.
pub(super) fn replaced(
    chart: &FileTree,
    tree: &FileTree,
    wanted: &[String],
    ignore_missing: bool,
) -> Result<WithValues, String> {
    let (mut texts, mut files) = (Vec::new(), Vec::new());
    for path in wanted {
        let plain = path.trim_start_matches("./");
        match tree.kind(plain) {
            Some(EntryKind::File) => texts.push((path.as_str(), tree.read(plain).map_err(|error| error.to_string())?)),
            None if ignore_missing => continue,
            _ => {
                return Err(format!(
                    "no values file found at path '{path}'; correct spec.valuesFiles, or set spec.ignoreMissingValuesFiles"
                ));
            }
        }
        files.push(path.clone());
    }
    if chart.kind(VALUES).is_none() {
        return Err(format!("failed to locate values file: {VALUES}"));
    }
    let named = texts.iter().map(|(path, text)| (*path, &text[..]));
    let text = if texts.is_empty() { String::new() } else { merged_yaml(named, Documents::First)? };
    let chart = chart.with_file(VALUES, text.into_bytes().into())?;
    Ok(WithValues { chart, files })
}

/// A version with these parts as its metadata, in the place of what it had.
pub(super) fn version(own: &str, metadata: &[String]) -> String {
    match (metadata, own.split_once('+')) {
        ([], _) => own.to_owned(),
        (parts, Some((own, _))) => format!("{own}+{}", parts.join(".")),
        (parts, None) => format!("{own}+{}", parts.join(".")),
    }
}

/// A chart that says of itself that it has this version.
pub(super) fn versioned(chart: &FileTree, version: &str) -> Result<FileTree, String> {
    let text = chart.read(CHART).map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&text);
    let mut is_done = false;
    let line = |line: &str| {
        if is_done || !line.starts_with("version:") {
            return line.to_owned();
        }
        is_done = true;
        format!("version: {version}\n")
    };
    let text: String = text.split_inclusive('\n').map(line).collect();
    chart.with_file(CHART, text.into_bytes().into())
}

#[cfg(test)]
mod tests {
    use source::Files;

    use super::*;

    fn tree(files: &[(&str, &str)]) -> FileTree {
        let mut made = Files::default();
        for (path, text) in files {
            made.add(path, text.as_bytes().into(), false).expect("a good path");
        }
        made.whole("a test".to_owned())
    }

    fn text(tree: &FileTree, path: &str) -> String {
        String::from_utf8_lossy(&tree.read(path).expect("it is there")).into_owned()
    }

    #[test]
    fn files_of_values_become_the_values_of_the_chart() {
        let chart = tree(&[
            ("Chart.yaml", "name: a\nversion: 1.0.0\n"),
            ("values.yaml", "a: 1\nb: {c: 2}\n"),
            ("prod.yaml", "b: {d: 3}\n"),
        ]);
        let files = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let made = |names: &[&str], ignore: bool| replaced(&chart, &chart, &files(names), ignore);
        let both = made(&["values.yaml", "./prod.yaml"], false).expect("they are there");
        assert_eq!(text(&both.chart, VALUES), "a: 1\nb:\n  c: 2\n  d: 3\n");
        assert_eq!(both.files, ["values.yaml", "./prod.yaml"]);
        assert_eq!(text(&made(&["prod.yaml"], false).expect("it is there").chart, VALUES), "b:\n  d: 3\n");
        assert!(made(&["gone.yaml"], false).is_err_and(|why| why.contains("no values file found at path 'gone.yaml'")));
        assert!(made(&["../gone.yaml"], false).is_err(), "nothing is read outside of the source");
        let ignored = made(&["gone.yaml", "prod.yaml"], true).expect("it may be missing");
        assert_eq!(ignored.files, ["prod.yaml"]);
        assert_eq!(text(&made(&["gone.yaml"], true).expect("it may be missing").chart, VALUES), "");
        let bare = tree(&[("Chart.yaml", "name: a"), ("prod.yaml", "a: 1")]);
        assert!(
            replaced(&bare, &bare, &files(&["prod.yaml"]), false).is_err_and(|why| why.contains("failed to locate"))
        );
    }

    #[test]
    fn versions_get_metadata() {
        let parts = |parts: &[&str]| parts.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>();
        assert_eq!(version("1.0.0+old", &parts(&["abc", "2"])), "1.0.0+abc.2");
        assert_eq!(version("1.0.0", &parts(&["2"])), "1.0.0+2");
        assert_eq!(version("1.0.0+old", &[]), "1.0.0+old");
        let chart = tree(&[("Chart.yaml", "appVersion: 1\nversion: 1.0.0\ndescription: |\n  version: x\n")]);
        let chart = versioned(&chart, "1.0.0+2").expect("it has one");
        assert_eq!(text(&chart, CHART), "appVersion: 1\nversion: 1.0.0+2\ndescription: |\n  version: x\n");
    }
}
