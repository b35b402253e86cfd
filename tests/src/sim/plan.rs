//! What a session shall be, by its number: a pure function of the seed, so that the script, the user agents and the
//! checks know the same without telling each other. What becomes of it depends on the network too.

use std::net::SocketAddr;
use std::time::Duration;

use super::network::{self, address, name_of};
use super::random::Random;

mod expected;

/// One session: everything with one Call-ID.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) purpose: Purpose,
    pub(super) caller: Caller,
    /// Whom the request goes to.
    pub(super) targets: Vec<Target>,
    /// Who is tried when all of those have failed.
    pub(super) spare: Target,
    pub(super) routing: Routing,
    pub(super) talk: Talk,
    pub(super) registration: Registration,
}

/// What a session begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Call,
    Register,
    Options,
    Message,
}

/// Who begins it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caller {
    pub(super) address: SocketAddr,
    /// Its Via and its Contact name an address that nobody else can reach.
    pub(super) is_behind_nat: bool,
    /// The listener of the proxy that it sends to.
    pub(super) listener: usize,
    /// When it cancels.
    pub(super) patience: Option<Duration>,
}

/// Somebody who can be called.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target {
    pub(super) address: SocketAddr,
    pub(super) form: Form,
    pub(super) behaviour: Behaviour,
}

/// How a target's URI names its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Literal,
    Name,
    /// A name with an address in front where nobody is.
    Failover,
    /// A name that does not exist.
    NoName,
}

/// What a target does with an INVITE, and in the same spirit with other requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Behaviour {
    /// It rings, and after some more time it answers.
    Answer { ring: Duration, more: Duration },
    /// It refuses, perhaps after some ringing.
    Refuse { status: u16, after: Duration, rings: bool },
    /// It rings until it is cancelled; every minute it says so again, that often.
    RingForever { repeats: u8 },
    /// It rings, and nothing is heard of it any more.
    RingAndVanish,
    /// It takes everything and says nothing.
    Silent,
    /// There is nobody at its address.
    Nobody,
}

/// What the script does with the first request of the session.
#[derive(Clone, Copy, Debug)]
pub(super) struct Routing {
    pub(super) decision: Decision,
    pub(super) pace: Pace,
    pub(super) record_route: bool,
    /// It is sent on from the other listener.
    pub(super) other_listener: bool,
    /// The relay has callbacks of its own.
    pub(super) callbacks: bool,
    pub(super) on_reply: OnReply,
    pub(super) on_failure: OnFailure,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    RelayToNextHop,
    RelayToUri,
    ForkParallel,
    ForkSequential,
    /// To wherever this phone is registered.
    Lookup(u8),
    Reply(u16),
    /// The script answers the call itself.
    Announce,
    /// The script answers 180 and nothing more.
    RingOnly,
    /// The script answers 183 reliably and nothing more.
    RingReliably,
    Raise,
    Drop,
}

