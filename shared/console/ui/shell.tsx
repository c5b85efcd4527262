// What is around the pages: header, navigation, banner, what has happened.
import * as shapes from "lucide";
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { agentName, counts, isAdmin, notices, useDirectory, useMe, useMoving, type Me, type Notice } from "./account";
import { connection } from "./api";
import { ProgressBar } from "./charts";
import { chooseLanguage, getLanguage, percent, t, type Key, type Language } from "./i18n";
import { setSingleKeys, singleKeys } from "./keys";
import { bar, Button, Checkbox, counted, Dialog, Dot, Icon, IconButton, Kbd, Menu, say, Time, toast } from "./parts";
import { hasPage } from "./routes";
import { isLocal, signOut, switchPerson } from "./session";
import { Logo } from "./icons";
import { phone, useMedia, useStore } from "./store";
import { setTheme, theme, type Theme } from "./theme";
import { clock } from "./time";

interface ShellProps {
  path: string;
  onHelp: () => void;
  children: ComponentChildren;
}

/** Shell is a page with header, navigation and banner around it. */
export function Shell({ path, onHelp, children }: ShellProps) {
  const small = useMedia(phone);
  const [sheet, showSheet] = useState(false);
  const title = useStore(bar);
  useEffect(() => showSheet(false), [path, small]);
  const links = <Navigation path={path} onHelp={onHelp} />;
  return (
    <div class="app">
      <a class="skip" href="#main">
        {t("nav.skip")}
      </a>
      <header class="top">
        {small ? (
          <>
            <IconButton class="bars" icon={shapes.menu} size={20} label={t("nav.menu")} aria-haspopup="dialog" onClick={() => showSheet(true)} />
            <p class="title clip">{title}</p>
            <div id="bar-actions" />
          </>
        ) : (
          <Who />
        )}
      </header>
      {!small && (
        <nav class="side" aria-label={t("nav.main")}>
          {links}
        </nav>
      )}
      <div class="body">
        <Offline />
        <Banner path={path} />
        <main id="main" tabIndex={-1}>
          {children}
        </main>
      </div>
      {small && sheet && (
        <Sheet onClose={() => showSheet(false)}>
          <Who />
          {links}
        </Sheet>
      )}
    </div>
  );
}

/** Sheet is the navigation of a phone. */
function Sheet({ onClose, children }: { onClose: () => void; children: ComponentChildren }) {
  const ref = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    ref.current!.showModal();
    return () => ref.current?.close();
  }, []);
  return (
    <dialog ref={ref} class="sheet" aria-label={t("nav.menu")} onCancel={onClose} onClick={(e) => e.target === ref.current && onClose()}>
      <nav class="side" aria-label={t("nav.main")} onClick={(e) => (e.target as Element).closest("a") && onClose()}>
        {children}
      </nav>
    </dialog>
  );
}

/** speak switches the language. After an upgrade, a page that is still open may find no texts. */
function speak(l: Language) {
  chooseLanguage(l).catch(() => toast(t("lost.part")));
}

function Who() {
  const m = useMe();
  const account = useDirectory().account;
  const now = useStore(theme);
  const name = account.name || account.id;
  const themes: { value: Theme; icon: string }[] = [
    { value: "system", icon: shapes.monitor },
    { value: "light", icon: shapes.sun },
    { value: "dark", icon: shapes.moon },
  ];
  return (
    <Menu
      class="who"
      button={
        <>
          <Logo />
          <span class="grow">
            <span class="strong clip">{name}</span>
            <span class="small clip">{agentName(m.agent)}</span>
            <span class="hide-text">{t("account.menu")}</span>
          </span>
          <Icon of={shapes.chevronDown} size={14} />
        </>
      }
      items={[
        { group: t("account.theme") },
        ...themes.map(({ value, icon }) => ({
          label: t(("account.theme." + value) as Key),
          icon,
          checked: now === value,
          onSelect: () => setTheme(value),
        })),
        "line",
        { group: t("account.language") },
        { label: "English", checked: getLanguage() === "en", onSelect: () => speak("en") },
        { label: "Norsk bokmål", checked: getLanguage() === "nb", onSelect: () => speak("nb") },
        "line",
        ...(isLocal() ? [{ label: t("account.switch"), icon: shapes.users, onSelect: () => void switchPerson() }] : []),
        { label: t("account.signOut"), icon: shapes.logOut, onSelect: () => void signOut() },
      ]}
    />
  );
}

