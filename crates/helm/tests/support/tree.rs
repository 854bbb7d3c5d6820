//! A chart's folder on disk as the files that the library reads.

use std::fs;
use std::path::Path;
use std::sync::Arc;

/// Paths inside the folder and contents.
pub(crate) type Files = Vec<(String, Arc<[u8]>)>;

/// All files below a folder, links followed.
pub(crate) fn read(folder: &Path) -> Result<Files, String> {
    let mut files = Vec::new();
    below(folder, "", &mut files).map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(files)
}

fn below(folder: &Path, prefix: &str, files: &mut Files) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = format!("{prefix}{}", path.file_name().unwrap_or_default().to_string_lossy());
        if path.is_dir() {
            below(&path, &format!("{name}/"), files)?;
        } else {
            files.push((name, fs::read(&path)?.into()));
        }
    }
    Ok(())
}
