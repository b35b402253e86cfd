//! Runs the calls of a load: reads what arrives, lets due timers fire, begins new calls.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use siphon_sip::{HeaderName, Message, Method, Request, Response};

use super::callee::{Answering, branch, respond};
use super::caller::{Call, Dialog, Line, State};
use super::report::drops_of;
use super::timers::{Backoff, Due, Timers};
use super::wire::{Arrived, End, From, Wires};
use super::{Gate, Load, Progress, Report};
use crate::wait::PATIENCE;

/// How long a call may take beyond ringing and holding before it counts as failed, whatever its state.
const CALL_PATIENCE: Duration = Duration::from_secs(60);

pub(super) struct Engine {
    load: Load,
    wires: Wires,
    line: Line,
    progress: Arc<Progress>,
    calls: HashMap<u64, Call>,
    answering: HashMap<u64, Answering>,
    timers: Timers,
    begun: Instant,
    started: u64,
    report: Report,
    /// What a script says of itself in the requests that it routes.
    generation: HeaderName,
}

impl Engine {
    pub(super) fn new(load: Load, wires: Wires, progress: Arc<Progress>) -> Self {
        static LOADS: AtomicU64 = AtomicU64::new(0);
        let salt = format!("{}x{}", std::process::id(), LOADS.fetch_add(1, Ordering::Relaxed));
        let transport = wires.transport();
        let line = Line {
            transport,
            local: wires.caller_address(),
            callee: format!("sip:callee@{};transport={}", wires.callee_address(), transport.to_ascii_lowercase()),
            salt,
        };
        Self {
            load,
            wires,
            line,
            progress,
            calls: HashMap::new(),
            answering: HashMap::new(),
            timers: Timers::default(),
            begun: Instant::now(),
            started: 0,
            report: Report::default(),
            generation: HeaderName::parse(b"X-Generation").unwrap(),
        }
    }

    pub(super) fn run(mut self) -> Report {
        let before = self.drops();
        self.send_to_the_gate();
        while self.begin_calls(Instant::now()) || !self.is_quiet() {
            self.step();
        }
        self.open_the_gate();
        self.report.dropped = self.drops().saturating_sub(before);
        self.report
    }

    /// Whether every call is over for both of its ends.
    fn is_quiet(&self) -> bool {
        self.calls.is_empty() && self.answering.values().all(|one| one.is_acknowledged || one.backoff.is_none())
    }

    fn drops(&self) -> u64 {
        if self.wires.is_reliable() {
            return 0;
        }
        let own = drops_of(self.wires.caller_address()) + drops_of(self.wires.callee_address());
        own + drops_of(self.load.server)
    }

    /// Waits for what comes next and does what it asks for.
    fn step(&mut self) {
        let now = Instant::now();
        let next = [self.timers.first(), self.next_begin()].into_iter().flatten().min();
        let timeout = next.map_or(Duration::from_millis(50), |next| next.saturating_duration_since(now));
        // Not for long without a look at whether somebody wants this to end.
        let timeout = timeout.min(Duration::from_millis(50));
        let mut arrived = Vec::new();
        self.wires.wait(timeout, &mut arrived);
        if arrived.is_empty() {
            self.report.longest_pause = self.report.longest_pause.max(now.elapsed().saturating_sub(timeout));
        }
        for Arrived { end, from, message } in arrived {
            match (end, message) {
                (End::Caller, Message::Response(response)) => self.on_response(&response),
                (End::Callee, Message::Request(request)) => self.on_request(from, &request),
                (_, other) => self.failed(format!("unexpected: {:?}", other.to_bytes())),
            }
        }
        let now = Instant::now();
        while let Some((call, due)) = self.timers.next(now) {
            self.on_timer(call, due, now);
        }
    }

    /// Begins what is due; whether there will be more.
    fn begin_calls(&mut self, now: Instant) -> bool {
        while self.wants_more() && self.calls.len() < self.load.at_once {
            if self.next_begin().is_some_and(|at| at > now) {
                break;
            }
            self.begin(now);
        }
        self.wants_more()
    }

    /// After a failure nothing is begun any more: what it shows is shown.
    fn wants_more(&self) -> bool {
        match self.load.calls {
            _ if !self.report.failures.is_empty() => false,
            Some(calls) => self.started < calls,
            None => !self.progress.stop.load(Ordering::SeqCst),
        }
    }

    /// When the next call is to begin by its rate.
    fn next_begin(&self) -> Option<Instant> {
        let rate = self.load.per_second.filter(|_| self.wants_more() && self.calls.len() < self.load.at_once)?;
        Some(self.begun + Duration::from_secs_f64(self.started as f64 / f64::from(rate)))
    }

