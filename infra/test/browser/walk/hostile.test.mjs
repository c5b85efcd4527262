// Words that want to be more than words: in names, subjects, addresses, bodies and HTML parts. They stay words: no script,
// no dialog, nothing asked of another origin, no report of the policy, and no page wider than its window. kit.mjs watches.
import { before, describe, test } from "node:test";
import assert from "node:assert/strict";
import { api, ended, fits, open, settled, signIn, site, start, until, upload, write } from "./kit.mjs";
import { visit } from "./places.mjs";

const away = "http://evil.example";
const hostile = {
  script: `<script>alert(1);fetch("${away}/script")</script>`,
  handler: `"><img src=x onerror="alert(2)"><svg onload="alert(3)">`,
  link: "javascript:alert(4)",
  css: `</style><style>body{background:url(${away}/css)}</style>`,
  remote: `<img src="${away}/pixel.png"><link rel=stylesheet href="${away}/a.css"><iframe src="${away}"></iframe>`,
  reversed: "invoice \u202Efdp.exe\u202C and \u2067right to left\u2069",
  invisible: "sup\u200Bport\u200D\uFEFF@\u2060fjordline",
  brackets: "{{constructor.constructor('alert(5)')()}} ${alert(6)} {name} {n}",
  marks: [..."Zalgo comes"].map((c) => c + "\u0336\u0351\u0489").join("").repeat(20),
  long: "W".repeat(10_000),
};
const html = `<p onclick="alert(7)" style="background:url(${away}/style)">Formatted words</p>${Object.values(hostile).join("")}
<a href="javascript:alert(8)">press</a><a href="data:text/html,<script>alert(9)</script>">data</a>
<form action="${away}/form"><button>send</button></form><svg><use href="${away}/svg#a"/><script>alert(10)</script></svg>
<math><mtext><table><mglyph><style><img src=x onerror=alert(11)></style></mglyph></table></mtext></math>
<video src="${away}/v" autoplay></video><object data="${away}/o"></object><embed src="${away}/e"><base href="${away}/"><meta http-equiv=refresh content="0;url=${away}">`;

// Files' names as the API takes them: at most 255 bytes, without slashes and what turns the direction of writing.
const names = [
  `"><img src=x onerror="alert(12)">.png`,
  "\u05d7\u05e9\u05d1\u05d5\u05e0\u05d9\u05ea\u200F fdp.exe",
  "invoice.pdf" + "\u00a0".repeat(60) + ".exe",
  "W".repeat(251) + ".gif",
  [..."Zalgo"].map((c) => c + "\u0336\u0351\u0489").join("").repeat(4) + ".png",
  "javascript:alert(13)",
  "",
];