/// How long handlers take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// No time.
    Prompt,
    /// They wait for something.
    Suspended,
    /// They wait longer than T1 and T2.
    Slow,
    /// `on_request` decides after its deadline.
    Overdue,
    /// They decide at once, and their outcome is late.
    Held,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OnReply {
    Forward,
    SuppressProvisional,
    SuppressFailure,
    SuppressSuccess,
    RejectProvisional,
    Raise,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OnFailure {
    Forward,
    /// The spare target.
    Retarget,
    /// The spare target, as a fork.
    Fork,
    Reply,
    Raise,
    /// It says nothing: the failure goes nowhere.
    Ignore,
}

/// What is done once a call is up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Talk {
    pub(super) span: Duration,
    /// Who sends a re-INVITE in the middle of it, and whether it is accepted.
    pub(super) reinvite: Option<(Side, bool)>,
    /// Who sends BYE.
    pub(super) hangs_up: Side,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Caller,
    Callee,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Registration {
    pub(super) phone: u8,
    /// Seconds.
    pub(super) expires: u32,
    pub(super) refreshes: u8,
    /// Whether it is taken back at the end, or left to run out.
    pub(super) is_removed: bool,
}

/// How many phones register.
pub(super) const PHONES: u64 = 40;

/// Of so many sessions, so many are calls.
pub(super) const MIX: (u32, u32) = (8, 5);

impl Plan {
    pub(super) fn of(seed: u64, number: u32) -> Self {
        let mut random = Random::new(seed ^ 0x706c_616e, u64::from(number));
        let random = &mut random;
        let purpose = match number % MIX.0 {
            0..=4 => Purpose::Call,
            5 | 6 => Purpose::Register,
            _ if random.percent(50) => Purpose::Options,
            _ => Purpose::Message,
        };
        let count = 1 + random.weighted(&[(4, 0), (3, 1), (2, 2)]);
        let targets: Vec<Target> = (1..=count).map(|place| target(random, place)).collect();
        let spare = target(random, 4);
        let caller = caller(random, &targets[0]);
        let mut routing = routing(random, purpose);
        routing.record_route |= caller.is_behind_nat;
        Self { purpose, caller, targets, spare, routing, talk: talk(random), registration: registration(random) }
    }

    /// The target at an address; a phone's when the address is one of theirs.
    pub(super) fn behaviour_at(&self, address: SocketAddr) -> Behaviour {
        let known = self.targets.iter().chain([&self.spare]).find(|target| target.address == address);
        known.map_or(self.spare.behaviour, |target| target.behaviour)
    }

    /// The final responses that the caller may get, where nothing but loss can change them.
    pub(super) fn expected_finals(&self) -> Option<Vec<u16>> {
        let Routing { decision, pace, on_reply, on_failure, .. } = self.routing;
        let is_plain = pace == Pace::Prompt && on_reply == OnReply::Forward && self.caller.patience.is_none();
        if self.purpose == Purpose::Register || !is_plain {
            return None;
        }
        let is_invite = self.purpose == Purpose::Call;
        let first = match decision {
            Decision::Reply(status) => return Some(vec![status]),
            Decision::Announce => return Some(vec![200]),
            Decision::Raise => return Some(vec![500]),
            Decision::RingOnly => return Some(vec![408]),
            Decision::RelayToNextHop | Decision::RelayToUri => expected::one_after_another(&self.targets[..1]),
            Decision::ForkParallel => expected::all_at_once(&self.targets),
            Decision::ForkSequential => expected::one_after_another(&self.targets),
            Decision::Lookup(_) | Decision::RingReliably | Decision::Drop => None,
        }?;
        let last = match on_failure {
            _ if first == [200] => first,
            OnFailure::Forward | OnFailure::Raise => first,
            OnFailure::Reply => vec![480],
            OnFailure::Ignore => vec![408],
            OnFailure::Retarget | OnFailure::Fork => expected::one_after_another(&[self.spare])?,
        };
        // Whoever sent something else than an INVITE does not wait for so long.
        let is_in_time = || self.targets.iter().chain([&self.spare]).all(|target| !expected::is_silent(target));
        Some(last).filter(|_| is_invite || (on_failure != OnFailure::Ignore && is_in_time()))
    }
}

impl Target {
    pub(super) fn uri(&self) -> String {
        let host = match self.form {
            Form::Literal => return format!("sip:target@{}", self.address),
            Form::Name => name_of(&[self.address]),
            Form::Failover => name_of(&[network::address([10, 9, 1, 200]), self.address]),
            Form::NoName => network::NO_NAME.to_owned(),
        };
        format!("sip:target@{host}")
    }
}

fn caller(random: &mut Random, first: &Target) -> Caller {
    let glare = match first.behaviour {
        Behaviour::Answer { ring, more } => ring + more + random.millis(0, 100),
        _ => random.millis(100, 2_000),
    };
    let early = random.millis(0, 400);
    let later = random.millis(400, 20_000);
    let patience = random.weighted(&[(70, None), (12, Some(early)), (10, Some(later)), (8, Some(glare))]);
    let [_, _, _, c, d, ..] = random.next().to_le_bytes();
    Caller {
        address: address([10, 0, c, d]),
        is_behind_nat: random.percent(20),
        listener: random.below(2) as usize,
        patience,
    }
}

/// `place` keeps the addresses of a session apart.
fn target(random: &mut Random, place: u8) -> Target {
    let behaviour = behaviour(random);
    let last = 1 + random.below(250) as u8;
    let address = match behaviour {
        Behaviour::Nobody => address([10, 9, random.weighted(&[(4, 0), (4, 1), (3, 2)]), place * 40 + last % 40]),
        _ => address([10, 1, place, last]),
    };
    let form = random.weighted(&[(80, Form::Literal), (14, Form::Name), (4, Form::Failover), (2, Form::NoName)]);
    Target { address, form, behaviour }
}

fn behaviour(random: &mut Random) -> Behaviour {
    let status = random.weighted(&[
        (30, 486_u16),
        (12, 404),
        (12, 480),
        (10, 603),
        (6, 500),
        (8, 503),
        (6, 302),
        (6, 401),
        (4, 488),
    ]);
    let answer = Behaviour::Answer { ring: random.millis(0, 800), more: random.millis(0, 15_000) };
    let refuse = Behaviour::Refuse { status, after: random.millis(0, 8_000), rings: random.percent(50) };
    let ring = Behaviour::RingForever { repeats: random.weighted(&[(4, 0), (1, 1), (1, 2)]) };
    random.weighted(&[
        (52, answer),
        (24, refuse),
        (7, ring),
        (3, Behaviour::RingAndVanish),
        (4, Behaviour::Silent),
        (10, Behaviour::Nobody),
    ])
}

fn routing(random: &mut Random, purpose: Purpose) -> Routing {
    Routing {
        decision: decision(random, purpose),
        pace: random.weighted(&[
            (65, Pace::Prompt),
            (20, Pace::Suspended),
            (6, Pace::Slow),
            (4, Pace::Overdue),
            (5, Pace::Held),
        ]),
        record_route: random.percent(85),
        other_listener: random.percent(25),
        callbacks: random.percent(20),
        on_reply: random.weighted(&[
            (86, OnReply::Forward),
            (4, OnReply::SuppressProvisional),
            (3, OnReply::SuppressFailure),
            (1, OnReply::SuppressSuccess),
            (2, OnReply::RejectProvisional),
            (4, OnReply::Raise),
        ]),
        on_failure: random.weighted(&[
            (56, OnFailure::Forward),
            (24, OnFailure::Retarget),
            (5, OnFailure::Fork),
            (8, OnFailure::Reply),
            (4, OnFailure::Raise),
            (3, OnFailure::Ignore),
        ]),
    }
}

fn decision(random: &mut Random, purpose: Purpose) -> Decision {
    let phone = random.below(PHONES) as u8;
    match purpose {
        Purpose::Register => Decision::Reply(200),
        Purpose::Call => random.weighted(&[
            (24, Decision::RelayToNextHop),
            (22, Decision::RelayToUri),
            (18, Decision::ForkParallel),
            (12, Decision::ForkSequential),
            (9, Decision::Lookup(phone)),
            (4, Decision::Reply(480)),
            (3, Decision::Announce),
            (1, Decision::RingOnly),
            (2, Decision::RingReliably),
            (2, Decision::Raise),
            (3, Decision::Drop),
        ]),
        Purpose::Options | Purpose::Message => random.weighted(&[
            (24, Decision::RelayToNextHop),
            (24, Decision::RelayToUri),
            (14, Decision::ForkParallel),
            (10, Decision::ForkSequential),
            (6, Decision::Lookup(phone)),
            (14, Decision::Reply(200)),
            (4, Decision::Raise),
            (4, Decision::Drop),
        ]),
    }
}

fn talk(random: &mut Random) -> Talk {
    let side = |random: &mut Random| random.weighted(&[(60, Side::Caller), (40, Side::Callee)]);
    let is_accepted = random.percent(85);
    Talk {
        span: random.millis(1_000, 60_000),
        reinvite: random.percent(25).then(|| (side(random), is_accepted)),
        hangs_up: side(random),
    }
}

fn registration(random: &mut Random) -> Registration {
    Registration {
        phone: random.below(PHONES) as u8,
        expires: random.weighted(&[(5, 10), (40, 60), (30, 120), (25, 300)]),
        refreshes: random.weighted(&[(3, 0), (3, 1), (2, 3)]),
        is_removed: random.percent(40),
    }
}
