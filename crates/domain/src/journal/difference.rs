//! What two states of a record differ in, member by member.

use serde_json::Value;

/// A member that is not as it was.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Where: a JSON Pointer (RFC 6901) into the record's state.
    pub pointer: String,
    /// What it was; `None` where it was not there.
    pub before: Option<Value>,
    /// What it is; `None` where it is not there any more.
    pub after: Option<Value>,
}

/// Every member that differs. Objects are compared member by member, arrays as a whole: an item has no name by which it
/// could be told from its neighbours. `null` and absent are the same, as in the state's hash.
#[must_use]
pub fn differences(before: &Value, after: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(String::new(), Some(before), Some(after), &mut found);
    found
}

fn compare(pointer: String, before: Option<&Value>, after: Option<&Value>, found: &mut Vec<Difference>) {
    let (before, after) = (before.filter(|value| !value.is_null()), after.filter(|value| !value.is_null()));
    if before == after {
        return;
    }
    if let (Some(Value::Object(old)), Some(Value::Object(new))) = (before, after) {
        for name in old.keys().chain(new.keys().filter(|name| !old.contains_key(*name))) {
            let escaped = name.replace('~', "~0").replace('/', "~1");
            compare(format!("{pointer}/{escaped}"), old.get(name), new.get(name), found);
        }
        return;
    }
    found.push(Difference { pointer, before: before.cloned(), after: after.cloned() });
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn told(before: Value, after: Value) -> Vec<String> {
        let told = |d: Difference| format!("{} {:?} {:?}", d.pointer, d.before, d.after);
        differences(&before, &after).into_iter().map(told).collect()
    }

    #[test]
    fn each_member_that_differs_is_named() {
        assert_eq!(told(json!({ "a": 1, "b": null }), json!({ "a": 1 })), Vec::<String>::new());
        assert_eq!(
            told(json!({ "a": { "x/y": 1 }, "b": [1], "c": 1 }), json!({ "a": { "x/y": 2 }, "b": [1, 2], "d": 1 })),
            [
                "/a/x~1y Some(Number(1)) Some(Number(2))",
                "/b Some(Array [Number(1)]) Some(Array [Number(1), Number(2)])",
                "/c Some(Number(1)) None",
                "/d None Some(Number(1))",
            ]
        );
        assert_eq!(told(json!({ "a": { "b": 1 } }), json!({ "a": 2 })).len(), 1);
    }

    fn any_state() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), (0..3i64).prop_map(Value::from)];
        leaf.prop_recursive(3, 12, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                prop::collection::btree_map("[a-c/~]", inner, 0..3)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_named_differs_and_what_is_not_does_not(before in any_state(), after in any_state()) {
            let found = differences(&before, &after);
            for Difference { pointer, before: old, after: new } in &found {
                prop_assert_ne!(old, new);
                prop_assert_eq!(before.pointer(pointer).filter(|value| !value.is_null()), old.as_ref());
                prop_assert_eq!(after.pointer(pointer).filter(|value| !value.is_null()), new.as_ref());
            }
            prop_assert_eq!(differences(&after, &before).len(), found.len());
            prop_assert!(differences(&before, &before).is_empty());
        }
    }
}