describe("hostile words", () => {
  let of, ids, move, ticket;
  before(async () => {
    of = await site({ conversations: 20 });
    const setup = await api(of, "GET /v1/account");
    const names = Object.values(hostile);
    const cut = (name) => { // to what a setup takes: 1,000 bytes
      const chars = [...name];
      let size = 0;
      const end = chars.findIndex((c) => (size += new TextEncoder().encode(c).length) > 1000);
      return chars.slice(0, end < 0 ? chars.length : end).join("");
    };
    const name = (i) => cut(names[i % names.length]);
    setup.account.name = cut(name(0) + name(9));
    setup.agents.forEach((a, i) => a.id !== "admin" && (a.name = name(i)));
    setup.channels.forEach((c, i) => (c.name = name(i + 1)));
    setup.pipelines.forEach((p, i) => ((p.name = name(i + 3)), p.statuses.forEach((s, j) => (s.name = name(i + j)))));
    setup.policies.forEach((p, i) => (p.name = name(i + 7)));
    await api(of, "PUT /v1/account", setup);
    ids = {};
    for (const [kind, words] of Object.entries(hostile)) {
      ids[kind] = (await write(of, { channel: "contact-form", subject: words, text: words + "\n" + words, html, from: words.slice(0, 1000) })).conversationId;
    }
    const moved = (await write(of, { subject: hostile.long, text: hostile.handler, html, from: hostile.reversed })).conversationId;
    await api(of, "PATCH /v1/conversations/" + moved, { owner: "ben" });
    const started = await start(of);
    move = started.id;
    await ended(of, move);
    ticket = (await api(of, "GET /v1/conversations/" + moved)).ticketId;
  });

  test("stay words on every page", async (t) => {
    const page = await open(t, of);
    await signIn(page, of);
    const paths = ["/app/inbox", "/app/desk", "/app/desk/" + ticket, "/app/settings/channels", "/app/settings/channels/support-mail", "/app/service/chatflows",
      "/app/settings/agents", "/app/settings/pipelines", "/app/settings/slas", "/app/channels/contact-form/move", "/app/moves/" + move, "/app/moves", "/app/audit"];
    const wide = [];
    for (const path of paths) {
      await visit(page, { path });
      for (const width of [1440, 1000, 360]) {
        await page.setViewportSize({ width, height: 800 });
        await settled(page);
        await fits(page, path).catch((e) => wide.push(e.message));
        assert.equal(await page.getByText("Something went wrong").count(), 0, path);
      }
      await page.setViewportSize({ width: 1440, height: 900 });
    }
    assert.deepEqual(wide, []);
  });

  test("and so does mail, in text and formatted", async (t) => {
    const page = await open(t, of);
    await signIn(page, of);
    for (const [kind, id] of Object.entries(ids)) {
      await visit(page, { path: "/app/inbox/" + id });
      const words = hostile[kind].replace(/\s+/g, " ");
      const shown = (await page.locator(".words").first().textContent()).replace(/\s+/g, " ");
      assert.ok(shown.startsWith(words.slice(0, 2000)), `${kind} is shown as it was written: ${shown.slice(0, 80)}`);
      await page.getByRole("button", { name: "Show formatting" }).first().click();
      const frame = page.frameLocator("iframe.formatted");
      await frame.getByText("Formatted words").waitFor();
      const left = await frame.locator("script, img, iframe, form, svg, style, link, meta, base, object, embed, video, [onclick], [onerror], [style*=url], a[href^=javascript], a[href^=data]").count();
      assert.equal(left, 0, `${kind}: what is left of it`);
      await page.setViewportSize({ width: 360, height: 740 });
      await fits(page, kind);
      await page.setViewportSize({ width: 1440, height: 900 });
    }
    assert.deepEqual(page.wrong, []);
  });

  test("files stay files, whatever they are called and hold", async (t) => {
    for (const [name, code] of [["invoice \u202Efdp.exe", "bad-file-name"], ["../../etc/passwd", "bad-file-name"], ["x".repeat(1000), "above-limit"]]) {
      const refused = await fetch(`${of.url}/v1/channels/contact-form/conversations`, {
        method: "POST", headers: { Authorization: "Bearer " + of.token, "Content-Type": "application/json" },
        body: JSON.stringify({ externalId: "x" + code + name.length, author: "customer", attachments: [{ name, sha256: "0".repeat(64) }] }),
      });
      assert.equal(refused.status, 422);
      assert.ok((await refused.json()).errors.some((e) => e.field === "attachments[0].name" && e.code === code), name.slice(0, 20));
    }
    const bad = Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(14)"><image href="${away}/svg"/></svg>`);
    const bomb = Buffer.from("89504e470d0a1a0a0000000d494844520000ffff0000ffff0802000000", "hex"); // 4 gigapixels
    const attachments = [];
    for (const [i, name] of names.entries()) {
      const bytes = i % 2 ? bomb : bad;
      attachments.push({ ...(await upload(of, bytes)), name, type: ["image/png", "image/gif", "text/html", "image/svg+xml"][i % 4], contentId: "c" + i, inline: i > 4 });
    }
    const shown = names.map((_, i) => `<img src="cid:c${i}" onerror="alert(15)" alt="&quot;&gt;&lt;script&gt;">`).join("") + `<img src="${away}/i">`;
    const { conversationId } = await write(of, { channel: "contact-form", subject: "Files", text: "Look at these.", html: "<p>Formatted words</p>" + shown, attachments, source: (await upload(of, Buffer.from(html))).sha256 });
    const page = await open(t, of);
    await signIn(page, of, "Ada Lind", "/app/inbox/" + conversationId);
    const list = page.locator(".message");
    await list.locator(".file").first().waitFor();
    for (const one of await list.locator(".fold-line").all()) await one.click();
    assert.equal(await list.locator(".file").count(), names.length);
    const said = await list.locator(".file .name").allTextContents();
    for (const [i, name] of names.entries()) assert.equal(said[i], name || "(no name)");
    assert.equal(await list.locator(".file", { hasText: "invoice.pdf" }).locator(".small").innerText().then((s) => s.split(" ")[0]), "EXE", "how a name ends is always seen");
    for (const width of [1440, 1000, 360]) {
      await page.setViewportSize({ width, height: 800 });
      await fits(page, `files at ${width}`);
    }
    await page.setViewportSize({ width: 1440, height: 900 });
    await until(async () => (await list.getByText("It is not the picture that it is said to be").count()) === 4, "those that are said to be pictures have been looked at");
    assert.equal(await list.locator(".preview img").count(), 0, "nothing of this is a picture");
    await page.getByRole("button", { name: "Show formatting" }).click();
    const frame = page.frameLocator("iframe.formatted");
    await frame.getByText("Formatted words").waitFor();
    assert.equal(await frame.locator("img[src], script").count(), 0);
    await page.getByRole("button", { name: "More about this message" }).click();
    await page.getByRole("menuitem", { name: "Show source" }).click();
    const source = page.getByRole("dialog").locator("pre");
    await source.waitFor();
    assert.ok((await source.textContent()).includes("onclick=\"alert(7)\""), "the source is text");
    await fits(page, "the source");
    const coming = page.waitForEvent("download");
    await page.keyboard.press("Escape");
    await list.getByRole("button", { name: "Download javascript" }).click();
    assert.doesNotMatch((await coming).suggestedFilename(), /[:/\\]/);
  });

  test("a channel whose name is hostile is moved by typing it", async (t) => {
    const page = await open(t, of);
    await signIn(page, of, "Ada Lind", "/app/channels/hotline/move");
    await page.locator("#name").waitFor();
    const { name } = await api(of, "GET /v1/channels/hotline");
    await page.getByText("Nothing stands in the way").waitFor();
    for (const tick of await page.locator("#checks input[type=checkbox]").all()) await tick.check();
    await page.locator("#name").fill(name);
    await page.getByRole("button", { name: "Move channel" }).click();
    await page.waitForURL(/\/app\/moves\//);
    const id = decodeURIComponent(new URL(page.url()).pathname.split("/").at(-1));
    await ended(of, id);
  });
});
