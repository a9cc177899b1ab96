//! The consent ladder, as one table. Invariant: what a rung keeps is decided by [`Part::from`] alone: `ingest`
//! asks it before it keeps anything, and the words of the table are made from the same answer.

use super::{Rung, Signal};
use serde::Serialize;
use std::fmt::Write as _;

/// A part of what may be kept, and with it the lowest rung that keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// An event row at all. Without it there is only a count.
    Event,
    /// Which advertisement and which search word brought the visitor: what makes an arrival rarer.
    CampaignDetails,
    /// Who it is: the lead key, the mail domain, the fields of the form.
    Identity,
}

impl Part {
    /// All parts, from the lowest rung up.
    pub const ALL: [Self; 3] = [Self::Event, Self::CampaignDetails, Self::Identity];

    /// The lowest rung that keeps it.
    pub const fn from(self) -> Rung {
        match self {
            Self::Event => Rung::Unset,
            Self::CampaignDetails => Rung::Measured,
            Self::Identity => Rung::Qualified,
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Event => {
                "the event, under a pseudonym that dies with the day's salt; campaign source, medium and name"
            }
            Self::CampaignDetails => "campaign content and term",
            Self::Identity => "the lead key, the mail domain and the declared fields of the form",
        }
    }
}

impl Rung {
    /// Whether this part is kept on this rung.
    pub fn keeps(self, part: Part) -> bool {
        self >= part.from()
    }
}

impl Signal {
    /// Whether a yes by this signal counts. What only ever says no cannot say yes, and a yes that names
    /// nobody is none.
    pub const fn can_raise(self) -> bool {
        matches!(self, Self::Tag | Self::Api | Self::ConsentMode | Self::Tcf | Self::Form | Self::Policy)
    }

    /// Whether a no by this signal counts. A box that is not ticked says nothing.
    pub const fn can_deny(self) -> bool {
        matches!(self, Self::Tag | Self::Api | Self::Gpc | Self::Dnt | Self::ConsentMode | Self::Tcf)
    }

    /// The signals that a site's policy accepts or not: those by which people and pages say yes. The
    /// operator's own basis is a setting of its own.
    pub fn acceptable() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|signal| signal.can_raise() && *signal != Self::Policy)
    }
}

/// What holds where signals disagree.
pub const RULE: &str = "The strictest signal wins, and each event names the signal that decided and the \
    version of the site's policy that it was decided under. A no always counts. A yes counts only where it \
    names a signal that can raise and that the site's policy accepts, and only up to the site's ceiling.";

/// One rung of the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// The rung.
    pub rung: Rung,
    /// Its name for people.
    pub title: &'static str,
    /// When an event is on it.
    pub when: &'static str,
    /// What is kept.
    pub kept: String,
    /// What for.
    pub purpose: &'static str,
    /// What it can be scored on.
    pub scored_on: &'static str,
    /// The legal basis.
    pub basis: &'static str,
}

/// One signal of the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SignalRow {
    /// The signal.
    pub signal: Signal,
    /// Its name for people.
    pub title: &'static str,
    /// How it is given.
    pub how: &'static str,
    /// Whether its yes counts.
    pub raises: bool,
    /// Whether its no counts.
    pub denies: bool,
}

/// The whole table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ladder {
    /// The rungs, lowest first.
    pub steps: Vec<Step>,
    /// The signals.
    pub signals: Vec<SignalRow>,
    /// What holds where signals disagree.
    pub rule: &'static str,
}

/// The table.
pub fn ladder() -> Ladder {
    let named = Signal::ALL.into_iter().filter(|signal| *signal != Signal::None);
    Ladder {
        steps: Rung::ALL.into_iter().map(step).collect(),
        signals: named.map(signal_row).collect(),
        rule: RULE,
    }
}

fn step(rung: Rung) -> Step {
    let (title, when, purpose, basis) = match rung {
        Rung::Denied => (
            "Denied",
            "somebody said no to being measured: the page, `mq('consent', {measure: false})`, a consent tool, \
             Global Privacy Control (always), Do Not Track (by setting)",
            "so that the site knows how much it does not see",
            "none needed: the count says nothing of a person",
        ),
        Rung::Unset => (
            "Unset",
            "nobody said anything that counts",
            "counting visits, pages and channels",
            "what the operator relies on and declares, such as audience measurement as a legitimate interest \
             (GDPR art. 6(1)(f)), or the CNIL's exemption for it",
        ),
        Rung::Measured => (
            "Measured",
            "measurement was granted",
            "the same, and which advertisement and which search word work",
            "consent (GDPR art. 6(1)(a))",
        ),
        Rung::Qualified => (
            "Qualified",
            "qualification was granted, and an address given",
            "telling how ready a person is to buy, and answering them",
            "consent (GDPR art. 6(1)(a)), by the form's box or by the page; or the basis that the site's \
             policy declares for people who ask for something by form (art. 6(1)(b) or (f))",
        ),
    };
    Step { rung, title, when, kept: kept(rung), purpose, scored_on: scored_on(rung), basis }
}

