// Writes pictures of all pages, on desktops and phones, in the dark, in bokmål, with forced colours and with text at
// 200 %, for people to look at.
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { test } from "node:test";
import assert from "node:assert/strict";
import { api, ended, link, open, pace, settled, signIn, site, start, traffic, until } from "./kit.mjs";
import { furnish, places, visit } from "./places.mjs";
import { whole } from "./whole.mjs";

const folder = process.env.PICTURES;

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });

const looks = {
  "desktop": {},
  "phone": { width: 390, height: 844, deviceScaleFactor: 2, hasTouch: true },
  "dark": { dark: true },
  "nb": { lang: "nb-NO" },
  "forced": { forcedColors: "active" },
  "large": { largeText: true },
};

test("pictures", async (t) => {
  const shoot = (page, look, name, whole) => page.screenshot({ path: `${folder}/${look}-${name}.png`, fullPage: whole });

  // Before and while a channel moves.
  const busy = await site({ conversations: 400 });
  const windows = {};
  for (const [look, as] of Object.entries(looks)) {
    const page = (windows[look] = await open(t, busy, as));
    await page.goto(await link(busy));
    await page.getByText("Ada Lind").waitFor();
    await shoot(page, look, "signin");
    await signIn(page, busy, "Ada Lind", "/app/inbox");
    await page.locator(".list .scroll [role=listitem]").first().waitFor();
    await shoot(page, look, "inbox");
    await visit(page, { path: "/app/settings/channels" });
    await shoot(page, look, "channels");
    await page.locator("[data-channel=support-mail] [aria-haspopup]").click();
    await shoot(page, look, "channels-menu");
    await page.keyboard.press("Escape");
    await visit(page, { path: "/app/service/chatflows" });
    await page.locator("[data-channel=web-chat] [aria-haspopup]").click();
    await shoot(page, look, "chatflows-menu");
    await page.keyboard.press("Escape");
    await visit(page, { path: "/app/channels/support-mail/move" });
    await page.locator("#checks input[type=checkbox]").first().waitFor();
    await shoot(page, look, "move");
    await shoot(page, look, "move-whole", true);
  }

  await traffic(busy);
  await pace(busy, 2500);
  const move = await start(busy);
  await until(async () => ((await api(busy, "GET /v1/moves/" + move.id)).progress?.done ?? 0) > 60, "some have moved");
  await pace(busy, 12_000);
  for (const [look, page] of Object.entries(windows)) {
    await page.goto(`${busy.url}/app/moves/${move.id}`);
    await settled(page);
    await page.waitForTimeout(4000); // so that the course has a few points
    await shoot(page, look, "progress");
    await visit(page, { path: "/app/inbox" });
    await page.locator("aside.banner").waitFor();
    await page.locator(".list .scroll [role=listitem] a").first().click();
    await page.locator(".words").first().waitFor();
    await shoot(page, look, "inbox-banner");
    await visit(page, { path: "/app/settings/channels" });
    await shoot(page, look, "channels-moving");
    await visit(page, { path: "/app/ops" });
    await settled(page);
    await shoot(page, look, "operations-moving");
  }
  await pace(busy, 0);
  await ended(busy, move.id);

  // After it.
  const of = await site({ conversations: 400 });
  const thread = await whole(of, { channel: "contact-form" });
  const what = await furnish(of);
  for (const [look, as] of Object.entries(looks)) {
    const page = await open(t, of, as);
    await signIn(page, of);
    await visit(page, { path: "/app/inbox/" + thread });
    await page.locator(".thread article").first().scrollIntoViewIfNeeded();
    await page.locator(".preview img").first().waitFor();
    await shoot(page, look, "thread");
    for (const place of places(what)) {
      if (["inbox", "channels", "chatflows", "move"].includes(place.name)) continue;
      await visit(page, place);
      await settled(page);
      await shoot(page, look, place.name, place.name !== "ticket" && place.name !== "conversation" && place.name !== "desk");
    }
  }
});

// What the drills have measured, drawn by the page of operations: each alarm while it is on and when it is over, each
// widget over a healthy move, and whole pages. The page must say of each alarm what the drill does.
test("drills", async (t) => {
  const of = await site({ conversations: 1 });
  const page = await open(t, of);
  const files = readdirSync(process.env.MEASURED).sort();
  assert.ok(files.length > 30, "make pictures runs the drills first");
  const [begun, minute] = [Date.now(), 60_000];
  let shown;
  await page.route("**/v1/operations", (route) => route.fulfill({ json: shown }));
  await signIn(page, of, "Ada Lind", "/app/ops");
  const cards = {};
  for (const file of files) {
    const [name, when] = file.replace(".json", "").split("-");
    const { at, on, operations } = JSON.parse(readFileSync(`${process.env.MEASURED}/${file}`, "utf8"));
    const later = (Math.floor(begun / minute) - Math.floor(Date.parse(at) / minute)) * minute;
    for (const m of operations.metrics) for (const p of m.points) p.at = new Date(Date.parse(p.at) + later).toISOString();
    await page.clock.setFixedTime(Date.parse(at) + later);
    shown = operations;
    await visit(page, { path: "/app/moves" });
    await visit(page, { path: "/app/ops" });
    await page.locator(".alarms .card").first().waitFor();
    await page.waitForTimeout(200); // charts know their width
    const states = {};
    for (const card of await page.locator(".alarms .card").all()) states[await card.locator("h3").innerText()] = await card.locator(".pill").allInnerTexts();
    for (const alarm of on ?? []) assert.deepEqual(states[alarm], ["On"], `${alarm} in ${file}`);
    if (when === "off" || !when) for (const [alarm, state] of Object.entries(states)) if (!when || alarm === name) assert.notDeepEqual(state, ["On"], `${alarm} in ${file}`);
    if (when) (cards[when] ??= []).push(await page.locator(".alarms .card", { has: page.getByRole("heading", { name, exact: true }) }).screenshot());
    else cards["widgets-" + name] = await Promise.all((await page.locator(".stack > .widgets > .card").all()).map((card) => card.screenshot()));
    await page.screenshot({ path: `${folder}/drill-${file.replace(".json", "")}.png`, fullPage: true });
  }
  // Sheets of them, which are seen at one glance.
  const sheet = await (await page.context().browser().newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  for (const [name, pictures] of Object.entries(cards)) {
    await sheet.setContent(pictures.map((p) => `<img width="340" src="data:image/png;base64,${p.toString("base64")}">`).join(" "));
    await sheet.screenshot({ path: `${folder}/drills-${name}.png`, fullPage: true });
  }
});
