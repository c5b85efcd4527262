// Rows of a list that goes on while somebody reads it: nothing moves under the cursor.

export interface Row<T> {
  item: T;
  /** It is no longer in the list. It stays, greyed, until the reader goes elsewhere. */
  gone?: boolean;
}

interface Merged<T> {
  rows: Row<T>[];
  /** New ones that were held back. */
  held: number;
}

/**
 * mergeRows brings what the API lists now into what is shown. Rows keep their
 * places; new ones come where the list has them, unless hold keeps them back. What
 * is not listed any more is gone, but for what may have slipped to the next page.
 */
export function mergeRows<T extends { id: string }>(shown: Row<T>[], listed: T[], more: boolean, hold: boolean): Merged<T> {
  const now = new Map(listed.map((item, at) => [item.id, { item, at }]));
  const last = shown.findLastIndex((r) => now.has(r.item.id));
  const there = new Set(shown.map((r) => r.item.id));
  const rows: Row<T>[] = [];
  let held = 0;
  let next = 0; // the first listed one that has no place yet
  const fill = (until: number, keep: boolean) => {
    for (; next < until; next++) {
      const item = listed[next]!;
      if (there.has(item.id)) continue;
      if (keep) held++;
      else rows.push({ item });
    }
  };
  if (last < 0) fill(listed.length, hold && shown.length > 0); // nothing in common: all are new
  for (const [i, row] of shown.entries()) {
    const found = now.get(row.item.id);
    if (found) {
      fill(found.at, hold);
      rows.push({ item: found.item });
    } else rows.push({ item: row.item, gone: row.gone || i < last || !more });
  }
  fill(listed.length, false); // at the end, where it moves nothing
  return { rows, held };
}
