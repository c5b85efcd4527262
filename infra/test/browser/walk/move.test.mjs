// A person who has never seen the program moves the sample's channel, from the link to sign in to the report, with the
// mouse alone and by the keyboard alone, while customers write. Only the page is used; the API is asked what it should show.
import { describe, test } from "node:test";
import assert from "node:assert/strict";
import { all, api, ended, link, open, pace, site, traffic } from "./kit.mjs";

/** tabTo presses Tab until the focus is on something with the name. */
async function tabTo(page, name) {
  for (let i = 0; i < 80; i++) {
    await page.keyboard.press("Tab");
    const at = await focused(page);
    if (name.test(at)) return at;
  }
  assert.fail(`no way by Tab to ${name}; the focus is on ${await focused(page)}`);
}

/** focused is what the focused element is called. */
function focused(page) {
  return page.evaluate(() => {
    const e = document.activeElement;
    const labels = [...(e.labels ?? [])].map((l) => l.textContent).join(" ");
    return (e.getAttribute("aria-label") || labels || e.textContent || "").trim();
  });
}

/** theReport compares what the page of a move that has ended shows with what the API says of it. */
async function theReport(page, of) {
  await page.getByRole("heading", { level: 1, name: "support@ is in the help desk" }).waitFor();
  const id = decodeURIComponent(new URL(page.url()).pathname.replace("/app/moves/", ""));
  const moves = await all(of, "/v1/moves");
  assert.deepEqual(moves.filter((m) => !m.rehearsal).map((m) => m.id), [id], "one move, and its address");
  await ended(of, id);
  const report = await page.locator(".equation").innerText();
  const r = await api(of, `GET /v1/moves/${id}/report`);
  assert.deepEqual(report.match(/\d+/g).map(Number), [r.found, r.created, r.asIs, r.redirected, r.failed]);
  assert.equal(r.found, r.created + r.asIs + r.redirected + r.failed);
  const sums = (await page.locator(".hex").allInnerTexts()).map((s) => s.replace(/\s/g, ""));
  assert.deepEqual(sums, [r.checksum.inbox, r.checksum.desk]);
  assert.equal(r.checksum.inbox, r.checksum.desk);
  assert.ok(r.redirected > 0, "customers wrote meanwhile");
  assert.match(await page.getByRole("link", { name: "Open help desk" }).getAttribute("href"), /^\/app\/desk\?channel=support-mail$/);
  return id;
}

for (const lambda of [false, true]) {
  describe(lambda ? "behind API Gateway and Lambda" : "on one machine", () => {
    test("with the mouse alone", async (t) => {
      const of = await site({ lambda });
      const page = await open(t, of);
      await page.goto(await link(of));
      await page.getByText("Ada Lind").click();
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.getByRole("link", { name: "Settings" }).click();
      await traffic(of);
      await page.getByRole("button", { name: "Options of support@" }).click();
      await page.getByRole("menuitem", { name: /Move to help desk/ }).click();
      await page.getByRole("heading", { level: 1, name: "Move support@ to the help desk" }).waitFor();

      const button = page.getByRole("button", { name: "Move channel" });
      await button.click({ force: true }); // though it is off: it says what is missing
      const ticks = page.locator("#checks input[type=checkbox]");
      await ticks.first().waitFor();
      await page.locator("#checks .warn").getByText("Tick what you have read and accept.").waitFor();
      for (let i = 0; i < (await ticks.count()); i++) await ticks.nth(i).check();
      await page.getByRole("button", { name: "Rehearse" }).click();
      await page.getByText(/tickets to create/).waitFor();
      await page.getByLabel(/^Type support@/).click();
      await page.keyboard.insertText("support@"); // as from the clipboard
      await pace(of, 300);
      await button.click();
      await page.getByRole("heading", { level: 1, name: /The move is under way/ }).waitFor();
      await page.getByRole("progressbar").first().waitFor();
      await pace(of, 0);
      await theReport(page, of);
    });

    test("by the keyboard alone", async (t) => {
      const of = await site({ lambda });
      const page = await open(t, of);
      await page.goto(await link(of));
      const key = (k) => page.keyboard.press(k);
      await page.getByRole("button", { name: "Sign in" }).waitFor();
      await tabTo(page, /Ada Lind/);
      await tabTo(page, /^Sign in$/);
      await key("Enter");
      await page.getByRole("navigation", { name: "Main" }).waitFor();
      await traffic(of);
      await key("g");
      await key("s");
      await page.getByRole("heading", { level: 1, name: "Inboxes" }).waitFor();
      await page.getByRole("button", { name: "Options of support@" }).waitFor();
      await tabTo(page, /^Options of support@/);
      await key("Enter");
      await key("End");
      assert.match(await focused(page), /^Move to help desk/);
      await key("Enter");
      await page.getByRole("heading", { level: 1, name: "Move support@ to the help desk" }).waitFor();
      const ticks = page.locator("#checks input[type=checkbox]");
      await ticks.first().waitFor();
      await key("Control+Enter");
      const held = await page.evaluate(() => {
        // As when the key is held on a slow machine: faster than the page can scroll and draw.
        for (let at = 0; at < 8 && !document.activeElement.closest("#checks"); at++)
          document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", ctrlKey: true, bubbles: true }));
        return document.activeElement.closest("section")?.id;
      });
      assert.equal(held, "checks", "Ctrl+Enter goes to the checks");
      for (let i = 0; i < (await ticks.count()); i++) {
        while (!(await ticks.nth(i).evaluate((e) => e === document.activeElement))) await key("Tab");
        await key("Space");
        assert.ok(await ticks.nth(i).isChecked());
      }
      await tabTo(page, /^Type support@/);
      await page.keyboard.type("support@");
      await pace(of, 300);
      await key("Enter");
      await page.getByRole("heading", { level: 1, name: /The move is under way/ }).waitFor();
      assert.match(await focused(page), /^The move is under way/, "the focus goes to the title of the new page");
      await pace(of, 0);
      await theReport(page, of);
      assert.match(await focused(page), /support@ is in the help desk/, "and stays there when the move ends");
    });
  });
}