    fn begin(&mut self, now: Instant) {
        let number = self.started;
        self.started += 1;
        self.progress.started.store(self.started, Ordering::SeqCst);
        let request = self.line.invite(number);
        self.wires.send(request.as_bytes());
        let backoff = Backoff::invite(now, self.load.t1);
        let call = Call { state: State::Calling, backoff, request, ack: String::new(), dialog: None };
        self.calls.insert(number, call);
        self.again(number, Due::Invite, now);
    }

    /// Sets the timer of the next retransmission; with none left the call has failed.
    fn again(&mut self, number: u64, due: Due, now: Instant) {
        let Some(call) = self.calls.get_mut(&number) else { return };
        match call.backoff.next(now) {
            Some(at) => self.timers.set(at, number, due),
            None => self.give_up(number),
        }
    }

    fn give_up(&mut self, number: u64) {
        if let Some(call) = self.calls.remove(&number) {
            self.failed(format!("call {}: given up while {:?}", self.line.call_id(number), call.state));
        }
    }

    fn failed(&mut self, why: String) {
        self.report.failures.push(why);
        self.progress.failed.fetch_add(1, Ordering::SeqCst);
    }

    fn on_timer(&mut self, number: u64, due: Due, now: Instant) {
        let state = self.calls.get(&number).map(|call| call.state);
        match (due, state) {
            (Due::Invite, Some(State::Calling)) | (Due::Bye, Some(State::Ending)) => {
                if !self.wires.is_reliable()
                    && let Some(call) = self.calls.get(&number)
                {
                    self.wires.send(call.request.as_bytes());
                    self.report.sent_again += 1;
                }
                self.again(number, due, now);
            }
            (Due::Patience, Some(State::Proceeding)) => self.give_up(number),
            (Due::HangUp, Some(State::Confirmed)) => self.hang_up(number, now),
            (Due::Answer, _) => self.answer(number, now),
            (Due::Ok, _) => self.answer_again(number, now),
            _ => {}
        }
    }

    fn on_response(&mut self, response: &Response) {
        let call_id = response.headers().call_id().unwrap_or_default();
        let call_id = call_id.to_string_lossy();
        let Some(number) = self.line.number(&call_id) else { return self.on_gate_response(&call_id, response) };
        let Some(call) = self.calls.get_mut(&number) else { return };
        let method = response.headers().cseq().expect("a response without CSeq").method;
        let status = response.status();
        let now = Instant::now();
        match (method, call.state) {
            (Method::Invite, State::Calling) if status.is_provisional() => {
                call.state = State::Proceeding;
                self.timers.set(now + self.load.ring + CALL_PATIENCE, number, Due::Patience);
            }
            (Method::Invite, State::Proceeding) if status.is_provisional() => {}
            (Method::Invite, State::Calling | State::Proceeding) if status.is_success() => {
                self.on_answered(number, response, now);
            }
            (Method::Invite, State::Calling | State::Proceeding) => {
                let ack = self.line.ack_refusal(number, response);
                self.wires.send(ack.as_bytes());
                self.calls.remove(&number);
                self.failed(format!("call {call_id}: INVITE got {} {}", status.as_u16(), response.reason()));
            }
            (Method::Invite, _) if status.is_success() => {
                self.report.received_again += 1;
                self.wires.send(call.ack.as_bytes());
            }
            (Method::Bye, State::Ending) if status.is_provisional() => {}
            (Method::Bye, State::Ending) => {
                self.calls.remove(&number);
                if status.is_success() {
                    self.report.completed += 1;
                    self.progress.completed.store(self.report.completed, Ordering::SeqCst);
                } else {
                    self.failed(format!("call {call_id}: BYE got {} {}", status.as_u16(), response.reason()));
                }
            }
            _ => {}
        }
    }

    fn on_answered(&mut self, number: u64, response: &Response, now: Instant) {
        let Some(dialog) = Dialog::of(response) else {
            self.calls.remove(&number);
            return self.failed(format!("no dialog can be made of {:?}", response.to_bytes()));
        };
        let Some(call) = self.calls.get_mut(&number) else { return };
        call.state = State::Confirmed;
        call.ack = self.line.ack(number, &dialog);
        self.wires.send(call.ack.as_bytes());
        call.dialog = Some(dialog);
        if self.load.hold.is_zero() {
            self.hang_up(number, now);
        } else {
            self.timers.set(now + self.load.hold, number, Due::HangUp);
        }
    }

