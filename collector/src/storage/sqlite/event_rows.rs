//! Events to rows and back. Invariant: what was appended is what is scanned, field for field.

use super::connect::Connection;
use super::sql;
use crate::domain::{
    Agent, Attributes, Cursor, EmailDomain, Event, EventId, EventName, LeadKey, Money, Place, Props, Rung,
    Signal, SiteNo, Text, Timestamp, Touch, Trust, VisitorId,
};
use crate::storage::{Logged, StoreError};
use rusqlite::types::FromSql;
use rusqlite::{CachedStatement, OptionalExtension, Row, Rows, params};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// What most events do not have, as JSON.
#[derive(Serialize, Deserialize, Default)]
struct Details {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    domain: Option<String>,
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    attributes: Attributes,
    #[serde(default, skip_serializing_if = "Props::is_empty")]
    props: Props,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    revenue: Option<(i64, Text<3>)>,
}

/// Of what is read at once: four thousand events may have as much each as strangers like to send.
const DETAILS_BYTES: usize = 4 << 20;

/// Numbers of strings and of combinations that are stored once. Bounded, also in bytes, for strangers choose the
/// texts: when full it starts anew.
#[derive(Default)]
pub(super) struct Dictionary {
    strings: HashMap<String, i64>,
    strings_bytes: usize,
    touches: HashMap<Touch, i64>,
    touches_bytes: usize,
    agents: HashMap<Place, HashMap<Agent, i64>>,
    agents_known: usize,
}

impl Dictionary {
    const CAPACITY: usize = 50_000;
    /// Of the texts of one kind.
    const BYTES: usize = 4 << 20;

    /// Forgets everything; needed after a transaction that failed, for its numbers were not kept.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    fn string(&mut self, connection: &Connection, value: &str) -> Result<i64, StoreError> {
        if let Some(id) = self.strings.get(value) {
            return Ok(*id);
        }
        let found =
            connection.prepare_cached(sql!("events/find_string"))?.query_row([value], |row| row.get(0));
        let id = match found.optional()? {
            Some(id) => id,
            None => connection.prepare_cached(sql!("events/insert_string"))?.insert([value])?,
        };
        if self.strings.len() >= Self::CAPACITY || self.strings_bytes >= Self::BYTES {
            (self.strings, self.strings_bytes) = Default::default();
        }
        self.strings_bytes += value.len();
        self.strings.insert(value.to_owned(), id);
        Ok(id)
    }

    fn touch(&mut self, connection: &Connection, touch: &Touch) -> Result<i64, StoreError> {
        if let Some(id) = self.touches.get(touch) {
            return Ok(*id);
        }
        let texts = [
            or_empty(touch.source.as_ref()),
            or_empty(touch.medium.as_ref()),
            or_empty(touch.campaign.as_ref()),
            or_empty(touch.content.as_ref()),
            or_empty(touch.term.as_ref()),
            or_empty(touch.click_id.as_ref()),
            or_empty(touch.referrer.as_ref()),
        ];
        let [source, medium, campaign, content, term, click_id, referrer] = texts;
        let values =
            params![touch.channel.code(), source, medium, campaign, content, term, click_id, referrer];
        let found = connection.prepare_cached(sql!("events/find_touch"))?.query_row(values, |row| row.get(0));
        let id = match found.optional()? {
            Some(id) => id,
            None => connection.prepare_cached(sql!("events/insert_touch"))?.insert(values)?,
        };
        if self.touches.len() >= Self::CAPACITY || self.touches_bytes >= Self::BYTES {
            (self.touches, self.touches_bytes) = Default::default();
        }
        self.touches_bytes += texts.iter().map(|text| text.len()).sum::<usize>();
        self.touches.insert(touch.clone(), id);
        Ok(id)
    }

    fn agent(&mut self, connection: &Connection, agent: &Agent, place: &Place) -> Result<i64, StoreError> {
        if let Some(id) = self.agents.get(place).and_then(|agents| agents.get(agent)) {
            return Ok(*id);
        }
        let values = params![
            or_empty(agent.browser.as_ref()),
            or_empty(agent.os.as_ref()),
            or_empty(agent.device.as_ref()),
            or_empty(place.country.as_ref()),
        ];
        let found = connection.prepare_cached(sql!("events/find_agent"))?.query_row(values, |row| row.get(0));
        let id = match found.optional()? {
            Some(id) => id,
            None => connection.prepare_cached(sql!("events/insert_agent"))?.insert(values)?,
        };
        if self.agents_known >= Self::CAPACITY {
            self.agents.clear();
            self.agents_known = 0;
        }
        self.agents.entry(place.clone()).or_default().insert(agent.clone(), id);
        self.agents_known += 1;
        Ok(id)
    }
}

fn or_empty<const N: usize>(text: Option<&Text<N>>) -> &str {
    text.map_or("", Text::as_str)
}

/// What writes events in one transaction.
pub(super) struct Insert<'c>(CachedStatement<'c>);

impl<'c> Insert<'c> {
    /// Looks the statement up once, for that costs as much as a tenth of an event.
    pub(super) fn into(connection: &'c Connection) -> Result<Self, StoreError> {
        Ok(Self(connection.prepare_cached(sql!("events/insert_event"))?))
    }

