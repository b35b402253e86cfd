//! `${NAME}` and `${NAME:-default}` in the configuration's text, replaced before it is parsed.

/// Replaces each `${NAME}` by its value (nothing when unset) and each `${NAME:-default}` by its value, or by the default
/// when unset or empty. A value is not looked into again; what is not closed on its line stays as it is.
pub(super) fn substitute(text: &str, variable: impl Fn(&str) -> Option<String>) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        result.push_str(before);
        let line = after.lines().next().unwrap_or_default();
        let Some((expression, _)) = line.split_once('}') else {
            result.push_str("${");
            rest = after;
            continue;
        };
        result.push_str(&value(expression, &variable));
        rest = after.get(expression.len() + 1..).unwrap_or_default();
    }
    result.push_str(rest);
    result
}

fn value(expression: &str, variable: &impl Fn(&str) -> Option<String>) -> String {
    match expression.split_once(":-") {
        Some((name, default)) => variable(name).filter(|value| !value.is_empty()).unwrap_or_else(|| default.to_owned()),
        None => variable(expression).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::substitute;

    fn with_user(text: &str) -> String {
        substitute(text, |name| match name {
            "USER" => Some("alice".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        })
    }

    #[test]
    fn a_variable_is_replaced_by_its_value() {
        assert_eq!(with_user("a: ${USER}!"), "a: alice!");
    }

    #[test]
    fn an_unset_variable_is_nothing_and_its_default_where_it_has_one() {
        assert_eq!(with_user("[${NONE}] [${NONE:-x y}] [${EMPTY:-z}] [${EMPTY}]"), "[] [x y] [z] []");
    }

    #[test]
    fn what_is_not_closed_on_its_line_stays() {
        assert_eq!(with_user("a: ${USER\nb: }"), "a: ${USER\nb: }");
    }

    #[test]
    fn a_value_is_not_looked_into_again() {
        assert_eq!(substitute("${A}", |_| Some("${B}".to_owned())), "${B}");
    }
}
