//! Docker's credential helpers: programs that keep logins in the system's key store.

use std::io::{self, Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde::Deserialize;
use source::Auth;

/// Longest wait for a helper, which may ask its user.
const PATIENCE: Duration = Duration::from_mins(1);
/// Between two looks whether it has ended.
const LOOK: Duration = Duration::from_millis(10);
/// Bytes of its answer.
const MAX_ANSWER: u64 = 1 << 20;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    username: String,
    secret: String,
}

/// The helper's program.
pub(super) fn program(name: &str) -> String {
    format!("docker-credential-{name}")
}

/// What a helper knows of a server; nothing if it knows none.
pub(super) fn ask(name: &str, server: &str) -> io::Result<Option<Auth>> {
    let mut helper = Command::new(program(name));
    helper.arg("get").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = helper.spawn()?;
    let asked = child.stdin.take().map(|mut input| writeln!(input, "{server}"));
    let answer = child.stdout.take().map(|output| std::thread::spawn(move || read(output)));
    let ended = wait(&mut child)?;
    asked.unwrap_or(Ok(()))?;
    let answer = answer.and_then(|answer| answer.join().ok()).unwrap_or_default();
    let known: Option<Answer> = ended.then(|| serde_json::from_slice(&answer).ok()).flatten();
    let known = known.filter(|answer| !answer.secret.is_empty());
    Ok(known.map(|answer| Auth::Basic { username: answer.username, password: answer.secret }))
}

fn read(output: impl Read) -> Vec<u8> {
    let mut answer = Vec::new();
    // What is cut off is no JSON, and that is told as "knows none".
    let _ = output.take(MAX_ANSWER).read_to_end(&mut answer);
    answer
}

/// Waits for the end; whether it was a good one.
fn wait(child: &mut Child) -> io::Result<bool> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status.success());
        }
        if Instant::now() >= deadline {
            child.kill()?;
            child.wait()?;
            return Err(io::Error::new(io::ErrorKind::TimedOut, format!("no answer within {} s", PATIENCE.as_secs())));
        }
        std::thread::sleep(LOOK);
    }
}
