//! What runs outside a transaction: timers and changes of bindings. Nobody takes an outcome; what fails is logged.

use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use parking_lot::Mutex;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyList;
use siphon_script::{BackgroundEvent, HandlerKind};

use super::{Called, Loaded, Resume, Then};
use crate::convert::Function;
use crate::{classes, fault};

impl Loaded {
    pub(super) fn run_background(self: &Arc<Self>, py: Python<'_>, event: BackgroundEvent) {
        match event {
            BackgroundEvent::RegistrarChange { aor, change, contacts } => {
                let arguments = || -> PyResult<_> {
                    let contacts = contacts
                        .iter()
                        .map(|contact| classes::Contact::new(contact.clone(), Arc::clone(&self.background)));
                    let contacts: Vec<Bound<'_, classes::Contact>> =
                        contacts.map(|contact| Bound::new(py, contact)).collect::<PyResult<_>>()?;
                    Ok((aor.as_str(), change.as_str(), PyList::new(py, contacts)?))
                };
                for handler in self.handlers.iter().filter(|handler| handler.info.kind == HandlerKind::RegistrarChange)
                {
                    let called = arguments().and_then(|arguments| handler.function.bind(py).call1(arguments));
                    self.finish_background(py, called, &handler.info.name);
                }
            }
            BackgroundEvent::Timer { key, callback } => {
                if let Some(function) = callback.downcast::<Function>() {
                    let called = function.0.bind(py).call1((key.as_str(),));
                    self.finish_background(py, called, &key);
                }
            }
            BackgroundEvent::Every { handler } => {
                if let Some(handler) = self.handler(handler) {
                    let called = handler.function.bind(py).call0();
                    self.finish_background(py, called, &handler.info.name);
                }
            }
        }
    }

    /// Waits for the end of a call that nobody's transaction waits for, and logs what it raised.
    fn finish_background(self: &Arc<Self>, py: Python<'_>, called: PyResult<Bound<'_, PyAny>>, name: &str) {
        let result = called.and_then(|returned| self.interpreter.awaited(returned)).and_then(|called| match called {
            Called::Returned => Ok(()),
            Called::Coroutine(coroutine) => self.wait_for(py, &coroutine),
        });
        if let Err(error) = result {
            fault::raised(self.modules.bind(py), &error, name, &self.background);
        }
    }

    fn wait_for(self: &Arc<Self>, py: Python<'_>, coroutine: &Bound<'_, PyAny>) -> PyResult<()> {
        let (sender, receiver) = sync_channel(1);
        let resume = Resume { script: Arc::clone(self), then: Mutex::new(Some(Then::Tell(sender))) };
        match self.begin(coroutine, &Bound::new(py, resume)?, None)? {
            Some(task) => task.call_method0(intern!(py, "result")).map(drop),
            // A loop that was closed under its task drops the sender: then there is no end to wait for.
            None => py.detach(move || receiver.recv()).unwrap_or(Ok(())),
        }
    }
}
