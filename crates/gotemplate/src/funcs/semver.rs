//! Versions and ranges of them.

use std::rc::Rc;

use crate::exec::Context;
use crate::registry::Type::Text;
use crate::registry::{Args, Function, Outcome, fixed};
use crate::semver::{Constraints, Version};
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
