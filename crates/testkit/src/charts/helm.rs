//! The real helm, with a home of its own.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use oracle::Oracle;
use tempfile::TempDir;

/// A helm that knows nothing of this machine's user.
#[derive(Debug)]
pub struct Helm {
    program: PathBuf,
    home: TempDir,
}

impl Helm {
    /// # Panics
    /// If helm is not in the cache of oracles: ask for it first.
    pub fn new() -> Self {
        let program = oracle::find(Oracle::Helm).expect("helm was looked for before");
        Self { program, home: tempfile::tempdir().expect("a temporary folder") }
    }

    /// Its home, which holds its repositories and logins.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// A command that is still to be run, in its home.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(arguments).current_dir(self.home()).env_clear().env("HOME", self.home());
        command
    }

    /// Runs it to whatever end.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("helm starts")
    }

    /// Standard output of a run that must succeed.
    ///
    /// # Panics
    /// If it fails.
    pub fn succeed(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "helm {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Packs a chart of one template that prints its version into `folder`; more lines of `Chart.yaml` may be given.
    ///
    /// # Panics
    /// If helm does not take it.
    pub fn package(&self, (name, version): (&str, &str), more: &str, folder: &Path) -> PathBuf {
        let chart = self.home().join("charts").join(name);
        drop(fs::remove_dir_all(&chart));
        write_chart(&chart, (name, version), more);
        self.succeed(&["package", &chart.display().to_string(), "-d", &folder.display().to_string()]);
        folder.join(format!("{name}-{version}.tgz"))
    }

    /// Writes `index.yaml` over the archives of a folder.
    pub fn index(&self, folder: &Path) {
        self.succeed(&["repo", "index", &folder.display().to_string()]);
    }
}

impl Default for Helm {
    fn default() -> Self {
        Self::new()
    }
}

/// Writes the folder of a small chart.
///
/// # Panics
/// If the disk refuses.
pub(crate) fn write_chart(folder: &Path, (name, version): (&str, &str), more: &str) {
    let template = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}-{{ .Chart.Name }}\ndata:\n  \
                    version: {{ .Chart.Version | quote }}\n  greeting: {{ .Values.greeting | quote }}\n";
    fs::create_dir_all(folder.join("templates")).expect("a folder can be made");
    let head = format!("apiVersion: v2\nname: {name}\nversion: {version}\n{more}");
    for (path, text) in
        [("Chart.yaml", head.as_str()), ("values.yaml", "greeting: hello\n"), ("templates/config.yaml", template)]
    {
        fs::write(folder.join(path), text).expect("a file can be written");
    }
}
