//! The ways of a fetch: rules, list, revision, files.

use std::collections::BTreeMap;

use super::{
    BucketError, BucketFiles, BucketOutcome, BucketRequest,
    list::{self, Listed, SOURCE_IGNORE},
    server::Server,
};
use crate::{
    archive::{Files, MAX_UNPACKED},
    charts::ChartStore,
    tree::{MAX_FILES, Rules},
};

/// Pages of one list: more than its objects need, and an end where a store gives pages without any.
const MAX_PAGES: usize = 1000;

/// Looks at a bucket, and brings its files here unless the caller has them. Blocks: call it on a thread that may wait
/// (`spawn_blocking`).
pub fn fetch(store: &ChartStore, request: &BucketRequest) -> Result<BucketOutcome, BucketError> {
    let server = Server::new(store, request)?;
    let (mut files, mut own) = (Files::default(), String::new());
    server.objects(std::iter::once(SOURCE_IGNORE.to_owned()), |key, object| {
        let Some(object) = object else { return Ok(()) };
        own = String::from_utf8_lossy(&object.bytes).into_owned();
        add(&mut files, request, &key, object.bytes)
    })?;
    let mut index = index(&server, request, &list::rules(&own, request.ignore.as_deref()))?;
    if request.known.as_ref() == Some(&list::revision(&index)) {
        return Ok(BucketOutcome::Unchanged);
    }
    let keys: Vec<String> = index.keys().cloned().collect();
    server.objects(keys.into_iter(), |key, object| {
        // What was deleted or changed since it was listed is told as it is now.
        let Some(object) = object else {
            index.remove(&key);
            return Ok(());
        };
        add(&mut files, request, &key, object.bytes)?;
        index.insert(key, object.etag);
        Ok(())
    })?;
    let tree = files.whole(format!("bucket {} at {}", request.bucket, request.endpoint));
    Ok(BucketOutcome::Fetched(BucketFiles { revision: list::revision(&index), digest: tree.digest(), tree }))
}

/// The objects that count, with their entity tags.
fn index(server: &Server, request: &BucketRequest, rules: &Rules) -> Result<BTreeMap<String, String>, BucketError> {
    let large = |what, limit| BucketError::TooLarge { bucket: request.bucket.clone(), what, limit };
    let (mut index, mut total, mut token) = (BTreeMap::new(), 0_u64, None);
    for _ in 0..MAX_PAGES {
        let text = server.page(&request.prefix, token.as_deref())?;
        let (page, next) = list::page(&text).map_err(|cause| server.wrong("listing", cause))?;
        for Listed { key, etag, size } in page.into_iter().filter(|object| list::counts(&object.key, rules)) {
            list::check(&key)?;
            total = total.saturating_add(size);
            index.insert(key, etag);
        }
        if index.len() > MAX_FILES {
            return Err(large("objects", MAX_FILES as u64));
        }
        if total > MAX_UNPACKED {
            return Err(large("bytes", MAX_UNPACKED));
        }
        let Some(next) = next else { return Ok(index) };
        token = Some(next);
    }
    Err(large("pages in its list", MAX_PAGES as u64))
}

fn add(files: &mut Files, request: &BucketRequest, key: &str, bytes: Vec<u8>) -> Result<(), BucketError> {
    let added = files.add(key, bytes.into(), false);
    added.map_err(|cause| BucketError::Files { bucket: request.bucket.clone(), cause })
}
