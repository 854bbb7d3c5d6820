//! What `helm template` prints of a rendered chart.

use crate::compat::HelmCompat;
use crate::manifest::split;
use crate::path_match::path_match;
use crate::render::Rendered;

/// What is shown.
#[derive(Clone, Debug, Default)]
pub struct OutputOptions {
    /// The definitions of `crds/` too, before everything else.
    pub include_crds: bool,
    /// No tests.
    pub skip_tests: bool,
    /// No hooks.
    pub no_hooks: bool,
    /// Only documents of the templates that match one of these patterns, as paths inside the chart.
    pub show_only: Vec<String>,
    /// Which Helm to be like.
    pub compat: HelmCompat,
}

/// A pattern of `--show-only` that no template matches.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("could not find template {pattern} in chart")]
pub struct NotShown {
    /// The pattern.
    pub pattern: String,
}

/// A part of a file that `--output-dir` asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Path below the output directory.
    pub path: String,
    /// Whether it goes to the end of what was written to this file before.
    pub append: bool,
    /// What to write.
    pub text: Vec<u8>,
}

/// The text on standard output.
///
/// # Errors
/// The first pattern that shows nothing.
pub fn print(rendered: &Rendered, options: &OutputOptions) -> Result<Vec<u8>, NotShown> {
    let mut out = Vec::new();
    if options.include_crds {
        for crd in &rendered.crds {
            document(&mut out, &crd.path, &crd.data);
        }
    }
    for manifest in &rendered.manifests {
        document(&mut out, &manifest.path, manifest.content.as_bytes());
    }
    let mut out = trimmed(out);
    out.push(b'\n');
    for hook in shown_hooks(rendered, options) {
        document(&mut out, &hook.path, hook.content.as_bytes());
    }
    if options.show_only.is_empty() { Ok(out) } else { only(&out, options) }
}

fn shown_hooks<'r>(
    rendered: &'r Rendered,
    options: &OutputOptions,
) -> impl Iterator<Item = &'r crate::manifest::Manifest> {
    let (skip_tests, no_hooks) = (options.skip_tests, options.no_hooks);
    let shown = rendered.hooks.iter().filter(move |hook| !(no_hooks || skip_tests && hook.is_test()));
    shown.map(|hook| &hook.manifest)
}

fn document(out: &mut Vec<u8>, path: &str, content: &[u8]) {
    out.extend_from_slice(b"---\n# Source: ");
    out.extend_from_slice(path.as_bytes());
    out.push(b'\n');
    out.extend_from_slice(content);
    out.push(b'\n');
}

/// Without space at both ends.
fn trimmed(text: Vec<u8>) -> Vec<u8> {
    match str::from_utf8(&text) {
        Ok(whole) if whole.trim().len() == whole.len() => text,
        Ok(whole) => whole.trim().as_bytes().to_vec(),
        Err(_) => text.trim_ascii().to_vec(),
    }
}

/// The documents that the patterns name, in the order of the patterns. The output is cut into documents once more, as
/// Helm does it, so a definition of `crds/` with several documents shows the first one only.
fn only(text: &[u8], options: &OutputOptions) -> Result<Vec<u8>, NotShown> {
    let text = String::from_utf8_lossy(text);
    let documents = split(&text, options.compat);
    let mut out = Vec::new();
    for pattern in &options.show_only {
        let mut found = false;
        for document in &documents {
            if source_of(document).is_some_and(|path| path_match(pattern, path).unwrap_or(false)) {
                found = true;
                out.extend_from_slice(b"---\n");
                out.extend_from_slice(document.as_bytes());
                out.push(b'\n');
            }
        }
        if !found {
            return Err(NotShown { pattern: pattern.clone() });
        }
    }
    Ok(out)
}

/// The path behind the chart's name in the first `# Source: ` line.
fn source_of(document: &str) -> Option<&str> {
    const MARK: &str = "# Source: ";
    document.match_indices(MARK).find_map(|(at, _)| {
        let line = document[at + MARK.len()..].lines().next()?;
        let (chart, path) = line.split_once('/')?;
        (!chart.is_empty() && !path.is_empty()).then_some(path)
    })
}

/// What `--output-dir` writes, in order, one file after the other with as many pieces as it has documents. Hooks go
/// behind what is there already.
pub fn pieces(rendered: &Rendered, options: &OutputOptions) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut add = |path: &str, content: &[u8]| {
        let append = pieces.iter().any(|piece| piece.path == path);
        let mut text = Vec::with_capacity(content.len() + path.len() + 20);
        document(&mut text, path, content);
        pieces.push(Piece { path: path.to_owned(), append, text });
    };
    if options.include_crds {
        for crd in &rendered.crds {
            add(&crd.path, &crd.data);
        }
    }
    for manifest in &rendered.manifests {
        add(&manifest.path, manifest.content.as_bytes());
    }
    for hook in shown_hooks(rendered, options) {
        add(&hook.path, hook.content.as_bytes());
    }
    pieces
}
