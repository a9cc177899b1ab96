//! Counts and samples of what the databases hold. Invariant: it only reads, and never more than a bounded
//! number of rows of a table, so that looking at ten million events takes no longer than a page may.

use super::connect::Connection;
use super::migrate::{EVENTS, LEDGER, Migration};
use super::{SqliteEvents, SqliteLedger, codec, inventory, sql};
use crate::domain::Timestamp;
use crate::domain::inventory::{Field, Table, Unit};
use crate::storage::census::{Value, shown, shown_as};
use crate::storage::{Census, CountedTable, Rows, Sampled, StoreError};
use rusqlite::OptionalExtension;
use rusqlite::types::ValueRef;

/// Rows of a table that are counted, or looked through for the oldest.
const COUNTED_MAX: u64 = 200_000;
/// Newest rows in which a value is looked for, since not every row has one.
const SAMPLED_ROWS: u32 = 200;

impl Census for SqliteEvents {
    fn census(&self) -> Result<Vec<CountedTable>, StoreError> {
        self.readers.read(|connection| tables(connection, "events.db", EVENTS))
    }
}

impl Census for SqliteLedger {
    fn census(&self) -> Result<Vec<CountedTable>, StoreError> {
        self.readers.read(|connection| tables(connection, "ledger.db", LEDGER))
    }
}

fn tables(
    connection: &Connection,
    store: &str,
    migrations: &[Migration],
) -> Result<Vec<CountedTable>, StoreError> {
    let live = inventory::live(connection)?;
    let declared = inventory::declared(store, migrations)?;
    // A list that leaves something out would be worse than none.
    inventory::find_undeclared(store, &live, &declared)?;
    // A folder that an older version wrote, and that is only read, may not have every table yet.
    let there = declared.into_iter().filter_map(|table| {
        let columns = live.get(&table.name)?;
        Some((table, columns))
    });
    there.map(|(table, columns)| counted(connection, table, columns)).collect()
}

fn counted(
    connection: &Connection,
    mut table: Table,
    columns: &[(String, String)],
) -> Result<CountedTable, StoreError> {
    let place = |field: &Field| columns.iter().position(|(column, _)| column == field.column());
    table.fields.retain(|field| place(field).is_some());
    table.fields.sort_by_key(place);
    let has_rowid = !connection
        .prepare_cached(sql!("schema/without_rowid"))?
        .query_row([&table.name], |row| row.get::<_, bool>(0))?;
    let rows = rows(connection, &table.name, has_rowid)?;
    let few = matches!(rows, Rows::Exactly(_));
    let oldest = oldest(connection, &table, has_rowid && !few)?;
    let order = match (&table.oldest, has_rowid) {
        (_, true) => " ORDER BY rowid DESC".to_owned(),
        (Some(column), false) if few => format!(" ORDER BY {} DESC", quoted(column)),
        _ => String::new(),
    };
    let newest = newest(connection, &table, &order)?;
    let sampled = |field: &Field| Sampled {
        kind: kind(field, columns),
        sample: newest.iter().find_map(|row| sample(field, &table.fields, row)),
        field: field.clone(),
    };
    Ok(CountedTable { rows: Some(rows), oldest, fields: table.fields.iter().map(sampled).collect(), table })
}

fn kind(field: &Field, columns: &[(String, String)]) -> String {
    let column = || columns.iter().find(|(column, _)| *column == field.name).map(|(_, kind)| kind.clone());
    field.kind.clone().or_else(column).unwrap_or_default()
}

