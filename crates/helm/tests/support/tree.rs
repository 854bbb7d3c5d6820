//! A chart's folder on disk as the files that the library reads.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, iter};

use goyaml::parallel;

/// Files whose reading is worth a thread of its own.
const FILES_OF_A_THREAD: usize = 64;

/// Paths inside the folder and contents.
pub(crate) type Files = Vec<(String, Arc<[u8]>)>;

/// All files below a folder, links followed.
pub(crate) fn read(folder: &Path) -> Result<Files, String> {
    let mut found = Vec::new();
    let read = list(folder, "", &mut found)
        .and_then(|()| parallel::map(&found, FILES_OF_A_THREAD, |(path, _)| whole(path)).into_iter().collect());
    let read: Vec<_> = read.map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(found.into_iter().map(|(_, name)| name).zip(read).collect())
}

fn list(folder: &Path, prefix: &str, found: &mut Vec<(PathBuf, String)>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (path, name) = (entry.path(), format!("{prefix}{}", entry.file_name().to_string_lossy()));
        let kind = entry.file_type()?;
        if kind.is_dir() || kind.is_symlink() && path.is_dir() {
            list(&path, &format!("{name}/"), found)?;
        } else {
            found.push((path, name));
        }
    }
    Ok(())
}

/// A file, read to where it stays, as `setpoint template` reads it.
fn whole(path: &Path) -> io::Result<Arc<[u8]>> {
    let mut file = fs::File::open(path)?;
    let length = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
    let mut data: Arc<[u8]> = iter::repeat_n(0, length).collect();
    file.read_exact(Arc::get_mut(&mut data).expect("nobody else has it"))?;
    Ok(data)
}
