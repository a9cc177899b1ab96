//! Events to rows and back. Invariant: what was appended is what is scanned, field for field.

use super::connect::Connection;
use super::sql;
use crate::domain::{
    Agent, Attributes, Cursor, EmailDomain, Event, EventId, EventName, LeadKey, Money, Place, Props, Rung,
    Signal, SiteNo, Text, Timestamp, Touch, Trust, VisitorId,
};
use crate::storage::{Logged, StoreError};
use rusqlite::{OptionalExtension, Row, Rows, params};
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

/// Numbers of strings and of combinations that are stored once. Bounded: when full it starts anew.
#[derive(Default)]
pub(super) struct Dictionary {
    strings: HashMap<String, i64>,
    touches: HashMap<Touch, i64>,
    agents: HashMap<(Agent, Place), i64>,
}

impl Dictionary {
    const CAPACITY: usize = 50_000;

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
        if self.strings.len() >= Self::CAPACITY {
            self.strings.clear();
        }
        self.strings.insert(value.to_owned(), id);
        Ok(id)
    }

    fn touch(&mut self, connection: &Connection, touch: &Touch) -> Result<i64, StoreError> {
        if let Some(id) = self.touches.get(touch) {
            return Ok(*id);
        }
        let values = params![
            touch.channel.code(),
            or_empty(touch.source.as_ref()),
            or_empty(touch.medium.as_ref()),
            or_empty(touch.campaign.as_ref()),
            or_empty(touch.content.as_ref()),
            or_empty(touch.term.as_ref()),
            or_empty(touch.click_id.as_ref()),
            or_empty(touch.referrer.as_ref()),
        ];
        let found = connection.prepare_cached(sql!("events/find_touch"))?.query_row(values, |row| row.get(0));
        let id = match found.optional()? {
            Some(id) => id,
            None => connection.prepare_cached(sql!("events/insert_touch"))?.insert(values)?,
        };
        if self.touches.len() >= Self::CAPACITY {
            self.touches.clear();
        }
        self.touches.insert(touch.clone(), id);
        Ok(id)
    }

    fn agent(&mut self, connection: &Connection, agent: &Agent, place: &Place) -> Result<i64, StoreError> {
        let key = (agent.clone(), place.clone());
        if let Some(id) = self.agents.get(&key) {
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
        if self.agents.len() >= Self::CAPACITY {
            self.agents.clear();
        }
        self.agents.insert(key, id);
        Ok(id)
    }
}

fn or_empty<const N: usize>(text: Option<&Text<N>>) -> &str {
    text.map_or("", Text::as_str)
}

/// Writes one event at place `seq`.
pub(super) fn insert(
    connection: &Connection,
    dictionary: &mut Dictionary,
    seq: i64,
    event: &Event,
) -> Result<(), StoreError> {
    let name = dictionary.string(connection, event.name.as_str())?;
    let path = dictionary.string(connection, event.path.as_str())?;
    let agent = dictionary.agent(connection, &event.agent, &event.place)?;
    let touch = event.touch.as_ref().map(|touch| dictionary.touch(connection, touch)).transpose()?;
    connection.prepare_cached(sql!("events/insert_event"))?.execute(params![
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

/// Every row that is left.
pub(super) fn all(mut rows: Rows<'_>) -> Result<Vec<Logged>, StoreError> {
    let mut events = Vec::new();
    while let Some(row) = rows.next()? {
        events.push(read(row)?);
    }
    Ok(events)
}

/// Reads a row of `events/scan`.
fn read(row: &Row<'_>) -> Result<Logged, StoreError> {
    let details: Option<String> = row.get("details")?;
    let details: Details = details.map(|json| serde_json::from_str(&json)).transpose()?.unwrap_or_default();
    let channel: Option<u8> = row.get("channel")?;
    let touch = channel
        .map(|channel| -> Result<Touch, StoreError> {
            Ok(Touch {
                channel: crate::domain::Channel::from_code(channel).ok_or_else(|| bad("channel"))?,
                source: text(row, "source")?,
                medium: text(row, "medium")?,
                campaign: text(row, "campaign")?,
                content: text(row, "content")?,
                term: text(row, "term")?,
                click_id: text(row, "click_id")?,
                referrer: text(row, "referrer")?,
            })
        })
        .transpose()?;
    let event = Event {
        id: EventId::from_bytes(row.get("id")?),
        site: SiteNo::new(row.get("site")?),
        at: Timestamp::from_millis(row.get("at")?),
        name: EventName::parse(&row.get::<_, String>("name")?).map_err(|_| bad("name"))?,
        rung: Rung::from_code(row.get("rung")?).ok_or_else(|| bad("rung"))?,
        signal: Signal::from_code(row.get("signal")?).ok_or_else(|| bad("signal"))?,
        policy: row.get("policy")?,
        trust: Trust::from_code(row.get("trust")?).ok_or_else(|| bad("trust"))?,
        visitor: row.get::<_, Option<[u8; 16]>>("visitor")?.map(VisitorId::from_bytes),
        lead: row.get::<_, Option<[u8; 16]>>("lead")?.map(LeadKey::from_bytes),
        domain: details.domain.as_deref().map(EmailDomain::from_stored),
        attributes: details.attributes,
        path: Text::clean(&row.get::<_, String>("path")?),
        touch,
        agent: Agent { browser: text(row, "browser")?, os: text(row, "os")?, device: text(row, "device")? },
        place: Place { country: text(row, "country")? },
        props: details.props,
        revenue: details.revenue.map(|(minor, currency)| Money { minor, currency }),
        engagement_ms: row.get("engagement_ms")?,
        scroll_depth: row.get("scroll_depth")?,
    };
    Ok(Logged { cursor: Cursor::from_raw(row.get("seq")?), event })
}

fn text<const N: usize>(row: &Row<'_>, column: &str) -> Result<Option<Text<N>>, StoreError> {
    Ok(Text::non_empty(&row.get::<_, String>(column)?))
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
