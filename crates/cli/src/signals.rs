//! The end of a program that stays until it is told.

use tokio::signal::unix::{SignalKind, signal};

use crate::output;

/// Resolves when the user (Ctrl-C) or `setpoint down` ends the program. A second Ctrl-C ends it at once.
pub(crate) async fn ended() {
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => output::note("ending … (Ctrl-C again ends at once)"),
        _ = terminate.recv() => {}
    }
    tokio::spawn(async move {
        interrupt.recv().await;
        std::process::exit(130);
    });
}
