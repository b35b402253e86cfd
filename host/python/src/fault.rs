//! Exceptions of scripts as text for the log and as faults for the core. Not the exceptions that verbs raise: see
//! [`crate::convert`].

use pyo3::prelude::*;
use siphon_script::{Context, Fault, FaultKind};

/// An exception for people.
pub(crate) struct Described {
    /// `ValueError: no such user`.
    pub(crate) message: String,
    /// The whole of it, with the script's frames and not ours.
    pub(crate) traceback: String,
}

/// What an exception says, as the generation with these modules sees it.
pub(crate) fn describe(modules: &Bound<'_, PyAny>, error: &PyErr) -> Described {
    let py = modules.py();
    let described =
        modules.call_method1("describe", (error.value(py), error.traceback(py))).and_then(|pair| pair.extract());
    match described {
        Ok((message, traceback)) => Described { message, traceback },
        // An exception whose __str__ raises, or no memory to format it.
        Err(_) => Described { message: error.to_string(), traceback: String::new() },
    }
}

/// Logs an exception that a handler raised, and makes a fault of it.
pub(crate) fn raised(modules: &Bound<'_, PyAny>, error: &PyErr, handler: &str, context: &Context) -> Fault {
    let Described { message, traceback } = describe(modules, error);
    tracing::error!(
        target: "siphon::script",
        call_id = %context.call_id,
        generation = context.generation,
        tenant = %context.tenant,
        handler,
        "{message}\n{traceback}",
    );
    Fault { kind: FaultKind::Raised, message, traceback: Some(traceback) }
}
