//! A working copy that a test writes into, with the same author and times on every machine.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use tempfile::TempDir;

use super::{Signer, git, run};

/// 2026-01-01T00:00:00Z: the time of the first commit; each next one is a minute later.
const FIRST_COMMIT: u64 = 1_767_225_600;

/// A repository in a temporary folder, on branch `main`.
#[derive(Debug)]
pub struct GitRepo {
    dir: TempDir,
    commits: AtomicU64,
}

impl Default for GitRepo {
    fn default() -> Self {
        Self::new()
    }
}

impl GitRepo {
    /// An empty repository.
    ///
    /// # Panics
    /// If `git` is missing or the disk is full, as all methods here.
    pub fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        run(git(dir.path()).args(["init", "--quiet", "--initial-branch=main"]));
        Self { dir, commits: AtomicU64::new(0) }
    }

    /// A repository with these files in one commit.
    pub fn with_files(files: &[(&str, &str)]) -> Self {
        let repository = Self::new();
        for (path, text) in files {
            repository.write(path, text);
        }
        repository.commit("first");
        repository
    }

    /// Its folder.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Writes a file; folders are made.
    ///
    /// # Panics
    /// If the disk is full.
    pub fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let file = self.file(path);
        fs::write(file, bytes).expect("a file can be written");
    }

    /// Makes a symbolic link.
    ///
    /// # Panics
    /// If something is there already.
    pub fn link(&self, path: &str, target: &str) {
        let file = self.file(path);
        #[cfg(unix)]
        std::os::unix::fs::symlink(target, file).expect("a link can be made");
        #[cfg(not(unix))]
        fs::write(file, target).expect("a file can be written");
    }

    fn file(&self, path: &str) -> PathBuf {
        let file = self.path().join(path);
        let parent = file.parent().expect("a file stands in a folder");
        fs::create_dir_all(parent).expect("folders can be made");
        file
    }

    /// Commits all there is and gives the commit's id.
    pub fn commit(&self, message: &str) -> String {
        self.commit_by(message, None)
    }

    /// The same, signed.
    pub fn commit_signed(&self, message: &str, signer: &Signer) -> String {
        self.commit_by(message, Some(signer))
    }

    fn commit_by(&self, message: &str, signer: Option<&Signer>) -> String {
        let minutes = self.commits.fetch_add(1, Ordering::Relaxed);
        let date = format!("{} +0000", FIRST_COMMIT + minutes * 60);
        self.git(&["add", "--all"]);
        let mut command = git(self.path());
        if let Some(signer) = signer {
            signer.prepare(&mut command);
        }
        command.args(["commit", "--quiet", "--allow-empty", "--message", message]);
        if signer.is_some() {
            command.arg("--gpg-sign");
        }
        run(command
            .env("GIT_AUTHOR_NAME", "Ada Lovelace")
            .env("GIT_AUTHOR_EMAIL", "ada@example.org")
            .env("GIT_COMMITTER_NAME", "Ada Lovelace")
            .env("GIT_COMMITTER_EMAIL", "ada@example.org")
            .env("GIT_AUTHOR_DATE", &date)
            .env("GIT_COMMITTER_DATE", &date));
        self.git(&["rev-parse", "HEAD"]).trim().to_owned()
    }

    /// Writes a file and commits it.
    pub fn commit_file(&self, path: &str, text: &str) -> String {
        self.write(path, text);
        self.commit(&format!("change {path}"))
    }

    /// An annotated tag on HEAD.
    pub fn tag(&self, name: &str) {
        self.git(&[
            "-c",
            "user.name=Ada Lovelace",
            "-c",
            "user.email=ada@example.org",
            "tag",
            "--annotate",
            "--message",
            name,
            name,
        ]);
    }

    /// A signed tag on HEAD, in the place of one that is there; gives the id of the tag object.
    pub fn tag_signed(&self, name: &str, signer: &Signer) -> String {
        let mut command = git(self.path());
        signer.prepare(&mut command);
        command.args(["-c", "user.name=Ada Lovelace", "-c", "user.email=ada@example.org"]);
        run(command.args(["tag", "--sign", "--force", "--message", name, name]));
        self.git(&["rev-parse", &format!("refs/tags/{name}")]).trim().to_owned()
    }

    /// Stores an object of this type with this content, however wrong it is, and gives its id.
    ///
    /// # Panics
    /// If the disk is full.
    pub fn store_object(&self, kind: &str, content: &str) -> String {
        let file = self.path().join(".git/object-to-be");
        fs::write(&file, content).expect("a file can be written");
        self.git(&["hash-object", "-w", "--literally", "-t", kind, ".git/object-to-be"]).trim().to_owned()
    }

    /// Any other git command; gives its output.
    pub fn git(&self, arguments: &[&str]) -> String {
        run(git(self.path()).args(arguments))
    }

    /// Makes the bare repository at `bare` (made if missing) equal to this one, by force.
    pub fn publish(&self, bare: &Path) {
        self.publish_empty(bare);
        run(git(self.path()).args(["push", "--quiet", "--mirror", "--force"]).arg(bare));
    }

    /// Makes an empty bare repository, if there is none.
    pub fn publish_empty(&self, bare: &Path) {
        if !bare.exists() {
            run(git(self.path()).args(["init", "--quiet", "--bare", "--initial-branch=main"]).arg(bare));
        }
    }
}
