//! One render on both sides.

#[path = "../../tests/support/tree.rs"]
mod tree;

use std::fmt;
use std::fs;
use std::path::Path;

use gotemplate::NoHost;
use helm::load::{self, LoadOptions};
use helm::output::{self, OutputOptions};
use helm::values::{self, ValuesFile};
use helm::{Capabilities, HelmCompat, RenderOptions, TemplateCache};

use crate::case::Case;
use crate::peer::{Peer, Said};

/// How a case came out.
pub(crate) enum Outcome {
    /// The same bytes.
    Same,
    /// The same refusal.
    Refused,
    /// Helm differs from itself, from this place on.
    Chance(String),
    /// Not the same.
    Differs {
        /// What is there.
        ours: String,
        /// What should be there.
        theirs: String,
        /// Where the first difference is.
        place: String,
    },
}

/// Counts.
#[derive(Default)]
pub(crate) struct Tally {
    same: usize,
    refused: usize,
    chance: usize,
    pub(crate) differ: usize,
}

impl Tally {
    pub(crate) fn add(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Same => self.same += 1,
            Outcome::Refused => self.refused += 1,
            Outcome::Chance(_) => self.chance += 1,
            Outcome::Differs { .. } => self.differ += 1,
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { same, refused, chance, differ } = self;
        let all = same + refused + chance + differ;
        write!(out, "{all} renders: {same} the same, {refused} refused alike, {chance} by chance, {differ} differ")
    }
}

/// Renders a case on both sides.
pub(crate) fn compare(case: &Case, peer: &Peer, compat: HelmCompat) -> Result<Outcome, String> {
    let theirs = peer.ask(case)?;
    let ours = render(case, compat).map_or_else(Said::Refused, Said::Printed);
    if ours == theirs {
        return Ok(match ours {
            Said::Printed(_) => Outcome::Same,
            Said::Refused(_) => Outcome::Refused,
        });
    }
    let again = peer.run(case)?;
    if again == ours {
        return Ok(Outcome::Chance("anything".to_owned()));
    }
    if let (Said::Printed(one), Said::Printed(two)) = (&theirs, &again)
        && one != two
    {
        return Ok(Outcome::Chance(first_difference(one, two).2));
    }
    Ok(differing(&ours, &theirs))
}

fn differing(ours: &Said, theirs: &Said) -> Outcome {
    let (ours, theirs, place) = match (ours, theirs) {
        (Said::Printed(ours), Said::Printed(theirs)) => first_difference(ours, theirs),
        (Said::Refused(ours), Said::Refused(theirs)) => (ours.clone(), theirs.clone(), "other words".to_owned()),
        (Said::Printed(_), Said::Refused(theirs)) => (String::new(), theirs.clone(), "only helm refuses".to_owned()),
        (Said::Refused(ours), Said::Printed(_)) => (ours.clone(), String::new(), "only we refuse".to_owned()),
    };
    Outcome::Differs { ours, theirs, place }
}

/// The first lines that differ, and where.
fn first_difference(ours: &[u8], theirs: &[u8]) -> (String, String, String) {
    let (ours, theirs) = (String::from_utf8_lossy(ours), String::from_utf8_lossy(theirs));
    let (ours, theirs): (Vec<&str>, Vec<&str>) = (ours.split('\n').collect(), theirs.split('\n').collect());
    let at = ours.iter().zip(&theirs).position(|(ours, theirs)| ours != theirs);
    let at = at.unwrap_or(ours.len().min(theirs.len()));
    let around = |lines: &[&str]| lines[at.saturating_sub(3)..(at + 4).min(lines.len())].join("\n");
    let source = theirs[..at.min(theirs.len())].iter().rev().find_map(|line| line.strip_prefix("# Source: "));
    (around(&ours), around(&theirs), format!("line {} in {}", at + 1, source.unwrap_or("?")))
}

fn render(case: &Case, compat: HelmCompat) -> Result<Vec<u8>, String> {
    let read = |path: &Path| fs::read(path).map_err(|error| error.to_string());
    let files: Result<Vec<ValuesFile>, String> = case
        .values
        .iter()
        .map(|path| Ok(ValuesFile { name: path.display().to_string(), data: read(path)?.into() }))
        .collect();
    let user = values::collect(&files?, &[], &|_| Err("no file".to_owned()), compat)
        .map_err(|errors| errors[0].message.clone())?;
    let files = tree::read(&case.chart)?;
    let chart = load::from_files(files, &LoadOptions { compat, ..LoadOptions::default() })
        .map_err(|errors| errors[0].message.clone())?;
    helm::dependencies::check_present(&chart).map_err(|error| error.to_string())?;
    let options = RenderOptions {
        compat,
        capabilities: Capabilities::of(compat),
        ..RenderOptions::install("conform", "conform-ns")
    };
    let cache = TemplateCache::new();
    let print = || {
        let rendered = helm::render(&chart, &user, &options, (&cache, &NoHost)).map_err(|error| error.to_string())?;
        let options = OutputOptions { compat, ..OutputOptions::default() };
        output::print(&rendered, &options).map_err(|error| error.to_string())
    };
    let first = print();
    // What is known of a render must not be seen in the next one.
    if print() == first { first } else { Err("a second render comes to something else".to_owned()) }
}
