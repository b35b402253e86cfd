//! One client transaction: what it keeps, and how it does what its machine says. Which transaction a response belongs
//! to is the business of `clients.rs`.

use bytes::Bytes;
use siphon_sip::{Destination, Flow, Method, Response, StatusCode, TenantId};

use crate::ack::acknowledge;
use crate::id::{ClientId, Sender, User};
use crate::output::{Event, Output};
use crate::timers::{Due, Pace, Timers, Wait};
use crate::turn::Turn;
use crate::{client_invite, client_non_invite};

/// What a client machine may want to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// What is kept leaves (again): the request, or the ACK that has taken its place.
    Transmit,
    /// The ACK for the response takes the place of the INVITE, and leaves.
    Acknowledge,
    /// Nothing has to leave any more.
    Release,
    /// Timer A or E.
    Repeat(Pace),
    /// A timer that ends the state.
    Wait(Wait),
    /// No timer runs any more.
    Stop,
    /// The user is given the response.
    TellResponse,
    /// The user is told that time is up.
    TellTimeout,
    /// The user is told that a send failed.
    TellTransportFailure,
}

/// One of the two client machines, in its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Machine {
    Invite(client_invite::State),
    NonInvite(client_non_invite::State),
}

type Actions = &'static [Action];

impl Machine {
    fn new(method: &Method) -> (Self, Actions) {
        match method {
            Method::Invite => (Self::Invite(client_invite::State::Calling), client_invite::State::START),
            _ => (Self::NonInvite(client_non_invite::State::Trying), client_non_invite::State::START),
        }
    }

    fn invite(&mut self, state: client_invite::State, event: client_invite::Event) -> Actions {
        let (next, actions) = state.on(event);
        *self = Self::Invite(next);
        actions
    }

    fn non_invite(&mut self, state: client_non_invite::State, event: client_non_invite::Event) -> Actions {
        let (next, actions) = state.on(event);
        *self = Self::NonInvite(next);
        actions
    }

    fn response(&mut self, status: StatusCode) -> Actions {
        match *self {
            Self::Invite(state) => self.invite(state, status.into()),
            Self::NonInvite(state) => self.non_invite(state, status.into()),
        }
    }

    fn repeat(&mut self) -> Actions {
        match *self {
            Self::Invite(state) => self.invite(state, client_invite::Event::TimerA),
            Self::NonInvite(state) => self.non_invite(state, client_non_invite::Event::TimerE),
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
            Self::Invite(state) => self.invite(state, client_invite::Event::TransportError),
            Self::NonInvite(state) => self.non_invite(state, client_non_invite::Event::TransportError),
        }
    }

    fn forgotten(&mut self) -> Actions {
        match *self {
            Self::Invite(state) => self.invite(state, client_invite::Event::Forgotten),
            Self::NonInvite(_) => &[],
        }
    }

    const fn is_terminated(self) -> bool {
        matches!(
            self,
            Self::Invite(client_invite::State::Terminated) | Self::NonInvite(client_non_invite::State::Terminated)
        )
    }
}

/// One client transaction.
#[derive(Debug)]
pub(crate) struct ClientTransaction {
    /// The hash of `key`.
    pub(crate) hash: u64,
    pub(crate) key: Box<[u8]>,
    pub(crate) user: User,
    pub(crate) tenant: TenantId,
    to: Destination,
    /// The request, or the ACK of a non-2xx; nothing once nothing has to leave any more.
    bytes: Bytes,
    pub(crate) timers: Timers,
    machine: Machine,
    is_forgotten: bool,
}

/// A response on its way to the user.
pub(crate) type Arrival = Option<(Response, Flow)>;

impl ClientTransaction {
    /// A transaction that has not begun.
    pub(crate) fn new(
        (hash, key): (u64, &[u8]),
        tenant: TenantId,
        user: User,
        method: &Method,
        (bytes, to): (Bytes, Destination),
    ) -> Self {
        let (machine, _) = Machine::new(method);
        let timers = Timers::new(to.transport.is_reliable());
        Self { hash, key: key.into(), user, tenant, to, bytes, timers, machine, is_forgotten: false }
    }

