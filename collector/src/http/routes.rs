//! Every URL. Invariant: a URL that is not here does not exist.

use super::{
    anomalies, ask, audit, auth, collect, coverage, demo, error, gpc, health, leads, models, outcomes,
    overdue, overrides, pages, predictions, privacy, reports, script, simulate, stage, state::State, voids,
};
use actix_web::web::{self, ServiceConfig};
use actix_web::{Route, guard};

/// GET, and HEAD as monitors send it.
fn read() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

/// Adds all routes.
pub fn configure(state: web::Data<State>) -> impl Fn(&mut ServiceConfig) + Clone {
    move |config| {
        config
            .app_data(state.clone())
            .app_data(web::JsonConfig::default().limit(64 * 1024).error_handler(error::json))
            .app_data(web::QueryConfig::default().error_handler(error::query))
            // Browsers: no token, no cookie. Routes are tried in this order, and one with a part in braces costs a
            // search by a regex: events come first, for they come most.
            .route("/api/event", web::post().to(collect::collect))
            .route("/api/event", web::method(actix_web::http::Method::OPTIONS).to(collect::preflight))
            .route("/mq-ask.js", read().to(script::ask))
            .route("/api/ask", web::post().to(ask::of_form))
            .route("/api/ask", web::method(actix_web::http::Method::OPTIONS).to(collect::preflight))
            .route("/mq.js", read().to(script::current))
            .route("/mq.{hash}.js", read().to(script::pinned))
            .route("/.well-known/gpc.json", read().to(gpc::support))
            // The dashboard's data.
            .route("/api/v1/session", read().to(auth::show))
            .route("/api/v1/session", web::post().to(auth::log_in))
            .route("/api/v1/session", web::delete().to(auth::log_out))
            .route("/api/v1/setup", web::post().to(auth::set_up))
            .route("/api/v1/sites", read().to(reports::sites))
            .route("/api/v1/reports/mql", read().to(reports::mql))
            .route("/api/v1/reports/coverage", read().to(coverage::show))
            .route("/api/v1/reports/outcomes", read().to(outcomes::show))
            .route("/api/v1/leads", read().to(leads::list))
            .route("/api/v1/leads/overdue", read().to(overdue::list))
            .route("/api/v1/leads/{key}", read().to(leads::show))
            .route("/api/v1/leads/{key}/stage", web::post().to(stage::change))
            .route("/api/v1/leads/{key}/explanation", read().to(leads::explanation))
            .route("/api/v1/leads/{key}/ask", read().to(ask::show))
            .route("/api/v1/leads/{key}/prediction", read().to(predictions::of_lead))
            .route("/api/v1/predictions", read().to(predictions::report))
            .route("/api/v1/predictions/leads", read().to(predictions::leads))
            // Scoring models.
            .route("/api/v1/models/simulate", web::post().to(simulate::start))
            .route("/api/v1/models/simulations/{id}", read().to(simulate::show))
            .route("/api/v1/models/simulations/{id}", web::delete().to(simulate::stop))
            .route("/api/v1/models", read().to(models::list))
            .route("/api/v1/models", web::post().to(models::draft))
            .route("/api/v1/models/publications", read().to(models::publications))
            .route("/api/v1/models/publications/{id}", web::delete().to(models::cancel))
            .route("/api/v1/models/{hash}", read().to(models::show))
            .route("/api/v1/models/{hash}", web::delete().to(models::remove))
            .route("/api/v1/models/{hash}/publish", web::post().to(models::publish))
            .route("/api/v1/leads/{key}/overrides", read().to(overrides::list))
            .route("/api/v1/leads/{key}/overrides", web::post().to(overrides::give))
            .route("/api/v1/leads/{key}/overrides/{id}", web::delete().to(overrides::end))
            // Attacks.
            .route("/api/v1/anomalies", read().to(anomalies::show))
            .route("/api/v1/voids", read().to(voids::list))
            .route("/api/v1/voids", web::post().to(voids::ask))
            .route("/api/v1/voids/leads", read().to(voids::leads))
            .route("/api/v1/voids/{no}", web::delete().to(voids::undo))
            // The audit page's data.
            .route("/api/v1/audit/salts", read().to(audit::salts::show))
            .route("/api/v1/audit/retention", read().to(audit::retention::show))
            .route("/api/v1/audit/retention/run", web::post().to(audit::retention::run))
            .route("/api/v1/audit/ladder", read().to(audit::ladder::show))
            .route("/api/v1/audit/consent", read().to(audit::consent::show))
            .route("/api/v1/audit/log", read().to(audit::log::show))
            .route("/api/v1/audit/verify", read().to(audit::verify::show))
            .route("/api/v1/privacy/receipt", web::post().to(audit::verify::receipt))
            .route("/api/v1/audit/fields", read().to(audit::fields::show))
            .route("/api/v1/audit/documents", read().to(audit::documents::list))
            .route("/api/v1/audit/documents/{name}", read().to(audit::documents::show))
            // People's rights.
            .route("/api/v1/privacy/find", web::post().to(privacy::find))
            .route("/api/v1/privacy/export", web::post().to(privacy::export))
            .route("/api/v1/privacy/restrict", web::post().to(privacy::restrict))
            .route("/api/v1/privacy/withdraw", web::post().to(privacy::withdraw))
            .route("/api/v1/privacy/erase", web::post().to(privacy::erase))
            // Operations.
            .route("/healthz", read().to(health::alive))
            .route("/readyz", read().to(health::ready))
            // Pages.
            .route("/", read().to(pages::dashboard))
            .route("/setup", read().to(pages::setup))
            .route("/audit", read().to(pages::audit))
            .route("/assets/{path:.*}", read().to(pages::asset))
            .route("/demo", read().to(demo::slash))
            .route("/demo/thanks", web::post().to(demo::thanks))
            .route("/demo/{path:.*}", read().to(demo::page))
            .default_service(web::to(error::not_found));
    }
}
