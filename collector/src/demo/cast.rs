//! Who and what the generator draws from. Invariant: companies, campaigns and people are invented; domains
//! end in `.example`.

use crate::enrich::channel::Arrival;

/// A way to arrive: its share of visits, how likely such a visitor turns into a lead, and how it shows.
pub(super) struct Way {
    pub(super) share: u32,
    /// Leads in a thousand visits.
    pub(super) leads: u32,
    /// How keen such leads are, percent.
    pub(super) keen: u32,
    pub(super) arrival: Arrival<'static>,
}

const fn way(share: u32, leads: u32, keen: u32, arrival: Arrival<'static>) -> Way {
    Way { share, leads, keen, arrival }
}

const NOTHING: Arrival<'static> = Arrival {
    source: None,
    medium: None,
    campaign: None,
    content: None,
    term: None,
    click_id: None,
    referrer_host: None,
};

const fn campaign(source: &'static str, medium: &'static str, campaign: &'static str) -> Arrival<'static> {
    Arrival { source: Some(source), medium: Some(medium), campaign: Some(campaign), ..NOTHING }
}

const fn referrer(host: &'static str) -> Arrival<'static> {
    Arrival { referrer_host: Some(host), ..NOTHING }
}

pub(super) const WAYS: &[Way] = &[
    way(260, 35, 18, referrer("www.google.com")),
    way(190, 26, 16, NOTHING),
    way(90, 121, 29, campaign("google", "cpc", "brand")),
    way(80, 83, 23, campaign("google", "cpc", "category-analytics")),
    way(60, 66, 25, campaign("linkedin", "paid-social", "ops-leaders")),
    way(50, 30, 16, referrer("www.linkedin.com")),
    way(45, 136, 27, campaign("newsletter", "email", "monthly-digest")),
    way(40, 52, 25, referrer("www.bing.com")),
    way(36, 74, 25, referrer("chatgpt.com")),
    way(34, 19, 12, campaign("facebook", "paid-social", "awareness")),
    way(30, 44, 21, referrer("www.logistics-weekly.example")),
    way(28, 13, 10, campaign("gdn", "display", "retarget-q4")),
    way(22, 17, 12, referrer("www.youtube.com")),
    way(20, 61, 23, referrer("www.perplexity.ai")),
    way(15, 88, 25, campaign("partner-portal", "affiliate", "resellers")),
];

/// Country and its share.
pub(super) const COUNTRIES: &[(&str, u32)] =
    &[("DE", 34), ("US", 22), ("GB", 12), ("FR", 9), ("NL", 7), ("AT", 6), ("CH", 5), ("PL", 3), ("SE", 2)];

/// Browser, system, device and their share.
pub(super) const AGENTS: &[(&str, &str, &str, u32)] = &[
    ("Chrome", "Windows", "desktop", 40),
    ("Safari", "macOS", "desktop", 16),
    ("Firefox", "Windows", "desktop", 10),
    ("Edge", "Windows", "desktop", 12),
    ("Safari", "iOS", "mobile", 12),
    ("Chrome", "Android", "mobile", 10),
];

/// Job titles and their share.
pub(super) const TITLES: &[(&str, u32)] = &[
    ("Head of Operations", 14),
    ("VP Supply Chain", 8),
    ("Marketing Manager", 16),
    ("Operations Analyst", 18),
    ("Director of Logistics", 10),
    ("CTO", 6),
    ("Student", 6),
    ("Consultant", 10),
    ("Data Engineer", 12),
];

/// Company sizes and their share.
pub(super) const SIZES: &[(&str, u32)] =
    &[("1-49", 32), ("50-199", 28), ("200-499", 20), ("500-999", 12), ("1000+", 8)];

/// Industries and their share.
pub(super) const INDUSTRIES: &[(&str, u32)] = &[
    ("Port or terminal", 34),
    ("Shipping line", 22),
    ("Logistics", 24),
    ("Public authority", 12),
    ("Consulting", 8),
];

/// Companies that leads work for.
pub(super) const COMPANIES: &[(&str, &str)] = &[
    ("Harbour Freight Lines", "harbour-freight.example"),
    ("Alpine Parcel", "alpineparcel.example"),
    ("Meridian Foods", "meridian-foods.example"),
    ("Oakline Furniture", "oakline.example"),
    ("Brightwater Utilities", "brightwater.example"),
    ("Castell Machines", "castell-machines.example"),
    ("Nordlicht Energie", "nordlicht.example"),
    ("Quayside Retail", "quayside.example"),
    ("Tessera Robotics", "tessera.example"),
    ("Vantage Components", "vantage-components.example"),
    ("Bluebird Airfreight", "bluebird-air.example"),
    ("Sierra Outdoor", "sierra-outdoor.example"),
];

/// Pages that visitors read, and their share.
pub(super) const PAGES: &[(&str, u32)] = &[
    ("/demo/product", 26),
    ("/demo/pricing", 22),
    ("/demo/case-studies/harbour-logistics", 16),
    ("/demo/blog/berth-windows", 14),
    ("/demo/blog/yard-moves", 12),
    ("/demo/webinar", 8),
    ("/demo/", 6),
];
