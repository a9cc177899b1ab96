//! The record of processing activities of GDPR Article 30(1). Invariant: each point of the article has its
//! heading and something under it; what is said of data comes from the inventory, what is said of periods and
//! bases from the sites' settings.

use super::facts::{Settings, basis, retention};
use super::markdown::{blank, code, list, table};
use super::{Inputs, NO_ADVICE, SiteFacts, rungs};
use crate::domain::inventory::{Category, Field, Keep, LegalBasis, Table};
use std::collections::{BTreeMap, BTreeSet};

/// The document.
pub(super) fn markdown(inputs: &Inputs<'_>) -> String {
    let sites: Vec<String> = inputs.sites.iter().map(|site| code(&site.site)).collect();
    let sites = if sites.is_empty() { "no site yet".to_owned() } else { sites.join(", ") };
    let mut text = format!(
        "# Record of processing activities\n\nGDPR Article 30(1): measuring the audience of, and qualifying leads \
         on, {sites}. Made by MQLite {} on {}. {NO_ADVICE}\n",
        inputs.settings.version, inputs.now
    );
    let sections: [(&str, String); 11] = [
        ("(a) Controller", controller()),
        ("(b) Purposes of the processing", purposes(inputs)),
        ("(c) Categories of data subjects", subjects(inputs)),
        ("(c) Categories of personal data", categories(inputs)),
        ("(d) Recipients", recipients(inputs)),
        ("(e) Transfers to third countries", transfers(inputs.settings)),
        ("(f) Time limits for erasure", limits(inputs)),
        ("(g) Security measures (Article 32)", security(inputs.settings)),
        ("Legal bases", bases(inputs)),
        ("Rights of the people concerned", rights()),
        ("What the controller still has to judge", judge(inputs)),
    ];
    for (heading, body) in sections {
        text.push_str(&format!("\n## {heading}\n\n{}\n", body.trim_end()));
    }
    text
}

fn controller() -> String {
    let row = |what: &str, blank_for: &str| [what.to_owned(), blank(blank_for)];
    table(
        ["what", "who"],
        [
            row("Controller", "name and address"),
            row("Contact", "telephone, mail address"),
            row("Joint controllers", "names, or none"),
            row("Representative in the Union (Art. 27)", "name and contact, or not needed"),
            row("Data protection officer", "name and contact, or none designated"),
        ],
    )
}

fn purposes(inputs: &Inputs<'_>) -> String {
    let mut purposes = vec![
        "**Audience measurement**: visits, pages, channels, campaigns, countries, devices.".to_owned(),
        "**Knowing what is not seen**: counts of visits that asked not to be measured, by signal, and of bots.".to_owned(),
        "**Security and accountability**: logins, limits for clients, the audit log.".to_owned(),
    ];
    if inputs.sites.iter().any(SiteFacts::qualifies) {
        purposes.insert(
            1,
            format!(
                "**Qualifying leads**: people who gave an address are scored by what they did and what they said of \
                 themselves (model: {}). This is profiling (Art. 4(4)).",
                code(&inputs.settings.model)
            ),
        );
    }
    let mut declared: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (table, field) in fields(inputs) {
        declared.entry(&field.purpose).or_default().insert(code(&table.name));
    }
    let rows = declared
        .into_iter()
        .map(|(purpose, tables)| [purpose.to_owned(), tables.into_iter().collect::<Vec<_>>().join(", ")]);
    format!(
        "{}\nAs declared for each stored field:\n\n{}",
        list(purposes),
        table(["purpose", "stored in"], rows)
    )
}

fn fields<'a>(inputs: &Inputs<'a>) -> impl Iterator<Item = (&'a Table, &'a Field)> {
    inputs
        .inventory
        .iter()
        .flat_map(|counted| counted.fields.iter().map(|sampled| (&counted.table, &sampled.field)))
}

fn subjects(inputs: &Inputs<'_>) -> String {
    let mut subjects = vec![
        "**Visitors** of the site: under a pseudonym of the day. Those who said no are only counted.".to_owned(),
        "**Staff**: who logs in (`owner`, `auditor`), and who works on the machine (`operator`, by the name of the \
         system's account): in the audit log and in sessions."
            .to_owned(),
    ];
    if inputs.sites.iter().any(SiteFacts::qualifies) {
        subjects.insert(
            1,
            "**Leads**: visitors who gave a mail address in a form, with the basis below.".to_owned(),
        );
    }
    list(subjects)
}

