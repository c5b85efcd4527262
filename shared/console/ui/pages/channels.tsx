import * as shapes from "lucide";
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { agentName, channelName, isAdmin, useDirectory, useMe, useMoving, useNotice, type Me, type Notice } from "../account";
import { refusalText, type Coded } from "../api";
import type { Channel } from "../api.gen";
import { ProgressBar, Sparkline } from "../charts";
import { list, number, percent, rich, t, type Key } from "../i18n";
import { useKeys } from "../keys";
import { Copy, counted, Empty, HomePill, Icon, Loaded, Menu, Page, Tabs, type MenuItem } from "../parts";
import { usePoll } from "../poll";
import { go } from "../router";
import { hasPage } from "../routes";
import { day, duration, roundLeft } from "../time";

const channelsEvery = 60_000; // volumes are counted each 5 minutes

/** settingsTabs are the pages beside the channels. */
export function SettingsTabs({ current }: { current: string }) {
  return (
    <Tabs
      label={t("channels.tabs")}
      current={current}
      list={[
        { label: t("channels.bar"), href: "/app/settings/channels" },
        { label: t("channels.tab.agents"), href: "/app/settings/agents" },
        { label: t("channels.tab.pipelines"), href: "/app/settings/pipelines" },
        { label: t("channels.tab.slas"), href: "/app/settings/slas" },
      ]}
    />
  );
}

/** useChannels reads the channels with their volumes, and again when a move starts or ends. */
export function useChannels() {
  const moving = useMoving();
  const channels = usePoll("GET /v1/channels", { query: { volume: true } }, { every: channelsEvery });
  useEffect(() => {
    if (channels.data) channels.refresh();
  }, [moving?.moveId]);
  return channels;
}

export function ChannelsPage() {
  const channels = useChannels();
  const moving = useMoving();
  const m = useMe();
  useMoveKey((id) => {
    const c = channels.data?.items.find((one) => one.id === id);
    if (c && !reason(c, m, moving)) go(moveOf(c));
  });
  return (
    <Page title={t("channels.title")} bar={t("channels.bar")} crumbs={[{ label: t("nav.settings"), href: "/app/settings/channels" }, { label: t("channels.area") }]} sub={t("channels.intro")}>
      <SettingsTabs current="/app/settings/channels" />
      <br />
      <Loaded of={channels} rows={6}>
        {(data) => {
          const shown = data.items.filter((c) => c.type !== "chat");
          return (
            <>
              {shown.length === 0 && <Empty icon={shapes.mail}>{rich("channels.empty", { command: <Copy text="deskmove apply account.yaml" /> })}</Empty>}
              {shown.length > 0 && <ChannelTable channels={shown} me={m} moving={moving} />}
              {data.items.length > shown.length && (
                <p class="foot-note">{rich("channels.flows", { link: <a href="/app/service/chatflows">{t("channels.flows.link")}</a> })}</p>
              )}
            </>
          );
        }}
      </Loaded>
    </Page>
  );
}

/** useMoveKey has M act on the row of the channel that has the focus. */
export function useMoveKey(act: (id: string) => void) {
  useKeys({
    m: () => {
      const row = document.activeElement?.closest<HTMLElement>("[data-channel]");
      if (row) act(row.dataset.channel!);
    },
  });
}

