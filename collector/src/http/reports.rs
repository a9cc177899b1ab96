//! Reports. Invariant: the rows of a report sum to its totals where its dimension does not overlap, and
//! the period before is as long as the period.

use super::auth::{Auditing, Viewer};
use super::blocking::blocking;
use super::error::{Problem, parameter};
use super::served::matches_etag;
use super::state::State;
use crate::domain::{Channel, Date, Outcome, Site, SiteId, Thousandths, to_hex};
use crate::ingest;
use crate::leads::Dimension;
use crate::scoring::Model;
use crate::storage::{Attribution, Counts, OutcomeQuery, ReportQuery, ReportRows};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// Days of one report.
const DAYS_MAX: i32 = 1_200;
/// Rows of one report, and groups of its series; what is beyond them is in the totals.
const ROWS_MAX: usize = 200;

/// Finds the site of a query.
pub(super) fn site(state: &State, name: &str) -> Result<Arc<Site>, Problem> {
    let id = SiteId::parse(name).map_err(|error| parameter("site", &error))?;
    state.sites.find(&id).ok_or_else(|| Problem::not_found(format!("there is no site {id}")))
}

/// Parses `from` and `to`: thirty days up to today, if nothing is said.
pub(super) fn period(
    from: Option<&String>,
    to: Option<&String>,
    today: Date,
) -> Result<(Date, Date), Problem> {
    let date = |name: &str, text: Option<&String>, default: Date| match text {
        Some(text) => Date::parse(text).map_err(|error| parameter(name, &error)),
        None => Ok(default),
    };
    let to = date("to", to, today)?;
    let from = date("from", from, to.plus(-29))?;
    if from > to || to.days() - from.days() >= DAYS_MAX {
        return Err(Problem::bad(
            "?from",
            format!("from: a day up to `to`, at most {DAYS_MAX} days before it"),
        ));
    }
    Ok((from, to))
}

/// Parses `attribution`: the first touch, if nothing is said.
pub(super) fn attribution(name: Option<&str>) -> Result<Attribution, Problem> {
    Attribution::parse(name.unwrap_or("first")).map_err(|error| parameter("attribution", &error))
}

/// The same, for lists of leads: each is under one touch.
pub(super) fn one_touch(name: Option<&str>) -> Result<Attribution, Problem> {
    match attribution(name) {
        Ok(attribution) if attribution.sharing().is_none() => Ok(attribution),
        _ => Err(Problem::bad(
            "?attribution",
            "attribution: one of first, last; a list shows each lead under one touch",
        )),
    }
}

/// `GET /api/v1/sites`
pub(super) async fn sites(_: Auditing, state: web::Data<State>) -> Result<HttpResponse, Problem> {
    #[derive(Serialize)]
    struct Listed {
        site: String,
        time_zone: String,
        today: Date,
    }
    let now = state.clock.now();
    let shared = state.clone();
    let sites = blocking(move || shared.ledger.sites()).await?;
    let sites: Vec<Listed> = sites
        .into_iter()
        .map(|site| Listed {
            site: site.id.to_string(),
            time_zone: site.zone.name().to_owned(),
            today: site.zone.date(now),
        })
        .collect();
    Ok(HttpResponse::Ok()
        .insert_header(("cache-control", "no-store"))
        .json(serde_json::json!({ "sites": sites })))
}

/// The query of the MQL report.
#[derive(Deserialize)]
pub(super) struct MqlQuery {
    site: String,
    from: Option<String>,
    to: Option<String>,
    interval: Option<String>,
    by: Option<String>,
    compare: Option<String>,
    attribution: Option<String>,
}

#[derive(Clone, Copy)]
enum Interval {
    Day,
    Week,
    Month,
}

impl Interval {
    fn start(self, day: Date) -> Date {
        match self {
            Self::Day => day,
            Self::Week => day.week_start(),
            Self::Month => day.month_start(),
        }
    }
}

