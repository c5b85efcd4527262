// axe finds nothing: on any page, in both languages, widths and themes, with menus and dialogs open.
import { before, describe, test } from "node:test";
import assert from "node:assert/strict";
import { axe, fits, open, pace, settled, signIn, site, start, ended } from "./kit.mjs";
import { each, furnish, places, visit } from "./places.mjs";

describe("axe", () => {
  let of, what;
  before(async () => {
    of = await site({ conversations: 60 });
    what = await furnish(of);
  });

  for (const lang of ["en-GB", "nb-NO"]) {
    test("pages, " + lang, async (t) => {
      const found = [];
      const check = async (page, where, dark) => {
        for (const one of [axe(page, where, dark), fits(page, where)]) await one.catch((e) => found.push(e.message));
      };
      const page = await open(t, of, { lang });
      await signIn(page, of);
      for (const place of places(what)) {
        await page.setViewportSize({ width: 1440, height: 900 });
        await visit(page, place);
        await each(page, async ({ width, dark, phone }) => {
          await settled(page);
          const where = `${place.name}, ${lang}, ${width}${dark ? ", dark" : ""}`;
          await check(page, where, dark);
          for (const [name, show] of Object.entries((phone && place.phone) || place.open || {})) {
            await show(page);
            await check(page, `${where}, ${name} open`, dark);
            await page.keyboard.press("Escape");
            await page.locator("dialog[open]").waitFor({ state: "detached" });
          }
        });
      }
      assert.deepEqual(found, []);
    });

    test("signing in, and a move that runs, " + lang, async (t) => {
      const found = [];
      const check = async (page, where, dark) => {
        for (const one of [axe(page, where, dark), fits(page, where)]) await one.catch((e) => found.push(e.message));
      };
      const page = await open(t, of, { lang });
      await page.goto(of.url + "/app/");
      await page.locator("h1").waitFor();
      await each(page, ({ width, dark }) => check(page, `signed out, ${lang}, ${width}${dark ? ", dark" : ""}`, dark));
      await page.setViewportSize({ width: 1440, height: 900 });
      await signIn(page, of);
      await pace(of, 12_000);
      const move = await start(of, { channelId: lang === "en-GB" ? "hotline" : "contact-form" });
      for (const place of [{ name: "progress", path: "/app/moves/" + move.id }, { name: "banner", path: "/app/inbox" }, { name: "channels, moving", path: "/app/settings/channels" }, { name: "operations, moving", path: "/app/ops" }]) {
        await page.setViewportSize({ width: 1440, height: 900 });
        await visit(page, place);
        if (place.name === "banner") await page.locator("aside.banner").waitFor();
        await each(page, ({ width, dark }) => check(page, `${place.name}, ${lang}, ${width}${dark ? ", dark" : ""}`, dark));
      }
      await page.setViewportSize({ width: 360, height: 740 });
      await page.locator("button.bars").click();
      await check(page, `navigation of a phone, ${lang}`, false);
      await page.keyboard.press("Escape");
      await pace(of, 0);
      await ended(of, move.id);
      await page.goto(of.url + "/app/");
      await page.locator("h1").first().waitFor();
      assert.deepEqual(found, []);
    });
  }
});