fn categories(inputs: &Inputs<'_>) -> String {
    let rows = Category::ALL.iter().map(|category| {
        let mut tables: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (table, field) in fields(inputs).filter(|(_, field)| field.category == *category) {
            let names = tables.entry(&table.name).or_default();
            // Every database has its `migrations`: one line for both.
            if !names.contains(&field.name.as_str()) {
                names.push(&field.name);
            }
        }
        let tables: Vec<String> = tables
            .into_iter()
            .map(|(table, fields)| format!("{}: {}", code(table), fields.join(", ")))
            .collect();
        let stored = if tables.is_empty() { "nothing".to_owned() } else { tables.join("; ") };
        [category.name().to_owned(), category.text().to_owned(), stored]
    });
    format!(
        "{}\nNot stored: addresses of clients, user agents, mail addresses and their plain hashes, values of click \
         ids, queries of pages and paths of referrers. Special categories (Art. 9) are not asked for by the \
         software; form fields and properties that a site declares are the controller's choice.\n",
        table(["category", "what it is", "stored in"], rows)
    )
}

fn recipients(inputs: &Inputs<'_>) -> String {
    let handed: Vec<String> = fields(inputs)
        .filter(|(_, field)| !field.handoff.starts_with("none"))
        .map(|(table, field)| format!("{}.{}: {}", table.name, field.name, field.handoff))
        .collect();
    let mut items = vec![
        "**owner**: the dashboard, with reports, leads and their scores, and the audit page.".to_owned(),
        "**auditor**: the audit page and people's requests; no reports and no leads' pages.".to_owned(),
        "**operator**: whoever has the machine sees its files and uses the command line, exports included."
            .to_owned(),
        format!("**Processors** (Art. 28), such as who hosts the machine: {}.", blank("names, contracts")),
    ];
    if handed.is_empty() {
        items.push(
            "**Handoffs** by the software: none configured. It sends nothing of what it stores to anybody."
                .to_owned(),
        );
    } else {
        items.push(format!("**Handoffs** by the software: {}.", handed.join("; ")));
    }
    items.push(format!("**Others** who are given exports or reports: {}.", blank("such as sales, agencies")));
    list(items)
}

fn transfers(settings: &Settings) -> String {
    let countries = if settings.countries {
        "The country is looked up in a file on the machine; no service is asked."
    } else {
        "No country is looked up: there is no country database."
    };
    list([
        format!("By the software: none. {countries}"),
        format!(
            "By hosting, backups and support: {}.",
            blank("place of the machine; safeguards under Art. 46, or none needed")
        ),
    ])
}

fn limits(inputs: &Inputs<'_>) -> String {
    let mut kept: BTreeMap<Keep, BTreeSet<String>> = BTreeMap::new();
    for (table, field) in fields(inputs) {
        kept.entry(field.keep).or_default().insert(code(&table.name));
    }
    let rows = kept.into_iter().map(|(keep, tables)| {
        [tables.into_iter().collect::<Vec<_>>().join(", "), retention(keep, inputs.sites)]
    });
    let each = inputs.sites.iter().map(|site| {
        let days = site.days;
        [site.site.clone(), days.events.to_string(), days.leads.to_string(), days.aggregates.to_string()]
    });
    let each = table(["site", "events (days)", "leads (days)", "counts (days)"], each);
    format!(
        "{each}\n{}\nBackups that the operator makes have their own life: {}.\n",
        table(["stored in", "until when"], rows),
        blank("how long backups are kept")
    )
}

