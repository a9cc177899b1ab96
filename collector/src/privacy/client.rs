//! Who is asking. Invariant: the address and the user agent are private to `privacy` and never printed;
//! a forwarded address counts only when every hop between it and us is a declared proxy.
#![expect(clippy::disallowed_types, reason = "the module that owns client addresses")]

use crate::domain::Invalid;
use crate::enrich::agent::{Agents, Seen};
use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderMap, HeaderName};
use ipnet::IpNet;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, OnceLock};

const GLOBAL_PRIVACY_CONTROL: HeaderName = HeaderName::from_static("sec-gpc");
/// Longer user agents are cut: what identifies a family stands at the front.
const AGENT_MAX: usize = 512;
/// Hops of a forwarded chain that are looked at.
const HOPS_MAX: usize = 32;

/// The networks of our own proxies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Parses addresses and networks, separated by commas or white space: `127.0.0.1/32, ::1, 10.0.0.0/8`.
    ///
    /// # Errors
    /// Names the part that is neither.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        text.split([',', ' ', '\t', '\n'])
            .filter(|part| !part.is_empty())
            .map(|part| {
                part.parse::<IpNet>().or_else(|_| part.parse::<IpAddr>().map(IpNet::from)).map_err(|_| {
                    Invalid::new(format!("`{part}` is neither an address nor a network such as 10.0.0.0/8"))
                })
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// A client, as one request shows it.
pub struct Client {
    address: IpAddr,
    user_agent: String,
    seen: OnceLock<Arc<Seen>>,
    gpc: bool,
    dnt: bool,
}

impl Client {
    /// The client behind `request`.
    pub fn of(request: &HttpRequest, trusted: &TrustedProxies) -> Self {
        #[expect(clippy::disallowed_methods, reason = "the module that owns client addresses")]
        let peer = request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
        let headers = request.headers();
        let mut forwarded =
            headers.get_all(header::X_FORWARDED_FOR).filter_map(|value| value.to_str().ok()).peekable();
        let first = forwarded.next().unwrap_or_default();
        let address = if forwarded.peek().is_none() {
            nearest_stranger(peer, first, trusted)
        } else {
            let all = forwarded.fold(first.to_owned(), |all, more| all + "," + more);
            nearest_stranger(peer, &all, trusted)
        };
        let user_agent =
            headers.get(header::USER_AGENT).map(|value| String::from_utf8_lossy(value.as_bytes()));
        Self {
            address,
            user_agent: shortened(user_agent.unwrap_or_default().as_ref()).to_owned(),
            seen: OnceLock::new(),
            gpc: says_yes(headers, &GLOBAL_PRIVACY_CONTROL),
            dnt: says_yes(headers, &header::DNT),
        }
    }

    /// Whether the request carries Global Privacy Control.
    pub fn gpc(&self) -> bool {
        self.gpc
    }

    /// Whether the request carries Do Not Track.
    pub fn dnt(&self) -> bool {
        self.dnt
    }

    pub(super) fn address(&self) -> IpAddr {
        self.address
    }

    pub(super) fn user_agent(&self) -> &str {
        &self.user_agent
    }

    /// What its user agent says, looked up once.
    pub(super) fn seen(&self, agents: &Agents) -> &Seen {
        self.seen.get_or_init(|| agents.seen(&self.user_agent))
    }

    #[cfg(test)]
    pub(crate) fn for_test(address: &str, user_agent: &str) -> Self {
        let address = address.parse().expect("an address");
        Self { address, user_agent: user_agent.to_owned(), seen: OnceLock::new(), gpc: false, dnt: false }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client(…)")
    }
}

/// Whether a header is `1`. One that stands there twice, or was joined on its way, says so when one of its parts does.
fn says_yes(headers: &HeaderMap, name: &HeaderName) -> bool {
    let mut parts = headers.get_all(name).flat_map(|header| header.as_bytes().split(|byte| *byte == b','));
    parts.any(|part| part.trim_ascii() == b"1")
}

/// The first [`AGENT_MAX`] characters.
fn shortened(user_agent: &str) -> &str {
    // Fewer bytes are fewer characters, and need not be counted.
    let end = if user_agent.len() <= AGENT_MAX { None } else { user_agent.char_indices().nth(AGENT_MAX) };
    end.and_then(|(at, _)| user_agent.get(..at)).unwrap_or(user_agent)
}

/// Walks the chain from the nearest hop outwards and stops at the first address that is not ours. What
/// stands further out was written by strangers.
fn nearest_stranger(peer: IpAddr, forwarded: &str, trusted: &TrustedProxies) -> IpAddr {
    let mut nearest = peer.to_canonical();
    for hop in forwarded.rsplit(',').take(HOPS_MAX) {
        if !trusted.contains(nearest) {
            break;
        }
        let Some(address) = parse_hop(hop.trim()) else { break };
        nearest = address.to_canonical();
    }
    nearest
}

/// An address with or without port: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`.
fn parse_hop(hop: &str) -> Option<IpAddr> {
    let bare = hop.strip_prefix('[').and_then(|rest| rest.split(']').next());
    bare.unwrap_or(hop)
        .parse()
        .ok()
        .or_else(|| hop.parse::<std::net::SocketAddr>().ok().map(|socket| socket.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(peer: &str, forwarded: &str, trusted: &str) -> String {
        let trusted = TrustedProxies::parse(trusted).expect("valid");
        nearest_stranger(peer.parse().expect("an address"), forwarded, &trusted).to_string()
    }

    #[test]
    fn a_long_agent_is_cut_between_two_characters() {
        let long = format!("ä{}", "x".repeat(AGENT_MAX));
        assert_eq!(shortened(&long), &long[..=AGENT_MAX]);
        let short = "ä".repeat(AGENT_MAX);
        assert_eq!(shortened(&short), short);
        assert_eq!(shortened(""), "");
    }

    #[test]
    fn only_declared_proxies_count_nearest_hop_first() {
        let ours = "127.0.0.1/32 10.0.0.0/8,::1";
        assert_eq!(resolve("127.0.0.1", "192.0.2.7", ours), "192.0.2.7");
        assert_eq!(resolve("127.0.0.1", "192.0.2.7", ""), "127.0.0.1");
        assert_eq!(resolve("198.51.100.1", "192.0.2.7", ours), "198.51.100.1");
        assert_eq!(resolve("127.0.0.1", "6.6.6.6, 192.0.2.7, 10.1.2.3", ours), "192.0.2.7");
        assert_eq!(resolve("127.0.0.1", "192.0.2.7:4711", ours), "192.0.2.7");
        assert_eq!(resolve("::1", "[2001:db8::7]:4711", ours), "2001:db8::7");
        assert_eq!(resolve("::ffff:127.0.0.1", "::ffff:192.0.2.7", ours), "192.0.2.7");
        assert_eq!(resolve("127.0.0.1", "6.6.6.6, nonsense", ours), "127.0.0.1");
        assert!(TrustedProxies::parse("10.0.0.0/99").is_err());
    }
}
