use crate::client::ClientTransaction;
use crate::server::ServerTransaction;

#[test]
fn a_transaction_costs_no_more_than_two_hundred_bytes_and_its_keys() {
    assert!(size_of::<ClientTransaction>() <= 192, "{}", size_of::<ClientTransaction>());
    assert!(size_of::<ServerTransaction>() <= 208, "{}", size_of::<ServerTransaction>());
}

mod every_machine {
    use std::collections::HashSet;

    use crate::{client_invite, client_non_invite, server_invite, server_non_invite};

    /// The states that can be reached from `first` by any events in any order.
    macro_rules! reachable {
        ($machine:ident, $first:ident, [$($event:ident),+]) => {{
            let mut reached = vec![$machine::State::$first];
            let mut next = 0;
            while let Some(state) = reached.get(next).copied() {
                for event in [$($machine::Event::$event),+] {
                    let (after, actions) = state.on(event);
                    if state == $machine::State::Terminated {
                        assert!(after == state && actions.is_empty(), "{event:?} in Terminated");
                    }
                    if !reached.contains(&after) {
                        reached.push(after);
                    }
                }
                next += 1;
            }
            reached.iter().map(|state| format!("{state:?}")).collect::<HashSet<_>>()
        }};
    }

    fn states(names: &[&str]) -> HashSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn reaches_each_of_its_states_and_does_nothing_once_terminated() {
        let reached = reachable!(
            client_invite,
            Calling,
            [Provisional, Success, Failure, TimerA, TimerB, TimerD, TimerM, Forgotten, Abandoned, TransportError]
        );
        assert_eq!(reached, states(&["Calling", "Proceeding", "Completed", "Accepted", "Terminated"]));
        let reached =
            reachable!(client_non_invite, Trying, [Provisional, Final, TimerE, TimerF, TimerK, TransportError]);
        assert_eq!(reached, states(&["Trying", "Proceeding", "Completed", "Terminated"]));
        let reached = reachable!(
            server_invite,
            Proceeding,
            [Invite, Ack, Provisional, Success, Failure, TimerG, TimerH, TimerI, TimerL, TransportError]
        );
        assert_eq!(reached, states(&["Proceeding", "Completed", "Confirmed", "Accepted", "Terminated"]));
        let reached = reachable!(
            server_non_invite,
            Trying,
            [Request, Trying, UnreliableTrying, Provisional, Final, TryingDue, TimerJ, TransportError]
        );
        assert_eq!(reached, states(&["Trying", "Proceeding", "Completed", "Terminated"]));
    }
}
