//! The one way in which objects are made and changed.
//!
//! Every write goes through the same steps: the change, defaults and normal form, ownership of fields, rules about
//! metadata, rules of the kind, validation, and the store. A change of an object is repeated on its newest state when
//! somebody else was faster, unless the request names the state it expects.

use std::sync::Arc;

use goyaml::Value;

use crate::call::Call;
use crate::fields::{self, Fields};
use crate::status::{ApiError, ApiResult, Cause};
use crate::store::{Expect, Name, Stored, Write, WriteError};
use crate::{admit, convert, kinds, metadata, shape, validate};

/// How often a change is tried again when others are faster.
const MAX_ATTEMPTS: usize = 32;

/// What a request makes of an object.
#[derive(Debug)]
pub(crate) struct Proposal {
    /// The object, in the version of the request.
    pub(crate) object: Value,
    /// Whether `managedFields` are already right, as after an apply.
    pub(crate) owned: bool,
}

/// What came of a write.
#[derive(Debug)]
pub(crate) struct Written {
    /// Whether the object is new.
    pub(crate) created: bool,
    /// The object as it is now, in the version of the request.
    pub(crate) object: Value,
}

/// Makes an object.
pub(crate) async fn create(call: &mut Call, proposal: Proposal) -> ApiResult<Value> {
    let Proposal { mut object, owned } = proposal;
    metadata::settle_namespace(call, &mut object)?;
    metadata::begin(call, &mut object)?;
    let name = Call::name_of(&object).to_owned();
    admit::create(call, &name)?;
    shape::complete(call, &mut object);
    if call.resource.has_status() && call.path.subresource.is_empty() {
        shape::reset_status(call, &mut object);
    }
    kinds::on_create(call, &mut object)?;
    metadata::drop_empty(metadata::of(&mut object)?);
    if !owned {
        object = Fields::of(call).update(None, object);
    }
    shape::default_status(call, &mut object);
    refuse_faults(call, None, &object)?;
    if call.dry_run()? {
        return exists(call, &name).map_or(Ok(object), |()| Err(ApiError::already_exists(&call.resource.name, &name)));
    }
    let stored = put(call, &name, Expect::Absent, Some(object)).await.map_err(|error| match error {
        WriteError::Conflict => ApiError::already_exists(&call.resource.name, &name),
        other => other.into(),
    })?;
    kinds::after_write(call, &stored).await?;
    Ok(convert::to_version(&stored.value, &call.resource))
}

fn exists(call: &Call, name: &str) -> Option<()> {
    call.plane.store().get(&call.resource.storage, &Name::new(call.namespace(), name)).map(drop)
}

/// Changes the object that the path names; `propose` is asked again for each attempt. Without a live object it may
/// propose one to be made.
pub(crate) async fn modify(
    call: &mut Call,
    mut propose: impl FnMut(&mut Call, &Fields, Option<&Value>) -> ApiResult<Proposal>,
) -> ApiResult<Written> {
    let fields = Fields::of(call);
    let mut overtaken = false;
    for _ in 0..MAX_ATTEMPTS {
        if call.plane.store().get(&call.resource.storage, &call.object_name()).is_none() {
            let mut proposal = propose(call, &fields, None)?;
            metadata::settle_name(call, &mut proposal.object)?;
            match create(call, proposal).await {
                Err(error) if error.reason == "AlreadyExists" => continue,
                outcome => return outcome.map(|object| Written { created: true, object }),
            }
        }
        let plane = Arc::clone(&call.plane);
        let target = (call.resource.storage.clone(), call.object_name());
        // Held up to the store's answer only: what follows a write may write itself.
        let turn = plane.turns().take(&target, overtaken).await;
        let Some(stored) = call.plane.store().get(&target.0, &target.1) else { continue };
        let attempt = attempt(call, &fields, &stored, &mut propose).await?;
        drop(turn);
        match attempt {
            Attempt::Answered(object) => return Ok(Written { created: false, object }),
            Attempt::Stored(stored) => {
                kinds::after_write(call, &stored).await?;
                // What others have made of it meanwhile is not the answer to this request.
                let object = convert::to_version(&stored.value, &call.resource);
                return Ok(Written { created: false, object });
            }
            Attempt::Deleted(object) => {
                kinds::after_delete(call, &object).await?;
                return Ok(Written { created: false, object });
            }
            Attempt::Overtaken => overtaken = true,
        }
    }
    Err(ApiError::modified(&call.resource.name, &call.path.name))
}

/// What came of one attempt to change an object.
enum Attempt {
    /// Nothing was to be written: a dry run, or no change.
    Answered(Value),
    /// It was stored.
    Stored(Arc<Stored>),
    /// It was the last change of an object that was waiting to go.
    Deleted(Value),
    /// Somebody else was faster.
    Overtaken,
}

