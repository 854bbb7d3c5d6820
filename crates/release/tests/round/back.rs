//! Helm installs, we go on.

use helm::release::lifecycle::ValuePolicy;
use release::{Rollback, Uninstall, Upgrade, list};

use crate::chart;
use crate::world::{Outcome, Site, holds, same, user};

pub(crate) async fn we_see_what_helm_installs(site: Site) -> Outcome {
    site.helm(&format!("install one {} --set color=blue --labels team=a", chart::folder().display())).await?;
    let listed = list(&site.cluster, &site.namespace).await?;
    same("unreadable", &listed.unreadable.len().to_string(), "0")?;
    let [made] = listed.releases.as_slice() else { return Err("not one release".into()) };
    same("name", &format!("{} v{} {}", made.name, made.version, made.info.status), "one v1 deployed")?;
    same("chart", &format!("{}-{}", made.chart.name(), made.chart.version()), "shop-1.2.3")?;
    same("values", &goyaml::json::to_go_string(&made.config), r#"{"color":"blue"}"#)?;
    same("labels", &format!("{:?}", made.labels), r#"{"team": "a"}"#)?;
    holds("notes", &made.info.notes, "Revision 1 of one is blue.")?;
    same("manifest", made.manifest.trim(), site.helm("get manifest one").await?.trim())?;
    let everywhere = list(&site.cluster, "").await?;
    let found = everywhere.releases.iter().any(|release| release.namespace == site.namespace && release.name == "one");
    same("in all namespaces", &found.to_string(), "true")
}

pub(crate) async fn we_go_on_with_what_helm_installs(site: Site) -> Outcome {
    site.helm(&format!("install two {} --set extra=true,keep=true", chart::folder().display())).await?;
    site.upgrade("two", "color=green,keep=true").await?;
    same("after our upgrade", &site.helm_states("two").await?, "superseded deployed")?;
    let settings = ("v1", "ConfigMap", "two-settings");
    same("color", &site.field(settings, &["data", "color"]).await?, "\"green\"")?;
    same("extra of settings", &site.field(settings, &["data", "extra"]).await?, "")?;
    same("extra", &site.field(("v1", "ConfigMap", "two-extra"), &["kind"]).await?, "")?;
    same("hook", &site.field(("v1", "ConfigMap", "two-ready"), &["data", "revision"]).await?, "\"2\"")?;
    holds("notes", &site.helm("status two").await?, "Revision 2 of two is green.")?;
    site.releases.roll_back(&Rollback::to("two", 0), &site.options).await?;
    same("after our rollback", &site.helm_states("two").await?, "superseded superseded deployed")?;
    let history = site.helm_json("history two").await?;
    same("description", history[2]["description"].as_str().unwrap_or_default(), "Rollback to 1")?;
    same("extra again", &site.field(("v1", "ConfigMap", "two-extra"), &["kind"]).await?, "\"ConfigMap\"")?;
    let keep = Uninstall { keep_history: true, ..Uninstall::new("two") };
    let gone = site.releases.uninstall(&keep, &site.options).await?;
    let kept: Vec<&str> = gone.kept.iter().map(|key| key.name.as_str()).collect();
    same("kept", &kept.join(" "), "two-kept")?;
    same("kept in the cluster", &site.field(("v1", "ConfigMap", "two-kept"), &["kind"]).await?, "\"ConfigMap\"")?;
    same("after our uninstall", &site.helm_states("two").await?, "superseded superseded uninstalled")?;
    same("settings", &site.field(settings, &["kind"]).await?, "")?;
    let again = site.try_helm("uninstall two --keep-history").await.expect_err("it is gone");
    holds("again", &again, "is already deleted")?;
    site.releases.uninstall(&Uninstall::new("two"), &site.options).await?;
    holds("purged", &site.try_helm("history two").await.expect_err("no records"), "release: not found")
}

/// A release whose objects helm's client merged, as Helm 3 did.
pub(crate) async fn we_go_on_where_helm_merged_itself(site: Site) -> Outcome {
    site.helm(&format!("install three {} --set extra=true --server-side=false", chart::folder().display())).await?;
    let made = site.releases.release("three", 0).await?;
    same("method", made.apply_method.map_or("", helm::release::ApplyMethod::name), "csa")?;
    site.upgrade("three", "color=green").await?;
    let settings = ("v1", "ConfigMap", "three-settings");
    same("color", &site.field(settings, &["data", "color"]).await?, "\"green\"")?;
    same("a field that is gone", &site.field(settings, &["data", "extra"]).await?, "")?;
    site.helm(&format!("upgrade three {} --set color=blue", chart::folder().display())).await?;
    same("helm goes on", &site.field(settings, &["data", "color"]).await?, "\"blue\"")
}

pub(crate) async fn values_are_carried_on(site: Site) -> Outcome {
    let loaded = chart::load(&chart::folder());
    for (policy, flag) in [
        (ValuePolicy::KeepIfNone, ""),
        (ValuePolicy::Reset, "--reset-values"),
        (ValuePolicy::Reuse, "--reuse-values"),
        (ValuePolicy::ResetThenReuse, "--reset-then-reuse-values"),
    ] {
        for (place, set) in ["", "color=green,extra=null"].into_iter().enumerate() {
            let name = format!("v{place}{}", flag.replace("--", "-").replace("-values", ""));
            for suffix in ["h", "o"] {
                let command = format!(
                    "install {name}-{suffix} {} --set extra=true,big=5,prepare=false",
                    chart::folder().display()
                );
                site.helm(&command).await?;
            }
            let set_flag = if set.is_empty() { String::new() } else { format!("--set {set}") };
            site.helm(&format!("upgrade {name}-h {} {flag} {set_flag}", chart::folder().display())).await?;
            let ours = format!("{name}-o");
            let values = user(set);
            let what = Upgrade { policy, ..Upgrade::new(&ours, &loaded, &values) };
            site.releases.upgrade(&what, &site.options).await?;
            for all in ["", "--all"] {
                let helms = site.helm(&format!("get values {name}-h -o json {all}")).await?;
                same(&name, &site.helm(&format!("get values {ours} -o json {all}")).await?, &helms)?;
            }
            let helms = site.helm(&format!("get manifest {name}-h")).await?.replace(&format!("{name}-h"), &ours);
            same(&name, &site.helm(&format!("get manifest {ours}")).await?, &helms)?;
        }
    }
    Ok(())
}
