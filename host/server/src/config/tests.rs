use super::*;

const LEAST: &str = "listen: { udp: [\"127.0.0.1:5060\"] }\ndomain: { local: [example.com] }\n";

fn read(text: &str) -> Result<(Config, Vec<Problem>), ConfigError> {
    Config::from_text(text, |_| None)
}

fn mistakes(text: &str) -> Vec<String> {
    match read(text) {
        Err(ConfigError::Mistakes(problems)) => problems.iter().map(ToString::to_string).collect(),
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("no mistake was found"),
    }
}

#[test]
fn the_least_configuration_has_every_default() {
    let (config, warnings) = read(LEAST).unwrap();
    assert!(warnings.is_empty());
    assert_eq!(config.registrar.default_expires, 3600);
    assert_eq!(config.listen.addresses.len(), 1);
    assert!(config.script.path.is_none());
}

#[test]
fn an_unknown_key_is_an_error_with_its_line_and_the_nearest_key() {
    assert_eq!(
        mistakes(&format!("{LEAST}registrar:\n  defualt_expires: 60\n")),
        ["line 4: error: registrar.defualt_expires: no such key; did you mean `default_expires`?"]
    );
}

#[test]
fn every_mistake_is_said_at_once_in_the_order_of_the_lines() {
    let found = mistakes("listen:\n  udp: [nonsense]\nscript: { reload: never }\nauth: { nonce_ttl_secs: -1 }\n");
    assert_eq!(found.len(), 5, "{found:#?}");
    assert!(found.iter().any(|line| line.starts_with("line 2: error: listen.udp[0]: an address")), "{found:#?}");
    assert!(found.iter().any(|line| line == "line 3: error: script.reload: `never` is none of auto, sighup"));
    assert!(found.iter().any(|line| line.starts_with("line 4: error: auth.nonce_ttl_secs: ")), "{found:#?}");
    assert!(found.iter().any(|line| line.contains("domain")), "{found:#?}");
}

#[test]
fn a_key_that_is_not_implemented_yet_is_a_warning_that_names_it() {
    let (_, warnings) = read(&format!("{LEAST}media: {{ backend: rtpengine }}\n")).unwrap();
    let lines: Vec<_> = warnings.iter().map(ToString::to_string).collect();
    assert_eq!(lines, ["line 3: warning: media: not implemented yet; it has no effect"]);
}

#[test]
fn a_key_that_stands_twice_is_an_error() {
    let found = mistakes(&format!("{LEAST}auth:\n  realm: a\n  realm: b\n"));
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].contains("line 5") || found[0].contains("duplicat"), "{found:#?}");
}

#[test]
fn what_is_not_yaml_says_where() {
    let found = mistakes("listen: [\n");
    assert!(found[0].contains("not YAML"), "{found:#?}");
}

#[test]
fn a_listener_may_advertise_another_address() {
    let text = "listen: { udp: [{ address: \"0.0.0.0:5060\", advertise: \"sip.example.com:5070\", dscp: AF31 }] }\n\
                domain: { local: [example.com] }\n";
    let (config, _) = read(text).unwrap();
    let listen = &config.listen.addresses[0];
    assert_eq!(listen.dscp, Some(26));
    let (host, port) = listen.advertise.as_ref().unwrap();
    assert_eq!((host.to_string().as_str(), *port), ("sip.example.com", Some(5070)));
}

#[test]
fn the_embedded_default_and_the_reference_configuration_have_no_mistakes() {
    for text in [DEFAULT, include_str!("../../../../siphon.yaml")] {
        let (_, warnings) = read(text).unwrap();
        assert!(warnings.is_empty(), "{warnings:?}");
    }
}

#[test]
fn digest_algorithms_are_known_ones_each_once() {
    let names = |config: &Config| config.auth.algorithms.iter().map(|algorithm| algorithm.name()).collect::<Vec<_>>();
    assert_eq!(names(&read(LEAST).unwrap().0), ["MD5", "SHA-256", "SHA-512-256"]);
    assert_eq!(names(&read(&format!("{LEAST}auth: {{ algorithms: [sha-256] }}\n")).unwrap().0), ["SHA-256"]);
    assert_eq!(
        mistakes(&format!("{LEAST}auth: {{ algorithms: [MD5, MD4, md5] }}\n")),
        [
            "line 3: error: auth.algorithms[1]: one of MD5, SHA-256, SHA-512-256 is wanted here",
            "line 3: error: auth.algorithms[2]: it stands there already",
        ]
    );
}