interface Link {
  label: string;
  icon: string;
  href: string;
  /** The path that the link stands for, if it is wider than href. */
  area?: string;
  count?: string;
  live?: boolean;
}

function Navigation({ path, onHelp }: Omit<ShellProps, "children">) {
  const m = useMe();
  const moving = useMoving();
  const n = useStore(counts);
  const admin = isAdmin(m);
  const settings: Link = { label: t("nav.settings"), icon: shapes.settings, href: "/app/settings/channels", area: "/app/settings" };
  const inbox = n && (admin ? n.inbox.open : n.inbox.mine);
  const groups: { title?: string; links: Link[] }[] = [
    {
      links: [
        { label: t("nav.inbox"), icon: shapes.inbox, href: "/app/inbox", count: inbox && inbox.n > 0 ? counted(inbox) : undefined },
        ...(m.helpDesk ? [{ label: t("nav.desk"), icon: shapes.lifeBuoy, href: "/app/desk", count: !admin && n?.desk?.mine.n ? counted(n.desk.mine) : undefined }] : []),
      ],
    },
    { title: t("nav.service"), links: [{ label: t("nav.flows"), icon: shapes.messageSquare, href: "/app/service/chatflows" }, ...(admin ? [] : [settings])] },
    ...(admin
      ? [
          {
            title: t("nav.admin"),
            links: [
              { label: t("nav.moves"), icon: shapes.arrowLeftRight, href: "/app/moves", live: moving !== undefined },
              { label: t("nav.ops"), icon: shapes.activity, href: "/app/ops" },
              { label: t("nav.audit"), icon: shapes.history, href: "/app/audit" },
              settings,
            ],
          },
        ]
      : []),
  ];
  return (
    <>
      {groups.map((g) => ({ ...g, links: g.links.filter((l) => hasPage(l.href)) })).map(
        (g, i) =>
          g.links.length > 0 && (
            <section key={i} aria-label={g.title}>
              {g.title && <h2>{g.title}</h2>}
              <ul>
                {g.links.map((l) => (
                  <li key={l.href}>
                    <a class="link plain" href={l.href} aria-current={isIn(path, l.area ?? l.href) ? "page" : undefined}>
                      <Icon of={l.icon} size={17} />
                      <span class="grow">{l.label}</span>
                      {l.count && <span class="num">{l.count}</span>}
                      {l.live && (
                        <>
                          <Dot />
                          <span class="hide-text">{t("nav.moving", { channel: moving!.channelName })}</span>
                        </>
                      )}
                    </a>
                  </li>
                ))}
              </ul>
            </section>
          ),
      )}
      <div class="foot">
        <button type="button" class="link" onClick={onHelp}>
          <Icon of={shapes.keyboard} size={17} />
          <span class="grow">{t("nav.shortcuts")}</span>
          <Kbd>?</Kbd>
        </button>
      </div>
    </>
  );
}

function isIn(path: string, area: string): boolean {
  return path === area || path.startsWith(area + "/");
}

