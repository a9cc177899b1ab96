//! What a form asks. Invariant: nothing of a question is kept or counted; who may not be qualified, or asks for
//! nothing of theirs to be processed, is nobody here, whatever they are known by.

use super::{Refusal, Sender, check_origin, consent, validate, wire};
use crate::domain::{LeadKey, Site, SiteId, VisitorId};
use crate::privacy::{Privacy, read_token};
use std::sync::Arc;

/// A question that may be answered.
#[derive(Debug)]
pub struct Question {
    /// Of which site.
    pub site: Arc<Site>,
    /// The lead of the token in the page's address, if the site signed it.
    pub lead: Option<LeadKey>,
    /// The day's pseudonym, if there is one.
    pub visitor: Option<VisitorId>,
}

/// Takes a question. Who asks is named only where the page's own consent reaches qualification and the site lets
/// forms ask at all.
///
/// # Errors
/// A [`Refusal`] that names the field and says what would be right, of the page and never of who looks at it.
pub fn question(
    body: &[u8],
    sender: Sender<'_>,
    privacy: &Privacy,
    find_site: &dyn Fn(&SiteId) -> Option<Arc<Site>>,
) -> Result<Question, Refusal> {
    let raw = wire::question(body)?;
    let site = SiteId::parse(&raw.d).map_err(|error| Refusal::bad("/d", error.0))?;
    let site = find_site(&site)
        .ok_or_else(|| Refusal::bad("/d", format!("this collector does not know the site {site}")))?;
    check_origin(&site, sender.origin)?;
    let claimed = validate::claimed_consent(raw.c.as_ref())?;
    let nature = privacy.nature(sender.client);
    let automated = (raw.b.0 || nature.automation) && !site.policy.allow_automation;
    let may = !site.policy.ask.is_empty()
        && !nature.bot
        && !automated
        && consent::lets_qualify(claimed, &site.policy, sender.client);
    if !may {
        return Ok(Question { site, lead: None, visitor: None });
    }
    let token = raw.t.as_deref().and_then(|token| read_token(&site, token).ok());
    let visitor = privacy.recognise(sender.client, &site, sender.now);
    Ok(Question { lead: token.map(|token| token.lead), visitor, site })
}
