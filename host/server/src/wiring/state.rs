//! What outlives a call: bindings, users, caches, the screen before the core, and the ports over them.

use std::sync::{Arc, OnceLock};

use siphon_core::ServerIdentity;
use siphon_core::auth::{DigestAuthenticator, DigestConfig, NonceConfig};
use siphon_core::registrar::{Registrar, RegistrarObserver, RegistrarPolicy};
use siphon_core::security::{Screen, ScreenConfig, SourceLimiter, SourceRate};
use siphon_script::ports::Clock;
use siphon_script::{Aor, BackgroundEvent, BindingChange, Contact, HandlerKind, Ports};
use siphon_sip::TenantId;
use siphon_store::{CacheDefinition, MemoryBindings, MemoryCache};
use tokio::runtime::Handle;

use super::SWEEP;
use crate::clock::MonotonicClock;
use crate::config::Config;
use crate::generations::LoadedGenerations;
use crate::metrics::{ScriptMetrics, TableGauge};
use crate::runtime::Runtime;
use crate::timers::ScriptTimers;

/// The state that is shared by all calls.
pub(super) struct State {
    bindings: Arc<MemoryBindings>,
    registrar: Arc<Registrar>,
    authenticator: Arc<DigestAuthenticator>,
    cache: Arc<MemoryCache>,
    limiter: Arc<SourceLimiter>,
    screen: Arc<Screen>,
    changes: Arc<ChangeEvents>,
}

impl State {
    /// Everything empty.
    pub(super) fn new(config: &Config, clock: &MonotonicClock, generations: &Arc<LoadedGenerations>) -> Self {
        let bindings = Arc::new(MemoryBindings::new(rand::random(), config.registrar.max_aors));
        let changes = Arc::new(ChangeEvents { generations: Arc::clone(generations), runtime: OnceLock::new() });
        let policy = RegistrarPolicy {
            default_expires: config.registrar.default_expires,
            min_expires: config.registrar.min_expires,
            max_expires: config.registrar.max_expires,
            max_contacts: config.registrar.max_contacts,
            ..RegistrarPolicy::default()
        };
        let observer: Arc<dyn RegistrarObserver> = Arc::clone(&changes) as _;
        let registrar = Registrar::new(Arc::clone(&bindings) as _, policy, clock.unix().0).with_observer(observer);
        Self {
            bindings,
            registrar: Arc::new(registrar),
            authenticator: Arc::new(authenticator(config, clock)),
            cache: Arc::new(MemoryCache::new(rand::random(), config.caches.iter().map(cache_definition))),
            limiter: Arc::new(SourceLimiter::new(rand::random(), config.security.max_sources)),
            screen: Arc::new(screen(config)),
            changes,
        }
    }

    /// The ports over this state.
    pub(super) fn ports(
        &self,
        clock: &Arc<MonotonicClock>,
        metrics: &Arc<ScriptMetrics>,
        timers: &Arc<ScriptTimers>,
        identity: &Arc<ServerIdentity>,
    ) -> Arc<Ports> {
        Arc::new(Ports {
            location: Arc::clone(&self.registrar) as _,
            authenticator: Arc::clone(&self.authenticator) as _,
            cache: Arc::clone(&self.cache) as _,
            identity: Arc::clone(identity) as _,
            limiter: Arc::clone(&self.limiter) as _,
            clock: Arc::clone(clock) as _,
            metrics: Arc::clone(metrics) as _,
            timers: Arc::clone(timers) as _,
        })
    }

    /// The screen before the core.
    pub(super) fn screen(&self) -> &Arc<Screen> {
        &self.screen
    }

    /// Begins to tell the scripts of changed bindings and to sweep what has run out.
    pub(super) fn start(&self, runtime: &Arc<Runtime>, background: &Handle, clock: &Arc<MonotonicClock>) {
        let _ = self.changes.runtime.set(Arc::downgrade(runtime));
        let (registrar, cache, screen) =
            (Arc::clone(&self.registrar), Arc::clone(&self.cache), Arc::clone(&self.screen));
        let clock = Arc::clone(clock);
        background.spawn(async move {
            let mut ticks = tokio::time::interval(SWEEP);
            loop {
                ticks.tick().await;
                let now = clock.time();
                while registrar.sweep(now) > 0 {
                    tokio::task::yield_now().await;
                }
                cache.sweep(now);
                screen.sweep(now);
            }
        });
    }

