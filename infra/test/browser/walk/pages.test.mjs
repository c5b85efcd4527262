// Pages as they are at rest: who sees which, refusals with their reasons, and how little is asked for.
import { before, describe, test } from "node:test";
import assert from "node:assert/strict";
import { api, ended, fits, go, open, signIn, site, start, write } from "./kit.mjs";

describe("pages", () => {
  let of;
  before(async () => (of = await site()));

  test("both doors, and each refusal with its reason", async (t) => {
    const page = await open(t, of);
    await signIn(page, of, "Ada Lind", "/app/settings/channels");
    const refusals = {
      "WhatsApp": "Delete it from the inbox and connect it to the help desk.",
      "Whatever else": "It is the account’s fallback address.",
    };
    for (const [channel, why] of Object.entries(refusals)) {
      await page.getByRole("button", { name: "Options of " + channel }).click();
      const entry = page.getByRole("menuitem", { name: /Move to help desk/ });
      assert.match(await entry.innerText(), new RegExp(why));
      assert.equal(await entry.getAttribute("aria-disabled"), "true");
      await page.keyboard.press("Escape");
    }
    await page.getByRole("link", { name: "Chatflows" }).first().click();
    await page.getByRole("heading", { level: 1, name: "Chatflows" }).waitFor();
  });

  test("history that a move left in the inbox, closed by a colleague, is not said to have a ticket", async (t) => {
    const left = await site();
    await ended(left, (await start(left, { history: "none", statusMap: undefined, sla: undefined, notifications: undefined })).id);
    const page = await open(t, left);
    await signIn(page, left, "Ada Lind", "/app/inbox");
    const row = page.locator(".list .scroll [role=listitem]", { hasText: "support@" }).first();
    await row.hover();
    const subject = (await row.locator("bdi").nth(1).innerText()).trim();
    const listed = (await api(left, "GET /v1/conversations?home=inbox&status=open&limit=100")).items;
    const { id } = listed.find((c) => c.subject === subject && c.channelId === "support-mail");
    await api(left, "PATCH /v1/conversations/" + id, { status: "closed" });
    const gone = page.locator(".list .gone", { hasText: subject }).first();
    await gone.getByText("No longer in this list").waitFor();
    await page.waitForTimeout(500); // what is asked of it has been answered
    assert.equal(await gone.getByText("Now in the help desk").count(), 0);
    assert.equal(await gone.getByRole("link", { name: "Open ticket" }).count(), 0);
  });

  test("a thread opens at its last message, and long words in it fit", async (t) => {
    const word = "x".repeat(10_000);
    const { conversationId } = await write(of, { from: `${word.slice(0, 200)} <kim@example.com>`, subject: word.slice(0, 900), text: word });
    for (let n = 0; n < 12; n++) await write(of, { conversation: conversationId, subject: word.slice(0, 900), text: `Line ${n} of many` });
    for (const [width, height] of [[1440, 900], [1000, 800], [360, 740]]) {
      const page = await open(t, of, { width, height });
      await signIn(page, of, "Ada Lind", "/app/inbox");
      await go(page, "/app/inbox/" + conversationId);
      const last = page.getByText("Line 11 of many");
      await last.waitFor();
      const box = await last.boundingBox();
      assert.ok(box.y > 0 && box.y < height, `the last message is at ${box.y} in a window of ${height}`);
      await fits(page, `a thread at ${width}`);
      const inner = await page.locator(".thread").evaluate((e) => [e.scrollWidth, e.clientWidth]);
      assert.ok(inner[0] <= inner[1], `the thread is ${inner[0]} px wide in ${inner[1]} at ${width}`);
    }
  });

  test("tables of channels break no word, whatever the size of text and window", async (t) => {
    const page = await open(t, of);
    await signIn(page, of, "Ada Lind", "/app/settings/channels");
    const broken = [];
    for (const path of ["/app/settings/channels", "/app/service/chatflows"]) {
      await go(page, path);
      await page.locator(".fits td").first().waitFor();
      for (const size of ["100%", "150%", "200%"])
        for (const width of [1440, 1240, 1000, 901, 900, 760, 360]) {
          await page.setViewportSize({ width, height: 900 });
          const found = await page.evaluate((size) => {
            document.documentElement.style.fontSize = size;
            const words = [];
            const heads = getComputedStyle(document.querySelector(".fits thead")).position === "static";
            const texts = document.createTreeWalker(document.querySelector(".fits table"), NodeFilter.SHOW_TEXT);
            for (let text; (text = texts.nextNode()); )
              for (const w of text.data.matchAll(/\p{L}+/gu)) {
                const range = document.createRange();
                range.setStart(text, w.index);
                range.setEnd(text, w.index + w[0].length);
                const lines = new Set([...range.getClientRects()].filter((r) => r.width).map((r) => Math.round(r.top)));
                // Addresses may be broken anywhere.
                if (lines.size > 1 && !text.parentElement.closest(heads ? ".sub, .hide-text" : ".sub, .hide-text, thead")) words.push(w[0]);
              }
            return words;
          }, size);
          broken.push(...found.map((w) => `${w}, with text of ${size} in a window of ${width}`));
          await fits(page, `${path} with text of ${size} in a window of ${width}`).catch((e) => broken.push(e.message));
        }
    }
    assert.deepEqual(broken, []);
  });

  test("icons and boxes grow with text, and no figure of a report is broken", async (t) => {
    const rehearsal = await start(of, { rehearsal: true, acknowledged: undefined });
    await ended(of, rehearsal.id);
    const sizes = [];
    for (const largeText of [false, true]) {
      const page = await open(t, of, { largeText });
      await signIn(page, of, "Ada Lind", "/app/channels/support-mail/move");
      await page.locator("#checks input").first().waitFor();
      const size = (selector) => page.locator(selector).first().evaluate((e) => e.getBoundingClientRect().width);
      sizes.push([await size("#checks .icon"), await size("#checks input[type=checkbox]"), await size("#history input[type=radio]")]);
      if (largeText) continue;
      await go(page, "/app/moves/" + rehearsal.id);
      await page.locator(".equation b").first().waitFor();
      for (const text of ["100%", "200%"]) {
        await page.evaluate((size) => (document.documentElement.style.fontSize = size), text);
        for (const width of [1440, 1000, 360]) {
          await page.setViewportSize({ width, height: 900 });
          const broken = await page.locator(".equation b, .equation .small").evaluateAll((all) => all.filter((e) => e.offsetHeight > 1.5 * parseFloat(getComputedStyle(e).lineHeight) && !/ /.test(e.textContent)).map((e) => e.textContent));
          assert.deepEqual(broken, [], `with text of ${text} in a window of ${width}`);
          await fits(page, `a report with text of ${text} in a window of ${width}`);
        }
      }
    }
    const [usual, large] = sizes;
    for (const [i, px] of large.entries()) assert.ok(px > 1.9 * usual[i], `${usual} become ${large}`);
  });

  test("a menu opens where the page has just been scrolled, and closes when it is scrolled on", async (t) => {
    const page = await open(t, of, { width: 360, height: 500 });
    await signIn(page, of, "Ada Lind", "/app/settings/channels");
    await page.locator("[data-channel=whatsapp] [aria-haspopup]").waitFor();
    await page.evaluate(() => {
      scrollTo(0, 200); // whose event comes after the click
      document.querySelector("[data-channel=whatsapp] [aria-haspopup]").click();
    });
    await page.waitForTimeout(300);
    assert.equal(await page.getByRole("menu").count(), 1);
    await page.evaluate(() => scrollBy(0, 40));
    await page.getByRole("menu").waitFor({ state: "detached" });
  });

  test("lists have the order that one chooses", async (t) => {
    const first = await write(of, { channel: "hotline", from: "+47 1", subject: "The first of two" });
    await write(of, { channel: "hotline", from: "+47 2", subject: "The second of two" });
    await api(of, "PATCH /v1/conversations/" + first.conversationId, { owner: "ben" }, { "Idempotency-Key": crypto.randomUUID() });
    const page = await open(t, of);
    await signIn(page, of, "Ada Lind", "/app/inbox?channel=hotline");
    const top = page.locator(".list .scroll [role=listitem]").first();
    await top.getByText("The second of two").waitFor();
    await page.getByRole("button", { name: "Order" }).click();
    await page.getByRole("menuitemradio", { name: "The last changed first" }).click();
    await top.getByText("The first of two").waitFor();
  });
});
