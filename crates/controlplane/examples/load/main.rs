//! Loads API servers with the same requests, one server after the other in each round, and prints medians.
//!
//! `cargo run --release -p setpoint-controlplane --example load -- embedded=KUBECONFIG[@PID] peer=KUBECONFIG[@PID,PID]
//! [--rounds N] [--count N]`: TLS, HTTP/1.1, connections kept open; with one and with eight clients. `PID`s are the
//! processes of the server, whose memory is reported. The servers must be empty.

#![expect(clippy::print_stdout, unreachable_pub, reason = "a program for the terminal")]

mod kubeconfig;
mod requests;
mod wire;

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use kubeconfig::Kubeconfig;
use requests::{Action, Kind, LISTED, MEASURED, NAMESPACE};
use wire::Wire;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Numbers of clients at the same time.
const CLIENTS: [usize; 2] = [1, 8];
/// Objects for the list, and `ConfigMap`s beside them for the memory: 6,000 together.
const DEPLOYMENTS: usize = 2000;
const CONFIG_MAPS: usize = 4000;
/// A list is so much work that fewer are measured.
const LISTS: usize = 16;

struct Server {
    name: String,
    config: Arc<Kubeconfig>,
    processes: Vec<u32>,
}

/// Rates and median times of one measurement of one server, a value each round.
#[derive(Default)]
struct Figures {
    rates: Vec<f64>,
    times: Vec<Duration>,
}

#[tokio::main(worker_threads = 2)]
async fn main() -> Outcome<()> {
    let (mut servers, mut rounds, mut count) = (Vec::new(), 5, 400);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--rounds" => rounds = arguments.next().ok_or("--rounds needs a number")?.parse()?,
            "--count" => count = arguments.next().ok_or("--count needs a number")?.parse()?,
            server => servers.push(parse_server(server)?),
        }
    }
    for server in &servers {
        let idle = memory(server);
        seed(server).await?;
        println!(
            "{}: {idle:.0} MB idle, {:.0} MB with {} objects",
            server.name,
            memory(server),
            DEPLOYMENTS + CONFIG_MAPS
        );
    }
    let columns: Vec<_> = servers.iter().map(|server| format!(" {0} req/s | {0} p50 ms |", server.name)).collect();
    println!("\n| clients | request |{}", columns.concat());
    println!("|---|---|{}", "---|---|".repeat(servers.len()));
    for clients in CLIENTS {
        measure_all(&servers, clients, rounds, count).await?;
    }
    for server in &servers {
        println!("{}: {:.0} MB in the end", server.name, memory(server));
    }
    Ok(())
}

/// `NAME=KUBECONFIG[@PID,…]`
fn parse_server(text: &str) -> Outcome<Server> {
    let (name, rest) = text.split_once('=').ok_or("a server is written NAME=KUBECONFIG[@PID,…]")?;
    let (path, processes) = rest.split_once('@').unwrap_or((rest, ""));
    let processes = processes.split(',').filter(|text| !text.is_empty()).map(str::parse).collect::<Result<_, _>>()?;
    Ok(Server { name: name.into(), config: Arc::new(Kubeconfig::read(Path::new(path))?), processes })
}

/// Resident memory of the server's processes in MB.
fn memory(server: &Server) -> f64 {
    let resident = |process: &u32| {
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
        line.split_whitespace().nth(1)?.parse::<f64>().ok()
    };
    server.processes.iter().filter_map(resident).sum::<f64>() / 1024.0
}

async fn seed(server: &Server) -> Outcome<()> {
    let mut wire = Wire::open(&server.config).await?;
    for name in [NAMESPACE, LISTED] {
        wire.ask(&requests::namespace(name)).await?;
    }
    // A real cluster needs a moment to make a new namespace usable.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let make = |kind| move |number: usize| requests::apply(kind, LISTED, &format!("o{number}"), "seed");
    run(server, 8, DEPLOYMENTS, make(Kind::Deployment)).await?;
    run(server, 8, CONFIG_MAPS, make(Kind::ConfigMap)).await?;
    Ok(())
}

async fn measure_all(servers: &[Server], clients: usize, rounds: usize, count: usize) -> Outcome<()> {
    let mut figures: Vec<Vec<Figures>> = Vec::new();
    for _ in MEASURED {
        figures.push(servers.iter().map(|_| Figures::default()).collect());
    }
    for round in 0..rounds {
        for (place, (_, action, kind)) in MEASURED.into_iter().enumerate() {
            for (server, figures) in servers.iter().zip(&mut figures[place]) {
                let objects = (clients * rounds + round) * count;
                let turn = if matches!(action, Action::NoOp) { 2 } else { 1 };
                let asked = move |number: usize| requests::ask(action, kind, objects + number, turn);
                let (rate, time) =
                    run(server, clients, if matches!(action, Action::List) { LISTS } else { count }, asked).await?;
                figures.rates.push(rate);
                figures.times.push(time);
            }
        }
    }
    for ((name, ..), figures) in MEASURED.iter().zip(&mut figures) {
        let cell = |figures: &mut Figures| {
            let time = median(&mut figures.times).as_secs_f64() * 1000.0;
            figures.rates.sort_by(f64::total_cmp);
            format!(" {:.0} | {time:.2} |", figures.rates[figures.rates.len() / 2])
        };
        println!("| {clients} | {name} |{}", figures.iter_mut().map(cell).collect::<String>());
    }
    Ok(())
}

/// Sends requests by so many clients; requests a second and the median time of one.
async fn run(
    server: &Server,
    clients: usize,
    count: usize,
    ask: impl Fn(usize) -> requests::Ask + Copy + Send + 'static,
) -> Outcome<(f64, Duration)> {
    let next = Arc::new(AtomicUsize::new(0));
    let mut wires = Vec::new();
    for _ in 0..clients {
        wires.push(Wire::open(&server.config).await?);
    }
    let start = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for mut wire in wires {
        let next = Arc::clone(&next);
        tasks.spawn(async move {
            let mut times = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return Outcome::Ok(times);
                }
                let asked = Instant::now();
                wire.ask(&ask(number)).await?;
                times.push(asked.elapsed());
            }
        });
    }
    let mut times = Vec::new();
    while let Some(done) = tasks.join_next().await {
        times.extend(done??);
    }
    let rate = f64::from(u32::try_from(count)?) / start.elapsed().as_secs_f64();
    Ok((rate, median(&mut times)))
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
