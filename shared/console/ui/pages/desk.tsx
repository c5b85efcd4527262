import * as shapes from "lucide";
import { useEffect, useState } from "preact/hooks";
import { agentName, channelName, counts, recount, statusName, useDirectory, useMe, type Directory } from "../account";
import { ApiError, call } from "../api";
import type { Ticket, TicketEdit } from "../api.gen";
import { rich, t, type Key } from "../i18n";
import { useKeys } from "../keys";
import { LabelFilter, Labels, RowLabels } from "../labels";
import { bar, Button, Empty, Icon, IconButton, Kbd, Loaded, Menu, Pill, Time, toast } from "../parts";
import { customerOf } from "../people";
import { usePoll, type Reading } from "../poll";
import { go, place, refine, useArrival, useTitle } from "../router";
import { dues, type Due } from "../sla";
import { stacked, useMedia, useStore } from "../store";
import { edited, lastEditor, Thread, type Happening } from "../thread";
import { clock, day, duration, longDay, moment, sameDay, weekday } from "../time";
import { howMany, order, undone, useRows, WorkList, type Rows } from "../worklist";
import { typeIcon } from "./channels";
import { BackLink, by, idIn, Owner, OwnerMenu } from "./inbox";

const views = ["open", "mine", "nobody", "late", "waiting", "solved"] as const;
type View = (typeof views)[number];

const sortable = new Set<View>(["open", "mine", "nobody"]); // the others have an order of their own

const ticketEvery = 5_000;
const lateSoon = 4 * 3_600_000; // what is due within four hours is late soon
const folded = "(max-width: 77.5em)";

/** DeskPage is the list of the help desk and, beside it, the ticket that is read. */
export function DeskPage() {
  const here = useStore(place);
  const me = useMe();
  const directory = useDirectory();
  const n = useStore(counts)?.desk;
  const small = useMedia(stacked);
  const id = idIn(here.path, "/app/desk/");
  const q = here.query;
  const view = views.find((v) => v === q.get("view")) ?? "open";
  const channel = q.get("channel") ?? "";
  const owner = q.get("owner") ?? "";
  const tag = q.get("tag") ?? "";
  const [search, setSearch] = useState<string>();
  const by = useStore(order);
  const [due, setDue] = useState("");
  useEffect(() => setDue(new Date(Date.now() + lateSoon).toISOString()), [view]);
  const sort = sortable.has(view) ? { by } : undefined;
  const list = useRows("GET /v1/tickets", search ? { q: search } : { ...wanted(view, me.id, directory, due), sort: sort?.by, channel: channel || undefined, tag: tag || undefined, ...(owner && { owner }) });
  const suffix = q.size ? "?" + q.toString() : "";
  const href = (one: Ticket) => (one.home === "inbox" ? "/app/inbox/" + encodeURIComponent(one.conversationId) : "/app/desk/" + encodeURIComponent(one.id) + suffix);
  const count = n && !channel && !owner && !tag && { open: n.open, mine: n.mine, nobody: n.unowned }[view as string];
  const chip = (label: string) => (
    <>
      <span class="clip">{label}</span>
      <Icon of={shapes.chevronDown} size={12} />
    </>
  );
  return (
    <div class={id ? "work desk reads" : "work desk"}>
      {(!small || !id) && (
        <WorkList
          title={t(("desk.view." + view) as Key)}
          count={search ? undefined : howMany(list, count || undefined)}
          list={list}
          current={id}
          href={href}
          search={search}
          onSearch={setSearch}
          sort={sort}
          icon={shapes.lifeBuoy}
          empty={t(search ? "search.none" : "empty.desk")}
          filters={
            <>
              <Menu
                class="chip on"
                button={chip(t(("desk.view." + view) as Key))}
                items={views.map((v) => ({ label: t(("desk.view." + v) as Key), checked: v === view, onSelect: () => refine({ view: v === "open" ? undefined : v, owner: undefined }) }))}
              />
              {view !== "mine" && view !== "nobody" && (
                <Menu
                  class="chip"
                  button={chip(owner ? agentName(owner) : t("ticket.owner"))}
                  items={[
                    { label: t("filter.everyone"), checked: owner === "", onSelect: () => refine({ owner: undefined }) },
                    ...withAccess(directory).map((a) => ({ label: a.name, checked: a.id === owner, onSelect: () => refine({ owner: a.id }) })),
                  ]}
                />
              )}
              <Menu
                class="chip"
                button={chip(channel ? channelName(channel) : t("channels.channel"))}
                items={[
                  { label: t("filter.allChannels"), checked: channel === "", onSelect: () => refine({ channel: undefined }) },
                  ...directory.channels.filter((c) => c.home !== "inbox").map((c) => ({ label: c.name, checked: c.id === channel, onSelect: () => refine({ channel: c.id }) })),
                ]}
              />
              <LabelFilter value={tag} />
            </>
          }
          given={[directory]}
          row={(one) => <DeskRow of={one} directory={directory} />}
        />
      )}
      {id ? <Opened key={id} id={id} small={small} back={"/app/desk" + suffix} list={list} href={href} /> : <Nothing small={small} />}
    </div>
  );
}

