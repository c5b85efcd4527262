// What people see while a channel moves, and what they do meanwhile.
import { before, describe, test } from "node:test";
import assert from "node:assert/strict";
import { api, damage, ended, go, open, pace, settle, signIn, site, start, until, write } from "./kit.mjs";

const slow = 12_000; // milliseconds before each write of the converter: the move goes on for minutes
const title = (page, name) => page.getByRole("heading", { level: 1, name });

/** later is a promise that is kept from outside. */
function later() {
  let resolve;
  return { promise: new Promise((r) => (resolve = r)), resolve: () => resolve() };
}

describe("while a channel moves", () => {
  let of, move, lone;
  before(async () => {
    of = await site();
    lone = (await write(of, { subject: "A bell that does not ring" })).conversationId;
  });

  test("people in the inbox: a row under the cursor, an edit, the banner", async (t) => {
    const chloe = await open(t, of);
    await signIn(chloe, of, "Chloé Martin", "/app/inbox");
    const row = chloe.locator(".list .scroll [role=listitem]", { hasText: "support@" }).nth(1);
    await row.hover();
    const place = await row.boundingBox();
    const subject = (await row.locator("bdi").nth(1).innerText()).trim();
    const hovered = (await api(of, "GET /v1/conversations?home=inbox&status=open&limit=100")).items.find((c) => c.subject === subject && c.channelId === "support-mail");

    const ben = await open(t, of);
    await signIn(ben, of, "Ben Osei", "/app/inbox/" + lone);
    await title(ben, "A bell that does not ring").waitFor();
    await ben.getByRole("button", { name: /^Close/ }).waitFor();
    const heard = later(); // until then, Ben's page does not hear of the move
    await ben.route("**/v1/conversations/" + lone, async (route) => {
      if (route.request().method() === "GET") await heard.promise;
      await route.continue();
    });

    await pace(of, slow);
    move = await start(of);
    // A reply redirects it at once, whatever the converter does.
    await write(of, { conversation: lone, text: "Still silent." });
    await write(of, { conversation: hovered.id, text: "And again." });
    await until(async () => (await api(of, "GET /v1/conversations/" + lone)).home === "helpdesk", "the reply brings it to the help desk");
    await ben.getByRole("button", { name: /^Close/ }).click();
    const ask = ben.getByRole("dialog");
    await ask.getByText("It moved meanwhile. Close the ticket instead?").waitFor();
    heard.resolve();
    await ask.getByRole("button", { name: "Solve" }).click();
    await ben.waitForURL(/\/app\/desk\//);
    const ticket = decodeURIComponent(new URL(ben.url()).pathname.replace("/app/desk/", ""));
    assert.equal((await api(of, "GET /v1/tickets/" + ticket)).status, "solved");

    const gone = chloe.locator(".list .gone", { hasText: subject }).first();
    await gone.getByText("Now in the help desk").waitFor();
    const now = await gone.boundingBox();
    const banner = await chloe.getByRole("complementary", { name: "A move is under way" }).boundingBox().catch(() => null);
    assert.equal(now.height, place.height);
    assert.equal(now.y - (banner?.height ?? 0), place.y, "nothing moves under the cursor, but for the banner above all");
    await gone.getByRole("link", { name: "Open ticket" }).click();
    await title(chloe, subject).waitFor();
    await chloe.getByRole("complementary", { name: "A move is under way" }).getByRole("link", { name: "Open help desk" }).waitFor();

    const lars = await open(t, of);
    await signIn(lars, of, "Lars Berg", "/app/inbox");
    await lars.getByText("Ask an administrator for help desk access.").waitFor();
    assert.equal(await lars.getByRole("link", { name: "Help desk" }).count(), 0);
  });

  test("its page: a reload shows the same, and at its end the banner goes", async (t) => {
    const ada = await open(t, of, { reducedMotion: "no-preference" });
    await signIn(ada, of, "Ada Lind", "/app/moves/" + move.id);
    await title(ada, /support@ is moving|under way/).waitFor();
    const legend = () => ada.locator(".legend").first().innerText();
    await until(async () => /[1-9]/.test(await legend()), "something has moved");
    await ada.locator("figure, svg[role=img]").first().waitFor();
    const before = (await legend()).match(/\d+/g).map(Number);
    await ada.reload();
    await until(async () => /[1-9]/.test(await ada.locator(".legend").first().innerText().catch(() => "")), "it is shown again");
    const after = (await legend()).match(/\d+/g).map(Number);
    assert.equal(after.length, before.length);
    assert.ok(after[0] >= before[0] && after[0] <= before[0] + 40, `created ${before[0]}, after the reload ${after[0]}`);

    const ben = await open(t, of);
    await signIn(ben, of, "Ben Osei", "/app/inbox");
    const banner = ben.getByRole("complementary", { name: "A move is under way" });
    await banner.waitFor();

    await pace(of, 0);
    await title(ada, "support@ is in the help desk").waitFor();
    assert.match(await ada.title(), /^✓ support@/);
    await banner.waitFor({ state: "detached" });
    await ben.getByText("support@ is in the help desk now.").first().waitFor();
  });
});

describe("starting", () => {
  let of;
  before(async () => (of = await site({ conversations: 60 })));

  const form = async (t) => {
    const page = await open(t, of);
    await signIn(page, of, "Ada Lind", "/app/channels/support-mail/move");
    await page.locator("#checks input[type=checkbox]").first().waitFor();
    return page;
  };

  test("a warning that grows unticks itself", async (t) => {
    const page = await form(t);
    const tick = page.locator("#warning-agents-without-access");
    await tick.check();
    const setup = await api(of, "GET /v1/account");
    for (const a of setup.agents) if (a.id === "hana" || a.id === "emre") a.helpDesk = false;
    await api(of, "PUT /v1/account", setup);
    await page.getByLabel(/From the original times/).check(); // so that the plan is made again
    await page.getByText(/^was \d+, is \d+$/).waitFor();
    assert.equal(await tick.isChecked(), false);
    const button = page.getByRole("button", { name: "Move channel" });
    await page.getByLabel(/^Type support@/).fill("support@");
    await button.click({ force: true });
    assert.equal((await api(of, "GET /v1/moves")).items.length, 0, "nothing starts without it");
  });

  test("a double click starts one move, and a conversation that cannot be converted waits for its settling", async (t) => {
    const bad = (await write(of, { subject: "Without a date" })).conversationId;
    await damage(of, bad);
    const page = await form(t);
    for (const tick of await page.locator("#checks input[type=checkbox]").all()) await tick.check();
    await page.getByLabel(/^Type support@/).fill("  SUPPORT@ ");
    await page.getByRole("button", { name: "Move channel" }).dblclick();
    await title(page, "support@ is in the help desk, one conversation is not").waitFor();
    assert.equal((await api(of, "GET /v1/moves")).items.length, 1);
    const failures = page.getByRole("region", { name: "Could not be converted" });
    await failures.getByText("The date it started is missing.").waitFor();
    await failures.getByText(bad).waitFor();
    await go(page, "/app/settings/channels");
    await page.locator("[data-channel=support-mail]").getByText("Not all moved").waitFor();
    await page.locator("[data-channel=support-mail]").getByRole("link", { name: "Report" }).click();
    await page.getByRole("button", { name: "Try 1 again" }).click();
    await until(async () => (await page.getByRole("button", { name: "Try 1 again" }).count()) > 0 && (await api(of, "GET /v1/moves")).items[0].status === "attention", "it fails again");
    await settle(of, bad);
    await page.getByRole("button", { name: "Try 1 again" }).click();
    await page.getByRole("heading", { level: 1, name: "support@ is in the help desk", exact: true }).waitFor();
    assert.equal(await failures.count(), 0);
  });

  test("another channel waits while one moves", async (t) => {
    await pace(of, slow);
    const move = await start(of, { channelId: "contact-form" });
    const page = await open(t, of);
    await signIn(page, of, "Ada Lind", "/app/settings/channels");
    await page.getByText("Contact form is moving. One channel moves at a time.").first().waitFor();
    await go(page, "/app/channels/hotline/move");
    await page.getByText("Nothing stands in the way").or(page.getByRole("alert")).waitFor();
    for (const tick of await page.locator("#checks input[type=checkbox]").all()) await tick.check();
    await page.getByLabel(/^Type Hotline/).fill("hotline");
    await page.getByText(/Contact form is moving since/).waitFor();
    await pace(of, 0);
    await ended(of, move.id);
  });
});

describe("idle pages while a channel moves", () => {
  test("ask little, and mostly for what has not changed", async (t) => {
    // A move of half an hour, as one is that somebody leaves a page open for. Its pages are looked at when the rows
    // that they show have moved.
    const of = await site({ conversations: 4000 });
    const move = await start(of);
    const listed = () => api(of, "GET /v1/conversations?home=inbox&status=open&limit=50");
    await pace(of, 500);
    await until(async () => !(await listed()).items.some((c) => c.channelId === "support-mail"), "the first rows have moved");
    await pace(of, slow);
    const idle = {};
    const pages = [
      ["inbox", "Ben Osei", "/app/inbox"],
      ["desk", "Ben Osei", "/app/desk"],
      ["channels", "Ada Lind", "/app/settings/channels"],
      ["moves", "Ada Lind", "/app/moves"],
      ["progress", "Ada Lind", "/app/moves/" + move.id],
    ];
    for (const [name, who, path] of pages) {
      idle[name] = await open(t, of, { reducedMotion: "no-preference" });
      await signIn(idle[name], of, who, path);
      await idle[name].getByRole("heading", { level: 1 }).waitFor();
    }
    const seconds = 30;
    await idle.inbox.waitForTimeout(3000); // until all is there
    for (const page of Object.values(idle)) page.seen.length = 0;
    await idle.inbox.waitForTimeout(seconds * 1000);
    let [all, unchanged] = [0, 0];
    for (const [name, page] of Object.entries(idle)) {
      const asked = await Promise.all(page.seen.map(async (r) => ({ path: new URL(r.url()).pathname, status: (await r.response())?.status() })));
      const same = asked.filter((r) => r.status === 304).length;
      const said = `${name}: asked ${asked.length} times in ${seconds} s, ${same} of them 304: ${asked.map((r) => r.path + (r.status === 304 ? "" : " " + r.status)).sort().join(", ")}`;
      t.diagnostic(said);
      assert.ok(asked.length <= seconds, said);
      if (name === "progress") continue; // it shows how many are done, which changes all the time
      all += asked.length;
      unchanged += same;
    }
    assert.ok(unchanged > all / 2, `${unchanged} of ${all} were 304`);
  });
});
