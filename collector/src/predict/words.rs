//! Predictions in words. Invariant: a label says what the number beside it is about to somebody who has never seen
//! a regression; none names a person.

use super::features::{Factor, Feature, Level};
use super::holdout::Verdict;
use crate::domain::Channel;
use crate::scoring::Model;

/// The method, in a sentence.
pub const METHOD: &str = "logistic regression with a quadratic penalty, on won and lost leads as they were before sales \
                          took them up; learnt from the earlier three quarters, measured on the later quarter";

/// What a factor is called.
pub fn factor_words(model: &Model, factor: &Factor) -> String {
    match factor {
        Factor::Rule(id) => model.label(id.as_str()).unwrap_or(id.as_str()).to_owned(),
        Factor::Attribute(id) => {
            let label = model.questions().find(|question| question.id == id).map(|question| question.label);
            label.unwrap_or(id.as_str()).to_owned()
        }
        Factor::Channel => "Channel of the first touch".to_owned(),
        Factor::Country => "Country of the first touch".to_owned(),
        Factor::Mail => "Mail address".to_owned(),
        Factor::Known => "Time since it became known".to_owned(),
        Factor::Quiet => "Time since it last did something".to_owned(),
    }
}

/// A feature, with its factor's name: `Company size: 50 to below 500`. `amount` is a lead's, in thousandths; without
/// one, the words are for any lead.
pub fn feature_words(model: &Model, feature: &Feature, amount: Option<i32>) -> String {
    let factor = factor_words(model, &feature.factor);
    let value = match (&feature.level, &feature.factor) {
        (Level::Amount, Factor::Rule(_)) => match amount {
            None => "once".to_owned(),
            Some(0) => "not counted".to_owned(),
            Some(amount) => match undoubled(amount) {
                1 => "once".to_owned(),
                times if times >= 7 => "7 times or more".to_owned(),
                times => format!("{times} times"),
            },
        },
        (Level::Amount, _) => match amount {
            None => "per doubling of the days".to_owned(),
            Some(amount) => match undoubled(amount) {
                0 => "less than a day".to_owned(),
                1 => "a day".to_owned(),
                days => format!("{days} days"),
            },
        },
        (Level::Answer(answer), Factor::Attribute(id)) => model.answer_words(id, *answer),
        (Level::Answer(_), _) => "something else".to_owned(),
        (Level::Named(name), Factor::Channel) => {
            Channel::from_key(name).map_or_else(|| name.clone(), |channel| channel.label().to_owned())
        }
        (Level::Named(name), Factor::Mail) if name == "free" => "of a free-mail provider".to_owned(),
        (Level::Named(name), Factor::Mail) if name == "company" => "of a company".to_owned(),
        (Level::Named(name), _) => name.clone(),
        (Level::Unknown, _) => "not known".to_owned(),
    };
    format!("{factor}: {value}")
}

/// How often or how many days an amount is, in whole numbers: the other way round from `count_amount`.
fn undoubled(amount: i32) -> i64 {
    super::milli((f64::from(amount) / 1000.0).exp2() - 1.0).saturating_add(500) / 1000
}

/// What the measure on held-out leads says, in a sentence.
pub const fn verdict_words(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Better => "It ranks held-out leads better than the rules' score does.",
        Verdict::NoBetterThanRules => {
            "It ranks held-out leads no better than the rules' score does: stay with the rules."
        }
        Verdict::NoBetterThanChance => {
            "On held-out leads it is no better than chance: what is known of leads says nothing of who is won."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::RuleId;
    use crate::predict::features::{count_amount, days_amount};
    use crate::scoring::{Answer, DEFAULT_MODEL};

    #[test]
    fn labels_say_what_a_number_is_about() {
        let model = Model::parse(DEFAULT_MODEL).expect("valid");
        let id = |text: &str| RuleId::parse(text).expect("valid");
        let words = |factor, level, amount| feature_words(&model, &Feature { factor, level }, amount);
        let blog = || Factor::Rule(id("blog_post"));
        for (count, said) in
            [(0, "not counted"), (1, "once"), (2, "2 times"), (5, "5 times"), (40, "7 times or more")]
        {
            assert_eq!(
                words(blog(), Level::Amount, Some(count_amount(count))),
                format!("Read a blog post: {said}")
            );
        }
        for (days, said) in [(0, "less than a day"), (1, "a day"), (30, "30 days"), (365, "365 days")] {
            let label = words(Factor::Known, Level::Amount, Some(days_amount(days)));
            assert_eq!(label, format!("Time since it became known: {said}"));
        }
        let size = Factor::Attribute(id("company_size"));
        assert_eq!(
            words(size.clone(), Level::Answer(Answer::Listed(1)), None),
            "Company size: 50 to below 500"
        );
        assert_eq!(words(size, Level::Unknown, None), "Company size: not known");
        let search = Level::Named("paid_search".to_owned());
        assert_eq!(words(Factor::Channel, search, None), "Channel of the first touch: Paid Search");
        assert_eq!(
            words(Factor::Mail, Level::Named("free".to_owned()), None),
            "Mail address: of a free-mail provider"
        );
    }
}
