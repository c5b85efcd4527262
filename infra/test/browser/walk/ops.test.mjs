// The page of operations: the moves that run or need somebody, and the widgets and alarms of template.yaml.
import { before, describe, test } from "node:test";
import assert from "node:assert/strict";
import { api, damage, ended, fits, open, pace, settle, signIn, site, start, until, write } from "./kit.mjs";

const slow = 12_000; // milliseconds before each write of the converter: the move goes on for minutes

describe("operations", () => {
  let of, move, lone;
  before(async () => {
    of = await site({ conversations: 40 });
    lone = (await write(of, { subject: "Its date is missing" })).conversationId;
    await damage(of, lone);
  });

  const look = async (t, more) => {
    const page = await open(t, of, more);
    await signIn(page, of, "Ada Lind", "/app/ops");
    await page.locator(".widgets .card").first().waitFor();
    return page;
  };

  test("a move has its row while it runs: how far, how long, what is wrong; and the way to its page", async (t) => {
    const page = await look(t);
    await page.getByText("None runs, and none needs you.").waitFor();
    await pace(of, 4000);
    move = await start(of);
    const row = page.locator(".running tbody tr");
    await row.getByText(/Convert since/).waitFor();
    await until(async () => (await api(of, "GET /v1/moves/" + move.id)).progress.done > 4, "some have moved");
    await pace(of, slow);
    let is;
    await until(async () => {
      is = await api(of, "GET /v1/moves/" + move.id);
      const percent = Math.floor((is.progress.done / is.expected) * 100);
      return new RegExp(`\\b${percent}\\s% · ${is.progress.done} of ${is.expected}\\b`).test(await row.innerText());
    }, "the row says what the API does");
    const cells = await row.locator("td").allInnerTexts();
    assert.match(cells[3], /^\d+$|^–$/, "conversations a second");
    assert.match(cells[4], /^\d+ (s|min)/, "what is left");
    assert.match(cells[5], /Nothing|could not be converted|waiting/);

    // What the API says of one that hangs.
    await page.route("**/v1/moves/" + move.id, async (route) => {
      const answer = await route.fetch();
      const json = { ...(await answer.json()), stuckSeconds: 1000, waiting: { code: "throttled", since: is.startedAt } };
      await route.fulfill({ response: answer, json });
    });
    await row.getByText("No further for 16 min 40 s").waitFor();
    await row.getByText("throttled: live traffic has the way").waitFor();
    await page.unroute("**/v1/moves/" + move.id);

    await pace(of, 0);
    await ended(of, move.id);
    await row.getByText("Needs you").waitFor();
    await row.getByText("One could not be converted").waitFor();
    await row.getByRole("link", { name: "support@" }).click();
    await page.waitForURL("**/app/moves/" + move.id);
  });

  test("widgets and alarms are the template's, drawn from what was measured", async (t) => {
    const page = await look(t);
    const card = (name) => page.locator(".widgets .card", { has: page.getByRole("heading", { name, exact: true }) });
    await page.reload();
    await card("Conversations per minute").locator("details summary").click();
    const measured = await api(of, "GET /v1/operations");
    const points = measured.metrics.find((m) => m.name === "Converted").points;
    const column = await card("Conversations per minute").locator("tbody tr td:nth-child(2)").allInnerTexts();
    assert.equal(column.reduce((n, v) => n + Number(v), 0), points.reduce((n, p) => n + p.sum, 0), "converted");
    for (const name of ["Progress", "Delay of live changes, ms", "Batches waiting", "Executions", "Functions' errors", "Functions throttled", "Write units per minute", "Tables throttled", "API"])
      await card(name).locator("svg.chart[role=img] .line").first().waitFor({ state: "attached" });
    assert.equal(await card("API").locator("svg.chart[role=img]").count(), 2, "what has a scale of its own has a chart of its own");
    await card("ClaimsErrorsAlarm").getByText("Not measured outside AWS.").waitFor();

    await page.clock.setFixedTime(Date.now() + 60_000); // a minute counts when it is over
    await page.reload();
    await card("MovesAtAttentionAlarm").getByText("On", { exact: true }).waitFor();
    await card("MovesAtAttentionAlarm").getByText("On above 0 for 1 h of the last 1 d 2 h").waitFor();
    await card("SweeperAlarm").getByText("Off", { exact: true }).waitFor();
    await card("SweeperAlarm").locator("svg.chart line.limit").waitFor({ state: "attached" });
    assert.equal(await page.locator(".alarms .card h3").first().innerText(), "MovesAtAttentionAlarm", "those that are on come first");
    assert.ok((await page.locator(".alarms .card").count()) >= 15);
    await fits(page, "the page of operations");
    if (process.env.SHOTS) await page.screenshot({ path: process.env.SHOTS + "/whole.png", fullPage: true });
    await settle(of, lone);
  });

  test("whoever does not run deskmove sees their moves, and why nothing else", async (t) => {
    const page = await open(t, of);
    await page.route("**/v1/operations", (route) => route.fulfill({ json: { withheld: true, minutes: 180, metrics: [] } }));
    await signIn(page, of, "Ada Lind", "/app/ops");
    await page.getByText("only the account of those who run deskmove sees it").waitFor();
    await page.locator(".running tbody tr").first().waitFor();
    assert.equal(await page.locator(".widgets, .alarms").count(), 0);
    await fits(page, "the page of operations of others");
  });

  test("on AWS there are the widgets' titles, which lead to the dashboard", async (t) => {
    const page = await open(t, of);
    const dashboard = of.url + "/dashboard";
    await page.route("**/v1/operations", (route) => route.fulfill({ json: { dashboard, minutes: 180, metrics: [] } }));
    await signIn(page, of, "Ada Lind", "/app/ops");
    await page.getByRole("link", { name: "Open the dashboard" }).waitFor();
    const links = page.locator(".titles a");
    assert.ok((await links.count()) >= 16);
    for (const link of await links.all()) assert.equal(await link.getAttribute("href"), dashboard);
    assert.equal(await page.locator("svg.chart").count(), 0);
    await page.locator(".running tbody tr").first().waitFor();
  });
});
