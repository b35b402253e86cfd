//! Credentials as they come from the network: odd ones that are right, and ones that are nothing.

use proptest::prelude::*;

use super::*;

fn line(site: &DigestAuthenticator) -> String {
    Client::alice(&site.generate_nonce(TENANT, NOW)).authorization()
}

fn judged(edit: impl Fn(String) -> String) -> DigestVerdict {
    let site = authenticator();
    let line = edit(line(&site));
    ask(&site, &[&line], &Ask::default())
}

#[test]
fn scheme_and_parameter_names_have_no_case() {
    assert_eq!(judged(|line| line.replace("Digest username", "dIGEST USERNAME").replace("nc=", "NC=")), valid("alice"));
}

#[test]
fn blanks_and_folding_around_parameters_do_not_count() {
    assert_eq!(judged(|line| format!("  {}  ", line.replace(", ", " \r\n\t,  "))), valid("alice"));
    assert_eq!(judged(|line| line.replace(", nonce=", ",nonce = ")), valid("alice"));
}

#[test]
fn empty_elements_and_unknown_parameters_are_skipped() {
    assert_eq!(judged(|line| line.replace(", nonce=", ",, opaque=\"\", x=y, ,nonce=")), valid("alice"));
}

#[test]
fn qop_count_and_algorithm_may_stand_in_quotes() {
    let quoted = |line: String| {
        line.replace("qop=auth", "qop=\"auth\"").replace("nc=00000001", "nc=\"00000001\"").replace("=MD5", "=\"MD5\"")
    };
    assert_eq!(judged(quoted), valid("alice"));
}

#[test]
fn a_comma_or_an_equals_sign_in_quotes_is_text() {
    assert_eq!(judged(|line| line.replace(", nonce=", ", opaque=\"a=b, nonce=\\\"c\\\", d\", nonce=")), valid("alice"));
}

#[test]
fn a_parameter_that_comes_twice_is_an_error() {
    assert_eq!(judged(|line| format!("{line}, username=\"bob\"")), DigestVerdict::Invalid);
}

#[test]
fn credentials_that_lack_a_parameter_are_invalid() {
    for name in ["username", "nonce", "uri", "response", "nc", "cnonce"] {
        let removed = judged(|line| line.replace(&format!("{name}="), &format!("x-{name}=")).replace("c-x-", "cx-"));
        assert_eq!(removed, DigestVerdict::Invalid, "{name}");
    }
}

#[test]
fn credentials_without_a_realm_are_nobodys() {
    assert_eq!(judged(|line| line.replace("realm=", "x-realm=")), DigestVerdict::NoCredentials);
}

#[test]
fn a_count_that_is_zero_or_no_number_is_invalid() {
    for count in ["00000000", "0", "+0000001", "000000001", "0000000g", "\"\"", "-1"] {
        assert_eq!(judged(|line| line.replace("00000001", count)), DigestVerdict::Invalid, "{count}");
    }
}

#[test]
fn what_was_not_offered_is_invalid() {
    assert_eq!(judged(|line| line.replace("qop=auth", "qop=auth-conf")), DigestVerdict::Invalid);
    assert_eq!(judged(|line| line.replace("=MD5", "=MD5-sess")), DigestVerdict::Invalid);
    assert_eq!(judged(|line| format!("{line}, userhash=true")), DigestVerdict::Invalid);
    assert_eq!(judged(|line| format!("{line}, username*=UTF-8''alice")), DigestVerdict::Invalid);
}

#[test]
fn userhash_false_is_what_everybody_has() {
    assert_eq!(judged(|line| format!("{line}, userhash=false")), valid("alice"));
}

#[test]
fn a_response_of_the_wrong_length_is_invalid() {
    assert_eq!(judged(|line| line.replace("response=\"", "response=\"0")), DigestVerdict::Invalid);
    assert_eq!(
        judged(|line| line.replace("response=\"", "x=\"").to_string() + ", response=\"\""),
        DigestVerdict::Invalid
    );
}

#[test]
fn a_user_name_with_control_characters_is_invalid() {
    assert_eq!(judged(|line| line.replace("alice", "al\u{1}ice")), DigestVerdict::Invalid);
}

#[test]
fn a_flood_of_parameters_is_invalid() {
    let flood: String = (0..100).map(|number| format!(", p{number}=1")).collect();
    assert_eq!(judged(|line| line + &flood), DigestVerdict::Invalid);
}

#[test]
fn an_open_quote_is_invalid() {
    assert_eq!(judged(|line| line + ", x=\"y"), DigestVerdict::Invalid);
    assert_eq!(judged(|line| line + ", x=\"y\\\""), DigestVerdict::Invalid);
}

#[test]
fn other_schemes_and_nothing_are_no_credentials() {
    let site = authenticator();
    for line in ["", "Digest", "Digestrealm=\"example.com\"", "Basic YTpi", "Bearer x, realm=\"example.com\""] {
        assert_eq!(ask(&site, &[line], &Ask::default()), DigestVerdict::NoCredentials, "{line}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_the_parser_fall_over(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let site = authenticator();
        let digest = [&b"Digest realm=\"example.com\","[..], &bytes].concat();
        let lines: [&[u8]; 2] = [&bytes, &digest];
        let is_valid = matches!(verify(&site, &lines, &Ask::default()), DigestVerdict::Valid { .. });
        prop_assert!(!is_valid);
    }

    #[test]
    fn one_changed_byte_never_makes_another_user_valid(place in 0_usize..400, byte in any::<u8>()) {
        let site = authenticator();
        let mut bytes = line(&site).into_bytes();
        let place = place % bytes.len();
        bytes[place] = byte;
        if let DigestVerdict::Valid { user } = verify(&site, &[&bytes], &Ask::default()) {
            prop_assert_eq!(user, "alice");
        }
    }
}
