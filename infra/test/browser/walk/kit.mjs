// What the scripts share: a browser, sites to look at, and checks that hold on every page.
import { createRequire } from "node:module";
import { after, before } from "node:test";
import assert from "node:assert/strict";
import { createHash } from "node:crypto";

const require = createRequire(process.env.BROWSER_MODULES + "/");
const { chromium } = require("playwright-core");
const axeSource = require("axe-core").source;

/** How long anything may take, in milliseconds. It is no limit on speed: CI's computers are busy. */
export const patience = 30_000;

let browser, large; // the same one, of readers who have set twice the size of text

const launch = (...more) =>
  chromium.launch({
    executablePath: process.env.BROWSER,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
      ...more,
    ],
  });

before(async () => {
  browser = await launch();
});
after(() => Promise.all([browser?.close(), large?.close()]));

// ---- sites ----

/** site makes a deskmove with the demo's account and sample: {id, url, token}. */
export async function site(wish = {}) {
  return await stage("/sites", { conversations: 120, ...wish });
}

/** link is another link to sign in, good once. */
export async function link(of, page = "/app/") {
  return (await stage(`/sites/${of.id}/link`, { page })).link;
}

/** asked is how often the user pool of a site was asked for what. */
export const asked = (of) => stage(`/sites/${of.id}/pool`);
export const traffic = (of) => stage(`/sites/${of.id}/traffic`);
/** pace sets how many milliseconds the converter waits before it writes 4 conversations, and again what it has counted. */
export const pace = (of, ms) => stage(`/sites/${of.id}/pace`, { ms });
export const damage = (of, conversation) => stage(`/sites/${of.id}/damage`, { conversation });
export const settle = (of, conversation) => stage(`/sites/${of.id}/settle`, { conversation });

async function stage(path, body = {}) {
  const answer = await fetch(process.env.STAGE + path, { method: "POST", body: JSON.stringify(body) });
  assert.equal(answer.status, 200, `${path}: ${await answer.clone().text()}`);
  return await answer.json();
}

/** api calls the API as a super administrator, for what pages should show or what others do meanwhile. */
export async function api(of, operation, body, headers = {}) {
  const [method, path] = operation.split(" ");
  if (operation === "PUT /v1/account") {
    const is = await fetch(of.url + path, { headers: { Authorization: "Bearer " + of.token } });
    headers = { "If-Match": is.headers.get("ETag"), ...headers };
  }
  const answer = await fetch(of.url + path, {
    method,
    headers: { Authorization: "Bearer " + of.token, ...(body && { "Content-Type": "application/json" }), ...headers },
    body: body && JSON.stringify(body),
  });
  const text = await answer.text();
  assert.ok(answer.ok, `${operation}: ${answer.status} ${text}`);
  return text ? JSON.parse(text) : undefined;
}

/** all reads a list to its end. */
export async function all(of, path) {
  const items = [];
  for (let cursor; ; ) {
    const page = await api(of, `GET ${path}${path.includes("?") ? "&" : "?"}limit=100${cursor ? "&cursor=" + encodeURIComponent(cursor) : ""}`);
    items.push(...page.items);
    if (!(cursor = page.next ?? page.cursor)) return items;
  }
}

const everyWarning = ["agents-without-access", "connected-left-behind", "routing-without-access", "no-sla-policy", "would-breach"];

let mails = 0;

/** write has a customer write to a channel; in a conversation, if one is named. from may be an address alone. */
export async function write(of, { channel = "support-mail", conversation, from = "kim@example.com", ...more } = {}) {
  const sender = typeof from === "string" ? { address: from } : from;
  const message = { externalId: `walk-${process.pid}-${mails++}@example.com`, author: "customer", from: sender, subject: "A question", text: "Hello?", ...more };
  return conversation
    ? await api(of, `POST /v1/conversations/${conversation}/messages`, { channelId: channel, ...message })
    : await api(of, `POST /v1/channels/${channel}/conversations`, message);
}

/** upload keeps bytes for messages, and returns what an attachment says of them. */
export async function upload(of, bytes) {
  const file = { sha256: createHash("sha256").update(bytes).digest("hex"), size: bytes.length };
  await api(of, "POST /v1/files", { files: [{ ...file, data: Buffer.from(bytes).toString("base64") }] });
  return file;
}

/** start starts a move of the sample's channel as the API does, for tests that are about what comes after. */
export async function start(of, more = {}) {
  const body = {
    channelId: "support-mail", history: "all", statusMap: { open: "new", closed: "solved" }, sla: "from-move", notifications: "quiet",
    acknowledged: everyWarning, ...more,
  };
  return await api(of, "POST /v1/moves", body, { "Idempotency-Key": crypto.randomUUID() });
}

