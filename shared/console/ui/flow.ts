// What the move's form knows and asks, without a browser: what is chosen, what is
// settled, and what is missing before a move can start.
import type { NewMove } from "./api.gen";

export const steps = ["history", "status", "sla", "notify", "checks", "time", "rehearsal", "confirm"] as const;
export type Step = (typeof steps)[number];

export type Sla = "from-move" | "original" | "none";
export type Notify = "quiet" | "digest" | "all";

export interface Choices {
  history: "all" | "none";
  pipeline: string;
  /** IDs of ticket statuses; empty until one is chosen. */
  open: string;
  closed: string;
  sla: Sla;
  notify: Notify;
  /** The warnings that were accepted: how many conversations each was about then. */
  accepted: Record<string, number>;
}

/** A number of the plan, and how it was found. */
export interface Figure {
  n: number;
  is: "exact" | "at-least" | "extrapolated";
}

/** What a finding of the plan has that counts here. */
export interface Counted {
  code: string;
  /** How many conversations it is about. */
  n?: number;
}

/** Hours of the week, in the account's zone. */
export interface Window {
  /** 0 for Sunday. */
  weekday: number;
  fromHour: number;
  hours: number;
}

/** The folded sections of a move without history: they are about older conversations. */
export function applies(step: Step, c: Choices): boolean {
  return c.history === "all" || (step !== "status" && step !== "sla" && step !== "notify");
}

export interface StatusOption {
  id: string;
  closed: boolean;
  pipelineId: string;
}

/**
 * preset chooses the statuses that need no thought: the channel's own status for
 * new tickets and else the first open one, and the first closed one beside it.
 */
export function preset(statuses: StatusOption[], preferred?: string): Pick<Choices, "pipeline" | "open" | "closed"> {
  const wanted = statuses.find((s) => s.id === preferred && !s.closed);
  const pipelines = [...new Set(statuses.map((s) => s.pipelineId))];
  const of = (pipeline: string, closed: boolean) => statuses.find((s) => s.pipelineId === pipeline && s.closed === closed)?.id ?? "";
  const pipeline = wanted?.pipelineId ?? pipelines.find((p) => of(p, false) && of(p, true)) ?? pipelines[0] ?? "";
  return { pipeline, open: wanted?.id ?? of(pipeline, false), closed: of(pipeline, true) };
}

/** planQuery is what the plan is asked with; equal queries have equal answers. */
export function planQuery(c: Choices) {
  if (c.history === "none") return { history: c.history };
  return { history: c.history, open: c.open || undefined, closed: c.closed || undefined, sla: c.sla };
}

/** newMove is what starts the move, or its rehearsal. */
export function newMove(channelId: string, c: Choices, warnings: Counted[], rehearsal: boolean): NewMove {
  const move: NewMove = { channelId, history: c.history, rehearsal };
  if (c.history === "all") {
    move.statusMap = { open: c.open, closed: c.closed };
    move.sla = c.sla;
    move.notifications = c.notify;
  }
  const codes = warnings.filter((w) => isAccepted(w, c)).map((w) => w.code);
  if (codes.length && !rehearsal) move.acknowledged = codes;
  return move;
}

/** isAccepted tells whether a warning was ticked and is about no more than it was then. */
export function isAccepted(w: Counted, c: Choices): boolean {
  const then = c.accepted[w.code];
  return then !== undefined && (w.n ?? 0) <= then;
}

/** grew is how many a warning was about when it was ticked, if it is about more now. */
export function grew(w: Counted, c: Choices): number | undefined {
  const then = c.accepted[w.code];
  return then !== undefined && (w.n ?? 0) > then ? then : undefined;
}

/** accept ticks a warning, or unticks it. */
export function accept(w: Counted, c: Choices, on: boolean): Choices {
  const { [w.code]: _, ...others } = c.accepted;
  return { ...c, accepted: on ? { ...others, [w.code]: w.n ?? 0 } : others };
}

/** isName tells whether what was typed is the channel's name; case, blanks around it and their number do not matter. */
export function isName(typed: string, name: string): boolean {
  const plain = (s: string) => s.normalize("NFC").trim().replace(/\s+/g, " ").toLocaleLowerCase();
  return plain(typed) === plain(name);
}

export interface Facts {
  name: string;
  choices: Choices;
  typed: string;
  /** Absent until the first plan. */
  plan?: { blockers: Counted[]; warnings: Counted[] };
  /** The plan is of other choices, or could not be made. */
  stale: boolean;
  /** Another channel is moving. */
  running: boolean;
  /** The sections that the reader has had before the eyes. */
  seen: ReadonlySet<Step>;
}

