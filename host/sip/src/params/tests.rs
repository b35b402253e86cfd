use super::*;

fn params(text: &'static str) -> Params {
    Params::parse(text).unwrap()
}

#[test]
fn a_parameter_has_a_value_or_none_or_an_empty_one() {
    let params = params(" ;a=1; B ;c = ;d=\"x;y, \\\"z\\\"\"");
    assert_eq!(params.get("A"), Some(Some("1".into())));
    assert_eq!(params.get("b"), Some(None));
    assert_eq!(params.get("c"), Some(Some(ByteStr::new())));
    assert_eq!(params.value_str("d"), Some("\"x;y, \\\"z\\\"\""));
    assert_eq!(params.unquoted("d").as_deref(), Some(&b"x;y, \"z\""[..]));
    assert_eq!(params.get("e"), None);
}

#[test]
fn empty_parameters_and_open_quotes_are_refused() {
    for text in [";", ";;a", ";a;", "a", ";=1", ";a=\"b", ";a b", ";\"a\""] {
        assert!(Params::parse(text).is_err(), "{text}");
    }
    assert!(params("").is_empty());
}

#[test]
fn a_parameter_that_is_set_keeps_its_place() {
    let mut params = params(";a=1;b;c=3");
    params.set("B", "2");
    params.set("d", "[::1]:5060");
    params.set_flag("A");
    assert_eq!(params.to_string(), ";A;B=2;c=3;d=[::1]:5060");
}

#[test]
fn all_of_a_name_are_removed() {
    let mut params = params(";a=1;b;A=2");
    assert!(params.remove("a"));
    assert!(!params.remove("a"));
    assert_eq!(params.to_string(), ";b");
}

#[test]
fn a_name_or_value_that_is_set_cannot_break_the_header() {
    let mut params = Params::new();
    params.set("a;b\r\n", "\"c\"d\r\n");
    params.set("e", "\"kept; as it is\"");
    assert_eq!(params.to_string(), ";ab=\"\\\"c\\\"d  \";e=\"kept; as it is\"");
    assert_eq!(params.len(), 2);
}

#[test]
fn order_and_values_count_when_lists_are_compared_and_the_case_of_names_does_not() {
    assert_eq!(params(";A=1 ; b"), params(";a=1;B"));
    assert_ne!(params(";a=X"), params(";a=x"));
    assert_ne!(params(";a;b"), params(";b;a"));
}
