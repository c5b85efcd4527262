// What every page knows: who reads, of which account, and what moves now.
import type { AnswerOf } from "./api";
import { call } from "./api";
import { t } from "./i18n";
import { browser, Poller } from "./poll";
import { Store, useStore } from "./store";

export type Me = AnswerOf<"GET /v1/me">;
export type Directory = AnswerOf<"GET /v1/directory">;
export type Notice = AnswerOf<"GET /v1/notices">["items"][number];
export type Counts = AnswerOf<"GET /v1/counts">;

export const me = new Store<Me | undefined>(undefined);
export const directory = new Store<Directory | undefined>(undefined);
export const notices = new Store<Notice[]>([]);
export const counts = new Store<Counts | undefined>(undefined);
/** Labels that the reader has met, in order: to choose from. The API lists none. */
export const labels = new Store<string[]>([]);

const whileMoving = 5_000; // between questions for notices
const else_ = 30_000;
const countsEvery = 60_000;
const countsLeast = 10_000;

let pollers: Poller[] = [];
let countedAt = 0;

/** openAccount reads what the first paint needs, and follows it from then on. It throws ApiError. */
export async function openAccount() {
  closeAccount();
  const mine = (await call("GET /v1/me", {})).data;
  if (mine.role !== "connector") await Promise.all([readDirectory(), readNotices()]);
  me.set(mine); // last, since pages are shown from then on
  if (mine.role === "connector") return;
  const notice: Poller = new Poller(async () => {
    const pollAfter = await readNotices();
    notice.every = notices.value.length ? whileMoving : else_;
    return { pollAfter };
  }, notices.value.length ? whileMoving : else_, browser, "later");
  const count = new Poller(async () => {
    countedAt = Date.now();
    counts.set((await call("GET /v1/counts", {})).data);
    return {};
  }, countsEvery);
  pollers = [notice, count];
}

/** closeAccount forgets it all, at sign-out. */
export function closeAccount() {
  for (const p of pollers) p.stop();
  pollers = [];
  me.set(undefined);
  directory.set(undefined);
  notices.set([]);
  counts.set(undefined);
  labels.set([]);
}

async function readNotices(): Promise<number | undefined> {
  const answer = await call("GET /v1/notices", {});
  const before = notices.value.map((n) => n.moveId + n.status).join();
  notices.set(answer.data.items);
  if (answer.data.items.map((n) => n.moveId + n.status).join() !== before) void readDirectory().catch(() => undefined);
  return answer.pollAfter;
}

async function readDirectory() {
  directory.set((await call("GET /v1/directory", {})).data);
}

/**
 * recount asks for all that changes when something leaves a list: the counts, and
 * whether a channel moves.
 */
export function recount() {
  const [notice, count] = pollers;
  void notice?.now();
  if (Date.now() - countedAt > countsLeast) void count?.now();
}

/** refreshAccount asks for notices and directory at once, such as after a start. */
export function refreshAccount() {
  for (const p of pollers) void p.now();
  void readDirectory().catch(() => undefined);
}

/** useMe is the reader. Pages are shown to signed-in readers only. */
export function useMe(): Me {
  return useStore(me)!;
}

export function useDirectory(): Directory {
  return useStore(directory)!;
}

/** moving is the notice of the move that runs; undefined if none does. */
export function useMoving(): Notice | undefined {
  return useStore(notices).find((n) => n.status !== "attention");
}

/** useNotice is the notice of a channel's move that runs or needs somebody; undefined if there is none. */
export function useNotice(channel: string): Notice | undefined {
  return useStore(notices).find((n) => n.channelId === channel);
}

export function isAdmin(m: Me | undefined): boolean {
  return m?.role === "super-admin";
}

/** agentName is the name of an agent by ID; the ID of one who is gone; "Nobody" for none. */
export function agentName(id: string | undefined): string {
  if (!id) return t("word.nobody");
  return directory.value?.agents.find((a) => a.id === id)?.name || id;
}

/** channelName is the name of a channel by ID, or the ID of one that is gone. */
export function channelName(id: string): string {
  return directory.value?.channels.find((c) => c.id === id)?.name || id;
}

/** statusName is the name of a ticket's status by ID, or the ID. */
export function statusName(id: string): string {
  return directory.value?.statuses.find((s) => s.id === id)?.name || id;
}
