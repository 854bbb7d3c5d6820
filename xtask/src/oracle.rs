//! Builds or unpacks the real programs that the tests compare with, once, into a cache outside the checkout.
//!
//! `tools/oracle/catalogue.json` says which there are. A Go oracle is keyed by its `go.mod` and `go.sum`, a packed one by
//! its version. The folder appears by a rename when it is complete, so an interrupted build leaves nothing half done.
//! The tests find the programs by the same rule (`testkit::oracle`).

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::failure::{At, Failure, output, run, say};

/// How many hexadecimal digits of the key's hash a folder's name carries.
const KEY_DIGITS: usize = 12;

/// One entry of the catalogue; `programs` are names as installed, with their place in what was built or unpacked.
#[derive(Deserialize)]
struct Entry {
    #[serde(flatten)]
    origin: Origin,
    programs: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(tag = "from", rename_all = "lowercase")]
enum Origin {
    /// The `tool` block of the module in `tools/oracle/NAME`.
    Go { ldflags: String },
    /// A package of the npm registry that holds a zip archive.
    Npm {
        package: String,
        version: String,
        archive: String,
    },
    /// A wheel of the Python registry.
    Pypi { package: String, version: String },
}

/// Installs the named oracles, or all, and prints each one's programs.
pub(crate) fn install(root: &Path, names: &[String]) -> Result<(), Failure> {
    let modules = root.join("tools/oracle");
    let catalogue = catalogue(&modules)?;
    if let Some(unknown) = names.iter().find(|name| !catalogue.contains_key(*name)) {
        let known: Vec<_> = catalogue.keys().map(String::as_str).collect();
        return Err(Failure::Form(format!(
            "no oracle is called {unknown}; there are {}",
            known.join(", ")
        )));
    }
    let cache = cache()?;
    for (name, entry) in &catalogue {
        if names.is_empty() || names.contains(name) {
            install_one(&modules.join(name), name, entry, &cache)?;
        }
    }
    Ok(())
}

fn catalogue(modules: &Path) -> Result<BTreeMap<String, Entry>, Failure> {
    let path = modules.join("catalogue.json");
    let text = fs::read_to_string(&path).at(&path)?;
    serde_json::from_str(&text).map_err(|why| Failure::Form(format!("{}: {why}", path.display())))
}

/// `SETPOINT_ORACLES`, or a folder below the user's cache.
fn cache() -> Result<PathBuf, Failure> {
    let home =
        || std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache/setpoint/oracles"));
    std::env::var_os("SETPOINT_ORACLES")
        .map(PathBuf::from)
        .or_else(home)
        .ok_or_else(|| {
            Failure::Form(
                "neither SETPOINT_ORACLES nor HOME is set: no place for the oracles".to_owned(),
            )
        })
}

fn install_one(module: &Path, name: &str, entry: &Entry, cache: &Path) -> Result<(), Failure> {
    let folder = cache.join(format!("{name}-{}", key(module, entry)?));
    let bin = folder.join("bin");
    if !folder.is_dir() {
        say(&format!("{name}: not in the cache, making it"));
        let start = Instant::now();
        let scratch = cache.join(format!(".{name}-{}", std::process::id()));
        let made =
            make(module, entry, &scratch).and_then(|()| publish(&scratch.join("done"), &folder));
        // A scratch folder that stays behind is never taken for an oracle.
        let _ = fs::remove_dir_all(&scratch);
        made?;
        say(&format!("{name}: made in {:.0?}", start.elapsed()));
    }
    for program in entry.programs.keys() {
        say(&format!("{name}: {}", bin.join(program).display()));
    }
    Ok(())
}

/// What a cached build depends on.
fn key(module: &Path, entry: &Entry) -> Result<String, Failure> {
    match &entry.origin {
        Origin::Npm { version, .. } | Origin::Pypi { version, .. } => Ok(version.clone()),
        Origin::Go { .. } => {
            let mut hash = Sha256::new();
            for name in ["go.mod", "go.sum"] {
                let path = module.join(name);
                hash.update(fs::read(&path).at(&path)?);
            }
            let mut digits = format!("{:x}", hash.finalize());
            digits.truncate(KEY_DIGITS);
            Ok(digits)
        }
    }
}

/// Makes the programs in `scratch/raw` and moves them, under their own names, to `scratch/done/bin`.
fn make(module: &Path, entry: &Entry, scratch: &Path) -> Result<(), Failure> {
    let raw = scratch.join("raw");
    let bin = scratch.join("done/bin");
    fs::create_dir_all(&raw).at(&raw)?;
    fs::create_dir_all(&bin).at(&bin)?;
    match &entry.origin {
        Origin::Go { ldflags } => {
            let mut build = Command::new("go");
            build
                .current_dir(module)
                .args(["build", "-trimpath", "-ldflags", ldflags, "-o"]);
            run(build.arg(&raw).arg("tool"))?;
        }
        Origin::Npm {
            package,
            version,
            archive,
        } => unpack_npm(package, version, archive, &raw)?,
        Origin::Pypi { package, version } => unpack_wheel(package, version, &raw)?,
    }
    for (program, place) in &entry.programs {
        let target = bin.join(program);
        fs::rename(raw.join(place), &target).at(&raw.join(place))?;
        make_executable(&target)?;
    }
    Ok(())
}

fn unpack_npm(package: &str, version: &str, archive: &str, raw: &Path) -> Result<(), Failure> {
    let mut pack = Command::new("npm");
    pack.current_dir(raw)
        .args(["pack", "--silent"])
        .arg(format!("{package}@{version}"));
    let file = output(&mut pack)?;
    run(Command::new("tar")
        .current_dir(raw)
        .args(["-xzf", file.trim(), archive]))?;
    unzip(&raw.join(archive), raw)
}

fn unpack_wheel(package: &str, version: &str, raw: &Path) -> Result<(), Failure> {
    let mut download = Command::new("python3");
    download.args([
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--disable-pip-version-check",
        "--dest",
    ]);
    run(download.arg(raw).arg(format!("{package}=={version}")))?;
    let files = fs::read_dir(raw)
        .at(raw)?
        .filter_map(Result::ok)
        .map(|entry| entry.path());
    let wheel = files
        .filter(|path| path.extension().is_some_and(|end| end == "whl"))
        .min();
    let wheel = wheel
        .ok_or_else(|| Failure::Form(format!("pip downloaded no wheel of {package} {version}")))?;
    unzip(&wheel, raw)
}

/// Python is needed for its registry anyway; `unzip` is not everywhere.
fn unzip(archive: &Path, into: &Path) -> Result<(), Failure> {
    run(Command::new("python3")
        .args(["-m", "zipfile", "-e"])
        .arg(archive)
        .arg(into))
}

fn make_executable(program: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(program, fs::Permissions::from_mode(0o755)).at(program)
}

/// Puts a complete folder in its place; another process that was faster is right as well.
fn publish(done: &Path, folder: &Path) -> Result<(), Failure> {
    match fs::rename(done, folder) {
        Err(_) if folder.is_dir() => Ok(()),
        renamed => renamed.at(folder),
    }
}
