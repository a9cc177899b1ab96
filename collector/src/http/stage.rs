//! What people make of leads, by HTTP. Invariant: whoever changes a stage says where they saw it; who comes
//! second is told where it stands now and where it may go.

use super::auth::Viewer;
use super::blocking::blocking;
use super::error::Problem;
use super::private::private;
use super::reports::site;
use super::state::State;
use crate::domain::{Invalid, LeadKey, Money, Stage, Text, Timestamp};
use crate::jobs::stages::{Asked, Gone, Refused};
use crate::leads::lifecycle::{Kind, legal};
use crate::storage::StoreError;
use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};

/// The query.
#[derive(Deserialize)]
pub(super) struct SiteQuery {
    pub(super) site: String,
}

/// What is asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Body {
    to: String,
    from: String,
    #[serde(default)]
    reason: String,
    at: Option<String>,
    amount: Option<Amount>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Amount {
    minor: i64,
    currency: String,
}

/// Where a lead may go, and what that says.
#[derive(Serialize)]
pub(super) struct Way {
    stage: Stage,
    title: &'static str,
}

/// Where people may put a lead that stands in `stage`.
pub(super) fn ways(stage: Stage) -> Vec<Way> {
    legal(Kind::People, stage).iter().map(|(stage, title)| Way { stage: *stage, title }).collect()
}

#[derive(Serialize)]
struct Changed {
    key: String,
    from: Stage,
    stage: Stage,
    at: Timestamp,
    reason: String,
    next: Vec<Way>,
}

impl Body {
    fn read(self) -> Result<Asked, Problem> {
        let wrong = |pointer| move |error: Invalid| Problem::bad(pointer, error.0);
        let at = self.at.as_deref().map(Timestamp::parse).transpose();
        let money = |Amount { minor, currency }: Amount| {
            let currency = Money::currency(&currency).map_err(wrong("/amount/currency"))?;
            Money::of(minor, currency).map_err(wrong("/amount/minor"))
        };
        let amount = self.amount.map(money).transpose();
        Ok(Asked {
            to: Stage::from_outcome(&self.to).map_err(wrong("/to"))?,
            seen: Some(Stage::parse(&self.from).map_err(wrong("/from"))?),
            reason: Text::clean(&self.reason),
            at: at.map_err(wrong("/at"))?,
            amount: amount?,
        })
    }
}

/// Where a lead stands now and where it may go, beside the reason why it did not.
fn now(stage: Stage) -> serde_json::Value {
    serde_json::json!({ "stage": stage, "next": ways(stage) })
}

fn refused(refused: &Refused) -> Problem {
    let detail = refused.to_string();
    match refused {
        Refused::Gone(Gone::Unknown | Gone::Restricted) => Problem::not_found(detail),
        Refused::Elsewhere(stage) => Problem::conflict(detail, now(*stage)),
        Refused::Illegal(illegal) => Problem::conflict(detail, now(illegal.from)),
        Refused::Moment(_) => Problem::bad("/at", detail),
        Refused::Amount => Problem::bad("/amount", detail),
        Refused::Gone(Gone::Later) => Problem::unavailable(detail),
    }
}

/// `POST /api/v1/leads/{key}/stage`
pub(super) async fn change(
    viewer: Viewer,
    key: web::Path<String>,
    query: web::Query<SiteQuery>,
    body: web::Json<Body>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let site = site(&state, &query.site)?;
    let key = LeadKey::parse(&key).map_err(|error| Problem::bad("/key", error.0))?;
    let asked = body.into_inner().read()?;
    let done =
        blocking(move || -> Result<_, StoreError> { state.stages.change(&viewer.actor, &site, key, &asked) });
    let made = done.await?.map_err(|why| refused(&why))?;
    Ok(private().json(Changed {
        key: made.lead.to_hex(),
        from: made.from,
        stage: made.to,
        at: made.at,
        reason: made.reason,
        next: ways(made.to),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_that_sums_cannot_hold_is_refused() {
        let read = |minor: i64| {
            let amount = Some(Amount { minor, currency: "eur".to_owned() });
            let (to, from) = ("customer".to_owned(), "mql".to_owned());
            Body { to, from, reason: String::new(), at: None, amount }.read()
        };
        for minor in [0, 90_001, -50_000, 1_000_000_000_000_000] {
            let amount = read(minor).ok().and_then(|asked| asked.amount);
            assert_eq!(amount.map(|amount| amount.to_string()), Some(shown(minor)), "{minor}");
        }
        for minor in [1_000_000_000_000_001, i64::MAX, i64::MIN] {
            assert!(read(minor).is_err(), "{minor}");
        }
    }

    fn shown(minor: i64) -> String {
        Money { minor, currency: Text::clean("EUR") }.to_string()
    }
}
