//! `helm upgrade`.

use std::collections::BTreeMap;

use helm::Chart;
use helm::manifest::HookEvent;
use helm::release::lifecycle::{self, Base, ValuePolicy};
use helm::release::{Release, Status};
use helm::values::UserValues;

use crate::draft::{self, Order};
use crate::hooks::Runner;
use crate::ownership::Owner;
use crate::store::Releases;
use crate::targets::{self, Target};
use crate::write::Writer;
use crate::{ActionError, Options};

/// What a release is upgraded to.
#[derive(Clone, Debug)]
pub struct Upgrade<'a> {
    /// The release's name.
    pub name: &'a str,
    /// The chart.
    pub chart: &'a Chart,
    /// What the user sets.
    pub values: &'a UserValues,
    /// What becomes of the values that were set before.
    pub policy: ValuePolicy,
    /// Labels of the record, over those it has; `null` takes one away.
    pub labels: BTreeMap<String, String>,
    /// Delete new objects where the upgrade fails.
    pub cleanup_on_fail: bool,
}

/// The objects of an upgrade.
struct Objects {
    /// Those of the revision before, with those that are taken over.
    before: Vec<Target>,
    wanted: Vec<Target>,
}

impl<'a> Upgrade<'a> {
    /// An upgrade with nothing special about it.
    pub fn new(name: &'a str, chart: &'a Chart, values: &'a UserValues) -> Self {
        let policy = ValuePolicy::default();
        Self { name, chart, values, policy, labels: BTreeMap::new(), cleanup_on_fail: false }
    }
}

impl Releases {
    /// Upgrades a release to another chart or other values.
    ///
    /// The record of the new revision is written as pending before the first object. When all is done, the revision before
    /// is superseded and the new one deployed; where something goes wrong, the new one has failed and the one before stays
    /// deployed.
    ///
    /// # Errors
    /// What stood in the way; [`ActionError::Failed`] once the new revision is recorded.
    pub async fn upgrade(&self, what: &Upgrade<'_>, options: &Options) -> Result<Release, ActionError> {
        helm::check_release_name(what.name)?;
        draft::check(what.chart)?;
        let history = self.history(what.name).await?;
        let base = lifecycle::upgrade_base(&history, what.name)?;
        let release = self.next(what, base, options).await?;
        let objects = self.upgraded_objects(base.current, &release, options).await?;
        self.create(&release, &history, options.max_history).await?;
        self.carry_out_upgrade(release, base.current, &objects, (options, what.cleanup_on_fail)).await
    }

    /// Renders the new revision.
    async fn next(&self, what: &Upgrade<'_>, base: Base<'_>, options: &Options) -> Result<Release, ActionError> {
        let given = &what.values.values;
        let (values, chart) = lifecycle::carried_values(base.current, what.chart, given, what.policy, options.compat)?;
        let values = UserValues { values, sources: what.values.sources.clone() };
        let release = draft::release(what.name, &base.current.namespace, base.last.version + 1, true);
        let order = Order { release, chart: &chart, values: &values, labels: &what.labels };
        Ok(lifecycle::upgrade(base, draft::draft(self.cluster(), order, options).await?))
    }

    async fn upgraded_objects(
        &self,
        current: &Release,
        release: &Release,
        options: &Options,
    ) -> Result<Objects, ActionError> {
        let mut before = targets::known(self.cluster(), &current.manifest, &current.namespace).await?;
        let mut wanted = targets::wanted(self.cluster(), &release.manifest, &release.namespace).await?;
        let owner = Owner { release: &release.name, namespace: &release.namespace };
        owner.mark(&mut wanted);
        let is_new = |target: &&Target| !before.iter().any(|old| old.key == target.key && old.gvk == target.gvk);
        let new: Vec<Target> = wanted.iter().filter(is_new).cloned().collect();
        before.extend(owner.adopt(self.cluster(), &new, options.take_ownership, "update").await?);
        Ok(Objects { before, wanted })
    }

    async fn carry_out_upgrade(
        &self,
        mut release: Release,
        current: &Release,
        objects: &Objects,
        (options, cleanup): (&Options, bool),
    ) -> Result<Release, ActionError> {
        let mut created = Vec::new();
        let outcome = self.upgrade_steps(&mut release, objects, options, &mut created).await;
        if let Err(error) = outcome {
            let message = format!("Upgrade {:?} failed: {error}", release.name);
            let failed = self.fail(release, message).await;
            if cleanup {
                self.clean_up(&created).await?;
            }
            return Err(failed);
        }
        let mut before = current.clone();
        before.info.status = Status::Superseded;
        self.note(&before).await;
        release.set_status(Status::Deployed, options.description.as_deref().unwrap_or("Upgrade complete"));
        self.update(&release).await?;
        Ok(release)
    }

    async fn upgrade_steps(
        &self,
        release: &mut Release,
        objects: &Objects,
        options: &Options,
        created: &mut Vec<Target>,
    ) -> Result<(), ActionError> {
        let runner = Runner { releases: self, options };
        let hooks = |when: &'static str| {
            move |error: ActionError| ActionError::refused(format!("{when} hooks failed"), vec![error.to_string()])
        };
        runner.run(release, HookEvent::PreUpgrade).await.map_err(hooks("pre-upgrade"))?;
        let writer = Writer { cluster: self.cluster(), force: options.force_conflicts };
        let (new, outcome) = writer.update(&objects.before, &objects.wanted).await;
        created.extend(new);
        outcome?;
        self.wait_for(&objects.wanted, options).await?;
        runner.run(release, HookEvent::PostUpgrade).await.map_err(hooks("post-upgrade"))
    }
}
