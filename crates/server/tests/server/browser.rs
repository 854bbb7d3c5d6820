//! The pages in chromium: they fit the window, in light and dark; the script freshens them in place.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use engine::Phase;
use fantoccini::{Client, ClientBuilder, Locator};
use libtest_mimic::Trial;
use serde_json::json;

use crate::world::World;
use crate::{find, needing, sample};

const PAGES: [(&str, &str); 8] = [
    ("overview", "/"),
    ("deliveries", "/deliveries"),
    ("delivery", "/deliveries/flux-system/library"),
    ("failed", "/deliveries/flux-system/search"),
    ("source", "/sources/GitRepository/flux-system/platform"),
    ("object", "/objects/apps/v1/Deployment/library/hedgedoc"),
    ("secret", "/objects/core/v1/Secret/library/hedgedoc-database"),
    ("missing", "/nothing"),
];

pub(crate) fn tests() -> Vec<Trial> {
    let programs = ["chromium", "chromedriver"];
    vec![
        needing(&programs, "browser::pages_fit_a_wide_window", || look(Look { width: 1280, dark: false })),
        needing(&programs, "browser::pages_fit_a_narrow_window_in_the_dark", || look(Look { width: 400, dark: true })),
        needing(&programs, "browser::dark_pages_are_dark", || look(Look { width: 1280, dark: true })),
        needing(&programs, "browser::news_come_in_place", news_come_in_place),
    ]
}

/// How the browser shows pages.
#[derive(Clone, Copy)]
struct Look {
    width: u32,
    dark: bool,
}

/// A browser; ends when dropped.
struct Browser {
    driver: Child,
    _profile: tempfile::TempDir,
    client: Client,
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

async fn open(look: Look) -> Browser {
    let mut driver = Command::new("chromedriver").arg("--port=0").stdout(Stdio::piped()).spawn().expect("chromedriver");
    let lines = BufReader::new(driver.stdout.take().expect("its output")).lines();
    let port = lines
        .map_while(Result::ok)
        .find_map(|line| {
            line.split_once("successfully on port ").map(|(_, port)| port.trim_end_matches('.').to_owned())
        })
        .expect("a port");
    let profile = tempfile::tempdir().expect("a folder");
    let mut arguments: Vec<String> = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--hide-scrollbars",
    ]
    .map(str::to_owned)
    .into();
    arguments.push(format!("--user-data-dir={}", profile.path().display()));
    arguments.push(format!("--window-size={},1000", look.width));
    if look.dark {
        arguments.push("--force-dark-mode".into());
    }
    let mut options = json!({ "binary": find("chromium"), "args": arguments });
    if look.width < 500 {
        // Windows of a desktop cannot be this narrow.
        options["mobileEmulation"] =
            json!({ "deviceMetrics": { "width": look.width, "height": 1000, "pixelRatio": 1.0 } });
    }
    let capabilities = [("goog:chromeOptions".to_owned(), options)].into_iter().collect();
    let client = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
        .capabilities(capabilities)
        .connect(&format!("http://127.0.0.1:{port}"))
        .await
        .expect("a browser");
    Browser { driver, _profile: profile, client }
}

async fn number(client: &Client, script: &str) -> i64 {
    client.execute(&format!("return {script};"), Vec::new()).await.expect("a script").as_i64().unwrap_or(-1)
}

fn look(look: Look) {
    let world = World::new(sample::state());
    world.runtime.block_on(async {
        let browser = open(look).await;
        let client = &browser.client;
        client.goto(world.serving.url()).await.expect("logged in");
        for (name, path) in PAGES {
            client.goto(&format!("http://{}{path}", world.host)).await.expect("a page");
            client.find(Locator::Css("h1")).await.expect("a heading");
            let over = number(client, "document.documentElement.scrollWidth - window.innerWidth").await;
            assert!(over <= 0, "{name} is {over} pixels wider than the window");
            let dark = number(client, "matchMedia('(prefers-color-scheme: dark)').matches ? 1 : 0").await;
            assert_eq!(dark == 1, look.dark, "the browser is as asked");
            let ground =
                number(client, "Number(getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0])").await;
            assert_eq!(ground < 64, look.dark, "{name}: {ground}");
            picture(client, name, look).await;
        }
        browser.client.clone().close().await.expect("closed");
    });
}

/// Keeps a picture of the whole page, if that is asked for.
async fn picture(client: &Client, name: &str, look: Look) {
    let Some(folder) = std::env::var_os("SETPOINT_SCREENSHOTS") else { return };
    if look.width >= 500 {
        client.set_window_size(look.width, 700).await.expect("a size");
        let height = number(client, "document.documentElement.scrollHeight").await;
        let height = u32::try_from(height).unwrap_or(1000).clamp(600, 4000);
        client.set_window_size(look.width, height + 150).await.expect("a size");
    }
    let picture = client.screenshot().await.expect("a picture");
    let colours = if look.dark { "dark" } else { "light" };
    std::fs::write(Path::new(&folder).join(format!("{name}-{}-{colours}.png", look.width)), picture).expect("a file");
}

/// What changes on the server comes onto the screen without the page being loaded again.
fn news_come_in_place() {
    let world = World::new(sample::state());
    world.runtime.block_on(async {
        let browser = open(Look { width: 1280, dark: false }).await;
        let client = &browser.client;
        client.goto(world.serving.url()).await.expect("logged in");
        client
            .execute("window.before = 1; document.getElementById('about').open = true;", Vec::new())
            .await
            .expect("a script");
        until(client, "document.getElementById('live').textContent === 'Live'").await;
        let mut state = sample::empty();
        state.version = 2;
        sample::put(&mut state, sample::delivery("library", Phase::Settled));
        world.state.send_replace(Arc::new(state));
        until(client, "document.querySelector('h1').textContent.startsWith('Everything is as Git says')").await;
        assert_eq!(number(client, "window.before").await, 1, "the page was not loaded again");
        assert_eq!(
            number(client, "document.getElementById('about').open ? 1 : 0").await,
            1,
            "what is unfolded stays so"
        );
        assert_eq!(number(client, "document.getElementById('problems') ? 1 : 0").await, 0, "what is gone goes");
        browser.client.clone().close().await.expect("closed");
    });
}

/// Waits for something to become true in the page.
async fn until(client: &Client, condition: &str) {
    for _ in 0..100 {
        if number(client, &format!("({condition}) ? 1 : 0")).await == 1 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("did not become true: {condition}");
}
