//! Puts the parts of a server together. It decides nothing: what each part does is its own business.

mod sockets;
mod state;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use siphon_core::{CoreConfig, Environment, Limits, ServerIdentity, Shard};
use siphon_python::{PythonConfig, PythonEngine};
use siphon_script::ports::Timers;
use siphon_script::{Generation, ScriptEngine};
use siphon_sip::{ByteStr, Listener, TenantId};
use siphon_transaction::TransactionConfig;
use siphon_transport::{Resolver, ResolverConfig, Seat, Transport};

use crate::builtin::BuiltinScript;
use crate::clock::MonotonicClock;
use crate::config::Config;
use crate::generations::LoadedGenerations;
use crate::metrics::{self, ServerMetrics, Sources, TableGauge};
use crate::reload::{Reloader, ScriptFiles};
use crate::runtime::{Parts, Runtime, RuntimeCounters, RuntimeLimits};
use crate::server::StartError;
use crate::timers::ScriptTimers;

use self::state::State;

/// A server whose parts run.
pub(crate) struct Wired {
    pub(crate) runtime: Arc<Runtime>,
    pub(crate) environment: Arc<Environment>,
    pub(crate) reloader: Arc<Reloader>,
    pub(crate) generations: Arc<LoadedGenerations>,
    pub(crate) metrics: Arc<ServerMetrics>,
    pub(crate) metrics_address: Option<SocketAddr>,
    pub(crate) listeners: Vec<Listener>,
    /// What waits, and the built-in script's folder: they go with the server.
    _background: tokio::runtime::Runtime,
    _builtin: Option<BuiltinScript>,
}

/// Everything that exists before a socket is bound: enough to load a script.
struct Base {
    engine: Arc<dyn ScriptEngine>,
    clock: Arc<MonotonicClock>,
    generations: Arc<LoadedGenerations>,
    timers: Arc<ScriptTimers>,
    metrics: Arc<ServerMetrics>,
    background: tokio::runtime::Runtime,
    builtin: Option<BuiltinScript>,
    files: ScriptFiles,
}

/// Loads the script of a configuration without serving it.
///
/// # Errors
/// What is wrong with the script, or with the machine.
pub(crate) fn load_aside(config: &Config) -> Result<Arc<Generation>, StartError> {
    let base = Base::new(config)?;
    let identity = Arc::new(sockets::identity(config, Vec::new(), None)?);
    let state = State::new(config, &base.clock, &base.generations);
    let reloader = base.reloader(&state, &identity);
    load(&reloader)
}

/// Binds, loads and starts.
///
/// # Errors
/// What of the configuration cannot be had on this machine, or what is wrong with the script.
pub(crate) fn wire(config: &Config) -> Result<Wired, StartError> {
    let base = Base::new(config)?;
    let page = match config.prometheus.listen {
        None => None,
        Some(address) => Some(metrics::bind(address).map_err(|error| StartError::MetricsPage { address, error })?),
    };
    let (transport, seats) = siphon_transport::bind(&sockets::transport_config(config))?;
    let listeners = sockets::listeners(config, transport.listeners());
    let identity = Arc::new(sockets::identity(config, listeners.clone(), Some(&transport))?);
    let state = State::new(config, &base.clock, &base.generations);
    let reloader = Arc::new(base.reloader(&state, &identity));
    // The script first: what it declares at its top level is there before the first message.
    load(&reloader)?;
    let environment = Arc::new(environment(config, &base, identity, &reloader));
    let counters = Arc::new(RuntimeCounters::default());
    let runtime = start_runtime(config, &base, &state, &environment, &transport, seats, &counters)?;
    state.start(&runtime, base.background.handle(), &base.clock);
    base.timers.run_with(runtime.background_runner());
    base.metrics.read_from(Sources {
        runtime: Arc::clone(&runtime),
        environment: Arc::clone(&environment),
        transport,
        reloader: Arc::clone(&reloader),
        generations: Arc::clone(&base.generations),
        counters,
        clock: Arc::clone(&base.clock),
        tables: state.tables().into_iter().chain([timer_gauge(&base.timers)]).collect(),
    });
    let metrics_address = page.map(|page| serve_page(page, config, &base)).transpose()?;
    Ok(Wired {
        runtime,
        environment,
        reloader,
        generations: base.generations,
        metrics: base.metrics,
        metrics_address,
        listeners,
        _background: base.background,
        _builtin: base.builtin,
    })
}

fn timer_gauge(timers: &Arc<ScriptTimers>) -> TableGauge {
    let timers = Arc::clone(timers);
    let read = Box::new(move || timers.active_count(TenantId::DEFAULT) as u64);
    TableGauge { name: "siphon_script_timers", help: "timers that scripts set", is_counter: false, read }
}

