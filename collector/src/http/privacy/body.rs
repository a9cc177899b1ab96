//! The bodies of requests about people. Invariant: an unknown key, a missing one and one of another type are
//! each refused with a JSON Pointer; nothing of a body is printable.

use crate::domain::{LeadKey, Site, SiteId};
use crate::http::error::Problem;
use crate::http::state::State;
use crate::rights::Naming;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// Bytes of a body.
const BODY_MAX: usize = 8 * 1024;

macro_rules! body {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(super) struct $name {
            site: String,
            email: Option<String>,
            email_hash: Option<String>,
            key: Option<String>,
            token: Option<String>,
            $($(#[$field_doc])* $field: $type,)*
        }

        impl $name {
            /// Who is meant.
            pub(super) fn who(self) -> Who {
                Who {
                    site: self.site,
                    email: self.email,
                    email_hash: self.email_hash,
                    key: self.key,
                    token: self.token,
                }
            }
        }
    };
}

/// Who is meant, and nothing else.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Who {
    site: String,
    email: Option<String>,
    email_hash: Option<String>,
    key: Option<String>,
    token: Option<String>,
}

body!(
    /// And in which format.
    Export { format: Option<String>, }
);
body!(
    /// And whether it is only counted.
    Act { dry_run: Option<bool>, }
);
body!(
    /// And whether it is restricted or no more.
    Restrict { restricted: bool, dry_run: Option<bool>, }
);

/// A body that says that it is JSON. A page of another origin can send that only after a preflight, which nobody
/// answers here; as plain text it could send it for whoever is logged in on a sibling of its host.
pub(in crate::http) struct JsonBody(web::Bytes);

impl FromRequest for JsonBody {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let json =
            request.mime_type().ok().flatten().is_some_and(|mime| mime.essence_str() == "application/json");
        let bytes = web::Bytes::from_request(request, payload);
        Box::pin(async move {
            if !json {
                return Err(Problem::unsupported("send application/json"));
            }
            Ok(Self(bytes.await.map_err(|_| too_long())?))
        })
    }
}

fn too_long() -> Problem {
    Problem::bad("", format!("a request about a person has at most {BODY_MAX} bytes"))
}

/// Reads a body.
pub(super) fn read<T: DeserializeOwned>(JsonBody(bytes): &JsonBody) -> Result<T, Problem> {
    if bytes.len() > BODY_MAX {
        return Err(too_long());
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let read = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        // A field of ours, or one misspelt. Anything else may be an address in a field's place.
        let path = error.path().to_string();
        let named = path.len() <= 20 && path.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        let pointer = if named { format!("/{path}") } else { String::new() };
        Problem::bad(pointer, sentence(error.inner()))
    })?;
    json.end().map_err(|_| Problem::bad("", "the body goes on after its end"))?;
    Ok(read)
}

/// What is wrong, without what was sent: that may be somebody's address.
fn sentence(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let fields = "site, and exactly one of email, email_hash, key, token";
    if text.starts_with("missing field") || text.starts_with("duplicate field") {
        text.split(" at line").next().unwrap_or_default().to_owned()
    } else if text.starts_with("unknown field") {
        format!("there is no such field; a request about a person has {fields}, and what the act takes")
    } else if error.is_data() {
        "the field has another type".to_owned()
    } else {
        format!("the body is not JSON; a request about a person is an object with {fields}")
    }
}

impl Who {
    /// The person who is meant.
    pub(super) fn person(self, state: &State) -> Result<(Arc<Site>, LeadKey), Problem> {
        // Its own sentence would repeat what was sent.
        let id = SiteId::parse(&self.site).map_err(|_| {
            Problem::bad("/site", "this is not a site; write its domain, such as example.com")
        })?;
        let site =
            state.sites.find(&id).ok_or_else(|| Problem::not_found(format!("there is no site {id}")))?;
        let naming =
            Naming { email: self.email, email_hash: self.email_hash, key: self.key, token: self.token };
        let lead = naming.resolve(&site).map_err(|wrong| {
            let pointer = if wrong.field.is_empty() { String::new() } else { format!("/{}", wrong.field) };
            Problem::bad(pointer, wrong.sentence)
        })?;
        Ok((site, lead))
    }
}

impl Export {
    /// Whether CSV is asked for; otherwise JSON.
    pub(super) fn csv(&self) -> Result<bool, Problem> {
        match self.format.as_deref() {
            None | Some("json") => Ok(false),
            Some("csv") => Ok(true),
            Some(_) => Err(Problem::bad("/format", "a format is one of json, csv")),
        }
    }
}

impl Act {
    /// Whether it is only counted.
    pub(super) fn dry_run(&self) -> bool {
        self.dry_run == Some(true)
    }
}

impl Restrict {
    /// Whether it is restricted from now on.
    pub(super) const fn restricted(&self) -> bool {
        self.restricted
    }

    /// Whether it is only counted.
    pub(super) fn dry_run(&self) -> bool {
        self.dry_run == Some(true)
    }
}
