//! `setpoint why`.

use std::path::PathBuf;

use clap::Args;
use goyaml::Value;
use kustomize::BuildOptions;
use object::wanted::{self, Wanted};
use object::{FieldOrigin, FieldPath, FieldPathError, Object};
use render::Traced;
use repository::Fetch;

use crate::args::OutputFormat;
use crate::commands::build;
use crate::expanded;
use crate::failure::Failure;
use crate::mirrors::MirrorArgs;
use crate::output;
use crate::remote;

/// Objects and fields that a message lists.
const MAX_NAMED: usize = 10;

/// Tell where a field of an object comes from
///
/// The folder is built as `setpoint build` does. The answer is the way of the value: the file and line it was first read
/// from, then what replaced or changed it, each step with the value after it. The last step is the one to edit:
///
///   apps/base/web.yaml:14 (3) → overlays/prod/patch.yaml:7 (6) → replicas: in overlays/prod/kustomization.yaml:12 (8)
///
/// A value that was made of others (a hash, a name that follows another object, a replacement) has theirs below it.
/// Without FIELD all fields of the object are told, with a map or list all fields in it. Values of Secrets are not shown.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    setpoint why -f overlays/prod Deployment/web .spec.replicas\n  \
    setpoint why -f overlays/prod deploy/web '.spec.template.spec.containers[name=app].image'\n  \
    setpoint why -f clusters/prod --expand deploy/web .spec.replicas\n  \
    setpoint why -f overlays/prod -n apps cm/settings \".metadata.annotations['example.org/owner']\"")]
pub(crate) struct WhyArgs {
    /// The object, its kind as kubectl takes it: Deployment/web, deploy/web, deployments.apps/web
    #[arg(value_name = "KIND/NAME")]
    object: String,
    #[arg(
        help = "The field: .spec.replicas, .spec.ports[0].port, .metadata.annotations['a.b/c']",
        default_value = ".",
        hide_default_value = true
    )]
    field: String,
    /// The folder
    #[arg(short, long, value_name = "PATH", default_value = ".")]
    filename: PathBuf,
    /// Follow the folder as a cluster is held to it, and look in what its Flux Kustomizations render to
    #[arg(long)]
    expand: bool,
    #[command(flatten)]
    mirrors: MirrorArgs,
    /// Namespace of the object, where objects of several have the name
    #[arg(short, long)]
    namespace: Option<String>,
    /// Output format
    #[arg(short, long, value_enum, default_value_t)]
    output: OutputFormat,
}

pub(super) fn why(args: &WhyArgs) -> Result<(), Failure> {
    let wanted = Wanted::parse(&args.object, args.namespace.as_deref()).ok_or_else(|| {
        Failure::usage(format!("'{}' is not an object", args.object)).hint("write KIND/NAME, such as deploy/web")
    })?;
    let path = FieldPath::parse(&args.field).map_err(|error| Failure::usage(error.to_string()))?;
    let fetch = remote::fetch(false, &args.mirrors)?;
    let options = BuildOptions { remote: fetch.remote.clone(), ..BuildOptions::default() };
    let traced = if args.expand { expanded(args, &wanted, fetch)? } else { build::traced(&args.filename, &options)? };
    let object = one(&traced.objects, &wanted)?;
    let node = path.find(&object.value).map_err(|error| missing(&error, object, &traced))?;
    let fields = path.scalars(node);
    if fields.is_empty() {
        return Err(Failure::task(format!("{path} is an empty {}: no value is in it", node.kind_name())));
    }
    print(args.output, object, &fields, &traced);
    Ok(())
}

/// The Kustomization of a cluster that has the object; all objects, if none has.
fn expanded(args: &WhyArgs, wanted: &Wanted, fetch: Fetch) -> Result<Traced, Failure> {
    let cluster = expanded::read(&args.filename, fetch)?;
    let (mut having, others): (Vec<_>, Vec<_>) =
        cluster.units.into_iter().partition(|unit| unit.objects.iter().any(|object| wanted.is(object)));
    match having.as_mut_slice() {
        [] => {
            let objects = others.into_iter().flat_map(|unit| unit.objects).collect();
            Ok(Traced { objects, ..Traced::default() })
        }
        [unit] if !unit.is_traced() => {
            let origin = unit.objects.iter().find(|object| wanted.is(object)).map(|object| object.origin.to_string());
            let failure = Failure::task(format!("{wanted} comes out of {}: {}", unit.key, origin.unwrap_or_default()));
            Err(failure.hint("`setpoint template --origin` tells where the fields of a chart's objects come from"))
        }
        [_] => Ok(having.remove(0).into_traced()),
        several => {
            let keys: Vec<String> = several.iter().map(|unit| unit.key.to_string()).collect();
            let failure = Failure::usage(format!("{} have a {wanted}", keys.join(" and ")));
            Err(failure.hint("say which namespace with -n"))
        }
    }
}

fn one<'a>(objects: &'a [Object], wanted: &Wanted) -> Result<&'a Object, Failure> {
    let named = |shown: Vec<String>| {
        let more = if shown.len() > MAX_NAMED { ", …" } else { "" };
        format!("{}{more}", shown.into_iter().take(MAX_NAMED).collect::<Vec<_>>().join(", "))
    };
    match wanted::find(objects, wanted).as_deref() {
        Ok([object]) => Ok(object),
        Ok(several) => {
            let keys = several.iter().map(|object| object.key().to_string()).collect();
            Err(Failure::usage(format!("{wanted} may be any of {}", named(keys)))
                .hint("say which one with -n NAMESPACE"))
        }
        Err(near) => {
            let failure = Failure::task(format!("the folder builds to no {wanted}"));
            if near.is_empty() {
                return Err(failure.hint("`setpoint build` prints what it builds to"));
            }
            Err(failure.hint(format!("there is {}", named(near.iter().map(ToString::to_string).collect()))))
        }
    }
}

/// Tells what is there instead of a field, and where that is set.
fn missing(error: &FieldPathError, object: &Object, traced: &Traced) -> Failure {
    let failure = Failure::task(format!("{}: {error}", object.key()));
    let FieldPathError::Missing { reached, .. } = error else { return failure };
    let Ok(node) = reached.find(&object.value) else { return failure };
    let own = traced.origins.place(node.pos());
    let place = own.or_else(|| {
        reached.scalars(node).into_iter().find_map(|(_, value)| traced.origins.places(value).into_iter().next())
    });
    match place {
        Some(place) => failure.hint(format!("{reached} is set at {place}")),
        None => failure,
    }
}

fn print(format: OutputFormat, object: &Object, fields: &[(FieldPath, &Value)], traced: &Traced) {
    let origin = |value: &Value| FieldOrigin::new(&object.value, value, &traced.origins);
    match (format, fields) {
        (OutputFormat::Table, [(_, value)]) => output::line(shown(&origin(value))),
        (OutputFormat::Table, _) => {
            for (path, value) in fields {
                output::line(format!("{path}\n  {}", shown(&origin(value)).replace('\n', "\n  ")));
            }
        }
        _ => {
            let entry = |(path, value): &(FieldPath, &Value)| {
                let fields = [("field", Value::from(path.to_string())), ("origin", origin(value).to_value())];
                Value::from_iter(fields)
            };
            let fields: Value = fields.iter().map(entry).collect();
            let answer = [("object", Value::from(object.key().to_string())), ("fields", fields)];
            output::objects(format, vec![Value::from_iter(answer)]);
        }
    }
}

fn shown(origin: &FieldOrigin) -> String {
    if origin.steps().is_empty() { "made by the build itself".to_owned() } else { origin.to_string() }
}
