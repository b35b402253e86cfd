//! Which final response the targets of a call lead to (RFC 3261 16.7 steps 6 and 7), worked out without the core's
//! code, and only where it is certain.

use super::{Behaviour, Form, Target};
use crate::sim::network::Place;

/// How a branch ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Success,
    /// A peer has said no.
    Refusal(u16),
    /// The proxy found out by itself.
    Silence(u16),
}

fn end_of(target: &Target) -> End {
    match (target.form, target.behaviour) {
        (Form::NoName, _) => End::Silence(502),
        (_, Behaviour::Answer { .. }) => End::Success,
        (_, Behaviour::Refuse { status, .. }) => End::Refusal(status),
        (_, Behaviour::RingForever { .. } | Behaviour::RingAndVanish | Behaviour::Silent) => End::Silence(408),
        (_, Behaviour::Nobody) if Place::of(target.address) == Place::BlackHole => End::Silence(408),
        (_, Behaviour::Nobody) => End::Silence(503),
    }
}

/// Whether nothing is heard of it for 64*T1.
pub(super) fn is_silent(target: &Target) -> bool {
    end_of(target) == End::Silence(408)
}

/// What comes of trying them in their order: a success and a 6xx end the search.
pub(super) fn one_after_another(targets: &[Target]) -> Option<Vec<u16>> {
    let mut ends = Vec::new();
    for end in targets.iter().map(end_of) {
        match end {
            End::Success => return Some(vec![200]),
            End::Refusal(status @ 600..) => return Some(vec![status]),
            End::Refusal(_) | End::Silence(_) => ends.push(end),
        }
    }
    best(&ends)
}

/// What comes of trying them all at once.
pub(super) fn all_at_once(targets: &[Target]) -> Option<Vec<u16>> {
    let ends: Vec<End> = targets.iter().map(end_of).collect();
    let declines = ends.iter().filter_map(|end| match end {
        End::Refusal(status @ 600..) => Some(*status),
        _ => None,
    });
    let declines: Vec<u16> = declines.collect();
    match (ends.contains(&End::Success), declines.is_empty()) {
        (true, true) => Some(vec![200]),
        (false, false) => Some(declines),
        (false, true) => best(&ends),
        // Whoever is first.
        (true, false) => None,
    }
}

/// The best of several failures, none of them a 6xx.
fn best(ends: &[End]) -> Option<Vec<u16>> {
    let spoken = ends.iter().filter_map(|end| match end {
        End::Refusal(status) => Some(*status),
        End::Success | End::Silence(_) => None,
    });
    let spoken: Vec<u16> = spoken.collect();
    match (ends, spoken.as_slice()) {
        // A 503 is passed on as 500.
        ([End::Silence(503) | End::Refusal(503)], _) => Some(vec![500]),
        ([End::Silence(status)], _) => Some(vec![*status]),
        // What wins between silence and silence, or silence and a 503, is a matter of taste.
        (_, []) => None,
        (_, spoken) if spoken.iter().all(|status| *status == 503) && spoken.len() < ends.len() => None,
        (_, spoken) => Some(best_of(spoken)),
    }
}

fn best_of(spoken: &[u16]) -> Vec<u16> {
    let others: Vec<u16> = spoken.iter().copied().filter(|status| *status != 503).collect();
    let class = others.iter().map(|status| status / 100).min();
    match class {
        None => vec![500],
        Some(4) if others.contains(&401) => vec![401],
        Some(class) => others.into_iter().filter(|status| status / 100 == class).collect(),
    }
}
