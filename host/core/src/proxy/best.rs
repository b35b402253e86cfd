//! The choice of the best final response (RFC 3261 16.7 steps 6 and 7). When it is made, and what follows from it, is
//! decided in `responses.rs`.

use siphon_sip::{ByteStr, Flow, HeaderName, Response, StatusCode};

/// The best of the final responses that came so far, and the challenges of the others.
#[derive(Debug, Default)]
pub(super) struct BestResponse {
    best: Option<Box<Candidate>>,
    challenges: Vec<(HeaderName, ByteStr)>,
}

#[derive(Debug)]
struct Candidate {
    response: Response,
    /// How it came; `None` for one that we made.
    source: Option<Flow>,
    rank: Rank,
}

/// What is less is better. The fields in the order in which they count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    /// Our own timeouts and failures lose to what a peer said.
    is_synthetic: bool,
    /// A 503 only when there is nothing else.
    is_unavailable: bool,
    /// 6xx, then the lowest class.
    class: u8,
    /// Within 4xx: first what tells the client how to try again, last what says least.
    preference: u8,
}

impl Rank {
    fn of(status: StatusCode, is_synthetic: bool) -> Self {
        let class = if status.class() == 6 { 0 } else { status.class() };
        let preference = match status.as_u16() {
            401 | 407 | 415 | 420 | 484 => 0,
            408 | 487 => 2,
            _ => 1,
        };
        Self { is_synthetic, is_unavailable: status == StatusCode::SERVICE_UNAVAILABLE, class, preference }
    }
}

impl BestResponse {
    /// Takes a final response of a branch: 3xx to 6xx. Among equals the first stays.
    pub(super) fn add(&mut self, response: Response, source: Option<Flow>) {
        let rank = Rank::of(response.status(), source.is_none());
        let is_better = self.best.as_ref().is_none_or(|best| rank < best.rank);
        if is_better {
            let candidate = Box::new(Candidate { response, source, rank });
            if let Some(loser) = self.best.replace(candidate) {
                self.keep_challenges(&loser.response);
            }
        } else {
            self.keep_challenges(&response);
        }
    }

    /// The winner with the challenges of all others, and how it came. Nothing is left.
    pub(super) fn take(&mut self) -> Option<(Response, Option<Flow>)> {
        let challenges = std::mem::take(&mut self.challenges);
        let Candidate { mut response, source, .. } = *self.best.take()?;
        if is_challenge(response.status()) {
            for (name, value) in challenges {
                response.headers_mut().append(name, value);
            }
        }
        Some((response, source))
    }

    fn keep_challenges(&mut self, response: &Response) {
        if !is_challenge(response.status()) {
            return;
        }
        for name in [HeaderName::WwwAuthenticate, HeaderName::ProxyAuthenticate] {
            for value in response.headers().all_bytes(&name) {
                self.challenges.push((name.clone(), value));
            }
        }
    }
}

const fn is_challenge(status: StatusCode) -> bool {
    matches!(status.as_u16(), 401 | 407)
}

#[cfg(test)]
mod tests {
    use siphon_sip::{ListenerId, TransportProtocol};

    use super::*;

    fn flow() -> Flow {
        let address = "192.0.2.1:5060".parse().unwrap();
        let transport = TransportProtocol::Udp;
        Flow { transport, listener: ListenerId(0), local: address, remote: address, connection: None }
    }

    fn best_of(codes: &[u16]) -> u16 {
        let mut best = BestResponse::default();
        for code in codes {
            best.add(Response::new(StatusCode::new(*code).unwrap(), ""), Some(flow()));
        }
        best.take().unwrap().0.status().as_u16()
    }

    #[test]
    fn any_6xx_wins() {
        assert_eq!(best_of(&[302, 404, 603, 500]), 603);
    }

    #[test]
    fn without_a_6xx_the_lowest_class_wins() {
        assert_eq!(best_of(&[500, 486, 502]), 486);
        assert_eq!(best_of(&[404, 302]), 302);
    }

    #[test]
    fn within_4xx_what_helps_to_try_again_wins() {
        for helpful in [401, 407, 415, 420, 484] {
            assert_eq!(best_of(&[404, 480, helpful, 486]), helpful);
        }
        assert_eq!(best_of(&[408, 487, 486]), 486);
    }

    #[test]
    fn a_503_wins_only_when_there_is_nothing_else() {
        assert_eq!(best_of(&[503, 504]), 504);
        assert_eq!(best_of(&[503]), 503);
    }

    #[test]
    fn a_synthetic_response_loses_to_every_real_one() {
        let mut best = BestResponse::default();
        best.add(Response::new(StatusCode::REQUEST_TIMEOUT, ""), None);
        best.add(Response::new(StatusCode::SERVICE_UNAVAILABLE, ""), Some(flow()));
        assert_eq!(best.take().unwrap().0.status(), StatusCode::SERVICE_UNAVAILABLE);
    }

    #[test]
    fn a_winning_challenge_carries_those_of_all_other_branches() {
        let mut best = BestResponse::default();
        for (status, name, value) in [
            (StatusCode::UNAUTHORIZED, HeaderName::WwwAuthenticate, "Digest realm=\"one\""),
            (StatusCode::PROXY_AUTHENTICATION_REQUIRED, HeaderName::ProxyAuthenticate, "Digest realm=\"two\""),
            (StatusCode::UNAUTHORIZED, HeaderName::WwwAuthenticate, "Digest realm=\"three\""),
        ] {
            let mut response = Response::new(status, "");
            response.headers_mut().append(name, value);
            best.add(response, Some(flow()));
        }
        best.add(Response::new(StatusCode::NOT_FOUND, ""), Some(flow()));
        let (response, _) = best.take().unwrap();
        let all =
            |name| response.headers().all(&name).map(|value| value.escape_ascii().to_string()).collect::<Vec<_>>();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(all(HeaderName::WwwAuthenticate).len(), 2);
        assert_eq!(all(HeaderName::ProxyAuthenticate).len(), 1);
    }
}