struct Asked {
    site: Arc<Site>,
    from: Date,
    to: Date,
    interval: (&'static str, Interval),
    by: Dimension,
    compare: bool,
    attribution: Attribution,
}

impl MqlQuery {
    fn parse(&self, state: &State) -> Result<Asked, Problem> {
        let site = site(state, &self.site)?;
        let today = site.zone.date(state.clock.now());
        let (from, to) = period(self.from.as_ref(), self.to.as_ref(), today)?;
        let interval = match self.interval.as_deref().unwrap_or("day") {
            "day" => ("day", Interval::Day),
            "week" => ("week", Interval::Week),
            "month" => ("month", Interval::Month),
            _ => return Err(Problem::bad("?interval", "interval: one of day, week, month")),
        };
        let by = Dimension::from_name(self.by.as_deref().unwrap_or("channel")).ok_or_else(|| {
            Problem::bad("?by", "by: one of channel, source, campaign, country, page, rule")
        })?;
        let compare = match self.compare.as_deref().unwrap_or("previous") {
            "previous" => true,
            "none" => false,
            _ => return Err(Problem::bad("?compare", "compare: one of previous, none")),
        };
        Ok(Asked {
            site,
            from,
            to,
            interval,
            by,
            compare,
            attribution: attribution(self.attribution.as_deref())?,
        })
    }
}

/// Counts as they are shown.
#[derive(Serialize, Clone, Copy)]
struct Shown {
    visits: i64,
    leads: i64,
    mqls: Thousandths,
}

impl Shown {
    fn of(counts: Counts, attribution: Attribution) -> Self {
        let mqls = Thousandths::new(counts.mqls * (Thousandths::ONE.get() / attribution.per_mql()));
        Self { visits: counts.visits, leads: counts.leads, mqls }
    }
}

#[derive(Serialize)]
struct Report {
    site: String,
    time_zone: String,
    from: Date,
    to: Date,
    previous: Option<Period>,
    by: &'static str,
    attribution: &'static str,
    /// Which touch leads are counted under: their first, where MQLs are shared among several.
    leads_attribution: &'static str,
    interval: &'static str,
    totals: Shown,
    previous_totals: Option<Shown>,
    rows: Vec<Row>,
    series: Vec<Point>,
    suppressed: Suppressed,
    left_out: BTreeMap<String, u64>,
    model: ModelShown,
}

#[derive(Serialize, Clone, Copy)]
struct Period {
    from: Date,
    to: Date,
}

#[derive(Serialize)]
struct Row {
    key: String,
    label: String,
    #[serde(flatten)]
    counts: Shown,
    previous: Option<Shown>,
}

#[derive(Serialize)]
struct Point {
    from: Date,
    #[serde(flatten)]
    counts: Shown,
    rows: BTreeMap<String, Shown>,
    previous: Option<PreviousPoint>,
}

#[derive(Serialize)]
struct PreviousPoint {
    from: Date,
    #[serde(flatten)]
    counts: Shown,
}

#[derive(Serialize, Default)]
struct Suppressed {
    total: u64,
    by_signal: BTreeMap<String, u64>,
    identities_dropped: u64,
}

#[derive(Serialize)]
struct ModelShown {
    name: String,
    hash: String,
    threshold: crate::domain::Points,
}

/// `GET /api/v1/reports/mql`
pub(super) async fn mql(
    _: Viewer,
    request: HttpRequest,
    query: web::Query<MqlQuery>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let asked = query.parse(&state)?;
    let report = blocking(move || build(&state, &asked)).await?;
    let body =
        serde_json::to_vec(&report).map_err(|_| Problem::unavailable("the report could not be written"))?;
    let etag = format!("\"{}\"", to_hex(&Sha256::digest(&body)[..12]));
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::ETAG, etag.as_str()))
        .insert_header((header::CACHE_CONTROL, "no-cache, private"));
    if matches_etag(&request, &etag) {
        return Ok(response.status(actix_web::http::StatusCode::NOT_MODIFIED).finish());
    }
    Ok(response.content_type("application/json").body(body))
}

