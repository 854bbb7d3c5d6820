//! Builds or unpacks the real programs that the tests compare with, once, into a cache outside the checkout.
//!
//! A folder appears by a rename when it is complete, so an interrupted build leaves nothing half done.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use oracle::{Catalogue, Entry, Origin};

use crate::failure::{At, Failure, output, run, say};

/// Installs the named oracles, or all, and prints each one's programs.
pub(crate) fn install(root: &Path, names: &[String]) -> Result<(), Failure> {
    let catalogue = Catalogue::read(root)?;
    for name in names {
        catalogue.entry(name)?;
    }
    for (name, entry) in catalogue.entries() {
        if names.is_empty() || names.iter().any(|asked| asked == name) {
            install_one(&catalogue, name, entry)?;
        }
    }
    Ok(())
}

fn install_one(catalogue: &Catalogue, name: &str, entry: &Entry) -> Result<(), Failure> {
    let folder = catalogue.folder(name)?;
    let bin = folder.join("bin");
    if !entry.programs.keys().all(|program| bin.join(program).is_file()) {
        say(&format!("{name}: not in the cache, making it"));
        let start = Instant::now();
        let scratch = folder.with_file_name(format!(".{name}-{}", std::process::id()));
        let made = make(catalogue, name, entry, &scratch).and_then(|()| publish(&scratch.join("done"), &folder));
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

/// Makes the programs in `scratch/raw` and moves them, under their own names, to `scratch/done/bin`.
fn make(catalogue: &Catalogue, name: &str, entry: &Entry, scratch: &Path) -> Result<(), Failure> {
    let raw = scratch.join("raw");
    let bin = scratch.join("done/bin");
    fs::create_dir_all(&raw).at(&raw)?;
    fs::create_dir_all(&bin).at(&bin)?;
    match &entry.origin {
        Origin::Go { ldflags } => build(catalogue, name, ldflags, &raw)?,
        Origin::Npm { package, version, archive } => unpack_npm(&format!("{package}@{version}"), archive, &raw)?,
        Origin::Pypi { package, version } => unpack_wheel(&format!("{package}=={version}"), &raw)?,
    }
    for (program, place) in &entry.programs {
        let target = bin.join(program);
        fs::rename(raw.join(place), &target).at(&raw.join(place))?;
        make_executable(&target)?;
    }
    Ok(())
}

fn build(catalogue: &Catalogue, name: &str, ldflags: &str, raw: &Path) -> Result<(), Failure> {
    let ours = !catalogue.own_sources(name)?.is_empty();
    let mut build = Command::new("go");
    build.current_dir(catalogue.module(name));
    build.args(["build", "-trimpath", "-ldflags", ldflags, "-o"]);
    // A slash at the end: a folder, also for a single program.
    run(build.arg(raw.join("")).arg(if ours { "." } else { "tool" }))
}

fn unpack_npm(package: &str, archive: &str, raw: &Path) -> Result<(), Failure> {
    let mut pack = Command::new("npm");
    let file = output(pack.current_dir(raw).args(["pack", "--silent", package]))?;
    run(Command::new("tar").current_dir(raw).args(["-xzf", file.trim(), archive]))?;
    unzip(&raw.join(archive), raw)
}

fn unpack_wheel(package: &str, raw: &Path) -> Result<(), Failure> {
    let mut download = Command::new("python3");
    download.args(["-m", "pip", "download", "--quiet", "--no-deps", "--disable-pip-version-check"]);
    run(download.arg("--dest").arg(raw).arg(package))?;
    let files = fs::read_dir(raw).at(raw)?.filter_map(Result::ok).map(|entry| entry.path());
    let wheel = files.filter(|path| path.extension().is_some_and(|end| end == "whl")).min();
    let wheel = wheel.ok_or_else(|| Failure::Form(format!("pip downloaded no wheel of {package}")))?;
    unzip(&wheel, raw)
}

/// Python is needed for its registry anyway; `unzip` is not everywhere.
fn unzip(archive: &Path, into: &Path) -> Result<(), Failure> {
    run(Command::new("python3").args(["-m", "zipfile", "-e"]).arg(archive).arg(into))
}

fn make_executable(program: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(program, fs::Permissions::from_mode(0o755)).at(program)
}

/// Puts a complete folder in its place.
fn publish(done: &Path, folder: &Path) -> Result<(), Failure> {
    match fs::rename(done, folder) {
        // Made by another process meanwhile, or from an older catalogue: ours is as good or better.
        Err(_) if folder.is_dir() => {
            fs::remove_dir_all(folder).at(folder)?;
            fs::rename(done, folder).at(folder)
        }
        renamed => renamed.at(folder),
    }
}
