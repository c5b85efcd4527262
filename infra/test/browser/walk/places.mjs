// The pages of a site on which a channel has moved, each as it looks with its menus and dialogs open.
import { all, damage, ended, go, settled, start, until, write } from "./kit.mjs";

/** furnish moves the sample's channel, with a failure, and returns what is worth looking at. */
export async function furnish(of) {
  const { conversationId: bad } = await write(of, { subject: "Its date is missing" });
  await damage(of, bad);
  const rehearsal = await start(of, { rehearsal: true, acknowledged: undefined });
  await ended(of, rehearsal.id);
  const move = await start(of);
  await ended(of, move.id);
  const conversations = await all(of, "/v1/conversations?home=inbox&status=open");
  const tickets = await all(of, "/v1/tickets?open=true");
  return {
    move: move.id,
    rehearsal: rehearsal.id,
    conversation: conversations.find((c) => c.channelId === "contact-form" && c.owner)?.id ?? conversations[0].id,
    ticket: tickets.find((k) => k.provenance === "history" && k.owner)?.id ?? tickets[0].id,
  };
}

/** places are the pages: a name, a path, and what is opened on them one after the other. */
export function places(what) {
  const menu = (button) => async (page) => {
    await button(page).click();
    await page.getByRole("menu").waitFor();
  };
  return [
    { name: "inbox", path: "/app/inbox" },
    { name: "conversation", path: "/app/inbox/" + what.conversation, open: { owner: menu((p) => p.locator("#owner button")), filter: menu((p) => p.locator(".filters .chip[aria-haspopup]").last()) }, phone: { owner: menu((p) => p.locator("#owner button")) } },
    { name: "desk", path: "/app/desk", open: { views: menu((p) => p.locator(".filters .chip[aria-haspopup]").first()) } },
    { name: "ticket", path: "/app/desk/" + what.ticket, open: { status: menu((p) => p.locator("#status button")) } },
    { name: "channels", path: "/app/settings/channels", open: { menu: menu((p) => p.locator("[data-channel=whatsapp] [aria-haspopup]")) } },
    { name: "channel", path: "/app/settings/channels/support-mail" },
    { name: "chatflows", path: "/app/service/chatflows", open: { menu: menu((p) => p.locator("[data-channel] [aria-haspopup]").first()) } },
    { name: "agents", path: "/app/settings/agents" },
    { name: "pipelines", path: "/app/settings/pipelines" },
    { name: "slas", path: "/app/settings/slas" },
    { name: "move", path: "/app/channels/contact-form/move" },
    { name: "report", path: "/app/moves/" + what.move },
    { name: "rehearsal", path: "/app/moves/" + what.rehearsal },
    { name: "moves", path: "/app/moves" },
    { name: "audit", path: "/app/audit" },
    { name: "operations", path: "/app/ops" },
    { name: "lost", path: "/app/nowhere", open: { shortcuts: (p) => p.keyboard.press("?") } },
  ];
}

/** visit goes to a place within the page. */
export async function visit(page, place) {
  await go(page, place.path);
  await until(async () => decodeURIComponent(new URL(page.url()).pathname) === decodeURIComponent(place.path), place.path + " is there");
  await settled(page);
}

/** each shows a page in both widths and both themes, and calls look for each. */
export async function each(page, look) {
  for (const width of [1440, 360]) {
    await page.setViewportSize({ width, height: width > 760 ? 900 : 740 });
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      await look({ width, dark: colorScheme === "dark", phone: width < 760 });
    }
  }
}
