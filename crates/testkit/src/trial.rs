//! Tests that are listed by name, so that one whose oracle is missing is reported as ignored.

use libtest_mimic::{Failed, Trial};
use oracle::Oracle;

/// A test: its name and what it does; it fails by panicking.
pub type Case = (&'static str, fn());

/// A case as a test.
pub fn trial(&(name, body): &Case) -> Trial {
    Trial::test(name, move || {
        body();
        Ok(())
    })
}

/// An API server of some sort.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// The embedded control plane.
    Embedded,
    /// kube-apiserver with its controllers and etcd.
    Real,
}

impl Backend {
    const ALL: [Self; 2] = [Self::Embedded, Self::Real];

    /// As the names of tests begin.
    pub fn name(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Real => "real",
        }
    }

    fn is_there(self) -> bool {
        let needed = [Oracle::KubeApiserver, Oracle::KubeControllerManager, Oracle::Etcd];
        self == Self::Embedded || needed.into_iter().all(|oracle| oracle::find(oracle).is_ok())
    }
}

/// A test of each case on each sort of API server. One is ignored where its server or, as `is_missing` tells by its name,
/// something else is not there.
pub fn on_each_backend<C: Copy + Send + 'static>(
    cases: &[(&'static str, C)],
    is_missing: impl Fn(&str) -> bool,
    run: impl Fn(Backend, C) -> Result<(), Failed> + Clone + Send + 'static,
) -> Vec<Trial> {
    let mut trials = Vec::new();
    for backend in Backend::ALL {
        let is_there = backend.is_there();
        for &(name, case) in cases {
            let run = run.clone();
            let trial = Trial::test(format!("{}::{name}", backend.name()), move || run(backend, case));
            trials.push(trial.with_ignored_flag(!is_there || is_missing(name)));
        }
    }
    trials
}
