//! The proxy: real shards, driven as the server drives them, but for sockets, threads and clocks. What it wants to be
//! done is done by `world.rs`.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use siphon_core::registrar::{Registrar, RegistrarPolicy};
use siphon_core::{
    CoreConfig, Environment, Generations, Input, Limits, Output, RouteTokens, ServerIdentity, Shard, ShardGauges,
};
use siphon_script::ports::Clock;
use siphon_script::{Generation, Ports};
use siphon_sip::{
    Flow, Limits as SipLimits, Listener, ListenerId, TenantId, Time, TransportProtocol, UnixTime, parse_message,
};
use siphon_store::MemoryBindings;

use super::check::TIMER_C;
use super::glance::{Glance, hash};
use super::mutant::{Cause, Mutant, Sabotage};
use super::network::listeners;
use super::routing::{self, Memory};

/// How long the handlers of one event may take.
pub(super) const HANDLER_DEADLINE: Duration = Duration::from_secs(8);

/// How many shards there are.
const SHARDS: usize = 4;

/// The server under test.
pub(super) struct Proxy {
    seed: u64,
    shards: Vec<Shard>,
    deadlines: Vec<Option<Time>>,
    environment: Arc<Environment>,
    clock: Arc<VirtualClock>,
    registrar: Arc<Registrar>,
    current: Arc<Current>,
    memory: Memory,
    replaced: Vec<Weak<Generation>>,
    loads: u64,
    sabotage: Sabotage,
    limits: SipLimits,
}

impl Proxy {
    pub(super) fn new(seed: u64, mutant: Mutant) -> Self {
        let clock = Arc::new(VirtualClock::default());
        let bindings = Arc::new(MemoryBindings::new([seed, 1], 10_000));
        let registrar = Arc::new(Registrar::new(bindings, RegistrarPolicy::default(), 1));
        let identity = Arc::new(identity());
        let ports = Ports {
            identity: Arc::clone(&identity) as _,
            location: Arc::clone(&registrar) as _,
            clock: Arc::clone(&clock) as _,
            ..(*siphon_script::kit::Kit::new().ports()).clone()
        };
        let memory = Memory::default();
        let current = Arc::new(Current(Mutex::new(routing::load(seed, 1, &memory))));
        let source = Arc::clone(&current) as Arc<dyn Generations>;
        let environment = Environment::new(config(mutant), Limits::default(), identity, Arc::new(ports), source);
        let environment = Arc::new(environment);
        let count = if mutant == Mutant::OutcomeTwice { 2 * SHARDS } else { SHARDS };
        let shard = |number: usize| {
            let seed = [seed.wrapping_mul(31).wrapping_add(number as u64), 0x5eed ^ number as u64];
            Shard::new(number as u16, seed, Arc::clone(&environment))
        };
        Self {
            seed,
            shards: (0..count).map(shard).collect(),
            deadlines: vec![None; count],
            environment,
            clock,
            registrar,
            current,
            memory,
            replaced: Vec::new(),
            loads: 1,
            sabotage: Sabotage::new(mutant),
            limits: SipLimits::default(),
        }
    }

    /// A datagram has arrived at a listener.
    pub(super) fn receive(
        &mut self,
        message: &Glance,
        from: SocketAddr,
        (listener, local): (u16, SocketAddr),
        now: Time,
        outputs: &mut Vec<Output>,
    ) {
        let (transport, listener) = (TransportProtocol::Udp, ListenerId(listener));
        let flow = Flow { transport, listener, local, remote: from, connection: None };
        let mut shard = self.shard_of(message);
        while shard < self.shards.len() {
            if let Ok(parsed) = parse_message(message.bytes().clone(), &self.limits) {
                let input = Input::Message { message: parsed, flow };
                self.handle(shard, input, Cause::Message(message), now, outputs);
            }
            // Only a mutant has more than one for a Call-ID.
            shard += SHARDS;
        }
    }

    /// Something else has happened that a shard has to know.
    pub(super) fn tell(&mut self, shard: u16, input: Input, now: Time, outputs: &mut Vec<Output>) {
        self.handle(usize::from(shard), input, Cause::Other, now, outputs);
    }

