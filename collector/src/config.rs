//! Settings: `mqlite.toml`, overridden by `MQLITE_*`, overridden by flags. Invariant: a setting that is
//! not understood stops the start with its name and what would be right; none is silently passed over.

use crate::domain::{Invalid, Zone};
use crate::privacy::{TrustedProxies, V4Prefix};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// Settings as a person gives them, all optional. Flags and environment are read by clap.
#[derive(Debug, Clone, Default, clap::Args, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Folder for everything that is kept; created when it is not there [default: mqlite-data]
    #[arg(long, env = "MQLITE_DATA", value_name = "DIR", global = true)]
    pub data: Option<PathBuf>,

    /// Settings file [default: mqlite.toml in the data folder, if there is one]
    #[arg(long, env = "MQLITE_CONFIG", value_name = "FILE", global = true)]
    #[serde(skip)]
    pub config: Option<PathBuf>,

    /// Address to listen on [default: 127.0.0.1:8787]
    #[arg(long, env = "MQLITE_LISTEN", value_name = "ADDR")]
    pub listen: Option<String>,

    /// How people reach the collector, when it is behind a proxy, such as https://stats.example.com
    #[arg(long, env = "MQLITE_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,

    /// Our own proxies, whose X-Forwarded-For counts: addresses and networks, separated by commas
    #[arg(long, env = "MQLITE_TRUSTED_PROXIES", value_name = "NETWORKS")]
    pub trusted_proxies: Option<String>,

    /// Country database in MaxMind's format (.mmdb); without it no country is known
    #[arg(long, env = "MQLITE_GEO_FILE", value_name = "FILE")]
    pub geo_file: Option<PathBuf>,

    /// How much of an IPv4 address goes into the day's pseudonym: 24 bits, or all 32 [default: 24]
    #[arg(long, env = "MQLITE_IPV4_PREFIX", value_name = "BITS")]
    pub ipv4_prefix: Option<u8>,

    /// Events a second that one client may send for long [default: 20]
    #[arg(long, env = "MQLITE_CLIENT_RATE", value_name = "N")]
    pub client_rate: Option<u32>,

    /// Events that one client may send at once [default: 300]
    #[arg(long, env = "MQLITE_CLIENT_BURST", value_name = "N")]
    pub client_burst: Option<u32>,

    /// Different people that one client may say it is in a day, by forms [default: 50]
    #[arg(long, env = "MQLITE_CLIENT_LEADS", value_name = "N")]
    pub client_leads: Option<u32>,

    /// Events a second that one site may get for long, from all its clients [default: 1000]
    #[arg(long, env = "MQLITE_SITE_RATE", value_name = "N")]
    pub site_rate: Option<u32>,

    /// Events that one site may get at once [default: 20000]
    #[arg(long, env = "MQLITE_SITE_BURST", value_name = "N")]
    pub site_burst: Option<u32>,

    /// Scoring model: a file, or a ready one that `mqlite model list` names [default: default-b2b]
    #[arg(long, env = "MQLITE_MODEL", value_name = "MODEL")]
    pub model: Option<PathBuf>,

    /// File that every new head of the audit log is added to; best on another disk [default: audit.anchor in the data folder]
    #[arg(long, env = "MQLITE_AUDIT_ANCHOR", value_name = "FILE")]
    pub audit_anchor: Option<PathBuf>,
}

/// Settings as the collector uses them.
#[derive(Debug, Clone)]
pub struct Config {
    /// Folder for everything that is kept.
    pub data: PathBuf,
    /// Address to listen on, with port.
    pub listen: String,
    /// How people reach us, without a slash at the end; `None`: as we listen.
    pub public_url: Option<String>,
    /// Whose forwarded addresses count.
    pub trusted: TrustedProxies,
    /// Country database.
    pub geo_file: Option<PathBuf>,
    /// How much of an IPv4 address goes into the pseudonym.
    pub ipv4_prefix: V4Prefix,
    /// Events a second of one client, at least 1.
    pub client_rate: u32,
    /// Events at once of one client, at least 1.
    pub client_burst: u32,
    /// People that one client may say it is in a day, at least 1.
    pub client_leads: u32,
    /// Events a second of one site, at least 1.
    pub site_rate: u32,
    /// Events at once of one site, at least 1.
    pub site_burst: u32,
    /// Scoring model.
    pub model: Option<PathBuf>,
    /// Where the audit log's heads are written.
    pub audit_anchor: PathBuf,
}

impl Config {
    /// How people reach us, as far as settings tell: without a slash at the end.
    pub fn base_url(&self) -> String {
        self.public_url.clone().unwrap_or_else(|| format!("http://{}", self.listen))
    }

    /// What of the settings is recorded when it changes: no secret, and of files their names only.
    pub fn recorded(&self) -> serde_json::Value {
        let name = |path: &PathBuf| path.file_name().map(|name| name.to_string_lossy().into_owned());
        // A public URL may hold a user's name and password by mistake.
        let public = self.public_url.as_deref().and_then(|url| url::Url::parse(url).ok()).map(|mut url| {
            let _ = url.set_username("");
            let _ = url.set_password(None);
            url.to_string()
        });
        serde_json::json!({
            "listen": self.listen,
            "public_url": public,
            "trusted_proxies": self.trusted.count(),
            "geo_file": self.geo_file.is_some(),
            "ipv4_prefix": match self.ipv4_prefix {
                V4Prefix::Network24 => 24,
                V4Prefix::Whole => 32,
            },
            "client_rate": self.client_rate,
            "client_burst": self.client_burst,
            "client_leads": self.client_leads,
            "site_rate": self.site_rate,
            "site_burst": self.site_burst,
            "model": self.model.as_ref().and_then(name),
            "audit_anchor": name(&self.audit_anchor),
        })
    }

