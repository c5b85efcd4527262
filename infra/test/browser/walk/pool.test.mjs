// Signing in at a user pool, as on AWS: at its own page, on another origin, by authorization code and PKCE.
import { before, describe, test } from "node:test";
import assert from "node:assert/strict";
import { asked, open, site, until } from "./kit.mjs";

describe("a user pool", () => {
  let of;
  before(async () => (of = await site({ conversations: 20, pool: true })));

  const signIn = async (page, path, who = "admin") => {
    await page.goto(of.url + path);
    await page.getByRole("heading", { name: "The pool's own page" }).waitFor();
    await page.getByRole("link", { name: "I am " + who }).click();
  };
  const inStorage = (page) => page.evaluate(() => JSON.stringify({ ...sessionStorage, ...localStorage }) + document.cookie);

  test("leads back to the page that was asked for, and leaves no token behind", async (t) => {
    const page = await open(t, of);
    await signIn(page, "/app/settings/channels?q=1");
    await page.getByRole("button", { name: /Ada Lind|admin/i }).first().waitFor();
    await page.getByText("support@").first().waitFor();
    assert.equal(new URL(page.url()).pathname + new URL(page.url()).search, "/app/settings/channels?q=1");
    assert.ok(!/eyJ[\w-]+\.[\w-]+\./.test(await inStorage(page)), "tokens are in memory only");
    assert.ok(!/verifier/.test(await inStorage(page)), "what proved that it was this tab is gone");
    // The token is good for a minute, and is renewed without a word.
    await until(async () => (await asked(of)).refresh_token > 0, "the token is renewed");
    await page.reload(); // the pool's session signs in again by itself
    await page.getByText("support@").first().waitFor();
    assert.equal((await asked(of)).asked, 1);
  });

  test("an answer that is not for this tab signs nobody in", async (t) => {
    const page = await open(t, of);
    const before = await asked(of);
    for (const state of ["x", Buffer.from(JSON.stringify({ path: "//evil.example", nonce: "" })).toString("base64url")]) {
      await page.goto(`${of.url}/app/callback?code=stolen&state=${state}`);
      await page.getByText("The answer of the sign-in page was not for this tab, or was too old.").waitFor();
      assert.equal(new URL(page.url()).pathname, "/app/");
    }
    assert.deepEqual(await asked(of), before, "the code is not even tried");
    // A code is good once, and for the tab alone that asked for it.
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("link", { name: "I am ben" }).click();
    await page.getByRole("button", { name: /Ben Osei/ }).waitFor();
    const code = page.seen.map((r) => new URL(r.url())).findLast((u) => u.pathname === "/app/callback").searchParams.get("code");
    assert.ok(code && !page.url().includes(code), "the code is not left in the address");
    const answer = await fetch(of.pool + "/oauth2/token", {
      method: "POST",
      body: new URLSearchParams({ grant_type: "authorization_code", client_id: "console", code, code_verifier: "guessed", redirect_uri: of.url + "/app/callback" }),
    });
    assert.equal(answer.status, 400);
  });

  test("whom the pool refuses reads why, and may try again", async (t) => {
    const page = await open(t, of);
    await signIn(page, "/app/inbox", "nobody");
    await page.getByText("Signing in did not work: You are not of this account").waitFor();
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("link", { name: "I am ben" }).click();
    await page.getByRole("button", { name: /Ben Osei/ }).waitFor();
  });

  test("signing out ends the session at the pool, too", async (t) => {
    const page = await open(t, of);
    await signIn(page, "/app/inbox", "ben");
    await page.getByRole("button", { name: /Ben Osei/ }).click();
    const before = await asked(of);
    await page.getByRole("menuitem", { name: "Sign out" }).click();
    await page.getByText("You are signed out.").waitFor();
    const after = await asked(of);
    assert.equal((after.revoked ?? 0) - (before.revoked ?? 0), 1, "the refresh token is good no more");
    assert.equal((after.logout ?? 0) - (before.logout ?? 0), 1);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: "The pool's own page" }).waitFor();
  });

  test("a session that ends in the middle of a form goes on there", async (t) => {
    const page = await open(t, of);
    await signIn(page, "/app/channels/support-mail/move");
    await page.locator("#checks input[type=checkbox]").first().waitFor();
    let ended = true;
    await page.route(/\/v1\/|\/oauth2\/token/, (route) => (ended ? route.fulfill({ status: 401, contentType: "application/json", body: "{}" }) : route.continue()));
    await page.getByLabel(/From the original times/).check();
    const dialog = page.getByRole("dialog", { name: "Signed out" });
    await dialog.getByText("Sign in again; what you entered is kept.").waitFor();
    ended = false;
    await dialog.getByRole("button", { name: "Sign in" }).click(); // away to the pool, whose session goes on, and back
    await page.locator("#checks input[type=checkbox]").first().waitFor();
    assert.equal(new URL(page.url()).pathname, "/app/channels/support-mail/move");
    assert.ok(await page.getByLabel(/From the original times/).isChecked());
  });
});
