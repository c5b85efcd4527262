// What the page of operations works out of measurements, without a browser. The widgets and alarms themselves
// are those of template.yaml: dashboard.gen.ts.
import type { Measurements } from "./api.gen";
import type { Key } from "./i18n";

/** A metric as CloudWatch names it: of deskmove's own without a namespace, of AWS's with the resource that it is of. */
export interface Series {
  namespace?: string;
  metric: string;
  of?: string;
  figure: "sum" | "max" | "p50" | "p99";
}

export interface Line extends Series {
  label: Key;
  /** Its scale is its own. */
  right?: boolean;
}

export interface Widget {
  title: Key;
  /** Totals instead of a course. */
  totals?: boolean;
  lines: Line[];
}

/** Alarm is on while at least so many of its last periods are beyond its threshold. */
export interface Alarm {
  name: string;
  series: Series[];
  /** How the series are one. */
  together?: "sum" | "max";
  /** Seconds. */
  period: number;
  periods: number;
  least: number;
  threshold: number;
  /** Below the threshold is beyond it. */
  below?: boolean;
  /** Nothing measured is beyond it. */
  silence?: boolean;
}

const minute = 60_000;

/** A minute in which a metric was measured. */
type Minute = { at: number } & Partial<Record<Series["figure"], number>>;

/** Metrics are the measurements, by metric. */
export type Metrics = Map<string, Minute[]>;

const keyOf = (s: { namespace?: string; metric: string; of?: string }) => [s.namespace, s.metric, s.of].join(" ");

/** metricsOf reads measurements. */
export function metricsOf(m: Measurements): Metrics {
  return new Map(m.metrics.map((one) => [keyOf({ ...one, metric: one.name }), one.points.map((p) => ({ ...p, at: Date.parse(p.at) }))]));
}

/** here keeps what is measured here, whether or not it has been yet. */
export function here<S extends Series>(m: Metrics, all: S[]): S[] {
  return all.filter((s) => m.has(keyOf(s)));
}

export interface Span {
  from: number;
  to: number;
}

/** spanOf is from the first minute of any of these metrics to the present one; undefined if there is none. */
export function spanOf(m: Metrics, all: Series[], now: number): Span | undefined {
  const measured = all.flatMap((s) => m.get(keyOf(s)) ?? []).map((p) => p.at);
  if (measured.length === 0) return undefined;
  return { from: Math.min(...measured), to: Math.max(now - (now % minute), ...measured) };
}

export interface At {
  at: number;
  v: number;
}

/** courseOf is a metric minute by minute. Where nothing is counted, that is 0; else there is no point. */
export function courseOf(m: Metrics, s: Series, { from, to }: Span): At[] {
  const values = new Map(m.get(keyOf(s))?.map((p) => [p.at, p[s.figure] ?? 0]));
  const out: At[] = [];
  for (let at = from; at <= to; at += minute) {
    const v = values.get(at) ?? (s.figure === "sum" ? 0 : undefined);
    if (v !== undefined) out.push({ at, v });
  }
  return out;
}

/** totalOf is the sum of a metric. */
export function totalOf(m: Metrics, s: Series): number {
  return sum((m.get(keyOf(s)) ?? []).map((p) => p[s.figure] ?? 0));
}

function sum(values: number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

/** valueOf is what an alarm looks at in the period that ends with a minute; undefined if nothing was measured. */
function valueOf(m: Metrics, a: Alarm, last: number): number | undefined {
  const values = a.series.flatMap((s) => {
    const within = (m.get(keyOf(s)) ?? []).filter((p) => p.at > last - a.period * 1000 && p.at <= last).map((p) => p[s.figure] ?? 0);
    return within.length === 0 ? [] : [s.figure === "sum" ? sum(within) : Math.max(...within)];
  });
  if (values.length === 0) return undefined;
  return a.together === "max" ? Math.max(...values) : sum(values);
}

/** watched is what an alarm looks at, period by period. Where nothing is counted, that is 0. */
export function watched(m: Metrics, a: Alarm, { from, to }: Span): At[] {
  const out: At[] = [];
  const nothing = a.series.every((s) => s.figure === "sum") ? 0 : undefined;
  for (let at = to; at >= from; at -= a.period * 1000) {
    const v = valueOf(m, a, at) ?? nothing;
    if (v !== undefined) out.unshift({ at, v });
  }
  return out;
}

/** isOn tells whether an alarm is on, by minutes that are over. Of a time before anything was measured, silence says nothing. */
export function isOn(m: Metrics, a: Alarm, now: number): boolean {
  const since = Math.min(...[...m.values()].flatMap((points) => points.map((p) => p.at)));
  let beyond = 0;
  for (let i = 0; i < a.periods; i++) {
    const end = now - (now % minute) - minute - i * a.period * 1000;
    const v = valueOf(m, a, end);
    if (v === undefined ? a.silence && since <= end - a.period * 1000 + minute : a.below ? v < a.threshold : v > a.threshold) beyond++;
  }
  return beyond >= a.least;
}
