// The list of the inbox or the help desk, beside what is read.
import * as shapes from "lucide";
import { Component, type ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { recount } from "./account";
import { ApiError, call, fieldText, problemText, type AnswerOf, type Input } from "./api";
import { getLanguage, number, store, stored, t } from "./i18n";
import { useKeys } from "./keys";
import { Button, counted, Empty, Icon, IconButton, Menu, ProblemView, Skeleton } from "./parts";
import { usePoll } from "./poll";
import { go, onLeave } from "./router";
import { mergeRows, partsOf, toRows, type Row } from "./rows";
import { Store } from "./store";

type Listed = "GET /v1/conversations" | "GET /v1/tickets";
type Item<O extends Listed> = AnswerOf<O>["items"][number];

const listEvery = 5_000;
const sortedEvery = 15_000; // the server reads all that is open to put it in order
export const pageSize = 50;

/** order is how the reader wants to have what is open: as it came, or the last changed first. */
export const order = new Store<"activity" | undefined>(stored("order") === "activity" ? "activity" : undefined);

function setOrder(o: "activity" | undefined) {
  order.set(o);
  store("order", o ?? null);
}

export interface Rows<T> {
  rows?: Row<T>[];
  error?: ApiError;
  /** How many new ones are held back, and how to show them. */
  held: number;
  show(): void;
  /** Reads the next page; absent on the last. */
  more?: () => void;
  refresh(): void;
  /** Whether the reader's pointer or focus is in the list; either holds it. */
  hold(by: "pointer" | "focus", on: boolean): void;
  /** put replaces a row by what is known better. */
  put(item: T): void;
}

/**
 * useRows reads a list's first page every few seconds and the further ones on
 * demand. While the reader is in it, nothing is put between the rows; what leaves
 * the list stays, greyed, until the next navigation.
 */
export function useRows<O extends Listed>(op: O, query: NonNullable<Input<O>["query"]>): Rows<Item<O>> {
  type T = Item<O>;
  type State = { key: string; rows: Row<T>[]; held: number; next?: string };
  const key = JSON.stringify(query);
  const first = usePoll(op, { query: { ...query, limit: pageSize } } as unknown as Input<O>, { every: query.sort ? sortedEvery : listEvery });
  const [state, set] = useState<State>();
  const holding = useRef({ pointer: false, focus: false });
  const busy = useRef(false);
  const take = (hold: boolean) => {
    if (!first.data) return;
    const { items, next } = first.data as { items: T[]; next?: string };
    set((s) => {
      if (!s || s.key !== key) return { key, rows: toRows(items), held: 0, next };
      const { rows, held } = mergeRows(s.rows, items, next !== undefined, hold);
      return { key, rows, held, next: s.rows.length > pageSize ? s.next : next };
    });
  };
  useEffect(() => take(holding.current.pointer || holding.current.focus), [first.data, key]);
  const gone = state?.rows.filter((r) => r.gone).length ?? 0;
  useEffect(() => {
    if (gone > 0) recount();
  }, [gone]);
  useEffect(() => onLeave(() => set((s) => s && { ...s, rows: s.rows.filter((r) => !r.gone) })), []);

  const mine = state?.key === key ? state : undefined;
  const more = async () => {
    if (busy.current || !mine?.next) return;
    busy.current = true;
    try {
      const input = { query: { ...query, limit: pageSize, cursor: mine.next } } as unknown as Input<O>;
      const page = (await call(op, input)).data as { items: T[]; next?: string };
      set((s) => {
        if (!s || s.key !== key) return s;
        const known = new Set(s.rows.map((r) => r.item.id));
        const fresh = page.items.filter((i) => !known.has(i.id));
        return { ...s, rows: [...s.rows, ...toRows(fresh, (s.rows.at(-1)?.part ?? -1) + 1)], next: page.next };
      });
    } catch {
      // It is tried again when the end is reached again, or by its button.
    } finally {
      busy.current = false;
    }
  };
  return {
    rows: mine?.rows,
    error: first.error,
    held: mine?.held ?? 0,
    show: () => take(false),
    more: mine?.next ? () => void more() : undefined,
    refresh: first.refresh,
    hold: (by, on) => {
      holding.current[by] = on;
    },
    put: (item) => set((s) => s && { ...s, rows: s.rows.map((r) => (r.item.id === item.id ? { ...r, item } : r)) }),
  };
}

interface ListProps<T> {
  title: string;
  count?: string;
  list: Rows<T>;
  /** The ID of the row that is read. */
  current: string;
  href: (item: T) => string;
  row: (item: T, gone: boolean) => ComponentChildren;
  /** What rows show beside their items. */
  given: unknown[];
  filters: ComponentChildren;
  /** The order, if it can be chosen. */
  sort?: { by: "activity" | undefined };
  empty: ComponentChildren;
  icon?: string;
  /** What is searched for; undefined while nothing is. */
  search?: string;
  onSearch: (words: string | undefined) => void;
}

const ahead = 400; // pixels before the end at which the next page is read

interface EntryProps<T> {
  item: T;
  gone: boolean;
  current: boolean;
  href: string;
  row: (item: T, gone: boolean) => ComponentChildren;
  given: unknown[];
}

interface PartProps<T> {
  rows: Row<T>[];
  /** The ID of the row that is read, if it is one of these. */
  current?: string;
  href: (item: T) => string;
  /** Where the first row leads, which tells that addresses have changed. */
  to: string;
  row: (item: T, gone: boolean) => ComponentChildren;
  given: unknown[];
}

/** Part is some rows. The browser passes over parts that are out of sight, and rendering the list again over those that are as they were. */
class Part<T extends { id: string }> extends Component<PartProps<T>> {
  override shouldComponentUpdate(next: PartProps<T>): boolean {
    const was = this.props;
    return (
      next.current !== was.current || next.to !== was.to || next.rows.length !== was.rows.length ||
      next.rows.some((r, i) => r !== was.rows[i]) || next.given.some((v, i) => v !== was.given[i])
    );
  }
  override render({ rows, current, href, row, given }: PartProps<T>) {
    return (
      <div class="part">
        {rows.map(({ item, gone }) => (
          <Entry key={item.id} item={item} gone={gone ?? false} current={item.id === current} href={href(item)} row={row} given={given} />
        ))}
      </div>
    );
  }
}

/** Entry is a row. It is rendered again only if it would be another one: thousands may be there, and a page of 50 comes. */
class Entry<T> extends Component<EntryProps<T>> {
  override shouldComponentUpdate(next: EntryProps<T>): boolean {
    const was = this.props;
    return (
      next.item !== was.item || next.gone !== was.gone || next.current !== was.current || next.href !== was.href ||
      next.given.some((v, i) => v !== was.given[i])
    );
  }
  override render({ item, gone, current, href, row }: EntryProps<T>) {
    return (
      <div role="listitem" class={gone ? "gone" : undefined}>
        {gone ? (
          <div class="entry">{row(item, true)}</div>
        ) : (
          <a class="entry" href={href} aria-current={current ? "true" : undefined}>
            {row(item, false)}
          </a>
        )}
      </div>
    );
  }
}

/** WorkList is the list with its title, search and filters. */
export function WorkList<T extends { id: string }>({ title, count, list, current, href, row, given, filters, sort, empty, icon, search, onSearch }: ListProps<T>) {
  const box = useRef<HTMLDivElement>(null);
  const end = useRef<HTMLDivElement>(null);
  const opener = useRef<HTMLSpanElement>(null);
  const { rows } = list;
  const all = [...given, getLanguage(), new Date().toDateString()]; // of dates today's are written as times
  const tooMany = list.error?.fields.find((f) => f.code === "too-many-to-sort");
  const more = useRef(list.more);
  more.current = list.more;
  useEffect(() => {
    const el = box.current;
    if (!el || !end.current) return;
    // Whoever asks at each scroll where the end is has all rows laid out for that. A list that has no room of its own scrolls with the page.
    const root = el.scrollHeight > el.clientHeight + 1 ? el : null;
    const observer = new IntersectionObserver((seen) => seen.some((s) => s.isIntersecting) && more.current?.(), { root, rootMargin: ahead + "px" });
    observer.observe(end.current);
    return () => observer.disconnect();
  }, [rows?.length, list.more === undefined]);
  useEffect(() => {
    box.current?.querySelector('[aria-current="true"]')?.scrollIntoView({ block: "nearest" });
  }, [current]);
  const show = () => {
    list.show();
    setTimeout(() => {
      const first = box.current?.querySelector<HTMLElement>("a.entry");
      first?.focus();
      first?.scrollIntoView({ block: "nearest" });
    });
  };
  const step = (by: number) => () => {
    if (!rows?.length) return;
    const at = rows.findIndex((r) => r.item.id === current);
    for (let i = at < 0 ? (by > 0 ? 0 : rows.length - 1) : at + by; i >= 0 && i < rows.length; i += by) {
      if (!rows[i]!.gone) return go(href(rows[i]!.item));
    }
  };
  useKeys({ j: step(1), k: step(-1), "/": () => onSearch(search ?? "") });
  return (
    <section class="list" aria-label={title}>
      <header>
        <h2>
          {title} {count && <span class="muted num">{count}</span>}
        </h2>
        {sort && search === undefined && (
          <Menu
            label={t("order.label")}
            button={<Icon of={shapes.listFilter} size={18} />}
            items={[
              { group: t("order.label") },
              { label: t("order.joined"), checked: !sort.by, onSelect: () => setOrder(undefined) },
              { label: t("order.activity"), checked: sort.by === "activity", onSelect: () => setOrder("activity") },
            ]}
          />
        )}
        <span ref={opener}>
          <IconButton icon={shapes.search} label={t("do.search")} aria-expanded={search !== undefined} onClick={() => onSearch(search === undefined ? "" : undefined)} />
        </span>
      </header>
      {search === undefined ? (
        <div class="filters" role="group" aria-label={t("filter.label")}>
          {filters}
        </div>
      ) : (
        <Search
          value={search}
          onSearch={(words) => {
            onSearch(words);
            if (words === undefined) opener.current?.querySelector("button")?.focus();
          }}
        />
      )}
      <div
        class="scroll"
        ref={box}
        onPointerEnter={() => list.hold("pointer", true)}
        onPointerLeave={() => list.hold("pointer", false)}
        onFocusIn={() => list.hold("focus", true)}
        onFocusOut={() => list.hold("focus", false)}
      >
        {list.held > 0 && (
          <button type="button" class="held" onClick={show}>
            {t("list.held", { n: list.held })}
          </button>
        )}
        {!rows ? (
          tooMany ? (
            <Empty icon={shapes.listFilter}>
              {fieldText({ ...tooMany, params: { most: number(Number(tooMany.params?.most)) } })}
              <br />
              <Button onClick={() => setOrder(undefined)}>{t("order.joined")}</Button>
            </Empty>
          ) : list.error ? (
            <ProblemView error={list.error} retry={list.refresh} />
          ) : (
            <div class="in">
              <Skeleton rows={9} height={20} />
            </div>
          )
        ) : rows.length === 0 ? (
          <Empty icon={icon}>{empty}</Empty>
        ) : (
          <div role="list">
            {partsOf(rows).map((part) => (
              <Part
                key={part[0]!.part}
                rows={part}
                current={part.some((r) => r.item.id === current) ? current : undefined}
                href={href}
                to={href(part[0]!.item)}
                row={row}
                given={all}
              />
            ))}
          </div>
        )}
        {list.more && rows && (
          <div ref={end}>
            <Button kind="quiet" onClick={list.more}>{t("do.more")}</Button>
          </div>
        )}
      </div>
    </section>
  );
}

function Search({ value, onSearch }: { value: string; onSearch: (words: string | undefined) => void }) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);
  return (
    <form
      class="filters"
      role="search"
      onSubmit={(e) => {
        e.preventDefault();
        onSearch(input.current!.value.trim());
      }}
    >
      <input
        ref={input}
        class="input"
        type="search"
        value={value}
        aria-label={t("do.search")}
        placeholder={t("search.hint")}
        maxLength={1000}
        onKeyDown={(e) => e.key === "Escape" && onSearch(undefined)}
      />
      <IconButton icon={shapes.x} label={t("do.close")} onClick={() => onSearch(undefined)} />
    </form>
  );
}

/** Chip is a filter that is on or off. */
export function Chip({ on, onChange, children }: { on: boolean; onChange: (on: boolean) => void; children: ComponentChildren }) {
  return (
    <button type="button" class="chip" aria-pressed={on} onClick={() => onChange(!on)}>
      {children}
      {on && <Icon of={shapes.x} size={12} />}
    </button>
  );
}

/** undone says that an edit was not made, and why. */
export function undone(e: unknown): string {
  const field = e instanceof ApiError ? e.fields[0] : undefined;
  if (field) return t("edit.undone", { why: fieldText(field) });
  const { title, remedy } = problemText(e);
  return t("edit.undone", { why: e instanceof ApiError && e.code === "network" ? title : [title, remedy].filter(Boolean).join(". ") });
}

/** howMany writes the number of rows if they are all there, else the count, which may be a minute old. */
export function howMany<T>(list: Rows<T>, count?: { n: number; atLeast: boolean }): string | undefined {
  const here = list.rows?.filter((r) => !r.gone).length ?? 0;
  if (list.rows && !list.more) return number(here);
  return count && count.n >= here ? counted(count) : undefined;
}

