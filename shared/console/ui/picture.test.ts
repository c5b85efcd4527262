import assert from "node:assert/strict";
import test from "node:test";
import { picture, pictured, withPictures } from "./picture";

const bytes = (...parts: (string | number[])[]) => Uint8Array.from(parts.flatMap((p) => (typeof p === "string" ? [...p].map((c) => c.charCodeAt(0)) : p)));
const png = (w: number[], h: number[]) => bytes("\x89PNG\r\n\x1a\n", [0, 0, 0, 13], "IHDR", w, h, [8, 6, 0, 0, 0]);

test("pictures are known by their bytes, with their size", () => {
  assert.deepEqual(picture(png([0, 0, 3, 32], [0, 0, 2, 88])), { type: "image/png", width: 800, height: 600 });
  assert.deepEqual(picture(bytes("GIF89a", [32, 3, 88, 2, 0, 0])), { type: "image/gif", width: 800, height: 600 });
  assert.deepEqual(picture(bytes("GIF87a", [1, 0, 2, 0])), { type: "image/gif", width: 1, height: 2 });
  const jpeg = bytes([0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0, 0xff, 0xc4, 0, 3, 1, 0xff, 0xff, 0xc2, 0, 17, 8, 2, 88, 3, 32, 3, 1]);
  assert.deepEqual(picture(jpeg), { type: "image/jpeg", width: 800, height: 600 });
  assert.deepEqual(picture(bytes("RIFF", [0, 0, 0, 0], "WEBPVP8X", [10, 0, 0, 0, 0, 0, 0, 0, 31, 3, 0, 87, 2, 0])), { type: "image/webp", width: 800, height: 600 });
  assert.deepEqual(picture(bytes("RIFF", [0, 0, 0, 0], "WEBPVP8 ", [0, 0, 0, 0, 0, 0, 0, 0x9d, 1, 0x2a, 32, 3, 88, 2])), { type: "image/webp", width: 800, height: 600 });
  const lossless = 799 | (599 << 14);
  const four = [0, 8, 16, 24].map((n) => (lossless >> n) & 255);
  assert.deepEqual(picture(bytes("RIFF", [0, 0, 0, 0], "WEBPVP8L", [0, 0, 0, 0, 0x2f], four, [0, 0, 0, 0, 0])), { type: "image/webp", width: 800, height: 600 });
});

test("what is none is none: other types, what is cut off, nothing, and what would fill the memory", () => {
  const none = [
    bytes("<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"), bytes("<html>GIF89a"), bytes("BM", [0, 0, 0, 0]), bytes("%PDF-1.7"),
    bytes(), bytes([0xff, 0xd8, 0xff]), bytes([0xff, 0xd8, 0xff, 0xe0, 0, 0, 0, 0, 0, 0, 0, 0]), bytes([0xff, 0xd8, 0xff, 0xe0, 0xff, 0xff, 0, 0, 0, 0, 0]), bytes("GIF89a", [1]),
    bytes("RIFF", [0, 0, 0, 0], "WAVE", new Array<number>(30).fill(0)), bytes("RIFF", [0, 0, 0, 0], "WEBPVP8X"), bytes("RIFF", [0, 0, 0, 0], "WEBPABCD", new Array<number>(30).fill(0)),
    png([0, 0, 0, 0], [0, 0, 0, 1]), png([0, 1, 0, 0], [0, 1, 0, 0]), png([0xff, 0xff, 0xff, 0xff], [0, 0, 0, 1]),
  ];
  for (const b of none) assert.equal(picture(b), undefined, String.fromCharCode(...b).slice(0, 20));
  const part = new Uint8Array(bytes("xx", "GIF89a", [1, 0, 2, 0]).buffer, 2); // a part of other bytes
  assert.deepEqual(picture(part), { type: "image/gif", width: 1, height: 2 });
});

test("pictures are put where their marks are", () => {
  const html = `<p><img data-file="2" width="1200" alt="Logo">t<img data-file="1"><img data-file="2" width="60" height="30" alt=""><img data-file="7">&lt;img data-file="3"</p>`;
  assert.deepEqual(pictured(html), ["2", "1", "7"]);
  const got = withPictures(html, new Map([["2", { src: "data:b", width: 800, height: 400 }], ["1", { src: "data:a", width: 10, height: 20 }]]));
  assert.equal(
    got,
    `<p><img src="data:b" width="560" height="280" alt="Logo">t<img src="data:a" width="10" height="20"><img src="data:b" width="60" height="30" alt=""><img data-file="7">&lt;img data-file="3"</p>`,
  );
});
