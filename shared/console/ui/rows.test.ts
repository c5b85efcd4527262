// The inbox's and the help desk's lists, without a browser.
import assert from "node:assert/strict";
import test from "node:test";
import { party } from "./people";
import { mergeRows, partsOf, toRows, type Row } from "./rows";
import { dues } from "./sla";

const rows = (ids: string): Row<{ id: string }>[] => toRows([...ids].map((id) => ({ id })));
const items = (ids: string) => [...ids].map((id) => ({ id }));
/** A row that is gone is written in brackets. */
const text = (all: Row<{ id: string }>[]) => all.map((r) => (r.gone ? `(${r.item.id})` : r.item.id)).join("");

test("rows keep their places, and what left the list stays as gone", () => {
  const cases: [shown: string, listed: string, more: boolean, hold: boolean, want: string, held: number][] = [
    ["", "abc", false, true, "abc", 0],
    ["abc", "abc", false, false, "abc", 0],
    ["abc", "xabc", false, false, "xabc", 0],
    ["abc", "xaybc", false, false, "xaybc", 0],
    ["abc", "xyabc", false, true, "abc", 2],
    ["abc", "abcz", true, true, "abcz", 0], // at the end it moves nothing
    ["abc", "ac", false, true, "a(b)c", 0],
    ["abcd", "xabc", true, false, "xabcd", 0], // d slipped to the next page
    ["abcd", "xabc", false, false, "xabc(d)", 0],
    ["abc", "xyz", false, false, "xyz(a)(b)(c)", 0],
    ["abc", "xyz", false, true, "(a)(b)(c)", 3],
    ["abc", "", false, false, "(a)(b)(c)", 0],
  ];
  for (const [shown, listed, more, hold, want, held] of cases) {
    const got = mergeRows(rows(shown), items(listed), more, hold);
    assert.equal(text(got.rows), want, `${shown} then ${listed}`);
    assert.equal(got.held, held, `${shown} then ${listed}`);
  }
});

test("a row that comes back is no longer gone", () => {
  const gone = mergeRows(rows("abc"), items("ac"), false, true).rows;
  assert.equal(text(mergeRows(gone, items("abc"), false, true).rows), "abc");
});

test("rows keep their parts, and new ones are in that of the next row", () => {
  const item = Object.fromEntries(items("abcdxyz").map((i) => [i.id, i]));
  const shown: Row<{ id: string }>[] = [..."abcd"].map((id, i) => ({ item: item[id]!, part: i < 2 ? 0 : 1 }));
  const { rows: merged } = mergeRows(shown, [..."xaybczd"].map((id) => item[id]!), false, false);
  assert.deepEqual(partsOf(merged).map(text), ["xayb", "czd"]);
  const kept = mergeRows(shown, [..."ab"].map((id) => item[id]!), true, false).rows;
  assert.ok(kept.every((r, i) => r === shown[i]), "a row that is as it was is the same");
  assert.deepEqual(partsOf([]), []);
  assert.deepEqual(partsOf(toRows([..."0123456789ab"], 3)).map((p) => [p[0]!.part, p.length]), [[3, 10], [4, 2]]);
});

test("customers are read as channels write them", () => {
  assert.deepEqual(party("Jonas Lie <jonas@post.example>"), { name: "Jonas Lie", address: "jonas@post.example" });
  assert.deepEqual(party('"Lie, Jonas" <j@post.example>'), { name: "Lie, Jonas", address: "j@post.example" });
  assert.deepEqual(party("<j@post.example>"), { name: "j@post.example" });
  assert.deepEqual(party("+47 912 34 567"), { name: "+47 912 34 567" });
  assert.deepEqual(party("<script>alert(1)</script>"), { name: "<script>alert(1)</script>" });
});

test("what is due first comes first, with the share of its time that is used", () => {
  const now = Date.parse("2026-11-28T20:00:00Z");
  const at = (hours: number) => new Date(now + hours * 3_600_000).toISOString();
  const got = dues({ openedAt: at(-1), waitingSince: at(-0.5), clocks: { firstReplyAt: at(-0.25), nextReplyAt: at(0.5), closeAt: at(3) } }, now);
  assert.deepEqual(
    got.map((d) => [d.what, d.how, d.used]),
    [
      ["firstReply", "late", 1],
      ["nextReply", "soon", 0.5],
      ["close", "later", 0.25],
    ],
  );
  assert.deepEqual(dues({ clocks: {} }, now), []);
});
