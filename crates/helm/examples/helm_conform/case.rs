//! Charts below a folder, each with the values it is rendered with.

use std::fs;
use std::path::{Path, PathBuf};

use goyaml::{Dialect, ParseOptions, Value};

/// One render.
pub(crate) struct Case {
    /// `folder/of/chart` or `folder/of/chart ci/values.yaml`.
    pub(crate) name: String,
    /// The chart's folder.
    pub(crate) chart: PathBuf,
    /// Files of values, the later over the earlier.
    pub(crate) values: Vec<PathBuf>,
}

impl Case {
    /// All cases below a folder, by name.
    pub(crate) fn find(dir: &Path, mask: Option<&Path>) -> Result<Vec<Self>, String> {
        let mask = mask.map(read_mask).transpose()?;
        let mut charts = Vec::new();
        find_charts(dir, &mut charts)?;
        charts.sort();
        let mut cases = Vec::new();
        for chart in charts {
            let name = chart.strip_prefix(dir).unwrap_or(&chart).display().to_string();
            let name = if name.is_empty() { ".".to_owned() } else { name };
            let masks = mask.as_ref().map(|mask| masks_of(mask, &chart)).transpose()?.unwrap_or_default();
            cases.push(Self { name: name.clone(), chart: chart.clone(), values: masks.clone() });
            for file in ci_files(&chart) {
                let base = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let values = [vec![file], masks.clone()].concat();
                cases.push(Self { name: format!("{name} ci/{base}"), chart: chart.clone(), values });
            }
        }
        Ok(cases)
    }
}

fn find_charts(dir: &Path, charts: &mut Vec<PathBuf>) -> Result<(), String> {
    if dir.join("Chart.yaml").is_file() {
        charts.push(dir.to_path_buf());
        return Ok(());
    }
    let entries = fs::read_dir(dir).map_err(|error| format!("{}: {error}", dir.display()))?;
    for entry in entries.flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            find_charts(&entry.path(), charts)?;
        }
    }
    Ok(())
}

fn ci_files(chart: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(chart.join("ci")).into_iter().flatten().flatten();
    let mut files: Vec<_> = entries.map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml"));
    files.sort();
    files
}

fn read_mask(path: &Path) -> Result<Value, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let options = ParseOptions { dialect: Dialect::V2, ..ParseOptions::default() };
    let documents =
        goyaml::parse_documents(&text, &options).map_err(|errors| format!("{}: {errors:?}", path.display()))?;
    Ok(documents.first().map(|document| document.value.clone()).unwrap_or_default())
}

/// The masks for a chart as files: those under `*`, then those under its name.
fn masks_of(mask: &Value, chart: &Path) -> Result<Vec<PathBuf>, String> {
    let name = chart.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut files = Vec::new();
    for key in ["*", name.as_str()] {
        let Some(values) = mask.get(key) else { continue };
        let file = std::env::temp_dir().join(format!("helm-conform-mask-{}.yaml", key.replace('*', "all")));
        fs::write(&file, goyaml::emit(values)).map_err(|error| format!("{}: {error}", file.display()))?;
        files.push(file);
    }
    Ok(files)
}
