//! `helm uninstall`.

use apply::Propagation;
use helm::HelmCompat;
use helm::manifest::{HookEvent, uninstall_rank};
use helm::release::lifecycle::{self, Uninstalling};
use helm::release::{History, Release, Status};
use object::ObjectKey;

use crate::hooks::Runner;
use crate::options::Wait;
use crate::store::Releases;
use crate::targets::{self, Target};
use crate::wait::until_gone;
use crate::write::{Writer, keeps};
use crate::{ActionError, Options};

/// What is uninstalled.
#[derive(Clone, Copy, Debug)]
pub struct Uninstall<'a> {
    /// The release's name.
    pub name: &'a str,
    /// Keep the records.
    pub keep_history: bool,
    /// What happens to the objects that belong to deleted ones.
    pub propagation: Propagation,
}

impl<'a> Uninstall<'a> {
    /// An uninstallation with nothing special about it.
    pub fn new(name: &'a str) -> Self {
        Self { name, keep_history: false, propagation: Propagation::default() }
    }
}

/// What became of a release.
#[derive(Clone, Debug)]
pub struct Uninstalled {
    /// Its last revision.
    pub release: Release,
    /// Objects that stay, because they say so.
    pub kept: Vec<ObjectKey>,
}

impl Releases {
    /// Takes a release away: its objects, but those that say they stay, and its records.
    ///
    /// # Errors
    /// What stood in the way. The last record says `uninstalling` until the objects are deleted.
    pub async fn uninstall(&self, what: &Uninstall<'_>, options: &Options) -> Result<Uninstalled, ActionError> {
        helm::check_release_name(what.name)?;
        let history = self.history(what.name).await?;
        let mut release = match lifecycle::uninstall(&history, what.name, what.keep_history, &crate::now())? {
            Uninstalling::Release(release) => *release,
            Uninstalling::Purge(release) => {
                self.purge(&history).await?;
                return Ok(Uninstalled { release: *release, kept: Vec::new() });
            }
        };
        let runner = Runner { releases: self, options };
        runner.run(&mut release, HookEvent::PreDelete).await?;
        self.note(&release).await;
        let (kept, gone) = self.take_away(&release, what.propagation, options.compat).await?;
        if options.wait != Wait::Hooks {
            until_gone(self.cluster(), &gone, options.timeout).await?;
        }
        let hooks = runner.run(&mut release, HookEvent::PostDelete).await;
        release.set_status(Status::Uninstalled, options.description.as_deref().unwrap_or("Uninstallation complete"));
        if what.keep_history {
            self.update(&release).await?;
            self.supersede(&others(&history, release.version)).await;
        } else {
            self.purge(&history).await?;
        }
        hooks?;
        Ok(Uninstalled { release, kept })
    }

    /// Deletes the objects of a revision; gives those that stay and those that go.
    async fn take_away(
        &self,
        release: &Release,
        propagation: Propagation,
        compat: HelmCompat,
    ) -> Result<(Vec<ObjectKey>, Vec<Target>), ActionError> {
        let all = targets::known(self.cluster(), &release.manifest, &release.namespace).await?;
        let (kept, mut gone): (Vec<Target>, Vec<Target>) = all.into_iter().partition(keeps);
        gone.sort_by_cached_key(|target| {
            let rank = uninstall_rank(&target.key.kind, compat);
            (rank.is_none(), rank, rank.is_none().then(|| target.key.kind.clone()))
        });
        Writer { cluster: self.cluster(), force: false }.delete(&gone, propagation).await?;
        Ok((kept.into_iter().map(|target| target.key).collect(), gone))
    }

    /// Deletes all records.
    async fn purge(&self, history: &History) -> Result<(), ActionError> {
        for release in history.revisions() {
            self.delete(&release.name, release.version).await?;
        }
        Ok(())
    }
}

/// A history without one of its revisions.
fn others(history: &History, version: i64) -> History {
    History::new(history.revisions().iter().filter(|release| release.version != version).cloned().collect())
}
