//! One server transaction: what it keeps, and how it does what its machine says. Which transaction a request belongs to
//! is the business of `servers.rs`.

use bytes::Bytes;
use siphon_sip::{Destination, Method, StatusCode, TenantId};

use crate::id::{Sender, ServerId, User};
use crate::output::{Event, Output};
use crate::timers::{Due, Pace, Timers, Wait};
use crate::turn::Turn;
use crate::{server_invite, server_non_invite};

/// What a server machine may want to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// The user's response is kept and leaves.
    Send,
    /// The user's response leaves and is not kept.
    Pass,
    /// The user's response is kept for later.
    Hold,
    /// What is kept leaves (again).
    Resend,
    /// Nothing has to leave again.
    Release,
    /// Timer G.
    Repeat(Pace),
    /// A timer that ends the state.
    Wait(Wait),
    /// No timer runs any more.
    Stop,
    /// The user is told that no ACK came.
    TellTimeout,
    /// The user is told that a send failed.
    TellTransportFailure,
}

/// One of the two server machines, in its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Machine {
    Invite(server_invite::State),
    NonInvite(server_non_invite::State),
}

type Actions = &'static [Action];

impl Machine {
    fn invite(&mut self, state: server_invite::State, event: server_invite::Event) -> Actions {
        let (next, actions) = state.on(event);
        *self = Self::Invite(next);
        actions
    }

    fn non_invite(&mut self, state: server_non_invite::State, event: server_non_invite::Event) -> Actions {
        let (next, actions) = state.on(event);
        *self = Self::NonInvite(next);
        actions
    }

    fn retransmission(&mut self) -> Actions {
        match *self {
            Self::Invite(state) => self.invite(state, server_invite::Event::Invite),
            Self::NonInvite(state) => self.non_invite(state, server_non_invite::Event::Request),
        }
    }

    fn ack(&mut self) -> Actions {
        match *self {
            Self::Invite(state) => self.invite(state, server_invite::Event::Ack),
            Self::NonInvite(_) => &[],
        }
    }

    fn response(&mut self, status: StatusCode, reliable: bool) -> Actions {
        match *self {
            Self::Invite(state) => self.invite(state, status.into()),
            Self::NonInvite(state) => self.non_invite(state, server_non_invite::Event::response(status, reliable)),
        }
    }

    fn repeat(&mut self) -> Actions {
        match *self {
            Self::Invite(state) => self.invite(state, server_invite::Event::TimerG),
            // Nothing is repeated by itself here.
            Self::NonInvite(_) => &[],
        }
    }

    fn wait_over(&mut self) -> Actions {
        match *self {
            Self::Invite(state) => self.invite(state, state.wait_over()),
            Self::NonInvite(state) => self.non_invite(state, state.wait_over()),
        }
    }

    fn transport_error(&mut self) -> Actions {
        match *self {
            Self::Invite(state) => self.invite(state, server_invite::Event::TransportError),
            Self::NonInvite(state) => self.non_invite(state, server_non_invite::Event::TransportError),
        }
    }

    fn give_up(&mut self) -> Actions {
        match *self {
            // One that was received is answered.
            Self::Invite(_) => &[],
            Self::NonInvite(state) => self.non_invite(state, server_non_invite::Event::GivenUp),
        }
    }

    const fn is_terminated(self) -> bool {
        matches!(
            self,
            Self::Invite(server_invite::State::Terminated) | Self::NonInvite(server_non_invite::State::Terminated)
        )
    }
}

/// What a transaction of an RFC 2543 client is told apart by besides its key (RFC 3261 17.2.3).
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ToTags {
    /// The To tag of the request.
    pub(crate) request: Option<Box<[u8]>>,
    /// The To tag of the final response.
    pub(crate) response: Option<Box<[u8]>>,
}

/// The two keys of a server transaction, in one piece of memory.
#[derive(Debug)]
pub(crate) struct ServerKeys {
    /// The hash of [`ServerKeys::request_key`].
    pub(crate) request_hash: u64,
    /// The hash of [`ServerKeys::call_key`].
    pub(crate) call_hash: u64,
    bytes: Box<[u8]>,
    split: u32,
}

impl ServerKeys {
    /// Keys with their hashes. An empty call key is in no index.
    pub(crate) fn new((request_hash, request_key): (u64, &[u8]), (call_hash, call_key): (u64, &[u8])) -> Self {
        let split = u32::try_from(request_key.len()).unwrap_or(u32::MAX);
        Self { request_hash, call_hash, bytes: [request_key, call_key].concat().into(), split }
    }

    /// What a retransmission, an ACK of a non-2xx and a CANCEL match.
    pub(crate) fn request_key(&self) -> &[u8] {
        self.bytes.get(..self.split as usize).unwrap_or_default()
    }

    /// What the same request on another way matches.
    pub(crate) fn call_key(&self) -> &[u8] {
        self.bytes.get(self.split as usize..).unwrap_or_default()
    }
}

