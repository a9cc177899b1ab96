//! Every route of the collector, read from where it has them. Invariant: a route that is added is asked for.

/// A method and a path with its parts in braces.
#[derive(Debug, Clone)]
pub(crate) struct Route {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    /// How often it is asked for.
    pub(crate) weight: u32,
}

const CODE: &str = include_str!("../../../collector/src/http/routes.rs");

/// What costs much for whoever is let in, and is asked for seldom for that reason: hashing a password, walking the
/// audit log, scoring everything anew.
const DEAR: [&str; 8] = [
    "/api/v1/session",
    "/api/v1/setup",
    "/api/v1/audit/verify",
    "/api/v1/audit/retention/run",
    "/api/v1/models/simulate",
    "/api/v1/models/{hash}/publish",
    "/api/v1/privacy/receipt",
    "/api/v1/predictions",
];

/// What costs more with every event that is stored.
const GROWING: [&str; 3] = ["/api/v1/reports", "/api/v1/leads", "/api/v1/predictions"];

/// All of them.
pub(crate) fn all() -> Vec<Route> {
    let parts = CODE.split(".route(\"").skip(1);
    let route = parts.filter_map(|part| {
        let (path, rest) = part.split_once('"')?;
        let methods = [("post()", "POST"), ("delete()", "DELETE"), ("OPTIONS", "OPTIONS"), ("read()", "GET")];
        let found = methods.into_iter().filter_map(|(word, method)| Some((rest.find(word)?, method)));
        let (_, method) = found.min()?;
        let weight = match (path, method) {
            ("/api/event", "POST") => 6_000,
            (path, _) if DEAR.contains(&path) => 1,
            (path, "GET") if GROWING.iter().any(|growing| path.starts_with(growing)) => 4,
            (path, "GET") if path.starts_with("/api/v1/") => 10,
            (path, _) if path.starts_with("/api/v1/") => 3,
            _ => 60,
        };
        Some(Route { method, path, weight })
    });
    route.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_is_there_with_its_method() {
        let all = all();
        assert_eq!(all.len(), CODE.matches(".route(").count());
        let has = |method, path| all.iter().any(|route| (route.method, route.path) == (method, path));
        for (method, path) in [
            ("POST", "/api/event"),
            ("OPTIONS", "/api/event"),
            ("GET", "/"),
            ("DELETE", "/api/v1/session"),
            ("GET", "/api/v1/leads/{key}"),
        ] {
            assert!(has(method, path), "{method} {path}");
        }
        for dear in DEAR {
            assert!(all.iter().any(|route| route.path == dear), "{dear} is no route");
        }
    }
}
