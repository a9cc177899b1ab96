//! The sentinel and every form that it could be written in. Invariant: what is looked for is long enough not
//! to be found by chance.

use mqlite_tests::address_hash;

/// Addresses that nobody has.
pub(crate) const ADDRESSES: [&str; 3] = ["203.0.113.77", "2001:db8:5e17:1e1::77", "198.51.233.244"];

/// A browser that nobody has, and that no list takes for a robot.
pub(crate) const AGENT: &str =
    "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0 Zentinel/5e171e1";

/// An address that nobody has.
pub(crate) const MAIL: &str = "sentinel.5e17@sentinel-company.com";

/// Each form by name: addresses in text, in full, as 16 bytes and in hexadecimal, mapped into IPv6, and
/// their networks; the user agent, its distinguishing part and its hashes; the mail address and its hash.
pub(crate) fn needles() -> Vec<(String, Vec<u8>)> {
    let mut needles: Vec<(String, Vec<u8>)> = Vec::new();
    let mut text = |text: &str| needles.push((format!("`{text}`"), text.as_bytes().to_vec()));
    for part in [AGENT, "Zentinel", "rv:145.0", "Gecko/20100101", MAIL, "sentinel.5e17"] {
        text(part);
    }
    for address in ["203.0.113.77", "203.0.113", "198.51.233.244", "198.51.233", "2001:db8:5e17", "5e17:1e1"]
    {
        text(address);
    }
    text("2001:0db8:5e17:01e1:0000:0000:0000:0077");
    text("2001:0db8:5e17:01e1");
    text(&address_hash(MAIL));
    text(&address_hash(AGENT));
    for octets in octets() {
        let hex: String = octets.iter().map(|byte| format!("{byte:02x}")).collect();
        needles.push((format!("{hex} in bytes"), octets.to_vec()));
        needles.push((format!("{hex} in text"), hex.into_bytes()));
    }
    needles.push(("the hash of the mail address in bytes".to_owned(), unhex(&address_hash(MAIL))));
    // A log that prints bytes as a list.
    needles.push(("the network as a list".to_owned(), b"203, 0, 113".to_vec()));
    needles
}

/// The addresses as IPv6 has them, those of IPv4 mapped into it.
fn octets() -> Vec<[u8; 16]> {
    let parse = |address: &str| match address.parse().expect("an address") {
        std::net::IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        std::net::IpAddr::V6(address) => address.octets(),
    };
    ADDRESSES.into_iter().map(parse).collect()
}

fn unhex(hex: &str) -> Vec<u8> {
    hex.as_bytes()
        .chunks_exact(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).expect("ASCII"), 16).expect("digits"))
        .collect()
}
