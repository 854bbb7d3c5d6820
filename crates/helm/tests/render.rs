//! Renders every recorded case and compares with what the real helm said, byte for byte; where the real helm is there, it is
//! asked again.

use libtest_mimic::{Arguments, Failed, Trial};

#[path = "support/cases.rs"]
mod cases;

use cases::{Outcome, Render};

fn main() {
    let arguments = Arguments::from_args();
    let renders = cases::all().expect("cases");
    assert!(!renders.is_empty(), "there are no cases");
    let helm = oracle::find(oracle::Oracle::Helm);
    let mut trials = Vec::new();
    for render in renders {
        let replayed = render.clone();
        trials.push(Trial::test(render.title(), move || compare(&replayed, &replayed.recorded()?)));
        let title = format!("live/{}", render.title());
        trials.push(match &helm {
            Ok(helm) => {
                let helm = helm.clone();
                Trial::test(title, move || compare(&render, &render.ask(&helm)?))
            }
            Err(missing) => {
                let why = missing.to_string();
                Trial::test(title, move || Err(why.into())).with_ignored_flag(true)
            }
        });
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn compare(render: &Render, expected: &Outcome) -> Result<(), Failed> {
    // A template needs more stack than a test's thread has.
    let owned = render.clone();
    let worker = std::thread::Builder::new().stack_size(64 << 20).spawn(move || owned.run());
    let found = worker.map_err(|error| error.to_string())?.join().map_err(|_| "it panicked")?;
    if found == *expected {
        return Ok(());
    }
    let shown = |outcome: &Outcome| match outcome {
        Ok(text) => String::from_utf8_lossy(text).into_owned(),
        Err(message) => format!("Error: {message}"),
    };
    let (found, expected) = (shown(&found), shown(expected));
    let line = found.lines().zip(expected.lines()).take_while(|(found, expected)| found == expected).count() + 1;
    Err(format!("line {line}\n--- expected:\n{expected}\n--- found:\n{found}").into())
}
