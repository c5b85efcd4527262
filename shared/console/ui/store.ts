// A value that pages follow.
import { useEffect, useState } from "preact/hooks";

export class Store<T> {
  private readonly followers = new Set<() => void>();

  constructor(public value: T) {}

  set(value: T) {
    if (value === this.value) return;
    this.value = value;
    for (const f of [...this.followers]) f();
  }

  /** follow calls f after each change, until the returned function is called. */
  follow(f: () => void): () => void {
    this.followers.add(f);
    return () => this.followers.delete(f);
  }
}

/** useStore returns the store's value, and renders again when it changes. */
export function useStore<T>(store: Store<T>): T {
  const [, render] = useState(0);
  useEffect(() => {
    render((n) => n + 1); // it may have changed before this effect
    return store.follow(() => render((n) => n + 1));
  }, [store]);
  return store.value;
}

/** useMedia tells whether a media query holds, now and after changes. */
export function useMedia(query: string): boolean {
  const [holds, set] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const m = matchMedia(query);
    const follow = () => set(m.matches);
    follow();
    m.addEventListener("change", follow);
    return () => m.removeEventListener("change", follow);
  }, [query]);
  return holds;
}

/** phone is the width below which tables become lists and the navigation a sheet. */
/** Widths are in em, so that twice the text has half the window. */
export const phone = "(max-width: 47.5em)";
/** Where a list and what is read do not stand side by side. */
export const stacked = "(max-width: 56.25em)";