function ChannelTable({ channels, me, moving }: { channels: Channel[]; me: Me; moving?: Notice }) {
  return (
    <div class="fits">
      <table class="table channels">
        <caption class="hide-text">{t("channels.table")}</caption>
        <thead>
          <tr>
            <th scope="col">{t("channels.channel")}</th>
            <th scope="col" class="c-type">{t("channels.type")}</th>
            <th scope="col" class="c-home">{t("channels.home")}</th>
            <th scope="col" class="c-n right">{t("channels.conversations")}</th>
            <th scope="col" class="c-day">{t("channels.perDay")}</th>
            <th scope="col" class="c-move">{t("channels.move.head")}</th>
            <th scope="col" class="c-more">
              <span class="hide-text">{t("channels.options")}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {channels.map((c) => (
            <tr key={c.id} data-channel={c.id}>
              <td class="c-thing">
                <Thing icon={typeIcon(c)} name={c.name || c.id} sub={addressOf(c)} />
              </td>
              <td class="c-type">{t(("type." + c.type) as Key)}</td>
              <td class="c-home">
                <Home of={c} />
              </td>
              <td class="c-n right">
                <Conversations of={c} />
              </td>
              <td class="c-day">{c.perDay && <PerDay values={c.perDay} />}</td>
              <td class="c-move">
                <Verdict of={c} me={me} moving={moving} />
              </td>
              <td class="c-more">
                <Menu label={t("do.options", { name: c.name || c.id })} button={<Icon of={shapes.ellipsis} size={18} />} items={entries(c, me, moving)} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Thing is a name with its icon in a box, and what is below it. */
export function Thing({ icon, name, sub }: { icon: string; name: string; sub?: ComponentChildren }) {
  return (
    <div class="thing">
      <span class="box">
        <Icon of={icon} />
      </span>
      <div class="grow">
        <span class="strong break">{name}</span>
        {sub && <span class="sub">{sub}</span>}
      </div>
    </div>
  );
}

/** Home says where a channel lives. */
export function Home({ of: c }: { of: Channel }) {
  return <HomePill home={c.home} still={useNotice(c.id)?.status === "attention"} />;
}

/** Conversations is how many a channel has; phones have no column heads, so the word is with it. */
export function Conversations({ of: c }: { of: Channel }) {
  if (!c.conversations) return null;
  return (
    <>
      <span class="num only-wide">{counted(c.conversations)}</span>
      <span class="num only-phone">{c.conversations.atLeast ? `${counted(c.conversations)} ${t("conversations.word")}` : t("conversations", { n: c.conversations.n })}</span>
    </>
  );
}

function PerDay({ values }: { values: number[] }) {
  const mean = values.reduce((a, b) => a + b, 0) / Math.max(1, values.length);
  return (
    <div class="row">
      <Sparkline values={values} label={t("channels.perDay.label", { list: list(values.map((v) => number(v))) })} />
      <span class="num">{number(Math.round(mean))}</span>
    </div>
  );
}

export function typeIcon(c: { type: Channel["type"]; hasBot?: boolean }): string {
  switch (c.type) {
    case "form":
      return shapes.clipboardList;
    case "calling":
      return shapes.phone;
    case "whatsapp":
      return shapes.messageCircle;
    case "messenger":
      return shapes.messageCircleMore;
    case "chat":
      return c.hasBot ? shapes.bot : shapes.messageSquare;
    default:
      return shapes.mail;
  }
}

function addressOf(c: Channel): string | undefined {
  return c.connected ? t("channels.answeredBy", { channel: channelName(c.connected) }) : c.address;
}

function moveOf(c: Channel): string {
  return `/app/channels/${encodeURIComponent(c.id)}/move`;
}

/** Verdict says whether the channel can move, and if not, why and what to do. */
export function Verdict({ of: c, me, moving, blocked }: { of: Channel; me: Me; moving?: Notice; /** What its bot has against it, in sentences. */ blocked?: string }) {
  const notice = useNotice(c.id);
  const report = c.moveId && isAdmin(me) ? "/app/moves/" + encodeURIComponent(c.moveId) : "";
  const toReport = hasPage(report) && <a href={report}>{t("channels.report")}</a>;
  if (c.home === "moving" && notice?.status === "attention")
    return (
      <Word icon={shapes.triangleAlert} word={t("channels.attention")} tone="warn">
        {t("channels.attention.why")} {toReport}
      </Word>
    );
  if (c.home === "moving") return <Moving of={c} me={me} notice={notice} />;
  if (c.home === "helpdesk")
    return (
      <span class="muted">
        {c.fenceAt && t("channels.moved", { date: day(c.fenceAt) })} {toReport}
      </span>
    );
  if (c.refusal || blocked)
    return (
      <Word icon={shapes.lock} word={t("channels.cannot")}>
        {c.refusal ? refusalText(c.refusal) : blocked}
      </Word>
    );
  if (moving)
    return (
      <Word icon={shapes.clock} word={t("channels.waits")}>
        {t("channels.oneAtATime", { channel: moving.channelName })}
      </Word>
    );
  return <Word icon={shapes.check} word={t("channels.can")} tone="can" />;
}

function Word({ icon, word, tone, children }: { icon: string; word: string; tone?: "can" | "warn"; children?: ComponentChildren }) {
  return (
    <div class={tone ? "verdict " + tone : "verdict"}>
      <Icon of={icon} size={14} />
      <div>
        <span class="word">{word}</span>
        {children && <div>{children}</div>}
      </div>
    </div>
  );
}

function Moving({ of: c, me, notice }: { of: Channel; me: Me; notice?: Notice }) {
  const admin = isAdmin(me) && c.moveId !== undefined;
  const p = notice?.percent ?? 0;
  const left = notice?.etaSeconds;
  const content = (
    <>
      <span class="row">
        <span>{t("channels.moving")}</span>
        <b class="num">{percent(p)}</b>
      </span>
      <ProgressBar percent={p} label={t("progress.title", { channel: c.name })} />
      <span class="muted">{left !== undefined && t("channels.left", { t: duration(roundLeft(left)) })}</span>
    </>
  );
  const href = "/app/moves/" + encodeURIComponent(c.moveId ?? "");
  return admin && hasPage(href) ? (
    <a class="moving" href={href}>
      {content}
    </a>
  ) : (
    <span class="moving">{content}</span>
  );
}

/** reason says why a channel cannot move now; empty if it can. */
export function reason(c: Channel, me: Me, moving?: Notice): string {
  if (c.home === "helpdesk") return t("refuse.already-moved");
  if (c.home === "moving") return t("refuse.already-moving");
  if (!isAdmin(me)) return t("refuse.not-super-admin");
  if (c.refusal) return refusalText(c.refusal);
  if (moving) return t("channels.oneAtATime", { channel: moving.channelName });
  return "";
}

/** entries are the menu of a channel. why says why it does not move; toCheck adds the way to what its plan found. */
export function entries(c: Channel, me: Me, moving?: Notice, settings = true, why: ComponentChildren = reason(c, me, moving), toCheck = false): MenuItem[] {
  const id = encodeURIComponent(c.id);
  const inDesk = c.home === "helpdesk" && me.helpDesk && hasPage("/app/desk");
  const found: MenuItem[] = [];
  if (hasPage("/app/inbox")) found.push({ label: t("channels.view"), icon: inDesk ? shapes.lifeBuoy : shapes.inbox, href: `${inDesk ? "/app/desk" : "/app/inbox"}?channel=${id}` });
  if (settings) found.push({ label: t("channels.settings"), icon: shapes.settings, href: "/app/settings/channels/" + id });
  if (found.length) found.push("line");
  if (why) found.push({ label: t("channels.move"), why });
  else if (hasPage(moveOf(c))) found.push({ label: t("channels.move"), icon: shapes.arrowLeftRight, href: moveOf(c), key: "M", main: true });
  if (toCheck && hasPage(moveOf(c))) found.push({ label: t("channels.check"), icon: shapes.arrowRight, href: moveOf(c) + "#checks" });
  return found.at(-1) === "line" ? found.slice(0, -1) : found;
}

/** blockerText says in sentences what stands in the way of a bot. */
export function blockerText(found: (Coded & { each?: { id: string }[]; about?: string[] })[]): string {
  return found.map((f) => refusalText(f, { who: list((f.each?.map((e) => e.id) ?? f.about ?? []).map(agentName)) || t("word.nobody") })).join(" ");
}

/** ChannelPage says how a channel is set up. */
export function ChannelPage({ id }: { id: string }) {
  const channel = usePoll("GET /v1/channels/{id}", { path: { id } });
  const me = useMe();
  const moving = useMoving();
  const name = useDirectory().channels.find((c) => c.id === id)?.name || id;
  return (
    <Page
      narrow
      title={t("channel.settings.title", { channel: name })}
      bar={name}
      crumbs={[{ label: t("nav.settings"), href: "/app/settings/channels" }, { label: t("channels.bar"), href: "/app/settings/channels" }, { label: name }]}
      sub={rich("channel.settings.hint", { command: <code>deskmove apply account.yaml</code> })}
    >
      <Loaded of={channel}>
        {(c) => (
          <div class="card">
            <dl class="pairs wide in">
              <Pair name={t("channels.type")}>{t(("type." + c.type) as Key)}</Pair>
              {c.address && <Pair name={t("channel.address")}>{c.address}</Pair>}
              {c.connected && <Pair name={t("channel.connected")}>{channelName(c.connected)}</Pair>}
              {c.type === "email" && <Pair name={t("channel.fallback")}>{t(c.fallback ? "word.yes" : "word.no")}</Pair>}
              {c.type === "chat" && <Pair name={t("channel.bot")}>{t(c.hasBot ? "word.yes" : "word.no")}</Pair>}
              <Pair name={t("channel.id")}>
                <code>{c.id}</code>
              </Pair>
              <Pair name={t("channels.home")}>
                <Home of={c} />
              </Pair>
              <Pair name={t("channels.move.head")}>
                <Verdict of={c} me={me} moving={moving} />
              </Pair>
            </dl>
          </div>
        )}
      </Loaded>
    </Page>
  );
}

/** Pair is a name and its value in a list of definitions. */
export function Pair({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