/// One attempt on this state of the object.
async fn attempt(
    call: &mut Call,
    fields: &Fields,
    stored: &Arc<Stored>,
    propose: &mut impl FnMut(&mut Call, &Fields, Option<&Value>) -> ApiResult<Proposal>,
) -> ApiResult<Attempt> {
    let live = convert::to_version(&stored.value, &call.resource);
    let proposal = propose(call, fields, Some(&live))?;
    let expected = check_preconditions(call, &live, &proposal.object)?;
    let object = settle(call, fields, &live, proposal)?;
    if object == live {
        return Ok(Attempt::Answered(live));
    }
    refuse_faults(call, Some(&live), &object)?;
    if call.dry_run()? {
        return Ok(Attempt::Answered(object));
    }
    let name = call.path.name.clone();
    let gone = is_deleted(&object);
    let value = (!gone).then(|| object.clone());
    match put(call, &name, Expect::Revision(stored.revision), value).await {
        Ok(_) if gone => Ok(Attempt::Deleted(object)),
        Ok(stored) => Ok(Attempt::Stored(stored)),
        Err(WriteError::Conflict) if expected => Err(ApiError::modified(&call.resource.name, &call.path.name)),
        Err(WriteError::Conflict) => Ok(Attempt::Overtaken),
        Err(other) => Err(other.into()),
    }
}

/// The proposal as it will be stored: complete, owned, counted.
fn settle(call: &Call, fields: &Fields, live: &Value, proposal: Proposal) -> ApiResult<Value> {
    let Proposal { mut object, owned } = proposal;
    metadata::settle_namespace(call, &mut object)?;
    metadata::settle_name(call, &mut object)?;
    let managed = object.at(&["metadata", "managedFields"]).cloned();
    let mut object = kinds::restrict(call, live, object);
    if let Some(managed) = managed {
        object.set_at(&["metadata", "managedFields"], managed);
    }
    metadata::carry_over(live, &mut object)?;
    if let Some(revision) = live.at(&["metadata", "resourceVersion"]) {
        object.set_at(&["metadata", "resourceVersion"], revision.clone());
    }
    kinds::before_defaults(call, live, &mut object);
    shape::complete(call, &mut object);
    kinds::on_update(call, live, &mut object)?;
    metadata::drop_empty(metadata::of(&mut object)?);
    if !owned {
        object = fields.update(Some(live), object);
    }
    metadata::bump_generation(call, live, &mut object);
    fields::keep_times(live, &mut object);
    metadata::drop_empty(metadata::of(&mut object)?);
    Ok(object)
}

/// Compares what the proposal expects with what is there; tells whether it expects a certain revision.
fn check_preconditions(call: &Call, live: &Value, object: &Value) -> ApiResult<bool> {
    let text = |value: &'_ Value, key: &str| value.str_at(&["metadata", key]).unwrap_or_default().to_owned();
    let (uid, live_uid) = (text(object, "uid"), text(live, "uid"));
    if !uid.is_empty() && uid != live_uid {
        let why = format!("Precondition failed: UID in precondition: {uid}, UID in object meta: {live_uid}");
        return Err(ApiError::conflict(&call.resource.name, &call.path.name, &why));
    }
    let revision = text(object, "resourceVersion");
    if revision.is_empty() || revision == "0" {
        return Ok(false);
    }
    if revision != text(live, "resourceVersion") {
        return Err(ApiError::modified(&call.resource.name, &call.path.name));
    }
    Ok(true)
}

fn refuse_faults(call: &Call, live: Option<&Value>, object: &Value) -> ApiResult<()> {
    let faults: Vec<Cause> = validate::object(&call.resource, live, object);
    if faults.is_empty() { Ok(()) } else { Err(call.invalid(Call::name_of(object), faults)) }
}

/// Whether nothing keeps an object that is to be deleted.
pub(crate) fn is_deleted(object: &Value) -> bool {
    let waits = |path: &[&str]| object.at(path).and_then(Value::as_list).is_some_and(|list| !list.is_empty());
    object.at(&["metadata", "deletionTimestamp"]).is_some()
        && object.at(&["metadata", "deletionGracePeriodSeconds"]).and_then(Value::as_i64).unwrap_or(0) == 0
        && !waits(&["metadata", "finalizers"])
        && !(object.str_at(&["kind"]) == Some("Namespace") && waits(&["spec", "finalizers"]))
}

/// Puts an object of the version of the request into the store, or takes it out.
pub(crate) async fn put(
    call: &Call,
    name: &str,
    expect: Expect,
    value: Option<Value>,
) -> Result<Arc<Stored>, WriteError> {
    let value = value.map(|value| convert::to_storage(value, &call.resource));
    let name = Name::new(call.namespace(), name);
    call.plane.store().write(Write { resource: call.resource.storage.clone(), name, expect, value }).await
}
