// Turns a report into the columns that the plot draws and its table says: the one source of both. Pure.

import { ALL, OTHER } from "./channels.js";
import { addDays } from "./dates.js";
import { bucket, exact, tick } from "./format.js";

const DRAWN = 7;

/**
 * { parts: [{ key, label, mqls }], columns: [{ from, to, name, tick, mqls, leads, visits, values: Map, before }], overlap }
 * `parts` are what each column is made of, largest first, the rest summed as "Other". Where one lead can stand
 * in several rows (rules, pages) parts would not add up to the column, so there are none and `overlap` is true.
 */
export function stackOf(report) {
  const series = report.series ?? [];
  const mqlsIn = (point, key) => point.rows?.[key]?.mqls ?? 0;
  const overlap = series.some((point) => exact(Object.values(point.rows ?? {}).reduce((sum, row) => sum + row.mqls, 0)) > point.mqls);
  const ranked = overlap ? [] : report.rows.filter((row) => row.mqls > 0);
  const drawn = ranked.length <= DRAWN + 1 ? ranked : ranked.slice(0, DRAWN);
  const parts = drawn.map(({ key, label, mqls }) => ({ key, label, mqls }));

  const columns = series.map((point, index) => {
    const to = index + 1 < series.length ? addDays(series[index + 1].from, -1) : report.to;
    const values = new Map(parts.map(({ key }) => [key, mqlsIn(point, key)]));
    const rest = exact(point.mqls - [...values.values()].reduce((sum, value) => sum + value, 0));
    values.set(parts.length ? OTHER : ALL, rest);
    return {
      from: point.from, to, name: bucket(point.from, to, report.interval), tick: tick(point.from, report.interval),
      mqls: point.mqls, leads: point.leads, visits: point.visits, values,
      before: point.previous ? { ...point.previous, name: beforeName(point, to, report) } : null,
    };
  });
  const key = parts.length ? OTHER : ALL;
  const rest = exact(columns.reduce((sum, column) => sum + column.values.get(key), 0));
  if (rest > 0) parts.push({ key, label: key === OTHER ? "Other" : "All", mqls: rest });
  return { parts, columns, overlap };
}

function beforeName(point, to, report) {
  if (report.interval === "month") return bucket(point.previous.from, point.previous.from, "month");
  const length = Math.round((Date.parse(to) - Date.parse(point.from)) / 86_400_000);
  return bucket(point.previous.from, addDays(point.previous.from, length), report.interval);
}

/** Ticks of the axis: whole numbers from zero, at most six, the last at or above the highest value. */
export function ticksFor(highest) {
  const top = Math.max(1, highest);
  let step = 1;
  for (let power = 1; Math.ceil(top / step) > 5; power *= 10) {
    step = [1, 2, 5, 10].map((base) => base * power).find((candidate) => Math.ceil(top / candidate) <= 5) ?? step;
  }
  return Array.from({ length: Math.ceil(top / step) + 1 }, (_, index) => index * step);
}
