//! Renders every recorded Kustomization and compares with what Flux's own library makes of it. A case is a folder under
//! `flux/cases/`; see the README there.

use std::path::Path;

use goyaml::ParseOptions;
use libtest_mimic::{Arguments, Failed};

#[path = "../../kustomize/tests/support/cases.rs"]
#[expect(dead_code, reason = "shared with cases that have overlays")]
mod cases;
#[path = "../../kustomize/tests/support/disk.rs"]
#[expect(dead_code, reason = "shared with tests that print resources")]
mod disk;
#[path = "flux/render.rs"]
mod flux;
#[path = "../../kustomize/tests/support/golden.rs"]
mod golden;

fn main() {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/flux/cases");
    libtest_mimic::run(&arguments, golden::trials(&root, check)).exit();
}

fn check(folder: &Path) -> Result<(), Failed> {
    let case = flux::Case::read(folder).map_err(|error| error.to_string())?;
    let ours = case.ours();
    let traced = case.traced();
    let traced = traced.map(|traced| goyaml::emit_documents(traced.objects.iter().map(|object| &object.value)));
    if traced != ours {
        return Err("with origins it renders otherwise".into());
    }
    let (Ok(found) | Err(found)) = &ours;
    golden::compare(folder, (ours.is_ok(), found), normalised)
}

/// Flux's objects as they are applied.
fn normalised(text: &str) -> Result<String, Failed> {
    let documents = goyaml::parse_documents(text, &ParseOptions::default()).map_err(|errors| errors[0].to_string())?;
    let mut objects: Vec<_> = documents.into_iter().map(|document| document.value).collect();
    objects.iter_mut().for_each(object::normalize::for_apply);
    Ok(goyaml::emit_documents(objects.iter()))
}