function wanted(view: View, me: string, directory: Directory, due: string) {
  switch (view) {
    case "mine":
      return { open: true, owner: me };
    case "nobody":
      return { open: true, unowned: true };
    case "late":
      return due ? { due } : { open: true };
    case "waiting":
      return { waiting: true };
    case "solved":
      return { status: directory.statuses.filter((s) => s.closed).map((s) => s.id) };
    default:
      return { open: true };
  }
}

function withAccess(d: Directory) {
  return d.agents.filter((a) => a.helpDesk);
}

function Nothing({ small }: { small: boolean }) {
  useTitle(t("nav.desk"));
  const h1 = useArrival();
  useEffect(() => bar.set(t("nav.desk")), []);
  return (
    <section class={small ? "hide-text" : "read"}>
      <h1 ref={h1} tabIndex={-1} class="hide-text">
        {t("nav.desk")}
      </h1>
      {!small && <Empty icon={shapes.lifeBuoy}>{t("desk.choose")}</Empty>}
    </section>
  );
}

/** useNow is the time, a new one every so many seconds. */
function useNow(seconds: number): number {
  const [now, set] = useState(Date.now);
  useEffect(() => {
    const id = setInterval(() => set(Date.now()), seconds * 1000);
    return () => clearInterval(id);
  }, []);
  return now;
}

function DeskRow({ of: one, directory }: { of: Ticket; directory: Directory }) {
  const now = useNow(30);
  const at = one.changedAt ?? one.createdAt;
  const first = dues(one, now)[0];
  return (
    <>
      <span class="line">
        <bdi class="strong clip">{customerOf(one).name || t("word.unknown")}</bdi>
        {at && <Time at={at} />}
      </span>
      <span class="line">
        <bdi class="clip">{one.subject || t("failures.noSubject")}</bdi>
      </span>
      <span class="line small">
        <StatusPill id={one.status} directory={directory} />
        <span class="grow">{first && <DueMark of={first} now={now} />}</span>
        <Owner id={one.owner} />
      </span>
      <RowLabels of={one.tags} />
    </>
  );
}

/** StatusPill is a status; new ones stand out. */
function StatusPill({ id, directory }: { id: string; directory: Directory }) {
  const status = directory.statuses.find((s) => s.id === id);
  const first = directory.statuses.find((s) => s.pipelineId === status?.pipelineId && !s.closed);
  return <Pill tone={first?.id === id ? "teal" : undefined}>{statusName(id)}</Pill>;
}

/** DueMark says when something is due: how long it is late, how long is left, or when. */
function DueMark({ of: d, now }: { of: Due; now: number }) {
  const words = dueWords(d, now);
  return (
    <span class={d.how === "late" ? "due bad" : d.how === "soon" ? "due warn" : "due muted"} title={t(("sla." + d.what) as Key)}>
      <Icon of={shapes.timer} size={14} />
      {words}
    </span>
  );
}

function dueWords(d: Due, now: number, left = false): string {
  if (d.how === "late") return t("sla.late", { t: rough((now - d.at) / 1000) });
  if (d.how === "soon") return left ? t("sla.left", { t: rough((d.at - now) / 1000) }) : rough((d.at - now) / 1000);
  if (sameDay(d.at, now)) return clock(d.at);
  const days = (d.at - now) / 86_400_000;
  return days < 6 ? `${weekday(new Date(d.at).getDay(), "short")} ${clock(d.at)}` : day(d.at, now);
}

/** rough is a duration in its biggest unit: 33 min, 2 h, 3 d. */
function rough(seconds: number): string {
  const unit = seconds < 3600 ? 60 : seconds < 86_400 ? 3600 : 86_400;
  return duration(Math.max(unit, Math.floor(seconds / unit) * unit));
}

interface OpenedProps {
  id: string;
  small: boolean;
  back: string;
  list: Rows<Ticket>;
  href: (t: Ticket) => string;
}

function Opened(props: OpenedProps) {
  const ticket = usePoll("GET /v1/tickets/{id}", { path: { id: props.id } }, { every: ticketEvery });
  return ticket.data ? (
    <Reader {...props} of={ticket} one={ticket.data} />
  ) : (
    <section class="read" aria-label={t("desk.ticket")}>
      <header class="read-head">
        {props.small && <BackLink href={props.back} />}
        <div class="grow">
          <Title>{props.list.rows?.find((r) => r.item.id === props.id)?.item.subject || t("desk.ticket")}</Title>
        </div>
      </header>
      <div class="in">
        <Loaded of={ticket} rows={6}>{() => null}</Loaded>
      </div>
    </section>
  );
}

