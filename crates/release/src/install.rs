//! `helm install`.

use std::collections::BTreeMap;

use apply::Propagation;
use goyaml::{Map, Value};
use helm::Chart;
use helm::manifest::HookEvent;
use helm::release::lifecycle::{self, Installing};
use helm::release::{Release, Status};
use helm::values::UserValues;

use crate::draft::{self, Order};
use crate::hooks::Runner;
use crate::options::Wait;
use crate::ownership::Owner;
use crate::store::Releases;
use crate::targets::{self, Target};
use crate::wait::{jobs_too, until_ready};
use crate::write::Writer;
use crate::{ActionError, Options, definitions};

/// What is installed.
#[derive(Clone, Debug)]
pub struct Install<'a> {
    /// The release's name.
    pub name: &'a str,
    /// The chart.
    pub chart: &'a Chart,
    /// What the user sets.
    pub values: &'a UserValues,
    /// Labels of the record.
    pub labels: BTreeMap<String, String>,
    /// Make the namespace if it is missing.
    pub create_namespace: bool,
    /// Take a name that an uninstalled or failed release has.
    pub replace: bool,
    /// Leave out the definitions of `crds/`.
    pub skip_crds: bool,
}

impl<'a> Install<'a> {
    /// An installation with nothing special about it.
    pub fn new(name: &'a str, chart: &'a Chart, values: &'a UserValues) -> Self {
        let labels = BTreeMap::new();
        Self { name, chart, values, labels, create_namespace: false, replace: false, skip_crds: false }
    }
}

impl Releases {
    /// Installs a chart as a release of a new name.
    ///
    /// # Flow
    /// 1. The name is free, the chart renders, its objects are known kinds and nobody else's. Until here nothing is
    ///    written but the definitions of `crds/`.
    /// 2. The record is written, as pending.
    /// 3. Hooks, objects, waiting, hooks.
    /// 4. The record says deployed, or failed and why.
    ///
    /// # Errors
    /// What stood in the way; [`ActionError::Failed`] from the third step on.
    pub async fn install(&self, what: &Install<'_>, options: &Options) -> Result<Release, ActionError> {
        helm::check_release_name(what.name)?;
        let history = self.history(what.name).await?;
        lifecycle::check_name(&history, what.replace)?;
        draft::check(what.chart)?;
        if !what.skip_crds {
            definitions::install(self, &helm::definitions(what.chart, what.values, options.compat)?).await?;
        }
        let release = draft::release(what.name, self.namespace(), 1, false);
        let order = Order { release, chart: what.chart, values: what.values, labels: &what.labels };
        let draft = draft::draft(self.cluster(), order, options).await?;
        let Installing { mut release, superseded } = lifecycle::install(&history, draft, what.replace)?;
        let mut wanted = targets::wanted(self.cluster(), &release.manifest, self.namespace()).await?;
        let owner = Owner { release: what.name, namespace: self.namespace() };
        owner.mark(&mut wanted);
        let there = owner.adopt(self.cluster(), &wanted, options.take_ownership, "install").await?;
        if what.create_namespace {
            self.create_namespace().await?;
        }
        if let Some(superseded) = superseded {
            self.update(&superseded).await?;
        }
        // Helm limits the history at upgrades only.
        self.create(&release, &history, 0).await?;
        let outcome = self.carry_out_install(&mut release, &wanted, &there, options).await;
        self.conclude_install(release, outcome, options).await
    }

    async fn carry_out_install(
        &self,
        release: &mut Release,
        wanted: &[Target],
        there: &[Target],
        options: &Options,
    ) -> Result<(), ActionError> {
        let runner = Runner { releases: self, options };
        let hooks = |when: &'static str| {
            move |error: ActionError| ActionError::refused(format!("failed {when}"), vec![error.to_string()])
        };
        runner.run(release, HookEvent::PreInstall).await.map_err(hooks("pre-install"))?;
        let writer = Writer { cluster: self.cluster(), force: options.force_conflicts };
        if there.is_empty() {
            writer.create(wanted).await?;
        } else {
            writer.update(there, wanted).await.1?;
        }
        self.wait_for(wanted, options).await?;
        runner.run(release, HookEvent::PostInstall).await.map_err(hooks("post-install"))
    }

    async fn conclude_install(
        &self,
        mut release: Release,
        outcome: Result<(), ActionError>,
        options: &Options,
    ) -> Result<Release, ActionError> {
        if let Err(error) = outcome {
            let message = format!("Release {:?} failed: {error}", release.name);
            return Err(self.fail(release, message).await);
        }
        release.set_status(Status::Deployed, options.description.as_deref().unwrap_or("Install complete"));
        self.update(&release).await?;
        Ok(release)
    }

    /// Records a revision as failed.
    pub(crate) async fn fail(&self, mut release: Release, message: String) -> ActionError {
        release.set_status(Status::Failed, message.clone());
        self.note(&release).await;
        ActionError::Failed { release: Box::new(release), message }
    }

    /// Waits for objects as far as that is asked for.
    pub(crate) async fn wait_for(&self, wanted: &[Target], options: &Options) -> Result<(), ActionError> {
        let rule = match options.wait {
            Wait::Hooks => return Ok(()),
            Wait::Objects => object::health::status,
            Wait::ObjectsAndJobs => jobs_too,
        };
        until_ready(self.cluster(), wanted, rule, options.timeout).await
    }

    async fn create_namespace(&self) -> Result<(), ActionError> {
        let name = self.namespace();
        let metadata = Map::from_iter([("name", Value::from(name)), ("labels", Value::from_iter([("name", name)]))]);
        let namespace = Value::from_iter([
            ("apiVersion", Value::from("v1")),
            ("kind", "Namespace".into()),
            ("metadata", metadata.into()),
        ]);
        match self.cluster().create(&namespace).await {
            Err(error) if error.code() == Some(409) => Ok(()),
            answer => Ok(answer.map(drop)?),
        }
    }

    /// Deletes what an action made before it failed.
    pub(crate) async fn clean_up(&self, created: &[Target]) -> Result<(), ActionError> {
        let writer = Writer { cluster: self.cluster(), force: false };
        writer.delete(created, Propagation::Background).await
    }
}
