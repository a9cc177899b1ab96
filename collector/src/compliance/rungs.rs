//! The rungs of consent as documents show them. Invariant: there is a row for every rung.

use super::facts::basis;
use super::{SiteFacts, markdown};
use crate::domain::Rung;

/// When an event is on a rung, what is kept of it, and what it is used for.
fn words(rung: Rung) -> [&'static str; 3] {
    match rung {
        Rung::Denied => [
            "the page, the person or their browser said no: data-consent=\"denied\", mq('consent', {measure: false}), \
             a consent tool, Global Privacy Control (always), Do Not Track (by setting)",
            "a count by site, day and signal; no event",
            "to know what is not seen",
        ],
        Rung::Unset => [
            "nobody said anything",
            "the event, under a pseudonym that dies with the day's salt; campaign source, medium and name",
            "audience measurement",
        ],
        Rung::Measured => [
            "measurement was granted",
            "the same, and campaign content and term",
            "audience and campaign measurement",
        ],
        Rung::Qualified => [
            "qualification was granted, or the site declares another basis for forms; and an address was given",
            "the event, tied to a lead key; the company's mail domain and the declared fields of the form",
            "scoring the person as a lead",
        ],
    }
}

/// The table of rungs.
pub(super) fn markdown() -> String {
    let rows = Rung::ALL.map(|rung| {
        let [when, kept, purpose] = words(rung);
        [rung.name(), when, kept, purpose].map(str::to_owned)
    });
    format!(
        "# The consent ladder\n\n{}\nWhere signals disagree, the strictest wins.\n",
        markdown::table(["rung", "when", "what is kept", "what for"], rows)
    )
}

/// The legal basis of each rung on a site.
pub(super) fn bases(site: &SiteFacts) -> String {
    let rows = Rung::ALL.map(|rung| {
        let basis = match rung {
            Rung::Denied => "no event is kept; the count is legitimate interest, Art. 6(1)(f), where it is personal data at all".to_owned(),
            Rung::Unset => "legitimate interest in measuring the audience, Art. 6(1)(f): the controller weighs it and says so; \
                            for access to the terminal see the CNIL self-assessment".to_owned(),
            Rung::Measured if site.ceiling < rung => "not reached on this site".to_owned(),
            Rung::Measured => "consent, Art. 6(1)(a)".to_owned(),
            Rung::Qualified if !site.qualifies() => "not reached on this site".to_owned(),
            Rung::Qualified => match site.form_basis {
                crate::domain::Basis::Consent => "consent, Art. 6(1)(a): by the page, or by a box in the form".to_owned(),
                other => format!(
                    "consent, Art. 6(1)(a), where it was given; for people who ask by form and ticked no box: {}. \
                     Such events say `signal: policy`",
                    basis(other)
                ),
            },
        };
        let [_, kept, purpose] = words(rung);
        [rung.name().to_owned(), purpose.to_owned(), kept.to_owned(), basis]
    });
    markdown::table(["rung", "purpose", "what is kept", "legal basis"], rows)
}
