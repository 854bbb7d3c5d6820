//! What goes wrong, and how the other mends it.

use std::time::Duration;

use helm::release::secret::{self, Writing};
use helm::release::{Phase, Status, Timestamp};
use release::{ActionError, Install, Rollback, list};

use crate::chart;
use crate::world::{Outcome, Site, holds, same, user};

pub(crate) async fn a_refused_object_fails_the_release(site: Site) -> Outcome {
    let error = site.install("bad", "broken=true").await.expect_err("a port of 123456");
    let ActionError::Failed { release, message } = error else { return Err(error.into()) };
    same("status", release.info.status.name(), "failed")?;
    holds("why", &message, "Service/")?;
    holds("why", &message, "123456")?;
    let listed = site.helm_json("list --failed").await?;
    same("helm lists", listed[0]["name"].as_str().unwrap_or_default(), "bad")?;
    holds("helm tells", &site.helm_json("status bad").await?["info"]["description"].to_string(), "123456")?;
    let helms = site.try_helm(&format!("install worse {} --set broken=true", chart::folder().display())).await;
    holds("helm fails too", &helms.expect_err("a port of 123456"), "123456")?;
    same("alike", &site.states("worse").await?, "failed")?;
    for (what, error) in [
        ("ours", site.install("bad", "").await.expect_err("in use").to_string()),
        ("helm's", site.try_helm(&format!("install bad {}", chart::folder().display())).await.expect_err("in use")),
    ] {
        holds(what, &error, "cannot reuse a name that is still in use")?;
    }
    Ok(())
}

pub(crate) async fn helm_mends_what_failed_with_us(site: Site) -> Outcome {
    site.install("sick", "broken=true").await.expect_err("a port of 123456");
    site.helm(&format!("upgrade sick {} --set broken=false", chart::folder().display())).await?;
    same("after helm's upgrade", &site.states("sick").await?, "superseded deployed")?;
    site.upgrade("sick", "broken=true,color=green").await.expect_err("a port of 123456");
    same("after our failure", &site.helm_states("sick").await?, "superseded deployed failed")?;
    site.helm("rollback sick 2").await?;
    same("after helm's rollback", &site.states("sick").await?, "superseded superseded failed deployed")?;
    let settings = ("v1", "ConfigMap", "sick-settings");
    same("color", &site.field(settings, &["data", "color"]).await?, "\"red\"")
}

pub(crate) async fn we_mend_what_failed_with_helm(site: Site) -> Outcome {
    site.try_helm(&format!("install ill {} --set broken=true", chart::folder().display()))
        .await
        .expect_err("a port of 123456");
    site.upgrade("ill", "color=green").await?;
    same("after our upgrade", &site.helm_states("ill").await?, "superseded deployed")?;
    let broken = format!("upgrade ill {} --set broken=true,color=blue", chart::folder().display());
    site.try_helm(&broken).await.expect_err("a port of 123456");
    same("after helm's failure", &site.helm_states("ill").await?, "superseded deployed failed")?;
    site.releases.roll_back(&Rollback::to("ill", 2), &site.options).await?;
    same("after our rollback", &site.helm_states("ill").await?, "superseded superseded failed deployed")?;
    let (chart, values) = (chart::load(&chart::folder()), user(""));
    let again = Install { replace: true, ..Install::new("ill", &chart, &values) };
    let error = site.releases.install(&again, &site.options).await.expect_err("it is deployed").to_string();
    holds("a deployed one is not replaced", &error, "cannot reuse a name that is still in use")?;
    site.try_helm(&format!("install poor {} --set broken=true", chart::folder().display()))
        .await
        .expect_err("a port of 123456");
    let again = Install { replace: true, ..Install::new("poor", &chart, &values) };
    site.releases.install(&again, &site.options).await?;
    same("a failed one is", &site.helm_states("poor").await?, "failed deployed")
}

pub(crate) async fn a_hook_that_does_not_end_fails(mut site: Site) -> Outcome {
    site.options.timeout = Duration::from_secs(1);
    let error = site.install("slow", "stuck=true").await.expect_err("a Job that is suspended");
    let ActionError::Failed { release, message } = error else { return Err(error.into()) };
    holds("why", &message, "failed pre-install: hook pre-install shop/templates/hooks.yaml failed: not ready")?;
    let hook = release.hooks.iter().find(|hook| hook.name == "slow-prepare").ok_or("no hook")?;
    same("phase", hook.last_run.phase.map_or("", Phase::name), "Failed")?;
    same("no objects yet", &site.field(("v1", "ConfigMap", "slow-settings"), &["kind"]).await?, "")?;
    same("helm sees", &site.helm_states("slow").await?, "failed")?;
    site.options.timeout = Duration::from_mins(1);
    site.upgrade("slow", "stuck=false").await?;
    same("mended", &site.helm_states("slow").await?, "superseded deployed")
}

