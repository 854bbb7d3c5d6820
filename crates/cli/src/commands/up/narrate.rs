//! Tells on standard output what the engine does: a line for each event, and on a terminal a bar that says what is left.

use engine::{Handle, Phase, Progress, ProgressLine, State};
use indicatif::{ProgressBar, ProgressStyle};
use tokio::sync::broadcast::error::RecvError;

use crate::failure::Failure;
use crate::output;

/// Prints until the engine ends; with `once` until everything is ready or something failed.
pub(super) async fn narrate(handle: &Handle, once: bool) -> Result<(), Failure> {
    let mut lines = handle.progress();
    let mut state = handle.state();
    let mut told = Told::default();
    loop {
        tokio::select! {
            line = lines.recv() => match line {
                Ok(line) => told.line(&line),
                Err(RecvError::Lagged(missed)) => output::note(format!("({missed} lines left out)")),
                Err(RecvError::Closed) => return Err(Failure::task("the engine ended unexpectedly")),
            },
            changed = state.changed() => {
                if changed.is_err() {
                    return Err(Failure::task("the engine ended unexpectedly"));
                }
                let state = state.borrow_and_update().clone();
                told.state(&state);
                if once && let Some(outcome) = outcome(&state) {
                    return outcome;
                }
            }
        }
    }
}

/// What `--once` ends with: everything ready, or nothing left to hope for.
fn outcome(state: &State) -> Option<Result<(), Failure>> {
    if state.all_settled() {
        return Some(Ok(()));
    }
    let failed: Vec<String> = state
        .deliveries
        .values()
        .filter_map(|delivery| match &delivery.phase {
            Phase::Failed(message) => Some(format!("{}: {message}", delivery.name)),
            _ => None,
        })
        .collect();
    let is_busy = state.deliveries.values().any(|delivery| delivery.phase.is_busy());
    (!failed.is_empty() && !is_busy).then(|| Err(Failure::task(failed.join("\n"))))
}

/// What has been told so far.
struct Told {
    bar: Option<ProgressBar>,
    was_ready: bool,
}

impl Default for Told {
    fn default() -> Self {
        let bar = output::is_fancy().then(|| {
            let style = ProgressStyle::with_template("{spinner} {pos}/{len} ready {wide_msg}");
            let bar = ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.enable_steady_tick(std::time::Duration::from_millis(120));
            bar
        });
        Self { bar, was_ready: false }
    }
}

impl Told {
    fn line(&mut self, line: &ProgressLine) {
        // Waiting comes and goes many times a second: the bar shows it, the log does not.
        if matches!(line.progress, Progress::Waiting { .. }) && self.bar.is_some() {
            return;
        }
        self.print(&line.to_string());
    }

    fn state(&mut self, state: &State) {
        let ready = state.deliveries.values().filter(|delivery| delivery.phase == Phase::Settled).count();
        if let Some(bar) = &self.bar {
            bar.set_length(state.deliveries.len() as u64);
            bar.set_position(ready as u64);
            bar.set_message(waiting_for(state));
        }
        let is_ready = state.all_settled();
        if is_ready && !self.was_ready {
            let objects: usize = state.deliveries.values().map(|delivery| delivery.objects.len()).sum();
            self.print(&format!(
                "everything is ready: {} Kustomizations, {objects} objects; held until Ctrl-C",
                state.deliveries.len()
            ));
        }
        self.was_ready = is_ready;
    }

    fn print(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| output::line(text)),
            None => output::line(text),
        }
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// The first delivery that is not ready, in a few words.
fn waiting_for(state: &State) -> String {
    let unready =
        state.deliveries.values().find(|delivery| !matches!(delivery.phase, Phase::Settled | Phase::Suspended));
    unready.map_or_else(String::new, |delivery| format!("{}: {}", delivery.name, delivery.phase))
}
