//! Events to hits. Invariant: which rules an event hits depends on the event and the model alone; an event
//! that is trusted less, or consented to less, than a rule asks for never hits it.

use super::{
    Model,
    model::{EventMatch, Field, Rule, Source, Test, When, Where},
    number::Number,
};
use crate::domain::{Event, Hit, RuleId, Text};
use std::borrow::Cow;

impl Model {
    /// The rules and event disqualifiers that `event` matches, by id, after the filter on trust and
    /// consent rung. At most one hit for each.
    ///
    /// Every hit is one of [`Model::evaluate`]'s arguments; [`Model::prune`] says which may be forgotten.
    pub fn hits(&self, event: &Event) -> Vec<Hit> {
        let hit = |rule: &RuleId, value| Hit { rule: rule.clone(), at: event.at, event: event.id, value };
        let rules = self.spec.rules.iter().filter(|rule| rule.matcher.matches(event));
        let disqualifiers = self.spec.disqualifiers.iter().filter(|disqualifier| match &disqualifier.when {
            When::Event { matcher, .. } => matcher.matches(event),
            When::Domains(_) | When::Attribute { .. } => false,
        });
        let mut hits: Vec<Hit> = rules
            .map(|rule| hit(&rule.id, rule.value(event)))
            .chain(disqualifiers.map(|disqualifier| hit(&disqualifier.id, None)))
            .collect();
        hits.sort_by(|a, b| a.rule.cmp(&b.rule));
        hits
    }
}

impl Rule {
    /// Of longer values the first 200 bytes tell repetitions apart.
    fn value(&self, event: &Event) -> Option<Text<200>> {
        self.per.as_ref().and_then(|per| per.read(event)).and_then(|value| Text::non_empty(&value))
    }
}

impl EventMatch {
    fn matches(&self, event: &Event) -> bool {
        event.trust >= self.min_trust
            && event.rung >= self.min_rung
            && (self.events.is_empty() || self.events.contains(event.name.as_str()))
            && (self.paths.is_empty() || self.paths.iter().any(|glob| glob.matches(path(event))))
            && self.conditions.iter().all(|condition| condition.holds(event))
    }
}

impl Where {
    /// A value that is not there, or is no number where one is compared, does not hold.
    fn holds(&self, event: &Event) -> bool {
        let Some(value) = self.of.read(event) else { return false };
        match &self.test {
            Test::In(values) => values.contains(value.trim().to_lowercase().as_str()),
            Test::Gte(least) => Number::parse_plain(&value).is_some_and(|number| number >= *least),
            Test::Lte(most) => Number::parse_plain(&value).is_some_and(|number| number <= *most),
            Test::Glob(glob) => glob.matches(value.trim()),
        }
    }
}

impl Source {
    fn read<'e>(&self, event: &'e Event) -> Option<Cow<'e, str>> {
        let touch = event.touch.as_ref();
        let text: Option<&str> = match self {
            Self::Property(name) => event.props.get(name.as_str()).map(Text::as_str),
            Self::Field(field) => match field {
                Field::Path => Some(path(event)),
                Field::Channel => touch.map(|touch| touch.channel.key()),
                Field::Source => touch.and_then(|touch| touch.source.as_ref()).map(Text::as_str),
                Field::Medium => touch.and_then(|touch| touch.medium.as_ref()).map(Text::as_str),
                Field::Campaign => touch.and_then(|touch| touch.campaign.as_ref()).map(Text::as_str),
                Field::Referrer => touch.and_then(|touch| touch.referrer.as_ref()).map(Text::as_str),
                Field::Country => event.place.country.as_ref().map(Text::as_str),
                Field::Device => event.agent.device.as_ref().map(Text::as_str),
                Field::EngagementMs => return event.engagement_ms.map(|ms| ms.to_string().into()),
                Field::ScrollDepth => return event.scroll_depth.map(|percent| percent.to_string().into()),
                Field::RevenueMinor => {
                    return event.revenue.as_ref().map(|revenue| revenue.minor.to_string().into());
                }
            },
        };
        text.map(Cow::Borrowed)
    }
}

/// The page's path without a slash at its end, so that `/pricing/` is `/pricing` and `/blog/` is no post.
fn path(event: &Event) -> &str {
    match event.path.as_str().trim_end_matches('/') {
        "" => "/",
        path => path,
    }
}