/// A name inside of SQL. Names come from the declarations only.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn rows(connection: &Connection, table: &str, has_rowid: bool) -> Result<Rows, StoreError> {
    let name = quoted(table);
    let number = |sql: String| -> Result<u64, StoreError> {
        let number: Option<i64> = connection.query_row(&sql, [], |row| row.get(0))?;
        Ok(number.unwrap_or_default().unsigned_abs())
    };
    let counted = number(format!("SELECT count(*) FROM (SELECT 1 FROM {name} LIMIT {})", COUNTED_MAX + 1))?;
    if counted <= COUNTED_MAX {
        return Ok(Rows::Exactly(counted));
    }
    if has_rowid {
        // Each end apart: together they would read the whole table.
        let span = format!("SELECT (SELECT max(rowid) FROM {name}) - (SELECT min(rowid) FROM {name}) + 1");
        return Ok(Rows::AtMost(number(span)?));
    }
    Ok(Rows::AtLeast(COUNTED_MAX))
}

/// The time of the oldest row; of a long log that of its first row.
fn oldest(connection: &Connection, table: &Table, first_row: bool) -> Result<Option<Timestamp>, StoreError> {
    let Some(field) =
        table.oldest.as_ref().and_then(|name| table.fields.iter().find(|field| field.name == *name))
    else {
        return Ok(None);
    };
    let (column, name) = (quoted(&field.name), quoted(&table.name));
    let sql = if first_row {
        format!("SELECT {column} FROM {name} ORDER BY rowid LIMIT 1")
    } else {
        format!("SELECT min({column}) FROM (SELECT {column} FROM {name} LIMIT {COUNTED_MAX})")
    };
    let value: Option<Option<i64>> = connection.query_row(&sql, [], |row| row.get(0)).optional()?;
    Ok(value.flatten().map(|value| moment(field.unit, value)))
}

fn moment(unit: Option<Unit>, value: i64) -> Timestamp {
    match unit {
        Some(Unit::Days) => Timestamp::from_millis(0).plus_days(value),
        _ => Timestamp::from_millis(value),
    }
}

/// A row's values, by column.
type Row = Vec<(String, Option<Value>)>;

fn newest(connection: &Connection, table: &Table, order: &str) -> Result<Vec<Row>, StoreError> {
    let mut statement =
        connection.prepare(&format!("SELECT * FROM {}{order} LIMIT {SAMPLED_ROWS}", quoted(&table.name)))?;
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let mut rows = statement.query([])?;
    let mut newest = Vec::new();
    while let Some(row) = rows.next()? {
        let value = |(at, name): (usize, &String)| -> Result<(String, Option<Value>), StoreError> {
            let value = match row.get_ref(at)? {
                ValueRef::Null => None,
                ValueRef::Integer(number) => Some(Value::Text(number.to_string())),
                ValueRef::Real(number) => Some(Value::Text(number.to_string())),
                ValueRef::Text(text) => Some(Value::Text(String::from_utf8_lossy(text).into_owned())),
                ValueRef::Blob(bytes) => Some(Value::Bytes(bytes.to_owned())),
            };
            Ok((name.clone(), value.filter(|value| *value != Value::Text(String::new()))))
        };
        newest.push(names.iter().enumerate().map(value).collect::<Result<Row, _>>()?);
    }
    Ok(newest)
}

fn sample(field: &Field, all: &[Field], row: &Row) -> Option<String> {
    let value = row.iter().find(|(column, _)| column == field.column())?.1.as_ref()?;
    let value = match (field.name.split_once('.'), value) {
        // What has parts is JSON, however few bytes it takes.
        (None, Value::Bytes(packed))
            if all.iter().any(|part| part.name != field.name && part.column() == field.name) =>
        {
            codec::shown(packed).map_or_else(|| value.clone(), Value::Text)
        }
        (None, value) => value.clone(),
        (Some((_, path)), Value::Text(json)) => part(&serde_json::from_str(json).ok()?, path)?,
        (Some((_, path)), Value::Bytes(packed)) => {
            part(&serde_json::from_str(&codec::shown(packed)?).ok()?, path)?
        }
    };
    let value = match (&value, field.unit) {
        (Value::Text(number), Some(unit)) => {
            let moment = moment(Some(unit), number.parse().ok()?).to_string();
            Value::Text(if unit == Unit::Days { moment.chars().take(10).collect() } else { moment })
        }
        _ => value,
    };
    Some(shown(shown_as(field, all), &value))
}

