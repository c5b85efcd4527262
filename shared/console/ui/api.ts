// Calls of the API. Every call of the console goes through here.
import type { FieldProblem, Operations, Problem } from "./api.gen";
import { has, t, type Key, type Params } from "./i18n";
import { Store } from "./store";

export type Op = keyof Operations;
export type Get = Extract<Op, `GET ${string}`>;
export type AnswerOf<O extends Op> = Operations[O]["answer"];

type Needed<K extends string, T> = [T] extends [undefined] ? { [P in K]?: undefined } : { [P in K]: T };

/** What an operation takes. Values of the query that are undefined are left out. */
export type Input<O extends Op> = Needed<"path", Operations[O]["path"]> & {
  query?: Operations[O]["query"];
  body?: Operations[O]["body"];
  headers?: Record<string, string>;
  signal?: AbortSignal;
};

export interface Answer<T> {
  data: T;
  /** When it was last known to be so, in milliseconds. */
  at: number;
  /** Seconds until the next question, if the server said. */
  pollAfter?: number;
}

/** Refused is a problem of the API, or one that only the console has. */
export type Refused = Omit<Problem, "code"> & { code: Problem["code"] | "network" };

/**
 * ApiError is a refusal by the API, or code "network" if the API was not reached.
 * Its texts come from problemText.
 */
export class ApiError extends Error {
  constructor(
    readonly problem: Refused,
    /** Seconds; 0 if the server did not say. */
    readonly retryAfter = 0,
  ) {
    super(problem.code);
  }

  get code(): string {
    return this.problem.code;
  }

  get status(): number {
    return this.problem.status;
  }

  get fields(): FieldProblem[] {
    return this.problem.errors ?? [];
  }
}

/** Who calls. Session sets it; the token is kept nowhere else. */
export const access = {
  token: "",
  /** renew tries to get a new token without asking anyone. */
  renew: async () => false,
  /** ended is called when the token is refused for good. */
  ended: () => {},
};

/** Counts the times that someone signed in again: what was refused in between is asked again then. */
export const signIns = new Store(0);

/** Whether the API is reached, and since when it is not, in milliseconds. */
export const connection = new Store<{ offline: boolean; since: number }>({ offline: false, since: Date.now() });

const cache = new Map<string, Answer<unknown> & { etag: string }>();
const mostCached = 200;

/** forgetAnswers empties the cache, at sign-out. */
export function forgetAnswers() {
  cache.clear();
}

/** address writes an operation's path with its parameters. */
export function address(op: string, input: { path?: unknown; query?: unknown } = {}): string {
  const values = (input.path ?? {}) as Record<string, string>;
  const path = op.slice(op.indexOf(" ") + 1).replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values[name] ?? ""));
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries((input.query ?? {}) as Record<string, unknown>)) {
    if (value !== undefined && value !== "") query.set(name, Array.isArray(value) ? value.join(",") : String(value));
  }
  const s = query.toString();
  return s ? path + "?" + s : path;
}

/**
 * call asks the API. What is read is asked with the ETag of the last answer, and
 * an answer that has not changed is the same object again. It throws ApiError.
 */
export async function call<O extends Op>(op: O, input: Input<O>): Promise<Answer<AnswerOf<O>>> {
  const method = op.slice(0, op.indexOf(" "));
  const url = address(op, input);
  const answer = await signedIn(method, url, input);
  const pollAfter = Number(answer.headers.get("Poll-After")) || undefined;
  const known = cache.get(url);
  if (answer.status === 304 && known) {
    known.at = Date.now();
    known.pollAfter = pollAfter;
    return known as Answer<AnswerOf<O>>;
  }
  if (!answer.ok) throw await refusal(answer);
  const data = answer.status === 204 ? undefined : await answer.json();
  const etag = answer.headers.get("ETag");
  const result = { data, at: Date.now(), pollAfter };
  if (method === "GET" && etag) remember(url, { ...result, etag });
  return result;
}

/** download reads an answer in another form, such as text/csv. It throws ApiError. */
export async function download<O extends Get>(op: O, input: Input<O>, type: string): Promise<string> {
  const answer = await signedIn("GET", address(op, input), { ...input, headers: { ...input.headers, Accept: type } });
  if (!answer.ok) throw await refusal(answer);
  return answer.text();
}

/** signedIn sends, and once more if the token has run out meanwhile. */
async function signedIn(method: string, url: string, input: Parameters<typeof send>[2]): Promise<Response> {
  let answer = await send(method, url, input);
  if (answer.status !== 401) return answer;
  if (await access.renew()) answer = await send(method, url, input);
  if (answer.status === 401) access.ended();
  return answer;
}

