//! Holds a cluster to its sources: events in, steps of one signature, status set once.
//!
//! `index` is the state machine: pure, it takes events (objects seen, work finished, health and drift noticed, time
//! passed) and answers with the work to be started and the timers to be set. [`Engine::start`] runs it as the one owner
//! of all state: a loop that feeds it from watches and starts its work on bounded pools. Nothing sleeps while it waits:
//! a wait is a [`Phase`] with a wake-up event. [`Handle`] gives others a cheap snapshot ([`State`]) and the progress as
//! it happens ([`Progress`]).

mod actor;
mod bootstrap;
mod clock;
mod destination;
mod engine;
mod index;
mod name;
mod options;
mod phase;
mod progress;
mod queue;
mod rivals;
mod source_name;
mod source_object;
mod state;
mod status;
mod timers;
mod work;
mod world;

pub use clock::{Clock, SystemClock};
pub use engine::{Engine, Handle, StartError};
pub use name::Name;
pub use options::{AgentSource, DefaultNamespace, LocalSource, Options};
pub use phase::{On, Phase};
pub use progress::{Progress, ProgressLine};
pub use rivals::running_flux;
pub use source_name::{SourceKind, SourceName};
pub use state::{
    Counters, DeliveryState, DiagnosticState, HealedDrift, HealthCount, HealthState, ObjectState, PlanState,
    PlannedChange, SourceState, State, StatusCondition,
};
