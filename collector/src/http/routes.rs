//! Every URL. Invariant: a URL that is not here does not exist.

use super::{auth, collect, demo, error, health, leads, pages, reports, script, state::State};
use actix_web::web::{self, ServiceConfig};

/// Adds all routes.
pub fn configure(state: web::Data<State>) -> impl Fn(&mut ServiceConfig) + Clone {
    move |config| {
        config
            .app_data(state.clone())
            .app_data(web::JsonConfig::default().limit(64 * 1024).error_handler(error::json))
            .app_data(web::QueryConfig::default().error_handler(error::query))
            // Browsers: no token, no cookie.
            .route("/mq.js", web::get().to(script::current))
            .route("/mq.{hash}.js", web::get().to(script::pinned))
            .route("/api/event", web::post().to(collect::collect))
            .route("/api/event", web::method(actix_web::http::Method::OPTIONS).to(collect::preflight))
            // The dashboard's data.
            .route("/api/v1/session", web::get().to(auth::show))
            .route("/api/v1/session", web::post().to(auth::log_in))
            .route("/api/v1/session", web::delete().to(auth::log_out))
            .route("/api/v1/setup", web::post().to(auth::set_up))
            .route("/api/v1/sites", web::get().to(reports::sites))
            .route("/api/v1/reports/mql", web::get().to(reports::mql))
            .route("/api/v1/leads", web::get().to(leads::list))
            .route("/api/v1/leads/{key}", web::get().to(leads::show))
            .route("/api/v1/leads/{key}/explanation", web::get().to(leads::explanation))
            // Operations.
            .route("/healthz", web::get().to(health::alive))
            .route("/readyz", web::get().to(health::ready))
            // Pages.
            .route("/", web::get().to(pages::dashboard))
            .route("/setup", web::get().to(pages::setup))
            .route("/assets/{path:.*}", web::get().to(pages::asset))
            .route("/demo", web::get().to(demo::slash))
            .route("/demo/thanks", web::post().to(demo::thanks))
            .route("/demo/{path:.*}", web::get().to(demo::page))
            .default_service(web::to(error::not_found));
    }
}
