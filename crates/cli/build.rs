//! Links the released program so that it starts quickly: at a fixed address, as kubectl, helm and Flux's controllers are, and
//! with the unwinder in it.
//!
//! A program that may lie anywhere has 90,000 addresses put right and 1.5 MB of its own pages copied before `main`, which
//! is a quarter of the time that a small `setpoint build` takes. To find, map and start the library of the unwinder takes as
//! much again.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// GCC's unwinder, as what it links with `-static-libgcc`.
const UNWINDER: &str = "libgcc_eh.a";

/// Names a file with the functions that come first, a line each; `cargo xtask dist` makes it.
const ORDER: &str = "SETPOINT_FUNCTION_ORDER";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|text| text == value);
    if !is("PROFILE", "release") || !is("CARGO_CFG_TARGET_OS", "linux") {
        return;
    }
    arrange();
    // With musl it is linked statically, which it is not without being movable.
    if is("CARGO_CFG_TARGET_ENV", "gnu") {
        println!("cargo::rustc-link-arg-bins=-no-pie");
        // For another machine it could be any compiler's.
        if env::var("HOST") == env::var("TARGET")
            && let Some(folder) = unwinder().as_deref().and_then(Path::parent)
        {
            println!("cargo::rustc-link-search=native={}", folder.display());
            println!("cargo::rustc-link-lib=static:-bundle=gcc_eh");
        }
    }
}

/// Puts functions in the order that a file asks for and keeps the symbols, which show which of them run; without such a file
/// symbols go.
fn arrange() {
    println!("cargo::rerun-if-env-changed={ORDER}");
    let Some(order) = env::var_os(ORDER).map(PathBuf::from) else {
        return println!("cargo::rustc-link-arg-bins=-Wl,--strip-all");
    };
    println!("cargo::rerun-if-changed={}", order.display());
    println!("cargo::rustc-link-arg-bins=-Wl,--symbol-ordering-file={}", order.display());
    // Those of another compiler, or of other sources, are passed over.
    println!("cargo::rustc-link-arg-bins=-Wl,--no-warn-symbol-ordering");
}

/// Where the compiler that links has its unwinder, if it has one.
fn unwinder() -> Option<PathBuf> {
    let asked = Command::new("cc").arg(format!("-print-file-name={UNWINDER}")).output().ok()?;
    let path = PathBuf::from(String::from_utf8(asked.stdout).ok()?.trim());
    path.is_absolute().then_some(path).filter(|path| path.is_file())
}
