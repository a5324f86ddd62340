//! Canonical bytes of a receipt: RFC 8785, so that anyone can hash the same receipt to the same value.
//!
//! A receipt holds no fraction, so none is written here: the tables by which fractions become text would be a fiftieth of the
//! Worker. A library that writes them too is the oracle in the tests.

use postern_sort::sorted_by;
use serde::Serialize;
use serde_json::Value;

/// A value that has no canonical form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CanonicalError {
    /// JSON cannot write it: a map with keys that are no text, for one.
    #[error("no canonical form: {0}")]
    Json(String),
    /// A fraction, or a whole number that a program may read as another. Source: RFC 8785 3.2.2.3, RFC 7493 2.2.
    #[error("no canonical form: the number {0}; use whole numbers up to 9007199254740991")]
    Number(String),
}

/// The largest whole number that every program reads as the same.
const INTEGER_MAX: u64 = (1 << 53) - 1;

/// The JSON text of RFC 8785: keys sorted, no space, shortest escapes.
///
/// # Errors
/// [`CanonicalError`] for values JSON cannot write, fractions and very large numbers. A [`Receipt`](crate::Receipt) holds
/// none.
pub fn canonical_json<T: Serialize>(value: &T) -> Result<String, CanonicalError> {
    let value = serde_json::to_value(value).map_err(|error| CanonicalError::Json(error.to_string()))?;
    let mut out = String::new();
    write(&value, &mut out)?;
    Ok(out)
}

fn write(value: &Value, out: &mut String) -> Result<(), CanonicalError> {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(is_so) => out.push_str(if *is_so { "true" } else { "false" }),
        Value::Number(number) => {
            let size = number.as_u64().or_else(|| number.as_i64().map(i64::unsigned_abs));
            if size.is_none_or(|size| size > INTEGER_MAX) {
                return Err(CanonicalError::Number(number.to_string()));
            }
            out.push_str(&number.to_string());
        }
        Value::String(text) => write_text(text, out)?,
        Value::Array(items) => {
            out.push('[');
            for (place, item) in items.iter().enumerate() {
                out.push_str(if place == 0 { "" } else { "," });
                write(item, out)?;
            }
            out.push(']');
        }
        Value::Object(members) => {
            // By UTF-16 units, which for text outside the first plane is another order than by bytes. Source: 3.2.3.
            let members = sorted_by(members.iter().collect(), |(one, _), (other, _)| {
                one.encode_utf16().cmp(other.encode_utf16())
            });
            out.push('{');
            for (place, (name, member)) in members.into_iter().enumerate() {
                out.push_str(if place == 0 { "" } else { "," });
                write_text(name, out)?;
                out.push(':');
                write(member, out)?;
            }
            out.push('}');
        }
    }
    Ok(())
}

/// `serde_json` escapes exactly what RFC 8785 3.2.2.2 says, and as it says.
fn write_text(text: &str, out: &mut String) -> Result<(), CanonicalError> {
    out.push_str(&serde_json::to_string(text).map_err(|error| CanonicalError::Json(error.to_string()))?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn the_example_of_rfc_8785_comes_out_as_printed_there_but_for_its_fractions() {
        // Source: RFC 8785 3.2.2 (input) and 3.2.3 (output).
        let input =
            r#"{"string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}"#;
        let value: Value = serde_json::from_str(input).unwrap();
        assert_eq!(
            canonical_json(&value).unwrap(),
            "{\"literals\":[null,true,false],\"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}"
        );
    }

    #[test]
    fn keys_are_sorted_by_utf_16_units() {
        // Source: RFC 8785 3.2.3, the sorting example.
        let value = json!({ "\u{20ac}": 1, "\r": 2, "\u{fb33}": 3, "1": 4, "\u{1f600}": 5, "\u{80}": 6, "\u{f6}": 7 });
        let text = canonical_json(&value).unwrap();
        let order: Vec<_> = text.chars().filter(char::is_ascii_digit).collect();
        assert_eq!(order, ['2', '1', '4', '6', '7', '1', '5', '3']);
    }

    #[test]
    fn numbers_that_programs_read_differently_have_no_form() {
        for (value, text) in [(json!(INTEGER_MAX), "9007199254740991"), (json!(-7), "-7"), (json!(0), "0")] {
            assert_eq!(canonical_json(&value).unwrap(), text);
        }
        for value in [json!(0.5), json!(1e30), json!(INTEGER_MAX + 1), json!(i64::MIN), json!([{ "a": 1.0 }])]
        {
            assert!(matches!(canonical_json(&value), Err(CanonicalError::Number(_))), "{value}");
        }
        let keys = std::collections::BTreeMap::from([(vec![1], 2)]);
        assert!(matches!(canonical_json(&keys), Err(CanonicalError::Json(_))));
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-(1i64 << 53) + 1..1 << 53).prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::vec((any::<String>(), inner), 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_value_without_fractions_is_what_a_library_writes(value in value()) {
            prop_assert_eq!(canonical_json(&value).unwrap(), serde_json_canonicalizer::to_string(&value).unwrap());
        }
    }
}