pub(crate) async fn a_record_too_large_is_refused_first(site: Site) -> Outcome {
    // Bytes that do not shrink.
    let mut seed = 1_u64;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        seed.to_be_bytes()[0]
    })
    .take(1_200_000)
    .collect();
    let folder = site.folder.path().join("large");
    let files: [(&str, &[u8]); 3] = [
        ("Chart.yaml", b"apiVersion: v2\nname: large\nversion: 1.0.0\n"),
        ("files/noise.bin", &noise),
        ("templates/cm.yaml", b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: large}\n"),
    ];
    let (chart, values) = (chart::write(&folder, &files), user(""));
    let error = site.releases.install(&Install::new("large", &chart, &values), &site.options).await;
    let error = error.expect_err("more than a Secret holds");
    same("kind", &matches!(error, ActionError::TooLarge(_)).to_string(), "true")?;
    holds("what to do", &error.to_string(), "files/noise.bin (1200000 bytes)")?;
    same("nothing was made", &site.field(("v1", "ConfigMap", "large"), &["kind"]).await?, "")?;
    same("nothing was recorded", &site.states("large").await?, "")?;
    let text = "x".repeat(secret::MAX_SECRET_BYTES + 1);
    let metadata = format!("{{name: large, namespace: {}}}", site.namespace);
    let map = format!("{{apiVersion: v1, kind: ConfigMap, metadata: {metadata}, data: {{a: {text}}}}}");
    let error = site.create(&map).await.expect_err("more than a ConfigMap holds").to_string();
    holds("the server's own limit", &error, "[]: Too long: may not be more than 1048576 bytes")?;
    let helms = site.try_helm(&format!("install large {}", folder.display())).await.expect_err("too large");
    holds("helm's", &helms, "may not be more than 1048576 bytes")
}

pub(crate) async fn strangers_are_not_taken_over(mut site: Site) -> Outcome {
    for name in ["mine-settings", "mine-extra"] {
        let metadata = format!("{{name: {name}, namespace: {}}}", site.namespace);
        site.create(&format!("{{apiVersion: v1, kind: ConfigMap, metadata: {metadata}, data: {{color: old}}}}"))
            .await?;
    }
    let error = site.install("mine", "extra=true").await.expect_err("strangers").to_string();
    holds("both are told", &error, "\"mine-extra\" in namespace")?;
    let helms = site
        .try_helm(&format!("install mine {} --set extra=true", chart::folder().display()))
        .await
        .expect_err("strangers");
    let reason = error.split("; ConfigMap").next().unwrap_or_default();
    holds("in helm's words", &helms, reason)?;
    same("nothing was recorded", &site.states("mine").await?, "")?;
    (site.options.take_ownership, site.options.force_conflicts) = (true, true);
    site.install("mine", "extra=true").await?;
    let settings = ("v1", "ConfigMap", "mine-settings");
    same("taken over", &site.field(settings, &["data", "color"]).await?, "\"red\"")
}

pub(crate) async fn only_one_is_at_work(site: Site) -> Outcome {
    let mut made = site.install("busy", "prepare=false").await?;
    made.version = 2;
    made.set_status(Status::PendingUpgrade, "Preparing upgrade");
    let now = Timestamp::parse("2026-01-01T00:00:00Z")?;
    site.cluster.create(&secret::manifest(&made, Writing::Created(&now))?).await?;
    let ours = site.upgrade("busy", "prepare=false").await.expect_err("pending").to_string();
    let helms = site.try_helm(&format!("upgrade busy {}", chart::folder().display())).await.expect_err("pending");
    for (what, error) in [("ours", &ours), ("helm's", &helms)] {
        holds(what, error, "another operation (install/upgrade/rollback) is in progress")?;
    }
    site.releases.roll_back(&Rollback::to("busy", 1), &site.options).await?;
    same("after our rollback", &site.helm_states("busy").await?, "superseded pending-upgrade deployed")?;
    site.helm(&format!("upgrade busy {} --set prepare=false", chart::folder().display())).await?;
    same("after helm's upgrade", &site.states("busy").await?, "superseded pending-upgrade superseded deployed")
}

pub(crate) async fn a_broken_record_is_named(site: Site) -> Outcome {
    site.install("whole", "prepare=false").await?;
    let name = secret::name("torn", 1);
    let metadata = format!("{{name: {name}, namespace: {}, labels: {{owner: helm, name: torn}}}}", site.namespace);
    site.create(&format!(
        "{{apiVersion: v1, kind: Secret, metadata: {metadata}, type: helm.sh/release.v1, stringData: {{release: H4sIAAAA}}}}"
    ))
    .await?;
    let listed = list(&site.cluster, &site.namespace).await?;
    let names: Vec<&str> = listed.releases.iter().map(|release| release.name.as_str()).collect();
    same("the others are listed", &names.join(" "), "whole")?;
    same("it is named", &listed.unreadable.iter().map(|error| error.name.as_str()).collect::<String>(), &name)?;
    let error = site.upgrade("torn", "").await.expect_err("it cannot be read").to_string();
    holds("what to do", &error, "restore it from a backup, or delete it")?;
    same("helm lists the others", &site.helm_json("list").await?.as_array().map_or(0, Vec::len).to_string(), "1")?;
    site.delete_secret(&name).await
}
