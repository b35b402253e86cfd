//! Running events: handlers in order, on the thread that has the event for as long as none of them waits. Which handler
//! is next is [`Dispatch`]'s business, and what they decided is that of the verbs.

use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use parking_lot::Mutex;
use pyo3::intern;
use pyo3::prelude::*;
use siphon_script::dispatch::{Arguments, Function as Callee, Step};
use siphon_script::{
    BackgroundEvent, Context, Dispatch, Event, EventId, Fault, HandlerIndex, Handlers, Outcome, OutcomeSink, Script,
    ScriptSource,
};

mod background;
mod waiting;

use waiting::Waiting;

use crate::classes;
use crate::convert::Function;
use crate::engine::Modules;
use crate::fault;
use crate::handler::Handler;
use crate::interpreter::Interpreter;
use crate::scope::{EventScope, within};

/// A loaded script.
pub(crate) struct PythonScript(Arc<Loaded>);

/// What a script's running handlers share.
struct Loaded {
    interpreter: Arc<Interpreter>,
    handlers: Vec<Handler>,
    infos: Handlers,
    background: Arc<Context>,
    /// Which event loop its handlers prefer: always the same one for a tenant, across reloads.
    home: usize,
    waiting: Waiting,
    // Last: the functions go before the modules.
    modules: Modules,
}

impl PythonScript {
    pub(crate) fn new(
        interpreter: Arc<Interpreter>,
        source: &ScriptSource,
        modules: Modules,
        handlers: Vec<Handler>,
        infos: Handlers,
        background: Arc<Context>,
    ) -> Self {
        let home = usize::try_from(source.tenant.0).unwrap_or_default();
        Self(Arc::new(Loaded { interpreter, handlers, infos, background, home, waiting: Waiting::default(), modules }))
    }
}

impl Script for PythonScript {
    fn run(&self, event: Event, sink: &Arc<dyn OutcomeSink>) -> Option<(EventId, Outcome)> {
        let run =
            Run { dispatch: Dispatch::new(event, &self.0.infos), sink: Arc::clone(sink), objects: Objects::default() };
        Python::attach(|py| self.0.drive(py, run))
    }

    fn run_background(&self, event: BackgroundEvent) {
        Python::attach(|py| self.0.run_background(py, event));
    }
}

/// An event on its way over its handlers.
struct Run {
    dispatch: Dispatch,
    sink: Arc<dyn OutcomeSink>,
    objects: Objects,
}

/// The objects of an event: every handler gets the same ones.
#[derive(Default)]
struct Objects {
    request: Option<Py<classes::Request>>,
    reply: Option<Py<classes::Reply>>,
}

impl Objects {
    fn request(&mut self, py: Python<'_>, request: Arc<siphon_script::Request>) -> PyResult<Py<classes::Request>> {
        if let Some(object) = &self.request {
            return Ok(object.clone_ref(py));
        }
        let object = Py::new(py, classes::Request::new(request))?;
        Ok(self.request.insert(object).clone_ref(py))
    }

    fn reply(&mut self, py: Python<'_>, reply: Arc<siphon_script::Reply>) -> PyResult<Py<classes::Reply>> {
        if let Some(object) = &self.reply {
            return Ok(object.clone_ref(py));
        }
        let object = Py::new(py, classes::Reply::new(reply))?;
        Ok(self.reply.insert(object).clone_ref(py))
    }
}

/// How far a call came on this thread.
enum Called<'py> {
    /// It returned.
    Returned,
    /// It is a coroutine, of which nothing has run.
    Coroutine(Bound<'py, PyAny>),
}

impl Loaded {
    /// Runs the handlers from the next one on. `None` when one of them waits: then its end continues
    /// here on another thread.
    fn drive(self: &Arc<Self>, py: Python<'_>, mut run: Run) -> Option<(EventId, Outcome)> {
        while let Some(step) = run.dispatch.next() {
            match self.call(py, &mut run.objects, &step) {
                Ok(Called::Returned) => run.dispatch.ended(Ok(())),
                Ok(Called::Coroutine(coroutine)) => run = self.start(py, run, &step, &coroutine)?,
                Err(error) => {
                    let fault = self.fault(py, &step, &error);
                    run.dispatch.ended(Err(fault));
                }
            }
        }
        Some(run.dispatch.outcome())
    }