/** Banner is there for everyone while a channel moves, except where the move itself is shown. */
function Banner({ path }: { path: string }) {
  const moving = useMoving();
  const m = useMe();
  const [open, fold] = useState(false);
  const last = useRef<Notice | undefined>(undefined);
  useEffect(() => {
    if (moving && !last.current) say(t("banner", { channel: moving.channelName }));
    if (!moving && last.current) toast(t("banner.end", { channel: last.current.channelName }));
    last.current = moving;
  }, [moving?.moveId]);
  if (!moving || isIn(path, "/app/moves")) return null;
  const admin = isAdmin(m);
  const settings = isIn(path, "/app/settings") || isIn(path, "/app/service");
  return (
    <aside class={open ? "banner open" : "banner"} aria-label={t("banner.label")}>
      <Dot />
      <p>
        <b>{t("banner", { channel: moving.channelName })}</b> <span class="since">{t("banner.since", { time: clock(moving.since) })}</span>{" "}
        <span class="rest">{t(admin && settings ? "banner.arrive" : "banner.rest")}</span>
      </p>
      <ProgressBar percent={moving.percent} label={t("banner", { channel: moving.channelName })} />
      <b class="percent num">{percent(moving.percent)}</b>
      {admin ? (
        <a href={"/app/moves/" + encodeURIComponent(moving.moveId)}>{t("banner.progress")}</a>
      ) : m.helpDesk ? (
        <a href="/app/desk">{t("banner.desk")}</a>
      ) : (
        <span class="ask">{t("banner.ask")}</span>
      )}
      <IconButton class="fold" icon={open ? shapes.chevronUp : shapes.chevronDown} label={t(open ? "do.fold" : "do.unfold")} aria-expanded={open} onClick={() => fold(!open)} />
    </aside>
  );
}

/** Offline says since when what one sees is old. */
export function Offline() {
  const c = useStore(connection);
  const was = useRef(false);
  useEffect(() => {
    if (!c.offline && was.current) say(t("online"));
    was.current = c.offline;
  }, [c.offline]);
  if (!c.offline) return null;
  return (
    <div class="offline" role="status">
      <Icon of={shapes.wifiOff} size={15} />
      {t("offline", { time: clock(c.since) })}
    </div>
  );
}

/** ShortcutsDialog lists the keys, and turns single ones off. */
export function ShortcutsDialog({ onClose }: { onClose: () => void }) {
  const on = useStore(singleKeys);
  const m = useMe();
  const lists = hasPage("/app/inbox");
  const all: [Key, string[], boolean][] = [
    ["keys.list", ["?"], true],
    ["keys.search", ["/"], lists],
    ["keys.goInbox", ["G", "I"], lists],
    ["keys.goDesk", ["G", "D"], hasPage("/app/desk") && m.helpDesk],
    ["keys.goFlows", ["G", "C"], true],
    ["keys.goMoves", ["G", "M"], isAdmin(m)],
    ["keys.goSettings", ["G", "S"], true],
    ["keys.next", ["J"], lists],
    ["keys.previous", ["K"], lists],
    ["keys.open", ["Enter"], lists],
    ["keys.close", ["E"], lists],
    ["keys.owner", ["A"], lists],
    ["keys.label", ["L"], lists],
    ["keys.status", ["S"], hasPage("/app/desk") && m.helpDesk],
    ["keys.move", ["M"], isAdmin(m)],
    ["keys.escape", ["Esc"], true],
  ];
  return (
    <Dialog title={t("keys.title")} onClose={onClose}>
      <dl class="keys">
        {all.filter(([, , there]) => there).map(([key, strokes]) => (
          <>
            <dt>{t(key)}</dt>
            <dd>
              {strokes.map((s, i) => (
                <>
                  {i > 0 && <span class="muted small">{t("keys.then")}</span>}
                  <kbd>{s}</kbd>
                </>
              ))}
            </dd>
          </>
        ))}
      </dl>
      <footer>
        <div class="grow">
          <Checkbox checked={on} onChange={setSingleKeys}>
            {t("keys.single")}
            <span class="small muted"> {t("keys.single.hint")}</span>
          </Checkbox>
        </div>
        <Button onClick={onClose}>{t("do.close")}</Button>
      </footer>
    </Dialog>
  );
}
