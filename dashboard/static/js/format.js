// Numbers, dates and changes in words. Pure: the same input gives the same text in every browser's locale.

const LOCALE = "en-GB";
const whole = new Intl.NumberFormat(LOCALE);
const fine = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 3 });
const MINUS = "−";

/** Without what floating point adds: parts of an MQL are thousandths. */
export const exact = (value) => Math.round(value * 1000) / 1000;

export const number = (value) => (value === null || value === undefined ? "–" : whole.format(value));

/** Points of a score: up to three decimals, with a real minus sign. */
export const points = (value) => fine.format(value).replace("-", MINUS);

/** Points with their sign, as in a sum. */
export const signedPoints = (value) => (value > 0 ? `+${points(value)}` : points(value));

/** "1 MQL", "2 MQLs". */
export const count = (value, noun) => `${number(value)} ${noun}${value === 1 ? "" : "s"}`;

/** part/whole, or null when there is nothing to divide by. */
export const ratio = (part, all) => (all ? part / all : null);

/** A ratio as a percentage, with as many decimals as it takes to see it move. */
export function percent(value) {
  if (value === null || value === undefined) return "–";
  const hundredths = value * 100;
  const digits = hundredths === 0 || hundredths >= 99.95 ? 0 : hundredths < 10 ? 2 : 1;
  return `${hundredths.toFixed(digits)}%`;
}

const signOf = (difference) => (difference > 0 ? "+" : difference < 0 ? MINUS : "±");

function relative(difference, before) {
  const share = Math.abs(difference / before) * 100;
  return share < 10 && share > 0 ? share.toFixed(1).replace(/\.0$/, "") : whole.format(Math.round(share));
}

/** The change of a count: what to see, what to hear, and which way it went (up, down, same, none). */
export function change(now, before) {
  if (before === null || before === undefined) return { way: "none", seen: "–", heard: "nothing to compare with" };
  if (before === 0 && now === 0) return { way: "same", seen: "none", heard: "none in either period" };
  if (before === 0) return { way: "none", seen: "no comparison", heard: "no comparison: none in the period before" };
  const difference = exact(now - before);
  if (difference === 0) return { way: "same", seen: "±0", heard: "unchanged" };
  const share = relative(difference, before);
  const way = difference > 0 ? "up" : "down";
  return {
    way,
    seen: `${signOf(difference)}${whole.format(Math.abs(difference))} (${signOf(difference)}${share}%)`,
    heard: `${way} by ${whole.format(Math.abs(difference))}, ${share} percent`,
  };
}

/** The change of a rate, in percentage points and relative. */
export function rateChange(now, before) {
  if (now === null || before === null || before === undefined) {
    return { way: "none", seen: "no comparison", heard: "no comparison" };
  }
  if (before === 0 && now !== 0) return { way: "none", seen: "no comparison", heard: "no comparison: zero before" };
  const difference = (now - before) * 100;
  const pp = Math.abs(difference).toFixed(Math.abs(difference) < 10 ? 2 : 1);
  if (Number(pp) === 0) return { way: "same", seen: "±0 pp", heard: "unchanged" };
  const way = difference > 0 ? "up" : "down";
  const share = relative(now - before, before);
  return {
    way,
    seen: `${signOf(difference)}${pp} pp (${signOf(difference)}${share}%)`,
    heard: `${way} by ${pp} percentage points, ${share} percent`,
  };
}

/* Dates of the site's time zone come as yyyy-mm-dd and are never turned into instants. */

const utc = (date) => new Date(`${date}T00:00:00Z`);
const pattern = (options, timeZone = "UTC") => {
  const formatter = new Intl.DateTimeFormat(LOCALE, { timeZone, ...options });
  // Some browsers write "Sept": four letters among months of three look like a mistake.
  return { format: (value) => formatter.format(value).replace("Sept", "Sep") };
};
const withYear = pattern({ day: "numeric", month: "short", year: "numeric" });
const withoutYear = pattern({ day: "numeric", month: "short" });
const withWeekday = pattern({ weekday: "short", day: "numeric", month: "short" });
const monthOnly = pattern({ month: "short", year: "numeric" });

export const date = (value) => withYear.format(utc(value));
export const shortDate = (value) => withoutYear.format(utc(value));

/** "23 Oct – 21 Nov 2026". */
export function dateRange(from, to) {
  if (from === to) return date(from);
  return `${from.slice(0, 4) === to.slice(0, 4) ? shortDate(from) : date(from)} – ${date(to)}`;
}

/** The name of one column of the plot, from its first and last day. */
export function bucket(from, to, interval) {
  if (interval === "day" || from === to) return withWeekday.format(utc(from));
  if (interval === "month") return monthOnly.format(utc(from));
  return `${shortDate(from)} – ${shortDate(to)}`;
}

/** The same, as short as an axis needs it. */
export const tick = (from, interval) =>
  interval === "month" ? pattern({ month: "short", ...(from.slice(5, 7) === "01" ? { year: "numeric" } : {}) }).format(utc(from)) : shortDate(from);

/** An instant of the API in the site's time zone: "20 Nov 2026, 15:03". */
export const instant = (value, timeZone) =>
  inZone({ day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" }, value, timeZone);

/** The day of an instant of the API in the site's time zone: "20 Nov 2026". */
export const dayOf = (value, timeZone) => inZone({ day: "numeric", month: "short", year: "numeric" }, value, timeZone);

function inZone(options, value, timeZone) {
  if (!value) return "–";
  try {
    return pattern(options, timeZone).format(new Date(value));
  } catch {
    return value;
  }
}

/** From one instant to another; the day is said once if it is the same. */
export function instants(first, last, timeZone) {
  if (!first) return "";
  const [from, to] = [instant(first, timeZone), instant(last ?? first, timeZone)];
  if (from === to) return from;
  const day = from.slice(0, from.lastIndexOf(","));
  return to.startsWith(`${day},`) ? `${from} – ${to.slice(day.length + 2)}` : `${from} – ${to}`;
}

const STAGES = {
  lead: "No MQL any more", mql: "MQL", sal: "Accepted by sales", sql: "Qualified by sales", customer: "Customer",
  recycled: "Handed back to marketing", disqualified: "Ruled out", lost: "Lost",
};

/** What a lead is that was an MQL once. */
export const stageName = (stage) => STAGES[stage] ?? fieldName(stage ?? "unknown");

/** So many hours, in days where they are whole ones and more than one. */
export const hours = (value) => (value % 24 === 0 && value > 24 ? count(value / 24, "day") : count(value, "hour"));

/** "job_title" → "Job title". */
export const fieldName = (name) => {
  const words = name.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
};
