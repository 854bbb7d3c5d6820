//! The `.setpoint/` folder: the embedded control plane's data, its kubeconfig and the lock of the running `up`.
//!
//! It is private (mode 0700), ignores itself in Git, and only one process may hold it.

use std::fs::{self, File, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// The folder's name.
pub(crate) const NAME: &str = ".setpoint";

/// A `.setpoint/` folder.
#[derive(Clone, Debug)]
pub(crate) struct Folder {
    path: PathBuf,
}

/// The right to run on a folder; given back when dropped or when the process dies.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Folder {
    /// The folder inside `parent`, made if need be.
    pub(crate) fn create(parent: &Path) -> Result<Self, Failure> {
        let path = parent.join(NAME);
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&path);
        made.map_err(|error| cannot("create", &path, &error))?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700))
            .map_err(|error| cannot("protect", &path, &error))?;
        let ignore = path.join(".gitignore");
        if !ignore.exists() {
            fs::write(&ignore, "*\n").map_err(|error| cannot("write", &ignore, &error))?;
        }
        Ok(Self { path })
    }

    /// The nearest folder, looking from `start` upward.
    pub(crate) fn find(start: &Path) -> Option<Self> {
        start.ancestors().map(|folder| folder.join(NAME)).find(|path| path.is_dir()).map(|path| Self { path })
    }

    /// Where the folder is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The embedded control plane's data.
    pub(crate) fn data(&self) -> PathBuf {
        self.path.join("controlplane")
    }

    /// Fetched sources.
    pub(crate) fn store(&self) -> PathBuf {
        self.path.join("sources")
    }

    /// The kubeconfig of the embedded control plane.
    pub(crate) fn kubeconfig(&self) -> PathBuf {
        self.path.join("kubeconfig")
    }

    /// Takes the folder for this process, or says who holds it.
    pub(crate) fn lock(&self) -> Result<Lock, Failure> {
        let path = self.path.join("lock");
        let mut file = open_lock(&path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(self.held()),
            Err(TryLockError::Error(error)) => return Err(cannot("lock", &path, &error)),
        }
        let written =
            file.set_len(0).and_then(|()| file.rewind()).and_then(|()| write!(file, "{}", std::process::id()));
        written.map_err(|error| cannot("write", &path, &error))?;
        Ok(Lock { _file: file })
    }

    /// The process that holds the folder, if one does.
    pub(crate) fn holder(&self) -> Option<u32> {
        let mut file = File::options().read(true).write(true).open(self.path.join("lock")).ok()?;
        if !matches!(file.try_lock(), Err(TryLockError::WouldBlock)) {
            return None;
        }
        let mut text = String::new();
        file.read_to_string(&mut text).ok()?;
        text.trim().parse().ok()
    }

    fn held(&self) -> Failure {
        let who = self.holder().map_or_else(String::new, |pid| format!(" (process {pid})"));
        Failure::task(format!("another `setpoint up`{who} is running on {}", self.path.display()))
            .hint("use it, or end it with `setpoint down` first")
    }
}

fn open_lock(path: &Path) -> Result<File, Failure> {
    let opened = File::options().read(true).write(true).create(true).truncate(false).open(path);
    opened.map_err(|error| cannot("open", path, &error))
}

/// An I/O failure with the path and what can be done.
pub(crate) fn cannot(verb: &str, path: &Path, error: &std::io::Error) -> Failure {
    let failure = Failure::task(format!("cannot {verb} {}: {error}", path.display()));
    match error.kind() {
        std::io::ErrorKind::StorageFull => failure.hint("the disk is full: free some space and run the command again"),
        std::io::ErrorKind::PermissionDenied => failure.hint("run it in a folder that you may write to"),
        _ => failure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_is_private_and_ignores_itself() {
        let parent = tempfile::tempdir().unwrap();
        let folder = Folder::create(parent.path()).unwrap();
        assert_eq!(fs::metadata(folder.path()).unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(fs::read_to_string(folder.path().join(".gitignore")).unwrap(), "*\n");
    }

    #[test]
    fn a_second_lock_is_refused_and_names_the_holder() {
        let parent = tempfile::tempdir().unwrap();
        let folder = Folder::create(parent.path()).unwrap();
        let lock = folder.lock().unwrap();
        let refused = folder.lock().unwrap_err().report();
        assert!(refused.contains(&std::process::id().to_string()), "{refused}");
        drop(lock);
        assert_eq!(folder.holder(), None);
        folder.lock().unwrap();
    }

    #[test]
    fn the_nearest_folder_is_found_upward() {
        let parent = tempfile::tempdir().unwrap();
        let folder = Folder::create(parent.path()).unwrap();
        let below = parent.path().join("a/b");
        fs::create_dir_all(&below).unwrap();
        assert_eq!(Folder::find(&below).unwrap().path(), folder.path());
    }
}
