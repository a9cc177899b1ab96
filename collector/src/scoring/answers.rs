//! What a model can tell apart in an attribute: its bands, the values of its map, its patterns. Invariant: an
//! answer is told from a value alone, by the same scale that scores it; an unreadable value is no answer.

use super::{
    model::{Attribute, Model, Scale},
    number::Number,
    pattern::Phrase,
};
use crate::domain::RuleId;

/// Which answer a value gives to an attribute of the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Answer {
    /// The band, the value of the map or the pattern of this number, from 0, in the model's order.
    Listed(u16),
    /// A value that is known, and that the model lists nowhere.
    Other,
}

/// An attribute of the model, as a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question<'m> {
    /// The attribute's id.
    pub id: &'m RuleId,
    /// For people.
    pub label: &'m str,
    /// The field of the profile that it reads.
    pub field: &'m str,
}

impl Model {
    /// Every attribute of the model, by id.
    pub fn questions(&self) -> impl Iterator<Item = Question<'_>> {
        self.spec.attributes.iter().map(|of| Question { id: &of.id, label: &of.label, field: &of.attribute })
    }

    fn attribute(&self, id: &RuleId) -> Option<&Attribute> {
        self.spec.attributes.iter().find(|attribute| attribute.id == *id)
    }

    /// Which answer `value` is to the attribute `id`; nothing when there is no such attribute, or it asks for a
    /// number and the value is none.
    pub fn answer(&self, id: &RuleId, value: &str) -> Option<Answer> {
        let place = match &self.attribute(id)?.scale {
            Scale::Bands(bands) => {
                let number = Number::parse_amount(value)?;
                bands.iter().position(|band| band.holds(number))
            }
            Scale::Map(map) => {
                let value = value.trim().to_lowercase();
                map.keys().position(|key| *key == value)
            }
            Scale::Patterns(list) => {
                list.iter().position(|(phrases, _)| phrases.iter().any(|phrase| phrase.matches(value)))
            }
        };
        let listed = place.and_then(|place| u16::try_from(place).ok()).map(Answer::Listed);
        Some(listed.unwrap_or(Answer::Other))
    }

    /// The answer in words, to follow the attribute's label, such as `50 to below 200`.
    pub fn answer_words(&self, id: &RuleId, answer: Answer) -> String {
        let Answer::Listed(place) = answer else { return "something else".to_owned() };
        let place = usize::from(place);
        let words = self.attribute(id).and_then(|attribute| match &attribute.scale {
            Scale::Bands(bands) => bands.get(place).map(|band| match (band.gte, band.lt) {
                (Some(gte), Some(lt)) => format!("{gte} to below {lt}"),
                (Some(gte), None) => format!("{gte} or more"),
                (None, Some(lt)) => format!("below {lt}"),
                (None, None) => "any number".to_owned(),
            }),
            Scale::Map(map) => map.keys().nth(place).cloned(),
            Scale::Patterns(list) => list.get(place).map(|(phrases, _)| {
                let shown: Vec<String> = phrases.iter().take(3).map(Phrase::source).collect();
                let more = if phrases.len() > shown.len() { ", …" } else { "" };
                format!("like {}{more}", shown.join(", "))
            }),
        });
        words.unwrap_or_else(|| "something else".to_owned())
    }
}

/// The value that a line of a score says of the profile's `field`; nothing when it was not known.
pub fn value_in<'l>(field: &str, detail: &'l str) -> Option<&'l str> {
    detail.strip_prefix(field)?.strip_prefix(" is \"")?.strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Text, Timestamp};
    use crate::scoring::{DEFAULT_MODEL, LineKind, Profile};

    fn id(text: &str) -> RuleId {
        RuleId::parse(text).expect("valid")
    }

    /// What the lines say of an attribute is read back as it was written, whatever somebody typed.
    #[test]
    fn the_value_of_a_line_is_read_back() {
        let model = Model::parse(DEFAULT_MODEL).expect("valid");
        let field = model.questions().find(|of| of.id.as_str() == "company_size").expect("is there").field;
        for typed in ["120", "51-200 employees", "a \"big\" one of 300", "\"500\""] {
            let attributes = [(Text::clean(field), Text::clean(typed))].into();
            let profile = Profile { attributes, ..Profile::default() };
            let evaluation = model.evaluate(&[], &profile, Timestamp::from_millis(0));
            let line = evaluation
                .lines
                .iter()
                .find(|line| line.kind == LineKind::Attribute && line.id == "company_size")
                .expect("a line");
            assert_eq!(value_in(field, &line.detail), Some(typed));
        }
        assert_eq!(value_in("company_size", "company_size is not known"), None);
        assert_eq!(value_in("company", "company_size is \"3\""), None, "another field");
    }

    #[test]
    fn answers_are_those_of_the_scale() {
        let model = Model::parse(
            r#"
            name = "T"
            [mql]
            total_gte = 5
            [[group]]
            id = "g"
            label = "G"
            axis = "fit"
            [[attribute]]
            id = "size"
            label = "Size"
            group = "g"
            attribute = "size"
            bands = [{ lt = 50, points = 1 }, { gte = 50, lt = 200, points = 5 }, { gte = 500, points = 9 }]
            [[attribute]]
            id = "industry"
            label = "Industry"
            group = "g"
            attribute = "industry"
            map = { software = 5, retail = 1 }
            "#,
        )
        .expect("valid");
        let size = |value: &str| model.answer(&id("size"), value);
        assert_eq!(size("10"), Some(Answer::Listed(0)));
        assert_eq!(size("51-200 employees"), Some(Answer::Listed(1)));
        assert_eq!(size("300"), Some(Answer::Other), "in no band");
        assert_eq!(size("many"), None, "no number is no answer");
        let industry = |value: &str| model.answer(&id("industry"), value);
        assert_eq!(industry(" Software "), Some(Answer::Listed(1)), "by the map's order");
        assert_eq!(industry("farming"), Some(Answer::Other));
        assert_eq!(model.answer(&id("nothing"), "1"), None);
        let words = |of: &str, answer| model.answer_words(&id(of), answer);
        assert_eq!(words("size", Answer::Listed(0)), "below 50");
        assert_eq!(words("size", Answer::Listed(1)), "50 to below 200");
        assert_eq!(words("size", Answer::Listed(2)), "500 or more");
        assert_eq!(words("industry", Answer::Listed(0)), "retail");
        assert_eq!(words("industry", Answer::Other), "something else");
    }
}
