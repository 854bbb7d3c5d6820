//! What `helm template` prints of a rendered chart.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::Write;

use crate::compat::HelmCompat;
use crate::engine::ValueRead;
use crate::manifest::{Hook, Manifest, split};
use crate::path_match::path_match;
use crate::render::Rendered;
use crate::sources::Source;

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

/// How a piece is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Over whatever stands there: the first piece of a file.
    Anew,
    /// Behind the piece before.
    Behind,
    /// Behind whatever stands there, be it of this run or an older one: hooks.
    BehindWhatIsThere,
}

/// A part of a file that `--output-dir` asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Path below the output directory.
    pub path: String,
    /// What happens to what stands there.
    pub mode: Mode,
    /// Whether `--release-name` puts it below a folder of that name; definitions stay at the top.
    pub below_release: bool,
    /// What to write.
    pub text: Vec<u8>,
}

/// The text on standard output.
///
/// # Errors
/// The first pattern that shows nothing.
pub fn print(rendered: &Rendered, options: &OutputOptions) -> Result<Vec<u8>, NotShown> {
    let text = parts(rendered, options).concat();
    if options.show_only.is_empty() { Ok(text) } else { only(&text, options) }
}

/// The same in parts that stand one behind the other, most of them those of `rendered`: a large output is not there twice.
///
/// # Errors
/// The first pattern that shows nothing.
pub fn print_parts<'r>(rendered: &'r Rendered, options: &OutputOptions) -> Result<Vec<Cow<'r, [u8]>>, NotShown> {
    if options.show_only.is_empty() {
        return Ok(parts(rendered, options).into_iter().map(Cow::Borrowed).collect());
    }
    print(rendered, options).map(|text| vec![text.into()])
}

fn parts<'r>(rendered: &'r Rendered, options: &OutputOptions) -> Vec<&'r [u8]> {
    let mut parts = Vec::new();
    if options.include_crds {
        for crd in &rendered.crds {
            parts.extend(document(&crd.path, &crd.data));
        }
    }
    for manifest in &rendered.manifests {
        parts.extend(document(&manifest.path, manifest.content.as_bytes()));
    }
    trim(&mut parts);
    parts.push(b"\n");
    for hook in shown_hooks(rendered, options) {
        parts.extend(document(&hook.path, hook.content.as_bytes()));
    }
    parts
}

/// The text on standard output with comments that say where each document comes from: the line of its template, and for
/// the first document of each file the values that the file read, with the place where each was set. The values
/// themselves are not told. It stays YAML.
///
/// # Errors
/// The first pattern that shows nothing.
pub fn print_with_origins(rendered: &Rendered, options: &OutputOptions) -> Result<Vec<u8>, NotShown> {
    let mut told: BTreeSet<&str> = BTreeSet::new();
    let mut annotated = Rendered { crds: rendered.crds.clone(), ..Rendered::default() };
    for manifest in &rendered.manifests {
        annotated.manifests.push(with_origin(manifest, rendered, told.insert(&manifest.path)));
    }
    for hook in &rendered.hooks {
        let manifest = with_origin(&hook.manifest, rendered, told.insert(&hook.manifest.path));
        annotated.hooks.push(Hook { manifest, ..hook.clone() });
    }
    print(&annotated, options)
}

fn with_origin(manifest: &Manifest, rendered: &Rendered, first: bool) -> Manifest {
    let mut content = format!("# Line: {}\n", manifest.line);
    let reads = rendered.reads.iter().filter(|read| first && read.template == manifest.path);
    for read in reads {
        // Writing into a String does not fail.
        let _ = writeln!(content, "# Value: {} {}", read.path, place(read, rendered));
    }
    content.push_str(&manifest.content);
    Manifest { content: content.into(), ..manifest.clone() }
}

/// Where a value was set.
fn place(read: &ValueRead, rendered: &Rendered) -> String {
    let Some(pos) = read.pos else { return "is not set".to_owned() };
    match rendered.sources.get(pos) {
        Some(Source::Chart { path }) => format!("is a default, {path}:{}", pos.line),
        Some(Source::File { name }) => format!("is set by -f {name}:{}", pos.line),
        Some(Source::Setting { flag, .. }) => format!("is set by {flag}"),
        None => "is made by the chart".to_owned(),
    }
}

fn shown_hooks<'r>(rendered: &'r Rendered, options: &OutputOptions) -> impl Iterator<Item = &'r Manifest> {
    let (skip_tests, no_hooks) = (options.skip_tests, options.no_hooks);
    let shown = rendered.hooks.iter().filter(move |hook| !(no_hooks || skip_tests && hook.is_test()));
    shown.map(|hook| &hook.manifest)
}

fn document<'r>(path: &'r str, content: &'r [u8]) -> [&'r [u8]; 5] {
    [b"---\n# Source: ", path.as_bytes(), b"\n", content, b"\n"]
}

/// Takes away the space at the end. At the start there is none.
fn trim(parts: &mut Vec<&[u8]>) {
    while let Some(last) = parts.pop() {
        let rest = trimmed(last);
        if !rest.is_empty() {
            return parts.push(rest);
        }
    }
}

/// The text without the space at its end; bytes that are no text are none.
fn trimmed(text: &[u8]) -> &[u8] {
    match text.utf8_chunks().last() {
        Some(end) if end.invalid().is_empty() => {
            let space = end.valid().len() - end.valid().trim_end().len();
            &text[..text.len() - space]
        }
        _ => text,
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

/// What `--output-dir` writes, in order, one file after the other with as many pieces as it has documents.
pub fn pieces(rendered: &Rendered, options: &OutputOptions) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut add = |path: &str, content: &[u8], hook: bool, below_release: bool| {
        let seen = pieces.iter().any(|piece| piece.path == path);
        let mode = match (hook, seen) {
            (true, _) => Mode::BehindWhatIsThere,
            (false, true) => Mode::Behind,
            (false, false) => Mode::Anew,
        };
        let text = document(path, content).concat();
        pieces.push(Piece { path: path.to_owned(), mode, below_release, text });
    };
    if options.include_crds {
        for crd in &rendered.crds {
            add(&crd.path, &crd.data, false, false);
        }
    }
    for manifest in &rendered.manifests {
        add(&manifest.path, manifest.content.as_bytes(), false, true);
    }
    for hook in shown_hooks(rendered, options) {
        add(&hook.path, hook.content.as_bytes(), true, true);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::trimmed;

    #[test]
    fn space_at_the_end_goes_whatever_stands_before_it() {
        let cases: [(&[u8], &[u8]); 5] = [
            (b"a \n", b"a"),
            ("a\u{a0}\u{3000}\n".as_bytes(), b"a"),
            (b"\xff \n", b"\xff"),
            (b"a \xff", b"a \xff"),
            (b" \n", b""),
        ];
        for (text, wanted) in cases {
            assert_eq!(trimmed(text), wanted, "{text:?}");
        }
    }
}