    fn hang_up(&mut self, number: u64, now: Instant) {
        let Some(call) = self.calls.get_mut(&number) else { return };
        let Some(dialog) = &call.dialog else { return };
        call.state = State::Ending;
        call.request = self.line.bye(number, dialog);
        call.backoff = Backoff::other(now, self.load.t1);
        self.wires.send(call.request.as_bytes());
        self.again(number, Due::Bye, now);
    }

    fn on_request(&mut self, from: From, request: &Request) {
        let call_id = request.headers().call_id().unwrap_or_default();
        let Some(number) = self.line.number(&call_id.to_string_lossy()) else { return };
        let known = self.answering.get_mut(&number);
        match (request.method(), known) {
            (Method::Invite, None) => self.on_invite(number, from, request),
            (Method::Invite, Some(call)) if call.branch == branch(request) => {
                self.report.received_again += 1;
                self.wires.answer(from, call.last.as_bytes());
            }
            (Method::Invite, Some(_)) => self.failed(format!("call {call_id}: two INVITEs")),
            (Method::Ack, Some(call)) => call.is_acknowledged = true,
            (Method::Bye, Some(call)) => {
                self.report.received_again += u64::from(call.bye.is_some());
                let bye = call.bye.get_or_insert_with(|| respond(request, "200 OK", &self.line.callee));
                self.wires.answer(from, bye.as_bytes());
            }
            (method, _) => self.failed(format!("call {call_id}: the callee got {method:?}")),
        }
    }

    fn on_invite(&mut self, number: u64, from: From, request: &Request) {
        let generation = request.headers().first(&self.generation).unwrap_or_default();
        *self.report.routed_by.entry(String::from_utf8_lossy(generation).into_owned()).or_default() += 1;
        let ringing = respond(request, "180 Ringing", &self.line.callee);
        self.wires.answer(from, ringing.as_bytes());
        let answering = Answering {
            from,
            branch: branch(request),
            ok: respond(request, "200 OK", &self.line.callee),
            last: ringing,
            backoff: None,
            is_acknowledged: false,
            bye: None,
        };
        self.answering.insert(number, answering);
        let now = Instant::now();
        if self.load.ring.is_zero() {
            self.answer(number, now);
        } else {
            self.timers.set(now + self.load.ring, number, Due::Answer);
        }
    }

    fn answer(&mut self, number: u64, now: Instant) {
        let Some(call) = self.answering.get_mut(&number) else { return };
        call.last = std::mem::take(&mut call.ok);
        self.wires.answer(call.from, call.last.as_bytes());
        call.backoff = Some(Backoff::other(now, self.load.t1));
        self.set_ok_timer(number, now);
    }

    /// A 2xx is sent again until its ACK comes, over TCP too (RFC 3261 13.3.1.4).
    fn answer_again(&mut self, number: u64, now: Instant) {
        let Some(call) = self.answering.get(&number).filter(|call| !call.is_acknowledged) else { return };
        self.wires.answer(call.from, call.last.as_bytes());
        self.report.sent_again += 1;
        self.set_ok_timer(number, now);
    }

    fn set_ok_timer(&mut self, number: u64, now: Instant) {
        let Some(backoff) = self.answering.get_mut(&number).and_then(|call| call.backoff.as_mut()) else { return };
        match backoff.next(now) {
            Some(at) => self.timers.set(at, number, Due::Ok),
            None => {
                self.answering.remove(&number);
                self.failed(format!("call {}: no ACK came", self.line.call_id(number)));
            }
        }
    }

    fn send_to_the_gate(&mut self) {
        let Some(gate) = self.load.gate.clone() else { return };
        self.report.gate = Some(Gate::default());
        for number in 0..gate.waiting {
            self.wires.send(self.line.other(&format!("waits{number}"), &gate.waits).as_bytes());
        }
    }

    /// Opens the gate, and waits for the answers of all who waited before it.
    fn open_the_gate(&mut self) {
        let Some(order) = self.load.gate.clone() else { return };
        if let Some(gate) = &mut self.report.gate {
            gate.early = gate.answers.len();
        }
        self.wires.send(self.line.other("opens", &order.opens).as_bytes());
        let begun = Instant::now();
        let is_over = |gate: &Gate| gate.opened.is_some() && gate.answers.len() == order.waiting;
        while !self.report.gate.as_ref().is_some_and(is_over) && begun.elapsed() < PATIENCE {
            self.step();
        }
    }

    fn on_gate_response(&mut self, call_id: &str, response: &Response) {
        let Some(gate) = self.report.gate.as_mut().filter(|_| response.status().is_final()) else { return };
        let status = response.status().as_u16();
        if call_id.starts_with("opens") {
            gate.opened = Some(status);
        } else {
            gate.answers.push(status);
        }
    }
}
