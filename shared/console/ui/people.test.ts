import assert from "node:assert/strict";
import test from "node:test";
import { customerOf, party, partyOf } from "./people";

test("senders are read as channels write them", () => {
  const want: [string, string, string | undefined][] = [
    ["Jonas Lie <jonas@post.example>", "Jonas Lie", "jonas@post.example"],
    ['"Lie, Jonas" <jonas@post.example>', "Lie, Jonas", "jonas@post.example"],
    ["<jonas@post.example>", "jonas@post.example", undefined],
    [" +47 912 34 567 ", "+47 912 34 567", undefined],
    ["", "", undefined],
  ];
  for (const [from, name, address] of want) assert.deepEqual(party(from), address ? { name, address } : { name });
});

test("the people of a message have names, and addresses beside them", () => {
  assert.deepEqual(partyOf({ name: "Jonas Lie", address: "jonas@post.example" }), { name: "Jonas Lie", address: "jonas@post.example" });
  assert.deepEqual(partyOf({ address: "jonas@post.example" }), { name: "jonas@post.example" });
  assert.deepEqual(partyOf({ name: "Jonas" }), { name: "Jonas" });
  assert.deepEqual(partyOf({ name: "jonas@post.example", address: "jonas@post.example" }), { name: "jonas@post.example" });
  assert.deepEqual(partyOf({ name: "Jonas", address: "Jonas Lie <jonas@post.example>" }), { name: "Jonas", address: "jonas@post.example" });
  assert.deepEqual(partyOf(undefined), { name: "" });
});

test("customers have the names that are known", () => {
  assert.deepEqual(customerOf({ customer: "jonas@post.example", customerName: "Jonas Lie" }), { name: "Jonas Lie", address: "jonas@post.example" });
  assert.deepEqual(customerOf({ customer: "jonas@post.example" }), { name: "jonas@post.example" });
  assert.deepEqual(customerOf({ customer: "Jonas Lie <jonas@post.example>" }), { name: "Jonas Lie", address: "jonas@post.example" });
});
