//! What is the same in every render of a chart with the same values: a release whose templates look into the cluster is
//! rendered until nothing is left to be looked up.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use goyaml::parallel;

use crate::cache::{TEMPLATES_OF_A_THREAD, TemplateCache};
use crate::chart::Chart;
use crate::compat::HelmCompat;
use crate::engine::{self, Known, Templates};
use crate::error::RenderError;
use crate::options::RenderOptions;
use crate::schema::{self, SchemaFault};
use crate::values::{self, UserValues};
use crate::{Warning, dependencies, yaml};

/// A chart with its values, ready to be run.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// The chart as its dependencies were worked out.
    pub(crate) chart: Chart,
    /// The user's values over the defaults.
    pub(crate) values: goyaml::Value,
    /// What is odd about both.
    pub(crate) warnings: Vec<Warning>,
    templates: OnceLock<Templates>,
    known: Mutex<Option<Arc<Known>>>,
}

impl Prepared {
    /// Prepares a chart. If it has many templates, another thread reads them meanwhile, as the chart itself always takes part;
    /// this one helps when it is done.
    fn begin(
        cache: &TemplateCache,
        chart: &Chart,
        user: &UserValues,
        options: &RenderOptions,
    ) -> Result<Self, RenderError> {
        if chart.templates.len() < TEMPLATES_OF_A_THREAD {
            return Self::new(chart, user, options);
        }
        let prepare = || {
            let prepared = Self::new(chart, user, options)?;
            // What is wrong with templates is told when they are asked for.
            let _ = prepared.templates(cache);
            Ok(prepared)
        };
        parallel::both(true, || cache.read_ahead(chart), prepare).1
    }

    /// Works out the dependencies, puts the values together, and holds them to the schemas.
    fn new(chart: &Chart, user: &UserValues, options: &RenderOptions) -> Result<Self, RenderError> {
        let mut chart = chart.clone();
        let mut warnings = dependencies::process(&mut chart, &user.values, options.compat)
            .map_err(|error| RenderError::Dependencies(error.to_string()))?;
        let (values, more) = values::coalesce(&chart, &user.values, options.compat)
            .map_err(|error| RenderError::Values(error.to_string()))?;
        warnings.extend(more);
        if !options.skip_schema_validation {
            let faults = schema::validate(&chart, &values);
            if !faults.is_empty() {
                return Err(RenderError::Schema(schema_words(&faults)));
            }
        }
        Ok(Self { chart, values, warnings, templates: OnceLock::new(), known: Mutex::default() })
    }

    /// The templates of the chart.
    ///
    /// # Errors
    /// Those that are none.
    pub(crate) fn templates(&self, cache: &TemplateCache) -> Result<&Templates, RenderError> {
        if let Some(known) = self.templates.get() {
            return Ok(known);
        }
        let read = engine::read(&self.chart, cache)?;
        Ok(self.templates.get_or_init(|| read))
    }

    /// What the templates came to in the last render.
    pub(crate) fn known(&self) -> Option<Arc<Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(Arc::clone)
    }

    /// Keeps what the templates came to.
    pub(crate) fn learn(&self, known: Known) {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(known));
    }
}

fn schema_words(faults: &[SchemaFault]) -> String {
    let texts: Vec<String> = faults.iter().map(|fault| format!("{}:\n{}", fault.chart, fault.message)).collect();
    texts.concat()
}

/// The last chart that was rendered, with what was given for it.
#[derive(Debug)]
pub(crate) struct Last {
    chart: Chart,
    values: goyaml::Value,
    compat: HelmCompat,
    skip_schema_validation: bool,
    prepared: Arc<Prepared>,
}

impl Last {
    /// Prepares a chart, unless it was the last one.
    ///
    /// # Errors
    /// What is wrong with the dependencies, or with the values.
    pub(crate) fn prepare(
        last: &mut Option<Self>,
        cache: &TemplateCache,
        (chart, user): (&Chart, &UserValues),
        options: &RenderOptions,
    ) -> Result<Arc<Prepared>, RenderError> {
        if let Some(last) = last.as_ref().filter(|last| last.is(chart, user, options)) {
            return Ok(Arc::clone(&last.prepared));
        }
        let prepared = Arc::new(Prepared::begin(cache, chart, user, options)?);
        *last = Some(Self {
            chart: chart.clone(),
            values: user.values.clone(),
            compat: options.compat,
            skip_schema_validation: options.skip_schema_validation,
            prepared: Arc::clone(&prepared),
        });
        Ok(prepared)
    }

    /// Whether the same chart and the same values are given again: not others of the same content, which would have to be
    /// looked at.
    fn is(&self, chart: &Chart, user: &UserValues, options: &RenderOptions) -> bool {
        let how = (self.compat, self.skip_schema_validation) == (options.compat, options.skip_schema_validation);
        how && yaml::is_same(&self.values, &user.values) && self.chart.is(chart)
    }
}