    /// Puts flags and environment (`given`) over the settings file.
    ///
    /// # Errors
    /// Names the setting, what was wrong and what would be right.
    pub fn resolve(given: Settings) -> Result<Self, Invalid> {
        let data = given.data.clone();
        let folder = data.clone().unwrap_or_else(|| PathBuf::from("mqlite-data"));
        let file = match &given.config {
            Some(path) => read(path)?,
            None => {
                let path = folder.join("mqlite.toml");
                if path.exists() { read(&path)? } else { Settings::default() }
            }
        };
        let rate = |name: &str, value: Option<u32>, default: u32| match value.unwrap_or(default) {
            0 => Err(Invalid::new(format!("{name} is 0; it is at least 1"))),
            value => Ok(value),
        };
        let data = data.or(file.data).unwrap_or(folder);
        Ok(Self {
            audit_anchor: given
                .audit_anchor
                .or(file.audit_anchor)
                .unwrap_or_else(|| data.join("audit.anchor")),
            data,
            listen: given.listen.or(file.listen).unwrap_or_else(|| "127.0.0.1:8787".to_owned()),
            public_url: given.public_url.or(file.public_url).map(|url| public_url(&url)).transpose()?,
            trusted: TrustedProxies::parse(
                given.trusted_proxies.or(file.trusted_proxies).as_deref().unwrap_or_default(),
            )
            .map_err(|error| Invalid::new(format!("trusted_proxies: {error}")))?,
            geo_file: given.geo_file.or(file.geo_file),
            ipv4_prefix: match given.ipv4_prefix.or(file.ipv4_prefix).unwrap_or(24) {
                24 => V4Prefix::Network24,
                32 => V4Prefix::Whole,
                other => return Err(Invalid::new(format!("ipv4_prefix is {other}; it is 24 or 32"))),
            },
            client_rate: rate("client_rate", given.client_rate.or(file.client_rate), 20)?,
            client_burst: rate("client_burst", given.client_burst.or(file.client_burst), 300)?,
            client_leads: rate("client_leads", given.client_leads.or(file.client_leads), 50)?,
            site_rate: rate("site_rate", given.site_rate.or(file.site_rate), 1_000)?,
            site_burst: rate("site_burst", given.site_burst.or(file.site_burst), 20_000)?,
            model: given.model.or(file.model),
        })
    }
}

fn read(path: &Path) -> Result<Settings, Invalid> {
    let file = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| {
        Invalid::new(format!("{file} cannot be read: {error}; mend it, or name another with --config"))
    })?;
    toml::from_str(&text)
        .map_err(|error| Invalid::new(format!("{file}: {error}mend it, or name another with --config")))
}

fn public_url(raw: &str) -> Result<String, Invalid> {
    let wrong = || Invalid::new(format!("public_url is `{raw}`; write it like https://stats.example.com"));
    let url = url::Url::parse(raw).map_err(|_| wrong())?;
    let plain = matches!(url.scheme(), "http" | "https") && url.query().is_none() && url.fragment().is_none();
    if !plain || url.host_str().is_none() {
        return Err(wrong());
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// The zone of this machine, or UTC where it has none by name.
pub fn system_zone() -> Zone {
    let name = jiff::tz::TimeZone::try_system().ok().and_then(|zone| zone.iana_name().map(str::to_owned));
    name.and_then(|name| Zone::parse(&name).ok()).unwrap_or_else(Zone::utc)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(file: &str, given: Settings) -> Result<Config, Invalid> {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("mqlite.toml"), file).expect("writes");
        Config::resolve(Settings { data: Some(folder.path().to_owned()), ..given })
    }

    #[test]
    fn flags_go_over_the_file_and_the_file_over_defaults() {
        let file = "listen = \"0.0.0.0:80\"\nipv4_prefix = 32";
        let config = resolve(file, Settings::default()).expect("valid");
        assert_eq!((config.listen.as_str(), config.ipv4_prefix), ("0.0.0.0:80", V4Prefix::Whole));
        let flag = Settings { listen: Some("127.0.0.1:1".into()), ..Settings::default() };
        assert_eq!(resolve(file, flag).expect("valid").listen, "127.0.0.1:1");
    }

    #[test]
    fn what_is_recorded_of_settings_holds_no_secret_and_no_path() {
        let file = "public_url = \"https://somebody:secret@stats.example.com/x\"\ntrusted_proxies = \"10.0.0.1 10.1.0.0/16\"";
        let model = Some(PathBuf::from("/home/somebody/model.toml"));
        let config = resolve(file, Settings { model, ..Settings::default() }).expect("valid");
        let recorded = config.recorded().to_string();
        for secret in ["secret", "somebody", "10.", "/home", "/tmp"] {
            assert!(!recorded.contains(secret), "{secret} in {recorded}");
        }
        for said in
            ["https://stats.example.com/x", "\"trusted_proxies\":2", "\"model.toml\"", "\"audit.anchor\""]
        {
            assert!(recorded.contains(said), "{said} in {recorded}");
        }
    }

    #[test]
    fn what_is_not_understood_is_named() {
        let message =
            |file: &str| resolve(file, Settings::default()).err().map(|error| error.0).unwrap_or_default();
        assert!(message("lisen = \"x\"").contains("lisen"));
        assert!(message("ipv4_prefix = 8").contains("24 or 32"));
        assert!(message("trusted_proxies = \"nonsense\"").contains("nonsense"));
        assert!(message("public_url = \"stats\"").contains("https://stats.example.com"));
    }
}