    /// Sends the request.
    pub(crate) fn begin(&mut self, id: ClientId, method: &Method, turn: &mut Turn<'_>) {
        let (_, actions) = Machine::new(method);
        self.act(id, actions, &mut None, turn);
    }

    /// A response came.
    pub(crate) fn receive(&mut self, id: ClientId, arrival: &mut Arrival, turn: &mut Turn<'_>) {
        let Some(status) = arrival.as_ref().map(|(response, _)| response.status()) else { return };
        let actions = self.machine.response(status);
        self.act(id, actions, arrival, turn);
        if self.is_forgotten {
            self.bound_ringing(id, turn);
        }
    }

    /// The wheel says that something is due.
    pub(crate) fn fire(&mut self, id: ClientId, turn: &mut Turn<'_>) {
        self.timers.fired();
        let actions = match self.timers.due(turn.now) {
            Due::Wait => self.machine.wait_over(),
            Due::Repeat => self.machine.repeat(),
            Due::Nothing => &[],
        };
        self.act(id, actions, &mut None, turn);
    }

    /// What was sent last could not be sent.
    pub(crate) fn transport_error(&mut self, id: ClientId, turn: &mut Turn<'_>) {
        let actions = self.machine.transport_error();
        self.act(id, actions, &mut None, turn);
    }

    /// The user wants to hear nothing more.
    pub(crate) fn forget(&mut self, id: ClientId, turn: &mut Turn<'_>) {
        self.is_forgotten = true;
        self.bound_ringing(id, turn);
    }

    /// Whether it is over and has to go.
    pub(crate) const fn is_terminated(&self) -> bool {
        self.machine.is_terminated()
    }

    /// Tells the user something, if he still listens.
    pub(crate) fn tell(&self, turn: &mut Turn<'_>, event: Event) {
        if !self.is_forgotten {
            turn.tell(event);
        }
    }

    /// The bytes that may have to leave again.
    pub(crate) fn kept_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Ringing that nobody listens to gets an end, once.
    fn bound_ringing(&mut self, id: ClientId, turn: &mut Turn<'_>) {
        if !self.timers.is_waiting() && !self.is_terminated() {
            let actions = self.machine.forgotten();
            self.act(id, actions, &mut None, turn);
        }
    }

    /// Does what the machine said. A wait of no length (reliable transports) is over at once.
    fn act(&mut self, id: ClientId, actions: Actions, arrival: &mut Arrival, turn: &mut Turn<'_>) {
        for action in actions {
            self.perform(*action, id, arrival, turn);
        }
        if !self.is_terminated() && self.timers.due(turn.now) == Due::Wait {
            let actions = self.machine.wait_over();
            for action in actions {
                self.perform(*action, id, arrival, turn);
            }
        }
    }

    fn perform(&mut self, action: Action, id: ClientId, arrival: &mut Arrival, turn: &mut Turn<'_>) {
        let (client, user) = (id, self.user);
        match action {
            Action::Transmit => self.transmit(id, turn),
            Action::Acknowledge => {
                let ack = arrival.as_ref().and_then(|(response, _)| acknowledge(&self.bytes, response));
                self.bytes = ack.unwrap_or_default();
                self.transmit(id, turn);
            }
            Action::Release => self.bytes = Bytes::new(),
            Action::Repeat(pace) => self.timers.repeat(pace, turn.config, turn.now),
            Action::Wait(wait) => self.timers.wait(wait, turn.config, turn.now),
            Action::Stop => self.timers.stop(),
            Action::TellResponse => {
                if let Some((response, flow)) = arrival.take() {
                    self.tell(turn, Event::Response { client, user, response, flow });
                }
            }
            Action::TellTimeout => self.tell(turn, Event::Timeout { client, user }),
            Action::TellTransportFailure => self.tell(turn, Event::TransportFailed { client, user }),
        }
    }

    fn transmit(&self, id: ClientId, turn: &mut Turn<'_>) {
        if !self.bytes.is_empty() {
            turn.outputs.push(Output::Send { bytes: self.bytes.clone(), to: self.to, sender: Sender::Client(id) });
        }
    }
}
