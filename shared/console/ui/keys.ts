// Single-key shortcuts, which the reader can turn off (WCAG 2.1.4).
import { useEffect, useRef } from "preact/hooks";
import { store, stored } from "./i18n";
import { Store } from "./store";

/** singleKeys tells whether single keys work; ? always does. */
export const singleKeys = new Store(stored("keys") !== "off");

export function setSingleKeys(on: boolean) {
  singleKeys.set(on);
  store("keys", on ? null : "off");
}

/** Bindings are actions by key: "j", "?", or two keys in turn: "g i". */
export type Bindings = Record<string, (() => void) | undefined>;

const layers: { current: Bindings }[] = [];
const patience = 1500; // milliseconds between two keys of one shortcut
let before = { key: "", at: 0 };

/** useKeys binds keys while the component is there; of two that bind a key, the later one has it. */
export function useKeys(bindings: Bindings) {
  const ref = useRef(bindings);
  ref.current = bindings;
  useEffect(() => {
    layers.push(ref);
    return () => {
      layers.splice(layers.indexOf(ref), 1);
    };
  }, []);
}

/** listen hears the keys of the whole page. */
export function listenToKeys() {
  document.addEventListener("keydown", (e) => {
    if (e.defaultPrevented || e.ctrlKey || e.metaKey || e.altKey || e.isComposing) return;
    if (isTyping(e.target) || document.querySelector("dialog[open]")) return;
    const key = e.key.length === 1 ? e.key.toLowerCase() : e.key;
    if (key !== "?" && key !== "Escape" && !singleKeys.value) return;
    const two = Date.now() - before.at < patience ? before.key + " " + key : "";
    const action = (two && find(two)) || find(key);
    before = { key, at: Date.now() };
    if (!action) return;
    e.preventDefault();
    before.at = 0;
    action();
  });
}

function find(key: string): (() => void) | undefined {
  return layers.findLast((l) => l.current[key])?.current[key];
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("input:not([type=radio]):not([type=checkbox]), textarea, select, [contenteditable]") !== null;
}
