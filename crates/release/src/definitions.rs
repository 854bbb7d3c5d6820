//! `crds/`: definitions that are there before a chart is rendered.

use std::time::Duration;

use helm::Crd;
use object::health;

use crate::ActionError;
use crate::store::Releases;
use crate::targets;
use crate::wait::until_ready;
use crate::write::Writer;

/// How long definitions may take to be established.
const ESTABLISHED: Duration = Duration::from_mins(1);

/// Makes the definitions and waits until the server serves their kinds. Those that are there are brought up to the
/// chart's, as far as nobody else owns their fields.
pub(crate) async fn install(releases: &Releases, definitions: &[Crd]) -> Result<(), ActionError> {
    let mut all = Vec::new();
    for definition in definitions {
        let failed = |error: ActionError| {
            ActionError::refused(format!("failed to install CRD {}", definition.path), vec![error.to_string()])
        };
        let text = String::from_utf8_lossy(&definition.data);
        let found = targets::wanted(releases.cluster(), &text, releases.namespace()).await.map_err(failed)?;
        let writer = Writer { cluster: releases.cluster(), force: false };
        writer.create(&found).await.map_err(failed)?;
        all.extend(found);
    }
    until_ready(releases.cluster(), &all, health::status, ESTABLISHED).await?;
    for target in all {
        releases.cluster().learn(&target.value);
    }
    Ok(())
}
