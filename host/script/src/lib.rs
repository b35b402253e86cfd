//! The script API: events, verbs, ports and outcomes; knows neither Python nor WASM.
//!
//! The core makes an [`Event`], an engine runs the handlers that [`Dispatch`] names, the handlers call verbs on
//! [`Request`] and [`Reply`] and in the modules named like the script's namespaces, and what they decided goes back as
//! one [`Outcome`].
#![forbid(unsafe_code)]

pub mod aor;
pub mod auth;
pub mod cache;
pub mod contact;
pub mod context;
pub mod dispatch;
pub mod engine;
pub mod error;
pub mod event;
pub mod flow;
mod headers;
pub mod kit;
pub mod log;
pub mod metrics;
pub mod outcome;
pub mod ports;
pub mod proxy;
pub mod register;
pub mod registrar;
pub mod reply;
pub mod request;
mod send_socket;
pub mod timer;
pub mod uri;

pub use aor::Aor;
pub use contact::{Contact, ContactKind, QValue};
pub use context::{Context, Grants, Interface, Liveness};
pub use dispatch::Dispatch;
pub use engine::{
    Generation, HandlerIndex, HandlerInfo, HandlerKind, Handlers, LoadError, MethodFilter, OutcomeSink, Schedule,
    Script, ScriptEngine, ScriptSource,
};
pub use error::{ApiError, ErrorClass};
pub use event::{BackgroundEvent, BindingChange, Callback, Event, EventId, EventKind};
pub use flow::ScriptFlow;
pub use outcome::{
    Action, Decision, Fault, FaultKind, Fork, ForkTarget, LocalReply, Outcome, Relay, ReplyDecision, SendSocket,
};
pub use ports::Ports;
pub use register::{ContactUpdate, RegisterChange, RegisterKind, RegisterRefusal};
pub use reply::Reply;
pub use request::Request;
pub use uri::ScriptUri;
