//! What `siphon check` and `siphon run` say of mistakes.

use crate::command::{folder, run};

const SEVERAL: &str = "\
listen:
  udp: [\"127.0.0.1:0\", \"nowhere\"]
domain:
  local: [example.com]
script: { path: route.py, relaod: auto }
registrar:
  max_contacts: many
transaction:
  max_transactions: 1
sevrer:
  shards: 8
";

const ROUTE: &str = "from siphon import proxy\n\n\n@proxy.on_request\ndef route(request):\n    request.relay()\n";

const RIGHT: &str =
    "listen: { udp: [\"127.0.0.1:0\"] }\ndomain: { local: [example.com] }\nscript: { path: route.py }\n";

#[test]
fn check_says_every_mistake_at_once_with_its_line_and_the_nearest_key() {
    let folder = folder(&[("siphon.yaml", SEVERAL), ("route.py", ROUTE)]);
    let ended = run(&folder, &["check", "-c", "siphon.yaml"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    let lines: Vec<_> = ended.out.lines().collect();
    let expected = [
        "siphon.yaml: line 2: error: listen.udp[1]: an address such as 127.0.0.1:5060 is wanted here, not `nowhere`",
        "siphon.yaml: line 5: error: script.relaod: no such key; did you mean `reload`?",
        "siphon.yaml: line 7: error: registrar.max_contacts: a whole number is wanted here, not `many`",
        "siphon.yaml: line 9: error: transaction.max_transactions: 1 is not between 64 and 100000000",
    ];
    for line in expected {
        assert!(lines.contains(&line), "{line}\nis not in\n{}", ended.out);
    }
    assert!(lines.iter().any(|line| line.contains("sevrer: no such key; did you mean `server`?")), "{}", ended.out);
    // The script is looked at too, and is right.
    assert_eq!(lines.len(), 6, "{}", ended.out);
}

#[test]
fn check_says_the_mistakes_of_the_script_beside_those_of_the_configuration() {
    let folder = folder(&[("siphon.yaml", SEVERAL), ("route.py", "raise ValueError('mistaken')\n")]);
    let ended = run(&folder, &["check", "-c", "siphon.yaml"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.out.contains("script.relaod: no such key"), "{}", ended.out);
    assert!(ended.out.contains("route.py\", line 1"), "{}", ended.out);
    assert!(ended.out.contains("ValueError: mistaken"), "{}", ended.out);
}

#[test]
fn a_server_does_not_start_with_mistakes_and_says_every_one() {
    let folder = folder(&[("siphon.yaml", SEVERAL), ("route.py", ROUTE)]);
    let checked = run(&folder, &["check", "-c", "siphon.yaml"]);
    let started = run(&folder, &["run", "-c", "siphon.yaml"]);
    assert_eq!(started.code, Some(2), "{started:?}");
    let errors =
        |text: &str| text.lines().filter(|line| line.contains(": error: ")).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(errors(&started.err).len(), 5, "{}", started.err);
    assert_eq!(errors(&started.err), errors(&checked.out));
}

#[test]
fn check_shows_where_a_script_is_wrong() {
    let broken = "from siphon import proxy\n\n\ndef number():\n    return int('seven')\n\n\nnumber()\n";
    let folder = folder(&[("siphon.yaml", RIGHT), ("route.py", broken)]);
    let ended = run(&folder, &["check", "-c", "siphon.yaml"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    for part in
        ["route.py\", line 8", "route.py\", line 5, in number", "return int('seven')", "ValueError: invalid literal"]
    {
        assert!(ended.out.contains(part), "{part}\nis not in\n{}", ended.out);
    }
}

#[test]
fn check_shows_the_line_of_a_syntax_error() {
    let folder = folder(&[("siphon.yaml", RIGHT), ("route.py", "import os\ndef route(request:\n    pass\n")]);
    let ended = run(&folder, &["check", "-c", "siphon.yaml"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.out.contains("route.py\", line 2"), "{}", ended.out);
    assert!(ended.out.contains("SyntaxError"), "{}", ended.out);
}

#[test]
fn a_server_does_not_start_with_a_script_that_does_not_load() {
    let folder = folder(&[("siphon.yaml", RIGHT), ("route.py", "import nothing_of_this_name\n")]);
    let ended = run(&folder, &["run", "-c", "siphon.yaml"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.err.contains("route.py\", line 1"), "{}", ended.err);
    assert!(ended.err.contains("ModuleNotFoundError"), "{}", ended.err);
}

#[test]
fn check_is_content_with_what_is_right() {
    let folder = folder(&[("siphon.yaml", RIGHT), ("route.py", ROUTE)]);
    let ended = run(&folder, &["check", "-c", "siphon.yaml"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ended.out, "siphon.yaml: the script loads and has 1 handlers\n");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let folder = folder(&[]);
    for verb in ["check", "run"] {
        let ended = run(&folder, &[verb, "-c", "nowhere.yaml"]);
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(format!("{}{}", ended.out, ended.err).contains("nowhere.yaml"), "{ended:?}");
    }
}

#[test]
fn the_version_is_that_of_the_package() {
    let ended = run(&folder(&[]), &["--version"]);
    assert_eq!((ended.code, ended.out.as_str()), (Some(0), concat!("siphon ", env!("CARGO_PKG_VERSION"), "\n")));
}
