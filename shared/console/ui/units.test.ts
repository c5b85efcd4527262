// What can be told without a browser.
import assert from "node:assert/strict";
import test from "node:test";
import { address } from "./api";
import { areaPath, levels, linePath, niceTicks, quieterThan, rates, shares, sparkPath, timeTicks } from "./geometry";
import { dollars, has, loadTexts, number, percent, rich, t } from "./i18n";
import { match } from "./match";
import { pause, Poller, type Asked, type Clock } from "./poll";
import { en } from "./text.en";
import { nb } from "./text.nb";
import { clock, day, duration, roundLeft, weekday, weekdays } from "./time";

await loadTexts();

/** World is a clock that tests turn. */
class World implements Clock {
  isHidden = false;
  waits: number[] = [];
  private next = () => {};
  private shown = () => {};

  after(ms: number, f: () => void) {
    this.waits.push(ms);
    this.next = f;
    return () => (this.next = () => {});
  }
  hidden = () => this.isHidden;
  onShown(f: () => void) {
    this.shown = f;
    return () => (this.shown = () => {});
  }
  random = () => 0.5; // no jitter

  async tick() {
    this.next();
    await settle();
  }
  async show() {
    this.isHidden = false;
    this.shown();
    await settle();
  }
}

/** settle lets everything happen that waits for nothing. */
async function settle() {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

test("a poll asks at once, at its pace, less often hidden, and at once when shown", async () => {
  const world = new World();
  let asked = 0;
  const p = new Poller(async () => (asked++, {}), 1000, world);
  await settle();
  assert.equal(asked, 1);
  await world.tick();
  world.isHidden = true;
  await world.tick();
  assert.deepEqual([asked, world.waits], [3, [1000, 1000, 15_000]]);
  await world.show();
  assert.equal(asked, 4);
  p.stop();
  await world.tick();
  await world.show();
  assert.equal(asked, 4, "it asked after the stop");
});

test("a poll backs off while it fails, obeys Poll-After, and stops when done", async () => {
  const world = new World();
  const answers: (Asked | undefined)[] = [undefined, undefined, undefined, undefined, undefined, undefined, { pollAfter: 5 }, { done: true }];
  new Poller(
    async () => {
      const a = answers.shift();
      if (!a) throw new Error("no connection");
      return a;
    },
    1000,
    world,
  );
  await settle();
  for (let i = 0; i < 10; i++) await world.tick();
  assert.deepEqual(world.waits, [2000, 4000, 8000, 16_000, 30_000, 30_000, 5000]);
  assert.equal(answers.length, 0);
});

test("the jitter is a tenth to both sides", () => {
  const at = (random: number) => pause({ every: 1000, failures: 0, hidden: false, random });
  assert.deepEqual([at(0), at(1)], [900, 1100]);
});

test("a slow pace asks sooner after a failure, unless hidden", () => {
  assert.equal(pause({ every: 60_000, failures: 1, hidden: false, random: 0.5 }), 2000);
  assert.equal(pause({ every: 60_000, failures: 1, hidden: true, random: 0.5 }), 15_000);
});

test("both languages have the same parameters, and each plural both forms", () => {
  const params = (s: string) => [...s.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort();
  for (const [key, text] of Object.entries(en)) {
    assert.deepEqual(params(nb[key as keyof typeof en]), params(text), key);
    if (key.endsWith(".one")) assert.ok(key.replace(/one$/, "other") in en, key);
    if (key.endsWith(".other")) assert.ok(key.replace(/other$/, "one") in en, key);
  }
});

test("texts have their parameters and forms", () => {
  assert.equal(t("conversations", { n: 1 }), "1 conversation");
  assert.equal(t("conversations", { n: 412306 }), "412,306 conversations");
  assert.equal(t("banner", { channel: "{time}" }), "{time} is moving to the help desk");
  assert.deepEqual(rich("banner", { channel: "support@" }), ["", "support@", " is moving to the help desk"]);
  assert.ok(has("find.would-breach") && has("fail.no-start-date") && !has("find.unheard-of"));
  assert.equal(percent(61.9), "61\u00a0%");
  assert.deepEqual([0, 0.004, 0.59].map(dollars), ["below US$0.01", "below US$0.01", "US$0.59"]);
  assert.equal(number(0.5, 2), "0.50");
});

test("durations have at most two units", () => {
  const want: [number, string][] = [
    [0, "0 s"], [0.04, "0.04 s"], [0.4, "0.4 s"], [9.7, "9.7 s"], [59.4, "59 s"], [59.6, "1 min"], [84, "1 min 24 s"],
    [228, "3 min 48 s"], [3600, "1 h"], [3599.9, "1 h"], [7500, "2 h 5 min"], [90_000, "1 d 1 h"], [-3, "0 s"],
  ];
  for (const [seconds, words] of want) assert.equal(duration(seconds), words, String(seconds));
});

test("what is left is rounded", () => {
  assert.deepEqual([1, 84, 119, 125, 400].map(roundLeft), [5, 85, 120, 120, 420]);
});

test("dates are written as the language does", () => {
  assert.equal(clock("2026-11-29T19:02:11Z", true, "Europe/Oslo"), "20:02:11");
  assert.equal(day("2026-05-01T12:00:00Z", "2026-11-29T12:00:00Z"), "1 May");
  assert.equal(day("2025-11-12T12:00:00Z", "2026-11-29T12:00:00Z"), "12 Nov. 2025");
  assert.deepEqual([weekday(0), weekday(6, "short")], ["Sunday", "Sat"]);
  assert.deepEqual([[1, 2, 3], [1, 3, 5], [0, 5, 6], [4, 1], [0, 1, 2, 3, 5]].map(weekdays), ["Mon–Wed", "Mon, Wed and Fri", "Fri–Sun", "Mon and Thu", "Mon–Wed, Fri and Sun"]);
});

test("ticks are round and cover the values", () => {
  assert.deepEqual(niceTicks(1910, 2), [0, 1000, 2000]);
  assert.deepEqual(niceTicks(0), [0, 1]);
  assert.deepEqual(niceTicks(1, 2), [0, 1]);
  assert.deepEqual(niceTicks(5, 2), [0, 5]);
  assert.ok(niceTicks(7).at(-1)! >= 7);
  assert.deepEqual(timeTicks(1000, 61_000, 4), [15_000, 30_000, 45_000, 60_000]);
});

test("paths go through their points", () => {
  const points = [{ x: 0, y: 10 }, { x: 5.06, y: 0 }];
  assert.equal(linePath(points), "M0 10L5.1 0");
  assert.equal(areaPath(points, 20), "M0 10L5.1 0L5.1 20L0 20Z");
  assert.equal(areaPath([], 20), "");
  assert.equal(sparkPath([3, 3, 3], 80, 18), "M0 9L40 9L80 9");
  assert.equal(sparkPath([0, 10], 80, 18), "M0 17L80 1");
});

test("levels are quantiles, of equal values the same, and nothing is the lowest", () => {
  const got = levels([0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 100]);
  assert.equal(got[0], 0);
  assert.equal(got[1], got[2]);
  assert.equal(got.at(-1), 5);
  assert.deepEqual([...got].sort(), got);
  assert.deepEqual(levels([0, 0]), [0, 0]);
  assert.deepEqual(levels([0, 1, 1, 3]), [0, 1, 1, 5], "one is not nothing");
  assert.equal(quieterThan([1, 2, 3, 4], 2), 0.5);
});

test("rates are changes a second, and never negative", () => {
  const got = rates([{ at: 0, n: 0 }, { at: 2000, n: 100 }, { at: 2000, n: 100 }, { at: 3000, n: 90 }]);
  assert.deepEqual(got, [{ at: 2000, rate: 50 }, { at: 3000, rate: 0 }]);
});

test("a part of a bar that exists can be seen, and the bar is not longer than it is", () => {
  const got = shares([999_998, 0, 1, 1], 1_000_000, 0.2);
  assert.deepEqual(got.slice(1), [0, 0.2, 0.2]);
  assert.ok(Math.abs(got.reduce((a, b) => a + b) - 100) < 1e-9);
});

test("paths match patterns, and nothing else", () => {
  assert.deepEqual(match("/app/moves/:id", "/app/moves/m%201"), { id: "m 1" });
  assert.equal(match("/app/moves/:id", "/app/moves"), null);
  assert.equal(match("/app/moves/:id", "/app/moves/%E0%A4%A"), null);
  assert.deepEqual(match("/app/moves", "/app/moves/"), {});
});

test("addresses have their parameters", () => {
  assert.equal(address("GET /v1/moves/{id}", { path: { id: "a/b" } }), "/v1/moves/a%2Fb");
  assert.equal(address("GET /v1/tickets", { query: { status: ["new", "waiting"], owner: "", open: true, cursor: undefined } }), "/v1/tickets?status=new%2Cwaiting&open=true");
});
