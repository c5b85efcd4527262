// Signing in and out. Tokens live in memory only.
//
// On one machine, the link that `deskmove open` makes carries a code, which is
// good for a cookie, and the cookie for tokens of whoever one chooses to be. Else
// it is OpenID Connect: authorization code with PKCE at the account's user pool.
import { useEffect, useState } from "preact/hooks";
import { access, forgetAnswers, signIns } from "./api";
import { go } from "./router";
import { Store } from "./store";

export interface Config {
  signIn: {
    kind: "local" | "oidc" | "none";
    authorize?: string;
    token?: string;
    logout?: string;
    clientId?: string;
    scope?: string;
  };
  version: string;
}

export interface Person {
  id: string;
  name?: string;
  role: string;
  helpDesk?: boolean;
}

export type Session =
  | { state: "starting" }
  /** Nobody yet. why is a key of a text, or undefined at the first visit. */
  | { state: "out"; why?: "signIn.noCode" | "signIn.badCode" | "signIn.out" | "signIn.failed" | "signIn.stale" | "signIn.none"; reason?: string }
  /** On one machine: who of these? */
  | { state: "choosing"; people: Person[]; account: string }
  | { state: "in" };

export const session = new Store<Session>({ state: "starting" });

/** ended is true while a dialog asks to sign in again. */
export const ended = new Store(false);

let config: Config | undefined;

export function isLocal(): boolean {
  return config?.signIn.kind === "local";
}

/** begin finds out who calls, or who may be asked. */
export async function begin() {
  access.renew = renew;
  access.ended = () => session.value.state === "in" && ended.set(true);
  config = JSON.parse(document.documentElement.dataset.config!) as Config; // the server has written it there
  if (config.signIn.kind === "none") session.set({ state: "out", why: "signIn.none" });
  else if (isLocal()) {
    followLinksToSignIn();
    await beginLocal();
  } else await beginOIDC();
}

// ---- one machine ----

const keptAgent = "deskmove.agent";

/** codeIn is the code of a link to sign in. */
function codeIn(hash: string): string | null {
  return new URLSearchParams(hash.slice(1)).get("code");
}

/** A link that is opened where the console is open already does not load it again. */
function followLinksToSignIn() {
  addEventListener("hashchange", () => {
    if (!codeIn(location.hash)) return;
    if (session.value.state === "in") leave();
    void beginLocal();
  });
}

async function beginLocal() {
  const code = codeIn(location.hash);
  if (code) {
    history.replaceState(null, "", location.pathname + location.search);
    await choose("signIn.badCode", code);
    return;
  }
  const agent = sessionStorage.getItem(keptAgent);
  if (agent && (await localToken(agent))) session.set({ state: "in" });
  else await choose("signIn.noCode");
}

/** choose asks who one can be, by a code or, without one and with one that is used up, by the cookie. */
async function choose(why: "signIn.badCode" | "signIn.noCode", code?: string) {
  type Choice = { account: { id: string; name?: string }; agents: Person[] };
  const answer = (code && (await post<Choice>("/local/session", { code }))) || (await post<Choice>("/local/session", {}));
  session.set(answer ? { state: "choosing", people: answer.agents, account: answer.account.name || answer.account.id } : { state: "out", why });
}

async function localToken(agent: string): Promise<boolean> {
  const answer = await post<{ token: string; expiresAt: string }>("/local/token", { agent });
  if (!answer) return false;
  hold(answer.token, (new Date(answer.expiresAt).getTime() - Date.now()) / 1000);
  return true;
}

/** be signs in as one of the people, on one machine. */
export async function be(agent: string) {
  if (!(await localToken(agent))) {
    session.set({ state: "out", why: "signIn.noCode" });
    return;
  }
  sessionStorage.setItem(keptAgent, agent);
  session.set({ state: "in" });
}

/** switchPerson goes back to the choice of who to be. */
export async function switchPerson() {
  leave();
  sessionStorage.removeItem(keptAgent);
  await choose("signIn.noCode");
}

async function post<T>(path: string, body: unknown): Promise<T | undefined> {
  try {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      cache: "no-store",
    });
    return answer.ok ? ((await answer.json()) as T) : undefined;
  } catch {
    return undefined;
  }
}

// ---- OpenID Connect ----

const verifierKey = "deskmove.verifier";
const signedOutKey = "deskmove.signedOut";

interface State {
  path: string;
  nonce: string;
}

let refreshToken = "";

async function beginOIDC() {
  if (location.pathname === "/app/callback") {
    await callback();
    return;
  }
  if (sessionStorage.getItem(signedOutKey)) {
    session.set({ state: "out", why: "signIn.out" });
    return;
  }
  await authorize();
}

/** authorize leaves for the account's sign-in page, and comes back to where one is. */
export async function authorize() {
  const { authorize, clientId, scope } = config!.signIn;
  const verifier = random();
  const state: State = { path: location.pathname === "/app/callback" ? "/app/" : location.pathname + location.search, nonce: random() };
  sessionStorage.removeItem(signedOutKey);
  sessionStorage.setItem(verifierKey, JSON.stringify({ verifier, nonce: state.nonce }));
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  const query = new URLSearchParams({
    response_type: "code",
    client_id: clientId ?? "",
    redirect_uri: location.origin + "/app/callback",
    scope: scope ?? "openid",
    state: base64url(new TextEncoder().encode(JSON.stringify(state))),
    code_challenge: base64url(new Uint8Array(hash)),
    code_challenge_method: "S256",
  });
  location.assign(authorize + "?" + query);
}