    /// Writes one event at place `seq`.
    pub(super) fn event(
        &mut self,
        connection: &Connection,
        dictionary: &mut Dictionary,
        seq: i64,
        event: &Event,
    ) -> Result<(), StoreError> {
        let name = dictionary.string(connection, event.name.as_str())?;
        let path = dictionary.string(connection, event.path.as_str())?;
        let agent = dictionary.agent(connection, &event.agent, &event.place)?;
        let touch = event.touch.as_ref().map(|touch| dictionary.touch(connection, touch)).transpose()?;
        self.0.execute(params![
            seq,
            event.at.millis(),
            event.id.bytes(),
            event.site.get(),
            name,
            event.rung.code(),
            event.signal.code(),
            event.trust.code(),
            path,
            agent,
            touch,
            event.visitor.as_ref().map(VisitorId::bytes),
            event.lead.as_ref().map(LeadKey::bytes),
            event.engagement_ms,
            event.scroll_depth,
            details(event)?,
            event.policy,
        ])?;
        Ok(())
    }
}

fn details(event: &Event) -> Result<Option<String>, StoreError> {
    let plain = event.domain.is_none()
        && event.attributes.is_empty()
        && event.props.is_empty()
        && event.revenue.is_none();
    if plain {
        return Ok(None);
    }
    let details = Details {
        domain: event.domain.as_ref().map(|domain| domain.as_str().to_owned()),
        attributes: event.attributes.clone(),
        props: event.props.clone(),
        revenue: event.revenue.as_ref().map(|money| (money.minor, money.currency.clone())),
    };
    Ok(Some(serde_json::to_string(&details)?))
}

/// Bytes of text of what most events do not have.
pub(super) fn details_bytes(event: &Event) -> usize {
    let attributes = event.attributes.iter().map(|(name, value)| name.as_str().len() + value.as_str().len());
    let props = event.props.iter().map(|(name, value)| name.as_str().len() + value.as_str().len());
    attributes.chain(props).sum()
}

/// Every row that is left.
pub(super) fn all(mut rows: Rows<'_>) -> Result<Vec<Logged>, StoreError> {
    let mut events = Vec::new();
    while let Some(row) = rows.next()? {
        events.push(read(row)?);
    }
    Ok(events)
}

/// The rows that come first, until their details are [`DETAILS_BYTES`].
pub(super) fn some(mut rows: Rows<'_>) -> Result<Vec<Logged>, StoreError> {
    let (mut events, mut bytes) = (Vec::new(), 0);
    while bytes < DETAILS_BYTES
        && let Some(row) = rows.next()?
    {
        events.push(read(row)?);
        bytes += row.get_ref("details")?.as_str_or_null().map_err(rusqlite::Error::from)?.map_or(0, str::len);
    }
    Ok(events)
}

/// Reads a row of `events/scan` or `events/events_of`, column by column as they are named there: to look up names
/// for each row would cost more than to read it.
fn read(row: &Row<'_>) -> Result<Logged, StoreError> {
    let mut columns = Columns { row, next: 0 };
    let columns = &mut columns;
    let cursor = Cursor::from_raw(columns.get()?);
    let at = Timestamp::from_millis(columns.get()?);
    let id = EventId::from_bytes(columns.get()?);
    let site = SiteNo::new(columns.get()?);
    let name = EventName::parse(columns.str()?.unwrap_or_default()).map_err(|_| bad("name"))?;
    let rung = Rung::from_code(columns.get()?).ok_or_else(|| bad("rung"))?;
    let signal = Signal::from_code(columns.get()?).ok_or_else(|| bad("signal"))?;
    let policy = columns.get()?;
    let trust = Trust::from_code(columns.get()?).ok_or_else(|| bad("trust"))?;
    let path = Text::clean(columns.str()?.unwrap_or_default());
    let agent = Agent { browser: columns.text()?, os: columns.text()?, device: columns.text()? };
    let place = Place { country: columns.text()? };
    let touch = touch(columns)?;
    let visitor = columns.get::<Option<[u8; 16]>>()?.map(VisitorId::from_bytes);
    let lead = columns.get::<Option<[u8; 16]>>()?.map(LeadKey::from_bytes);
    let (engagement_ms, scroll_depth) = (columns.get()?, columns.get()?);
    let details: Details = columns.str()?.map(serde_json::from_str).transpose()?.unwrap_or_default();
    let event = Event {
        id,
        site,
        at,
        name,
        rung,
        signal,
        policy,
        trust,
        visitor,
        lead,
        domain: details.domain.as_deref().map(EmailDomain::from_stored),
        attributes: details.attributes,
        path,
        touch,
        agent,
        place,
        props: details.props,
        revenue: details.revenue.map(|(minor, currency)| Money { minor, currency }),
        engagement_ms,
        scroll_depth,
    };
    Ok(Logged { cursor, event })
}

