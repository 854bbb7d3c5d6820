//! Many Kustomizations at once: what a start and a commit cost. `SCALE=1000` sets the number and prints the times.

use serde_json::json;
use tokio::time::Instant;

use crate::world::{Outcome, Site, ensure, map, since};

/// Kustomizations when nothing else is asked for.
const NUMBER: usize = 40;

/// The files of one Kustomization.
fn files(number: usize, value: &str) -> [(String, String); 4] {
    ["a", "b", "c", "d"].map(|part| {
        let value = if part == "a" { value } else { "stays" };
        (format!("ks-{number}/{part}.yaml"), map(&format!("ks-{number}-{part}"), value))
    })
}

fn write_all(site: &Site, numbers: usize, value: &str) {
    for (path, text) in (0..numbers).flat_map(|number| files(number, value)) {
        site.write(&[(&path, &text)]);
    }
}

async fn applied(site: &Site, commit: &str, number: usize) -> Outcome {
    let at = |state: &engine::State| {
        state.deliveries.len() == number
            && state.all_settled()
            && state
                .deliveries
                .values()
                .all(|delivery| delivery.applied.as_deref().is_some_and(|at| at.ends_with(commit)))
    };
    site.state_until("all at the commit", at).await
}

pub(crate) async fn many_cost_three_requests_each(mut site: Site) -> Outcome {
    let number = std::env::var("SCALE").ok().and_then(|text| text.parse().ok()).unwrap_or(NUMBER);
    write_all(&site, number, "1");
    let first = site.repo.commit("first");
    for place in 0..number {
        if place == 0 {
            // The definitions come with the engine.
            site.start().await?;
            site.stop().await;
        }
        site.kustomization(&format!("ks-{place}"), json!({})).await?;
    }
    site.source().await?;
    let start = Instant::now();
    site.start().await?;
    applied(&site, &first, number).await?;
    let started = start.elapsed();

    let before = site.requests_at_rest().await;
    write_all(&site, number, "2");
    let second = site.repo.commit("second");
    let start = Instant::now();
    applied(&site, &second, number).await?;
    let changed = start.elapsed();
    let after = site.requests_at_rest().await;
    let all = since(&before, &after);

    let before = after;
    write_all(&site, 1, "3");
    let third = site.repo.commit("third");
    let start = Instant::now();
    applied(&site, &third, number).await?;
    let one = start.elapsed();
    let single = since(&before, &site.requests_at_rest().await);
    if std::env::var_os("SCALE").is_some() {
        show(&format!(
            "{number}: start {started:?}, all changed {changed:?} with {all:?}, one changed {one:?} with {single:?}"
        ));
    }
    // The status and the Event of the source come to it.
    ensure(total(&all) <= 3 * number as u64 + 2, format!("for {number} changes: {all:?}"))?;
    ensure(total(&single) <= 3 + 2, format!("for one change: {single:?}"))?;
    site.stop().await;
    Ok(())
}

/// The number of requests in lines such as `2 patch configmaps`.
fn total(lines: &[String]) -> u64 {
    lines.iter().filter_map(|line| line.split_once(' ')?.0.parse::<u64>().ok()).sum()
}

#[expect(clippy::print_stdout, reason = "figures that somebody asked for")]
fn show(line: &str) {
    println!("{line}");
}