fn build(state: &State, asked: &Asked) -> Result<Report, Problem> {
    let query = ReportQuery {
        site: asked.site.no,
        from: asked.from,
        to: asked.to,
        by: asked.by,
        attribution: asked.attribution,
    };
    let model = state.models.of(state.ledger.as_ref(), asked.site.no)?;
    let now = state.ledger.report(&query)?;
    let days = asked.to.days() - asked.from.days() + 1;
    let period = asked.compare.then(|| Period { from: asked.from.plus(-days), to: asked.from.plus(-1) });
    let before = match period {
        Some(Period { from, to }) => Some(state.ledger.report(&ReportQuery { from, to, ..query })?),
        None => None,
    };
    let left_out = left_out(state, asked)?;
    let shown = |counts| Shown::of(counts, asked.attribution);
    let rows = rows(&model, asked, &now, before.as_ref());
    Ok(Report {
        site: asked.site.id.to_string(),
        time_zone: asked.site.zone.name().to_owned(),
        from: asked.from,
        to: asked.to,
        previous: period,
        by: asked.by.name(),
        attribution: asked.attribution.name(),
        leads_attribution: asked.attribution.of_leads().name(),
        interval: asked.interval.0,
        totals: shown(total(&now)),
        previous_totals: before.as_ref().map(total).map(shown),
        series: series(asked, &now, &rows, before.as_ref().zip(period)),
        rows,
        suppressed: suppressed(&left_out),
        left_out,
        model: ModelShown {
            name: model.name().to_owned(),
            hash: model.hash().to_string(),
            threshold: model.threshold(),
        },
    })
}

fn total(report: &ReportRows) -> Counts {
    let mut total = Counts::default();
    report.days.values().for_each(|counts| total.add(*counts));
    total
}

fn by_key(report: &ReportRows) -> HashMap<&str, Counts> {
    let mut keys: HashMap<&str, Counts> = HashMap::new();
    report.rows.iter().for_each(|row| keys.entry(&row.key).or_default().add(row.counts));
    keys
}

fn rows(model: &Model, asked: &Asked, now: &ReportRows, before: Option<&ReportRows>) -> Vec<Row> {
    let shown = |counts| Shown::of(counts, asked.attribution);
    let mut keys = by_key(now);
    let previous = before.map(by_key);
    previous.iter().flatten().for_each(|(key, _)| {
        keys.entry(key).or_default();
    });
    let row = |(key, counts): (&str, Counts)| Row {
        key: key.to_owned(),
        label: label(model, asked.by, key),
        counts: shown(counts),
        previous: previous.as_ref().map(|keys| shown(keys.get(key).copied().unwrap_or_default())),
    };
    let mut rows: Vec<Row> = keys.into_iter().map(row).collect();
    let order = |row: &Row| (row.counts.mqls, row.counts.leads, row.counts.visits);
    rows.sort_by(|a, b| order(b).cmp(&order(a)).then_with(|| a.key.cmp(&b.key)));
    rows.truncate(ROWS_MAX);
    rows
}

fn label(model: &Model, by: Dimension, key: &str) -> String {
    let named = match by {
        Dimension::Channel => Channel::from_key(key).map(|channel| channel.label().to_owned()),
        Dimension::Rule => model.label(key).map(str::to_owned),
        _ => None,
    };
    named.unwrap_or_else(|| if key.is_empty() { "(none)".to_owned() } else { key.to_owned() })
}

