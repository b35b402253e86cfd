//! What a script registered while it loaded. Not the decorators themselves, which are Python: `siphon/_decorators.py`.

use std::time::Duration;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyAnyMethods, PyDict};
use siphon_script::{HandlerInfo, HandlerKind, MethodFilter, Schedule};

/// A registered function.
pub(crate) struct Handler {
    pub(crate) info: HandlerInfo,
    pub(crate) function: Py<PyAny>,
}

/// Executes the script and returns what it registered, in order.
pub(crate) fn collect(modules: &Bound<'_, PyAny>, text: &[u8]) -> PyResult<Vec<Handler>> {
    modules.call_method1("run_script", (text,))?;
    let registry = modules.getattr("table")?.call_method1("get", ("_siphon_registry",))?;
    if registry.is_none() {
        return Ok(Vec::new());
    }
    registry.call_method0("_seal")?;
    let mut handlers = Vec::new();
    for entry in registry.call_method0("entries")?.try_iter()? {
        handlers.extend(handler(&entry?)?);
    }
    Ok(handlers)
}

/// One entry of the registry; `None` for a kind that is an extension's.
fn handler(entry: &Bound<'_, PyAny>) -> PyResult<Option<Handler>> {
    let (kind, filter, function, is_async, metadata): (
        String,
        Option<String>,
        Bound<'_, PyAny>,
        bool,
        Option<Bound<'_, PyDict>>,
    ) = entry.extract()?;
    let Some(kind) = kind_of(&kind) else { return Ok(None) };
    let (name, source) = name_and_source(&function);
    let filter = filter.map(|text| MethodFilter::parse(&text)).transpose();
    let info = HandlerInfo {
        kind,
        filter: filter.map_err(|error| PyValueError::new_err(error.to_string()))?,
        name: given_name(metadata.as_ref())?.unwrap_or(name),
        source,
        is_async,
        schedule: if kind == HandlerKind::Every { Some(schedule(metadata.as_ref())?) } else { None },
    };
    Ok(Some(Handler { info, function: function.unbind() }))
}

fn kind_of(text: &str) -> Option<HandlerKind> {
    Some(match text {
        "proxy.on_request" => HandlerKind::Request,
        "proxy.on_reply" => HandlerKind::Reply,
        "proxy.on_register_reply" => HandlerKind::RegisterReply,
        "proxy.on_failure" => HandlerKind::Failure,
        "proxy.on_cancel" => HandlerKind::Cancel,
        "registrar.on_change" => HandlerKind::RegistrarChange,
        "timer.every" => HandlerKind::Every,
        _ => return None,
    })
}

fn given_name(metadata: Option<&Bound<'_, PyDict>>) -> PyResult<Option<String>> {
    let Some(name) = metadata.map(|metadata| metadata.get_item("name")).transpose()?.flatten() else {
        return Ok(None);
    };
    name.extract()
}

fn schedule(metadata: Option<&Bound<'_, PyDict>>) -> PyResult<Schedule> {
    let seconds = |key: &str| -> PyResult<Duration> {
        let value = metadata.map(|metadata| metadata.get_item(key)).transpose()?.flatten();
        let value: f64 = value.map(|value| value.extract()).transpose()?.unwrap_or_default();
        Duration::try_from_secs_f64(value).map_err(|error| PyValueError::new_err(format!("timer.every: {error}")))
    };
    Ok(Schedule { interval: seconds("seconds")?, jitter: seconds("jitter")? })
}

/// The name of a function and where it stands: `route.py:12`.
pub(crate) fn name_and_source(function: &Bound<'_, PyAny>) -> (String, String) {
    let unwrapped = function.py().import("inspect").and_then(|inspect| inspect.call_method1("unwrap", (function,)));
    let function = unwrapped.as_ref().unwrap_or(function);
    let text = |value: PyResult<Bound<'_, PyAny>>| value.ok().and_then(|value| value.extract::<String>().ok());
    let name = text(function.getattr("__qualname__")).unwrap_or_else(|| function.get_type().to_string());
    let source = function.getattr("__code__").ok().and_then(|code| {
        let file = text(code.getattr("co_filename"))?;
        let line: u32 = code.getattr("co_firstlineno").ok()?.extract().ok()?;
        let file = file.rsplit('/').next().unwrap_or_default().to_owned();
        Some(format!("{file}:{line}"))
    });
    (name, source.unwrap_or_default())
}
