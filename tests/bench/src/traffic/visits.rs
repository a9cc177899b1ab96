//! Visits as people make them: an arrival, some pages, how long each was read, now and then a marked action or
//! a form. Promise: what is sent is what the snippet sends, key for key.

use super::SITE;
use super::agents::Agents;
use fastrand::Rng;
use serde_json::{Map, Value, json};

/// What is made anew each time that a body is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fresh {
    /// The event's id: 32 hexadecimal digits.
    Id,
    /// What tells a person's address hash from another's: 16 hexadecimal digits.
    Person,
    /// The client's address: 15 bytes. Not in bodies.
    Address,
    /// What makes a user agent one that nobody has seen: 8 hexadecimal digits. Not in bodies.
    Agent,
}

impl Fresh {
    /// What stands in a body until it is sent.
    fn placeholder(self) -> &'static str {
        match self {
            Self::Id => "IIIIIIIIIIIIIIIIIIIIIIIIIIIIIIII",
            Self::Person => "PPPPPPPPPPPPPPPP",
            Self::Address => "AAAAAAAAAAAAAAA",
            Self::Agent => "UUUUUUUU",
        }
    }
}

/// One event's JSON.
#[derive(Debug, Clone)]
pub(crate) struct Body {
    pub(crate) text: String,
    /// Where something is to be made anew.
    pub(crate) fresh: Vec<(usize, Fresh)>,
}

/// What one visitor sends, in order.
#[derive(Debug, Clone)]
pub(crate) struct Visit {
    pub(crate) agent: &'static str,
    /// Global Privacy Control.
    pub(crate) gpc: bool,
    pub(crate) bodies: Vec<Body>,
}

/// Pages and their share: the front page, products, prices, and a long tail of articles.
const SECTIONS: [(&str, u32, u32); 6] = [
    ("/", 1, 16),
    ("/pricing", 1, 10),
    ("/product/", 24, 20),
    ("/case-studies/", 40, 10),
    ("/blog/", 400, 36),
    ("/docs/", 60, 8),
];
const REFERRERS: [(&str, u32); 14] = [
    ("https://www.google.com/", 40),
    ("https://www.bing.com/", 6),
    ("https://duckduckgo.com/", 4),
    ("https://www.linkedin.com/", 7),
    ("https://lnkd.in/", 2),
    ("https://www.facebook.com/", 4),
    ("https://t.co/", 2),
    ("https://www.reddit.com/", 2),
    ("https://news.ycombinator.com/", 1),
    ("https://chatgpt.com/", 4),
    ("https://www.perplexity.ai/", 1),
    ("android-app://com.google.android.gm/", 2),
    ("https://github.com/", 2),
    ("https://www.trade-weekly.example/articles/logistics", 3),
];
const CAMPAIGNS: [(&str, &str, &str, u32); 10] = [
    ("google", "cpc", "brand", 24),
    ("google", "cpc", "category-analytics", 20),
    ("google", "cpc", "competitors", 8),
    ("bing", "cpc", "brand", 4),
    ("linkedin", "paid-social", "ops-leaders", 12),
    ("facebook", "paid-social", "awareness", 7),
    ("newsletter", "email", "monthly-digest", 12),
    ("partner-portal", "affiliate", "resellers", 3),
    ("gdn", "display", "retargeting", 6),
    ("webinar", "referral", "spring-series", 4),
];
const TITLES: [&str; 8] = [
    "Head of Operations",
    "VP Supply Chain",
    "Marketing Manager",
    "Operations Analyst",
    "Director of Logistics",
    "CTO",
    "Student",
    "Consultant",
];
const SIZES: [&str; 5] = ["1-49", "50-199", "200-499", "500-999", "1000+"];
/// Visits in a hundred in which somebody says who they are: two hundred thousand leads in ten million events.
const IDENTIFIED: u32 = 7;

struct Maker {
    rng: Rng,
    agents: Agents,
}

/// So many visits.
pub(crate) fn visits(seed: u64, count: usize) -> Vec<Visit> {
    let mut maker = Maker { rng: Rng::with_seed(seed), agents: Agents::new() };
    (0..count).map(|_| maker.visit()).collect()
}

impl Maker {
    fn visit(&mut self) -> Visit {
        let agent = self.agents.draw(&mut self.rng);
        let consent = self.consent();
        let gpc = self.rng.u32(0..100) < 2;
        let denied = gpc || consent.as_ref().is_some_and(|consent| consent["m"] == 0);
        let identified = !denied && self.rng.u32(0..100) < IDENTIFIED;
        // Most leave after a page; who asks for something has read some.
        let pages = if identified { self.rng.u32(2..6) } else { 1 + self.rng.u32(0..10).saturating_sub(6) };
        let mut bodies = Vec::new();
        let mut from = self.arrival();
        for page in 0..pages {
            let path = self.path();
            let url = format!("https://{SITE}{path}{}", from.1);
            bodies.push(self.body("pageview", &url, &from.0, &consent, &[]));
            // What is denied is sent once and nothing more of it.
            if denied {
                break;
            }
            if self.rng.u32(0..100) < 60 {
                let seen = [("e", json!(self.rng.u32(900..180_000))), ("sd", json!(self.rng.u32(5..=100)))];
                bodies.push(self.body("engagement", &url, &from.0, &consent, &seen));
            }
            from = (format!("https://{SITE}/"), String::new());
            let clicks = self.rng.u32(0..100) < 12;
            if clicks && page > 0 {
                let name = *self.one_of(&["cta_click", "case_study_download", "video_play"]);
                let props =
                    json!({ "position": self.one_of(&["header", "body", "footer"]), "topic": "ports" });
                bodies.push(self.body(name, &url, &from.0, &consent, &[("p", props)]));
            }
        }
        if identified {
            bodies.push(self.form(&from.0, &consent));
        }
        Visit { agent, gpc, bodies }
    }