/// One server transaction.
#[derive(Debug)]
pub(crate) struct ServerTransaction {
    pub(crate) keys: ServerKeys,
    pub(crate) user: User,
    pub(crate) tenant: TenantId,
    reply_to: Destination,
    /// The last response, or the 100 that is due; nothing once nothing has to leave again.
    bytes: Bytes,
    pub(crate) timers: Timers,
    /// Of RFC 2543 clients only.
    pub(crate) to_tags: Option<Box<ToTags>>,
    machine: Machine,
}

impl ServerTransaction {
    /// A transaction whose request was given to the user. `trying` is the 100 that leaves by itself; empty for none.
    pub(crate) fn new(
        keys: ServerKeys,
        to_tags: Option<Box<ToTags>>,
        (tenant, user): (TenantId, User),
        method: &Method,
        (reply_to, trying): (Destination, Bytes),
    ) -> Self {
        let machine = match method {
            Method::Invite => Machine::Invite(server_invite::State::Proceeding),
            _ => Machine::NonInvite(server_non_invite::State::Trying),
        };
        let timers = Timers::new(reply_to.transport.is_reliable());
        Self { keys, user, tenant, reply_to, bytes: trying, timers, to_tags, machine }
    }

    /// Sets the timer of the 100.
    pub(crate) fn begin(&mut self, id: ServerId, turn: &mut Turn<'_>) {
        if !self.bytes.is_empty() {
            self.act(id, server_non_invite::State::START, None, turn);
        }
    }

    /// The request came again.
    pub(crate) fn retransmission(&mut self, id: ServerId, turn: &mut Turn<'_>) {
        let actions = self.machine.retransmission();
        self.act(id, actions, None, turn);
    }

    /// An ACK came.
    pub(crate) fn ack(&mut self, id: ServerId, turn: &mut Turn<'_>) {
        let actions = self.machine.ack();
        self.act(id, actions, None, turn);
    }

    /// The user answers.
    pub(crate) fn respond(&mut self, id: ServerId, status: StatusCode, bytes: Bytes, turn: &mut Turn<'_>) {
        let actions = self.machine.response(status, self.timers.is_reliable());
        self.act(id, actions, Some(bytes), turn);
    }

    /// The wheel says that something is due.
    pub(crate) fn fire(&mut self, id: ServerId, turn: &mut Turn<'_>) {
        self.timers.fired();
        let actions = match self.timers.due(turn.now) {
            Due::Wait => self.machine.wait_over(),
            Due::Repeat => self.machine.repeat(),
            Due::Nothing => &[],
        };
        self.act(id, actions, None, turn);
    }

    /// What was sent last could not be sent.
    pub(crate) fn transport_error(&mut self, id: ServerId, turn: &mut Turn<'_>) {
        let actions = self.machine.transport_error();
        self.act(id, actions, None, turn);
    }

    /// The user will not answer.
    pub(crate) fn give_up(&mut self, id: ServerId, turn: &mut Turn<'_>) {
        let actions = self.machine.give_up();
        self.act(id, actions, None, turn);
    }

    /// Whether it is over and has to go.
    pub(crate) const fn is_terminated(&self) -> bool {
        self.machine.is_terminated()
    }

    /// Whether it is an INVITE that a 2xx answered.
    pub(crate) const fn is_accepted(&self) -> bool {
        matches!(self.machine, Machine::Invite(server_invite::State::Accepted))
    }

    /// Whether it is an INVITE without a final response.
    pub(crate) const fn is_pending_invite(&self) -> bool {
        matches!(self.machine, Machine::Invite(server_invite::State::Proceeding))
    }

    /// The bytes that may have to leave again.
    pub(crate) fn kept_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Does what the machine said. A wait of no length (reliable transports) is over at once.
    fn act(&mut self, id: ServerId, actions: Actions, response: Option<Bytes>, turn: &mut Turn<'_>) {
        let response = response.unwrap_or_default();
        for action in actions {
            self.perform(*action, id, &response, turn);
        }
        if !self.is_terminated() && self.timers.due(turn.now) == Due::Wait {
            let actions = self.machine.wait_over();
            for action in actions {
                self.perform(*action, id, &response, turn);
            }
        }
    }

    fn perform(&mut self, action: Action, id: ServerId, response: &Bytes, turn: &mut Turn<'_>) {
        let (server, user) = (id, self.user);
        match action {
            Action::Send => {
                self.bytes = response.clone();
                self.transmit(id, response, turn);
            }
            Action::Pass => self.transmit(id, response, turn),
            Action::Hold => self.bytes = response.clone(),
            Action::Resend => self.transmit(id, &self.bytes, turn),
            Action::Release => self.bytes = Bytes::new(),
            Action::Repeat(pace) => self.timers.repeat(pace, turn.config, turn.now),
            Action::Wait(wait) => self.timers.wait(wait, turn.config, turn.now),
            Action::Stop => self.timers.stop(),
            Action::TellTimeout => turn.tell(Event::ServerTimeout { server, user }),
            Action::TellTransportFailure => turn.tell(Event::ServerTransportFailed { server, user }),
        }
    }

    fn transmit(&self, id: ServerId, bytes: &Bytes, turn: &mut Turn<'_>) {
        if !bytes.is_empty() {
            turn.outputs.push(Output::Send { bytes: bytes.clone(), to: self.reply_to, sender: Sender::Server(id) });
        }
    }
}
