//! Which responses are right.

use super::*;

#[test]
fn the_right_response_is_valid_with_every_algorithm() {
    let site = authenticator();
    for algorithm in Algorithm::ALL {
        let client = Client { algorithm, ..Client::alice(&site.generate_nonce(TENANT, NOW)) };
        assert_eq!(check(&site, &client), valid("alice"), "{}", algorithm.name());
    }
}

#[test]
fn what_is_not_offered_is_not_accepted() {
    let config = DigestConfig { algorithms: vec![Algorithm::Sha256], ..digest_config() };
    let site = DigestAuthenticator::new(nonce_config(), [(TENANT, config)]);
    let challenges = site.challenges(TENANT, REALM, false, NOW);
    assert!(challenges.len() == 1 && challenges[0].contains("algorithm=SHA-256,"), "{challenges:?}");
    for (algorithm, verdict) in [(Algorithm::Sha256, valid("alice")), (Algorithm::Md5, DigestVerdict::Invalid)] {
        let client = Client { algorithm, ..Client::alice(&site.generate_nonce(TENANT, NOW)) };
        assert_eq!(check(&site, &client), verdict, "{}", algorithm.name());
    }
}

/// RFC 7616 3.9.1, with a digest of the example's own server.
#[test]
fn the_examples_of_rfc_7616_give_their_responses() {
    let nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";
    let cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
    let expected = [
        (Algorithm::Md5, "8ca523f5e9506fed4657c9700eebdbec"),
        (Algorithm::Sha256, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ];
    for (algorithm, expected) in expected {
        let ha1 = algorithm.hash(&[b"Mufasa", b"http-auth@example.org", b"Circle of Life"]);
        let ha2 = algorithm.hash(&[b"GET", b"/dir/index.html"]);
        let response = algorithm.hash(&[&ha1, nonce.as_bytes(), b"00000001", cnonce.as_bytes(), b"auth", &ha2]);
        assert_eq!(String::from_utf8_lossy(&response), expected);
    }
}

#[test]
fn sha_512_256_is_the_truncated_sha_512_with_its_own_start() {
    // FIPS 180-4, SHA-512/256 of "abc".
    let digest = Algorithm::Sha512_256.hash(&[b"abc"]);
    assert_eq!(String::from_utf8_lossy(&digest), "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23");
}

#[test]
fn credentials_without_an_algorithm_are_md5() {
    let site = authenticator();
    let line = Client::alice(&site.generate_nonce(TENANT, NOW)).authorization().replace(", algorithm=MD5", "");
    assert_eq!(ask(&site, &[&line], &Ask::default()), valid("alice"));
}

#[test]
fn credentials_without_qop_are_understood() {
    let site = authenticator();
    let client = Client { count: None, ..Client::alice(&site.generate_nonce(TENANT, NOW)) };
    assert_eq!(check(&site, &client), valid("alice"));
}

#[test]
fn a_response_in_capitals_is_the_same_response() {
    let site = authenticator();
    let line = Client::alice(&site.generate_nonce(TENANT, NOW)).authorization();
    let at = line.find("response=\"").unwrap() + 10;
    let (head, rest) = line.split_at(at);
    let (digest, tail) = rest.split_at(32);
    let line = format!("{head}{}{tail}", digest.to_uppercase());
    assert_eq!(ask(&site, &[&line], &Ask::default()), valid("alice"));
}

#[test]
fn a_wrong_password_is_invalid() {
    let site = authenticator();
    let client = Client { password: "looking-glass", ..Client::alice(&site.generate_nonce(TENANT, NOW)) };
    assert_eq!(check(&site, &client), DigestVerdict::Invalid);
}

#[test]
fn an_unknown_user_is_unknown_whatever_the_password() {
    let site = authenticator();
    for password in ["wonderland", ""] {
        let client = Client { user: "mallory", password, ..Client::alice(&site.generate_nonce(TENANT, NOW)) };
        assert_eq!(check(&site, &client), DigestVerdict::UnknownUser);
    }
}

#[test]
fn the_user_that_stands_in_for_unknown_ones_cannot_be_authenticated() {
    let site = authenticator();
    let client = Client { user: "", password: "", ..Client::alice(&site.generate_nonce(TENANT, NOW)) };
    assert_eq!(check(&site, &client), DigestVerdict::UnknownUser);
}

#[test]
fn a_response_for_another_method_is_invalid() {
    let site = authenticator();
    let client = Client { method: "INVITE", ..Client::alice(&site.generate_nonce(TENANT, NOW)) };
    assert_eq!(check(&site, &client), DigestVerdict::Invalid);
}

#[test]
fn the_digest_uri_counts_as_the_client_gave_it() {
    let site = authenticator();
    let client = Client { uri: "sip:proxy.example.net;lr", ..Client::alice(&site.generate_nonce(TENANT, NOW)) };
    assert_eq!(check(&site, &client), valid("alice"));
    let other = Client::alice(&site.generate_nonce(TENANT, NOW)).authorization().replace("sip:example.com", "sip:x");
    assert_eq!(ask(&site, &[&other], &Ask::default()), DigestVerdict::Invalid);
}

#[test]
fn a_user_name_with_quotes_blanks_and_umlauts_is_read_without_its_escapes() {
    let site = authenticator();
    let client = Client { user: "Zoë \"Z\"", password: "p:w", ..Client::alice(&site.generate_nonce(TENANT, NOW)) };
    assert_eq!(check(&site, &client), valid("Zoë \"Z\""));
}

#[test]
fn a_password_from_the_script_takes_the_place_of_the_users_table() {
    let site = authenticator();
    let client = Client { user: "bob", password: "builder", ..Client::alice(&site.generate_nonce(TENANT, NOW)) };
    let secret = |secret| Ask { secret: Some(secret), ..Ask::default() };
    let line = client.authorization();
    assert_eq!(ask(&site, &[&line], &secret(Secret::Password("wrong"))), DigestVerdict::Invalid);
    assert_eq!(ask(&site, &[&line], &secret(Secret::Password("builder"))), valid("bob"));
}

#[test]
fn a_hash_from_the_script_takes_the_place_of_the_users_table() {
    let site = authenticator();
    for algorithm in Algorithm::ALL {
        let client =
            Client { algorithm, user: "bob", password: "builder", ..Client::alice(&site.generate_nonce(TENANT, NOW)) };
        let ha1 = client.hash(&["bob", REALM, "builder"]).to_uppercase();
        let with_hash = Ask { secret: Some(Secret::Ha1(&ha1)), ..Ask::default() };
        assert_eq!(ask(&site, &[&client.authorization()], &with_hash), valid("bob"));
    }
}

#[test]
fn a_hash_of_the_wrong_length_fits_nothing() {
    let site = authenticator();
    let line = Client::alice(&site.generate_nonce(TENANT, NOW)).authorization();
    for ha1 in ["", "xyz", &"0".repeat(64), &"é".repeat(16)] {
        let with_hash = Ask { secret: Some(Secret::Ha1(ha1)), ..Ask::default() };
        assert_eq!(ask(&site, &[&line], &with_hash), DigestVerdict::Invalid);
    }
}

#[test]
fn a_realm_that_was_not_known_beforehand_works_too() {
    let site = authenticator();
    for realm in ["other.example.com", "third.example.com"] {
        let client = Client { realm, ..Client::alice(&site.generate_nonce(TENANT, NOW)) };
        let with_realm = Ask { realm, ..Ask::default() };
        assert_eq!(ask(&site, &[&client.authorization()], &with_realm), valid("alice"));
        let stranger = Client { user: "mallory", ..client };
        assert_eq!(ask(&site, &[&stranger.authorization()], &with_realm), DigestVerdict::UnknownUser);
    }
}

#[test]
fn credentials_of_another_realm_are_not_ours() {
    let site = authenticator();
    let client = Client { realm: "other.example.com", ..Client::alice(&site.generate_nonce(TENANT, NOW)) };
    assert_eq!(check(&site, &client), DigestVerdict::NoCredentials);
}

#[test]
fn our_credentials_are_found_among_those_of_other_realms() {
    let site = authenticator();
    let nonce = site.generate_nonce(TENANT, NOW);
    let other = Client { realm: "other.example.com", password: "x", ..Client::alice(&nonce) }.authorization();
    let ours = Client::alice(&nonce).authorization();
    assert_eq!(ask(&site, &["Basic YTpi", &other, &ours], &Ask::default()), valid("alice"));
}

#[test]
fn of_several_credentials_one_right_one_is_enough() {
    let site = authenticator();
    let nonce = site.generate_nonce(TENANT, NOW);
    let wrong = Client { password: "x", algorithm: Algorithm::Sha256, ..Client::alice(&nonce) }.authorization();
    let right = Client::alice(&nonce).authorization();
    assert_eq!(ask(&site, &[&wrong, &right], &Ask::default()), valid("alice"));
}

#[test]
fn no_more_than_a_few_credentials_are_tried() {
    let site = authenticator();
    let nonce = site.generate_nonce(TENANT, NOW);
    let wrong = Client { password: "x", ..Client::alice(&nonce) }.authorization();
    let right = Client::alice(&nonce).authorization();
    let mut lines = vec![wrong.as_str(); super::super::MAX_CREDENTIALS];
    lines.push(&right);
    assert_eq!(ask(&site, &lines, &Ask::default()), DigestVerdict::Invalid);
}

#[test]
fn tenants_do_not_share_users_nor_nonces() {
    let other = TenantId(1);
    let config = DigestConfig { users: vec![("alice".into(), "wonderland".into())], ..digest_config() };
    let site = DigestAuthenticator::new(nonce_config(), [(TENANT, digest_config()), (other, config)]);
    let line = Client::alice(&site.generate_nonce(TENANT, NOW)).authorization();
    let elsewhere = |tenant| Ask { tenant, ..Ask::default() };
    assert_eq!(ask(&site, &[&line], &elsewhere(other)), DigestVerdict::Stale, "the nonce is of another tenant");
    assert_eq!(ask(&site, &[&line], &elsewhere(TenantId(2))), DigestVerdict::UnknownUser);
    assert_eq!(ask(&site, &[&line], &elsewhere(TENANT)), valid("alice"));
}

#[test]
fn the_body_is_protected_by_auth_int() {
    let site = authenticator();
    let nonce = site.generate_nonce(TENANT, NOW);
    let client = Client::alice(&nonce);
    let ha1 = client.hash(&["alice", REALM, "wonderland"]);
    let ha2 = client.hash(&["REGISTER", "sip:example.com", &client.hash(&[""])]);
    let response = client.hash(&[&ha1, &nonce, "00000001", "c", "auth-int", &ha2]);
    let line = format!(
        "Digest username=\"alice\", realm=\"{REALM}\", nonce=\"{nonce}\", uri=\"sip:example.com\", nc=00000001, \
         cnonce=\"c\", qop=auth-int, response=\"{response}\""
    );
    assert_eq!(ask(&site, &[&line], &Ask::default()), valid("alice"));
}

#[test]
fn verdicts_are_counted() {
    let site = authenticator();
    let nonce = site.generate_nonce(TENANT, NOW);
    check(&site, &Client::alice(&nonce));
    check(&site, &Client::alice(&nonce));
    check(&site, &Client { password: "x", ..Client::alice(&nonce) });
    check(&site, &Client { user: "mallory", ..Client::alice(&nonce) });
    ask(&site, &[], &Ask::default());
    let counters = site.counters();
    assert_eq!((counters.valid.value(), counters.stale.value(), counters.failures.value()), (1, 1, 2));
}
