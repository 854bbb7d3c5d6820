//! `get` and `list`.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use goyaml::{Map, Value};

use crate::call::Call;
use crate::encode::{self, Form, Page};
use crate::reply::Reply;
use crate::status::{ApiError, ApiResult};
use crate::store::Stored;

/// How long a list waits for a revision of the future.
const WAIT_FOR_REVISION: Duration = Duration::from_secs(3);

/// `GET` of one object.
pub(crate) async fn get(call: &Call) -> ApiResult<Reply> {
    let form = encode::negotiate(&call.accept)?;
    wait_for(call, parse_revision(call.query.get("resourceVersion"))?).await?;
    let stored = find(call)?;
    let json = match form {
        Form::Object => encode::stored_json(call, &stored),
        _ => encode::object(call, &encode::stored_value(call, &stored), &form),
    };
    Ok(Reply::json(200, json))
}

/// The object that the path names.
pub(crate) fn find(call: &Call) -> ApiResult<Arc<Stored>> {
    let found = call.plane.store().get(&call.resource.storage, &call.object_name());
    found.ok_or_else(|| ApiError::not_found(&call.resource.name, &call.path.name))
}

/// `GET` of a collection.
pub(crate) async fn list(call: &Call) -> ApiResult<Reply> {
    let form = encode::negotiate(&call.accept)?;
    let page = page(call).await?;
    Ok(Reply::json(200, encode::list(call, &page, &form)))
}

/// The objects of the collection that the selectors mean.
pub(crate) fn select(call: &Call) -> ApiResult<Vec<Arc<Stored>>> {
    let selector = call.selector()?;
    let (items, _) = call.plane.store().list(&call.resource.storage, namespace(call));
    Ok(items.into_iter().filter(|stored| selector.matches(&stored.value)).collect())
}

/// The namespace to look into; `None` for all.
pub(crate) fn namespace(call: &Call) -> Option<&str> {
    Some(call.namespace()).filter(|namespace| !namespace.is_empty())
}

async fn page(call: &Call) -> ApiResult<Page> {
    let selector = call.selector()?;
    let limit = parse_number(call.query.get("limit"), "limit")?.filter(|limit| *limit > 0);
    let from = Some(call.query.get("continue")).filter(|token| !token.is_empty()).map(read_token).transpose()?;
    let (items, revision) = view(call, from.as_ref(), limit.is_some()).await?;
    let after = |stored: &Arc<Stored>| from.as_ref().is_none_or(|(_, start)| key(stored) > *start);
    let mut rest = items.into_iter().filter(|stored| after(stored) && selector.matches(&stored.value));
    let limit = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
    let items: Vec<_> = rest.by_ref().take(limit).collect();
    let remaining = rest.count();
    let mut metadata: Map = [("resourceVersion", revision.to_string())].into_iter().collect();
    if remaining > 0
        && let Some(last) = items.last()
    {
        metadata.insert("continue", write_token(revision, &key(last)));
        if selector.is_empty() {
            metadata.insert("remainingItemCount", i64::try_from(remaining).unwrap_or(i64::MAX));
        }
    }
    Ok(Page { items, metadata: metadata.into() })
}

type Token = (u64, String);

/// All objects at the revision that the request means.
async fn view(call: &Call, from: Option<&Token>, limited: bool) -> ApiResult<(Vec<Arc<Stored>>, u64)> {
    let store = call.plane.store();
    let (storage, namespace) = (&call.resource.storage, namespace(call));
    if let Some((revision, _)) = from {
        let items = store.list_at(storage, namespace, *revision).map_err(|_| expired_token())?;
        return Ok((items, *revision));
    }
    let asked = parse_revision(call.query.get("resourceVersion"))?;
    wait_for(call, asked).await?;
    let exact = match call.query.get("resourceVersionMatch") {
        "Exact" => true,
        "" => limited,
        _ => false,
    };
    match asked {
        Some(revision) if revision > 0 && exact => Ok((store.list_at(storage, namespace, revision)?, revision)),
        _ => Ok(store.list(storage, namespace)),
    }
}

fn expired_token() -> ApiError {
    ApiError::expired(
        "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.",
    )
}

/// Waits until a revision is there; 504 when it does not come.
pub(crate) async fn wait_for(call: &Call, revision: Option<u64>) -> ApiResult<()> {
    let store = call.plane.store();
    let Some(revision) = revision.filter(|revision| *revision > store.revision()) else {
        return Ok(());
    };
    tokio::time::sleep(WAIT_FOR_REVISION).await;
    let current = store.revision();
    if revision > current { Err(ApiError::too_large_revision(revision, current)) } else { Ok(()) }
}

/// The order of lists: namespace, then name.
fn key(stored: &Stored) -> String {
    let part = |name| stored.value.str_at(&["metadata", name]).unwrap_or_default();
    format!("{}/{}", part("namespace"), part("name"))
}

fn write_token(revision: u64, start: &str) -> String {
    let mut token: Map = [("v", "meta.k8s.io/v1")].into_iter().collect();
    token.insert("rv", revision);
    token.insert("start", format!("{start}\0"));
    STANDARD_NO_PAD.encode(goyaml::json::to_string(&token.into()))
}

fn read_token(text: &str) -> ApiResult<Token> {
    let read = || {
        let json = STANDARD_NO_PAD.decode(text).or_else(|_| STANDARD.decode(text)).ok()?;
        let token: Value = goyaml::json::parse(&json).ok()?;
        let revision = u64::try_from(token.get("rv")?.as_i64()?).ok()?;
        Some((revision, token.str_at(&["start"])?.trim_end_matches('\0').to_owned()))
    };
    read().ok_or_else(|| ApiError::bad_request("continue key is not valid: illegal base64 data or unknown fields"))
}

/// Reads a `resourceVersion`; empty is `None`.
pub(crate) fn parse_revision(text: &str) -> ApiResult<Option<u64>> {
    let invalid = |_| {
        ApiError::bad_request(format!(
            "resourceVersion: Invalid value: {text:?}: strconv.ParseUint: parsing {text:?}: invalid syntax"
        ))
    };
    if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(invalid) }
}

/// Reads a number among the options; empty is `None`.
pub(crate) fn parse_number(text: &str, option: &str) -> ApiResult<Option<i64>> {
    let invalid = |_| ApiError::bad_request(format!("{option}: strconv.ParseInt: parsing {text:?}: invalid syntax"));
    if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(invalid) }
}
