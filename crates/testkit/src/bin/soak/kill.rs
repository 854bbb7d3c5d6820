//! `setpoint` is killed at random moments of its work; the cluster must always come to be what Git says.

use std::time::{Duration, Instant};

use testkit::apiserver::RealApiServer;
use tokio::time::sleep;

use crate::chance::Chance;
use crate::held::{Held, Launch, unready};
use crate::platform::Platform;
use crate::verify::Ledger;
use crate::{Outcome, Report, USER_AGENT};

/// At most so many kills before a commit may come to its end.
const KILLS: u64 = 3;
/// Moments are chosen up to this many percent of an undisturbed sync after the start.
const SPREAD_PERCENT: u64 = 120;
/// How often the report says how far it is.
const TELL_EVERY: u32 = 20;

/// What happened, in numbers.
#[derive(Default)]
struct Count {
    kills: usize,
    /// Kills that came before everything was ready.
    within: usize,
    wrong: Vec<String>,
}

/// Runs against the real API server; fails on any violation.
pub(crate) async fn kill(program: std::path::PathBuf, runs: u32, seed: u64, report: &mut Report) -> Outcome<()> {
    let server = RealApiServer::start().await?;
    let _kubelet = server.kubelet().await?;
    let client = server.client_called(USER_AGENT)?;
    let folder = tempfile::tempdir()?;
    let launch = Launch { program, kubeconfig: Some(server.kubeconfig_path()), folder: folder.path().to_owned() };
    let mut platform = Platform::killed();
    let (mut chance, mut ledger, mut count) = (Chance::new(seed), Ledger::default(), Count::default());
    report.say(&format!("soak kill: {runs} runs, seed {seed}"))?;

    let revision = platform.commit();
    let mut held = launch.start(&platform)?;
    let first = held.ready(&client, &revision, platform.kustomizations()).await;
    first.map_err(|why| format!("{why}\n{}", launch.said()))?;
    count.wrong.extend(ledger.check(&client, &platform.wanted()).await?);
    let undisturbed = calm(&mut held, &client, &mut platform, &mut chance).await?;
    count.wrong.extend(ledger.check(&client, &platform.wanted()).await?);
    report.say(&format!("an undisturbed commit takes {undisturbed:.2?}"))?;

    let start = Instant::now();
    for run in 1..=runs {
        platform.change(&mut chance);
        let revision = platform.commit();
        for _ in 0..=chance.below(KILLS) {
            held = kill_once(held, &launch, &platform, (&client, &revision, undisturbed), (&mut chance, &mut count))
                .await?;
        }
        let ready = held.ready(&client, &revision, platform.kustomizations()).await;
        ready.map_err(|why| format!("run {run} of seed {seed}: {why}\n{}", launch.said()))?;
        let wrong = ledger.check(&client, &platform.wanted()).await?;
        count.wrong.extend(wrong.into_iter().map(|wrong| format!("run {run}: {wrong}")));
        if run % TELL_EVERY == 0 || run == runs {
            report.say(&format!(
                "{run} runs, {} kills, {} violations, {:.0?}",
                count.kills,
                count.wrong.len(),
                start.elapsed()
            ))?;
        }
    }
    drop(held);
    let (created, deleted, wrong) = ledger.audit(&server.request_log()?);
    count.wrong.extend(wrong);
    let Count { kills, within, wrong } = count;
    report.say(&format!(
        "soak kill: {runs} runs, {kills} kills ({within} of them before all was ready), {} comparisons of objects, \
         {created} objects created, {deleted} deleted, {} violations",
        ledger.compared,
        wrong.len()
    ))?;
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

/// One commit without a kill: how long it takes.
async fn calm(
    held: &mut Held,
    client: &kube::Client,
    platform: &mut Platform,
    chance: &mut Chance,
) -> Outcome<Duration> {
    platform.change(chance);
    let revision = platform.commit();
    held.ready(client, &revision, platform.kustomizations()).await
}

async fn kill_once(
    held: Held,
    launch: &Launch,
    platform: &Platform,
    (client, revision, undisturbed): (&kube::Client, &str, Duration),
    (chance, count): (&mut Chance, &mut Count),
) -> Outcome<Held> {
    let most = u64::try_from(undisturbed.as_millis())? * SPREAD_PERCENT / 100;
    sleep(Duration::from_millis(chance.below(most))).await;
    held.kill().map_err(|why| format!("{why}\n{}", launch.said()))?;
    count.kills += 1;
    count.within += usize::from(!unready(client, revision, platform.kustomizations()).await?.is_empty());
    launch.start(platform)
}
