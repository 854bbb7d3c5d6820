//! Charts of our own, with the renders that are recorded of each.
//!
//! A case is a folder: `chart/`, `renders.txt` with one render a line (`NAME: FLAGS`, as helm takes them, files relative to
//! the case), and `out/` with what the real helm said, `NAME.yaml` or `NAME.err`.

mod tree;

use std::fs;
use std::path::{Path, PathBuf};

use helm::load::{self, LoadOptions};
use helm::output::{self, OutputOptions};
use helm::values::{self, Setting, ValuesFile};
use helm::{HelmCompat, KubeVersion, RenderOptions, TemplateCache, dependencies};

/// The release and the namespace of every case.
pub(crate) const RELEASE: &str = "demo";

/// One render of a chart.
#[derive(Clone, Debug)]
pub(crate) struct Render {
    /// The case's folder.
    pub(crate) case: PathBuf,
    /// Its name.
    pub(crate) name: String,
    /// Helm's flags.
    pub(crate) flags: Vec<String>,
}

/// What came of a render: the output, or the error's text.
pub(crate) type Outcome = Result<Vec<u8>, String>;

/// Where the cases are.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases")
}

/// All renders of all cases.
pub(crate) fn all() -> Result<Vec<Render>, String> {
    let mut renders = Vec::new();
    for case in folders(&root())? {
        let list = case.join("renders.txt");
        let list = fs::read_to_string(&list).map_err(|error| format!("{}: {error}", list.display()))?;
        for line in list.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
            let (name, flags) = line.split_once(':').unwrap_or((line, ""));
            let flags = flags.split_whitespace().map(str::to_owned).collect();
            renders.push(Render { case: case.clone(), name: name.trim().to_owned(), flags });
        }
    }
    Ok(renders)
}

fn folders(root: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(root).map_err(|error| format!("{}: {error}", root.display()))?;
    let mut folders: Vec<_> = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    Ok(folders)
}

impl Render {
    /// `case/render`
    pub(crate) fn title(&self) -> String {
        format!("{}/{}", self.case.file_name().unwrap_or_default().to_string_lossy(), self.name)
    }

    /// What was recorded.
    pub(crate) fn recorded(&self) -> Result<Outcome, String> {
        let place = |ending: &str| self.case.join(format!("out/{}.{ending}", self.name));
        if let Ok(text) = fs::read_to_string(place("err")) {
            return Ok(Err(text.trim_end_matches('\n').to_owned()));
        }
        fs::read(place("yaml")).map(Ok).map_err(|error| format!("{}: {error}", place("yaml").display()))
    }

    /// What the real helm says.
    pub(crate) fn ask(&self, helm: &Path) -> Result<Outcome, String> {
        let mut command = std::process::Command::new(helm);
        command.current_dir(&self.case).args(["template", RELEASE, "chart"]).args(&self.flags);
        let output = command.output().map_err(|error| format!("{}: {error}", helm.display()))?;
        if output.status.success() {
            return Ok(Ok(output.stdout));
        }
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        let at = text.find("Error: ").map_or(0, |at| at + "Error: ".len());
        let text = text[at..].trim_end();
        Ok(Err(text.strip_suffix(USE_DEBUG).unwrap_or(text).to_owned()))
    }

    /// What we say.
    pub(crate) fn run(&self) -> Outcome {
        let asked = Asked::read(&self.flags)?;
        let read = |name: &str| fs::read(self.case.join(name)).map_err(|error| opened(name, &error));
        let file = |name: &String| Ok(ValuesFile { name: name.clone(), data: read(name)?.into() });
        let files: Result<Vec<ValuesFile>, String> = asked.files.iter().map(file).collect();
        let user = values::collect(&files?, &asked.settings, &read, HelmCompat::default())
            .map_err(|errors| errors[0].message.clone())?;
        let files = tree::read(&self.case.join("chart"))?;
        let chart = load::from_files(files, &LoadOptions::default()).map_err(|errors| errors[0].message.clone())?;
        if chart.is_library() {
            return Err("library charts are not installable".to_owned());
        }
        dependencies::check_present(&chart).map_err(|error| error.to_string())?;
        let cache = TemplateCache::new();
        let rendered = helm::render(&chart, &user, &asked.render, (&cache, &gotemplate::NoHost))
            .map_err(|error| error.to_string())?;
        output::print(&rendered, &asked.output).map_err(|error| error.to_string())
    }
}

/// Go's words for a file that cannot be read.
fn opened(name: &str, error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => format!("open {name}: no such file or directory"),
        _ => format!("open {name}: {error}"),
    }
}

/// What Helm adds to late errors.
const USE_DEBUG: &str = "\n\nUse --debug flag to render out invalid YAML";

/// Helm's flags, read.
struct Asked {
    files: Vec<String>,
    settings: Vec<Setting>,
    render: RenderOptions,
    output: OutputOptions,
}

impl Asked {
    fn read(flags: &[String]) -> Result<Self, String> {
        let mut asked = Self {
            files: Vec::new(),
            settings: Vec::new(),
            render: RenderOptions::install(RELEASE, "default"),
            output: OutputOptions::default(),
        };
        let mut words = flags.iter();
        while let Some(flag) = words.next() {
            if !asked.switch(flag) {
                let value = words.next().ok_or_else(|| format!("{flag} needs a value"))?;
                asked.value(flag, value)?;
            }
        }
        Ok(asked)
    }

    fn switch(&mut self, flag: &str) -> bool {
        let place = match flag {
            "--include-crds" => &mut self.output.include_crds,
            "--skip-tests" => &mut self.output.skip_tests,
            "--no-hooks" => &mut self.output.no_hooks,
            "--is-upgrade" => &mut self.render.release.upgrade,
            "--skip-schema-validation" => &mut self.render.skip_schema_validation,
            _ => return false,
        };
        *place = true;
        true
    }

    fn value(&mut self, flag: &str, value: &str) -> Result<(), String> {
        let text = value.to_owned();
        match flag {
            "-f" => self.files.push(text),
            "--set" => self.settings.push(Setting::Set(text)),
            "--set-string" => self.settings.push(Setting::SetString(text)),
            "--set-file" => self.settings.push(Setting::SetFile(text)),
            "--set-json" => self.settings.push(Setting::SetJson(text)),
            "--set-literal" => self.settings.push(Setting::SetLiteral(text)),
            "--show-only" => self.output.show_only.push(text),
            "--namespace" => self.render.release.namespace = text,
            "--api-versions" => self.render.capabilities.add_api_versions([text]),
            "--kube-version" => {
                let version =
                    KubeVersion::parse(value).map_err(|why| format!("invalid kube version '{value}': {why}"))?;
                self.render.capabilities.kube_version = version;
            }
            _ => return Err(format!("the cases know no flag {flag}")),
        }
        Ok(())
    }
}