/// In words, what [`Rung::keeps`] says, against the rung below.
fn kept(rung: Rung) -> String {
    let kept = |part: &Part| rung.keeps(*part);
    let (new, before): (Vec<Part>, Vec<Part>) =
        Part::ALL.into_iter().filter(kept).partition(|part| part.from() == rung);
    let new = new.into_iter().map(Part::words).collect::<Vec<_>>().join("; ");
    match (before.is_empty(), new.is_empty()) {
        (true, true) => "nothing but one more on a counter of the site, the day and the signal".to_owned(),
        (true, false) => new,
        (false, true) => "the same".to_owned(),
        (false, false) => format!("the same, and {new}"),
    }
}

/// A lead's window needs a lead; a day needs an event.
fn scored_on(rung: Rung) -> &'static str {
    if rung.keeps(Part::Identity) {
        "everything inside the model's window"
    } else if rung.keeps(Part::Event) {
        "what happened that day, once the same pseudonym is a lead"
    } else {
        "nothing"
    }
}

fn signal_row(signal: Signal) -> SignalRow {
    let (title, how) = match signal {
        Signal::None => ("Nobody", "nothing was said"),
        Signal::Tag => {
            ("Tag", "`data-consent=\"granted\"`, `\"measured\"` or `\"denied\"` on the script's tag")
        }
        Signal::Api => ("API", "`mq('consent', {measure: …, qualify: …})`"),
        Signal::Gpc => {
            ("Global Privacy Control", "the header `Sec-GPC: 1`, or `navigator.globalPrivacyControl`")
        }
        Signal::Dnt => ("Do Not Track", "the header `DNT: 1`, on sites with `--honour-dnt yes`"),
        Signal::ConsentMode => (
            "Google Consent Mode",
            "`gtag('consent', 'default' | 'update', …)`: `analytics_storage` measures, `ad_user_data` qualifies",
        ),
        Signal::Tcf => ("IAB TCF", "`__tcfapi`: purposes 1 and 8 measure"),
        Signal::Form => ("Form", "a ticked box `data-mq-consent=\"qualify\"`, for the request it stands in"),
        Signal::Policy => ("Policy", "the operator's declared basis: `mqlite site add SITE --form-basis …`"),
        Signal::Server => ("Server", "kept for servers that vouch with a token; nothing gives it yet"),
    };
    SignalRow { signal, title, how, raises: signal.can_raise(), denies: signal.can_deny() }
}

/// The table as Markdown, as docs/PRIVACY.md has it.
pub fn markdown() -> String {
    let Ladder { steps, signals, rule } = ladder();
    let mut text = String::from(
        "| rung | when | what is kept | what for | what it is scored on | legal basis |\n\
         | --- | --- | --- | --- | --- | --- |\n",
    );
    for step in steps {
        let Step { rung, when, kept, purpose, scored_on, basis, .. } = step;
        let rung = rung.name();
        row(&mut text, &[&format!("`{rung}`"), when, &kept, purpose, scored_on, basis]);
    }
    let _ = write!(text, "\n{rule}\n\n| signal | how it is given | can raise | can deny |\n");
    text.push_str("| --- | --- | --- | --- |\n");
    let yes_no = |yes| if yes { "yes" } else { "no" };
    for signal in signals {
        let title = format!("{} (`{}`)", signal.title, signal.signal.name());
        row(&mut text, &[&title, signal.how, yes_no(signal.raises), yes_no(signal.denies)]);
    }
    text
}

fn row(text: &mut String, cells: &[&str]) {
    for cell in cells {
        // A bar inside of a cell would end it.
        let _ = write!(text, "| {} ", cell.replace('|', "\\|"));
    }
    text.push_str("|\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rung_keeps_what_the_one_below_keeps_and_says_what_is_new() {
        let mut below = 0;
        for step in ladder().steps {
            let kept: Vec<Part> = Part::ALL.into_iter().filter(|part| step.rung.keeps(*part)).collect();
            assert!(kept.len() >= below, "{step:?}");
            for part in Part::ALL {
                assert_eq!(
                    step.kept.contains(part.words()),
                    part.from() == step.rung,
                    "{part:?} in {step:?}"
                );
            }
            below = kept.len();
        }
        assert_eq!(below, Part::ALL.len(), "the highest keeps all");
    }

    #[test]
    fn what_only_says_no_cannot_raise() {
        let names = |signals: Vec<Signal>| signals.into_iter().map(Signal::name).collect::<Vec<_>>();
        assert_eq!(names(Signal::acceptable().collect()), ["tag", "api", "consent_mode", "tcf", "form"]);
        for signal in [Signal::None, Signal::Gpc, Signal::Dnt, Signal::Server] {
            assert!(!signal.can_raise(), "{signal:?}");
        }
    }

    #[test]
    fn the_privacy_page_has_this_table() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/PRIVACY.md");
        let page = std::fs::read_to_string(path).expect("docs/PRIVACY.md is there");
        let between =
            page.split_once("<!-- ladder -->\n").and_then(|(_, rest)| rest.split_once("<!-- /ladder -->"));
        let (found, _) = between.expect("docs/PRIVACY.md has both markers");
        assert!(
            found.trim() == markdown().trim(),
            "docs/PRIVACY.md does not have the table of the code; put what `mqlite audit ladder` prints \
             between <!-- ladder --> and <!-- /ladder -->:\n\n{}",
            markdown()
        );
    }
}