    /// What the tables say of themselves.
    pub(super) fn tables(&self) -> Vec<TableGauge> {
        let gauge =
            |name, help, read: Box<dyn Fn() -> u64 + Send + Sync>| TableGauge { name, help, is_counter: false, read };
        let counter =
            |name, help, read: Box<dyn Fn() -> u64 + Send + Sync>| TableGauge { name, help, is_counter: true, read };
        let (registrar, bindings) = (Arc::clone(&self.registrar), Arc::clone(&self.bindings));
        let nonces = Arc::clone(&self.authenticator);
        let limiter = Arc::clone(&self.limiter);
        let auth = |read: fn(&DigestAuthenticator) -> u64| {
            let authenticator = Arc::clone(&self.authenticator);
            Box::new(move || read(&authenticator)) as Box<dyn Fn() -> u64 + Send + Sync>
        };
        let of_screen = |read: fn(&Screen) -> u64| {
            let screen = Arc::clone(&self.screen);
            Box::new(move || read(&screen)) as Box<dyn Fn() -> u64 + Send + Sync>
        };
        let caches = |read: fn(siphon_store::CacheGauges) -> u64| {
            let cache = Arc::clone(&self.cache);
            let sum = move || cache.gauges().map(|(_, _, gauges)| read(gauges)).sum();
            Box::new(sum) as Box<dyn Fn() -> u64 + Send + Sync>
        };
        vec![
            gauge(
                "siphon_registrations_active",
                "bindings",
                Box::new(move || registrar.counts(TenantId::DEFAULT).map_or(0, |counts| counts.bindings)),
            ),
            gauge("siphon_registered_aors", "AoRs that are kept", Box::new(move || bindings.len() as u64)),
            gauge(
                "siphon_nonces_active",
                "nonces remembered against replay",
                Box::new(move || nonces.remembered_nonces() as u64),
            ),
            counter(
                "siphon_auth_success_total",
                "right and fresh credentials",
                auth(|auth| auth.counters().valid.value()),
            ),
            counter("siphon_auth_failures_total", "wrong credentials", auth(|auth| auth.counters().failures.value())),
            counter(
                "siphon_auth_stale_total",
                "right credentials, stale nonce",
                auth(|auth| auth.counters().stale.value()),
            ),
            gauge("siphon_banned_ips", "banned sources", of_screen(|screen| screen.banned_sources() as u64)),
            gauge(
                "siphon_rate_sources",
                "sources that the rate limit remembers",
                of_screen(|screen| screen.tracked_sources() as u64),
            ),
            gauge(
                "siphon_script_rate_sources",
                "sources that proxy.rate_limit remembers",
                Box::new(move || limiter.tracked_sources() as u64),
            ),
            counter(
                "siphon_banned_total",
                "requests of banned sources",
                of_screen(|screen| screen.counters().banned.value()),
            ),
            counter(
                "siphon_rate_limited_total",
                "requests over the limit",
                of_screen(|screen| screen.counters().rate_limited.value()),
            ),
            counter(
                "siphon_scanner_blocked_total",
                "requests of scanners",
                of_screen(|screen| screen.counters().scanners.value()),
            ),
            gauge("siphon_cache_entries", "entries of all caches", caches(|gauges| gauges.entries as u64)),
            gauge("siphon_cache_bytes", "bytes of all caches", caches(|gauges| gauges.bytes as u64)),
            counter("siphon_cache_evicted_total", "entries pushed out", caches(|gauges| gauges.evicted)),
        ]
    }
}

fn authenticator(config: &Config, clock: &MonotonicClock) -> DigestAuthenticator {
    let auth = &config.auth;
    let secret = auth.nonce_secret.clone().map_or_else(|| rand::random::<[u8; 32]>().to_vec(), String::into_bytes);
    let nonces = NonceConfig {
        secret,
        seed: rand::random(),
        ttl: auth.nonce_ttl,
        max_nonces: auth.max_nonces,
        started: clock.unix(),
    };
    let digest = DigestConfig {
        realm: auth.realm.clone(),
        further_realms: Vec::new(),
        algorithms: auth.algorithms.clone(),
        users: auth.users.clone().into_iter().collect(),
        enforce_aor_match: config.registrar.enforce_auth_aor_match,
    };
    DigestAuthenticator::new(nonces, [(TenantId::DEFAULT, digest)])
}

fn cache_definition(section: &crate::config::CacheSection) -> CacheDefinition {
    CacheDefinition {
        ttl: section.ttl,
        max_entries: section.max_entries,
        ..CacheDefinition::new(TenantId::DEFAULT, section.name.clone())
    }
}

fn screen(config: &Config) -> Screen {
    let security = &config.security;
    let rate = security.rate_limit.as_ref().map(|limit| SourceRate {
        window: limit.window,
        max_requests: limit.max_requests,
        ban: limit.ban,
    });
    Screen::new(ScreenConfig {
        rate,
        scanner_agents: security.scanner_agents.clone(),
        trusted: security.trusted_cidrs.clone(),
        max_sources: security.max_sources,
        seed: rand::random(),
    })
}

/// Tells the current generation of changed bindings, on a handler thread.
struct ChangeEvents {
    generations: Arc<LoadedGenerations>,
    runtime: OnceLock<std::sync::Weak<Runtime>>,
}

impl RegistrarObserver for ChangeEvents {
    fn wants(&self, tenant: TenantId) -> bool {
        let current = self.generations.current_of(tenant);
        current.is_some_and(|generation| generation.handlers.has(HandlerKind::RegistrarChange))
    }

    fn changed(&self, tenant: TenantId, aor: &Aor, change: BindingChange, contacts: &[Contact]) {
        let runtime = self.runtime.get().and_then(std::sync::Weak::upgrade);
        let (Some(generation), Some(runtime)) = (self.generations.current_of(tenant), runtime) else { return };
        let contacts = contacts.to_vec();
        let event = BackgroundEvent::RegistrarChange { aor: aor.to_string(), change, contacts };
        runtime.run_background(generation, event, Box::new(|| {}));
    }
}
