//! One run: everything that happens, in the order of virtual time, and who hears of it. Who does what then is said by
//! the agents, the proxy and the script.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use siphon_core::{Input, Output, ResolveFailure, ResolveTicket, ResolvedTarget};
use siphon_script::{Event, EventId, Generation, Outcome};
use siphon_sip::{ByteStr, Time, TransportProtocol};

use super::agenda::Agenda;
use super::agents::{Agents, Cue, Deed, Scene};
use super::check::{Faults, Invariant, Notes, Record};
use super::glance::{Glance, Method, Start};
use super::mutant::Mutant;
use super::network::{self, Network, Place};
use super::plan::{MIX, Plan};
use super::proxy::Proxy;
use super::random::Random;
use super::report::{Report, Tally};

mod judge;
mod script;

/// A session in which nothing has happened for so long is over: longer than Timer C, and than any call is held.
const QUIET: Duration = Duration::from_secs(300);

/// How often the script is swapped, and bindings are looked over.
const RELOAD: Duration = Duration::from_secs(1_800);
const SWEEP: Duration = Duration::from_secs(60);

/// How long after the last session the run is over, whatever is left.
const RUN_OUT: Duration = Duration::from_secs(3_600);

/// A run to be made. Begin with [`Simulation::of`].
#[derive(Clone, Copy, Debug)]
pub struct Simulation {
    seed: u64,
    calls: u32,
    span: Duration,
    mutant: Mutant,
    traced: Option<u32>,
}

impl Simulation {
    /// 24 hours with 10,000 calls, and REGISTER, OPTIONS and MESSAGE beside them.
    #[must_use]
    pub const fn of(seed: u64) -> Self {
        Self { seed, calls: 10_000, span: Duration::from_secs(86_400), mutant: Mutant::None, traced: None }
    }

    /// As many calls in as much time.
    #[must_use]
    pub const fn with_calls(self, calls: u32, span: Duration) -> Self {
        Self { calls, span, ..self }
    }

    /// A proxy with a defect.
    #[must_use]
    pub const fn with_mutant(self, mutant: Mutant) -> Self {
        Self { mutant, ..self }
    }

    /// The report shall have what passed on the wire in that session.
    #[must_use]
    pub const fn traced(self, session: u32) -> Self {
        Self { traced: Some(session), ..self }
    }

    /// Makes the run.
    #[must_use]
    pub fn run(self) -> Report {
        let begun = Instant::now();
        let mut world = World::new(self);
        world.live();
        world.judge();
        world.report(begun.elapsed())
    }

    const fn sessions(&self) -> u32 {
        self.calls.div_ceil(MIX.1) * MIX.0
    }
}

/// What can happen.
enum Happening {
    Arrival(Datagram),
    Cue(Cue),
    Begin(u32),
    /// A handler comes to its end.
    HandlerEnds {
        event: Box<Event>,
        generation: std::sync::Arc<Generation>,
    },
    /// What a handler decided reaches the core.
    Decided {
        id: EventId,
        outcome: Box<Outcome>,
    },
    Resolved {
        ticket: ResolveTicket,
        host: String,
    },
    /// Whether a session is over.
    Look(u32),
    Reload,
    Sweep,
}

struct Datagram {
    message: Rc<Glance>,
    from: SocketAddr,
    to: SocketAddr,
}

/// Everything with one Call-ID.
struct Session {
    plan: Plan,
    agents: Agents,
    record: Record,
    last: Time,
}

struct World {
    simulation: Simulation,
    now: Time,
    agenda: Agenda<Happening>,
    network: Network,
    proxy: Proxy,
    sessions: HashMap<u32, Session>,
    random: Random,
    tally: Tally,
    faults: Faults,
    trace: Vec<String>,
    outputs: Vec<Output>,
    /// Sessions whose datagrams the proxy has just sent.
    touched: Vec<u32>,
}

impl World {
    fn new(simulation: Simulation) -> Self {
        let seed = simulation.seed;
        let mut agenda = Agenda::new();
        let start = Time::from_micros(1_000_000);
        agenda.enter(start, Happening::Begin(0));
        agenda.enter(start + RELOAD, Happening::Reload);
        agenda.enter(start + SWEEP, Happening::Sweep);
        Self {
            simulation,
            now: start,
            agenda,
            network: Network::new(seed),
            proxy: Proxy::new(seed, simulation.mutant),
            sessions: HashMap::new(),
            random: Random::new(seed, 2),
            tally: Tally::default(),
            faults: Faults::default(),
            trace: Vec::new(),
            outputs: Vec::new(),
            touched: Vec::new(),
        }
    }

