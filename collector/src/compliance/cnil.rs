//! A self-assessment by the conditions of the CNIL's consent exemption for audience measurement: article 82 of
//! the French data protection act, guidelines 2020-091 (article 5), and the CNIL's page and self-assessment tool
//! of 4 July 2025. Invariant: each condition has a verdict for the site with its settings, a reason, and the
//! place where it is held; what is outside of the exemption is never called inside.

use super::facts::Settings;
use super::markdown::{code, list, table};
use super::{Inputs, NO_ADVICE, SiteFacts};
use crate::domain::Basis;

/// Days of the 25 months that the CNIL names for measurements.
const DATA_DAYS_MAX: u32 = 760;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Met,
    NotMet,
    ForYou,
}

impl Verdict {
    const fn text(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::NotMet => "**not met**",
            Self::ForYou => "for you to do",
        }
    }

    const fn of(met: bool) -> Self {
        if met { Self::Met } else { Self::NotMet }
    }
}

struct Criterion {
    what: &'static str,
    verdict: Verdict,
    why: String,
    held: &'static str,
}

/// The document.
pub(super) fn markdown(inputs: &Inputs<'_>) -> String {
    let mut text = format!(
        "# CNIL audience-measurement self-assessment\n\nMade by MQLite {} on {}. {NO_ADVICE} The CNIL certifies \
         nobody by this: it publishes conditions, and whoever relies on the exemption answers for it.\n\n\
         The conditions are those of article 82 of the French data protection act as the CNIL reads it: guidelines \
         2020-091 of 17 September 2020, article 5, and *Cookies : solutions pour les outils de mesure d'audience* \
         with its self-assessment tool (4 July 2025). They hold for France; other authorities have their own.\n",
        inputs.settings.version, inputs.now
    );
    for site in inputs.sites {
        text.push_str(&of_site(site, inputs.settings));
    }
    if inputs.sites.is_empty() {
        text.push_str("\nNo site yet: `mqlite site add example.com`.\n");
    }
    text.push_str(&format!("\n## Access to the terminal (ePrivacy Art. 5(3))\n\n{}", terminal()));
    text
}

fn of_site(site: &SiteFacts, settings: &Settings) -> String {
    let criteria = criteria(site, settings);
    let count = |verdict| criteria.iter().filter(|criterion| criterion.verdict == verdict).count();
    let (met, not_met, for_you) = (count(Verdict::Met), count(Verdict::NotMet), count(Verdict::ForYou));
    let rows = criteria.iter().zip(1..).map(|(criterion, number)| {
        [
            number.to_string(),
            criterion.what.to_owned(),
            criterion.verdict.text().to_owned(),
            criterion.why.clone(),
            criterion.held.to_owned(),
        ]
    });
    format!(
        "\n## {}\n\n{met} met, {not_met} not met, {for_you} for you to do.\n\n{}\n### What falls outside the exemption \
         here\n\n{}\nFor what is outside, ask for consent before it happens, or leave it out.\n",
        site.site,
        table(["", "condition", "verdict", "why", "held by"], rows),
        list(outside(site, settings))
    )
}

fn criteria(site: &SiteFacts, settings: &Settings) -> Vec<Criterion> {
    let criterion = |what, verdict, why: &str, held| Criterion { what, verdict, why: why.to_owned(), held };
    let mut all = Vec::from(purpose(site));
    all.extend(data(site, settings));
    all.extend([
        criterion(
            "People are informed",
            Verdict::ForYou,
            "Say on the site that its audience is measured, with what, for what, how long, and how to say no. The \
             record of processing and the inventory have the words.",
            "the site's privacy notice",
        ),
        criterion(
            "People can object easily",
            Verdict::ForYou,
            if site.honour_dnt {
                "Global Privacy Control and Do Not Track count as a no. Offer a switch on the site that calls \
                 mq('consent', {measure: false}); the site remembers the choice, for MQLite stores nothing in the browser."
            } else {
                "Global Privacy Control counts as a no; Do Not Track does not on this site (--honour-dnt yes). Offer a \
                 switch on the site that calls mq('consent', {measure: false}); the site remembers the choice, for \
                 MQLite stores nothing in the browser."
            },
            "docs/PRIVACY.md, the consent ladder",
        ),
        criterion(
            "Periods are reviewed",
            Verdict::ForYou,
            "Look again from time to time whether the data has to be kept this long.",
            "mqlite site list",
        ),
        criterion(
            "Processors and transfers",
            Verdict::ForYou,
            "The software transfers nothing. Whoever hosts it for you needs a contract (Art. 28), and no use of its own.",
            "your contracts",
        ),
    ]);
    all
}

