//! A real library in a process beside: a line of JSON for each question, a line of JSON for each answer.

use std::io::{self, BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A running batch driver of `tools/oracle/`. It ends with this value.
#[derive(Debug)]
pub struct Batch {
    process: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Batch {
    /// Starts a driver. What it writes to standard error goes where the command says.
    ///
    /// # Errors
    /// That it cannot be started.
    pub fn start(command: &mut Command) -> io::Result<Self> {
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let piped = || io::Error::other("the driver's input and output are not piped");
        let questions = process.stdin.take().ok_or_else(piped)?;
        let answers = BufReader::new(process.stdout.take().ok_or_else(piped)?);
        Ok(Self { process, questions, answers })
    }

    /// The answer to a question, a line each; `None` if the driver died of it.
    ///
    /// # Errors
    /// That the driver cannot be talked to any more.
    pub fn ask(&mut self, question: &str) -> io::Result<Option<String>> {
        writeln!(self.questions, "{question}")?;
        self.questions.flush()?;
        let mut answer = String::new();
        let died = self.answers.read_line(&mut answer)? == 0;
        Ok((!died).then_some(answer))
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        // One that has ended already needs no killing.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::Batch;

    #[test]
    fn lines_are_answered_by_lines() {
        let mut cat = Batch::start(&mut Command::new("cat")).expect("there is cat");
        assert_eq!(cat.ask("a").expect("it lives").as_deref(), Some("a\n"));
        assert_eq!(cat.ask("b").expect("it lives").as_deref(), Some("b\n"));
    }

    #[test]
    fn a_driver_that_dies_has_no_answer() {
        let mut dying = Batch::start(Command::new("sh").args(["-c", "read line"])).expect("there is sh");
        assert_eq!(dying.ask("a").expect("it reads"), None);
    }
}
