// What the pages of a running and an ended move work out, without a browser.
import type { ChannelMove } from "./api.gen";
import { roundLeft } from "./time";

export type Phase = "redirect" | "list" | "convert" | "compare" | "report" | "rehearse";

export interface Stage {
  phase: Phase;
  startedAt: string;
  /** Absent while it lasts. */
  endedAt?: string;
}

const order: Phase[] = ["redirect", "list", "convert", "compare", "report"];
const ofRehearsal: Phase[] = ["rehearse", "report"];

/** A phase on the rail, whether it has come or not. */
export interface Stop {
  phase: Phase;
  state: "done" | "now" | "next";
  /** Milliseconds; absent before it begins, and while it lasts. */
  startedAt?: number;
  endedAt?: number;
}

/** rail puts a move's phases in their order. A move that was tried again shows its last round. */
export function rail(stages: Stage[], rehearsal: boolean, ended: boolean): Stop[] {
  const of = rehearsal ? ofRehearsal : order;
  const round = stages.findLastIndex((s) => s.phase === "list" || s.phase === "rehearse");
  const last = stages.filter((s, i) => i >= round || s.phase === "redirect");
  const furthest = Math.max(-1, ...last.map((s) => of.indexOf(s.phase)));
  return of.map((phase, i) => {
    const s = last.findLast((s) => s.phase === phase);
    const done = ended || i < furthest || s?.endedAt !== undefined;
    return {
      phase,
      state: done ? "done" : i === furthest ? "now" : "next",
      startedAt: s && Date.parse(s.startedAt),
      endedAt: s?.endedAt ? Date.parse(s.endedAt) : undefined,
    };
  });
}

/** percentOf is how far a move is: never 100 before its end. */
export function percentOf(done: number, expected: number, ended: boolean): number {
  if (ended) return 100;
  return expected > 0 ? Math.min(99, Math.floor((done / expected) * 100)) : 0;
}

/** What the page last said is left, so that the next word fits it. */
export interface Left {
  /** Seconds, at a time in milliseconds. */
  seconds: number;
  at: number;
  /** It takes longer than was said. */
  slower: boolean;
}

/**
 * nextLeft follows the API's estimate. What is left only ever falls, until the
 * estimate is a fifth above it; then it is said that it goes slower.
 */
export function nextLeft(before: Left | undefined, eta: number | undefined, now: number): Left | undefined {
  if (eta === undefined) return undefined;
  if (!before) return { seconds: eta, at: now, slower: false };
  const due = Math.max(0, before.seconds - (now - before.at) / 1000);
  if (eta <= due) return { seconds: eta, at: now, slower: before.slower && eta > due * 0.9 };
  if (eta <= due * 1.2 + 5) return { ...before, seconds: due, at: now };
  return { seconds: eta, at: now, slower: true };
}

/** shownLeft is the figure that is written, so round that it does not flicker. */
export function shownLeft(left: Left): number {
  return roundLeft(left.seconds);
}

/** A move's counts at a time, in milliseconds. */
export interface Point {
  at: number;
  done: number;
  live: number;
}

/** joined adds the page's own points to the API's samples. It keeps those in between too. */
export function joined(samples: Point[], own: Point[]): Point[] {
  const all = [...samples, ...own].sort((a, b) => a.at - b.at);
  return all.filter((p, i) => i === 0 || p.at > all[i - 1]!.at);
}

/** A stretch of the curve: its end, conversations a second in it, and how many came live. */
export interface Pace {
  at: number;
  rate: number;
  live: number;
}

/**
 * curve is how fast a move went, in at most so many stretches of equal length, of at
 * least a second. A stretch in which nobody looked belongs to the next one.
 */
export function curve(points: Point[], most: number): Pace[] {
  const first = points[0];
  const last = points.at(-1);
  if (!first || !last || last.at <= first.at) return [];
  const width = Math.max(1000, (last.at - first.at) / most);
  const out: Pace[] = [];
  let from = first;
  points.forEach((p, i) => {
    const next = points[i + 1];
    const end = Math.floor((p.at - first.at) / width);
    if (i === 0 || (next && Math.floor((next.at - first.at) / width) === end)) return;
    if (p.at - from.at < width / 2 && next) return;
    const seconds = (p.at - from.at) / 1000;
    if (seconds <= 0) return;
    out.push({ at: p.at, rate: Math.max(0, (p.done - from.done) / seconds), live: Math.max(0, p.live - from.live) });
    from = p;
  });
  return out;
}

/** groups writes a sum in groups of four, as people read it aloud. */
export function groups(hex: string): string {
  return hex.match(/.{1,4}/g)?.join(" ") ?? "";
}

/** A phase's place in the course, in hundredths of the whole. */
export interface Lane {
  phase: Phase;
  seconds: number;
  from: number;
  width: number;
}

/** course places the phases of a move that has ended; each is wide enough to be seen. */
export function course(stages: Stage[], least = 1): Lane[] {
  const ended = stages.filter((s) => s.endedAt);
  const start = Math.min(...ended.map((s) => Date.parse(s.startedAt)));
  const whole = Math.max(...ended.map((s) => Date.parse(s.endedAt!))) - start || 1;
  return ended.map((s) => {
    const from = Date.parse(s.startedAt);
    const took = Date.parse(s.endedAt!) - from;
    const width = Math.max(least, (took / whole) * 100);
    return { phase: s.phase, seconds: took / 1000, width, from: Math.min(((from - start) / whole) * 100, 100 - width) };
  });
}

/** What is wrong with a move, or in its way. */
export type Trouble = { kind: "stuck"; seconds: number } | { kind: "failed"; n: number } | { kind: "waits"; code: string };

/** troublesOf says what is wrong with a move that has got no further for longer than so many seconds, or the like. */
export function troublesOf(m: Pick<ChannelMove, "stuckSeconds" | "progress" | "waiting">, stuck: number): Trouble[] {
  const all: Trouble[] = [];
  if ((m.stuckSeconds ?? 0) > stuck) all.push({ kind: "stuck", seconds: m.stuckSeconds! });
  if ((m.progress?.failed ?? 0) > 0) all.push({ kind: "failed", n: m.progress!.failed });
  if (m.waiting) all.push({ kind: "waits", code: m.waiting.code });
  return all;
}