/** Why a move cannot start yet. n is how many of it there are. */
export interface Missing {
  what: "status" | "plan" | "blockers" | "warnings" | "running" | "name";
  step: Step;
  n: number;
}

/** missing is what stands between the reader and the start, in the order of the page. */
export function missing(f: Facts): Missing[] {
  const all: Missing[] = [];
  if (!hasStatuses(f.choices)) all.push({ what: "status", step: "status", n: 1 });
  const blockers = f.plan?.blockers.length ?? 0;
  const left = f.plan?.warnings.filter((w) => !isAccepted(w, f.choices)).length ?? 0;
  if (blockers) all.push({ what: "blockers", step: "checks", n: blockers });
  if (left) all.push({ what: "warnings", step: "checks", n: left });
  if (!f.plan || f.stale) all.push({ what: "plan", step: "checks", n: 1 });
  if (f.running) all.push({ what: "running", step: "confirm", n: 1 });
  if (!isName(f.typed, f.name)) all.push({ what: "name", step: "confirm", n: 1 });
  return all;
}

function hasStatuses(c: Choices): boolean {
  return c.history === "none" || (c.open !== "" && c.closed !== "");
}

/** isSettled tells whether a step needs the reader no more. */
export function isSettled(step: Step, f: Facts): boolean {
  if (!applies(step, f.choices)) return true;
  return f.seen.has(step) && !missing(f).some((m) => m.step === step);
}

/** nextUnsettled is the step to go to from another: the next one that needs the reader, else the last. */
export function nextUnsettled(from: Step, f: Facts): Step {
  const after = steps.indexOf(from) + 1;
  const turn = [...steps.slice(after), ...steps.slice(0, after - 1)];
  return turn.find((s) => s !== "confirm" && !isSettled(s, f)) ?? "confirm";
}

// ---- the week ----

const week = 168;
const days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

/** hourOfWeek is the hour of the week in a zone, 0 for Sunday's first. */
export function hourOfWeek(at: number, zone: string): number {
  const parts = new Intl.DateTimeFormat("en-US", { weekday: "short", hour: "2-digit", hourCycle: "h23", timeZone: zone }).formatToParts(at);
  const part = (type: string) => parts.find((p) => p.type === type)?.value ?? "";
  return days.indexOf(part("weekday")) * 24 + Number(part("hour"));
}

/** hoursOf are the hours of the week of a window; one that passes Saturday's end goes on on Sunday. */
export function hoursOf(w: Window): number[] {
  return Array.from({ length: w.hours }, (_, i) => (w.weekday * 24 + w.fromHour + i) % week);
}

/** startOf is when a window begins next, in milliseconds; the present hour if it is within it. */
export function startOf(w: Window, now: number, zone: string): number {
  const hour = 3_600_000;
  const first = w.weekday * 24 + w.fromHour;
  const present = hourOfWeek(now, zone);
  const top = Math.floor(now / hour) * hour;
  if (hoursOf(w).includes(present)) return top;
  // Clocks may change in between, so the hour is looked for rather than computed.
  for (let i = 1; i <= week + 2; i++) if (hourOfWeek(top + i * hour, zone) === first) return top + i * hour;
  return top;
}

/** calendarEntry is a file for calendars (RFC 5545). */
export function calendarEntry(e: { uid: string; summary: string; url: string; start: number; hours: number; now: number }): string {
  const stamp = (at: number) => new Date(at).toISOString().replace(/[-:]|\.\d+/g, "");
  const text = (s: string) => s.replace(/([\\;,])/g, "\\$1").replace(/\s+/g, " ");
  const lines = [
    "BEGIN:VCALENDAR",
    "VERSION:2.0",
    "PRODID:-//deskmove//console//EN",
    "BEGIN:VEVENT",
    "UID:" + text(e.uid),
    "DTSTAMP:" + stamp(e.now),
    "DTSTART:" + stamp(e.start),
    "DTEND:" + stamp(e.start + e.hours * 3_600_000),
    "SUMMARY:" + text(e.summary),
    "URL:" + e.url,
    "END:VEVENT",
    "END:VCALENDAR",
  ];
  return lines.flatMap(folded).join("\r\n") + "\r\n";
}

/** folded breaks a line where a calendar's lines may be no longer. */
function folded(line: string): string[] {
  const out = [];
  for (let rest = line; rest; ) {
    const part = [...rest].slice(0, out.length ? 35 : 36).join(""); // of 75 bytes, letters of up to 2
    out.push((out.length ? " " : "") + part);
    rest = rest.slice(part.length);
  }
  return out;
}
