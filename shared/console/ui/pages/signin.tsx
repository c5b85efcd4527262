import { useState } from "preact/hooks";
import { rich, t, type Key } from "../i18n";
import { Logo } from "../icons";
import { Avatar, Button, Copy, Dialog } from "../parts";
import { useTitle } from "../router";
import { authorize, be, ended, isLocal, renew, signOut, type Person, type Session } from "../session";
import { useStore } from "../store";

/** SignIn is the door: who are you, or how to come in. */
export function SignIn({ session }: { session: Exclude<Session, { state: "in" | "starting" }> }) {
  useTitle(t("signIn.button"));
  return (
    <main class="door" id="main">
      <Logo size={40} />
      {session.state === "choosing" ? <Choosing people={session.people} account={session.account} /> : <Out session={session} />}
    </main>
  );
}

function Choosing({ people, account }: { people: Person[]; account: string }) {
  const [who, choose] = useState(people[0]?.id);
  const [busy, setBusy] = useState(false);
  return (
    <form
      onSubmit={(e) => {
        e.preventDefault();
        if (!who || busy) return;
        setBusy(true);
        void be(who).finally(() => setBusy(false));
      }}
    >
      <h1>{t("signIn.title", { account })}</h1>
      <p class="sub">{t("signIn.local")}</p>
      {people.length === 0 ? (
        <p class="sub">{rich("signIn.nobody", { command: <Copy text="deskmove apply account.yaml" /> })}</p>
      ) : (
        <fieldset class="choices">
          <legend class="hide-text">{t("signIn.agents")}</legend>
          {people.map((p) => (
            <label key={p.id} class="choice">
              <input type="radio" name="who" value={p.id} checked={p.id === who} onChange={() => choose(p.id)} />
              <Avatar name={p.name || p.id} />
              <span class="name">{p.name || p.id}</span>
              <span class="hint">{t(roleKey(p))}</span>
            </label>
          ))}
        </fieldset>
      )}
      <Button kind="primary" wide type="submit" off={!who} busy={busy}>
        {t("signIn.button")}
      </Button>
      <p class="foot">{rich("signIn.once", { command: <b>deskmove open</b> })}</p>
    </form>
  );
}

/** roleKey is the text that says what someone may do. */
export function roleKey(p: { role: string; helpDesk?: boolean }): Key {
  if (p.role === "super-admin") return "role.super-admin";
  return p.helpDesk ? "role.agent.desk" : "role.agent.inbox";
}

function Out({ session }: { session: Extract<Session, { state: "out" }> }) {
  return (
    <div>
      <h1>{t("signIn.plain")}</h1>
      {session.why && session.why !== "signIn.noCode" && (
        <p class="sub" role="status">
          {t(session.why, { reason: session.reason ?? "" })}
        </p>
      )}
      {isLocal() ? (
        <p class="sub">{rich("signIn.noCode", { command: <Copy text="deskmove open" /> })}</p>
      ) : session.why !== "signIn.none" && (
        <>
          <p class="sub">{t("signIn.oidc")}</p>
          <Button kind="primary" wide onClick={() => void authorize()}>
            {t("signIn.button")}
          </Button>
        </>
      )}
    </div>
  );
}

/** EndedDialog lies over the page when the session has ended; the page stays as it is. */
export function EndedDialog() {
  const [busy, setBusy] = useState(false);
  if (!useStore(ended)) return null;
  const again = async () => {
    if (!isLocal()) return authorize();
    setBusy(true);
    await renew();
    setBusy(false);
  };
  return (
    <Dialog title={t("session.ended.title")} onClose={() => undefined} fixed>
      <p>{t("session.ended")}</p>
      {isLocal() && <p class="muted">{rich("session.ended.local", { command: <Copy text="deskmove open" /> })}</p>}
      <footer>
        <Button onClick={() => void signOut()}>{t("account.signOut")}</Button>
        <Button kind="primary" busy={busy} onClick={() => void again()}>
          {t(isLocal() ? "session.continue" : "signIn.button")}
        </Button>
      </footer>
    </Dialog>
  );
}
