//! Everything that can be counted: the server's own numbers, read when somebody asks, and those that scripts declare.

mod families;
mod memory;
mod page;
mod script;

use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};

use prometheus::{Registry, TextEncoder};
use siphon_core::Environment;
use siphon_transport::Transport;

use crate::clock::MonotonicClock;
use crate::generations::LoadedGenerations;
use crate::reload::Reloader;
use crate::runtime::{Runtime, RuntimeCounters};

use self::families::Families;
pub(crate) use self::page::{bind, serve};
pub(crate) use self::script::ScriptMetrics;

/// Where the numbers come from.
pub(crate) struct Sources {
    pub(crate) runtime: Arc<Runtime>,
    pub(crate) environment: Arc<Environment>,
    pub(crate) transport: Arc<Transport>,
    pub(crate) reloader: Arc<Reloader>,
    pub(crate) generations: Arc<LoadedGenerations>,
    pub(crate) counters: Arc<RuntimeCounters>,
    pub(crate) clock: Arc<MonotonicClock>,
    /// What the tables of registrar, auth, security and cache say of themselves: name, help, value.
    pub(crate) tables: Vec<TableGauge>,
}

/// The size of a table, read when somebody asks.
pub(crate) struct TableGauge {
    pub(crate) name: &'static str,
    pub(crate) help: &'static str,
    pub(crate) is_counter: bool,
    pub(crate) read: Box<dyn Fn() -> u64 + Send + Sync>,
}

/// The metrics page's content.
pub(crate) struct ServerMetrics {
    script: Arc<ScriptMetrics>,
    registry: Registry,
    sources: OnceLock<Sources>,
}

impl ServerMetrics {
    /// An empty page; the sources are told when they exist.
    pub(crate) fn new() -> Self {
        let registry = Registry::new();
        let script = Arc::new(ScriptMetrics::new(registry.clone()));
        Self { script, registry, sources: OnceLock::new() }
    }

    /// Where the numbers come from. Told once.
    pub(crate) fn read_from(&self, sources: Sources) {
        let _ = self.sources.set(sources);
    }

    /// The scripts' metrics.
    pub(crate) fn script(&self) -> &Arc<ScriptMetrics> {
        &self.script
    }

    /// The page.
    pub(crate) fn render(&self) -> String {
        let mut families = Families::default();
        if let Some(sources) = self.sources.get() {
            sources.collect(&mut families);
        }
        families.counter(
            "siphon_script_metrics_refused_total",
            "declarations and samples refused",
            self.script.refused(),
        );
        families.gauge("siphon_script_metrics", "metrics declared by scripts", self.script.len() as u64);
        let mut gathered = families.into_gathered();
        gathered.extend(self.registry.gather());
        TextEncoder::new().encode_to_string(&gathered).unwrap_or_else(|error| {
            tracing::error!(%error, "the metrics page cannot be written");
            String::new()
        })
    }
}

impl Sources {
    fn collect(&self, families: &mut Families) {
        self.collect_core(families);
        self.collect_transport(families);
        self.collect_script(families);
        for table in &self.tables {
            if table.is_counter {
                families.counter(table.name, table.help, (table.read)());
            } else {
                families.gauge(table.name, table.help, (table.read)());
            }
        }
        families.gauge("siphon_uptime_seconds", "since the start", self.clock.time().as_micros() / 1_000_000);
        families.gauge("siphon_memory_resident_bytes", "resident memory", memory::resident_bytes());
    }

    fn collect_core(&self, families: &mut Families) {
        let counters = &self.environment.counters;
        families.counters("siphon_requests_total", "requests received", "method", counters.requests.iter());
        families.counters("siphon_responses_total", "responses sent upstream", "code", counters.responses.iter());
        for (name, help, counter) in [
            ("siphon_retransmissions_total", "requests received again", &counters.retransmissions),
            ("siphon_invalid_requests_total", "requests refused for their form", &counters.invalid_requests),
            ("siphon_invalid_responses_total", "responses dropped for their form", &counters.invalid_responses),
            ("siphon_stray_responses_total", "responses that belong to nothing", &counters.stray_responses),
            ("siphon_stray_acks_total", "ACKs that lead nowhere", &counters.stray_acks),
            ("siphon_loops_total", "requests answered 482", &counters.loops),
            ("siphon_overload_total", "requests answered 503 because a table was full", &counters.overload),
            ("siphon_draining_total", "requests answered 503 while going down", &counters.draining),
            ("siphon_script_executions_total", "script events run", &counters.script_runs),
            ("siphon_script_errors_total", "script events that raised or broke a limit", &counters.script_errors),
            ("siphon_script_timeouts_total", "script events that overstayed", &counters.script_timeouts),
            ("siphon_late_outcomes_total", "outcomes that came too late", &counters.late_outcomes),
            ("siphon_shed_events_total", "script events shed", &counters.shed_events),
            ("siphon_silent_drops_total", "requests that the script let fall", &counters.silent_drops),
            ("siphon_resolve_failures_total", "names without an address", &counters.resolve_failures),
            (
                "siphon_transport_failures_total",
                "branches that ended with a transport error",
                &counters.transport_failures,
            ),
        ] {
            families.counter(name, help, counter.value());
        }
        let (mut transactions, mut proxied, mut events) = (0, 0, 0);
        self.runtime.inspect_shards(|shard| {
            let gauges = shard.gauges();
            transactions += gauges.server_transactions + gauges.client_transactions;
            proxied += gauges.contexts;
            events += gauges.events;
        });
        families.gauge("siphon_transactions_active", "transactions, wait timers included", transactions as u64);
        families.gauge("siphon_proxy_requests_active", "requests in progress", proxied as u64);
        families.gauge("siphon_script_events_active", "script events not decided yet", events as u64);
        families.gauge("siphon_reader_backlog", "work that waits for the readers", self.runtime.backlog() as u64);
        families.gauge("siphon_resolver_queue", "questions for addresses", self.runtime.pending_names() as u64);
    }