/// Reads the columns of a touch; an event without one has none of them.
fn touch(columns: &mut Columns<'_, '_>) -> Result<Option<Touch>, StoreError> {
    let Some(channel) = columns.get::<Option<u8>>()? else {
        columns.next += 7;
        return Ok(None);
    };
    Ok(Some(Touch {
        channel: crate::domain::Channel::from_code(channel).ok_or_else(|| bad("channel"))?,
        source: columns.text()?,
        medium: columns.text()?,
        campaign: columns.text()?,
        content: columns.text()?,
        term: columns.text()?,
        click_id: columns.text()?,
        referrer: columns.text()?,
    }))
}

/// The columns of a row, one after the other.
struct Columns<'r, 's> {
    row: &'r Row<'s>,
    next: usize,
}

impl<'r> Columns<'r, '_> {
    fn get<T: FromSql>(&mut self) -> Result<T, StoreError> {
        self.next += 1;
        Ok(self.row.get(self.next - 1)?)
    }

    fn str(&mut self) -> Result<Option<&'r str>, StoreError> {
        self.next += 1;
        let value = self.row.get_ref(self.next - 1)?;
        Ok(value.as_str_or_null().map_err(rusqlite::Error::from)?)
    }

    fn text<const N: usize>(&mut self) -> Result<Option<Text<N>>, StoreError> {
        Ok(self.str()?.and_then(Text::non_empty))
    }
}

fn bad(column: &str) -> StoreError {
    StoreError::Failed(format!("events.{column} holds a value that this binary does not know"))
}

/// Details with every part that they can have.
#[cfg(test)]
pub(super) fn full_details() -> serde_json::Value {
    let details = Details {
        domain: Some("example.com".to_owned()),
        attributes: Attributes::from([(Text::clean("a"), Text::clean("a"))]),
        props: Props::from([(Text::clean("b"), Text::clean("b"))]),
        revenue: Some((1, Text::clean("EUR"))),
    };
    serde_json::to_value(details).expect("JSON")
}

#[cfg(test)]
mod tests {
    use super::super::{connect, migrate};
    use super::*;

    #[test]
    fn long_texts_do_not_fill_memory() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("events.db");
        let mut connection = connect::writer(&path, migrate::EVENTS).expect("creates");
        let transaction = connection.transaction().expect("begins");
        let (mut dictionary, mut numbers) = (Dictionary::default(), Vec::new());
        let long = |n: usize| format!("/{n}{}", "x".repeat(64 << 10));
        for n in 0..2 * Dictionary::BYTES / (64 << 10) {
            numbers.push(dictionary.string(&transaction, &long(n)).expect("kept"));
            let held: usize = dictionary.strings.keys().map(String::len).sum();
            assert!(held == dictionary.strings_bytes && held <= Dictionary::BYTES + (65 << 10));
        }
        assert!(dictionary.strings.len() < numbers.len(), "it began anew");
        assert_eq!(dictionary.string(&transaction, &long(0)).expect("found"), numbers[0]);

        let campaign = |n: usize| Touch {
            campaign: Some(Text::clean(&format!("{n}{}", "c".repeat(200)))),
            content: Some(Text::clean(&"d".repeat(200))),
            term: Some(Text::clean(&"e".repeat(200))),
            ..Touch::DIRECT
        };
        let first = dictionary.touch(&transaction, &campaign(0)).expect("kept");
        for n in 1..=Dictionary::BYTES / 590 {
            dictionary.touch(&transaction, &campaign(n)).expect("kept");
            assert!(dictionary.touches_bytes <= Dictionary::BYTES + 600);
        }
        assert!(dictionary.touches.len() < 1_000, "it began anew");
        assert_eq!(dictionary.touch(&transaction, &campaign(0)).expect("found"), first);
    }

    #[test]
    fn large_events_are_read_a_few_at_once_and_all_of_them() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("events.db");
        let mut connection = connect::writer(&path, migrate::EVENTS).expect("creates");
        let transaction = connection.transaction().expect("begins");
        let mut dictionary = Dictionary::default();
        let long = |n: usize| (Text::clean(&format!("p{n}")), Text::clean(&"x".repeat(300)));
        let large =
            Event { props: (0..30).map(long).collect(), ..Event::for_test(Timestamp::from_millis(0)) };
        assert!(details_bytes(&large) > 9_000);
        let mut insert = Insert::into(&transaction).expect("prepares");
        for seq in 1..=1_000_i64 {
            let id = u128::from(seq.unsigned_abs()).to_le_bytes();
            let event = Event { id: EventId::from_bytes(id), ..large.clone() };
            insert.event(&transaction, &mut dictionary, seq, &event).expect("kept");
        }
        let (mut after, mut seen) = (0, Vec::new());
        loop {
            let mut scan = transaction.prepare(sql!("events/scan")).expect("prepares");
            let read = some(scan.query(params![after, 4_000]).expect("reads")).expect("reads");
            assert!(
                read.iter().map(|logged| details_bytes(&logged.event)).sum::<usize>()
                    < DETAILS_BYTES + 20_000
            );
            let Some(last) = read.last() else { break };
            after = last.cursor.raw();
            seen.push(read.len());
        }
        assert!(seen.len() > 2 && seen.iter().sum::<usize>() == 1_000, "{seen:?}");
    }
}