fn security(settings: &Settings) -> String {
    let bits = match settings.ipv4_bits {
        32 => "all 32 bits of an IPv4 address",
        _ => "the first 24 bits of an IPv4 address",
    };
    let mut measures = vec![
        format!(
            "**Pseudonyms**: HMAC-SHA-256 under a random 256-bit salt for each site and local day, over {bits} (of \
             IPv6 the first 64) and the user agent. Two hours after its day the salt is overwritten and removed \
             while the collector runs, or when it next starts: nobody can then make the pseudonym again."
        ),
        "**Leads**: the browser hashes the mail address; the collector turns the hash into a key under the site's \
         secret and keeps neither the address nor its hash."
            .to_owned(),
        "**Minimisation**: one module sees addresses and user agents, and neither is stored or logged; queries are \
         cut to declared campaign parameters, referrers to hosts, user agents to families. What pages send as free text \
         is searched for mail addresses, telephone, card and national id numbers and long tokens, which are replaced \
         before it is kept; names of people are not found."
            .to_owned(),
        "**On visitors' devices**: no cookie, no local or session storage.".to_owned(),
        "**Files**: what the collector creates on Unix is for its own system user only; salts have mode 0600 in a \
         folder of mode 0700, outside of the databases."
            .to_owned(),
        "**Erasure**: the databases run with `secure_delete`, which overwrites what is deleted; after a person's \
         erasure both are written anew, so that nothing is left in a file."
            .to_owned(),
        "**Integrity**: an event is answered after it is on disk (`synchronous=FULL`); schema changes are checked by \
         hash; the inventory of stored fields is compared with the databases at every start."
            .to_owned(),
        format!(
            "**Access**: passwords of at least 12 characters, kept as argon2id hashes; session and set-up tokens kept \
             as hashes; sessions end after 14 days, in a cookie that is HttpOnly and SameSite=Strict{}; attempts to \
             log in are limited for each client.",
            if settings.https { ", and Secure" } else { ". It is not Secure, because `public_url` does not begin with https" }
        ),
        format!(
            "**Audit log**: each entry holds the SHA-256 of the one before; the database refuses to change or delete \
             entries; the hash of each goes to the log output and to an anchor file {}.",
            if settings.anchor_elsewhere { "outside of the data folder" } else { "in the data folder (`audit_anchor` puts it elsewhere)" }
        ),
        "**Availability**: bounded bodies, queues and rates for each client.".to_owned(),
        "**Transport**: the collector itself speaks HTTP; TLS is the business of the proxy in front of it: ".to_owned()
            + &blank("how TLS is provided"),
        format!("**Disk encryption, backups, access to the machine**: {}.", blank("organisational measures")),
    ];
    if settings.proxies {
        measures.push(
            "**Proxies**: forwarded addresses count only when every hop is one of the declared proxies."
                .to_owned(),
        );
    }
    list(measures)
}

fn bases(inputs: &Inputs<'_>) -> String {
    let mut text = String::new();
    for site in inputs.sites {
        text.push_str(&format!("### {}\n\n{}\n", site.site, rungs::bases(site)));
        let dnt = if site.honour_dnt { "counts as a denial" } else { "is not taken as a denial" };
        let history = if !site.qualifies() {
            "Nobody becomes a lead on this site. Leads from before it was set so stay until their time is over, or until \
             they are erased."
                .to_owned()
        } else if site.link_same_day {
            "What the same pseudonym did earlier that day, and does later that day, counts for the lead that it turns \
             out to be (`--link-same-day yes`): it was collected on the rung unset or measured and is used for \
             qualifying from then on, on the basis of the rung qualified."
                .to_owned()
        } else {
            "Only what was sent with the person's own name counts for a lead (`--link-same-day no`)."
                .to_owned()
        };
        let forms = match site.form_basis {
            crate::domain::Basis::Consent => {
                "People who ask by form without consent do not become leads.".to_owned()
            }
            other if !site.qualifies() => {
                format!("A basis for forms is declared ({}), and without effect on this site.", basis(other))
            }
            other => {
                format!("For people who ask by form and ticked no box the site declares: {}.", basis(other))
            }
        };
        let facts = [
            format!("Days are counted in {}.", site.zone),
            format!("Global Privacy Control always counts as a denial; Do Not Track {dnt}."),
            consent(site),
            history,
            forms,
            props(site),
            ask(site),
        ];
        text.push_str(&format!("{}\n", list(facts)));
    }
    if text.is_empty() {
        return "No site yet: `mqlite site add example.com`.".to_owned();
    }
    text + "### Staff and requests\n\n"
        + &list([
            format!("Accounts and sessions: {}.", LegalBasis::Security.text()),
            format!("The audit log: {}.", LegalBasis::Accountability.text()),
            format!("What is kept of people's requests: {}.", LegalBasis::Request.text()),
        ])
}

