// Rows of a list that goes on while somebody reads it: nothing moves under the cursor.

export interface Row<T> {
  item: T;
  /** It is no longer in the list. It stays, greyed, until the reader goes elsewhere. */
  gone?: boolean;
  /** The part of the list that it is in: some rows, with what came between them later. */
  part: number;
}

interface Merged<T> {
  rows: Row<T>[];
  /** New ones that were held back. */
  held: number;
}

const partSize = 10;

/** toRows makes rows of items, in parts from one on. */
export function toRows<T>(items: T[], from = 0): Row<T>[] {
  return items.map((item, i) => ({ item, part: from + Math.floor(i / partSize) }));
}

/**
 * mergeRows brings what the API lists now into what is shown. Rows keep their
 * places and parts; new ones come where the list has them, unless hold keeps them back. What
 * is not listed any more is gone, but for what may have slipped to the next page.
 */
export function mergeRows<T extends { id: string }>(shown: Row<T>[], listed: T[], more: boolean, hold: boolean): Merged<T> {
  const now = new Map(listed.map((item, at) => [item.id, { item, at }]));
  const last = shown.findLastIndex((r) => now.has(r.item.id));
  const there = new Set(shown.map((r) => r.item.id));
  const rows: Row<T>[] = [];
  let held = 0;
  let next = 0; // the first listed one that has no place yet
  const fill = (until: number, keep: boolean, part = 0) => {
    for (; next < until; next++) {
      const item = listed[next]!;
      if (there.has(item.id)) continue;
      if (keep) held++;
      else rows.push({ item, part });
    }
  };
  if (last < 0) fill(listed.length, hold && shown.length > 0, shown[0]?.part); // nothing in common: all are new
  for (const [i, row] of shown.entries()) {
    const found = now.get(row.item.id);
    if (found) {
      fill(found.at, hold, row.part);
      rows.push({ item: found.item, part: row.part });
    } else rows.push({ ...row, gone: row.gone || i < last || !more });
  }
  fill(listed.length, false, shown.at(-1)?.part); // at the end, where it moves nothing
  return { rows: rows.map((r, i) => (same(r, shown[i]) ? shown[i]! : r)), held };
}

function same<T>(a: Row<T>, b: Row<T> | undefined): boolean {
  return a.item === b?.item && !a.gone === !b.gone && a.part === b.part;
}

/** partsOf returns rows by part. */
export function partsOf<T>(rows: Row<T>[]): Row<T>[][] {
  const parts: Row<T>[][] = [];
  for (const row of rows) {
    const last = parts.at(-1);
    if (last && last[0]!.part === row.part) last.push(row);
    else parts.push([row]);
  }
  return parts;
}
