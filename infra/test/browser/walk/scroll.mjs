// Scrolls a list of many rows to its end, and measures for how long a page does nothing else: the longest task. It is
// no test, as computers that are busy make tasks long.
import { test } from "node:test";
import { open, signIn, site, write } from "./kit.mjs";

const rows = Number(process.env.ROWS ?? 5000);

test("the longest task while scrolling", async (t) => {
  const of = await site({ conversations: 1 });
  for (let n = 0; n < rows; n += 50) {
    await Promise.all(Array.from({ length: 50 }, (_, i) => write(of, { channel: "contact-form", from: { name: "Kim " + (n + i), address: `kim${n + i}@example.com` }, subject: "Question " + (n + i) })));
  }
  const page = await open(t, of);
  await signIn(page, of, "Ada Lind", "/app/inbox");
  const list = page.locator(".list .scroll");
  await list.locator("[role=listitem]").first().waitFor();
  await page.evaluate(() => {
    globalThis.tasks = [];
    new PerformanceObserver((seen) => globalThis.tasks.push(...seen.getEntries().map((e) => e.duration))).observe({ type: "longtask" });
  });
  const began = Date.now();
  const box = await list.elementHandle();
  const top = () => box.evaluate((e) => ({ at: e.scrollTop, end: e.scrollHeight - e.clientHeight }));
  await list.hover();
  let is = await top();
  for (let still = 0; still < 5; ) {
    for (let n = 0; n < 5; n++) {
      await page.mouse.wheel(0, 2000);
      await page.waitForTimeout(16);
    }
    const next = await top();
    still = next.at === is.at && next.end === is.end ? still + 1 : 0;
    is = next;
  }
  const tasks = await page.evaluate(() => globalThis.tasks);
  console.log(JSON.stringify({
    name: "scroll", rows, seconds: (Date.now() - began) / 1000, scrolledPx: Math.round(is.at), rowsInPage: await list.locator("[role=listitem]").count(),
    tasksAbove50Ms: tasks.length, longestTaskMs: Math.round(Math.max(0, ...tasks)),
  }));
});
