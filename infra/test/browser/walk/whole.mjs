// A conversation that has all that channels bring.
import { crc32, deflateSync } from "node:zlib";
import { api, upload, write } from "./kit.mjs";

const ago = (minutes) => new Date(Date.now() - minutes * 60_000).toISOString();

/** png is a picture of some size, with its own shade. */
export function png(width, height, shade = 0) {
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const ends = Buffer.alloc(8);
    ends.writeUInt32BE(data.length, 0);
    ends.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2], 8); // 8 bits of red, green and blue
  const rows = Buffer.alloc((width * 3 + 1) * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) rows.set([(x * 255) / width, (y * 255) / height, shade], y * (width * 3 + 1) + 1 + x * 3);
  return Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), chunk("IHDR", head), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]);
}

export const source = "Received: from mail.customer.example\r\nFrom: Jonas Lie <jonas@customer.example>\r\nSubject: Gears \u202Epils\r\n\r\nThe gears slip.\r\n";
export const invoice = Buffer.from("%PDF-1.7 an invoice");

/** whole writes it, and returns its ID. */
export async function whole(of, { channel = "support-mail", subject = "Gears slip after the service" } = {}) {
  const jonas = { name: "Jonas Lie", address: "jonas@customer.example" };
  const support = { name: "Fjordline", address: "support@fjordline.example" };
  const first = `whole-${crypto.randomUUID()}@customer.example`;
  const attachments = [
    { ...(await upload(of, png(480, 320))), name: "gears.png", type: "image/png" },
    { ...(await upload(of, invoice)), name: "invoice 20931.pdf", type: "application/pdf" },
    { ...(await upload(of, Buffer.from("<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"))), name: "frame.png", type: "image/png" },
    { ...(await upload(of, png(200, 60, 200))), name: "logo.png", type: "image/png", contentId: "logo@customer.example", inline: true },
  ];
  const begun = await write(of, {
    channel, subject, externalId: first, from: jonas, to: [support, { name: "Kari Moen", address: "kari@customer.example" }],
    cc: [{ address: "office@customer.example" }, { name: "Per Olav Dahl", address: "per@customer.example" }],
    replyTo: [{ name: "The office", address: "office@customer.example" }], at: ago(3000),
    text: "The gears slip as soon as I stand up in the pedals.\nCan I come by?", html: '<p>The <b>gears</b> slip as soon as I stand up in the pedals.</p><p>Can I come by?</p><p><img src="cid:logo@customer.example" width="100" alt="Logo"></p>',
    attachments, source: (await upload(of, Buffer.from(source))).sha256,
    repairs: ["date-zone", "of-tomorrow"], tags: ["warranty", "gears"],
  });
  const conversation = begun.conversationId;
  const add = (message) => write(of, { channel, conversation, subject, ...message });
  const ben = { name: "Ben Osei", address: "ben@fjordline.example" };
  await add({ author: "system", kind: "event", from: { name: "Router" }, text: "Assigned to Ben Osei by a rule", at: ago(2999) });
  await add({ author: "bot", kind: "chat", from: { name: "Helper" }, text: "I am a bot. Somebody will answer soon.", at: ago(2998) });
  await add({ author: "agent", agent: "ben", kind: "note", from: ben, text: "He is a dealer: lend him the test bike.", at: ago(2900) });
  await add({ author: "agent", agent: "ben", from: ben, to: [jonas], subject: "Re: " + subject, text: "Come by any day from ten.", at: ago(2880) });
  await add({ from: jonas, to: [support], automatic: "auto-replied", subject: "Out of office: Re: " + subject, text: "I am back on Monday.", at: ago(2879) });
  await add({
    author: "system", from: { name: "Mail Delivery", address: "mailer-daemon@fjordline.example" }, to: [support], automatic: "bounce",
    subject: "Undelivered Mail Returned to Sender", text: "<office@customer.example>: 550 no such user", at: ago(2878),
  });
  await add({ kind: "call", from: { name: "Jonas Lie", address: "+47 912 34 567" }, call: { seconds: 184, outcome: "answered" }, text: "She would like to be called back.", at: ago(600) });
  await add({ kind: "form", from: jonas, text: "", fields: [{ name: "Frame number", value: "WTU123" }, { name: "What is wrong?", value: "It slips.\nStill." }], at: ago(500) });
  await add({ author: "agent", agent: "ben", from: ben, to: [jonas], forged: true, text: "Send me your password.", at: ago(400) });
  await write(of, { channel, references: [first], subject: "Re: " + subject, from: { name: "Vera Ny", address: "vera@elsewhere.example" }, to: [support], text: "I found this thread, and have the same.", at: ago(300) });
  await api(of, "PATCH /v1/conversations/" + conversation, { owner: "ben" });
  return conversation;
}