function remember(url: string, answer: Answer<unknown> & { etag: string }) {
  cache.delete(url);
  cache.set(url, answer);
  if (cache.size > mostCached) cache.delete(cache.keys().next().value!);
}

async function send(method: string, url: string, input: { body?: unknown; headers?: Record<string, string>; signal?: AbortSignal }): Promise<Response> {
  const headers: Record<string, string> = { Accept: "application/json", ...input.headers };
  if (access.token) headers.Authorization = "Bearer " + access.token;
  const known = method === "GET" && !input.headers?.Accept ? cache.get(url) : undefined;
  if (known) headers["If-None-Match"] = known.etag;
  if (input.body !== undefined) headers["Content-Type"] = "application/json";
  try {
    const body = input.body === undefined ? undefined : JSON.stringify(input.body);
    const answer = await fetch(url, { method, headers, body, signal: input.signal, cache: "no-store", credentials: "omit" });
    reached(true);
    return answer;
  } catch (e) {
    if (input.signal?.aborted) throw e;
    reached(false);
    throw new ApiError({ type: "about:blank", title: "", status: 0, code: "network" });
  }
}

let lastReached = Date.now();

function reached(ok: boolean) {
  if (ok) lastReached = Date.now();
  if (connection.value.offline === ok) connection.set({ offline: !ok, since: lastReached });
}

/** What API Gateway or a proxy refuses itself says no more than its status. */
const gatewayCodes: Record<number, Problem["code"]> = {
  401: "unauthenticated",
  403: "not-an-access-token",
  404: "not-found",
  413: "too-large",
  429: "busy",
  502: "busy",
  503: "busy",
  504: "busy",
};

async function refusal(answer: Response): Promise<ApiError> {
  const after = Number(answer.headers.get("Retry-After")) || 0;
  try {
    const problem = (await answer.json()) as Problem;
    if (typeof problem.code === "string") return new ApiError(problem, after);
  } catch {
    // Not from the API: a gateway's own page.
  }
  const code = gatewayCodes[answer.status] ?? "internal";
  return new ApiError({ type: "about:blank", title: answer.statusText, status: answer.status, code }, after);
}

/** Words are a problem or a finding in the reader's language. */
export interface Words {
  title: string;
  remedy: string;
}

/** problemText says what went wrong and what to do; what has no text is said as the API does. */
export function problemText(e: unknown): Words {
  if (!(e instanceof ApiError)) return { title: t("lost.error"), remedy: t("lost.error.hint") };
  const p = e.problem;
  return words("problem." + p.code, p.params, sentence(p.detail || p.title || p.code), sentence(p.remedy));
}

/** Coded is whatever the API says with a code, such as a finding of the plan. */
export interface Coded {
  code: string;
  problem?: string;
  remedy?: string;
  n?: number;
  params?: Record<string, unknown>;
}

/** findingText says what a plan found and what to do; params add to those of the finding. */
export function findingText(f: Coded, params: Params = {}): Words {
  const all = { problem: f.problem ?? "", ...f.params, ...(f.n === undefined ? {} : { n: f.n }), ...params };
  return words("find." + f.code, all, sentence(f.problem), sentence(f.remedy));
}

/** fieldText says what is wrong with a field of a request. */
export function fieldText(f: FieldProblem): string {
  return words("field." + f.code, f.params, [sentence(f.problem), sentence(f.remedy)].join(" "), "").title;
}

/** failureText says why a conversation could not be converted. */
export function failureText(f: { code: string; reason?: string }): string {
  return words("fail." + f.code, undefined, sentence(f.reason), "").title;
}

/** refusalText says in one sentence or two why a channel does not move. */
export function refusalText(f: Coded, params: Params = {}): string {
  const key = "refuse." + f.code;
  if (has(key)) return t(key, params);
  return [sentence(f.problem), sentence(f.remedy)].filter(Boolean).join(" ");
}

function words(key: string, params: Record<string, unknown> | undefined, title: string, remedy: string): Words {
  const given = plain(params);
  return { title: has(key) ? t(key, given) : title, remedy: has(key + ".remedy") ? t((key + ".remedy") as Key, given) : remedy };
}

function plain(params: Record<string, unknown> = {}): Params {
  return Object.fromEntries(Object.entries(params).map(([k, v]) => [k, typeof v === "number" ? v : String(v)]));
}

/** sentence makes a sentence of the API's words: "try again" becomes "Try again." */
function sentence(s: string | undefined): string {
  if (!s) return "";
  const first = s[0]!.toUpperCase() + s.slice(1);
  return /[.!?]$/.test(first) ? first : first + ".";
}
