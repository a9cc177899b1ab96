//! The consent decision. Invariant: the strictest signal wins, a denial of measurement is never outvoted,
//! and an identity is kept only where qualification was granted by the page, by the form's box, or by a
//! legal basis that the site's operator declared. The box is the person's own word about this one request,
//! and goes before a general no to qualification (a banner's default, say); the operator's basis does not.

use super::validate::Draft;
use crate::domain::{Basis, Consent, Rung, Signal, SitePolicy};
use crate::privacy::Client;

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decision {
    pub(super) consent: Consent,
    pub(super) keep_identity: bool,
}

/// Decides for one event.
pub(super) fn decide(draft: &Draft, policy: &SitePolicy, client: &Client) -> Decision {
    let claimed = draft.consent;
    let denied = |signal| Decision { consent: Consent { rung: Rung::Denied, signal }, keep_identity: false };
    if client.gpc() {
        return denied(Signal::Gpc);
    }
    if policy.honour_dnt && client.dnt() {
        return denied(Signal::Dnt);
    }
    if claimed.measure == Some(false) {
        return denied(claimed.signal);
    }
    let grant = |rung, signal, keep_identity| Decision { consent: Consent { rung, signal }, keep_identity };
    if let Some(identity) = &draft.identity {
        if claimed.qualify == Some(true) {
            return grant(Rung::Qualified, claimed.signal, true);
        }
        if identity.box_ticked {
            return grant(Rung::Qualified, Signal::Form, true);
        }
        // A page that said no to qualification is not overruled by the operator's own basis.
        if policy.form_basis != Basis::Consent && claimed.qualify.is_none() {
            return grant(Rung::Qualified, Signal::Policy, true);
        }
    }
    if claimed.measure == Some(true) || claimed.qualify == Some(true) {
        return grant(Rung::Measured, claimed.signal, false);
    }
    grant(Rung::Unset, claimed.signal, false)
}
