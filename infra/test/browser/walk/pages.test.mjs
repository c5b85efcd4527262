// Pages as they are at rest: who sees which, refusals with their reasons, and how little is asked for.
import { before, describe, test } from "node:test";
import assert from "node:assert/strict";
import { open, signIn, site } from "./kit.mjs";

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
});
