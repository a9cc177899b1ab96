//! Any bytes as a signed token, and as the ids and dates that stand in addresses. Invariant: nothing but what a
//! site signed is read, whatever was changed of it; whatever is read is written again as it was.

use crate::input::Input;
use crate::world::world;
use mqlite::audit::parse_head;
use mqlite::domain::{
    Date, EventId, EventName, LeadKey, ModelHash, Reference, RuleId, SiteId, Stage, Timestamp, Zone, to_hex,
};
use mqlite::privacy::{mint, proves, read_token};

/// Reads them as a token, signs a token by them and bends it, and reads them as everything else.
///
/// # Panics
/// When a promise does not hold.
pub fn token(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (site, other) = (&world().strict, &world().lenient);
    if let Ok(token) = read_token(site, &text) {
        assert_eq!(mint(site, token.lead, token.issued), text.trim(), "one token has one spelling");
    }
    let mut input = Input::new(bytes);
    let lead = LeadKey::from_bytes(input.bytes());
    let issued = Date::from_days(i32::from_be_bytes(input.bytes()));
    let whole = mint(site, lead, issued);
    let read = read_token(site, &whole).expect("what was made is read");
    assert_eq!((read.lead, read.issued), (lead, issued));
    assert!(read_token(other, &whole).is_err(), "another site's");
    let bent = bend(&whole, &mut input);
    if bent.trim() != whole {
        assert!(read_token(site, &bent).is_err(), "{bent:?} was bent from {whole:?}");
    }
    // Nobody guesses a signature; whatever is tried is no proof, and no error either.
    let soon = Timestamp::from_millis(1_000);
    for proof in
        [text.as_ref(), &format!("1.60.{text}"), &format!("1.{text}.{}", to_hex(&input.bytes::<32>()))]
    {
        assert!(!proves(site, &input.bytes(), proof, soon), "{proof:?}");
    }
    names(&text);
}

/// Changes a few of its characters.
fn bend(whole: &str, input: &mut Input<'_>) -> String {
    let mut bent: Vec<char> = whole.chars().collect();
    for _ in 0..=input.below(4) {
        let at = input.below(bent.len());
        let other = char::from(input.byte());
        match input.byte() % 4 {
            0 if at < bent.len() => bent[at] = other,
            1 => bent.insert(at, other),
            2 if at < bent.len() => drop(bent.remove(at)),
            _ => bent.truncate(at),
        }
    }
    bent.into_iter().collect()
}

/// What is read of a text stands for itself: written down, it is read as the same.
fn names(text: &str) {
    if let Ok(site) = SiteId::parse(text) {
        assert_eq!(SiteId::parse(site.as_str()).as_ref(), Ok(&site), "one site has one spelling");
        assert!(site.as_str().len() <= 253 && site.as_str().is_ascii());
        assert!(!site.as_str().contains(['/', '"', '\'', '<', ';', ' ', '\\']), "{site} names files");
    }
    if let Ok(at) = Timestamp::parse(text) {
        assert_eq!(Timestamp::parse(&at.to_string()), Ok(at));
        assert!(at.to_string().ends_with('Z'));
    }
    if let Ok(date) = Date::parse(text) {
        assert_eq!(Date::parse(&date.to_string()), Ok(date));
        // Beyond the calendar's ends a day has no beginning of its own.
        if ("0001-01-01"..="9999-12-29").contains(&date.to_string().as_str()) {
            let zone = &world().strict.zone;
            assert_eq!(zone.date(zone.start_of(date)), date);
        }
    }
    if let Ok(zone) = Zone::parse(text) {
        assert_eq!(Zone::parse(zone.name()).map(|zone| zone.name().to_owned()).as_deref(), Ok(zone.name()));
    }
    if let Ok(name) = EventName::parse(text) {
        assert_eq!(EventName::parse(name.as_str()).as_ref(), Ok(&name));
    }
    if let Ok(rule) = RuleId::parse(text) {
        assert_eq!(rule.as_str(), text);
    }
    if let Ok(hash) = ModelHash::parse(text) {
        assert_eq!(hash.to_string(), text.to_ascii_lowercase());
    }
    if let Ok(reference) = Reference::parse(text) {
        assert_eq!(reference.to_string(), text.to_ascii_lowercase());
    }
    if let Ok(id) = EventId::parse(text) {
        assert_eq!(EventId::parse(&id.to_hex()), Ok(id));
    }
    if let Ok(key) = LeadKey::parse(text) {
        assert_eq!(key.to_hex(), text.replace('-', "").to_ascii_lowercase());
    }
    if let Ok(head) = parse_head(text) {
        assert_eq!(parse_head(&format!("{}:{}", head.seq, to_hex(&head.hash))), Ok(head));
        assert!(head.seq > 0);
    }
    if let Ok(stage) = Stage::from_outcome(text) {
        assert_eq!(Stage::from_outcome(stage.name()), Ok(stage));
    }
}