/// Day by day, week by week or month by month; of the groups those that `listed` names.
fn series(
    asked: &Asked,
    now: &ReportRows,
    listed: &[Row],
    before: Option<(&ReportRows, Period)>,
) -> Vec<Point> {
    /// What a point is summed up from.
    #[derive(Default)]
    struct Summed<'a> {
        counts: Counts,
        rows: BTreeMap<&'a str, Counts>,
        previous: Option<(Date, Counts)>,
    }
    let mut points: BTreeMap<Date, Summed<'_>> = BTreeMap::new();
    let interval = asked.interval.1;
    let days = asked.to.days() - asked.from.days() + 1;
    for day in (0..days).map(|offset| asked.from.plus(offset)) {
        // The first interval begins with the period, though its week or month began before.
        let start = interval.start(day).max(asked.from);
        let point = points.entry(start).or_default();
        point.counts.add(now.days.get(&day).copied().unwrap_or_default());
        if let Some((before, _)) = before {
            // Day by day beside the period before, whatever the interval: the same number of days.
            let then = day.plus(-days);
            let (_, previous) = point.previous.get_or_insert((then, Counts::default()));
            previous.add(before.days.get(&then).copied().unwrap_or_default());
        }
    }
    let listed: HashSet<&str> = listed.iter().map(|row| row.key.as_str()).collect();
    for row in now.rows.iter().filter(|row| listed.contains(row.key.as_str())) {
        let start = interval.start(row.day).max(asked.from);
        if let Some(point) = points.get_mut(&start).filter(|_| row.counts != Counts::default()) {
            point.rows.entry(&row.key).or_default().add(row.counts);
        }
    }
    let shown = |counts| Shown::of(counts, asked.attribution);
    let point = |(from, summed): (Date, Summed<'_>)| Point {
        from,
        counts: shown(summed.counts),
        rows: summed.rows.into_iter().map(|(key, counts)| (key.to_owned(), shown(counts))).collect(),
        previous: summed.previous.map(|(from, counts)| PreviousPoint { from, counts: shown(counts) }),
    };
    points.into_iter().map(point).collect()
}

/// How many events were not stored, by reason.
fn left_out(state: &State, asked: &Asked) -> Result<BTreeMap<String, u64>, Problem> {
    let query = OutcomeQuery { site: asked.site.no, from: asked.from, to: asked.to };
    let outcomes =
        state.events.report(&query)?.into_iter().filter(|outcome| outcome.reason != Outcome::Stored.reason());
    Ok(outcomes.map(|outcome| (outcome.reason, outcome.count)).collect())
}

fn suppressed(left_out: &BTreeMap<String, u64>) -> Suppressed {
    let mut suppressed = Suppressed::default();
    for (reason, count) in left_out {
        if let Some(signal) = reason.strip_prefix("suppressed:") {
            suppressed.total += count;
            suppressed.by_signal.insert(signal.to_owned(), *count);
        }
    }
    suppressed.identities_dropped = left_out.get(ingest::IDENTITY_DROPPED).copied().unwrap_or(0);
    suppressed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::CountRow;

    #[test]
    fn a_series_names_the_groups_that_are_listed_and_sums_them_all() {
        let (from, to) = (Date::from_days(20_000), Date::from_days(20_001));
        let asked = Asked {
            site: Arc::new(Site::for_test("example.com", "UTC")),
            from,
            to,
            interval: ("day", Interval::Day),
            by: Dimension::Channel,
            compare: false,
            attribution: Attribution::First,
        };
        let counts = |visits| Counts { visits, ..Counts::default() };
        let row = |key: &str, visits| CountRow { day: to, key: key.to_owned(), counts: counts(visits) };
        let now = ReportRows {
            rows: vec![row("listed", 3), row("other", 2)],
            days: BTreeMap::from([(to, counts(5))]),
        };
        let shown = Shown::of(counts(3), Attribution::First);
        let listed = Row { key: "listed".to_owned(), label: String::new(), counts: shown, previous: None };
        let points = series(&asked, &now, &[listed], None);
        let told = |point: &Point| (point.counts.visits, point.rows.keys().cloned().collect::<Vec<_>>());
        assert_eq!(
            points.iter().map(told).collect::<Vec<_>>(),
            [(0, vec![]), (5, vec!["listed".to_owned()])]
        );
    }
}
