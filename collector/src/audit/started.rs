//! What is recorded when a collector starts. Invariant: the log always says under which program, schema, settings
//! and model anything after it was done; what is as it was is not said again.

use super::Recorder;
use crate::domain::{Action, Actor, Entry};
use crate::storage::{AuditQuery, StoreError};
use serde_json::{Value, json};

/// What a collector starts with.
#[derive(Debug, Clone)]
pub struct Start {
    /// The program's version.
    pub version: &'static str,
    /// The migrations that made each database: an object of lists.
    pub schema: Value,
    /// The settings that matter: an object without secrets.
    pub settings: Value,
    /// The scoring model: its name and hash.
    pub model: Value,
}

impl Recorder {
    /// Records a start, and before it what changed since the last.
    ///
    /// # Errors
    /// When it cannot be recorded: then the collector must not start.
    pub fn started(&self, start: &Start) -> Result<(), StoreError> {
        self.changed(Action::SchemaChanged, &start.schema)?;
        self.changed(Action::SettingsChanged, &start.settings)?;
        self.changed(Action::ModelChanged, &start.model)?;
        let version = json!({ "version": start.version });
        self.record(&Actor::collector(), Action::CollectorStarted, None, None, &version)?;
        Ok(())
    }

    /// Records a stop.
    ///
    /// # Errors
    /// When it cannot be recorded.
    pub fn stopped(&self) -> Result<(), StoreError> {
        self.refusals_due(true)?;
        self.record(&Actor::collector(), Action::CollectorStopped, None, None, &json!({}))?;
        Ok(())
    }

    /// Records what is `now`, unless the last entry of this action says so already.
    fn changed(&self, action: Action, now: &Value) -> Result<(), StoreError> {
        let query = AuditQuery { action: Some(action), limit: 1, ..AuditQuery::default() };
        let last: Option<Entry> = self.ledger.entries(&query)?.entries.into_iter().next();
        let last: Option<Value> = last.and_then(|entry| serde_json::from_str(&entry.details).ok());
        let before = last.as_ref().and_then(|last| last.get("now"));
        if before != Some(now) {
            let details = json!({ "now": now, "before": before.map(|before| differing(before, now)) });
            self.record(&Actor::collector(), action, None, None, &details)?;
        }
        Ok(())
    }
}

/// Of what was before, the parts that are another now.
fn differing(before: &Value, now: &Value) -> Value {
    match before.as_object() {
        Some(parts) => parts
            .iter()
            .filter(|(name, part)| now.get(name.as_str()) != Some(part))
            .map(|(n, p)| (n.clone(), p.clone()))
            .collect(),
        None => before.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::testing::Kit;

    #[test]
    fn what_is_as_it_was_is_not_said_again() {
        let kit = Kit::default();
        let mut start = Start {
            version: "1.0.0",
            schema: json!({ "ledger.db": ["0001"] }),
            settings: json!({ "listen": "127.0.0.1:1", "client_rate": 20 }),
            model: json!({ "name": "b2b", "hash": "00" }),
        };
        let actions = |start: &Start| {
            let before = usize::try_from(kit.count()).expect("few");
            kit.recorder.started(start).expect("records");
            kit.entries()[before..].iter().map(|entry| entry.action.clone()).collect::<Vec<_>>()
        };
        assert_eq!(
            actions(&start),
            ["schema.changed", "settings.changed", "model.changed", "collector.started"]
        );
        assert_eq!(actions(&start), ["collector.started"]);
        start.settings = json!({ "listen": "127.0.0.1:2", "client_rate": 20 });
        assert_eq!(actions(&start), ["settings.changed", "collector.started"]);
        let said: Value = serde_json::from_str(&kit.entries()[5].details).expect("JSON");
        assert_eq!(said["now"]["listen"], "127.0.0.1:2");
        assert_eq!(said["before"], json!({ "listen": "127.0.0.1:1" }), "only what is another");
        assert_eq!(actions(&start), ["collector.started"]);
    }
}
