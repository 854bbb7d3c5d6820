//! `setpoint template`.

mod plugin;
mod request;
mod write;

use std::mem;
use std::path::PathBuf;

use clap::{ArgAction, Args};
use helm::output;
use helm::{RenderError, Session, TemplateCache};

use self::request::Request;
use crate::chart::{self, ChartArgs};
use crate::failure::Failure;
use crate::world::World;

/// Render a Helm chart and print its manifests
///
/// The chart is a folder or a .tgz file, CHART of --repo URL, REPO/CHART of a repository that helm knows, the address of a
/// .tgz file, or `oci://REGISTRY/PATH/CHART`. It is fetched and rendered here, without helm, and the output is helm's, byte
/// for byte. With --origin, comments tell the template's line of each document, and where each value that was read is set.
#[derive(Args, Debug)]
#[command(override_usage = "setpoint template [OPTIONS] [NAME] CHART")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of helm")]
pub(crate) struct TemplateArgs {
    /// Name of the release and the chart; the chart alone for a release called "release-name"
    #[arg(required = true, value_name = "CHART", num_args = 1..)]
    pub(crate) names: Vec<String>,
    /// File of values; later ones win
    #[arg(short = 'f', long = "values", value_name = "FILE", action = ArgAction::Append, value_delimiter = ',')]
    pub(crate) values: Vec<String>,
    /// Set values: a.b=1,c={x,y}
    #[arg(long, value_name = "KEY=VALUE", action = ArgAction::Append)]
    pub(crate) set: Vec<String>,
    /// Set values that are text
    #[arg(long, value_name = "KEY=VALUE", action = ArgAction::Append)]
    pub(crate) set_string: Vec<String>,
    /// Set values to the content of files
    #[arg(long, value_name = "KEY=FILE", action = ArgAction::Append)]
    pub(crate) set_file: Vec<String>,
    /// Set values given as JSON
    #[arg(long, value_name = "KEY=JSON", action = ArgAction::Append)]
    pub(crate) set_json: Vec<String>,
    /// Set a value to the text behind the equals sign, whatever it is
    #[arg(long, value_name = "KEY=VALUE", action = ArgAction::Append)]
    pub(crate) set_literal: Vec<String>,
    /// Namespace of the release [default: that of the kubeconfig's context]
    #[arg(short, long, env = "HELM_NAMESPACE")]
    pub(crate) namespace: Option<String>,
    /// Print the definitions of crds/ too
    #[arg(long)]
    pub(crate) include_crds: bool,
    /// Only documents of these templates; patterns of paths inside the chart
    #[arg(short, long, value_name = "PATTERN", action = ArgAction::Append)]
    pub(crate) show_only: Vec<String>,
    /// Group versions that the cluster has, beside the usual ones
    #[arg(short, long, value_name = "VERSION", action = ArgAction::Append, value_delimiter = ',')]
    pub(crate) api_versions: Vec<String>,
    /// Version of Kubernetes that templates see
    #[arg(long, value_name = "VERSION")]
    pub(crate) kube_version: Option<String>,
    /// Render as for an upgrade
    #[arg(long)]
    pub(crate) is_upgrade: bool,
    /// Leave out tests
    #[arg(long)]
    pub(crate) skip_tests: bool,
    /// Leave out hooks
    #[arg(long)]
    pub(crate) no_hooks: bool,
    /// Do not check values against values.schema.json
    #[arg(long)]
    pub(crate) skip_schema_validation: bool,
    /// Ask name servers for `getHostByName`
    #[arg(long)]
    pub(crate) enable_dns: bool,
    /// Name the release by a template
    #[arg(long, value_name = "TEMPLATE")]
    pub(crate) name_template: Option<String>,
    /// Make up a name for the release
    #[arg(short, long)]
    pub(crate) generate_name: bool,
    /// Write each template's documents to a file below this folder
    #[arg(long, value_name = "FOLDER")]
    pub(crate) output_dir: Option<PathBuf>,
    /// Put a folder of the release's name into the path of --output-dir
    #[arg(long)]
    pub(crate) release_name: bool,
    /// Print output that is not valid YAML before the error that tells so
    #[arg(long)]
    pub(crate) debug: bool,
    /// Tell in comments where each document and each value comes from
    #[arg(long)]
    pub(crate) origin: bool,
    #[command(flatten)]
    pub(crate) chart: ChartArgs,
    #[command(flatten)]
    pub(crate) refused: Refused,
}

/// Flags of helm that are not followed yet, and say so.
#[derive(Args, Debug)]
pub(crate) struct Refused {
    #[arg(long, hide = true)]
    pub(crate) validate: bool,
    #[arg(long, hide = true, num_args = 0..=1, default_missing_value = "client", require_equals = true)]
    pub(crate) dry_run: Option<String>,
    #[arg(long, hide = true)]
    pub(crate) verify: bool,
    #[arg(long, hide = true)]
    pub(crate) post_renderer: Option<String>,
}

pub(super) fn template(args: &TemplateArgs) -> Result<(), Failure> {
    let request = Request::read(args)?;
    let user = request.values()?;
    let (chart, unread) = chart::read(&request.chart, &args.chart, request.render.compat)?;
    for warning in chart.warnings.iter() {
        crate::output::note(format!("warning: {warning}"));
    }
    if chart.metadata.deprecated {
        crate::output::note("warning: this chart is deprecated");
    }
    let (cache, world) = (TemplateCache::new(), World { dns: args.enable_dns });
    let mut session = Session::new(&cache);
    let rendered = session.render(&chart, &user, &request.render, &world);
    // What was rendered over a file that could not be read counts as little as what went wrong with it.
    unread.check()?;
    let rendered = rendered.map_err(|error| refused(&error, args.debug))?;
    for warning in &rendered.warnings {
        crate::output::note(format!("warning: {warning}"));
    }
    if request.output.include_crds {
        for definition in &rendered.crds {
            definition.data.bytes();
        }
        unread.check()?;
    }
    if let Some(folder) = &args.output_dir {
        return write::write(folder, &rendered, &request, args.release_name);
    }
    let printed = if args.origin {
        output::print_with_origins(&rendered, &request.output).map(|text| vec![text.into()])
    } else {
        output::print_parts(&rendered, &request.output)
    };
    crate::output::parts(&printed.map_err(|error| Failure::task(error.to_string()))?);
    // The program ends here: to take all of it apart would only cost time.
    mem::forget(session);
    mem::forget((chart, user, cache, rendered));
    Ok(())
}

/// Helm's words, and what it does not tell.
fn refused(error: &RenderError, debug: bool) -> Failure {
    let late = error.is_late();
    if debug && late {
        let output = if let RenderError::Manifest { output, .. } = error { output.trim() } else { "" };
        crate::output::line(output);
    }
    let mut failure = Failure::task(error.to_string());
    for advice in error.advice() {
        failure = failure.hint(advice);
    }
    if late && !debug && matches!(error, RenderError::Manifest { .. }) {
        failure = failure.hint("--debug prints the output that is not valid YAML");
    }
    failure
}
