//! A chart's folder on disk as the files that the library reads.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, iter};

use goyaml::parallel;
use helm::Content;
use helm::load::{Ignore, is_definition};

/// Files whose reading is worth a thread of its own.
const FILES_OF_A_THREAD: usize = 64;

/// Paths inside the folder and contents.
pub(crate) type Files = Vec<(String, Content)>;

/// All files below a folder that are not ignored, links followed.
pub(crate) fn read(folder: &Path) -> Result<Files, String> {
    let ignore = fs::read(folder.join(Ignore::FILE)).map_or_else(|_| Ignore::default(), |text| Ignore::of(&text));
    let mut found = Vec::new();
    let read = list(folder, "", &ignore, &mut found).and_then(|()| {
        let contents = parallel::map(&found, FILES_OF_A_THREAD, |(path, name)| content(path, name));
        found.into_iter().zip(contents).map(|((_, name), content)| Ok((name, content?))).collect()
    });
    read.map_err(|error| format!("{}: {error}", folder.display()))
}

fn list(folder: &Path, prefix: &str, ignore: &Ignore, found: &mut Vec<(PathBuf, String)>) -> io::Result<()> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (path, name) = (entry.path(), format!("{prefix}{}", entry.file_name().to_string_lossy()));
        let kind = entry.file_type()?;
        if kind.is_dir() || kind.is_symlink() && path.is_dir() {
            if !ignore.folder(&name) {
                folders.push((path, name + "/"));
            }
        } else if !ignore.file(&name) {
            found.push((path, name));
        }
    }
    folders.iter().try_for_each(|(path, name)| list(path, name, ignore, found))
}

/// What is in a file; definitions are read when somebody looks at them, as by `setpoint template`.
fn content(path: &Path, name: &str) -> io::Result<Content> {
    if !is_definition(name) {
        return whole(path).map(Content::from);
    }
    let size = fs::File::open(path)?.metadata()?.len();
    let path = path.to_path_buf();
    Ok(Content::later(size, move || whole(&path).expect("a file that was there")))
}

/// A file, read to where it stays, as `setpoint template` reads it.
fn whole(path: &Path) -> io::Result<Arc<[u8]>> {
    let mut file = fs::File::open(path)?;
    let length = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
    let mut data: Arc<[u8]> = iter::repeat_n(0, length).collect();
    file.read_exact(Arc::get_mut(&mut data).expect("nobody else has it"))?;
    Ok(data)
}
