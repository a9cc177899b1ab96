//! The canonical form of a model and its hash. Invariant: two files have the same hash exactly when they
//! mean the same model, names and labels included.
//!
//! Defaults are filled in, so that a default written out changes nothing, and a default that a later
//! version changes does. What is absent or empty is left out, so that keys which a later version adds
//! do not change the hash of models that do not use them.

use super::model::Spec;
use crate::domain::ModelHash;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

pub(super) fn hash(spec: &Spec) -> ModelHash {
    ModelHash::from_bytes(Sha256::digest(canonical(spec).as_bytes()).into())
}

/// JSON with sorted keys and no white space.
fn canonical(spec: &Spec) -> String {
    let value = serde_json::to_value(spec).unwrap_or_default();
    let mut out = String::from("mqlite model 1\n");
    write(&value, &mut out);
    out
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Array(items) => {
            let mut separator = '[';
            for item in items {
                out.push(separator);
                write(item, out);
                separator = ',';
            }
            out.push_str(if separator == '[' { "[]" } else { "]" });
        }
        Value::Object(entries) => {
            let kept = entries.iter().filter(|(_, value)| !is_nothing(value));
            let sorted: BTreeMap<_, _> = kept.collect();
            out.push('{');
            for (index, (key, value)) in sorted.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                out.push_str(&Value::from(key.as_str()).to_string());
                out.push(':');
                write(value, out);
            }
            out.push('}');
        }
        scalar => out.push_str(&scalar.to_string()),
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(entries) => entries.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Model;

    const SMALL: &str = r#"
        name = "Small"
        [mql]
        total_gte = 10
        [[group]]
        id = "g"
        label = "G"
        axis = "engagement"
        [[rule]]
        id = "a"
        label = "A"
        group = "g"
        event = ["x", "y"]
        points = 10
        [[rule]]
        id = "b"
        label = "B"
        group = "g"
        event = "z"
        points = 1.5
    "#;

    /// The same model: comments, order of keys, of tables and of lists, defaults written out.
    const SAME: &str = r#"
        # A comment.
        name = "Small"
        rule = [
            { points = 1.5, id = "b", label = "B", group = "g", event = ["z"], min_trust = "human", min_rung = "unset" },
            { group = "g", event = ["y", "x", "x"], points = 10.0, repeat = "once", label = "A", id = "a", decay = { kind = "none" } },
        ]
        mql = { icp_required = false, total_gte = 10, fast_track = [] }
        [clamp]
        fit = { min = 0 }
        engagement = { min = 0 }
        [[group]]
        axis = "engagement"
        label = "G"
        id = "g"
    "#;

    fn hash(text: &str) -> String {
        Model::parse(text).unwrap_or_else(|e| panic!("{e}")).hash().to_string()
    }

    #[test]
    fn the_same_model_has_the_same_hash() {
        assert_eq!(hash(SMALL), hash(SAME));
    }

    #[test]
    fn another_model_has_another_hash() {
        for (from, to) in
            [("= 10", "= 9"), ("1.5", "1.501"), ("\"A\"", "\"AA\""), ("\"z\"", "\"*\""), ("Small", "Large")]
        {
            assert_ne!(hash(SMALL), hash(&SMALL.replace(from, to)), "{from} {to}");
        }
    }

    /// Stored scores name models by this hash: a change of the canonical form makes them all strangers.
    #[test]
    fn the_hash_stays_what_it_is() {
        assert_eq!(hash(SMALL), "0d4033e2968f05ad5422dff3145b59918e7e7d943882ab8426d70448530ccd43");
    }
}
