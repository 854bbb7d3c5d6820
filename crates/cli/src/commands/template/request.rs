//! What the flags ask for.

use std::env;
use std::path::Path;
use std::sync::Arc;

use helm::load::MAX_FILE_BYTES;
use helm::output::OutputOptions;
use helm::values::{self, Setting, UserValues, ValuesFile};
use helm::{KubeVersion, RenderOptions};

use super::{TemplateArgs, plugin};
use crate::chart;
use crate::failure::Failure;
use crate::world::World;

/// Bytes of one file of values or of `--set-file`.
const MAX_VALUES: u64 = 4 * MAX_FILE_BYTES;

/// What helm calls a release that has no name.
const UNNAMED: &str = "release-name";

/// Makes a setting of a flag's text.
type MakeSetting = fn(String) -> Setting;

/// What the flags ask for.
pub(super) struct Request<'a> {
    args: &'a TemplateArgs,
    /// The chart, as it was named.
    pub(super) chart: String,
    /// How it is rendered.
    pub(super) render: RenderOptions,
    /// What is printed.
    pub(super) output: OutputOptions,
}

impl<'a> Request<'a> {
    /// Reads the flags; those that are not followed are refused by name.
    pub(super) fn read(args: &'a TemplateArgs) -> Result<Self, Failure> {
        refuse(args)?;
        let (name, chart) = name_and_chart(args)?;
        let namespace = args.namespace.clone().filter(|name| !name.is_empty()).unwrap_or_else(namespace);
        let mut render = RenderOptions::install(&name, &namespace);
        if let Some(text) = args.kube_version.as_ref().filter(|text| !text.is_empty()) {
            let version = KubeVersion::parse(text);
            render.capabilities.kube_version =
                version.map_err(|why| Failure::usage(format!("invalid kube version '{text}': {why}")))?;
        }
        render.capabilities.add_api_versions(args.api_versions.iter().cloned());
        render.release.upgrade = args.is_upgrade;
        render.skip_schema_validation = args.skip_schema_validation;
        render.trace = args.origin;
        let output = OutputOptions {
            include_crds: args.include_crds,
            skip_tests: args.skip_tests,
            no_hooks: args.no_hooks,
            show_only: args.show_only.clone(),
            compat: render.compat,
        };
        Ok(Self { args, chart, render, output })
    }

    /// What `-f` and the `--set` flags come to.
    pub(super) fn values(&self) -> Result<UserValues, Failure> {
        let args = self.args;
        let read = |name: &str| match name {
            "-" => read_input(),
            name => chart::bounded(Path::new(name), MAX_VALUES),
        };
        let mut files = Vec::new();
        for name in &args.values {
            files.push(ValuesFile { name: name.clone(), data: Arc::from(read(name)?) });
        }
        let kinds: [(&[String], MakeSetting); 5] = [
            (&args.set_json, Setting::SetJson),
            (&args.set, Setting::Set),
            (&args.set_string, Setting::SetString),
            (&args.set_file, Setting::SetFile),
            (&args.set_literal, Setting::SetLiteral),
        ];
        let settings: Vec<Setting> = kinds.iter().flat_map(|(texts, kind)| texts.iter().cloned().map(*kind)).collect();
        let read_text = |name: &str| read(name).map_err(|failure| failure.message().to_owned());
        values::collect(&files, &settings, &read_text, self.render.compat).map_err(|errors| {
            let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
            Failure::task(texts.join("\n"))
        })
    }
}

fn read_input() -> Result<Vec<u8>, Failure> {
    use std::io::Read;
    let mut data = Vec::new();
    let read = std::io::stdin().take(MAX_VALUES + 1).read_to_end(&mut data);
    read.map_err(|error| Failure::task(format!("cannot read standard input: {error}")))?;
    if data.len() as u64 > MAX_VALUES {
        return Err(Failure::task(format!("standard input has more than {MAX_VALUES} bytes")));
    }
    Ok(data)
}

fn refuse(args: &TemplateArgs) -> Result<(), Failure> {
    let refused = &args.refused;
    let server = |mode: &Option<String>| mode.as_deref().is_some_and(|mode| mode != "client");
    let what = if refused.validate || server(&refused.dry_run) {
        ("--validate and --dry-run=server", "rendering asks no cluster; `setpoint diff` compares with one")
    } else if refused.verify {
        ("--verify", "check the provenance file with `helm verify`")
    } else if let Some(name) = refused.post_renderer.as_deref().filter(|name| !name.is_empty()) {
        return Err(plugin::refuse(name));
    } else {
        return Ok(());
    };
    Err(Failure::usage(format!("{} is not supported yet", what.0)).hint(what.1))
}

fn name_and_chart(args: &TemplateArgs) -> Result<(String, String), Failure> {
    match args.names.as_slice() {
        [chart] => Ok((args.name_template.as_deref().map_or_else(|| Ok(UNNAMED.to_owned()), name_of)?, chart.clone())),
        [_, _] if args.generate_name => Err(Failure::usage("cannot set --generate-name and also specify a name")),
        [_, _] if args.name_template.is_some() => {
            Err(Failure::usage("cannot set --name-template and also specify a name"))
        }
        [name, chart] => Ok((name.clone(), chart.clone())),
        [_, _, more @ ..] => {
            Err(Failure::usage(format!("expected at most two arguments, unexpected arguments: {}", more.join(", "))))
        }
        [] => Err(Failure::usage("which chart?")),
    }
}

/// The name that a template gives.
fn name_of(template: &str) -> Result<String, Failure> {
    helm::name_from_template(template, &World { dns: false }).map_err(Failure::usage)
}

/// Whether there may be a kubeconfig. Where charts are only rendered there is none, and to find that out by reading it costs a
/// hundredth of a small chart's time.
fn has_kubeconfig() -> bool {
    let usual = || env::home_dir().is_some_and(|home| home.join(".kube/config").exists());
    env::var_os("KUBECONFIG").is_some() || usual()
}

/// The namespace of the kubeconfig's context.
fn namespace() -> String {
    let config = has_kubeconfig().then(kube::config::Kubeconfig::read);
    let named = config.and_then(Result::ok).and_then(|config| {
        let current = config.current_context?;
        let context = config.contexts.into_iter().find(|context| context.name == current)?;
        context.context?.namespace
    });
    named.filter(|name| !name.is_empty()).unwrap_or_else(|| "default".to_owned())
}