function Title({ children }: { children: string }) {
  useTitle(children);
  const h1 = useArrival();
  useEffect(() => bar.set(children), [children]);
  return (
    <h1 ref={h1} tabIndex={-1} class="break">
      <bdi>{children}</bdi>
    </h1>
  );
}

function Reader({ of, one, small, back, list, href }: OpenedProps & { of: Reading<Ticket>; one: Ticket }) {
  const directory = useDirectory();
  const narrow = useMedia(folded);
  const channel = directory.channels.find((c) => c.id === one.channelId);
  const status = directory.statuses.find((s) => s.id === one.status);
  const edit = async (change: TicketEdit) => {
    const before = one;
    of.put({ ...one, ...change }); // as if it were done
    list.put({ ...one, ...change });
    try {
      const { data } = await call("PATCH /v1/tickets/{id}", {
        path: { id: one.id },
        body: change,
        headers: { "If-Match": `"${before.revision}"`, "Idempotency-Key": crypto.randomUUID() },
      });
      of.put(data);
      list.put(data);
      list.refresh();
      recount();
    } catch (e) {
      of.put(before);
      list.put(before);
      if (e instanceof ApiError && e.code === "changed") {
        const now = e.problem.current as Ticket | undefined;
        if (now) of.put(now);
        const who = lastEditor(now, before);
        toast(who ? t("edit.changed412", { name: agentName(who) }) : t("edit.changed"));
        return;
      }
      toast(undone(e));
    }
  };
  const other = directory.statuses.find((s) => s.pipelineId === status?.pipelineId && s.closed !== status?.closed);
  const solve = () => other && void edit({ status: other.id });
  const press = (id: string) => () => document.getElementById(id)?.querySelector("button")?.click();
  useKeys({ e: solve, a: press("owner"), s: press("status"), Escape: () => go(back) });
  const rows = list.rows?.filter((r) => !r.gone) ?? [];
  const at = rows.findIndex((r) => r.item.id === one.id);
  const previous = at > 0 ? rows[at - 1]!.item : undefined;
  const next = at >= 0 ? rows[at + 1]?.item : undefined;
  const properties = <Properties one={one} directory={directory} onEdit={(e) => void edit(e)} compact={narrow} />;
  return (
    <>
      <section class="read" aria-label={t("desk.ticket")}>
        <header class="read-head">
          {small && <BackLink href={back} />}
          <div class="grow">
            <Title>{one.subject || t("failures.noSubject")}</Title>
            <p class="small muted break">
              <bdi>{customerOf(one).name || t("word.unknown")}</bdi> · {channel ? by(channel.type, channel.name) : one.channelId}
            </p>
          </div>
          <div class="actions">
            {!small && (
              <>
                <IconButton icon={shapes.chevronUp} label={t("ticket.previous")} aria-disabled={!previous} onClick={() => previous && go(href(previous))} />
                <IconButton icon={shapes.chevronDown} label={t("ticket.next")} aria-disabled={!next} onClick={() => next && go(href(next))} />
              </>
            )}
            {other && (
              <Button icon={status?.closed ? shapes.rotateCcw : shapes.check} onClick={solve}>
                {t(status?.closed ? "inbox.reopen" : "ticket.solve")}
                <Kbd>E</Kbd>
              </Button>
            )}
          </div>
        </header>
        {narrow && <div class="folded">{properties}</div>}
        <div class="scroll in">
          {narrow && small && <FromInbox one={one} />}
          <Thread fromTop={small} of={{ ...one, id: one.conversationId }} happened={happenings(one, directory)} />
        </div>
      </section>
      {!narrow && <aside class="properties" aria-label={t("ticket.details")}>{properties}</aside>}
    </>
  );
}

/** happenings are what a ticket's thread has beside messages: how it began, and its move. */
function happenings(one: Ticket, directory: Directory): Happening[] {
  const list: Happening[] = [];
  const origin = directory.channels.find((c) => c.id === (one.originId || one.channelId));
  const start = one.provenance === "native" ? undefined : one.createdAt;
  if (start) {
    const name = <b>{channelName(one.originId || one.channelId)}</b>;
    const date = `${longDay(start)}, ${clock(start)}`;
    list.push({ at: start, icon: origin ? typeIcon(origin) : shapes.mail, text: rich(origin?.type === "email" ? "ticket.began" : "ticket.beganOn", { channel: name, date }) });
  }
  if (one.importedAt && one.provenance === "history") {
    list.push({ at: one.importedAt, icon: shapes.arrowLeftRight, teal: true, text: rich("ticket.movedAt", { when: <b>{when(one.importedAt)}</b> }) });
  }
  return [...list, ...edited(one.edits, directory)];
}

