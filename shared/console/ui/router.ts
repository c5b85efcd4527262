// Where the reader is: the history API below /app.
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { Store } from "./store";

export interface Place {
  /** Below the origin: /app/inbox. */
  path: string;
  query: URLSearchParams;
  /** Counts the navigations since the page was loaded. */
  visit: number;
}

export const place = new Store<Place>({ path: location.pathname, query: new URLSearchParams(location.search), visit: 0 });

const guards = new Set<() => void>();

function arrive() {
  for (const g of guards) g();
  place.set({ path: location.pathname, query: new URLSearchParams(location.search), visit: place.value.visit + 1 });
}

/** onLeave calls f before each navigation, until the returned function is called. */
export function onLeave(f: () => void): () => void {
  guards.add(f);
  return () => guards.delete(f);
}

/** go navigates to a path below /app. */
export function go(to: string, replace = false) {
  if (to === location.pathname + location.search + location.hash) return;
  if (replace) history.replaceState(null, "", to);
  else history.pushState(null, "", to);
  const samePage = new URL(to, location.href).pathname === place.value.path;
  arrive();
  if (!samePage) scrollTo(0, 0);
}

/** refine changes the query of the page without a navigation: no history, no focus, no scrolling. */
export function refine(query: Record<string, string | undefined>) {
  const all = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(query)) {
    if (value) all.set(name, value);
    else all.delete(name);
  }
  const s = all.toString();
  history.replaceState(null, "", location.pathname + (s ? "?" + s : ""));
  place.set({ ...place.value, query: all });
}

/** follow has links to pages of the console navigate without loading them. */
export function followLinks() {
  addEventListener("popstate", arrive);
  document.addEventListener("click", (e) => {
    if (e.defaultPrevented || e.button !== 0 || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey) return;
    const a = (e.target as Element).closest?.("a");
    if (!a || a.target || a.hasAttribute("download") || a.origin !== location.origin || !a.pathname.startsWith("/app")) return;
    if (a.hash && a.pathname === location.pathname) return; // within the page
    e.preventDefault();
    go(a.pathname + a.search + a.hash);
  });
}

/** useTitle sets the title of the tab. */
export function useTitle(title: string) {
  useEffect(() => {
    document.title = title ? title + " · deskmove" : "deskmove";
  }, [title]);
}

/**
 * useArrival returns the ref of the page's h1, which gets the focus after a
 * navigation, so that screen readers say where one is.
 */
export function useArrival() {
  const ref = useRef<HTMLHeadingElement>(null);
  useLayoutEffect(() => {
    if (place.value.visit > 0) ref.current?.focus({ preventScroll: true });
  }, [place.value.path]);
  return ref;
}
