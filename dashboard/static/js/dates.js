// Arithmetic on the site's local dates, which are yyyy-mm-dd strings. Pure; knows nothing of time zones.

const DAY_MS = 86_400_000;
const toDays = (date) => Date.parse(`${date}T00:00:00Z`) / DAY_MS;
const fromDays = (days) => new Date(days * DAY_MS).toISOString().slice(0, 10);

export const isDate = (text) =>
  /^\d{4}-\d\d-\d\d$/.test(text ?? "") && !Number.isNaN(toDays(text)) && fromDays(toDays(text)) === text;

export const addDays = (date, days) => fromDays(toDays(date) + days);

/** How many days from `from` to `to`, both counted. */
export const daysIn = (from, to) => toDays(to) - toDays(from) + 1;

const firstOfMonth = (date) => `${date.slice(0, 7)}-01`;

/** The dates that a period's name means today. */
export function datesOf(period, today) {
  switch (period) {
    case "7d": return { from: addDays(today, -6), to: today };
    case "90d": return { from: addDays(today, -89), to: today };
    case "month": return { from: firstOfMonth(today), to: today };
    case "last_month": {
      const to = addDays(firstOfMonth(today), -1);
      return { from: firstOfMonth(to), to };
    }
    default: return { from: addDays(today, -29), to: today };
  }
}

/** Which intervals draw sensibly for this many days, and the one to take unless told otherwise. */
export function intervalsFor(days) {
  const possible = ["day", "week", "month"].filter((interval) =>
    interval === "day" ? days <= 184 : interval === "week" ? days >= 14 && days <= 1100 : days >= 59);
  if (possible.length === 0) possible.push("month");
  return { possible, usual: days <= 45 ? possible[0] : days <= 200 && possible.includes("week") ? "week" : possible.at(-1) };
}