    /// Lets time pass until nothing more can happen.
    fn live(&mut self) {
        let end = self.now + self.simulation.span + RUN_OUT;
        loop {
            let (agenda, timer) = (self.agenda.next(), self.proxy.next_deadline());
            let Some(next) = agenda.into_iter().chain(timer).min().filter(|next| *next <= end) else { return };
            self.now = self.now.max(next);
            if timer == Some(next) {
                self.proxy.advance(self.now, &mut self.outputs);
                self.perform();
            } else if let Some(happening) = self.agenda.take() {
                self.happen(happening);
            }
        }
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Arrival(datagram) => self.arrive(&datagram),
            Happening::Cue(cue) => self.act(cue.session, |agents, scene| agents.wake(scene, cue)),
            Happening::Begin(number) => self.begin(number),
            Happening::HandlerEnds { event, generation } => {
                self.run_handlers(*event, &generation);
                self.perform();
            }
            Happening::Decided { id, outcome } => {
                self.decided(id, *outcome);
                self.perform();
            }
            Happening::Resolved { ticket, host } => {
                self.resolved(ticket, &host);
                self.perform();
            }
            Happening::Look(number) => self.look(number),
            Happening::Reload => {
                self.proxy.reload();
                self.enter_again(RELOAD, Happening::Reload);
            }
            Happening::Sweep => {
                self.proxy.sweep(self.now);
                self.enter_again(SWEEP, Happening::Sweep);
            }
        }
    }

    fn enter_again(&mut self, after: Duration, happening: Happening) {
        if !self.sessions.is_empty() {
            self.agenda.enter(self.now + after, happening);
        }
    }

    fn begin(&mut self, number: u32) {
        let Simulation { seed, span, .. } = self.simulation;
        let sessions = self.simulation.sessions();
        let plan = Plan::of(seed, number);
        let session = Session { plan, agents: Agents::default(), record: Record::default(), last: self.now };
        self.sessions.insert(number, session);
        self.agenda.enter(self.now + QUIET, Happening::Look(number));
        self.act(number, Agents::begin);
        if number + 1 < sessions {
            // Half of them come in bursts.
            let mean = (span / sessions).as_micros() as u64;
            let longest = if self.random.percent(50) { mean / 50 } else { 4 * mean };
            let wait = Duration::from_micros(self.random.below(longest + 1));
            self.agenda.enter(self.now + wait, Happening::Begin(number + 1));
        }
    }

    /// Lets the agents of a session do something.
    fn act(&mut self, number: u32, action: impl FnOnce(&mut Agents, &mut Scene<'_>)) {
        let Some(session) = self.sessions.get_mut(&number) else { return };
        session.last = self.now;
        let mut deeds = Vec::new();
        let mut scene = Scene {
            session: number,
            plan: &session.plan,
            now: self.now,
            deeds: &mut deeds,
            tally: &mut self.tally,
            faults: &mut self.faults,
        };
        action(&mut session.agents, &mut scene);
        for deed in deeds {
            match deed {
                Deed::Send { from, to, message } => self.transmit(Datagram { message, from, to }),
                Deed::Wake { at, cue } => self.agenda.enter(at, Happening::Cue(cue)),
            }
        }
    }

    /// Gives a datagram to the network.
    fn transmit(&mut self, datagram: Datagram) {
        let delays = self.network.carry();
        let Datagram { message, from, to } = datagram;
        self.note("sends", &message, from, to, delays.len());
        for delay in delays {
            let datagram = Datagram { message: Rc::clone(&message), from, to };
            self.agenda.enter(self.now + delay, Happening::Arrival(datagram));
        }
    }

    fn arrive(&mut self, datagram: &Datagram) {
        let Datagram { message, from, to } = datagram;
        self.note("reaches", message, *from, *to, 1);
        match Place::of(*to) {
            Place::Proxy(listener) => {
                self.with_record(message.session, |record, notes| record.delivered(message, notes));
                self.touched.push(message.session);
                self.proxy.receive(message, *from, (listener, *to), self.now, &mut self.outputs);
                self.perform();
            }
            Place::Agent => self.act(message.session, |agents, scene| agents.receive(scene, message, *from, *to)),
            Place::Unreachable => self.tell_unreachable(message),
            Place::BlackHole | Place::Unroutable => {}
        }
    }

    /// ICMP says that nobody is there.
    fn tell_unreachable(&mut self, message: &Glance) {
        let method = match message.start {
            Start::Request { method, .. } => method.name().parse().ok(),
            Start::Response { .. } => None,
        };
        if message.method != Method::Cancel && message.method != Method::Ack {
            self.with_record(message.session, |record, _| record.failed(message));
        }
        let branch = ByteStr::from(message.branch_text().to_owned());
        let shard = self.proxy.shard_of(message) as u16;
        self.proxy.tell(shard, Input::Unreachable { branch, method }, self.now, &mut self.outputs);
        self.perform();
    }

    /// Does what the proxy wants to be done, and what follows from it, until there is no more to do at this moment.
    fn perform(&mut self) {
        while !self.outputs.is_empty() {
            for output in std::mem::take(&mut self.outputs) {
                match output {
                    Output::Send { bytes, to, tag } => self.proxy_sends(bytes, to, tag),
                    Output::Resolve { ticket, query } => {
                        self.tally.resolves += 1;
                        let delay = self.random.millis(1, 900);
                        self.agenda.enter(self.now + delay, Happening::Resolved { ticket, host: query.host });
                    }
                    Output::Run { event, generation } => self.run(event, generation),
                }
            }
        }
        let mut touched = std::mem::take(&mut self.touched);
        for number in touched.drain(..) {
            self.with_record(number, Record::settled);
        }
        self.touched = touched;
    }

    fn proxy_sends(&mut self, bytes: bytes::Bytes, to: siphon_sip::Destination, tag: siphon_core::SendTag) {
        let message = match Glance::read(bytes) {
            Ok(message) => Rc::new(message),
            Err(why) => return self.faults.find(Invariant::WellFormed, None, self.now, why.to_owned()),
        };
        let Some(from) = network::listeners().nth(usize::from(to.listener.0)) else { return };
        let number = message.session;
        self.with_record(number, |record, notes| record.sent(&message, to.remote, notes));
        self.touched.push(number);
        if Place::of(to.remote) != Place::Unroutable {
            return self.transmit(Datagram { message, from, to: to.remote });
        }
        self.note("cannot send", &message, from, to.remote, 0);
        if let Some(shard) = tag.shard() {
            self.with_record(number, |record, _| record.failed(&message));
            self.proxy.tell(shard, Input::SendFailed { tag }, self.now, &mut self.outputs);
        }
    }

    fn resolved(&mut self, ticket: ResolveTicket, host: &str) {
        let target = |address| ResolvedTarget { transport: TransportProtocol::Udp, address };
        let targets: Vec<_> = network::resolve(host).into_iter().map(target).collect();
        let targets = if targets.is_empty() { Err(ResolveFailure::NotFound) } else { Ok(targets) };
        self.proxy.tell(ticket.shard, Input::Resolved { ticket, targets }, self.now, &mut self.outputs);
    }

    fn with_record(&mut self, number: u32, action: impl FnOnce(&mut Record, &mut Notes<'_>)) {
        let mut notes = Notes { session: number, at: self.now, faults: &mut self.faults };
        match self.sessions.get_mut(&number) {
            Some(session) => {
                session.last = self.now;
                action(&mut session.record, &mut notes);
            }
            None => self.faults.find(
                Invariant::TransactionsEnd,
                number,
                self.now,
                "the proxy is not done with a session that has long been over".to_owned(),
            ),
        }
    }

    /// Writes a line for the session that is traced.
    fn note(&mut self, what: &str, message: &Glance, from: SocketAddr, to: SocketAddr, copies: usize) {
        if self.simulation.traced == Some(message.session) {
            let at = self.now.as_micros() as f64 / 1e6;
            let fate = if copies == 1 { String::new() } else { format!(" ({copies} copies)") };
            self.trace.push(format!("{at:.6} {from} {what} {to}{fate}: {}", message.summary()));
        }
    }
}
