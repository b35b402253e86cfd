//! What a namespace's verbs act for. Tenant and generation are the namespace's own; which event is running matters only
//! for what that event has staged, and only an event of the same generation counts.

use std::cell::RefCell;
use std::sync::Arc;

use pyo3::intern;
use pyo3::prelude::*;
use siphon_script::{Context, Liveness};

thread_local! {
    /// The event whose plain function runs on this thread.
    static RUNNING: RefCell<Option<Arc<Context>>> = const { RefCell::new(None) };
}

/// Calls `function` for an event.
pub(crate) fn within<R>(event: &Arc<Context>, function: impl FnOnce() -> R) -> R {
    let outer = RUNNING.with_borrow_mut(|running| running.replace(Arc::clone(event)));
    let result = function();
    RUNNING.with_borrow_mut(|running| *running = outer);
    result
}

/// An event as the value of a context variable, which the tasks of a coroutine inherit.
#[pyclass(frozen, module = "siphon")]
pub(crate) struct EventScope(pub(crate) Arc<Context>);

/// What the namespaces of a generation share.
pub(crate) struct Scope {
    /// For what runs outside an event.
    pub(crate) background: Arc<Context>,
    /// The context variable that holds an [`EventScope`].
    pub(crate) event: Py<PyAny>,
}

impl Scope {
    /// The event that is running, or the background. A task that outlives its handler is in the background then.
    pub(crate) fn current(&self, py: Python<'_>) -> PyResult<Arc<Context>> {
        let event = match RUNNING.with_borrow(Clone::clone) {
            Some(event) => Some(event),
            None => {
                let value = self.event.bind(py).call_method1(intern!(py, "get"), (py.None(),))?;
                value.cast::<EventScope>().ok().map(|scope| Arc::clone(&scope.get().0))
            }
        };
        let is_ours = |event: &Arc<Context>| {
            (event.tenant, event.generation) == (self.background.tenant, self.background.generation)
                && event.liveness() != Liveness::Finished
        };
        Ok(event.filter(is_ours).unwrap_or_else(|| Arc::clone(&self.background)))
    }
}
