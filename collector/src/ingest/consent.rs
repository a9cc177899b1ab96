//! The consent decision. Invariant: the strictest signal wins and a no is never outvoted. A yes counts only
//! where it names a signal that can raise and that the site's policy accepts, and only up to the site's
//! ceiling; what it may not raise is as if nobody had said it. The box is the person's own word about this
//! one request, and goes before a general no to qualification (a banner's default, say); the operator's
//! declared basis does not.

use super::validate::{ClaimedConsent, Draft};
use crate::domain::{Basis, Consent, Part, Rung, Signal, SitePolicy};
use crate::privacy::Client;

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decision {
    pub(super) consent: Consent,
    /// Whether more was asked for than was granted: by the page, by a form or by the operator's basis.
    pub(super) capped: bool,
}

impl Decision {
    pub(super) fn keeps(self, part: Part) -> bool {
        self.consent.rung.keeps(part)
    }
}

/// Decides for one event.
pub(super) fn decide(draft: &Draft, policy: &SitePolicy, client: &Client) -> Decision {
    let claimed = draft.consent;
    if let Some(signal) = denial(claimed, policy, client) {
        return Decision { consent: Consent { rung: Rung::Denied, signal }, capped: false };
    }
    let box_ticked = draft.identity.as_ref().map(|identity| identity.box_ticked);
    let asked = Grants { page: claimed, box_ticked, basis: policy.form_basis };
    let accepts = |signal: Signal| signal.can_raise() && policy.signals.contains(&signal);
    let accepted = Grants {
        page: if accepts(claimed.signal) { claimed } else { only_no(claimed) },
        box_ticked: box_ticked.map(|ticked| ticked && accepts(Signal::Form)),
        ..asked
    };
    let consent = accepted.climb(policy.ceiling);
    Decision { consent, capped: consent.rung < asked.climb(Rung::Qualified).rung }
}

/// Whether a page's own word, and nothing else, lets somebody be treated as a lead in one request.
pub(super) fn lets_qualify(claimed: ClaimedConsent, policy: &SitePolicy, client: &Client) -> bool {
    if denial(claimed, policy, client).is_some() {
        return false;
    }
    let accepted = claimed.signal.can_raise() && policy.signals.contains(&claimed.signal);
    let page = if accepted { claimed } else { only_no(claimed) };
    // As somebody who says who they are and ticks no box. The operator's basis is for who asks for something.
    let grants = Grants { page, box_ticked: Some(false), basis: Basis::Consent };
    grants.climb(policy.ceiling).rung == Rung::Qualified
}

/// Who said no to being measured. Who names Global Privacy Control has it on, whatever else is claimed.
fn denial(claimed: ClaimedConsent, policy: &SitePolicy, client: &Client) -> Option<Signal> {
    if client.gpc() || claimed.signal == Signal::Gpc {
        return Some(Signal::Gpc);
    }
    if policy.honour_dnt && (client.dnt() || claimed.signal == Signal::Dnt) {
        return Some(Signal::Dnt);
    }
    (claimed.measure == Some(false)).then_some(claimed.signal)
}

/// Of a claim whose yes does not count, the no still does.
fn only_no(claimed: ClaimedConsent) -> ClaimedConsent {
    let no = |said: Option<bool>| said.filter(|yes| !yes);
    ClaimedConsent { measure: no(claimed.measure), qualify: no(claimed.qualify), ..claimed }
}

/// Everything that may raise an event.
#[derive(Debug, Clone, Copy)]
struct Grants {
    page: ClaimedConsent,
    /// The form's consent box; `None` where nobody says who they are.
    box_ticked: Option<bool>,
    basis: Basis,
}

impl Grants {
    /// The rung that they bring, up to `ceiling`, and by which signal.
    fn climb(self, ceiling: Rung) -> Consent {
        let Self { page, box_ticked, basis } = self;
        let by_page = page.qualify == Some(true);
        let by_box = box_ticked == Some(true);
        let identified = box_ticked.is_some();
        // A page that said no to qualification is not overruled by the operator's own basis.
        let by_policy = basis != Basis::Consent && page.qualify.is_none();
        if ceiling >= Rung::Qualified && identified && (by_page || by_box || by_policy) {
            let signal = match (by_page, by_box) {
                (true, _) => page.signal,
                (false, true) => Signal::Form,
                (false, false) => Signal::Policy,
            };
            return Consent { rung: Rung::Qualified, signal };
        }
        // Consent to more is consent to less; the operator's basis is no consent.
        let measured = by_page || page.measure == Some(true);
        if ceiling >= Rung::Measured && (measured || by_box) {
            let signal = if measured { page.signal } else { Signal::Form };
            return Consent { rung: Rung::Measured, signal };
        }
        let signal = if page.qualify == Some(false) { page.signal } else { Signal::None };
        Consent { rung: Rung::Unset, signal }
    }
}
