//! We install, helm goes on.

use helm::release::lifecycle::all_values;
use release::{Rollback, Uninstall};

use crate::chart;
use crate::world::{Outcome, Site, holds, same};

pub(crate) async fn helm_sees_what_we_install(site: Site) -> Outcome {
    let made = site.install("one", "color=blue").await?;
    let listed = site.helm_json("list").await?;
    let entry = &listed[0];
    for (field, expect) in
        [("name", "one"), ("revision", "1"), ("status", "deployed"), ("chart", "shop-1.2.3"), ("app_version", "2")]
    {
        same(field, entry[field].as_str().unwrap_or_default(), expect)?;
    }
    let status = site.helm_json("status one").await?;
    same("description", status["info"]["description"].as_str().unwrap_or_default(), "Install complete")?;
    holds("notes", status["info"]["notes"].as_str().unwrap_or_default(), "Revision 1 of one is blue.")?;
    same("values", site.helm("get values one -o json").await?.trim(), r#"{"color":"blue"}"#)?;
    same("manifest", site.helm("get manifest one").await?.trim(), made.manifest.trim())?;
    holds("hooks", &site.helm("get hooks one").await?, "one-prepare")?;
    let all = site.helm_json("get values one --all").await?;
    same("all values", &format!("{} {}", all["color"], all["big"]), "\"blue\" 12345678")?;
    let ours = all_values(&made, helm::HelmCompat::default())?;
    let ours: serde_json::Value = serde_json::from_str(&goyaml::json::to_go_string(&ours))?;
    same("all values by us", &ours.to_string(), &all.to_string())?;
    let metadata = site.helm_json("get metadata one").await?;
    same("apply method", metadata["applyMethod"].as_str().unwrap_or_default(), "ssa")
}

pub(crate) async fn helm_goes_on_with_what_we_install(site: Site) -> Outcome {
    site.install("two", "extra=true").await?;
    let ready = ("v1", "ConfigMap", "two-ready");
    same("hook", &site.field(ready, &["data", "revision"]).await?, "\"1\"")?;
    same("prepared and gone", &site.field(("batch/v1", "Job", "two-prepare"), &["kind"]).await?, "")?;
    site.helm(&format!("upgrade two {} --set color=green", chart::folder().display())).await?;
    same("after helm's upgrade", &site.states("two").await?, "superseded deployed")?;
    let settings = ("v1", "ConfigMap", "two-settings");
    same("color", &site.field(settings, &["data", "color"]).await?, "\"green\"")?;
    same("extra of settings", &site.field(settings, &["data", "extra"]).await?, "")?;
    same("extra", &site.field(("v1", "ConfigMap", "two-extra"), &["kind"]).await?, "")?;
    same("hook", &site.field(ready, &["data", "revision"]).await?, "\"2\"")?;
    site.helm("rollback two 1").await?;
    same("after helm's rollback", &site.states("two").await?, "superseded superseded deployed")?;
    same("extra again", &site.field(("v1", "ConfigMap", "two-extra"), &["kind"]).await?, "\"ConfigMap\"")?;
    site.releases.roll_back(&Rollback::to("two", 2), &site.options).await?;
    same("after our rollback", &site.helm_states("two").await?, "superseded superseded superseded deployed")?;
    same("green again", &site.field(settings, &["data", "color"]).await?, "\"green\"")?;
    site.helm("uninstall two").await?;
    same("after helm's uninstall", &site.states("two").await?, "")?;
    same("settings", &site.field(settings, &["kind"]).await?, "")?;
    let gone = site.releases.uninstall(&Uninstall::new("two"), &site.options).await;
    same("nothing left", &gone.expect_err("nothing").to_string(), "release \"two\" not found")
}
