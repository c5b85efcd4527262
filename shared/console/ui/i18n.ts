// Texts, numbers and lists in the reader's language. The texts are in text.en.ts
// and text.nb.ts, under the same keys.
import type { ComponentChild } from "preact";
import type { en } from "./text.en";

export type Language = "en" | "nb";

/** A text that depends on {n} has two forms, key.one and key.other, and is asked for by key. */
type AllKeys = keyof typeof en;
type Plural<K> = K extends `${infer Base}.one` ? Base : never;
export type Key = Exclude<AllKeys, `${string}.one` | `${string}.other`> | Plural<AllKeys>;

export type Params = Record<string, string | number>;

let texts: Record<string, string> = {};
const locales: Record<Language, string> = { en: "en-GB", nb: "nb-NO" };

let language: Language = fromBrowser();
let plurals = new Intl.PluralRules(locales[language]);
let numbers = new Intl.NumberFormat(locales[language]);
const listeners = new Set<() => void>();

function fromBrowser(): Language {
  const kept = stored("language");
  if (kept === "en" || kept === "nb") return kept;
  const wanted = typeof navigator === "undefined" ? [] : navigator.languages;
  const first = wanted.find((l) => /^(en|nb|no|nn)\b/i.test(l));
  return first && !/^en/i.test(first) ? "nb" : "en";
}

/** stored reads a choice of the reader that outlives the tab; null without storage. */
export function stored(name: string): string | null {
  try {
    return localStorage.getItem("deskmove." + name);
  } catch {
    return null;
  }
}

/** store keeps a choice of the reader, or forgets it if the value is null. */
export function store(name: string, value: string | null) {
  try {
    if (value === null) localStorage.removeItem("deskmove." + name);
    else localStorage.setItem("deskmove." + name, value);
  } catch {
    // A browser without storage asks again next time.
  }
}

export function getLanguage(): Language {
  return language;
}

/** locale is the language's tag for Intl. */
export function locale(): string {
  return locales[language];
}

/** loadTexts fetches the texts of the language; nothing can be said before. */
export async function loadTexts(): Promise<void> {
  await setLanguage(language);
}

/** chooseLanguage switches to a language, and remembers it. */
export async function chooseLanguage(l: Language): Promise<void> {
  await setLanguage(l);
  store("language", l);
}

async function setLanguage(l: Language) {
  texts = l === "nb" ? (await import("./text.nb")).nb : (await import("./text.en")).en;
  language = l;
  plurals = new Intl.PluralRules(locales[l]);
  numbers = new Intl.NumberFormat(locales[l]);
  if (typeof document !== "undefined") document.documentElement.lang = l;
  for (const listener of listeners) listener();
}

/** onLanguage calls f after each change of the language, until the returned function is called. */
export function onLanguage(f: () => void): () => void {
  listeners.add(f);
  return () => listeners.delete(f);
}

/** has tells whether there is a text for a key that comes from the API. */
export function has(key: string): key is Key {
  return key in texts || key + ".other" in texts;
}

function template(key: Key, n: string | number | undefined): string {
  const form = typeof n === "number" ? `${key}.${plurals.select(n) === "one" ? "one" : "other"}` : key;
  return texts[form] ?? texts[key] ?? texts[key + ".other"] ?? key;
}

/** t is the text with its parameters; numbers are written as the language does. */
export function t(key: Key, params: Params = {}): string {
  return template(key, params.n).replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = params[name];
    return value === undefined ? whole : typeof value === "number" ? number(value) : value;
  });
}

/** rich is t for parameters that are elements, such as a name in bold. */
export function rich(key: Key, params: Record<string, ComponentChild>): ComponentChild[] {
  const n = params.n;
  return template(key, typeof n === "number" ? n : undefined)
    .split(/(\{\w+\})/)
    .map((part) => {
      if (!/^\{\w+\}$/.test(part)) return part;
      const value = params[part.slice(1, -1)];
      return typeof value === "number" ? number(value) : value;
    });
}

/** number writes a number with the language's separators. */
export function number(n: number, digits?: number): string {
  if (digits === undefined) return numbers.format(n);
  return new Intl.NumberFormat(locale(), { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(n);
}

/** percent writes 61 as "61 %". */
export function percent(n: number): string {
  return number(Math.floor(n)) + "\u00a0%";
}

/** dollars writes an amount in US dollars; of less than a cent, that it is. */
export function dollars(n: number): string {
  const write = (n: number) => new Intl.NumberFormat(locale(), { style: "currency", currency: "USD" }).format(n);
  return n < 0.01 ? t("summary.below", { v: write(0.01) }) : write(n);
}

/** bytes writes the size of a file: 1 kB for little, 48 kB, 3.2 MB. */
export function bytes(n: number): string {
  const isSmall = n < 999_500;
  const format = new Intl.NumberFormat(locale(), { style: "unit", unit: isSmall ? "kilobyte" : "megabyte", unitDisplay: "short", maximumFractionDigits: isSmall ? 0 : 1 });
  return format.format(isSmall ? Math.ceil(n / 1e3) : n / 1e6);
}

/** list joins words: "a, b and c". */
export function list(words: string[]): string {
  return new Intl.ListFormat(locale(), { type: "conjunction" }).format(words);
}
