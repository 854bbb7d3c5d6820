//! Templates on all cores, as far as they do not depend on one another.
//!
//! Each thread has values of its own. A template that asks the host is run once more afterwards, in its turn; one that changes
//! values is run then with all that follow it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use gotemplate::{Dependence, ExecError, Renderer};
use goyaml::parallel;

use super::known::{Cost, Known, sum};
use super::{Job, Runner};
use crate::manifest::FileText;
use crate::scope::{Template, is_notes};

/// Templates that are worth a thread of their own.
const TEMPLATES_OF_A_THREAD: usize = 32;

/// What a template came to.
type Text = Result<Arc<FileText>, Box<ExecError>>;

/// What came of one template.
enum Outcome {
    /// Its output, with what it cost.
    Done(Text, Cost),
    /// It is to be run in its turn.
    InTurn,
    /// It is to be run in its turn, and all that follow it.
    Last,
}

/// What was run apart, to be asked for in the order of the templates.
pub(super) struct Ready(std::vec::IntoIter<Outcome>);

impl Ready {
    pub(super) fn nothing() -> Self {
        Self(Vec::new().into_iter())
    }

    /// What came of the next template, with what it cost; nothing if it is to be run now.
    pub(super) fn next(&mut self) -> Option<(Text, Cost)> {
        match self.0.next()? {
            Outcome::Done(output, cost) => return Some((output, cost)),
            Outcome::InTurn => {}
            Outcome::Last => *self = Self::nothing(),
        }
        None
    }
}

/// Runs the templates; nothing is ready if there are few of them, or if together they cost more than one render may.
pub(super) fn run(job: &Job<'_>, templates: &[Template], last: Option<&Known>) -> Ready {
    if parallel::threads(templates.len(), TEMPLATES_OF_A_THREAD) < 2 {
        return Ready::nothing();
    }
    let limits = job.options.limits;
    // What is begun from then on comes behind a template that changes values.
    let ended = AtomicBool::new(false);
    let runner = || job.runner(Renderer::apart(job.set, limits), None);
    let numbered: Vec<_> = templates.iter().enumerate().collect();
    let outcomes = parallel::map_with(&numbered, TEMPLATES_OF_A_THREAD, runner, |runner, (number, template)| {
        if ended.load(Ordering::Relaxed) {
            return Outcome::Last;
        }
        let outcome = one(runner, template, |output| {
            let text = Known::text(last, *number, output);
            // What can be done beside others is: its documents are asked for when all have run.
            if !is_notes(&template.path) {
                text.read(job.options.compat);
            }
            text
        });
        if matches!(outcome, Outcome::Last) {
            ended.store(true, Ordering::Relaxed);
        }
        outcome
    });
    let (steps, bytes) = outcomes.iter().map(Outcome::cost).fold((0, 0), sum);
    let affordable = steps <= limits.steps && bytes <= limits.memory;
    if affordable { Ready(outcomes.into_iter()) } else { Ready::nothing() }
}

/// Runs a template, and has its output read if that counts.
fn one(runner: &mut Runner<'_>, template: &Template, read: impl FnOnce(Vec<u8>) -> Arc<FileText>) -> Outcome {
    let output = runner.run(template);
    match runner.renderer.dependence() {
        None => Outcome::Done(output.map(|(output, _)| read(output)), runner.renderer.cost()),
        Some(Dependence::Host) => Outcome::InTurn,
        Some(Dependence::Values) => Outcome::Last,
    }
}

impl Outcome {
    fn cost(&self) -> Cost {
        match self {
            Self::Done(_, cost) => *cost,
            Self::InTurn | Self::Last => (0, 0),
        }
    }
}
