//! Nonces, replays and challenges.

use super::*;

fn counted(nonce: &str, count: u32) -> Client {
    Client { count: Some(count), ..Client::alice(nonce) }
}

#[test]
fn a_challenge_has_all_three_algorithms_with_one_nonce() {
    let challenges = authenticator().challenges(TENANT, REALM, false, NOW);
    let nonce = challenges[0].split('"').nth(3).unwrap();
    let expected: Vec<_> = ["MD5", "SHA-256", "SHA-512-256"]
        .map(|name| format!("Digest realm=\"example.com\", nonce=\"{nonce}\", algorithm={name}, qop=\"auth\""))
        .into();
    assert_eq!(challenges, expected);
}

#[test]
fn a_challenge_for_a_stale_nonce_says_so() {
    for challenge in authenticator().challenges(TENANT, REALM, true, NOW) {
        assert!(challenge.ends_with(", stale=true"), "{challenge}");
    }
}

#[test]
fn a_realm_cannot_break_out_of_its_quotes() {
    let challenge = &authenticator().challenges(TENANT, "a\"b\\c\r\nX: y", false, NOW)[0];
    assert!(challenge.starts_with("Digest realm=\"a\\\"b\\\\cX: y\", nonce="), "{challenge}");
}

#[test]
fn a_nonce_is_a_time_and_a_tag_and_never_the_same_twice() {
    let site = authenticator();
    let (one, two) = (site.generate_nonce(TENANT, NOW), site.generate_nonce(TENANT, NOW));
    assert_ne!(one, two);
    let (time, tag) = one.split_once('.').unwrap();
    assert_eq!(time, format!("{:016x}", NOW.0));
    assert!(tag.len() == 48 && tag.bytes().all(|byte| byte.is_ascii_hexdigit()));
}

#[test]
fn a_nonce_is_good_for_its_time_to_live() {
    let site = authenticator();
    let nonce = site.generate_nonce(TENANT, NOW);
    for (offset, good) in [(0, true), (3600, true), (3601, false)] {
        assert_eq!(site.validate_nonce(TENANT, &nonce, UnixTime(NOW.0 + offset)), good, "{offset}");
    }
}

#[test]
fn a_nonce_may_be_a_minute_ahead_of_our_clock_and_no_more() {
    let site = authenticator();
    let nonce = site.generate_nonce(TENANT, NOW);
    assert!(site.validate_nonce(TENANT, &nonce, UnixTime(NOW.0 - 60)));
    assert!(!site.validate_nonce(TENANT, &nonce, UnixTime(NOW.0 - 61)));
}

#[test]
fn a_changed_nonce_is_not_ours() {
    let site = authenticator();
    let nonce = site.generate_nonce(TENANT, NOW).into_bytes();
    for place in 0..nonce.len() {
        let mut changed = nonce.clone();
        changed[place] = if changed[place] == b'0' { b'1' } else { b'0' };
        assert!(!site.validate_nonce(TENANT, &String::from_utf8(changed).unwrap(), NOW), "place {place}");
    }
}

#[test]
fn garbage_is_not_a_nonce() {
    let site = authenticator();
    for text in ["", ".", "0", "é", &"0".repeat(65), &format!("{}.", "0".repeat(16)), "+000000000000000.0"] {
        assert!(!site.validate_nonce(TENANT, text, NOW), "{text:?}");
    }
}

#[test]
fn another_node_with_the_same_secret_takes_the_nonce() {
    let nonce = authenticator().generate_nonce(TENANT, NOW);
    let other = NonceConfig { seed: [9, 9], ..nonce_config() };
    let node = DigestAuthenticator::new(other, [(TENANT, digest_config())]);
    assert!(node.validate_nonce(TENANT, &nonce, NOW));
    let stranger = NonceConfig { secret: b"another".to_vec(), ..nonce_config() };
    assert!(!DigestAuthenticator::new(stranger, []).validate_nonce(TENANT, &nonce, NOW));
}

#[test]
fn an_unknown_nonce_with_the_right_password_is_stale() {
    let site = authenticator();
    assert_eq!(check(&site, &Client::alice("made-up")), DigestVerdict::Stale);
}

#[test]
fn an_unknown_nonce_with_the_wrong_password_is_invalid() {
    let site = authenticator();
    assert_eq!(check(&site, &Client { password: "x", ..Client::alice("made-up") }), DigestVerdict::Invalid);
}

#[test]
fn an_expired_nonce_is_stale() {
    let site = authenticator();
    let line = Client::alice(&site.generate_nonce(TENANT, NOW)).authorization();
    let later = Ask { unix: UnixTime(NOW.0 + 3601), ..Ask::default() };
    assert_eq!(ask(&site, &[&line], &later), DigestVerdict::Stale);
}

#[test]
fn a_nonce_from_before_the_start_is_stale() {
    let site = authenticator();
    let old = site.generate_nonce(TENANT, UnixTime(NOW.0 - 101));
    assert_eq!(check(&site, &Client::alice(&old)), DigestVerdict::Stale);
    let young = site.generate_nonce(TENANT, UnixTime(NOW.0 - 100));
    assert_eq!(check(&site, &Client::alice(&young)), valid("alice"));
}

