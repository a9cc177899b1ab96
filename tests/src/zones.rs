//! Time zones by the hour that it is in them. Invariant: a test that counts days chooses its zone so that
//! no midnight comes in between.

/// A zone in which it is now this hour of the day.
pub fn zone_where_it_is(hour: i8) -> String {
    let utc = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).hour();
    // Signs in Etc are the other way round: Etc/GMT-5 is five hours ahead.
    match hour - utc {
        ahead @ 0..=14 => format!("Etc/GMT-{ahead}"),
        further @ 15.. => format!("Etc/GMT+{}", 24 - further),
        behind @ -12..0 => format!("Etc/GMT+{}", -behind),
        further => format!("Etc/GMT-{}", further + 24),
    }
}
