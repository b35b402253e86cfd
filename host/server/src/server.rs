//! A server from its start to its end.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use siphon_script::LoadError;
use siphon_sip::TransportProtocol;
use siphon_transport::BindError;

use crate::config::{Config, Reload};
use crate::drain::drain;
use crate::reload::Watch;
use crate::wiring::{self, Wired};

/// Why a server did not start. Nothing of it is left behind.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// A listener cannot be had.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The metrics page's address cannot be had.
    #[error("metrics.prometheus.listen {address}: {error}")]
    MetricsPage {
        /// The address.
        address: SocketAddr,
        /// Why.
        error: std::io::Error,
    },
    /// The script does not load.
    #[error("{path}: {}", .error.traceback.as_deref().unwrap_or(&.error.message))]
    Script {
        /// The script.
        path: PathBuf,
        /// What is wrong with it.
        error: LoadError,
    },
    /// A value of the configuration makes no sense together with the machine.
    #[error("{0}")]
    Config(String),
    /// The machine refuses something: a thread, a file, an inotify watch.
    #[error("{what}: {error}")]
    System {
        /// What was tried.
        what: &'static str,
        /// Why it failed.
        error: std::io::Error,
    },
}

impl StartError {
    pub(crate) fn system(what: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        move |error| Self::System { what, error }
    }
}

/// A running server. It stops when the value is dropped.
pub struct Server {
    parts: Wired,
    drain_limit: Duration,
    stop: Arc<StopOrder>,
    watch: Option<Watch>,
}

/// Whether someone asked the server to stop.
#[derive(Default)]
struct StopOrder {
    asked: Mutex<bool>,
    changed: Condvar,
    hurry: AtomicBool,
}

impl Server {
    /// Binds, loads the script and starts serving. Returns when the first message would be answered.
    ///
    /// # Errors
    /// Says what of the configuration cannot be had on this machine.
    pub fn start(config: &Config) -> Result<Self, StartError> {
        let parts = wiring::wire(config)?;
        let watch = match config.script.reload {
            Reload::Sighup => None,
            Reload::Auto => Some(Watch::start(Arc::clone(&parts.reloader)).map_err(|error| StartError::System {
                what: "watching the script's folder",
                error: std::io::Error::other(error),
            })?),
        };
        for listener in &parts.listeners {
            tracing::info!(transport = %listener.transport, address = %listener.bound, advertised = %listener.advertised(), "listening");
        }
        tracing::info!("ready");
        Ok(Self { parts, drain_limit: config.server.drain, stop: Arc::default(), watch })
    }

    /// The address of the first listener of that transport, with its real port.
    #[must_use]
    pub fn address(&self, transport: TransportProtocol) -> Option<SocketAddr> {
        self.parts.listeners.iter().find(|listener| listener.transport == transport).map(|listener| listener.bound)
    }

    /// The address of the metrics page, with its real port.
    #[must_use]
    pub const fn metrics_address(&self) -> Option<SocketAddr> {
        self.parts.metrics_address
    }

    /// Loads the script again; a failure changes nothing and is in the log.
    ///
    /// # Errors
    /// What is wrong with the script.
    pub fn reload(&self) -> Result<u64, LoadError> {
        self.parts.reloader.reload().map(|generation| generation.number)
    }

    /// The text of the metrics page.
    #[must_use]
    pub fn metrics(&self) -> String {
        self.parts.metrics.render()
    }

    /// What another thread needs to stop the server: call it once to drain, twice to end at once.
    pub fn stopper(&self) -> impl Fn() + Send + 'static + use<> {
        let stop = Arc::clone(&self.stop);
        move || {
            let mut asked = stop.asked.lock();
            if *asked {
                stop.hurry.store(true, Ordering::SeqCst);
            }
            *asked = true;
            stop.changed.notify_all();
        }
    }

    /// What another thread needs to reload the script.
    pub fn reload_handle(&self) -> impl Fn() + Send + 'static + use<> {
        let reloader = Arc::clone(&self.parts.reloader);
        move || {
            // A failure is logged by the reloader and leaves the generation before.
            let _ = reloader.reload();
        }
    }

    /// Blocks until a stopper was called, then drains and ends.
    pub fn run(self) {
        {
            let mut asked = self.stop.asked.lock();
            while !*asked {
                self.stop.changed.wait(&mut asked);
            }
        }
        let stop = Arc::clone(&self.stop);
        drain(&self.parts.runtime, &self.parts.environment, self.drain_limit, &|| stop.hurry.load(Ordering::SeqCst));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.watch = None;
        self.parts.runtime.stop();
        self.parts.generations.clear();
    }
}