    /// A form with a ticked box.
    fn form(&mut self, referrer: &str, consent: &Option<Value>) -> Body {
        let name = *self.one_of(&["demo_request", "newsletter_signup", "webinar_registration"]);
        let number = self.rng.u32(0..20_000);
        let free = self.rng.u32(0..100) < 25;
        let hash = format!("{:048x}{}", self.rng.u128(..), Fresh::Person.placeholder());
        let person = json!({
            "h": hash,
            "d": if free { "free".to_owned() } else { format!("company-{number}.example") },
            "f": {
                "job_title": self.one_of(&TITLES),
                "company": format!("Company {number}"),
                "company_size": self.one_of(&SIZES),
            },
            "q": 1,
        });
        let url = format!("https://{SITE}/contact");
        self.body(name, &url, referrer, consent, &[("l", person)])
    }

    fn body(
        &mut self,
        name: &str,
        url: &str,
        referrer: &str,
        consent: &Option<Value>,
        more: &[(&str, Value)],
    ) -> Body {
        let mut event = Map::new();
        let mut put = |key: &str, value: Value| event.insert(key.to_owned(), value);
        put("n", json!(name));
        put("u", json!(url));
        put("d", json!(SITE));
        put("v", json!(1));
        put("k", json!(Fresh::Id.placeholder()));
        put("a", json!(self.rng.u32(0..40)));
        if !referrer.is_empty() {
            put("r", json!(referrer));
        }
        if let Some(consent) = consent {
            put("c", consent.clone());
        }
        for (key, value) in more {
            put(key, value.clone());
        }
        let text = Value::Object(event).to_string();
        let fresh = [Fresh::Id, Fresh::Person];
        let fresh = fresh.iter().filter_map(|what| Some((text.find(what.placeholder())?, *what))).collect();
        Body { text, fresh }
    }

    /// What the page says was granted: nothing in most visits, measurement, both, or a no.
    fn consent(&mut self) -> Option<Value> {
        match self.rng.u32(0..100) {
            0..55 => None,
            55..80 => Some(json!({ "m": 1, "s": "tag" })),
            80..90 => Some(json!({ "m": 1, "q": 1, "s": "api" })),
            90..97 => Some(json!({ "m": 1, "s": "consent_mode" })),
            _ => Some(json!({ "m": 0, "s": "api" })),
        }
    }

    /// Referrer and query: by a campaign, from another site, or directly.
    fn arrival(&mut self) -> (String, String) {
        match self.rng.u32(0..100) {
            0..30 => {
                let (source, medium, campaign, _) = *self.weighted(&CAMPAIGNS, |(.., share)| *share);
                let content = self.rng.u32(0..12);
                let click = if medium == "cpc" { "&gclid=1" } else { "" };
                let query = format!(
                    "?utm_source={source}&utm_medium={medium}&utm_campaign={campaign}&utm_content=variant-{content}{click}"
                );
                (String::new(), query)
            }
            30..75 => (self.weighted(&REFERRERS, |(_, share)| *share).0.to_owned(), String::new()),
            _ => (String::new(), String::new()),
        }
    }

    fn path(&mut self) -> String {
        let (section, pages, _) = *self.weighted(&SECTIONS, |(.., share)| *share);
        if pages == 1 {
            return section.to_owned();
        }
        // The newest are read most: of two draws the lower.
        let page = self.rng.u32(0..pages).min(self.rng.u32(0..pages));
        format!("{section}how-we-did-it-{page}")
    }

    fn one_of<'t, T>(&mut self, items: &'t [T]) -> &'t T {
        &items[self.rng.usize(0..items.len())]
    }

    fn weighted<'t, T>(&mut self, items: &'t [T], share: impl Fn(&T) -> u32) -> &'t T {
        let mut drawn = self.rng.u32(0..items.iter().map(&share).sum());
        let found = items.iter().find(|item| {
            let here = drawn < share(item);
            drawn = drawn.saturating_sub(share(item));
            here
        });
        found.unwrap_or(&items[0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_visits_and_another_seed_others() {
        let shown = |seed| format!("{:?}", visits(seed, 200));
        assert_eq!(shown(1), shown(1));
        assert_ne!(shown(1), shown(2));
    }

    #[test]
    fn ten_million_events_hold_about_two_hundred_thousand_people() {
        let visits = visits(7, 20_000);
        let bodies: Vec<&Body> = visits.iter().flat_map(|visit| &visit.bodies).collect();
        let people = bodies.iter().filter(|body| body.fresh.iter().any(|(_, what)| *what == Fresh::Person));
        let share = people.count() * 1_000 / bodies.len();
        assert!((15..35).contains(&share), "{share} in a thousand of {} events", bodies.len());
        assert!(bodies.iter().all(|body| mqlite::ingest::wire::parse(body.text.as_bytes()).is_ok()));
    }
}
