//! What the parsers say, in the words of whoever sends: types as JSON has them, not as the program has them.

/// The message without the names of the program's own types.
pub(crate) fn plain(message: &str) -> String {
    if let Some((found, expected)) =
        message.strip_prefix("invalid type: ").and_then(|rest| rest.split_once(", expected "))
    {
        return format!("must be {}, not {}", wanted(expected), sent(found));
    }
    if let Some((found, expected)) =
        message.strip_prefix("invalid value: ").and_then(|rest| rest.split_once(", expected "))
    {
        return format!("must be {}, not {found}", wanted(expected));
    }
    match message {
        "invalid digit found in string" | "cannot parse integer from empty string" => {
            "must be a whole number".to_owned()
        }
        "number too large to fit in target type" | "number too small to fit in target type" => {
            "must be a whole number that is not so large".to_owned()
        }
        "invalid float literal" | "cannot parse float from empty string" => "must be a number".to_owned(),
        "provided string was not `true` or `false`" => "must be `true` or `false`".to_owned(),
        "input contains invalid characters"
        | "premature end of input"
        | "trailing input"
        | "input is out of range"
        | "input is not enough for unique date and time" => "must be a moment such as 2026-03-01T08:00:00Z".to_owned(),
        "Matching variant not found" => "must be one of the documented values".to_owned(),
        _ => message.replace("unknown field ", "unknown member ").replace("missing field ", "missing member "),
    }
}

/// What is expected, of the types that bodies and parameters have.
fn wanted(expected: &str) -> String {
    let word = expected.split(' ').next().unwrap_or_default();
    match word {
        "f32" | "f64" => "a number".to_owned(),
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number that is not negative".to_owned(),
        "i8" | "i16" | "i32" | "i64" => "a whole number".to_owned(),
        "struct" | "internally" | "adjacently" | "map" => "an object".to_owned(),
        "sequence" | "tuple" => "an array".to_owned(),
        "string" | "str" | "enum" | "variant" => "a text".to_owned(),
        "a" if expected == "a map" => "an object".to_owned(),
        "a" if expected == "a sequence" => "an array".to_owned(),
        "a" if expected == "a string" => "a text".to_owned(),
        "a" if expected == "a boolean" => "`true` or `false`".to_owned(),
        _ => expected.to_owned(),
    }
}

/// What was sent.
fn sent(found: &str) -> String {
    match found.split(' ').next().unwrap_or_default() {
        "map" => "an object".to_owned(),
        "sequence" => "an array".to_owned(),
        "string" => "a text".to_owned(),
        "integer" => "a whole number".to_owned(),
        "floating" => "a number with a fraction".to_owned(),
        "boolean" => "`true` or `false`".to_owned(),
        "null" | "unit" | "Option" => "`null`".to_owned(),
        _ => found.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_type_of_the_program_is_named() {
        for (message, expected) in [
            ("invalid type: string \"50\", expected f64", "must be a number, not a text"),
            ("invalid type: map, expected a string", "must be a text, not an object"),
            ("invalid type: sequence, expected struct Goal", "must be an object, not an array"),
            ("invalid type: null, expected internally tagged enum AutoRaise", "must be an object, not `null`"),
            (
                "invalid type: floating point `1.0`, expected i64",
                "must be a whole number, not a number with a fraction",
            ),
            (
                "invalid value: integer `-1`, expected u32",
                "must be a whole number that is not negative, not integer `-1`",
            ),
            ("invalid digit found in string", "must be a whole number"),
            ("premature end of input", "must be a moment such as 2026-03-01T08:00:00Z"),
            ("missing field `title`", "missing member `title`"),
        ] {
            assert_eq!(plain(message), expected);
        }
    }
}
