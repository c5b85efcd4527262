// Asking again and again: at a pace, less often when nobody looks, and less often
// the longer it fails.
import { useEffect, useRef, useState } from "preact/hooks";
import { address, ApiError, call, connection, signIns, type AnswerOf, type Get, type Input } from "./api";
import { useStore } from "./store";

export interface Pace {
  /** Milliseconds between questions that succeed. */
  every: number;
  /** Failures in a row. */
  failures: number;
  hidden: boolean;
  /** Seconds before which the server wants no other question. */
  pollAfter?: number;
  /** 0 to 1. */
  random: number;
}

const whenHidden = 15_000;
const firstRetry = 1000;
const longest = 30_000;

/** pause is how long to wait until the next question, in milliseconds. */
export function pause(p: Pace): number {
  let ms = Math.max(p.every, (p.pollAfter ?? 0) * 1000);
  if (p.failures > 0) ms = Math.min(longest, Math.min(ms, firstRetry) * 2 ** p.failures);
  if (p.hidden) ms = Math.max(ms, whenHidden);
  return Math.round(ms * (0.9 + 0.2 * p.random));
}

/** Asked is what a question had to say. */
export interface Asked {
  pollAfter?: number;
  /** Nothing will change any more. */
  done?: boolean;
}

/** Clock is the world that a Poller lives in; tests bring their own. */
export interface Clock {
  after(ms: number, f: () => void): () => void;
  hidden(): boolean;
  /** Calls f when the page is shown again, and when there is a connection again. */
  onShown(f: () => void): () => void;
  random(): number;
}

export const browser: Clock = {
  after(ms, f) {
    const id = setTimeout(f, ms);
    return () => clearTimeout(id);
  },
  hidden: () => document.hidden,
  onShown(f) {
    const shown = () => document.hidden || f();
    document.addEventListener("visibilitychange", shown);
    window.addEventListener("online", f);
    const unfollow = connection.follow(() => connection.value.offline || f());
    return () => {
      unfollow();
      document.removeEventListener("visibilitychange", shown);
      window.removeEventListener("online", f);
    };
  },
  random: Math.random,
};

/**
 * Poller asks at once, or if it is told so after its first pause, and then at its
 * pace until it is stopped or an answer is done.
 */
export class Poller {
  private failures = 0;
  private stopped = false;
  private asking = false;
  private cancel = () => {};
  private readonly unshown: () => void;

  constructor(
    private readonly ask: () => Promise<Asked>,
    public every: number,
    private readonly clock: Clock = browser,
    first: "now" | "later" = "now",
  ) {
    this.unshown = clock.onShown(() => void this.now());
    if (first === "now") void this.now();
    else this.wait({});
  }

  /** now asks at once, unless a question is under way. */
  async now(): Promise<void> {
    if (this.stopped || this.asking) return;
    this.cancel();
    this.asking = true;
    let asked: Asked = {};
    try {
      asked = await this.ask();
      this.failures = 0;
    } catch {
      this.failures++;
    }
    this.asking = false;
    if (asked.done) this.stop();
    if (!this.stopped) this.wait(asked);
  }

  private wait(asked: Asked) {
    const { every, failures, clock } = this;
    const ms = pause({ every, failures, hidden: clock.hidden(), pollAfter: asked.pollAfter, random: clock.random() });
    this.cancel = clock.after(ms, () => void this.now());
  }

  stop() {
    this.stopped = true;
    this.cancel();
    this.unshown();
  }
}

export interface Reading<T> {
  /** Absent until the first answer. */
  data?: T;
  /** The last question's problem; absent when the last one succeeded. */
  error?: ApiError;
  /** When data was last known to be so, in milliseconds; 0 before. */
  at: number;
  /** data is still of the address asked before this one. */
  stale: boolean;
  /** refresh asks at once. */
  refresh(): void;
  /** put replaces data by what is known better, until the next answer. */
  put(data: T): void;
}

export interface PollOptions<T> {
  /** Milliseconds; without it, it is asked once and on refresh. */
  every?: number;
  /** until stops asking when it holds. */
  until?: (data: T) => boolean;
  /** false asks nothing, and has no data. */
  on?: boolean;
  /** Keeps the last data while another address is asked. */
  keep?: boolean;
}

/** usePoll reads, and goes on reading at a pace. */
export function usePoll<O extends Get>(op: O, input: Input<O>, options: PollOptions<AnswerOf<O>> = {}): Reading<AnswerOf<O>> {
  type T = AnswerOf<O>;
  const { every, until, on = true, keep = false } = options;
  const url = address(op, input);
  const [state, set] = useState<{ url: string; data?: T; error?: ApiError; at: number }>({ url: "", at: 0 });
  const [round, again] = useState(0);
  const signedIn = useStore(signIns);
  const poller = useRef<Poller | undefined>(undefined);
  const last = useRef(until);
  last.current = until;

  useEffect(() => {
    if (!on) return;
    let current = true;
    const ask = async (): Promise<Asked> => {
      try {
        const a = await call(op, input);
        if (current) set((s) => (s.url === url && s.data === a.data && !s.error ? s : { url, data: a.data, at: a.at }));
        return { pollAfter: a.pollAfter, done: every === undefined || last.current?.(a.data) };
      } catch (e) {
        const error = e instanceof ApiError ? e : new ApiError({ type: "", title: String(e), status: 0, code: "internal" });
        if (current) set((s) => ({ ...(s.url === url || keep ? s : { at: 0 }), url: s.url === url || !keep ? url : s.url, error }));
        if (every === undefined && error.code !== "network") return { done: true };
        throw e;
      }
    };
    const p = new Poller(ask, every ?? 2000);
    poller.current = p;
    return () => {
      current = false;
      p.stop();
    };
  }, [url, on, every === undefined, round, signedIn]);

  useEffect(() => {
    if (poller.current && every !== undefined) poller.current.every = every;
  }, [every]);

  const mine = state.url === url;
  return {
    data: on && (mine || keep) ? state.data : undefined,
    error: state.error,
    at: state.at,
    stale: !mine && state.data !== undefined,
    refresh: () => again((n) => n + 1),
    put: (data) => set({ url, data, at: Date.now() }),
  };
}
