//! What sales made of the demo's MQLs, as a CRM would export it. Invariant: drawn from a fixed seed, each lead's in the
//! order in which it happened and never in the future; who asked for a demo and who suits well wins more often, and
//! nothing else decides.

use crate::domain::{Channel, LeadKey, Site, Stage, Text, Timestamp};
use crate::storage::{Attribution, LeadQuery, Reports, StoreError};
use fastrand::Rng;
use std::collections::BTreeMap;
use std::fmt::Write;

const SEED: u64 = 0x6c6f_6f70;
const HOUR: i64 = 60 * 60 * 1_000;
const HEAD: &str = "key,stage,at,amount,currency,reason\n";

/// What is told of a lead, line by line.
struct Told<'a> {
    csv: &'a mut String,
    key: LeadKey,
    at: Timestamp,
    now: Timestamp,
}

impl Told<'_> {
    /// A change after a while; answers whether it has happened yet.
    fn then(&mut self, after_ms: i64, stage: Stage, amount: Option<(i64, &str)>, reason: &str) -> bool {
        self.at = self.at.plus_millis(after_ms);
        if self.at > self.now {
            return false;
        }
        let (amount, currency) =
            amount.map_or_else(Default::default, |(major, currency)| (major.to_string(), currency));
        let (key, at, stage) = (self.key.to_hex(), self.at, stage.name());
        writeln!(self.csv, "{key},{stage},{at},{amount},{currency},{reason}").is_ok()
    }
}

/// The outcomes of all MQLs of the site up to `now`, as CSV for `mqlite import outcomes`.
///
/// # Errors
/// When the ledger fails.
pub fn outcomes<L: Reports + ?Sized>(ledger: &L, site: &Site, now: Timestamp) -> Result<String, StoreError> {
    let query = LeadQuery {
        site: site.no,
        mqls: true,
        stage: Some(Stage::Mql),
        from: None,
        before: None,
        channel: None::<Channel>,
        attribution: Attribution::First,
        limit: usize::MAX,
        after: None,
    };
    let mut leads = ledger.leads(&query)?.leads;
    leads.sort_by_key(|lead| (lead.stage_at, lead.key));
    let (mut rng, mut csv) = (Rng::with_seed(SEED), HEAD.to_owned());
    for lead in &leads {
        let asked = lead.reasons.iter().any(|reason| reason.id == "demo_request");
        let chance = suits(&lead.attributes) * 9 + if asked { 22 } else { 4 };
        // The American office sells in dollars.
        let currency =
            if lead.country.as_ref().is_some_and(|code| code.as_str() == "US") { "USD" } else { "EUR" };
        let mut told = Told { csv: &mut csv, key: lead.key, at: lead.stage_at, now };
        follow(&mut rng, &mut told, chance, currency);
    }
    Ok(csv)
}

/// How well a company and a role suit, 0 to 2.
fn suits(attributes: &BTreeMap<Text<40>, Text<200>>) -> u32 {
    let declared = |name: &str| attributes.get(&Text::clean(name)).map_or("", Text::as_str);
    let large = matches!(declared("company_size"), "200-499" | "500-999" | "1000+");
    let decides =
        ["Head", "VP", "Director", "CTO"].iter().any(|title| declared("job_title").starts_with(title));
    u32::from(large) + u32::from(decides)
}

/// One lead's way through sales; `chance` of winning in a hundred, once it was taken up.
fn follow(rng: &mut Rng, told: &mut Told<'_>, chance: u32, currency: &str) {
    // Drawn whether they are needed or not: one lead's luck is nothing to the next.
    let (luck, fate) = (rng.u32(0..100), rng.u32(0..100));
    let mut hours = |from: i64, to: i64| rng.i64(from * HOUR..to * HOUR);
    let (looked, qualified, decided) = (hours(2, 96), hours(30, 240), hours(120, 900));
    let amount = 1_000 * rng.i64(6..48) + 250 * rng.i64(0..4);
    match fate {
        0..86 => _ = told.then(looked, Stage::Sal, None, ""),
        86..94 => _ = told.then(looked, Stage::Recycled, None, "not ready to talk yet"),
        94..97 => _ = told.then(looked, Stage::Disqualified, None, "no company of the size that we serve"),
        _ => {}
    }
    if fate >= 86 {
        return;
    }
    if luck >= chance && fate < 40 {
        told.then(decided, Stage::Lost, None, "no answer any more");
        return;
    }
    if !told.then(qualified, Stage::Sql, None, "") {
        return;
    }
    match luck {
        luck if luck < chance => _ = told.then(decided, Stage::Customer, Some((amount, currency)), ""),
        luck if luck < 70 => _ = told.then(decided, Stage::Lost, None, "went with somebody else"),
        luck if luck < 85 => _ = told.then(decided, Stage::Recycled, None, "no budget this year"),
        _ => {}
    }
}
