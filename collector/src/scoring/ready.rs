//! The models that come with the program. Invariant: each reads, and is the file of its name in
//! `collector/models`.

/// A model that comes with the program.
#[derive(Debug, Clone, Copy)]
pub struct Ready {
    /// By which it is asked for.
    pub name: &'static str,
    /// Whom it is for, in a sentence.
    pub about: &'static str,
    /// The file.
    pub text: &'static str,
}

impl Ready {
    /// All of them; the first is what a new collector starts with.
    pub const ALL: [Self; 3] = [
        Self {
            name: "default-b2b",
            about: "Leads by form, sales by people: forms, mails, pricing, case studies, role and company size.",
            text: super::DEFAULT_MODEL,
        },
        Self {
            name: "saas-trial",
            about: "Software that people try before they buy: what they do inside of the product counts most.",
            text: include_str!("../../models/saas-trial.toml"),
        },
        Self {
            name: "content-led",
            about: "Leads by guides, webinars and newsletters: points fade slowly, and who reads counts as well.",
            text: include_str!("../../models/content-led.toml"),
        },
    ];

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ready| ready.name == name)
    }
}