fn purpose(site: &SiteFacts) -> [Criterion; 6] {
    let qualifies = site.qualifies();
    let hosts: Vec<String> = site.hosts.iter().map(|host| code(host)).collect();
    [
        Criterion {
            what: "Strictly audience measurement: performance, problems of navigation, technical and ergonomic \
                   improvement, server capacity, content that is read",
            verdict: Verdict::NotMet,
            why: format!(
                "{}Reports by channel, source and campaign measure acquisition and advertising, which providers' \
                 published assessments by the tool of July 2025 leave outside. Campaign source, medium and name are \
                 kept on every rung that keeps events; there is no setting that leaves them out.",
                if qualifies { "People are scored as leads. " } else { "" }
            ),
            held: "docs/PRIVACY.md, the consent ladder",
        },
        Criterion {
            what: "For the publisher alone",
            verdict: Verdict::Met,
            why: "The software runs on the operator's own machine and sends nothing of what it stores to its makers or \
                  to anybody."
                .to_owned(),
            held: "the inventory: handoff",
        },
        Criterion {
            what: "Produces nothing but statistics that point to nobody",
            verdict: if qualifies { Verdict::NotMet } else { Verdict::ForYou },
            why: if qualifies {
                "Reports are counts, but leads are listed one by one with what they did, and events are kept as rows \
                 under a pseudonym."
                    .to_owned()
            } else {
                "Reports are counts; a count of one can still point to somebody. Events are kept as rows under a \
                 pseudonym: do not use `mqlite export events` for more than statistics."
                    .to_owned()
            },
            held: "rollups and events in the inventory",
        },
        Criterion {
            what: "No combination with other processing",
            verdict: Verdict::of(!qualifies),
            why: if qualifies {
                "A lead's key, mail domain and form fields are tied to what the person did.".to_owned()
            } else {
                "Nothing is tied to a person or brought in from elsewhere, as the site is set. Leads from before it was set \
                 so are: erase them, or wait until their time is over."
                    .to_owned()
            },
            held: "leads and hits in the inventory",
        },
        Criterion {
            what: "No following across sites or applications",
            verdict: match site.hosts.as_slice() {
                [] => Verdict::Met,
                hosts if hosts.iter().any(|host| host == "*") => Verdict::NotMet,
                _ => Verdict::ForYou,
            },
            why: match site.hosts.as_slice() {
                [] => "Site and day are in the pseudonym's salt: the same visitor has another pseudonym on every site."
                    .to_owned(),
                hosts if hosts.iter().any(|host| host == "*") => {
                    "Pages on any host may send events for this site, and share its pseudonyms.".to_owned()
                }
                _ => format!(
                    "{} are measured together with the site, under the same pseudonyms: they have to be the same \
                     publisher's and one site to the visitor.",
                    hosts.join(", ")
                ),
            },
            held: "collector/src/privacy/pseudonym.rs",
        },
        Criterion {
            what: "No data to third parties that points to somebody",
            verdict: Verdict::ForYou,
            why: "The software hands nothing off. Do not give exports of events or leads to others.".to_owned(),
            held: "the inventory: handoff; the audit log names exports",
        },
    ]
}

