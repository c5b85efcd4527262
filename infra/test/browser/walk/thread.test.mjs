// A thread with all that channels bring: people, notes, events, programs, forged senders, calls, forms, labels and edits.
import { before, describe, test } from "node:test";
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { api, axe, fits, go, open, settled, signIn, site, until, upload, write } from "./kit.mjs";
import { each, visit } from "./places.mjs";
import { invoice, png, source, whole } from "./whole.mjs";

const title = (page, name) => page.getByRole("heading", { level: 1, name });

describe("a thread", () => {
  let of, id;
  before(async () => {
    of = await site({ conversations: 20 });
    id = await whole(of);
  });

  const show = async (t, who = "Ben Osei", wish = {}) => {
    const page = await open(t, of, wish);
    await signIn(page, of, who, "/app/inbox/" + id);
    await page.locator(".thread article").first().waitFor();
    return page;
  };
  const saying = (page, text) => page.locator(".thread li", { hasText: text }).last();

  test("says to whom a message went, and all of them on demand", async (t) => {
    const page = await show(t);
    const first = saying(page, "The gears slip");
    await first.getByRole("button", { name: "to support@ and 3 more" }).click();
    const said = await first.locator(".people").innerText();
    for (const words of ["Jonas Lie", "jonas@customer.example", "support@fjordline.example", "Kari Moen", "Copy", "Answers to", "office@customer.example"]) assert.ok(said.includes(words), `${words} in ${said}`);
    await first.getByRole("button", { name: "to support@ and 3 more" }).click();
    assert.equal(await first.locator(".people").count(), 0);
  });

  test("tells notes, events, bots, programs and doubtful senders apart", async (t) => {
    const page = await show(t);
    await saying(page, "He is a dealer").locator("article.note").getByText("Internal note").waitFor();
    assert.equal(await page.locator(".note").count(), 1, "nothing else looks like a note");
    await page.locator(".event", { hasText: "Assigned to Ben Osei by a rule" }).getByText("Router").waitFor();
    await saying(page, "I am a bot").locator(".pill", { hasText: "Bot" }).waitFor();
    await saying(page, "Send me your password").getByText(/^Forged sender: it is not from Ben Osei\.$/).waitFor();
    assert.equal(await saying(page, "Send me your password").getByText("by support@").count(), 0, "it is not said to be the agent's");
    await saying(page, "I found this thread").getByText(/^Vera Ny is new here/).waitFor();
    const call = saying(page, "She would like to be called back");
    await call.getByText("Call · 3 min 4 s · answered").waitFor();
    const form = saying(page, "Frame number");
    assert.equal(await form.getByRole("rowheader", { name: "Frame number" }).count(), 1);
    await form.getByRole("cell", { name: "WTU123" }).waitFor();
  });

  test("folds what programs wrote, and opens it with the keyboard", async (t) => {
    const page = await show(t);
    for (const [line, words] of [[/^Automatic reply from Jonas Lie/, "I am back on Monday"], [/^Not delivered: a notice from Mail Delivery/, "550 no such user"]]) {
      assert.equal(await page.getByText(words).count(), 0, "it is folded");
      const button = page.getByRole("button", { name: line });
      await button.focus();
      await page.keyboard.press("Enter");
      await page.getByText(words).waitFor();
      assert.equal(await button.getAttribute("aria-expanded"), "true");
      await page.keyboard.press("Enter");
      await page.getByText(words).waitFor({ state: "detached" });
    }
  });

  test("says what was repaired, in words, and of a code that it does not know the code", async (t) => {
    const page = await show(t);
    const first = saying(page, "The gears slip");
    await first.getByRole("button", { name: "What was repaired when it was read" }).click();
    await first.getByText("The time zone of its date is unknown or impossible, and was guessed.").waitFor();
    await first.locator("code", { hasText: "of-tomorrow" }).waitFor();
  });

  test("says who did what, and when", async (t) => {
    const { conversationId } = await write(of, { subject: "Edited", channel: "contact-form" });
    await api(of, "PATCH /v1/conversations/" + conversationId, { owner: "chloe", tags: ["invoice"] });
    await api(of, "PATCH /v1/conversations/" + conversationId, { status: "closed", owner: "admin" });
    const page = await open(t, of);
    await signIn(page, of, "Ben Osei", "/app/inbox/" + conversationId);
    const plain = async () => (await page.locator(".thread .event").allInnerTexts()).map((s) => s.replace(/[\u2068\u2069]/g, "").replace(/\s+/g, " ").trim());
    await until(async () => (await plain()).length >= 2, "the edits are there");
    const said = await plain();
    assert.match(said[0], /^Ada Lind gave it to Chloé Martin and changed its labels · \d\d:\d\d$/);
    assert.match(said[1], /^Ada Lind closed it and took it over · \d\d:\d\d$/);
  });

  test("labels are added, taken off, and choose what a list has", async (t) => {
    const { conversationId } = await write(of, { subject: "To be labelled", channel: "contact-form" });
    const page = await open(t, of);
    await signIn(page, of, "Ben Osei", "/app/inbox/" + conversationId);
    await title(page, "To be labelled").waitFor();
    await page.keyboard.press("l");
    await page.getByRole("combobox", { name: "Add label" }).or(page.getByRole("textbox", { name: "Add label" })).fill("  spare parts ");
    await page.keyboard.press("Enter");
    await until(async () => (await api(of, "GET /v1/conversations/" + conversationId)).tags.includes("spare parts"), "it is kept");
    await until(() => page.evaluate(() => document.activeElement.classList.contains("add-label")), "the focus is where the next one is added");
    await page.locator(".entry .tag", { hasText: "spare parts" }).waitFor();
    await page.getByRole("group", { name: "Labels" }).getByRole("link", { name: "spare parts" }).click();
    await until(async () => (await page.locator(".list .scroll [role=listitem]").count()) === 1, "the list has what has the label");
    assert.equal(new URL(page.url()).searchParams.get("tag"), "spare parts");
    await page.getByRole("button", { name: "spare parts" }).first().click(); // the filter
    await page.getByRole("menuitem", { name: "Another…" }).click();
    await page.getByRole("dialog", { name: "Which label?" }).locator("input").fill("nobody has this");
    await page.keyboard.press("Enter");
    await page.getByText("Nothing here with these filters.").waitFor();
    await go(page, "/app/inbox/" + conversationId);
    await page.getByRole("button", { name: "Take off spare parts" }).click();
    await until(async () => (await api(of, "GET /v1/conversations/" + conversationId)).tags.length === 0, "it is off");
  });

  test("a label that somebody else has changed first is theirs, by name", async (t) => {
    const { conversationId } = await write(of, { subject: "Labelled by two", channel: "contact-form" });
    const page = await open(t, of);
    await signIn(page, of, "Ben Osei", "/app/inbox/" + conversationId);
    await title(page, "Labelled by two").waitFor();
    await page.getByRole("button", { name: "Add label" }).waitFor();
    await page.route("**/v1/conversations/" + conversationId, (route) => (route.request().method() === "GET" ? route.abort() : route.continue()));
    await api(of, "PATCH /v1/conversations/" + conversationId, { tags: ["theirs"] });
    await page.getByRole("button", { name: "Add label" }).click();
    await page.locator(".adding input").fill("mine");
    await page.keyboard.press("Enter");
    await page.getByText("Ada Lind changed it a moment ago. Here is how it is now.").first().waitFor();
    await page.getByRole("link", { name: "theirs" }).waitFor();
    assert.deepEqual((await api(of, "GET /v1/conversations/" + conversationId)).tags, ["theirs"]);
  });

  test("shows pictures, and nothing that only says that it is one", async (t) => {
    const page = await show(t);
    const first = saying(page, "The gears slip");
    await first.scrollIntoViewIfNeeded();
    const shown = first.locator(".preview img");
    await until(() => shown.evaluateAll((all) => all.length === 1 && all[0].naturalWidth === 480), "the picture is shown");
    assert.match(await shown.getAttribute("src"), /^blob:/);
    await first.getByText("It is not the picture that it is said to be, so it is not shown.").waitFor();
    await first.getByRole("button", { name: "Look at gears.png" }).click();
    await page.getByRole("dialog", { name: "gears.png" }).getByRole("img", { name: "gears.png" }).waitFor();
    await page.keyboard.press("Escape");
    const bytes = page.seen.filter((r) => r.url().includes("/file-bytes/"));
    assert.equal(bytes.length, 2, "only what may be a picture is fetched, once");
    for (const r of bytes) assert.equal((await r.allHeaders()).authorization, undefined, "without a token");
  });

  test("fetches a large picture when asked, and again after it could not", async (t) => {
    const large = Buffer.concat([png(300, 200), Buffer.alloc(3 << 20)]);
    const attachments = [{ ...(await upload(of, large)), name: "large.png", type: "image/png" }];
    const { conversationId } = await write(of, { subject: "A large picture", channel: "contact-form", attachments });
    const page = await open(t, of);
    await signIn(page, of, "Ben Osei", "/app/inbox/" + conversationId);
    let broken = true;
    await page.route("**/file-bytes/**", (route) => (broken ? route.abort() : route.continue()));
    const button = page.getByRole("button", { name: "Show the picture" });
    await button.waitFor();
    assert.equal(page.seen.filter((r) => r.url().includes("/files/")).length, 0, "nothing is asked of it");
    await button.click();
    await until(() => page.seen.some((r) => r.url().includes("/file-bytes/")), "it is asked for");
    broken = false;
    await button.click();
    await until(() => page.locator(".preview img").evaluateAll((all) => all[0]?.naturalWidth === 300), "it is shown");
  });

  test("downloads files by their names, as they came", async (t) => {
    const page = await show(t);
    const first = saying(page, "The gears slip");
    await first.getByRole("button", { name: "1 file in the text" }).click();
    for (const [name, want] of [["invoice 20931.pdf", invoice], ["logo.png", png(200, 60, 200)]]) {
      const coming = page.waitForEvent("download");
      await first.getByRole("button", { name: "Download " + name }).click();
      const file = await coming;
      assert.equal(file.suggestedFilename(), name);
      assert.deepEqual(await readFile(await file.path()), want);
    }
    assert.ok(page.url().endsWith("/app/inbox/" + id), "the page stays");
    await page.route("**/file-bytes/**", (route) => route.fulfill({ status: 404, body: "" }));
    await first.getByRole("button", { name: "Download invoice 20931.pdf" }).click();
    await page.getByText("It could not be downloaded. It is not there.").first().waitFor();
  });

  test("has pictures where they stand in the formatted text", async (t) => {
    const page = await show(t);
    const first = saying(page, "The gears slip");
    await first.getByRole("button", { name: "Show formatting" }).click();
    const img = page.frameLocator("iframe.formatted").locator("img");
    await until(() => img.evaluate((i) => i.naturalWidth === 200 && i.width === 100 && i.alt === "Logo" && i.src.startsWith("data:image/png;")), "the logo is there, as wide as it is to be");
    assert.equal(await page.locator("iframe.formatted").getAttribute("sandbox"), "", "the frame may do nothing");
  });

  test("shows the source to who asks, as text", async (t) => {
    const page = await show(t);
    const first = saying(page, "The gears slip");
    assert.equal(page.seen.filter((r) => r.url().endsWith("/files/source")).length, 0);
    await first.getByRole("button", { name: "More about this message" }).click();
    await page.getByRole("menuitem", { name: "Show source" }).click();
    const dialog = page.getByRole("dialog", { name: "Source of the message" });
    const said = await dialog.locator("pre").textContent();
    assert.equal(said, source.replace("\u202E", "\\u202e"));
    await axe(page, "the source");
    const coming = page.waitForEvent("download");
    await dialog.getByRole("button", { name: "Download" }).click();
    assert.match((await coming).suggestedFilename(), /^\w+\.eml$/);
    assert.deepEqual(await readFile(await (await coming).path()), Buffer.from(source));
  });

  for (const lang of ["en-GB", "nb-NO"])
    test("axe finds nothing in it, and it fits, " + lang, async (t) => {
      const found = [];
      const page = await show(t, "Ben Osei", { lang });
      const folded = page.locator(".thread .fold-line[aria-expanded=false]");
      while (await folded.count()) await folded.first().click();
      await each(page, async ({ width, dark }) => {
        await settled(page);
        const where = `the thread, ${lang}, ${width}${dark ? ", dark" : ""}`;
        for (const check of [axe(page, where, dark), fits(page, where)]) await check.catch((e) => found.push(e.message));
        const inner = await page.locator(".thread").evaluate((e) => [e.scrollWidth, e.clientWidth]);
        if (inner[0] > inner[1]) found.push(`${where}: ${inner[0]} px wide in ${inner[1]}`);
      });
      assert.deepEqual(found, []);
    });
});
