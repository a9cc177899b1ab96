//! The journey of the acceptance case. Invariant: by the built-in model it is worth exactly 60 points, one
//! line for each part of it.

use crate::event::{Event, event, pageview};
use serde_json::{Value, json};

/// Declared fields that bring no points.
pub fn person(company: &str) -> Value {
    json!({ "company": company })
}

/// A form (10), three mail opens (3 each), two blog posts (3 each), a minute on the pricing page (20) and a
/// case study (15): 60 points, from an arrival by `arrival` (a query, such as `?utm_source=google`).
pub fn sixty_points(arrival: &str, address: &str, company: &str) -> Vec<Event> {
    let mut journey = vec![
        pageview(&format!("/{arrival}")),
        pageview("/blog/a").from_within(),
        pageview("/blog/b").from_within(),
        pageview("/pricing").from_within(),
        event("engagement", "/pricing").from_within().with("e", 60_000).with("sd", 80).with("i", false),
        event("case_study_download", "/library").from_within(),
        event("form_submit", "/contact").from_within().identify(address, person(company), true),
    ];
    journey.extend((0..3).map(|_| event("mail_open", "/mail").from_within()));
    journey
}
