// Lists that come page by page.
import { useEffect, useRef, useState } from "preact/hooks";
import { call, type AnswerOf, type ApiError, type Get, type Input } from "./api";
import { usePoll } from "./poll";

/** Listing is an operation whose answer has items. */
export type Listing = { [O in Get]: AnswerOf<O> extends { items: Array<{ id: string }> } ? O : never }[Get];
type Item<O extends Listing> = AnswerOf<O> extends { items: Array<infer T> } ? T : never;

export interface Pages<T> {
  /** Absent until the first answer. */
  items?: T[];
  error?: ApiError;
  /** Reads the next page; absent on the last. */
  more?: () => void;
  busy: boolean;
  refresh(): void;
}

interface Options {
  /** Milliseconds between questions for the first page. */
  every?: number;
  /** Asks for the first page at once when it changes. */
  key?: string;
}

/**
 * usePages reads a list's first page at a pace and the further ones on demand. An
 * item that is on two pages is shown once, as the first of them has it.
 */
export function usePages<O extends Listing>(op: O, input: Omit<Input<O>, "cursor">, { every, key }: Options = {}): Pages<Item<O>> {
  type Page = { items: Item<O>[]; next?: string };
  const first = usePoll(op, input as Input<O>, { every });
  const [further, set] = useState<Page[]>([]);
  const [busy, setBusy] = useState(false);
  const query = JSON.stringify(input);
  const here = useRef(query);
  here.current = query;
  useEffect(() => set([]), [query]);
  useEffect(() => {
    if (first.data) first.refresh();
  }, [key]);

  const page = first.data as Page | undefined;
  const next = (further.at(-1) ?? page)?.next;
  const more = async () => {
    if (busy || !next) return;
    setBusy(true);
    try {
      const all = { ...input, query: { ...(input as { query?: object }).query, cursor: next } } as unknown as Input<O>;
      const answer = (await call(op, all)).data as Page;
      if (here.current === query) set((pages) => [...pages, answer]);
    } catch {
      // The button stays; pressing it tries again.
    } finally {
      setBusy(false);
    }
  };
  const seen = new Set<string>();
  const items = page && [page, ...further].flatMap((p) => p.items).filter((i) => {
    const id = (i as { id: string }).id;
    return !seen.has(id) && seen.add(id);
  });
  return { items, error: first.error, more: next ? () => void more() : undefined, busy, refresh: first.refresh };
}
