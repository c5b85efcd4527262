// What the page of operations works out of measurements.
import assert from "node:assert/strict";
import test from "node:test";
import type { Measurements } from "./api.gen";
import { alarms, widgets } from "./dashboard.gen";
import { courseOf, here, isOn, metricsOf, spanOf, totalOf, watched, type Alarm, type Series } from "./measured";

const minute = 60_000;
const now = 1000 * minute + 20_000;
const next = now + minute; // when that minute is over

/** measured has values of a metric, by how many minutes ago. */
function measured(s: { namespace?: string; metric: string; of?: string }, values: Record<number, number>): Measurements["metrics"][number] {
  const points = Object.entries(values)
    .map(([ago, v]) => ({ at: new Date((1000 - Number(ago)) * minute).toISOString(), sum: v, max: v, p99: v }))
    .sort((a, b) => a.at.localeCompare(b.at));
  return { name: s.metric, of: s.of, namespace: s.namespace, unit: "Count", points };
}
const all = (...metrics: Measurements["metrics"]) => metricsOf({ minutes: 180, metrics });

test("a count is 0 where nothing is counted, and a level is not", () => {
  const m = all(measured({ metric: "Failed" }, { 4: 2, 2: 1 }), measured({ metric: "Failed", namespace: "AWS/X", of: "Y" }, { 0: 9 }));
  const course = (figure: Series["figure"]) => courseOf(m, { metric: "Failed", figure }, spanOf(m, [{ metric: "Failed", figure }], now)!).map((p) => p.v);
  assert.deepEqual(course("sum"), [2, 0, 1, 0, 0]);
  assert.deepEqual(course("max"), [2, 1]);
  assert.equal(totalOf(m, { metric: "Failed", figure: "sum" }), 3);
  assert.equal(spanOf(m, [{ metric: "Done", figure: "max" }], now), undefined);
});

test("what nobody measures is not here, what has not been measured yet is", () => {
  const m = all(measured({ metric: "Done" }, {}));
  assert.deepEqual(here(m, [{ metric: "Done", figure: "max" }, { metric: "Done", of: "X", namespace: "AWS/X", figure: "max" }]).length, 1);
});

const queue = { namespace: "AWS/SQS", metric: "Age", of: "Queue" };
const level: Alarm = { name: "A", series: [{ ...queue, figure: "max" }], period: 60, periods: 3, least: 3, threshold: 10 };

test("an alarm is on while each of its last periods is beyond the threshold", () => {
  const on = (a: Alarm, values: Record<number, number>) => isOn(all(measured(queue, values)), a, next);
  assert.ok(on(level, { 2: 11, 1: 12, 0: 11 }));
  assert.ok(!on(level, { 2: 11, 1: 10, 0: 11 }), "10 is not beyond 10");
  assert.ok(!on(level, { 3: 11, 2: 11, 1: 11 }), "nothing is measured now");
  assert.ok(on({ ...level, periods: 26, least: 1 }, { 25: 11 }));
  assert.ok(!on({ ...level, periods: 26, least: 1 }, { 26: 11 }));
  const silence: Alarm = { ...level, series: [{ ...queue, figure: "sum" }], period: 300, periods: 1, least: 1, threshold: 1, below: true, silence: true };
  assert.ok(on(silence, { 5: 1 }) && on(silence, { 1: 0 }) && !on(silence, { 4: 1 }));
  const other = (ago: number) => measured({ metric: "Done" }, { [ago]: 1, 0: 1 });
  assert.ok(isOn(all(measured(queue, {}), other(4)), silence, next), "it was silent for a period");
  assert.ok(!isOn(all(measured(queue, {}), other(3)), silence, next), "nothing was measured before");
  assert.ok(!on(silence, {}));
});

test("series are one by their sum or by the largest", () => {
  const dead = { ...queue, of: "Dead" };
  const m = all(measured(queue, { 6: 3, 1: 3, 0: 2 }), measured(dead, { 0: 4 }));
  const a: Alarm = { name: "A", series: [{ ...queue, figure: "sum" }, { ...dead, figure: "sum" }], together: "sum", period: 300, periods: 1, least: 1, threshold: 8 };
  assert.deepEqual(watched(m, a, spanOf(m, a.series, now)!).map((p) => p.v), [3, 9]);
  const later = { from: 994 * minute, to: 1010 * minute };
  assert.deepEqual(watched(m, a, later).map((p) => p.v), [3, 9, 0, 0], "nothing was counted since");
  assert.deepEqual(watched(m, level, later).map((p) => p.at / minute), [994, 999, 1000], "and of a level nothing is known");
  assert.ok(isOn(m, a, next) && !isOn(m, { ...a, together: "max" }, next));
  assert.ok(!isOn(m, a, now), "a minute counts when it is over");
});

test("the template's widgets and alarms came along", () => {
  assert.ok(widgets.length >= 16 && alarms.length >= 15, `${widgets.length} widgets, ${alarms.length} alarms`);
  assert.ok(widgets.some((w) => w.totals) && widgets.some((w) => w.lines.some((l) => l.right)));
  assert.deepEqual(alarms.filter((a) => a.silence).map((a) => a.name), ["SweeperAlarm"]);
});
