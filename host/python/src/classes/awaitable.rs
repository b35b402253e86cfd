//! Results that can be awaited although they are known already. Nothing waits here.

use pyo3::IntoPyObjectExt;
use pyo3::exceptions::PyStopIteration;
use pyo3::prelude::*;

/// What `cache.*` returns: a coroutine that is at its end. It can be awaited, gathered, and made a task of.
#[pyclass(frozen, immutable_type, module = "siphon")]
pub(crate) struct Completed(Py<PyAny>);

impl Completed {
    pub(crate) fn new<'py, T: IntoPyObject<'py>>(py: Python<'py>, value: T) -> PyResult<Self> {
        Ok(Self(value.into_bound_py_any(py)?.unbind()))
    }
}

#[pymethods]
impl Completed {
    const fn __await__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    const fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<()> {
        Err(end(py, self.0.bind(py)))
    }

    fn send(&self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        self.__next__(value.py())
    }

    #[pyo3(signature = (kind, value = None, _traceback = None))]
    fn throw(
        &self,
        kind: &Bound<'_, PyAny>,
        value: Option<&Bound<'_, PyAny>>,
        _traceback: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        thrown(kind, value)
    }

    const fn close(&self) {}
}

/// What `auth.require_*` and `auth.verify_*` return: its truth value is the answer, and awaiting it gives the same.
#[pyclass(frozen, immutable_type, module = "siphon")]
pub(crate) struct DigestResult(bool);

impl DigestResult {
    pub(crate) const fn new(accepted: bool) -> Self {
        Self(accepted)
    }
}

#[pymethods]
impl DigestResult {
    const fn __bool__(&self) -> bool {
        self.0
    }

    const fn __await__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    const fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<()> {
        Err(end(py, &self.0.into_bound_py_any(py)?))
    }

    fn send(&self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        self.__next__(value.py())
    }

    #[pyo3(signature = (kind, value = None, _traceback = None))]
    fn throw(
        &self,
        kind: &Bound<'_, PyAny>,
        value: Option<&Bound<'_, PyAny>>,
        _traceback: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        thrown(kind, value)
    }

    const fn close(&self) {}

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        match other.cast::<Self>() {
            Ok(other) => other.get().0 == self.0,
            Err(_) => other.extract::<bool>().is_ok_and(|other| other == self.0),
        }
    }

    fn __hash__(&self) -> u64 {
        u64::from(self.0)
    }

    const fn __repr__(&self) -> &'static str {
        if self.0 { "<DigestResult True>" } else { "<DigestResult False>" }
    }
}

/// The end of a coroutine that returns `value`.
fn end(py: Python<'_>, value: &Bound<'_, PyAny>) -> PyErr {
    // The instance is made here: an exception's tuple of arguments would be taken apart.
    match py.get_type::<PyStopIteration>().call1((value,)) {
        Ok(stop) => PyErr::from_value(stop),
        Err(error) => error,
    }
}

/// What a coroutine raises into which somebody throws.
fn thrown(kind: &Bound<'_, PyAny>, value: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
    let error = match value {
        Some(value) if !value.is_none() => value.clone(),
        _ if kind.is_callable() => kind.call0()?,
        _ => kind.clone(),
    };
    Err(PyErr::from_value(error))
}
