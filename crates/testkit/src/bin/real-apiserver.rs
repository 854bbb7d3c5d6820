//! A real API server by hand: `serve` prints a kubeconfig and runs until standard input closes; `record FILE` writes what
//! the server publishes about its API, for `cargo xtask schema`.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{Read, Write};
use std::process::ExitCode;

use kube::Client;
use serde_json::{Map, Value, json};
use testkit::apiserver::RealApiServer;

/// Asks for the discovery documents that hold all groups at once.
const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
/// Asks for the ordinary form.
const PLAIN: &str = "application/json";

type Outcome<T> = Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let words: Vec<_> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["serve"] => serve().await,
        ["record", file] => record(file).await,
        _ => Err("usage: real-apiserver serve | record FILE".into()),
    };
    let Err(why) = outcome else {
        return ExitCode::SUCCESS;
    };
    // Where standard error is closed there is nobody left to tell.
    let _ = writeln!(std::io::stderr(), "real-apiserver: {why}");
    ExitCode::FAILURE
}

async fn serve() -> Outcome<()> {
    let server = RealApiServer::start().await?;
    let _kubelet = server.kubelet().await?;
    let mut out = std::io::stdout();
    writeln!(out, "export KUBECONFIG={}", server.kubeconfig_path().display())?;
    out.flush()?;
    let until_closed = || std::io::stdin().read_to_end(&mut Vec::new());
    tokio::task::spawn_blocking(until_closed).await??;
    Ok(())
}

async fn record(file: &str) -> Outcome<()> {
    let server = RealApiServer::start().await?;
    let client = server.client()?;
    let document = json!({
        "version": get(&client, "/version", PLAIN).await?,
        "openapi": openapi(&client).await?,
        "discovery": discovery(&client).await?,
    });
    std::fs::write(file, document.to_string())?;
    Ok(())
}

/// The index and each document, by its path in the index.
async fn openapi(client: &Client) -> Outcome<BTreeMap<String, Value>> {
    let index = get(client, "/openapi/v3", PLAIN).await?;
    let mut documents = BTreeMap::new();
    for (name, entry) in index["paths"].as_object().unwrap_or(&Map::new()) {
        let path = entry["serverRelativeURL"].as_str().unwrap_or_default();
        documents.insert(name.clone(), get(client, path, PLAIN).await?);
    }
    documents.insert("/openapi/v3".to_owned(), index);
    Ok(documents)
}

async fn discovery(client: &Client) -> Outcome<BTreeMap<String, Value>> {
    let mut documents = BTreeMap::new();
    for root in ["/api", "/apis"] {
        documents.insert(format!("aggregated:{root}"), get(client, root, AGGREGATED).await?);
        let mut plain = get(client, root, PLAIN).await?;
        if let Some(map) = plain.as_object_mut() {
            // The address of this very server: no fact about the API.
            map.remove("serverAddressByClientCIDRs");
        }
        documents.insert(root.to_owned(), plain);
    }
    let groups = documents["/apis"]["groups"].as_array().cloned().unwrap_or_default();
    let versions = groups.iter().filter_map(|group| group["versions"].as_array()).flatten();
    let named = versions.filter_map(|version| version["groupVersion"].as_str());
    let paths: Vec<_> = named.map(|name| format!("/apis/{name}")).chain(["/api/v1".to_owned()]).collect();
    for path in paths {
        let document = get(client, &path, PLAIN).await?;
        documents.insert(path, document);
    }
    Ok(documents)
}

async fn get(client: &Client, path: &str, accept: &str) -> Outcome<Value> {
    let request = http::Request::get(path).header(http::header::ACCEPT, accept).body(Vec::new())?;
    Ok(client.request(request).await?)
}
