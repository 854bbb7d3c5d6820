//! `--output-dir`.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Component, Path};

use helm::Rendered;
use helm::output::{self, Mode, Piece};

use super::request::Request;
use crate::failure::Failure;
use crate::folder::cannot;

/// Writes each piece below the folder and says so.
pub(super) fn write(folder: &Path, rendered: &Rendered, request: &Request<'_>, named: bool) -> Result<(), Failure> {
    let inner = if named { folder.join(&request.render.release.name) } else { folder.to_path_buf() };
    for piece in output::pieces(rendered, &request.output) {
        one(if piece.below_release { &inner } else { folder }, &piece)?;
    }
    crate::output::line("");
    Ok(())
}

fn one(folder: &Path, piece: &Piece) -> Result<(), Failure> {
    if Path::new(&piece.path).components().any(|part| !matches!(part, Component::Normal(_))) {
        return Err(Failure::task(format!("{} leads out of the output folder", piece.path)));
    }
    let path = folder.join(&piece.path);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(|error| cannot("create", parent, &error))?;
    }
    let opened = match piece.mode {
        Mode::Anew => File::create(&path),
        Mode::Behind | Mode::BehindWhatIsThere => File::options().create(true).append(true).open(&path),
    };
    opened.and_then(|mut file| file.write_all(&piece.text)).map_err(|error| cannot("write", &path, &error))?;
    crate::output::line(format!("wrote {}", path.display()));
    Ok(())
}
