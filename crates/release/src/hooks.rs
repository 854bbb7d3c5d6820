//! Hooks: objects that are made at a point in a release's life and waited for.

use apply::{Cluster, Propagation};
use helm::manifest::HookEvent;
use helm::release::{BEFORE_HOOK_CREATION, HOOK_FAILED, HOOK_SUCCEEDED, LastRun, Phase, RecordedHook, Release};

use crate::store::Releases;
use crate::targets::{self, Target};
use crate::wait::{hook_rule, until_gone, until_ready};
use crate::write::Writer;
use crate::{ActionError, Options};

/// Kinds that are not deleted with their hook: all objects of the kind would go with them.
const NEVER_DELETED: &str = "CustomResourceDefinition";

/// Runs hooks of one release.
pub(crate) struct Runner<'a> {
    pub(crate) releases: &'a Releases,
    pub(crate) options: &'a Options,
}

impl Runner<'_> {
    /// Runs the hooks of an event one after the other: those of lower weight first, then by name. The first that fails
    /// ends it.
    ///
    /// # Flow
    /// 1. What an older run left is deleted, if the hook's policy says so or says nothing.
    /// 2. The release's record is written, with the hook as running.
    /// 3. The hook is made and waited for.
    /// 4. After all: hooks that succeeded are deleted where their policy says so, the last one first; one that failed by
    ///    its own.
    pub(crate) async fn run(&self, release: &mut Release, event: HookEvent) -> Result<(), ActionError> {
        if self.options.no_hooks {
            return Ok(());
        }
        let due = due(&release.hooks, event);
        for (done, place) in due.iter().enumerate() {
            let outcome = self.run_one(release, *place, event).await;
            if let Err(error) = outcome {
                self.clear_failed(release, &due[..=done]).await?;
                return Err(error);
            }
        }
        for place in due.iter().rev() {
            self.clear(&release.hooks[*place], HOOK_SUCCEEDED, &release.namespace).await?;
        }
        Ok(())
    }

    async fn run_one(&self, release: &mut Release, place: usize, event: HookEvent) -> Result<(), ActionError> {
        let namespace = release.namespace.clone();
        if release.hooks[place].delete_policies.is_empty() {
            release.hooks[place].delete_policies.push(BEFORE_HOOK_CREATION.to_owned());
        }
        self.clear(&release.hooks[place], BEFORE_HOOK_CREATION, &namespace).await?;
        let targets = self.targets(&release.hooks[place], &namespace).await?;
        let started = LastRun { started_at: Some(crate::now()), completed_at: None, phase: Some(Phase::Running) };
        release.hooks[place].last_run = started;
        self.releases.note(release).await;
        let hook = &mut release.hooks[place];
        let outcome = self.make(hook, &targets, event).await;
        hook.last_run.completed_at = Some(crate::now());
        hook.last_run.phase = Some(if outcome.is_ok() { Phase::Succeeded } else { Phase::Failed });
        outcome
    }

    async fn make(&self, hook: &RecordedHook, targets: &[Target], event: HookEvent) -> Result<(), ActionError> {
        let failed = |error: ActionError| {
            let what = format!("hook {} {} failed", event.name(), hook.path);
            ActionError::refused(what, vec![error.to_string()])
        };
        self.writer().create(targets).await.map_err(failed)?;
        until_ready(self.cluster(), targets, hook_rule, self.options.timeout).await.map_err(failed)
    }

    /// After a failure: the hook that failed, and those that succeeded before it. Failures to delete the first are logged,
    /// as there is another error to tell.
    async fn clear_failed(&self, release: &Release, ran: &[usize]) -> Result<(), ActionError> {
        let Some((failed, before)) = ran.split_last() else { return Ok(()) };
        if let Err(error) = self.clear(&release.hooks[*failed], HOOK_FAILED, &release.namespace).await {
            tracing::warn!(release = release.name, %error, "a hook that failed was not deleted");
        }
        for place in before {
            self.clear(&release.hooks[*place], HOOK_SUCCEEDED, &release.namespace).await?;
        }
        Ok(())
    }

    /// Deletes a hook if its policy says so at this occasion, and waits until it is gone.
    async fn clear(&self, hook: &RecordedHook, policy: &str, namespace: &str) -> Result<(), ActionError> {
        if hook.kind == NEVER_DELETED || !hook.is_deleted(policy) {
            return Ok(());
        }
        let targets = targets::known(self.cluster(), &hook.manifest, namespace).await?;
        self.writer().delete(&targets, Propagation::Background).await?;
        until_gone(self.cluster(), &targets, self.options.timeout).await
    }

    async fn targets(&self, hook: &RecordedHook, namespace: &str) -> Result<Vec<Target>, ActionError> {
        targets::wanted(self.cluster(), &hook.manifest, namespace).await
    }

    fn cluster(&self) -> &Cluster {
        self.releases.cluster()
    }

    fn writer(&self) -> Writer<'_> {
        Writer { cluster: self.cluster(), force: false }
    }
}

/// The places of the hooks of an event, in the order in which they run.
fn due(hooks: &[RecordedHook], event: HookEvent) -> Vec<usize> {
    let mut due: Vec<usize> = (0..hooks.len()).filter(|place| hooks[*place].fires_at(event)).collect();
    due.sort_by(|left, right| {
        let (left, right) = (&hooks[*left], &hooks[*right]);
        left.weight.cmp(&right.weight).then_with(|| left.name.cmp(&right.name))
    });
    due
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_and_names_decide() {
        let hook = |name: &str, weight, events: &[&str]| RecordedHook {
            name: name.to_owned(),
            weight,
            events: events.iter().map(|event| (*event).to_owned()).collect(),
            ..RecordedHook::default()
        };
        let hooks = [
            hook("b", 0, &["pre-install"]),
            hook("z", -5, &["pre-install", "pre-upgrade"]),
            hook("a", 0, &["pre-install"]),
            hook("later", 10, &["post-install"]),
        ];
        assert_eq!(due(&hooks, HookEvent::PreInstall), [1, 2, 0]);
        assert_eq!(due(&hooks, HookEvent::PreUpgrade), [1]);
        assert_eq!(due(&hooks, HookEvent::Test), Vec::<usize>::new());
    }
}
