// Who may see what, on the pages and on the network.
import { before, describe, test } from "node:test";
import assert from "node:assert/strict";
import { api, ended, go, open, settled, signIn, site, start, until, write } from "./kit.mjs";

const secret = "Only the desk reads this";

describe("who may see what", () => {
  let of, move, ticket, conversation;
  before(async () => {
    of = await site({ conversations: 60 });
    conversation = (await write(of, { subject: secret, text: secret })).conversationId;
    move = await start(of);
    await ended(of, move.id);
    await write(of, { conversation, text: secret + " too" });
    const page = await api(of, "GET /v1/conversations/" + conversation);
    ticket = page.ticketId;
  });

  const pages = () => ({
    "/app/inbox": "everyone",
    ["/app/inbox/" + conversation]: "everyone",
    "/app/desk": "desk",
    ["/app/desk/" + ticket]: "desk",
    "/app/settings/channels": "everyone",
    "/app/settings/channels/support-mail": "everyone",
    "/app/settings/agents": "everyone",
    "/app/settings/pipelines": "everyone",
    "/app/settings/slas": "everyone",
    "/app/service/chatflows": "everyone",
    "/app/channels/contact-form/move": "admin",
    ["/app/moves/" + move.id]: "admin",
    "/app/moves": "admin",
    "/app/audit": "admin",
  });

  for (const [who, may] of Object.entries({
    "Ada Lind": ["everyone", "desk", "admin"],
    "Ben Osei": ["everyone", "desk"],
    "Lars Berg": ["everyone"],
  })) {
    test(`${who}: ${may.join(", ")}`, async (t) => {
      const page = await open(t, of);
      const bodies = [];
      const reading = [];
      page.on("response", (r) => {
        if (r.url().includes("/v1/")) reading.push(r.text().then((text) => bodies.push({ path: new URL(r.url()).pathname, status: r.status(), text }), () => {}));
      });
      await signIn(page, of, who);
      await settled(page);
      const links = await page.getByRole("navigation", { name: "Main" }).getByRole("link").allInnerTexts();
      const names = links.map((l) => l.trim().split("\n")[0].trim());
      assert.equal(names.includes("Help desk"), may.includes("desk"), `${who} has the links ${names}`);
      assert.equal(names.includes("Moves"), may.includes("admin"), `${who} has the links ${names}`);
      for (const [path, need] of Object.entries(pages())) {
        await go(page, path);
        await until(async () => new URL(page.url()).pathname === path && (await page.locator("h1").count()) > 0, path + " is there");
        await settled(page);
        const refused = (await page.getByRole("heading", { name: "This is not for you" }).count()) > 0;
        assert.equal(refused, !may.includes(need), `${path} for ${who}`);
      }
      // What is looked for by its ID is found by those who may see it.
      await go(page, "/app/inbox");
      await page.getByRole("button", { name: "Search" }).click();
      for (const id of [conversation, ticket]) {
        await page.getByRole("searchbox").fill(id);
        await page.keyboard.press("Enter");
        await page.locator(".list .scroll [role=listitem]").or(page.locator(".list .empty")).first().waitFor();
      }
      await Promise.all(reading);
      assert.ok(bodies.length > 5, "the network was watched");
      const seen = bodies.filter((b) => b.text.includes(secret)).map((b) => b.path);
      assert.equal(seen.length > 0, may.includes("desk"), `${who} received a desk item from ${seen}`);
      if (!may.includes("desk")) {
        const tickets = bodies.filter((b) => b.path.startsWith("/v1/tickets") && b.status < 400);
        assert.deepEqual(tickets.map((b) => b.path), [], "and no list of tickets");
      }
      if (!may.includes("admin")) {
        const admin = bodies.filter((b) => /^\/v1\/(moves|audit)|\/plan$/.test(b.path) && b.status < 400);
        assert.deepEqual(admin.map((b) => b.path), [], "nor what only administrators may read");
      }
    });
  }
});
