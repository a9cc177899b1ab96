//! The rungs of consent as documents show them. Invariant: the words are the ladder's own; only what a site's
//! settings change of the legal basis is said here.

use super::facts::basis;
use super::{SiteFacts, markdown};
use crate::domain::Rung;
use crate::domain::ladder::{self, ladder};

/// The ladder, and the signals.
pub(super) fn markdown() -> String {
    format!("# The consent ladder\n\n{}", ladder::markdown())
}

/// The legal basis of each rung on a site.
pub(super) fn bases(site: &SiteFacts) -> String {
    let rows = ladder().steps.into_iter().map(|step| {
        let rung = step.rung;
        let basis = match rung {
            Rung::Denied => "no event is kept; the count is legitimate interest, Art. 6(1)(f), where it is personal data at all".to_owned(),
            Rung::Unset => "legitimate interest in measuring the audience, Art. 6(1)(f): the controller weighs it and says so; \
                            for access to the terminal see the CNIL self-assessment".to_owned(),
            Rung::Measured if site.ceiling < rung || !site.takes_consent() => {
                "not reached on this site".to_owned()
            }
            Rung::Measured => "consent, Art. 6(1)(a)".to_owned(),
            Rung::Qualified if !site.qualifies() => "not reached on this site".to_owned(),
            Rung::Qualified => match site.form_basis {
                crate::domain::Basis::Consent => "consent, Art. 6(1)(a): by the page, or by a box in the form".to_owned(),
                other if !site.takes_consent() => {
                    format!("for people who ask by form: {}. Such events say `signal: policy`", basis(other))
                }
                other => format!(
                    "consent, Art. 6(1)(a), where it was given; for people who ask by form and ticked no box: {}. \
                     Such events say `signal: policy`",
                    basis(other)
                ),
            },
        };
        [rung.name().to_owned(), step.purpose.to_owned(), step.kept, basis]
    });
    markdown::table(["rung", "purpose", "what is kept", "legal basis"], rows)
}
