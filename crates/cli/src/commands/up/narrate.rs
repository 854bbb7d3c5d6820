//! Tells on standard output what the engine does: a line for each event, and on a terminal a bar that says what is left.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::{DeliveryState, Handle, Name, On, Phase, Progress, ProgressLine, State};
use indicatif::{ProgressBar, ProgressStyle};
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Duration, sleep};

use crate::failure::Failure;
use crate::output;

/// How long `--once` waits while nothing moves and something is not ready.
const STALL_LIMIT: Duration = Duration::from_mins(1);

/// Prints until the engine ends; with `once` until everything is ready or something failed.
pub(super) async fn narrate(handle: &Handle, once: bool) -> Result<(), Failure> {
    let mut lines = handle.progress();
    let mut state = handle.state();
    let mut told = Told::default();
    loop {
        tokio::select! {
            line = lines.recv() => match line {
                Ok(line) => {
                    told.line(&line);
                    if once && let Some(failure @ Err(_)) = told.outcome(&handle.snapshot()) {
                        return failure;
                    }
                }
                Err(RecvError::Lagged(missed)) => output::note(format!("({missed} lines left out)")),
                Err(RecvError::Closed) => return Err(Failure::task("the engine ended unexpectedly")),
            },
            changed = state.changed() => {
                if changed.is_err() {
                    return Err(Failure::task("the engine ended unexpectedly"));
                }
                let state = state.borrow_and_update().clone();
                // What led to this state was said before it: it is told first.
                while let Ok(line) = lines.try_recv() {
                    told.line(&line);
                }
                told.state(&state);
                if once && let Some(outcome) = told.outcome(&state) {
                    return outcome;
                }
            }
            () = sleep(STALL_LIMIT), if once && !is_busy(&handle.snapshot()) => {
                return Err(Failure::task(waiting_for(&handle.snapshot()))
                    .hint(format!("nothing has moved for {} s", STALL_LIMIT.as_secs())));
            }
        }
    }
}

/// Whether work is under way anywhere.
fn is_busy(state: &State) -> bool {
    state.deliveries.values().any(|delivery| delivery.phase.is_busy())
}

/// Why a delivery will not go on by itself, in the words of its Ready condition.
fn stuck(delivery: &DeliveryState) -> Option<String> {
    let (Phase::Failed(reason) | Phase::Waiting(On::Spec(reason))) = &delivery.phase else {
        return None;
    };
    let ready = delivery.conditions.iter().find(|condition| condition.kind == "Ready" && condition.status == "False");
    Some(format!("{}: {}", delivery.name, ready.map_or(&**reason, |condition| &condition.message)))
}

/// What has been told so far.
struct Told {
    bar: Option<ProgressBar>,
    was_ready: bool,
    /// Sources whose last fetch failed, with the reason.
    unfetched: BTreeMap<Name, Arc<str>>,
}

impl Default for Told {
    fn default() -> Self {
        let bar = output::is_fancy().then(|| {
            let style = ProgressStyle::with_template("{spinner} {pos}/{len} ready {wide_msg}");
            let bar = ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.enable_steady_tick(std::time::Duration::from_millis(120));
            bar
        });
        Self { bar, was_ready: false, unfetched: BTreeMap::new() }
    }
}

impl Told {
    fn line(&mut self, line: &ProgressLine) {
        match &line.progress {
            Progress::FetchFailed { message } => drop(self.unfetched.insert(line.name.clone(), message.clone())),
            Progress::Fetched { .. } => drop(self.unfetched.remove(&line.name)),
            _ => {}
        }
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

    /// What `--once` ends with: everything ready, or nothing left to hope for.
    fn outcome(&self, state: &State) -> Option<Result<(), Failure>> {
        if let Some(why) = &state.held_back {
            return Some(Err(Failure::task(&**why)));
        }
        let unfetched = self.unfetched.iter().map(|(name, message)| format!("{name}: {message}"));
        let failed: Vec<String> =
            unfetched.chain(state.deliveries.values().filter_map(|delivery| stuck(delivery))).collect();
        if !failed.is_empty() && !is_busy(state) {
            return Some(Err(Failure::task(failed.join("\n"))));
        }
        state.all_settled().then_some(Ok(()))
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