fn consent(site: &SiteFacts) -> String {
    if !site.takes_consent() {
        return "No consent raises an event on this site; every no counts.".to_owned();
    }
    let signals: Vec<&str> = site.signals.iter().map(|signal| signal.name()).collect();
    format!("A yes counts by these signals: {}; every no counts.", signals.join(", "))
}

fn props(site: &SiteFacts) -> String {
    match site.props.as_deref() {
        None => "All properties that pages send with an event are kept.".to_owned(),
        Some([]) => "No properties that pages send with an event are kept.".to_owned(),
        Some(names) => {
            let names: Vec<String> = names.iter().map(|name| code(name)).collect();
            format!("Of properties that pages send with an event, these are kept: {}.", names.join(", "))
        }
    }
}

fn ask(site: &SiteFacts) -> String {
    if site.ask.is_empty() {
        return "No form is told what is not known of a lead.".to_owned();
    }
    let names: Vec<String> = site.ask.iter().map(|name| code(name)).collect();
    format!(
        "A form of a lead that consented to be qualified and is recognised may be told which of these fields are not \
         known yet, names only: {}.",
        names.join(", ")
    )
}

fn rights() -> String {
    let row = |right: &str, how: &str| [right.to_owned(), how.to_owned()];
    format!(
        "A person is named by mail address (hashed at once), by its hash, by token or by lead key. All of it is also \
         on the audit page. `mqlite find --site SITE --email -` reads the address from standard input.\n\n{}\nA \
         visitor who never became a lead cannot be found: there is nothing by which to find them (Art. 11). Answers \
         are due within a month (Art. 12(3)).\n",
        table(
            ["right", "how"],
            [
                row(
                    "Access, portability (Arts. 15, 20)",
                    "`mqlite find`, `mqlite export person --format json|csv`"
                ),
                row(
                    "Erasure (Art. 17)",
                    "`mqlite erase`, with `--dry-run` to see what goes; backups and exports are named, not reached"
                ),
                row("Restriction (Art. 18)", "`mqlite restrict`, and `--lift`"),
                row(
                    "Withdrawal of consent (Art. 7(3))",
                    "`mqlite withdraw` for what is stored; on the page, for what is to come: `mq('consent', {qualify: false})`"
                ),
                row(
                    "Objection (Art. 21)",
                    "Global Privacy Control, Do Not Track where the site honours it, `mq('consent', {measure: false})`; for leads `mqlite restrict` or `mqlite erase`"
                ),
                row(
                    "Rectification (Art. 16)",
                    "a later form with the right values takes the place of the earlier ones on the lead, not in the events that it sent; or erase"
                ),
            ],
        )
    )
}

fn judge(inputs: &Inputs<'_>) -> String {
    let mut items = vec![
        format!(
            "The balance of interests for measuring without consent (rung `unset`): {}.",
            blank("assessment, date")
        ),
        format!("What visitors are told (Arts. 13 and 14), and where: {}.", blank("privacy notice")),
        "Access to the terminal (ePrivacy Art. 5(3)): see the CNIL self-assessment.".to_owned(),
        format!(
            "The names of accounts, and of the system's users who type commands, stay in the audit log for as long as \
             there is one (Art. 5(1)(e)): {}.",
            blank("why that is needed; what staff is told")
        ),
    ];
    if inputs.sites.iter().any(SiteFacts::qualifies) {
        items.push(format!(
            "Whether scoring needs an impact assessment (Art. 35): {}. The software decides nothing about a person \
             but the stage that sales sees; whether Art. 22 is touched depends on what is done with it.",
            blank("judgement, date")
        ));
    }
    if inputs.sites.iter().any(|site| site.form_basis != crate::domain::Basis::Consent) {
        items.push(format!("The declared basis for forms: {}.", blank("why it holds")));
    }
    list(items)
}
