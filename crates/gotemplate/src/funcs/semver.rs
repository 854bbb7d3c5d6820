//! Versions and the ranges they are compared with, by the rules of `Masterminds/semver`.

mod constraint;
mod version;

use std::rc::Rc;

use self::constraint::Constraints;
pub(super) use self::version::Version;
use crate::exec::Context;
use crate::registry::Type::Text;
use crate::registry::{Args, Function, Outcome, fixed};
use crate::value::Value;

type Cx<'a, 'b, 'c, 'd> = &'a mut Context<'b, 'c, 'd>;

fn semver(_: Cx, args: &[Value]) -> Outcome {
    Ok(Value::Object(Rc::new(Version::parse(&args.str(0))?)))
}

fn semver_compare(_: Cx, args: &[Value]) -> Outcome {
    let constraints = Constraints::parse(&args.str(0))?;
    Ok(constraints.hold(&Version::parse(&args.str(1))?).into())
}

pub(super) const TABLE: &[Function] =
    &[fixed("semver", &[Text], semver), fixed("semverCompare", &[Text, Text], semver_compare)];
