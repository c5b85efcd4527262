// What the pages of a running and an ended move work out, without a browser.
import assert from "node:assert/strict";
import test from "node:test";
import { course, curve, groups, joined, nextLeft, percentOf, rail, shownLeft, troublesOf, type Left, type Stage } from "./progress";

const stage = (phase: Stage["phase"], from: number, to?: number): Stage => ({
  phase,
  startedAt: new Date(from * 1000).toISOString(),
  endedAt: to === undefined ? undefined : new Date(to * 1000).toISOString(),
});
const words = (stages: Stage[], rehearsal = false, ended = false) => rail(stages, rehearsal, ended).map((s) => `${s.phase} ${s.state}`);

test("the rail has all phases, those to come too", () => {
  assert.deepEqual(words([]), ["redirect next", "list next", "convert next", "compare next", "report next"]);
  assert.deepEqual(words([stage("redirect", 0, 1), stage("list", 1, 7), stage("convert", 7)]), ["redirect done", "list done", "convert now", "compare next", "report next"]);
  assert.deepEqual(words([stage("rehearse", 0)], true), ["rehearse now", "report next"]);
});

test("a move that is tried again shows its last round", () => {
  const first = [stage("redirect", 0, 1), stage("list", 1, 2), stage("convert", 2, 3), stage("compare", 3, 4), stage("report", 4, 5)];
  const again = rail([...first, stage("list", 60, 61), stage("convert", 61)], false, false);
  assert.deepEqual(again.map((s) => s.state), ["done", "done", "now", "next", "next"]);
  assert.deepEqual([again[0]!.startedAt, again[1]!.startedAt], [0, 60_000]);
});

test("it is never 100 % before the end", () => {
  assert.equal(percentOf(251_488, 412_306, false), 60);
  assert.equal(percentOf(10, 10, false), 99);
  assert.equal(percentOf(12, 10, false), 99);
  assert.equal(percentOf(0, 0, false), 0);
  assert.equal(percentOf(0, 0, true), 100);
});

test("what is left falls, and rises only with a word", () => {
  let left: Left | undefined = nextLeft(undefined, 100, 0);
  assert.deepEqual(left, { seconds: 100, at: 0, slower: false });
  left = nextLeft(left, 105, 10_000)!; // 90 were due; a little more is no news
  assert.deepEqual([left.seconds, left.slower], [90, false]);
  left = nextLeft(left, 200, 20_000)!;
  assert.deepEqual([left.seconds, left.slower], [200, true]);
  left = nextLeft(left, 188, 30_000)!; // still slow
  assert.ok(left.slower);
  left = nextLeft(left, 100, 40_000)!;
  assert.deepEqual([left.seconds, left.slower], [100, false]);
  assert.equal(nextLeft(left, undefined, 50_000), undefined);
  assert.equal(shownLeft({ seconds: 83.4, at: 0, slower: false }), 85);
});

test("the curve has what happened between looks, however far apart they are", () => {
  const at = (s: number, done: number, live = 0) => ({ at: s * 1000, done, live });
  const steady = Array.from({ length: 501 }, (_, s) => at(s, s * 100, Math.floor(s / 10)));
  const paces = curve(steady, 100);
  assert.ok(paces.length <= 101 && paces.length >= 90, String(paces.length));
  for (const p of paces) assert.ok(Math.abs(p.rate - 100) < 1, String(p.rate));
  assert.equal(paces.reduce((n, p) => n + p.live, 0), 50, "no live one is lost");
  assert.deepEqual(curve([at(0, 0), at(60, 600)], 100), [{ at: 60_000, rate: 10, live: 0 }], "a hidden tab");
  assert.deepEqual(curve([at(0, 500), at(10, 0)], 100)[0]!.rate, 0, "a retry counts anew");
  assert.deepEqual(curve([at(0, 0)], 100), []);
  assert.deepEqual(joined([at(0, 0), at(2, 20)], [at(1, 10), at(2, 21), at(3, 30)]).map((p) => p.done), [0, 10, 20, 30]);
});

test("sums are read in groups of four", () => {
  assert.equal(groups("7395db856cef67f4"), "7395 db85 6cef 67f4");
});

test("the course stays within its width", () => {
  const lanes = course([stage("redirect", 0, 0.2), stage("list", 0.2, 7), stage("convert", 7, 218), stage("compare", 218, 227.7), stage("report", 227.7, 228)]);
  for (const l of lanes) assert.ok(l.width >= 1 && l.from >= 0 && l.from + l.width <= 100.001, JSON.stringify(l));
  assert.equal(lanes[2]!.seconds, 211);
  assert.deepEqual(course([]), []);
});

test("what is wrong with a move comes first, then what it waits for", () => {
  const progress = { planned: 9, done: 3, created: 1, asIs: 0, live: 0, stayed: 0, failed: 2 };
  const waiting = { code: "throttled" as const, since: "2026-11-23T09:00:00Z" };
  assert.deepEqual(troublesOf({ stuckSeconds: 901, progress, waiting }, 900).map((w) => w.kind), ["stuck", "failed", "waits"]);
  assert.deepEqual(troublesOf({ stuckSeconds: 900, progress: { ...progress, failed: 0 } }, 900), []);
  assert.deepEqual(troublesOf({}, 900), []);
});