/** ended waits for the end of a move. */
export async function ended(of, id) {
  return await until(async () => {
    const m = await api(of, "GET /v1/moves/" + id);
    return m.endedAt && m.status !== "running" ? m : undefined;
  }, "the move ends");
}

/** until repeats a question until it has an answer. */
export async function until(ask, what) {
  for (const end = Date.now() + patience; ; ) {
    const answer = await ask();
    if (answer) return answer;
    assert.ok(Date.now() < end, "it never came to be that " + what);
    await new Promise((r) => setTimeout(r, 100));
  }
}

// ---- windows ----

let shots = 0;

/**
 * open opens a window on a site. It fails the test if a script fails, the pages' policy is broken, a dialog of the
 * browser opens, or anything is asked of another origin. page.seen is what was asked for, and page.wrong what must not be.
 */
export async function open(t, of, { width = 1440, height = 900, lang = "en-GB", dark = false, largeText = false, zone = "Europe/Oslo", ...more } = {}) {
  if (largeText) large ??= await launch("--blink-settings=defaultFontSize=32");
  const context = await (largeText ? large : browser).newContext({
    viewport: { width, height }, locale: lang, colorScheme: dark ? "dark" : "light", timezoneId: zone, reducedMotion: "reduce", ...more,
  });
  const page = await tab(context, of);
  t.after(async () => {
    // How each window looked at the end of its test, to find out why one fails.
    if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/${t.name.replace(/\W+/g, "-").slice(0, 60)}-${shots++}.png` });
    await context.close();
    assert.deepEqual(page.wrong, [], "what must not happen on any page");
  });
  return page;
}

/** tab opens another tab in a window. */
export async function tab(context, of) {
  const page = await context.newPage();
  page.setDefaultTimeout(patience);
  page.wrong = [];
  page.seen = [];
  page.on("pageerror", (e) => page.wrong.push("script: " + e.message));
  page.on("console", (m) => {
    if (/Content Security Policy|Trusted ?Type|TrustedHTML/i.test(m.text())) page.wrong.push("policy: " + m.text());
  });
  page.on("dialog", (d) => {
    page.wrong.push("dialog: " + d.message());
    void d.dismiss();
  });
  page.on("request", (r) => {
    page.seen.push(r);
    const to = new URL(r.url());
    if (to.origin !== of.url && to.origin !== of.pool && to.protocol !== "blob:" && to.protocol !== "data:") page.wrong.push("another origin: " + to.href.slice(0, 200));
  });
  return page;
}

/** signIn signs in by a fresh link, with the mouse, and ends on a page. */
export async function signIn(page, of, who = "Ada Lind", path = "/app/") {
  await page.goto(await link(of, path));
  await page.getByText(who, { exact: true }).click();
  await page.getByRole("button", { name: /^(Sign in|Logg inn)$/ }).click();
  await page.locator("h1").first().waitFor();
  await page.locator("main.door").waitFor({ state: "detached" });
}

/** go follows an address within the page, as a link does, so that one stays signed in without another token. */
export async function go(page, path) {
  await page.evaluate((p) => {
    const a = document.createElement("a");
    a.href = p;
    document.body.append(a);
    a.click();
    a.remove();
  }, path);
}

/** settled waits until a page shows what it has to show. */
export async function settled(page) {
  await page.locator("h1").first().waitFor();
  await page.locator(".skeleton").first().waitFor({ state: "detached" });
}

// ---- checks ----

/** axe fails with what axe finds on the page as it is. Of a page that was looked at in the light, the dark can differ in colours alone. */
export async function axe(page, where, dark = false) {
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(axeSource + ";0");
  const found = await page.evaluate(
    (runOnly) => globalThis.axe.run(document, { runOnly, resultTypes: ["violations"] }),
    dark ? { type: "rule", values: ["color-contrast", "link-in-text-block"] } : { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] },
  );
  const said = found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ") + " – " + n.failureSummary).join("\n  ")}`);
  assert.ok(said.length === 0, `axe on ${where}: ${said.join("\n")}`);
}

/** fits fails if the page is wider than its window, and names what sticks out. */
export async function fits(page, where) {
  const out = await page.evaluate(() => {
    if (document.documentElement.scrollWidth <= innerWidth) return "";
    const outside = [...document.body.querySelectorAll("*")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1);
    const deepest = outside.filter((e) => ![...e.children].some((c) => outside.includes(c)));
    return `${document.documentElement.scrollWidth} px wide in a window of ${innerWidth}: ` + deepest.slice(0, 4).map((e) => `${e.parentElement.className || e.parentElement.tagName} > ${e.tagName.toLowerCase()}.${e.className}`).join(", ");
  });
  assert.ok(!out, `${where} is ${out}`);
}
