// Times and durations in words. Times are of the reader's zone unless another is given.
import { getLanguage, list, locale, number, t } from "./i18n";

type When = string | number | Date;

const formats = new Map<string, Intl.DateTimeFormat>(); // making one takes longer than all else of a row

function format(at: When, options: Intl.DateTimeFormatOptions, zone?: string): string {
  const key = [locale(), zone, JSON.stringify(options)].join();
  const made = formats.get(key) ?? new Intl.DateTimeFormat(locale(), zone ? { ...options, timeZone: zone } : options);
  formats.set(key, made);
  return made.format(new Date(at));
}

/** clock writes the time of day: 20:02, in Norwegian 20.02. */
export function clock(at: When, seconds = false, zone?: string): string {
  const s = format(at, { hour: "2-digit", minute: "2-digit", second: seconds ? "2-digit" : undefined, hourCycle: "h23" }, zone);
  return getLanguage() === "nb" ? s.replaceAll(":", ".") : s;
}

/** day writes a date in short: 12 Nov., with the year if it is another one. */
export function day(at: When, now: When = Date.now()): string {
  const date = new Date(at);
  const sameYear = date.getFullYear() === new Date(now).getFullYear();
  const s = format(at, { day: "numeric", month: "short", year: sameYear ? undefined : "numeric" });
  return getLanguage() === "nb" ? s : s.replace(/([A-Z][a-z]+)/, (month) => (month === "May" ? month : month + "."));
}

/** longDay writes a date in full: 24 November 2026. */
export function longDay(at: When): string {
  return format(at, { day: "numeric", month: "long", year: "numeric" });
}

/** sameDay tells whether both times are on one day of the reader's. */
export function sameDay(a: When, b: When): boolean {
  return new Date(a).toDateString() === new Date(b).toDateString();
}

/** moment writes when something was, as short as it is clear: 20:02 today, "24 Nov. 11:32" else. */
export function moment(at: When, now: When = Date.now()): string {
  return sameDay(at, now) ? clock(at) : `${day(at, now)} ${clock(at)}`;
}

/** exact writes date, time and zone, for a title. */
export function exact(at: When): string {
  return format(at, { dateStyle: "full", timeStyle: "long" });
}

/** weekday writes the day of the week, 0 for Sunday: short "Mon" or long "Monday". */
export function weekday(n: number, style: "short" | "long" = "long"): string {
  return format(Date.UTC(2023, 0, 1 + n, 12), { weekday: style }, "UTC"); // 1 January 2023 was a Sunday
}

/** weekdays writes days of the week, 0 for Sunday, from Monday on, those in a row as a span: "Mon–Wed and Fri". */
export function weekdays(of: number[]): string {
  const order = of.map((n) => (n + 6) % 7).sort((a, b) => a - b);
  const rows: number[][] = [];
  for (const n of order) {
    const row = rows.at(-1);
    if (row && n === row.at(-1)! + 1) row.push(n);
    else rows.push([n]);
  }
  const name = (n: number) => weekday((n + 1) % 7, "short");
  return list(rows.flatMap((row) => (row.length > 2 ? `${name(row[0]!)}–${name(row.at(-1)!)}` : row.map(name))));
}

/** duration writes seconds in at most two units: 0.4 s, 84 s as 1 min 24 s, 2 h 5 min, 3 d 4 h. */
export function duration(seconds: number): string {
  const s = Math.max(0, seconds);
  if (s < 10 && s % 1 !== 0) return t("unit.s", { v: number(s, s < 0.1 ? 2 : 1) });
  const whole = Math.round(s);
  if (whole < 60) return t("unit.s", { v: String(whole) });
  if (whole < 3600) return two("unit.min", Math.floor(whole / 60), "unit.s", whole % 60);
  const minutes = Math.round(whole / 60);
  if (minutes < 1440) return two("unit.h", Math.floor(minutes / 60), "unit.min", minutes % 60);
  const hours = Math.round(minutes / 60);
  return two("unit.d", Math.floor(hours / 24), "unit.h", hours % 24);
}

function two(big: Unit, a: number, small: Unit, b: number): string {
  const first = t(big, { v: number(a) });
  return b === 0 ? first : first + " " + t(small, { v: String(b) });
}

type Unit = "unit.s" | "unit.min" | "unit.h" | "unit.d";

/**
 * roundLeft rounds what is left of a move, so that the figure does not flicker:
 * to 5 seconds below 2 minutes, to minutes above.
 */
export function roundLeft(seconds: number): number {
  return seconds < 120 ? Math.max(5, Math.round(seconds / 5) * 5) : Math.round(seconds / 60) * 60;
}

/** ago writes how long ago something was: "40 minutes ago". */
export function ago(at: When, now: When = Date.now()): string {
  return relative((new Date(at).getTime() - new Date(now).getTime()) / 1000);
}

/** relative writes seconds from now, negative ones in the past: "in 6 hours". */
export function relative(seconds: number): string {
  const words = new Intl.RelativeTimeFormat(locale(), { numeric: "auto" });
  const size = Math.abs(seconds);
  if (size < 45) return t("time.now");
  if (size < 2700) return words.format(Math.round(seconds / 60), "minute");
  if (size < 79_200) return words.format(Math.round(seconds / 3600), "hour");
  return words.format(Math.round(seconds / 86_400), "day");
}
