// What pictures are, by their first bytes: what a sender says of a file need not be so.

export interface Picture {
  type: "image/png" | "image/jpeg" | "image/gif" | "image/webp";
  width: number;
  height: number;
}

/** pictureTypes are those that are shown. Others can hold what runs or is fetched. */
export const pictureTypes: readonly string[] = ["image/png", "image/jpeg", "image/gif", "image/webp"] satisfies Picture["type"][];

const mostPixels = 64e6; // of which a browser makes a quarter of a gigabyte

/** picture is what some bytes are; undefined if they are none that is shown, or one that would fill the memory. */
export function picture(b: Uint8Array): Picture | undefined {
  const p = read(b, new DataView(b.buffer, b.byteOffset, b.byteLength));
  return p && p.width > 0 && p.height > 0 && p.width * p.height <= mostPixels ? p : undefined;
}

function read(b: Uint8Array, v: DataView): Picture | undefined {
  const says = (at: number, word: string) => b.length >= at + word.length && [...word].every((c, i) => b[at + i] === c.charCodeAt(0));
  if (says(0, "\x89PNG\r\n\x1a\n") && says(12, "IHDR") && b.length >= 24) return { type: "image/png", width: v.getUint32(16), height: v.getUint32(20) };
  if ((says(0, "GIF87a") || says(0, "GIF89a")) && b.length >= 10) return { type: "image/gif", width: v.getUint16(6, true), height: v.getUint16(8, true) };
  if (says(0, "RIFF") && says(8, "WEBP") && b.length >= 30) return webp(says, v);
  if (b[0] === 0xff && b[1] === 0xd8 && b[2] === 0xff) return jpeg(v);
  return undefined;
}

function webp(says: (at: number, word: string) => boolean, v: DataView): Picture | undefined {
  const type = "image/webp";
  const three = (at: number) => v.getUint16(at, true) + (v.getUint8(at + 2) << 16);
  if (says(12, "VP8X")) return { type, width: three(24) + 1, height: three(27) + 1 };
  if (says(12, "VP8L")) {
    const bits = v.getUint32(21, true);
    return { type, width: (bits & 0x3fff) + 1, height: ((bits >> 14) & 0x3fff) + 1 };
  }
  if (says(12, "VP8 ")) return { type, width: v.getUint16(26, true) & 0x3fff, height: v.getUint16(28, true) & 0x3fff };
  return undefined;
}

/** jpeg reads the size in the frame's header, which comes after others. */
function jpeg(v: DataView): Picture | undefined {
  for (let at = 2; at + 9 <= v.byteLength; ) {
    if (v.getUint8(at) !== 0xff) return undefined;
    const marker = v.getUint8(at + 1);
    if (marker === 0xff) {
      at++; // filling
      continue;
    }
    // Start of frame, but for the tables whose markers lie between.
    if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) return { type: "image/jpeg", width: v.getUint16(at + 7), height: v.getUint16(at + 5) };
    at += 2 + v.getUint16(at + 2);
  }
  return undefined;
}

/** Where the server has left a mark for a picture that came with a message, and how large it was to be. */
const mark = /<img data-file="(\d+)"(?: width="(\d+)")?(?: height="(\d+)")?/g;

/** pictured is which files of its message cleaned HTML shows, each once. */
export function pictured(html: string): string[] {
  return [...new Set([...html.matchAll(mark)].map((m) => m[1]!))];
}

/** withPictures puts pictures where their marks are, by file, each as an address and its size, and none wider than a message. */
export function withPictures(html: string, pictures: Map<string, { src: string; width: number; height: number }>): string {
  return html.replace(mark, (whole, file: string, w?: string, h?: string) => {
    const p = pictures.get(file);
    if (!p) return whole;
    const width = Number(w) || (Number(h) ? (Number(h) / p.height) * p.width : p.width);
    const height = Number(h) || (width / p.width) * p.height;
    const scale = Math.min(1, widest / width);
    return `<img src="${p.src}" width="${Math.round(width * scale)}" height="${Math.round(height * scale)}"`;
  });
}

const widest = 560;
