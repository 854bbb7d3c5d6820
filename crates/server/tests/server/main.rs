//! The pages over HTTP, in a text browser and in a browser, made from a state that was made by hand.
//!
//! Tests that need lynx or chromium are reported as ignored, by name, where it is missing. With the environment variable
//! `SETPOINT_SCREENSHOTS` set to a folder, the browser's tests put their pictures there.

#![expect(clippy::panic, clippy::print_stdout, reason = "a test ends at the first surprise, and prints figures")]

mod browser;
mod http;
mod sample;
mod text_browser;
mod world;

use libtest_mimic::{Arguments, Trial};

fn main() {
    let tests: Vec<Trial> = [http::tests(), text_browser::tests(), browser::tests()].into_iter().flatten().collect();
    libtest_mimic::run(&Arguments::from_args(), tests).exit();
}

/// A test that needs these programs.
fn needing(programs: &[&str], name: &str, test: fn()) -> Trial {
    let missing = programs.iter().any(|program| find(program).is_none());
    Trial::test(name, move || {
        test();
        Ok(())
    })
    .with_ignored_flag(missing)
}

/// Where a program is.
fn find(program: &str) -> Option<std::path::PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|folder| folder.join(program)).find(|file| file.is_file())
}
