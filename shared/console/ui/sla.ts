// What is promised for a ticket, and when it is due.
import type { Ticket } from "./api.gen";

export type Promised = "firstReply" | "nextReply" | "close";

export interface Due {
  what: Promised;
  at: number;
  /** The share of the time that is used up, 0 to 1. */
  used: number;
  /** late: it is past. soon: less than an hour is left. */
  how: "late" | "soon" | "later";
}

const soon = 3_600_000;

/** dues are a ticket's running clocks, the first that is due first. */
export function dues(t: Pick<Ticket, "clocks" | "openedAt" | "createdAt" | "waitingSince">, now: number): Due[] {
  const opened = Date.parse(t.openedAt ?? t.createdAt ?? "") || now;
  const asked = Date.parse(t.waitingSince ?? "") || opened;
  const all: [Promised, string | undefined, number][] = [
    ["firstReply", t.clocks.firstReplyAt, opened],
    ["nextReply", t.clocks.nextReplyAt, asked],
    ["close", t.clocks.closeAt, opened],
  ];
  return all
    .filter(([, at]) => at !== undefined)
    .map(([what, due, since]): Due => {
      const at = Date.parse(due!);
      const used = at <= since ? 1 : Math.min(1, Math.max(0, (now - since) / (at - since)));
      return { what, at, used: at <= now ? 1 : used, how: at <= now ? "late" : at - now < soon ? "soon" : "later" };
    })
    .sort((a, b) => a.at - b.at);
}