    fn collect_transport(&self, families: &mut Families) {
        use siphon_sip::TransportProtocol;
        let stats = self.transport.stats();
        for (name, help, value) in [
            ("siphon_datagrams_received_total", "datagrams received", stats.datagrams_received),
            ("siphon_datagrams_sent_total", "datagrams sent", stats.datagrams_sent),
            ("siphon_datagrams_dropped_total", "datagrams dropped", stats.datagrams_dropped),
            ("siphon_datagrams_oversize_total", "datagrams larger than UDP allows", stats.datagrams_oversize),
            ("siphon_icmp_errors_total", "datagrams that came to nobody", stats.icmp_errors),
            ("siphon_stream_messages_received_total", "messages received on streams", stats.stream_messages_received),
            ("siphon_stream_messages_sent_total", "messages sent on streams", stats.stream_messages_sent),
            ("siphon_connections_refused_total", "streams refused", stats.connections_refused),
            ("siphon_connections_evicted_total", "idle streams closed for new ones", stats.connections_evicted),
            ("siphon_connections_idle_total", "streams closed because nothing happened", stats.connections_closed_idle),
            (
                "siphon_connections_stalled_total",
                "streams closed with a message half received or half sent",
                stats.connections_closed_stalled,
            ),
            ("siphon_streams_refused_total", "streams closed for what they sent", stats.streams_refused),
            (
                "siphon_send_queue_overflows_total",
                "messages refused because the peer did not read",
                stats.send_queue_overflows,
            ),
        ] {
            families.counter(name, help, value);
        }
        let tcp = self.transport.connection_count(TransportProtocol::Tcp) as u64;
        families.gauges("siphon_connections_active", "open streams", "transport", [("tcp", tcp)].into_iter());
        let malformed = self.counters.malformed.load(Ordering::Relaxed);
        families.counter("siphon_malformed_messages_total", "messages that could not be read", malformed);
        let full = self.counters.inbox_full.load(Ordering::Relaxed);
        families.counter("siphon_shard_inbox_full_total", "messages dropped before a full shard", full);
        let shed = self.counters.background_shed.load(Ordering::Relaxed);
        families.counter("siphon_background_events_shed_total", "timer and binding events shed", shed);
    }

    fn collect_script(&self, families: &mut Families) {
        let admission = self.runtime.admission();
        let threads = self.runtime.thread_gauges();
        for (name, help, value) in [
            ("siphon_pyexec_pool_size", "handler threads", threads.live),
            ("siphon_pyexec_pool_idle", "handler threads without work", threads.idle),
            ("siphon_pyexec_pool_max", "handler threads that there may be", threads.max),
            ("siphon_pyexec_inflight", "handlers running", admission.running()),
            ("siphon_pyexec_queue_depth", "events that wait for a thread", admission.waiting()),
            (
                "siphon_background_events_waiting",
                "timer and binding events that wait",
                self.runtime.background_backlog(),
            ),
            ("siphon_pyexec_parked", "asynchronous handlers that wait for something", admission.parked_now()),
            ("siphon_script_generations", "generations that live", self.generations.living_count()),
        ] {
            families.gauge(name, help, value as u64);
        }
        let reloads = self.reloader.counters();
        for (name, help, value) in [
            ("siphon_pyexec_jobs_completed_total", "handlers that returned", admission.completions()),
            ("siphon_pyexec_jobs_shed_total", "events refused", admission.sheds()),
            (
                "siphon_handler_takeovers_total",
                "seats taken from overstaying handlers",
                self.runtime.monitor().takeovers(),
            ),
            ("siphon_script_swaps_total", "generations swapped in", reloads.swaps.load(Ordering::Relaxed)),
            ("siphon_script_refusals_total", "loads that failed", reloads.refusals.load(Ordering::Relaxed)),
        ] {
            families.counter(name, help, value);
        }
        let healthy = u64::from(self.reloader.last_error().is_none());
        families.gauge("siphon_script_last_load_ok", "1 when the last load succeeded", healthy);
    }
}
