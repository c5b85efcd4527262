// The console: signs in, and shows the page that the address names.
import { Component, render, type ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { closeAccount, isAdmin, me, openAccount, useMe } from "./account";
import { getLanguage, loadTexts, onLanguage } from "./i18n";
import { listenToKeys, useKeys } from "./keys";
import { Forbidden, Lost, Program, Sorry } from "./pages/lost";
import { EndedDialog, SignIn } from "./pages/signin";
import { ProblemView, Status } from "./parts";
import { followLinks, go, place } from "./router";
import { findRoute, hasPage, start } from "./routes";
import { begin, session } from "./session";
import { Shell, ShortcutsDialog } from "./shell";
import { useStore } from "./store";
import { applyTheme } from "./theme";

function Pages() {
  const here = useStore(place);
  const m = useMe();
  const [help, showHelp] = useState(false);
  const goTo = (path: string) => () => hasPage(path) && go(path);
  useKeys({
    "?": () => showHelp(true),
    "g i": goTo("/app/inbox"),
    "g d": m.helpDesk ? goTo("/app/desk") : undefined,
    "g c": goTo("/app/service/chatflows"),
    "g m": isAdmin(m) ? goTo("/app/moves") : undefined,
    "g s": goTo("/app/settings/channels"),
  });
  useEffect(() => {
    const { path } = place.value; // the reader may have gone on meanwhile
    if (/^\/app\/?$/.test(path)) go(start(), true);
    if (/^\/app\/settings\/?$/.test(path)) go("/app/settings/channels", true);
  }, [here.path]);

  const { route, id } = findRoute(here.path);
  const key = route?.area ?? here.path;
  const page = !route ? <Lost /> : route.who && !route.who(m) ? <Forbidden hint={route.area === "desk" ? "lost.403.desk" : undefined} /> : <route.page key={key} id={id} />;
  const guarded = <Guard key={key}>{page}</Guard>;
  return (
    <>
      {route?.bare && (!route.who || route.who(m)) ? (
        <div class="app bare">{guarded}</div>
      ) : (
        <Shell path={here.path} onHelp={() => showHelp(true)}>
          {guarded}
        </Shell>
      )}
      {help && <ShortcutsDialog onClose={() => showHelp(false)} />}
    </>
  );
}

/** Guard catches a page's own errors, so that the rest stays. */
class Guard extends Component<{ children: ComponentChildren }, { broken: boolean }> {
  override state = { broken: false };

  static override getDerivedStateFromError() {
    return { broken: true };
  }

  override componentDidCatch(error: unknown) {
    console.error(error);
  }

  override render() {
    return this.state.broken ? <Sorry /> : this.props.children;
  }
}

/** Account reads what the first paint needs, and shows the pages then. */
function Account() {
  const [error, set] = useState<unknown>();
  const m = useStore(me);
  const load = () => {
    set(undefined);
    openAccount().catch(set);
  };
  useEffect(() => {
    load();
    return closeAccount;
  }, []);
  if (error)
    return (
      <main class="door">
        <ProblemView error={error} retry={load} />
      </main>
    );
  if (!m) return null;
  return m.role === "connector" ? <Program /> : <Pages />;
}

function App() {
  const s = useStore(session);
  const [, set] = useState(getLanguage()); // everything is rendered again in another language
  useEffect(() => onLanguage(() => set(getLanguage())), []);
  return (
    <Guard>
      {s.state === "in" ? <Account /> : s.state === "starting" ? null : <SignIn session={s} />}
      <EndedDialog />
      <Status />
    </Guard>
  );
}

applyTheme();
followLinks();
listenToKeys();
void Promise.all([loadTexts(), begin()]).then(() => render(<App />, document.getElementById("app")!));