    fn call<'py>(&self, py: Python<'py>, objects: &mut Objects, step: &Step) -> PyResult<Called<'py>> {
        let (function, may_wait) = match &step.function {
            Callee::Handler(index) => match self.handler(*index) {
                Some(handler) => (&handler.function, handler.info.is_async),
                None => return Ok(Called::Returned),
            },
            Callee::Callback(callback) => match callback.downcast::<Function>() {
                Some(function) => (&function.0, true),
                None => return Ok(Called::Returned),
            },
        };
        let function = function.bind(py);
        let event = Arc::clone(request_of(&step.arguments).context());
        let returned = within(&event, || match &step.arguments {
            Arguments::Request(request) => function.call1((objects.request(py, Arc::clone(request))?,)),
            Arguments::Reply(request, reply) => {
                let request = objects.request(py, Arc::clone(request))?;
                function.call1((request, objects.reply(py, Arc::clone(reply))?))
            }
            Arguments::Failure(request, code, reason) => {
                function.call1((objects.request(py, Arc::clone(request))?, *code, reason))
            }
        })?;
        if may_wait { self.interpreter.awaited(returned) } else { Ok(Called::Returned) }
    }

    /// Starts a coroutine on this thread. Gives the run back when it has ended already.
    fn start<'py>(
        self: &Arc<Self>,
        py: Python<'py>,
        run: Run,
        step: &Step,
        coroutine: &Bound<'py, PyAny>,
    ) -> Option<Run> {
        let then = Then::Continue { run: Box::new(run), step: step.clone() };
        let resume = Resume { script: Arc::clone(self), then: Mutex::new(Some(then)) };
        let resume = match Bound::new(py, resume) {
            Ok(resume) => resume,
            Err(error) => {
                // Out of memory: the run went with it, and the deadline answers the event.
                tracing::error!(%error, "an async handler could not be started");
                return None;
            }
        };
        let event = Bound::new(py, EventScope(Arc::clone(request_of(&step.arguments).context())));
        let begun = event.and_then(|event| self.begin(coroutine, &resume, Some(event)));
        let result = match begun {
            Ok(None) => return None,
            Ok(Some(task)) => task.call_method0(intern!(py, "result")),
            Err(error) => Err(error),
        };
        let Some(Then::Continue { mut run, .. }) = resume.get().then.lock().take() else { return None };
        run.dispatch.ended(result.map(drop).map_err(|error| self.fault(py, step, &error)));
        Some(*run)
    }

    /// The task, when it is done already; else `resume` is called when it is.
    fn begin<'py>(
        &self,
        coroutine: &Bound<'py, PyAny>,
        resume: &Bound<'py, Resume>,
        event: Option<Bound<'py, EventScope>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let stays = self.waiting.is_possible();
        let started = self.interpreter.run(coroutine, resume.as_any(), event, self.home, stays)?;
        match started.extract::<bool>() {
            Err(_) => {
                self.waiting.did_not();
                Ok(Some(started))
            }
            Ok(has_waited) => {
                if has_waited {
                    self.waiting.did();
                }
                Ok(None)
            }
        }
    }

    /// Goes on with an event whose coroutine has ended on a loop. Elsewhere: what comes next, another handler or what
    /// the sink does with the outcome, may block, and others wait on this loop.
    fn resume(self: &Arc<Self>, py: Python<'_>, mut run: Run, step: &Step, result: PyResult<()>) -> PyResult<()> {
        run.dispatch.ended(result.map_err(|error| self.fault(py, step, &error)));
        let rest = Rest { script: Arc::clone(self), run: Mutex::new(Some(run)) };
        self.interpreter.aside(Bound::new(py, rest)?.as_any())
    }

    fn handler(&self, index: HandlerIndex) -> Option<&Handler> {
        self.handlers.get(index.0)
    }

    fn fault(&self, py: Python<'_>, step: &Step, error: &PyErr) -> Fault {
        let name = match &step.function {
            Callee::Handler(index) => self.handler(*index).map_or("", |handler| handler.info.name.as_str()),
            Callee::Callback(_) => "the relay's callback",
        };
        fault::raised(self.modules.bind(py), error, name, request_of(&step.arguments).context())
    }
}

const fn request_of(arguments: &Arguments) -> &Arc<siphon_script::Request> {
    match arguments {
        Arguments::Request(request) | Arguments::Reply(request, _) | Arguments::Failure(request, ..) => request,
    }
}

/// What happens when a coroutine has ended on a loop.
enum Then {
    /// The next handler of its event runs.
    Continue { run: Box<Run>, step: Step },
    /// Somebody is told.
    Tell(SyncSender<PyResult<()>>),
}

/// The done callback of a task that did not end where it was started.
#[pyclass(frozen, module = "siphon")]
struct Resume {
    script: Arc<Loaded>,
    then: Mutex<Option<Then>>,
}

#[pymethods]
impl Resume {
    fn __call__(&self, task: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = task.py();
        let result = task.call_method0(intern!(py, "result")).map(drop);
        let then = self.then.lock().take();
        match then {
            None => Ok(()),
            Some(Then::Continue { run, step }) => self.script.resume(py, *run, &step, result),
            Some(Then::Tell(sender)) => {
                // Nobody listens any more when the process ends.
                let _ = sender.send(result);
                Ok(())
            }
        }
    }
}

/// The rest of an event, for a thread that may block.
#[pyclass(frozen, module = "siphon")]
struct Rest {
    script: Arc<Loaded>,
    run: Mutex<Option<Run>>,
}

#[pymethods]
impl Rest {
    fn __call__(&self, py: Python<'_>) {
        let Some(run) = self.run.lock().take() else { return };
        let sink = Arc::clone(&run.sink);
        if let Some((id, outcome)) = self.script.drive(py, run) {
            py.detach(move || sink.deliver(id, outcome));
        }
    }
}

impl Interpreter {
    /// Whether what a function returned is to be run.
    fn awaited<'py>(&self, returned: Bound<'py, PyAny>) -> PyResult<Called<'py>> {
        if returned.is_none() {
            return Ok(Called::Returned);
        }
        Ok(self.coroutine(returned)?.map_or(Called::Returned, Called::Coroutine))
    }
}
