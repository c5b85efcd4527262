// The arithmetic of charts, without a browser.

export interface Point {
  x: number;
  y: number;
}

/** niceTicks returns 0 and round whole values up to at least max, about count of them. */
export function niceTicks(max: number, count = 3): number[] {
  if (!(max > 0)) return [0, 1];
  const rough = Math.max(1, max / count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((f) => f * power).find((s) => s >= rough && s % 1 === 0) ?? 10 * power;
  const ticks = [];
  for (let i = 0; i * step < max + step * 0.999; i++) ticks.push(round(i * step));
  return ticks;
}

function round(n: number): number {
  return Math.round(n * 1e6) / 1e6;
}

/** scale returns the function that maps [from, to] to [a, b]. */
export function scale(from: number, to: number, a: number, b: number): (v: number) => number {
  const width = to - from || 1;
  return (v) => a + ((v - from) / width) * (b - a);
}

/** linePath is the path through the points; empty without any. */
export function linePath(points: Point[]): string {
  return points.map((p, i) => (i ? "L" : "M") + px(p.x) + " " + px(p.y)).join("");
}

/** areaPath is the closed path between the points and the line y = base. */
export function areaPath(points: Point[], base: number): string {
  const first = points[0];
  const last = points.at(-1);
  if (!first || !last) return "";
  return `${linePath(points)}L${px(last.x)} ${px(base)}L${px(first.x)} ${px(base)}Z`;
}

function px(n: number): number {
  return Math.round(n * 10) / 10;
}

/** sparkPath is the path of values in a box; equal values are a line in its middle. */
export function sparkPath(values: number[], width: number, height: number): string {
  if (values.length === 0) return "";
  const low = Math.min(...values);
  const high = Math.max(...values);
  const x = scale(0, Math.max(1, values.length - 1), 0, width);
  const y = low === high ? () => height / 2 : scale(low, high, height - 1, 1);
  return linePath(values.map((v, i) => ({ x: x(i), y: y(v) })));
}

/**
 * levels gives each value one of 6 levels, 0 for none: the quantiles of the
 * values that are not 0. Equal values have equal levels.
 */
export function levels(values: number[]): number[] {
  const sorted = values.filter((v) => v > 0).sort((a, b) => a - b);
  if (sorted.length === 0) return values.map(() => 0);
  const cuts = [0.17, 0.34, 0.52, 0.7, 0.88].map((q) => sorted[Math.floor(q * (sorted.length - 1))] ?? 0);
  return values.map((v) => (v <= 0 ? 0 : Math.max(1, cuts.filter((c) => v > c).length)));
}

/** quieterThan is the share of values, 0 to 1, that are above v. */
export function quieterThan(values: number[], v: number): number {
  return values.length === 0 ? 0 : values.filter((other) => other > v).length / values.length;
}

/** rates turns counts at times (milliseconds) into changes a second between them. */
export function rates(samples: { at: number; n: number }[]): { at: number; rate: number }[] {
  const out = [];
  for (let i = 1; i < samples.length; i++) {
    const before = samples[i - 1]!;
    const here = samples[i]!;
    if (here.at > before.at) out.push({ at: here.at, rate: Math.max(0, ((here.n - before.n) * 1000) / (here.at - before.at)) });
  }
  return out;
}

/**
 * shares returns the widths of the parts of a bar, in hundredths of it: a part
 * that exists gets at least min, at the cost of the widest.
 */
export function shares(parts: number[], total: number, min: number): number[] {
  if (total <= 0) return parts.map(() => 0);
  const widths = parts.map((n) => (n > 0 ? Math.max(min, (n / total) * 100) : 0));
  const over = widths.reduce((a, b) => a + b, 0) - 100;
  if (over > 0) {
    const widest = widths.indexOf(Math.max(...widths));
    widths[widest] = Math.max(min, widths[widest]! - over);
  }
  return widths;
}

/** timeTicks returns round times in [from, to], milliseconds, about count of them. */
export function timeTicks(from: number, to: number, count = 4): number[] {
  const steps = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400].map((s) => s * 1000);
  const step = steps.find((s) => (to - from) / s <= count) ?? 86_400_000;
  const ticks = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) ticks.push(at);
  return ticks;
}
