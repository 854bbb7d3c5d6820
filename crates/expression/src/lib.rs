//! CEL expressions as Flux has them in its fields: `healthCheckExprs` and `readyExpr`.
//!
//! Expressions come from repositories that nobody vouches for, so their length, their depth and the work they can cause are
//! limited, and their errors never tell the values they met.

mod cost;
mod health;
mod kinds;

use goyaml::Value;
use kube_cel::cel::{Context, ExecutionError, Program, Value as CelValue};
use kube_cel::{KubeCelExt, cel};

pub use health::{HealthExpressions, HealthRules, RuleError};

/// Bytes of one expression.
pub const MAX_BYTES: usize = 8_192;
/// Brackets that may be open at one place.
pub const MAX_DEPTH: usize = 32;
/// Steps that the loops of one evaluation may take together.
pub const MAX_STEPS: u64 = 10_000_000;

/// An expression that was parsed.
#[derive(Debug)]
pub struct Expression {
    text: String,
    program: Program,
    loops: cost::Loops,
}

/// Why an expression gives no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExpressionError {
    /// It is too long, or nested too deeply.
    #[error("the CEL expression is {0}")]
    TooLarge(String),
    /// It is no CEL.
    #[error("failed to parse the CEL expression '{text}': {why}")]
    Syntax {
        /// The expression.
        text: String,
        /// What the parser says.
        why: String,
    },
    /// Its loops would take too long over these values.
    #[error("the CEL expression '{0}' loops over more than {MAX_STEPS} combinations of values")]
    TooCostly(String),
    /// It cannot be evaluated over these values.
    #[error("failed to evaluate the CEL expression '{text}': {why}")]
    Evaluation {
        /// The expression.
        text: String,
        /// What is wrong, without the values.
        why: String,
    },
    /// It names a function or a variable that does not exist here.
    #[error("failed to evaluate the CEL expression '{text}': {why}")]
    Unknown {
        /// The expression.
        text: String,
        /// What does not exist.
        why: String,
    },
    /// It gives something else than true or false.
    #[error("failed to evaluate CEL expression as boolean: '{0}'")]
    NotBoolean(String),
}

impl Expression {
    /// Parses an expression.
    ///
    /// # Errors
    /// It is too long or too deep, or no CEL.
    pub fn parse(text: &str) -> Result<Self, ExpressionError> {
        if text.len() > MAX_BYTES {
            let told = format!("{} bytes long, and {MAX_BYTES} are allowed", text.len());
            return Err(ExpressionError::TooLarge(told));
        }
        if depth(text) > MAX_DEPTH {
            return Err(ExpressionError::TooLarge(format!("nested more than {MAX_DEPTH} levels deep")));
        }
        let syntax = |why: String| ExpressionError::Syntax { text: text.to_owned(), why };
        let program = Program::compile(text).map_err(|errors| syntax(in_one_line(&errors.to_string())))?;
        let loops = cost::Loops::of(program.expression());
        Ok(Self { text: text.to_owned(), program, loops })
    }

    /// Whether a variable occurs in it.
    pub fn mentions(&self, variable: &str) -> bool {
        self.program.references().has_variable(variable)
    }

    /// The steps that its loops take over such values, at most.
    pub fn steps<'v>(&self, values: impl Iterator<Item = &'v Value>) -> u64 {
        self.loops.steps(values)
    }

    /// The text it gives, given the variables.
    ///
    /// # Errors
    /// It cannot be evaluated, gives no text, or would take too long.
    pub fn text<'v>(
        &self,
        variables: impl IntoIterator<Item = (&'v str, &'v Value)> + Clone,
    ) -> Result<String, ExpressionError> {
        match self.evaluate(variables)? {
            CelValue::String(text) => Ok(text.to_string()),
            _ => Err(self.fault("it gives no text".to_owned())),
        }
    }

    /// Whether it is true, given the variables.
    ///
    /// # Errors
    /// It cannot be evaluated, gives no boolean, or would take too long.
    pub fn is_true<'v>(
        &self,
        variables: impl IntoIterator<Item = (&'v str, &'v Value)> + Clone,
    ) -> Result<bool, ExpressionError> {
        match self.evaluate(variables)? {
            CelValue::Bool(answer) => Ok(answer),
            _ => Err(ExpressionError::NotBoolean(self.text.clone())),
        }
    }

    fn evaluate<'v>(
        &self,
        variables: impl IntoIterator<Item = (&'v str, &'v Value)> + Clone,
    ) -> Result<CelValue, ExpressionError> {
        if self.loops.steps(variables.clone().into_iter().map(|(_, value)| value)) > MAX_STEPS {
            return Err(ExpressionError::TooCostly(self.text.clone()));
        }
        let mut context = Context::default().with_all();
        // Variables of these names win.
        kinds::add(&mut context);
        for (name, value) in variables {
            context.add_variable(name, value).map_err(|_| self.fault(format!("{name} has no form in CEL")))?;
        }
        self.program.execute(&context).map_err(|error| match error {
            ExecutionError::UndeclaredReference(_) | ExecutionError::NotSupportedAsMethod { .. } => {
                ExpressionError::Unknown { text: self.text.clone(), why: without_values(&error) }
            }
            _ => self.fault(without_values(&error)),
        })
    }

    fn fault(&self, why: String) -> ExpressionError {
        ExpressionError::Evaluation { text: self.text.clone(), why }
    }
}

impl ExpressionError {
    /// What is wrong, without the expression.
    pub fn why(&self) -> String {
        match self {
            Self::TooLarge(why) => format!("the expression is {why}"),
            Self::Syntax { why, .. } | Self::Evaluation { why, .. } | Self::Unknown { why, .. } => why.clone(),
            Self::TooCostly(_) => format!("it loops over more than {MAX_STEPS} combinations of values"),
            Self::NotBoolean(_) => "it is neither true nor false".to_owned(),
        }
    }
}

/// The most brackets that are open at one place; those in texts count too, which only makes the limit stricter.
fn depth(text: &str) -> usize {
    let (mut open, mut deepest) = (0_usize, 0);
    for byte in text.bytes() {
        match byte {
            b'(' | b'[' | b'{' => open += 1,
            b')' | b']' | b'}' => open = open.saturating_sub(1),
            // A chain of these is as deep as it is long.
            b'!' | b'-' | b'?' => deepest = deepest.max(open),
            _ => {}
        }
        deepest = deepest.max(open);
    }
    deepest
}

fn in_one_line(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

/// What is wrong, without the values that the library names, which may be secrets.
fn without_values(error: &cel::ExecutionError) -> String {
    match error {
        ExecutionError::NoSuchKey(name) => format!("no such key: {name}"),
        ExecutionError::UndeclaredReference(name) => format!("undeclared reference to '{name}'"),
        ExecutionError::InvalidArgumentCount { expected, actual } => {
            format!("a function was given {actual} arguments and takes {expected}")
        }
        ExecutionError::NotSupportedAsMethod { method, .. } => format!("'{method}' does not exist on such a value"),
        ExecutionError::UnexpectedType { want, .. } => format!("a value is no {want}"),
        ExecutionError::FunctionError { function, .. } => format!("'{function}' cannot be applied to such a value"),
        ExecutionError::IndexOutOfBounds(_) => "an index is out of bounds".to_owned(),
        ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_) => "a division by zero".to_owned(),
        ExecutionError::Overflow(operator, ..) => format!("'{operator}' overflows"),
        _ => "no such overload: an operator or a function does not fit the kinds of its values".to_owned(),
    }
}