fn data(site: &SiteFacts, settings: &Settings) -> [Criterion; 6] {
    let qualifies = site.qualifies();
    let days = site.days;
    let longest = days.events.max(days.aggregates);
    [
        Criterion {
            what: "Trackers live 13 months at most",
            verdict: Verdict::of(!qualifies),
            why: if qualifies {
                format!(
                    "Nothing is stored on the device, and a visitor is recognised for a day and two hours at most. A \
                     lead is recognised by the address for {} days after the newest event.",
                    days.leads
                )
            } else {
                "Nothing is stored on the device, and a visitor is recognised for a day and two hours at most."
                    .to_owned()
            },
            held: "collector/src/privacy/salts.rs",
        },
        Criterion {
            what: "Data is kept 25 months at most",
            verdict: Verdict::of(longest <= DATA_DAYS_MAX && (!qualifies || days.leads <= DATA_DAYS_MAX)),
            why: format!(
                "Events {} days, counts {} days{}; 25 months are about {DATA_DAYS_MAX} days.",
                days.events,
                days.aggregates,
                if qualifies { format!(", leads with their events {} days after the newest", days.leads) } else { String::new() }
            ),
            held: "the site's policy; the retention run in the audit log",
        },
        Criterion {
            what: "Addresses are cut, and not kept",
            verdict: Verdict::of(settings.ipv4_bits == 24),
            why: if settings.ipv4_bits == 24 {
                "No address is stored. Of IPv4 the first three bytes go into the pseudonym's hash, of IPv6 the first 64 bits."
                    .to_owned()
            } else {
                "No address is stored, but all four bytes of IPv4 go into the pseudonym's hash (MQLITE_IPV4_PREFIX=32; \
                 24 leaves out the last byte). Of IPv6 the first 64 bits."
                    .to_owned()
            },
            held: "collector/src/privacy/pseudonym.rs, tests/privacy",
        },
        Criterion {
            what: "Place no finer than a city",
            verdict: Verdict::Met,
            why: if settings.countries {
                "The country and nothing finer, looked up in a file on the machine.".to_owned()
            } else {
                "No place is looked up: there is no country database.".to_owned()
            },
            held: "collector/src/enrich/geo.rs",
        },
        Criterion {
            what: "No lasting identifier of a person",
            verdict: Verdict::of(!qualifies),
            why: if qualifies {
                "On the rung qualified a lead's key is made from the address, and is the same on every visit on which \
                 the address is given."
                    .to_owned()
            } else {
                "The pseudonym changes every day, and there is no other but the keys of leads from before the site was set \
                 so: erase them, or wait until their time is over."
                    .to_owned()
            },
            held: "collector/src/privacy/pseudonym.rs",
        },
        Criterion {
            what: "No more data than needed",
            verdict: Verdict::ForYou,
            why: "Queries are cut to campaign parameters, click ids to their names, referrers to hosts, user agents to \
                  families; free text is searched for addresses, numbers and tokens. What the site itself puts into \
                  paths and data-mq properties is yours to keep free of personal data all the same \
                  (--allow-prop lists what is kept)."
                .to_owned(),
            held: "collector/src/ingest/page.rs, tests/privacy",
        },
    ]
}

/// What is outside of the exemption with these settings.
fn outside(site: &SiteFacts, settings: &Settings) -> Vec<String> {
    let days = site.days;
    let mut items = vec![
        "**Campaigns and channels**: reports of which campaign, source or channel brought visits and leads."
            .to_owned(),
        "**Campaign content and term** (rung `measured`): kept with consent only.".to_owned(),
    ];
    if site.qualifies() {
        items.push(
            "**Scoring a person** (rung `qualified`): a lead's key, form fields, score, stage and explanation. It \
             is never audience measurement, whatever its legal basis under the GDPR."
                .to_owned(),
        );
        if site.link_same_day {
            items.push(
                "**Linking a day's history**: what a pseudonym did that day counts for the lead it turns out to be, \
                 also what was collected before consent. `mqlite site add SITE --link-same-day no` turns it off."
                    .to_owned(),
            );
        }
        let declared = match site.form_basis {
            Basis::Consent => None,
            Basis::LegitimateInterest => Some("legitimate interest"),
            Basis::Contract => Some("contract"),
        };
        if let Some(declared) = declared {
            items.push(format!(
                "**Form basis {declared}**: people who ask by form are qualified though they ticked no box. That is \
                 outside of the exemption, and not consent either."
            ));
        }
        if days.leads > DATA_DAYS_MAX {
            items.push(format!(
                "**Leads for {} days**: longer than the 25 months of the exemption.",
                days.leads
            ));
        }
    }
    if settings.ipv4_bits != 24 {
        items.push("**Whole IPv4 addresses** in the pseudonym's hash (MQLITE_IPV4_PREFIX=32).".to_owned());
    }
    if days.events > DATA_DAYS_MAX {
        items.push(format!("**Events for {} days**: longer than 25 months.", days.events));
    }
    if days.aggregates > DATA_DAYS_MAX {
        items.push(format!("**Counts for {} days**: longer than 25 months.", days.aggregates));
    }
    if !site.hosts.is_empty() {
        items.push(
            "**Further hosts** that are another publisher's, or another site to the visitor.".to_owned(),
        );
    }
    items
}

fn terminal() -> String {
    list([
        "The snippet stores nothing on the device and reads nothing stored there: no cookie, no local or session \
         storage, no fingerprint from canvas, fonts or the like.",
        "It reads in the page: the page's address, the referrer, whether Global Privacy Control is set, whether the \
         browser says it is automated, scroll position and focus, clicks and forms that the site has marked, and what \
         the site's consent tool says. The request carries address and user agent, as every request does.",
        "The EDPB's guidelines 2/2023 read \"gaining of access\" widely: a script that has the browser send \
         information can be access, without any cookie. That nothing is stored therefore does not settle whether \
         consent or an exemption is needed: it is for you to judge.",
    ])
}