    fn handle(&mut self, shard: usize, input: Input, cause: Cause<'_>, now: Time, outputs: &mut Vec<Output>) {
        self.clock.0.store(now.as_micros(), Ordering::Relaxed);
        let mut own = Vec::new();
        self.shards[shard].handle(input, now, &mut own);
        self.finish(shard, cause, own, outputs);
    }

    fn finish(&mut self, shard: usize, cause: Cause<'_>, mut own: Vec<Output>, outputs: &mut Vec<Output>) {
        self.deadlines[shard] = self.shards[shard].next_deadline();
        self.sabotage.spoil(cause, &mut own);
        outputs.append(&mut own);
    }

    /// When the next timer of a shard is due.
    pub(super) fn next_deadline(&self) -> Option<Time> {
        self.deadlines.iter().flatten().min().copied()
    }

    /// Does what is due.
    pub(super) fn advance(&mut self, now: Time, outputs: &mut Vec<Output>) {
        self.clock.0.store(now.as_micros(), Ordering::Relaxed);
        for shard in 0..self.shards.len() {
            if self.deadlines[shard].is_some_and(|deadline| deadline <= now) {
                let mut own = Vec::new();
                self.shards[shard].advance(now, &mut own);
                self.finish(shard, Cause::Timer, own, outputs);
            }
        }
    }

    /// Swaps the script for new requests.
    pub(super) fn reload(&mut self) {
        self.loads += 1;
        let next = routing::load(self.seed, self.loads, &self.memory);
        let old = std::mem::replace(&mut *self.current.0.lock().unwrap(), next);
        self.replaced.push(Arc::downgrade(&old));
        drop(old);
        self.replaced.retain(|old| old.strong_count() > 0);
    }

    /// Drops bindings that have run out.
    pub(super) fn sweep(&self, now: Time) {
        while self.registrar.sweep(now) > 0 {}
    }

    /// Scripts that were replaced and are still there.
    pub(super) fn old_generations(&self) -> usize {
        self.replaced.iter().filter(|old| old.strong_count() > 0).count()
    }

    /// Addresses that have bindings.
    pub(super) fn registered(&self) -> u64 {
        self.registrar.counts(TenantId::DEFAULT).map_or(u64::MAX, |counts| counts.aors)
    }

    pub(super) fn gauges(&self) -> impl Iterator<Item = ShardGauges> {
        self.shards.iter().map(Shard::gauges)
    }

    pub(super) fn counters(&self) -> &siphon_core::Counters {
        &self.environment.counters
    }

    pub(super) fn shard_of(&self, message: &Glance) -> usize {
        hash(message.text(message.call_id).as_bytes()) as usize % SHARDS
    }
}

fn config(mutant: Mutant) -> CoreConfig {
    let timer_c = match mutant {
        Mutant::NoTimerC => Duration::from_secs(10 * 365 * 86_400),
        _ => Duration::from_micros(TIMER_C),
    };
    CoreConfig { timer_c, handler_deadline: HANDLER_DEADLINE, ..CoreConfig::default() }
}

fn identity() -> ServerIdentity {
    let listener = |(place, bound): (u16, SocketAddr)| Listener {
        id: ListenerId(place),
        transport: TransportProtocol::Udp,
        bound,
        advertise: None,
    };
    let tokens = RouteTokens::new(b"the simulator's secret", 1);
    ServerIdentity::new((0..).zip(listeners()).map(listener).collect(), vec!["example.com".to_owned()], tokens)
}

/// The script for new requests.
struct Current(Mutex<Arc<Generation>>);

impl Generations for Current {
    fn current(&self, _tenant: TenantId) -> Option<Arc<Generation>> {
        Some(Arc::clone(&self.0.lock().unwrap()))
    }
}

/// The time of the run, for the verbs.
#[derive(Default)]
struct VirtualClock(AtomicU64);

impl Clock for VirtualClock {
    fn now(&self) -> Time {
        Time::from_micros(self.0.load(Ordering::Relaxed))
    }

    fn unix(&self) -> UnixTime {
        UnixTime(1_700_000_000 + self.now().as_micros() / 1_000_000)
    }
}
