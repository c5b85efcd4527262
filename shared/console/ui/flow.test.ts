// What the form of a move works out, without a browser.
import assert from "node:assert/strict";
import test from "node:test";
import { accept, calendarEntry, grew, hourOfWeek, hoursOf, isAccepted, isName, isSettled, missing, newMove, nextUnsettled, planQuery, preset, startOf, steps, type Choices, type Facts } from "./flow";

const choices: Choices = { history: "all", pipeline: "p", open: "new", closed: "solved", sla: "from-move", notify: "quiet", accepted: {} };
const lost = { code: "agents-without-access", n: 1302 };
const facts: Facts = { name: "support@", choices, typed: "support@", plan: { blockers: [], warnings: [] }, stale: false, running: false, seen: new Set(steps) };

test("the name is typed as people type", () => {
  for (const typed of ["support@", " Support@\t", "SUPPORT@"]) assert.ok(isName(typed, "support@"), typed);
  assert.ok(isName("chat  on the Ｗeb".normalize("NFD"), "Chat on the Ｗeb"));
  for (const typed of ["", "support", "support @"]) assert.ok(!isName(typed, "support@"), typed);
});

test("a warning that grows unticks itself, one that shrinks does not", () => {
  const c = accept(lost, choices, true);
  assert.ok(isAccepted(lost, c));
  assert.ok(isAccepted({ ...lost, n: 1 }, c));
  assert.ok(!isAccepted({ ...lost, n: 1340 }, c));
  assert.equal(grew({ ...lost, n: 1340 }, c), 1302);
  assert.equal(grew(lost, c), undefined);
  assert.ok(!isAccepted(lost, accept(lost, c, false)));
  assert.ok(isAccepted({ code: "no-sla-policy" }, accept({ code: "no-sla-policy" }, choices, true)));
});

test("what is missing is said in the order of the page", () => {
  assert.deepEqual(missing(facts), []);
  const nothing: Facts = { ...facts, choices: { ...choices, open: "" }, typed: "suport", plan: undefined, running: true };
  assert.deepEqual(missing(nothing).map((m) => m.what), ["status", "plan", "running", "name"]);
  const found: Facts = { ...facts, plan: { blockers: [{ code: "plan" }], warnings: [lost, { code: "no-sla-policy" }] }, choices: accept(lost, choices, true) };
  assert.deepEqual(missing(found).map((m) => [m.what, m.n]), [["blockers", 1], ["warnings", 1]]);
  assert.deepEqual(missing({ ...facts, stale: true }).map((m) => m.what), ["plan"]);
  assert.deepEqual(missing({ ...facts, choices: { ...choices, history: "none", open: "", closed: "" } }), []);
});

test("steps are settled when they were seen and lack nothing", () => {
  assert.ok(isSettled("time", facts));
  assert.ok(!isSettled("time", { ...facts, seen: new Set() }));
  const unticked = { ...facts, plan: { blockers: [], warnings: [lost] } };
  assert.ok(!isSettled("checks", unticked));
  assert.equal(nextUnsettled("history", unticked), "checks");
  assert.equal(nextUnsettled("rehearsal", unticked), "checks", "from the end it begins again");
  assert.equal(nextUnsettled("checks", unticked), "confirm", "where one is, one stays no longer");
  assert.equal(nextUnsettled("history", { ...facts, choices: { ...choices, history: "none" }, seen: new Set(["history", "checks"]) }), "time");
});

test("presets are the channel's status, or the first ones of a pipeline that has both", () => {
  const statuses = [
    { id: "inspected", closed: false, pipelineId: "w" },
    { id: "solved", closed: true, pipelineId: "p" },
    { id: "new", closed: false, pipelineId: "p" },
    { id: "progress", closed: false, pipelineId: "p" },
  ];
  assert.deepEqual(preset(statuses), { pipeline: "p", open: "new", closed: "solved" });
  assert.deepEqual(preset(statuses, "progress"), { pipeline: "p", open: "progress", closed: "solved" });
  assert.deepEqual(preset(statuses, "solved"), { pipeline: "p", open: "new", closed: "solved" }, "a closed one is none for new tickets");
  assert.deepEqual(preset([]), { pipeline: "", open: "", closed: "" });
});

test("a move says what was chosen, and accepts only what is ticked now", () => {
  const c = accept(lost, choices, true);
  assert.deepEqual(newMove("m", c, [lost, { code: "no-sla-policy" }], false), {
    channelId: "m",
    history: "all",
    rehearsal: false,
    statusMap: { open: "new", closed: "solved" },
    sla: "from-move",
    notifications: "quiet",
    acknowledged: ["agents-without-access"],
  });
  assert.equal(newMove("m", c, [{ ...lost, n: 1340 }], false).acknowledged, undefined);
  assert.deepEqual(newMove("m", { ...c, history: "none" }, [], false), { channelId: "m", history: "none", rehearsal: false });
  assert.deepEqual(planQuery({ ...c, history: "none" }), { history: "none" });
});

test("a window of the week comes next, across the week's end and changes of the clock", () => {
  const zone = "Europe/Oslo";
  const sunday = Date.parse("2026-11-28T20:02:00+01:00"); // a Saturday evening
  assert.equal(hourOfWeek(sunday, zone), 6 * 24 + 20);
  const quiet = { weekday: 0, fromHour: 2, hours: 3 };
  assert.equal(new Date(startOf(quiet, sunday, zone)).toISOString(), "2026-11-29T01:00:00.000Z");
  const within = Date.parse("2026-11-29T03:20:00+01:00");
  assert.equal(new Date(startOf(quiet, within, zone)).toISOString(), "2026-11-29T02:00:00.000Z");
  assert.deepEqual(hoursOf({ weekday: 6, fromHour: 23, hours: 2 }), [167, 0]);
  const beforeChange = Date.parse("2026-10-24T12:00:00+02:00"); // clocks go back on the 25th at 03:00
  assert.equal(new Date(startOf({ weekday: 0, fromHour: 4, hours: 2 }, beforeChange, zone)).toISOString(), "2026-10-25T03:00:00.000Z");
});

test("a calendar reads the entry", () => {
  const start = Date.parse("2026-11-29T01:00:00Z");
  const file = calendarEntry({ uid: "a@b", summary: "Move support@, then; rest " + "å".repeat(60), url: "http://x/app", start, hours: 3, now: start });
  assert.ok(file.includes("DTSTART:20261129T010000Z\r\nDTEND:20261129T040000Z\r\n"));
  assert.ok(file.includes("SUMMARY:Move support@\\, then\\; rest"));
  for (const line of file.split("\r\n")) assert.ok(new TextEncoder().encode(line).length <= 75, line);
});