/// The part of a JSON value that `path` names; `*` is whatever comes first, as is the first of a list.
fn part(json: &serde_json::Value, path: &str) -> Option<Value> {
    let mut at = json;
    for step in path.split('.') {
        at = at.as_array().map_or(Some(at), |list| list.first())?;
        at = if step == "*" { at.as_object()?.values().next()? } else { at.get(step)? };
    }
    match at {
        serde_json::Value::Null => None,
        serde_json::Value::String(text) => Some(Value::Text(text.clone())),
        other => Some(Value::Text(other.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::sqlite::connect;

    fn of<'a>(counted: &'a [CountedTable], table: &str) -> &'a CountedTable {
        counted.iter().find(|counted| counted.table.name == table).expect("declared")
    }

    fn sampled<'a>(counted: &'a CountedTable, field: &str) -> Option<&'a str> {
        let sampled = counted.fields.iter().find(|sampled| sampled.field.name == field).expect("declared");
        sampled.sample.as_deref()
    }

    #[test]
    fn long_tables_are_not_read_to_their_end() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("events.db");
        let connection = connect::writer(&path, EVENTS).expect("creates");
        let many = COUNTED_MAX + 10;
        let numbers =
            format!("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {many})");
        connection
            .execute_batch(&format!(
                "BEGIN;
                 {numbers} INSERT INTO strings SELECT i, '/' || i FROM n;
                 DELETE FROM strings WHERE id = 7;
                 {numbers} INSERT INTO outcomes SELECT i, 20000, 'stored', 1 FROM n;
                 COMMIT"
            ))
            .expect("writes");
        let counted = tables(&connection, "events.db", EVENTS).expect("reads");
        assert_eq!(of(&counted, "strings").rows, Some(Rows::AtMost(many)));
        assert_eq!(of(&counted, "outcomes").rows, Some(Rows::AtLeast(COUNTED_MAX)));
        assert_eq!(of(&counted, "touches").rows, Some(Rows::Exactly(0)));
        assert_eq!(
            sampled(of(&counted, "strings"), "value"),
            Some(format!("/{many}").as_str()),
            "the newest"
        );
        let oldest = of(&counted, "outcomes").oldest.map(|oldest| oldest.to_string());
        assert_eq!(oldest.as_deref(), Some("2024-10-04T00:00:00.000Z"));
    }

    #[test]
    fn values_come_from_the_newest_rows_that_have_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let connection = connect::writer(&folder.path().join("events.db"), EVENTS).expect("creates");
        let row =
            "INSERT INTO events (at, id, site, name, rung, signal, trust, path, agent, lead, details) VALUES";
        connection
            .execute_batch(&format!(
                "{row} (1000, x'01', 1, 1, 3, 8, 1, 1, 1, x'aabbccddeeff', '{{\"attributes\":{{\"a\":\"b\"}},\"revenue\":[5,\"EUR\"]}}');
                 {row} (2000, x'02', 1, 1, 1, 0, 1, 1, 1, NULL, NULL)"
            ))
            .expect("writes");
        let counted = tables(&connection, "events.db", EVENTS).expect("reads");
        let events = of(&counted, "events");
        assert_eq!(events.oldest, Some(Timestamp::from_millis(1000)));
        for (field, expected) in [
            ("at", Some("1970-01-01T00:00:02.000Z")),
            ("rung", Some("1")),
            ("lead", Some("aabb…")),
            ("visitor", None),
            ("details.attributes.*", Some("b")),
            ("details.revenue", Some("[5,\"EUR\"]")),
            ("details.domain", None),
        ] {
            assert_eq!(sampled(events, field), expected, "{field}");
        }
        assert_eq!(events.fields.first().map(|sampled| sampled.field.name.as_str()), Some("seq"));
        assert_eq!(events.fields.first().map(|sampled| sampled.kind.as_str()), Some("INTEGER"));
    }
}