async function callback() {
  const query = new URLSearchParams(location.search);
  const kept = JSON.parse(sessionStorage.getItem(verifierKey) ?? "{}") as { verifier?: string; nonce?: string };
  sessionStorage.removeItem(verifierKey);
  const state = readState(query.get("state"));
  go(state.path, true);
  const code = query.get("code");
  const refused = query.get("error_description") ?? query.get("error");
  if (refused) {
    session.set({ state: "out", why: "signIn.failed", reason: refused });
    return;
  }
  if (!code || !kept.verifier || state.nonce !== kept.nonce) {
    session.set({ state: "out", why: "signIn.stale" });
    return;
  }
  const ok = await tokens({ grant_type: "authorization_code", code, code_verifier: kept.verifier, redirect_uri: location.origin + "/app/callback" });
  session.set(ok ? { state: "in" } : { state: "out", why: "signIn.stale" });
}

function readState(s: string | null): State {
  try {
    const bytes = Uint8Array.from(atob((s ?? "").replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
    const state = JSON.parse(new TextDecoder().decode(bytes)) as State;
    // Only a path of the console: the state comes from the address.
    if (/^\/app(\/[^/\\]|\/?$)/.test(state.path)) return state;
  } catch {
    // Not of this console.
  }
  return { path: "/app/", nonce: "" };
}

async function tokens(form: Record<string, string>): Promise<boolean> {
  const { token, clientId } = config!.signIn;
  try {
    const answer = await fetch(token!, { method: "POST", body: new URLSearchParams({ client_id: clientId ?? "", ...form }), credentials: "omit" });
    if (!answer.ok) return false;
    const t = (await answer.json()) as { access_token: string; refresh_token?: string; expires_in: number };
    if (t.refresh_token) refreshToken = t.refresh_token;
    hold(t.access_token, t.expires_in);
    return true;
  } catch {
    return false;
  }
}

function random(): string {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

// ---- both ----

let timer = 0;
let renewing: Promise<boolean> | undefined;

/** hold keeps a token, and renews it a minute before it expires. */
function hold(token: string, seconds: number) {
  access.token = token;
  if (ended.value) signIns.set(signIns.value + 1);
  ended.set(false);
  clearTimeout(timer);
  timer = window.setTimeout(() => void renew(), Math.max(5, seconds - 60) * 1000);
}

/** renew gets another token without asking anyone; many calls at once are one. */
export function renew(): Promise<boolean> {
  renewing ??= renewOnce().finally(() => (renewing = undefined));
  return renewing;
}

async function renewOnce(): Promise<boolean> {
  if (isLocal()) {
    const agent = sessionStorage.getItem(keptAgent);
    return agent ? localToken(agent) : false;
  }
  return refreshToken ? tokens({ grant_type: "refresh_token", refresh_token: refreshToken }) : false;
}

/** leave forgets everything that was read, and the token. */
function leave() {
  clearTimeout(timer);
  access.token = "";
  ended.set(false);
  forgetAnswers();
  for (const key of Object.keys(sessionStorage)) if (key.startsWith(formPrefix)) sessionStorage.removeItem(key);
  session.set({ state: "starting" });
}

/** signOut revokes the tokens, and ends the session at the account's sign-in page too. */
export async function signOut() {
  leave();
  if (isLocal()) {
    sessionStorage.removeItem(keptAgent);
    await fetch("/local/session", { method: "DELETE" }).catch(() => undefined);
    session.set({ state: "out", why: "signIn.out" });
    return;
  }
  const { token, logout, clientId } = config!.signIn;
  sessionStorage.setItem(signedOutKey, "1");
  if (refreshToken) {
    const revoke = token!.replace(/\/token$/, "/revoke");
    const body = new URLSearchParams({ token: refreshToken, client_id: clientId ?? "" });
    refreshToken = "";
    await fetch(revoke, { method: "POST", body, credentials: "omit" }).catch(() => undefined);
  }
  const query = new URLSearchParams({ client_id: clientId ?? "", logout_uri: location.origin + "/app/inbox" });
  location.assign(logout + "?" + query);
}

const formPrefix = "deskmove.form.";

/**
 * useKept is useState for what a reader chose in a form: it outlives a sign-in,
 * and a reload of the tab. It must not hold customers' words.
 */
export function useKept<T>(name: string, initial: T): [T, (v: T) => void, () => void] {
  const key = formPrefix + name;
  const [value, set] = useState<T>(() => {
    try {
      const kept = sessionStorage.getItem(key);
      return kept === null ? initial : (JSON.parse(kept) as T);
    } catch {
      return initial;
    }
  });
  useEffect(() => {
    if (value === initial) return;
    sessionStorage.setItem(key, JSON.stringify(value));
  }, [value]);
  return [value, set, () => sessionStorage.removeItem(key)];
}