/** when is a day and a time in a sentence: "today, 20:02", "24 November 2026, 20:02". */
function when(at: string): string {
  return `${sameDay(at, Date.now()) ? t("time.today") : longDay(at)}, ${clock(at)}`;
}

interface PropertiesProps {
  one: Ticket;
  directory: Directory;
  compact: boolean;
  onEdit: (e: TicketEdit) => void;
}

function Properties({ one, directory, compact, onEdit }: PropertiesProps) {
  const now = useNow(15);
  const status = directory.statuses.find((s) => s.id === one.status);
  const all = dues(one, now);
  const policy = directory.policies.find((p) => p.id === one.clocks.policyId);
  const statusMenu = (
    <span id="status">
      <Menu
        class="button"
        button={
          <>
            <span class="hide-text">{t("ticket.status") + ": "}</span>
            <StatusPill id={one.status} directory={directory} />
            {compact ? <Icon of={shapes.chevronDown} size={14} /> : <Kbd>S</Kbd>}
          </>
        }
        items={directory.statuses
          .filter((s) => s.pipelineId === status?.pipelineId)
          .map((s) => ({ label: s.name, checked: s.id === one.status, onSelect: () => s.id !== one.status && onEdit({ status: s.id }) }))}
      />
    </span>
  );
  const ownerMenu = (
    <span id="owner">
      <OwnerMenu value={one.owner} agents={withAccess(directory)} hint={!compact} onChoose={(owner) => onEdit({ owner })} />
    </span>
  );
  const labels = <Labels of={one.tags} href={(l) => "/app/desk?tag=" + encodeURIComponent(l)} onChange={(tags) => onEdit({ tags })} />;
  if (compact)
    return (
      <>
        {statusMenu}
        {ownerMenu}
        {all[0] && <DueMark of={all[0]} now={now} />}
        {labels}
      </>
    );
  return (
    <>
      <div>
        <h2>{t("ticket.status")}</h2>
        {statusMenu}
      </div>
      <div>
        <h2>{t("ticket.owner")}</h2>
        {ownerMenu}
      </div>
      <div>
        <h2>{t("labels.title")}</h2>
        {labels}
      </div>
      {all.length > 0 && (
        <div>
          <h2>{t("ticket.sla")}</h2>
          {all.map((d) => (
            <div key={d.what} class="promise">
              <p class="row">
                <span class="grow">{t(("sla." + d.what) as Key)}</span>
                <span class={d.how === "late" ? "strong bad" : d.how === "soon" ? "strong warn" : "strong"}>{dueWords(d, now, true)}</span>
              </p>
              <span class={"progress " + d.how}>
                <span style={{ width: Math.round(d.used * 100) + "%" }} />
              </span>
            </div>
          ))}
          {policy && <p class="small muted">{policy.name || policy.id}</p>}
        </div>
      )}
      <FromInbox one={one} />
    </>
  );
}

/** tookSeconds is how soon a ticket was there; nothing if the customer's clock says something else. */
function tookSeconds(one: Ticket): number | undefined {
  const seconds = (Date.parse(one.importedAt ?? "") - Date.parse(one.createdAt ?? "")) / 1000;
  return seconds >= 0 && seconds < 60 ? seconds : undefined;
}

/** FromInbox says where a ticket came from (R16). */
function FromInbox({ one }: { one: Ticket }) {
  const me = useMe();
  const move = usePoll("GET /v1/moves/{id}", { path: { id: one.moveId ?? "" } }, { on: one.moveId !== undefined && me.role === "super-admin" });
  if (one.home !== "helpdesk") return null;
  const link =
    one.moveId && move.data ? <a href={"/app/moves/" + encodeURIComponent(one.moveId)}>{t("ticket.movesOf", { name: agentName(move.data.by) })}</a> : t("ticket.aMove");
  const text = () => {
    if (one.provenance === "native") return t("ticket.native");
    if (one.provenance === "live") {
      const took = one.moveId ? tookSeconds(one) : undefined;
      const channel = channelName(one.channelId);
      return took === undefined ? t("ticket.liveWhile", { channel }) : t("ticket.live", { channel, t: duration(took) });
    }
    const at = one.importedAt ?? one.createdAt ?? "";
    return rich("ticket.history", {
      date: one.createdAt ? longDay(one.createdAt) : t("word.unknown"),
      move: link,
      when: at ? (sameDay(at, Date.now()) ? t("time.today") : t("time.on", { date: moment(at) })) : "",
    });
  };
  return (
    <section class="card sunken from">
      <h2>
        <Icon of={shapes.arrowLeftRight} size={14} />
        {t("ticket.from")}
      </h2>
      <p>{text()}</p>
      {one.lostOwner && <p>{t("ticket.lostOwner", { name: agentName(one.lostOwner) })}</p>}
    </section>
  );
}
