use std::time::Duration;

use proptest::prelude::*;

use super::*;

fn at(millis: u64) -> Time {
    Time::ZERO + Duration::from_millis(millis)
}

/// Every timer in one list: what the wheel must agree with.
#[derive(Default)]
struct Model {
    timers: Vec<(u64, u32)>,
    drained: u64,
}

impl Model {
    fn insert(&mut self, deadline: Time, key: u32) {
        let tick = deadline.as_micros().div_ceil(TICK_MICROS).max(self.drained);
        self.timers.push((tick, key));
    }

    fn pop(&mut self, now: Time) -> Option<(Time, u32)> {
        let now = now.as_micros() / TICK_MICROS;
        let first = (0..self.timers.len()).min_by_key(|place| self.timers[*place].0)?;
        if self.timers[first].0 > now {
            return None;
        }
        let (tick, key) = self.timers.remove(first);
        self.drained = self.drained.max(tick);
        Some((at(tick), key))
    }
}

#[derive(Clone, Debug)]
enum Step {
    Insert { micros: u64 },
    Cancel { which: usize },
    Advance { micros: u64 },
    AdvanceToNext,
}

fn step() -> impl Strategy<Value = Step> {
    let span = prop_oneof![0..3_000_u64, 0..70_000_u64, 0..5_000_000_u64, 0..300_000_000_u64, 0..1_000_000_000_000_u64];
    prop_oneof![
        4 => span.clone().prop_map(|micros| Step::Insert { micros }),
        2 => any::<usize>().prop_map(|which| Step::Cancel { which }),
        1 => span.prop_map(|micros| Step::Advance { micros }),
        2 => Just(Step::AdvanceToNext),
    ]
}

proptest! {
    #[test]
    fn the_wheel_agrees_with_a_plain_list(start in 0..u64::MAX / 4, steps in prop::collection::vec(step(), 1..200)) {
        let (mut wheel, mut model, mut ids) = (TimerWheel::new(), Model::default(), Vec::new());
        let mut now = Time::from_micros(start);
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Step::Insert { micros } => {
                    let deadline = now + Duration::from_micros(micros);
                    let key = number as u32;
                    model.insert(deadline, key);
                    ids.push((wheel.insert(deadline, key), key));
                }
                Step::Cancel { which } if !ids.is_empty() => {
                    let (id, key) = ids[which % ids.len()];
                    let pending = model.timers.iter().position(|timer| timer.1 == key);
                    prop_assert_eq!(wheel.cancel(id), pending.map(|place| model.timers.remove(place).1));
                }
                Step::Cancel { .. } => {}
                Step::Advance { micros } => now = now + Duration::from_micros(micros),
                Step::AdvanceToNext => now = wheel.next_deadline().map_or(now, |next| now.max(next)),
            }
            let expected: Vec<_> = std::iter::from_fn(|| model.pop(now)).collect();
            let popped: Vec<_> = std::iter::from_fn(|| wheel.pop_due(now)).collect();
            prop_assert_eq!(popped, expected);
            prop_assert_eq!(wheel.len(), model.timers.len());
            let earliest = model.timers.iter().map(|timer| timer.0).min().map(at);
            prop_assert_eq!(wheel.next_deadline().is_some(), earliest.is_some());
            prop_assert!(wheel.next_deadline() <= earliest);
            prop_assert!(wheel.next_deadline().is_none_or(|next| next > now), "asking again makes no progress");
        }
    }
}

#[test]
fn timers_come_out_in_order_and_those_of_one_tick_as_they_were_set() {
    let mut wheel = TimerWheel::new();
    for (millis, key) in [(40_000, 'd'), (500, 'b'), (3, 'a'), (500, 'c')] {
        wheel.insert(at(millis), key);
    }
    let popped: Vec<_> = std::iter::from_fn(|| wheel.pop_due(at(60_000))).collect();
    assert_eq!(popped, [(at(3), 'a'), (at(500), 'b'), (at(500), 'c'), (at(40_000), 'd')]);
}

#[test]
fn a_timer_is_not_popped_before_its_deadline() {
    let mut wheel = TimerWheel::new();
    wheel.insert(Time::from_micros(1_500), ());
    assert_eq!(wheel.pop_due(Time::from_micros(1_500)), None);
    assert_eq!(wheel.pop_due(Time::from_micros(2_000)), Some((at(2), ())));
}

#[test]
fn a_deadline_in_the_past_is_due_at_once() {
    let mut wheel = TimerWheel::new();
    wheel.insert(at(10), 'a');
    wheel.pop_due(at(1_000));
    wheel.insert(at(5), 'b');
    assert_eq!(wheel.pop_due(at(1_000)).map(|due| due.1), Some('b'));
}

#[test]
fn the_next_deadline_is_exact_for_the_timers_of_the_next_seconds() {
    let mut wheel = TimerWheel::new();
    wheel.insert(at(2_345), ());
    wheel.insert(at(1_234), ());
    assert_eq!(wheel.next_deadline(), Some(at(1_234)));
    wheel.pop_due(at(1_234));
    assert_eq!(wheel.next_deadline(), Some(at(2_345)));
}

#[test]
fn the_clock_may_pass_every_turn_of_every_wheel() {
    for power in 1..54 {
        let mut wheel = TimerWheel::new();
        let boundary = Time::from_micros((1_u64 << power).saturating_mul(TICK_MICROS));
        let before = Time::from_micros(boundary.as_micros() - TICK_MICROS);
        wheel.insert(before, 'a');
        assert_eq!(wheel.pop_due(before), Some((before, 'a')));
        wheel.insert(boundary, 'b');
        assert_eq!((wheel.pop_due(before), wheel.pop_due(boundary)), (None, Some((boundary, 'b'))));
    }
}

#[test]
fn a_cancelled_timer_is_unknown_afterwards() {
    let mut wheel = TimerWheel::new();
    let timer = wheel.insert(at(7), 'a');
    assert_eq!((wheel.cancel(timer), wheel.cancel(timer)), (Some('a'), None));
    assert_eq!((wheel.pop_due(at(100)), wheel.next_deadline(), wheel.len()), (None, None, 0));
}

#[test]
fn a_timer_costs_no_more_than_forty_bytes() {
    assert!(size_of::<Node<u64>>() <= 32, "{}", size_of::<Node<u64>>());
    assert_eq!(size_of::<Option<TimerId>>(), 8);
}