#[test]
fn the_same_request_again_is_stale() {
    let site = authenticator();
    let nonce = site.generate_nonce(TENANT, NOW);
    assert_eq!(check(&site, &counted(&nonce, 1)), valid("alice"));
    assert_eq!(check(&site, &counted(&nonce, 1)), DigestVerdict::Stale);
}

#[test]
fn each_count_of_a_nonce_is_good_once() {
    let site = authenticator();
    let nonce = site.generate_nonce(TENANT, NOW);
    for count in 1..=200 {
        assert_eq!(check(&site, &counted(&nonce, count)), valid("alice"), "{count}");
    }
    for count in 1..=200 {
        assert_eq!(check(&site, &counted(&nonce, count)), DigestVerdict::Stale, "{count}");
    }
}

#[test]
fn requests_may_overtake_one_another_by_63_counts() {
    let site = authenticator();
    let nonce = site.generate_nonce(TENANT, NOW);
    check(&site, &counted(&nonce, 100));
    assert_eq!(check(&site, &counted(&nonce, 37)), valid("alice"));
    assert_eq!(check(&site, &counted(&nonce, 36)), DigestVerdict::Stale);
}

#[test]
fn a_jump_of_the_count_forgets_what_is_too_far_below() {
    let site = authenticator();
    let nonce = site.generate_nonce(TENANT, NOW);
    for count in [1, 64, 65, u32::MAX] {
        assert_eq!(check(&site, &counted(&nonce, count)), valid("alice"), "{count}");
    }
    for count in [1, 2, 64, 66, u32::MAX] {
        assert_eq!(check(&site, &counted(&nonce, count)), DigestVerdict::Stale, "{count}");
    }
    assert_eq!(check(&site, &counted(&nonce, u32::MAX - 63)), valid("alice"));
}

#[test]
fn without_qop_a_nonce_serves_one_call_id() {
    let site = authenticator();
    let client = Client { count: None, ..Client::alice(&site.generate_nonce(TENANT, NOW)) };
    let line = client.authorization();
    let of_call = |call_id| Ask { call_id, ..Ask::default() };
    assert_eq!(ask(&site, &[&line], &of_call("one")), valid("alice"));
    assert_eq!(ask(&site, &[&line], &of_call("one")), valid("alice"));
    assert_eq!(ask(&site, &[&line], &of_call("two")), DigestVerdict::Stale);
}

#[test]
fn a_nonce_that_was_counted_does_not_serve_a_client_that_does_not_count() {
    let site = authenticator();
    let nonce = site.generate_nonce(TENANT, NOW);
    assert_eq!(check(&site, &counted(&nonce, 1)), valid("alice"));
    assert_eq!(check(&site, &Client { count: None, ..Client::alice(&nonce) }), DigestVerdict::Stale);
}

#[test]
fn only_right_responses_take_a_place_in_the_replay_table() {
    let site = authenticator();
    for _ in 0..100 {
        let nonce = site.generate_nonce(TENANT, NOW);
        check(&site, &Client { password: "x", ..Client::alice(&nonce) });
        check(&site, &Client { user: "mallory", ..Client::alice(&nonce) });
        check(&site, &Client::alice("made-up"));
    }
    assert_eq!(site.remembered_nonces(), 0);
    check(&site, &Client::alice(&site.generate_nonce(TENANT, NOW)));
    assert_eq!(site.remembered_nonces(), 1);
}

#[test]
fn the_replay_table_is_bounded_and_what_left_it_is_stale() {
    let small = NonceConfig { max_nonces: 32, ..nonce_config() };
    let site = DigestAuthenticator::new(small, [(TENANT, digest_config())]);
    let nonces: Vec<_> = (0..200).map(|step| site.generate_nonce(TENANT, UnixTime(NOW.0 + step))).collect();
    let at = Ask { unix: UnixTime(NOW.0 + 200), ..Ask::default() };
    for nonce in &nonces {
        assert_eq!(ask(&site, &[&Client::alice(nonce).authorization()], &at), valid("alice"));
    }
    assert!(site.remembered_nonces() <= 32);
    for nonce in &nonces {
        assert_eq!(ask(&site, &[&Client::alice(nonce).authorization()], &at), DigestVerdict::Stale, "a replay");
    }
}

#[test]
fn expired_nonces_leave_the_replay_table() {
    let site = authenticator();
    for step in 0..200 {
        check(&site, &Client::alice(&site.generate_nonce(TENANT, UnixTime(NOW.0 - step % 50))));
    }
    let later = UnixTime(NOW.0 + 4000);
    for _ in 0..400 {
        let line = Client::alice(&site.generate_nonce(TENANT, later)).authorization();
        ask(&site, &[&line], &Ask { unix: later, ..Ask::default() });
    }
    assert_eq!(site.remembered_nonces(), 400);
}
