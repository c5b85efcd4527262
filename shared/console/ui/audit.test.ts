// What the audit log says in detail.
import assert from "node:assert/strict";
import test from "node:test";
import { detail } from "./audit";
import { loadTexts } from "./i18n";
import { moment } from "./time";

await loadTexts();

const at = "2026-11-24T10:32:00Z";
const name = (id: string) => ({ ben: "Ben Osei" })[id] ?? id;
const said = (words: string | undefined, action = "end") => detail(action, words, name);

test("codes and what the program writes are said in words, with times of the reader's zone", () => {
  assert.equal(said("attention"), "Needs you");
  assert.equal(said("by the console's sign-in, until " + at, "token"), "for the console, until " + moment(at));
  assert.equal(said("by a command with the data folder's key, until " + at, "token"), "by a command with the data folder's key, until " + moment(at));
  assert.equal(said("since " + at, "repair"), "what came since " + moment(at));
  assert.equal(said("found after the end: 3 landed, 0 failed", "repaired"), "found after the end: 3 landed, 0 failed");
  assert.equal(said("and 40 more in the minute from " + at, "refuse"), "and 40 more in the minute from " + at, "this is not how it is written");
  assert.equal(said(`and 40 more in the minute from ${at} on`, "refuse"), `and 40 more in the minute from ${moment(at)} on`);
});

test("rights are named, and who has them", () => {
  assert.equal(said("help-desk: ben, zoe", "role-given"), "help desk access: Ben Osei, zoe");
  assert.equal(said("help-desk: ben", "setup"), "help-desk: ben");
});

test("what is not known stays as it is", () => {
  assert.equal(said(undefined), "–");
  assert.equal(said("agents: +ben"), "agents: +ben");
});
