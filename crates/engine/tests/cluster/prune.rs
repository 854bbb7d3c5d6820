//! What is deleted, and what is not.

use kube::api::{DeleteParams, Patch, PatchParams};
use serde_json::json;

use crate::world::{Outcome, Site, ensure, eventually, map};

pub(crate) async fn what_is_gone_from_git_is_deleted(mut site: Site) -> Outcome {
    site.deliver(&[("apps/a.yaml", &map("a", "1")), ("apps/b.yaml", &map("b", "1"))]).await?;
    site.repo.git(&["rm", "--quiet", "apps/b.yaml"]);
    let commit = site.repo.commit("without b");
    site.ready("apps", &commit).await?;
    eventually(|| site.value("b"), Option::is_none).await?;
    ensure(site.value("a").await?.is_some(), "a stays")?;
    let status = site.kustomizations().get("apps").await?.status.unwrap_or_default();
    ensure(status.inventory.unwrap_or_default().entries.len() == 1, "b is out of the inventory")?;
    site.stop().await;
    Ok(())
}

pub(crate) async fn an_empty_folder_deletes_nothing(mut site: Site) -> Outcome {
    site.deliver(&[("apps/a.yaml", &map("a", "1")), ("other/b.yaml", &map("b", "1"))]).await?;
    site.repo.git(&["rm", "--quiet", "apps/a.yaml"]);
    site.repo.write("apps/kustomization.yaml", "kind: Kustomization\n");
    let commit = site.repo.commit("a slip");
    let message = site.failed("apps", "PruneHeld").await?;
    ensure(site.value("a").await?.is_some(), "a stays")?;
    let digest = message.split('"').nth(1).ok_or("the message prints the approval")?.to_owned();
    let approval = json!({"metadata": {"annotations": {"setpoint.dev/approve-prune": digest}}});
    site.kustomizations().patch("apps", &PatchParams::default(), &Patch::Merge(approval)).await?;
    site.ready("apps", &commit).await?;
    eventually(|| site.value("a"), Option::is_none).await?;
    site.stop().await;
    Ok(())
}

pub(crate) async fn a_deleted_kustomization_takes_its_objects(mut site: Site) -> Outcome {
    site.deliver(&[("apps/a.yaml", &map("a", "1"))]).await?;
    site.kustomizations().delete("apps", &DeleteParams::default()).await?;
    eventually(|| site.value("a"), Option::is_none).await?;
    let kustomizations = site.kustomizations();
    eventually(|| kustomizations.get_opt("apps"), Option::is_none).await?;
    site.state_until("no delivery", |state| state.deliveries.is_empty()).await?;
    site.stop().await;
    Ok(())
}
