//! `helm rollback`.

use helm::manifest::HookEvent;
use helm::release::lifecycle::{self, RollingBack};
use helm::release::{ApplyMethod, History, Release, Status};

use crate::hooks::Runner;
use crate::ownership::Owner;
use crate::store::Releases;
use crate::targets::{self, Target};
use crate::write::Writer;
use crate::{ActionError, Options};

/// What a release is rolled back to.
#[derive(Clone, Copy, Debug)]
pub struct Rollback<'a> {
    /// The release's name.
    pub name: &'a str,
    /// The revision; 0 for the one before the last.
    pub version: i64,
    /// Delete new objects where the rollback fails.
    pub cleanup_on_fail: bool,
}

/// What a rollback did to the objects.
#[derive(Default)]
struct Work {
    created: Vec<Target>,
    /// Some objects are those of the older revision and some are not: neither revision is what runs.
    half_done: bool,
}

impl<'a> Rollback<'a> {
    /// To a revision; 0 for the one before the last.
    pub fn to(name: &'a str, version: i64) -> Self {
        Self { name, version, cleanup_on_fail: false }
    }
}

impl Releases {
    /// Makes an older revision of a release again, as a new one.
    ///
    /// # Errors
    /// What stood in the way; [`ActionError::Failed`] once the new revision is recorded.
    pub async fn roll_back(&self, what: &Rollback<'_>, options: &Options) -> Result<Release, ActionError> {
        helm::check_release_name(what.name)?;
        let history = self.history(what.name).await?;
        let RollingBack { mut current, mut release } =
            lifecycle::roll_back(&history, what.name, what.version, &crate::now())?;
        release.apply_method = Some(ApplyMethod::ServerSide);
        let before = targets::known(self.cluster(), &current.manifest, &current.namespace).await?;
        let mut wanted = targets::wanted(self.cluster(), &release.manifest, &release.namespace).await?;
        Owner { release: &release.name, namespace: &release.namespace }.mark(&mut wanted);
        self.create(&release, &history, options.max_history).await?;
        let mut work = Work::default();
        let outcome = self.roll_back_steps(&mut release, (&before, &wanted), options, &mut work).await;
        if let Err(error) = outcome {
            let message = format!("Rollback {:?} failed: {error}", release.name);
            if work.half_done {
                current.info.status = Status::Superseded;
                self.note(&current).await;
            }
            let failed = self.fail(release, message).await;
            if what.cleanup_on_fail {
                self.clean_up(&work.created).await?;
            }
            return Err(failed);
        }
        self.supersede(&history).await;
        release.info.status = Status::Deployed;
        self.update(&release).await?;
        Ok(release)
    }

    async fn roll_back_steps(
        &self,
        release: &mut Release,
        (before, wanted): (&[Target], &[Target]),
        options: &Options,
        work: &mut Work,
    ) -> Result<(), ActionError> {
        let runner = Runner { releases: self, options };
        runner.run(release, HookEvent::PreRollback).await?;
        let writer = Writer { cluster: self.cluster(), force: options.force_conflicts };
        let (new, outcome) = writer.update(before, wanted).await;
        work.created = new;
        work.half_done = outcome.is_err();
        outcome?;
        self.wait_for(wanted, options).await?;
        runner.run(release, HookEvent::PostRollback).await
    }

    /// Records all deployed revisions of a history as superseded.
    pub(crate) async fn supersede(&self, history: &History) {
        for deployed in history.all_deployed() {
            let mut deployed = deployed.clone();
            deployed.info.status = Status::Superseded;
            self.note(&deployed).await;
        }
    }
}
