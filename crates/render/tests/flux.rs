//! Renders every recorded Kustomization and compares with what Flux's own library makes of it. A case is a folder under
//! `flux/cases/`; see the README there.

use std::path::Path;

use goyaml::ParseOptions;
use libtest_mimic::{Arguments, Failed, Trial};

#[path = "../../kustomize/tests/support/cases.rs"]
#[expect(dead_code, reason = "shared with cases that have overlays")]
mod cases;
#[path = "../../kustomize/tests/support/disk.rs"]
#[expect(dead_code, reason = "shared with tests that print resources")]
mod disk;
#[path = "flux/render.rs"]
mod flux;

fn main() {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/flux/cases");
    let cases = cases::all(&root);
    assert!(!cases.is_empty(), "there are no cases under {}", root.display());
    let trials = cases.into_iter().map(|case| {
        let name = case.strip_prefix(&root).unwrap_or(&case).display().to_string();
        Trial::test(name, move || check(&case))
    });
    libtest_mimic::run(&arguments, trials.collect()).exit();
}

fn check(folder: &Path) -> Result<(), Failed> {
    let case = flux::Case::read(folder).map_err(|error| error.to_string())?;
    let ours = case.ours();
    let traced = case.traced();
    let traced = traced.map(|traced| goyaml::emit_documents(traced.objects.iter().map(|object| &object.value)));
    if traced != ours {
        return Err("with origins it renders otherwise".into());
    }
    let (name, found) = match &ours {
        Ok(text) => ("expected.yaml", text),
        Err(text) => ("expected.message", text),
    };
    let expected =
        std::fs::read_to_string(folder.join(name)).map_err(|_| format!("{name} is missing; we say:\n{found}"))?;
    let expected = if ours.is_ok() { normalised(&expected)? } else { expected };
    match disk::first_difference(&expected, found) {
        None => Ok(()),
        Some(difference) => Err(format!("{name}: {difference}\n--- found:\n{found}").into()),
    }
}

/// Flux's objects as they are applied.
fn normalised(text: &str) -> Result<String, Failed> {
    let documents = goyaml::parse_documents(text, &ParseOptions::default()).map_err(|errors| errors[0].to_string())?;
    let mut objects: Vec<_> = documents.into_iter().map(|document| document.value).collect();
    objects.iter_mut().for_each(object::normalize::for_apply);
    Ok(goyaml::emit_documents(objects.iter()))
}
