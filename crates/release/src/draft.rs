//! From a chart and values to what a revision is made of.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use apply::Cluster;
use helm::release::lifecycle::Draft;
use helm::release::{ApplyMethod, RecordedChart, RecordedHook, manifest_text};
use helm::values::UserValues;
use helm::{Chart, ReleaseOptions, RenderError, RenderOptions, Rendered, Session, TemplateCache, dependencies};

use crate::lookup::{Answers, Known, Question, ask};
use crate::{ActionError, Options, capabilities};

/// How often a chart is rendered anew because its templates ask for something that depends on what they asked before.
const MAX_ROUNDS: usize = 8;
/// Templates that include each other need more stack than a thread of the runtime has.
const STACK: usize = 64 << 20;

/// What is rendered, and for whom.
pub(crate) struct Order<'a> {
    pub(crate) release: ReleaseOptions,
    pub(crate) chart: &'a Chart,
    pub(crate) values: &'a UserValues,
    pub(crate) labels: &'a BTreeMap<String, String>,
}

/// Whether a chart can be installed by itself, with all it needs in place.
pub(crate) fn check(chart: &Chart) -> Result<(), ActionError> {
    if chart.is_library() {
        return Err(ActionError::Library);
    }
    Ok(dependencies::check_present(chart)?)
}

/// Renders a chart against a cluster.
pub(crate) async fn draft(cluster: &Cluster, order: Order<'_>, options: &Options) -> Result<Draft, ActionError> {
    let how = RenderOptions {
        compat: options.compat,
        capabilities: capabilities(cluster, options.compat).await?,
        skip_schema_validation: options.skip_schema_validation,
        release: order.release.clone(),
        ..RenderOptions::install(&order.release.name, &order.release.namespace)
    };
    let (rendered, chart) = render(cluster, order.chart, order.values, &how).await?;
    Ok(Draft {
        name: order.release.name,
        namespace: order.release.namespace,
        chart: RecordedChart::of(&chart),
        config: order.values.values.clone(),
        manifest: manifest_text(&rendered).into(),
        hooks: rendered.hooks.iter().map(RecordedHook::of).collect(),
        notes: rendered.notes,
        labels: order.labels.clone(),
        apply_method: ApplyMethod::ServerSide,
        now: crate::now(),
    })
}

/// Renders on a thread, which asks here what its templates ask of the cluster.
async fn render(
    cluster: &Cluster,
    chart: &Chart,
    values: &UserValues,
    options: &RenderOptions,
) -> Result<(Rendered, Chart), ActionError> {
    let (chart, values, options) = (chart.clone(), values.clone(), options.clone());
    let (asked, mut questions) = tokio::sync::mpsc::channel(1);
    let (told, answers) = std::sync::mpsc::channel();
    let rendered = apart(move || rounds((&chart, &values, &options), &asked, &answers));
    let answered = async {
        while let Some(open) = questions.recv().await {
            let mut found = Answers::new();
            for question in open {
                let answer = ask(cluster, &question).await;
                found.insert(question, answer);
            }
            // The thread waits for it, or has ended.
            let _ = told.send(found);
        }
    };
    let (rendered, ()) = tokio::join!(rendered, answered);
    Ok(rendered??)
}

/// Renders until nothing new is asked.
fn rounds(
    (chart, values, options): (&Chart, &UserValues, &RenderOptions),
    asked: &tokio::sync::mpsc::Sender<BTreeSet<Question>>,
    answers: &std::sync::mpsc::Receiver<Answers>,
) -> Result<(Rendered, Chart), RenderError> {
    let cache = TemplateCache::new();
    let mut session = Session::new(&cache);
    let mut known = Answers::new();
    let mut round = 1;
    loop {
        let host = Known { answers: &known, now: jiff::Timestamp::now(), open: RefCell::default() };
        let outcome = session.render_with_chart(chart, values, options, &host);
        let open = host.open.into_inner();
        // Whoever asked for the render may be gone.
        if open.is_empty() || round == MAX_ROUNDS || asked.blocking_send(open).is_err() {
            return outcome;
        }
        let Ok(found) = answers.recv() else { return outcome };
        known.extend(found);
        round += 1;
    }
}

/// Does work on a thread with a large stack of its own.
async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, ActionError> {
    let (told, answer) = tokio::sync::oneshot::channel();
    let thread = std::thread::Builder::new().name("render".to_owned()).stack_size(STACK);
    let started = thread.spawn(move || {
        // Whoever asked may be gone.
        let _ = told.send(work());
    });
    started.map_err(|error| ActionError::Renderer(error.to_string()))?;
    answer.await.map_err(|_| ActionError::Renderer("it ended without an answer".to_owned()))
}

/// What a release is rendered for.
pub(crate) fn release(name: &str, namespace: &str, revision: i64, upgrade: bool) -> ReleaseOptions {
    ReleaseOptions { name: name.to_owned(), namespace: namespace.to_owned(), revision, upgrade }
}
