//! A plane by hand: `cargo run -p setpoint-controlplane --example serve -- FOLDER`, then `kubectl` with the kubeconfig
//! that is written there. Ends with its standard input.

#![expect(clippy::print_stdout, reason = "an example for the terminal")]

use std::path::PathBuf;

use controlplane::{Config, ControlPlane, Storage};
use tokio::io::AsyncReadExt;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("name a folder")?);
    let start = std::time::Instant::now();
    let plane = ControlPlane::open(Storage::File(folder.clone()), Config::default())?;
    let listening = plane.listen("127.0.0.1:0".parse()?).await?;
    let config = folder.join("kubeconfig");
    std::fs::write(&config, plane.kubeconfig(&listening.url()))?;
    println!("export KUBECONFIG={}", config.display());
    println!("# ready after {:.0} ms, process {}", start.elapsed().as_secs_f64() * 1000.0, std::process::id());
    tokio::io::stdin().read_to_end(&mut Vec::new()).await?;
    plane.shutdown().await;
    Ok(())
}