impl Base {
    fn new(config: &Config) -> Result<Self, StartError> {
        let python = PythonConfig {
            async_pool_size: config.script.async_pool_size,
            virtual_env: std::env::var_os("VIRTUAL_ENV").map(PathBuf::from),
        };
        let engine = PythonEngine::start(&python).map_err(|error| StartError::Config(error.to_string()))?;
        let background = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("siphon-background")
            .enable_all()
            .build()
            .map_err(StartError::system("the background runtime"))?;
        let generations = Arc::new(LoadedGenerations::default());
        let (builtin, path) = match &config.script.path {
            Some(path) => (None, path.clone()),
            None => {
                let builtin = BuiltinScript::unpack().map_err(StartError::system("the built-in script"))?;
                let path = builtin.path();
                (Some(builtin), path)
            }
        };
        Ok(Self {
            engine: Arc::new(engine),
            clock: Arc::new(MonotonicClock::new()),
            timers: ScriptTimers::new(background.handle().clone(), Arc::clone(&generations)),
            generations,
            metrics: Arc::new(ServerMetrics::new()),
            background,
            builtin,
            files: ScriptFiles { path, include_paths: config.script.include_paths.clone() },
        })
    }

    fn reloader(&self, state: &State, identity: &Arc<ServerIdentity>) -> Reloader {
        let ports = state.ports(&self.clock, self.metrics.script(), &self.timers, identity);
        Reloader::new(
            Arc::clone(&self.engine),
            ports,
            self.files.clone(),
            Arc::clone(&self.generations),
            Arc::clone(&self.timers),
        )
    }
}

fn load(reloader: &Reloader) -> Result<Arc<Generation>, StartError> {
    let path = || reloader.files().path.clone();
    reloader.reload().map_err(|error| StartError::Script { path: path(), error })
}

fn environment(config: &Config, base: &Base, identity: Arc<ServerIdentity>, reloader: &Reloader) -> Environment {
    let shards = usize::from(config.server.shards);
    let core = CoreConfig {
        transaction: TransactionConfig {
            max_transactions: config.transaction.max_transactions.div_ceil(shards),
            ..TransactionConfig::default()
        },
        invite_timeout: config.transaction.invite_timeout,
        trying_delay: Some(config.transaction.trying_delay),
        timer_c: config.transaction.timer_c,
        handler_deadline: config.script.handler_timeout,
        mtu: Some(config.listen.mtu),
        server_header: Some(ByteStr::from(config.server.server_header.clone())),
        ..CoreConfig::default()
    };
    let limits = Limits { contexts: config.transaction.max_transactions.div_ceil(shards), ..Limits::default() };
    let generations = Arc::clone(&base.generations);
    Environment::new(core, limits, identity, Arc::clone(reloader.ports()), generations)
}

fn start_runtime(
    config: &Config,
    base: &Base,
    state: &State,
    environment: &Arc<Environment>,
    transport: &Arc<Transport>,
    seats: Vec<Arc<Seat>>,
    counters: &Arc<RuntimeCounters>,
) -> Result<Arc<Runtime>, StartError> {
    let shards = (0..config.server.shards).map(|number| Shard::new(number, rand::random(), Arc::clone(environment)));
    let parts = Parts {
        transport: Arc::clone(transport),
        seats,
        shards: shards.collect(),
        engine: Arc::clone(&base.engine),
        resolver: Arc::new(Resolver::new(ResolverConfig::default())),
        clock: Arc::clone(&base.clock),
        counters: Arc::clone(counters),
        screen: Arc::clone(state.screen()),
        limits: RuntimeLimits {
            threads: config.script.sync_pool_max,
            waiting_events: config.script.executor_queue_capacity,
            parked_handlers: config.script.async_pending_max,
            shard_inbox: SHARD_INBOX,
            stall_abort: config.script.stall_abort,
            sip: sockets::limits(config),
        },
        shard_seed: rand::random(),
    };
    Runtime::start(parts).map_err(StartError::system("the monitor's thread"))
}

/// Inputs that may wait for one shard: it is drained in microseconds, so what waits longer is a flood.
const SHARD_INBOX: usize = 10_000;

fn serve_page(page: std::net::TcpListener, config: &Config, base: &Base) -> Result<SocketAddr, StartError> {
    let address = page.local_addr().map_err(StartError::system("the metrics page"))?;
    let metrics = Arc::clone(&base.metrics);
    let path = config.prometheus.path.clone();
    let listener = {
        let _inside = base.background.enter();
        tokio::net::TcpListener::from_std(page).map_err(StartError::system("the metrics page"))?
    };
    base.background.spawn(metrics::serve(listener, path, Arc::new(move || metrics.render())));
    tracing::info!(%address, path = config.prometheus.path, "metrics page");
    Ok(address)
}

/// How often what has run out is looked for.
const SWEEP: Duration = Duration::from_secs(1);
