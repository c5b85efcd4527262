import * as shapes from "lucide";
import { useEffect, useState } from "preact/hooks";
import { agentName, channelName, recount, useDirectory, useMe, type Directory } from "../account";
import { ApiError, call, problemText } from "../api";
import type { Conversation, ConversationEdit } from "../api.gen";
import { t } from "../i18n";
import { useKeys } from "../keys";
import { LabelFilter, Labels, RowLabels } from "../labels";
import { Avatar, Button, Dialog, Empty, Icon, Kbd, Loaded, Menu, Time, bar, toast } from "../parts";
import { customerOf } from "../people";
import { usePoll, type Reading } from "../poll";
import { go, place, refine, useArrival, useTitle } from "../router";
import { stacked, useMedia, useStore } from "../store";
import { edited, lastEditor, Thread } from "../thread";
import { moment } from "../time";
import { Chip, order, undone, useRows, WorkList } from "../worklist";
import { typeIcon } from "./channels";

const openEvery = 5_000;

/** InboxPage is the list of the inbox and, beside it, the conversation that is read. */
export function InboxPage() {
  const here = useStore(place);
  const me = useMe();
  const directory = useDirectory();
  const small = useMedia(stacked);
  const id = idIn(here.path, "/app/inbox/");
  const q = here.query;
  const [search, setSearch] = useState<string>();
  const mine = q.get("mine") === "1";
  const closed = q.get("status") === "closed";
  const unowned = q.get("unowned") === "1";
  const channel = q.get("channel") ?? "";
  const tag = q.get("tag") ?? "";
  const by = useStore(order);
  const list = useRows(
    "GET /v1/conversations",
    search
      ? { q: search }
      : { home: "inbox", status: closed ? "closed" : "open", owner: mine ? me.id : undefined, unowned: unowned || undefined, channel: channel || undefined, tag: tag || undefined, sort: closed ? undefined : by },
  );
  const options = [{ id: "", name: t("filter.allChannels") }, ...directory.channels];
  const suffix = here.query.size ? "?" + here.query.toString() : "";
  const href = (c: Conversation) =>
    c.home === "helpdesk" && c.ticketId ? "/app/desk/" + encodeURIComponent(c.ticketId) : "/app/inbox/" + encodeURIComponent(c.id) + suffix;
  return (
    <div class={id ? "work reads" : "work"}>
      {(!small || !id) && (
        <WorkList
          title={t("nav.inbox")}
          list={list}
          current={id}
          href={href}
          search={search}
          onSearch={setSearch}
          sort={closed ? undefined : { by }}
          empty={search ? t("search.none") : closed || mine || unowned || channel || tag ? t("empty.filtered") : t("empty.inbox")}
          filters={
            <>
              <Chip on={mine} onChange={(on) => refine({ mine: on ? "1" : undefined, unowned: undefined })}>
                {t("filter.mine")}
              </Chip>
              <Chip on={unowned} onChange={(on) => refine({ unowned: on ? "1" : undefined, mine: undefined })}>
                {t("filter.unowned")}
              </Chip>
              <Menu
                class="chip"
                button={
                  <>
                    {t(closed ? "filter.closed" : "filter.open")}
                    <Icon of={shapes.chevronDown} size={12} />
                  </>
                }
                items={[
                  { label: t("filter.open"), checked: !closed, onSelect: () => refine({ status: undefined }) },
                  { label: t("filter.closed"), checked: closed, onSelect: () => refine({ status: "closed" }) },
                ]}
              />
              <Menu
                class="chip"
                button={
                  <>
                    <span class="clip">{channel ? channelName(channel) : t("channels.channel")}</span>
                    <Icon of={shapes.chevronDown} size={12} />
                  </>
                }
                items={options.map((c) => ({ label: c.name, checked: c.id === channel, onSelect: () => refine({ channel: c.id || undefined }) }))}
              />
              <LabelFilter value={tag} />
            </>
          }
          given={[directory, me.helpDesk]}
          row={(c, gone) => <InboxRow of={c} gone={gone} directory={directory} mayOpen={me.helpDesk} />}
        />
      )}
      {id ? <Opened key={id} id={id} small={small} back={"/app/inbox" + suffix} known={list.rows?.find((r) => r.item.id === id)?.item} onChange={list.put} onLeave={list.refresh} /> : <Nothing small={small} />}
    </div>
  );
}

/** idIn is the ID that comes after an area in a path; "" if there is none. */
export function idIn(path: string, area: string): string {
  return path.startsWith(area) ? decodeURIComponent(path.slice(area.length)) : "";
}

function Nothing({ small }: { small: boolean }) {
  useTitle(t("nav.inbox"));
  const h1 = useArrival();
  useEffect(() => bar.set(t("nav.inbox")), []);
  return (
    <section class={small ? "hide-text" : "read"}>
      <h1 ref={h1} tabIndex={-1} class="hide-text">
        {t("nav.inbox")}
      </h1>
      {!small && <Empty icon={shapes.inbox}>{t("inbox.choose")}</Empty>}
    </section>
  );
}

function InboxRow({ of: c, gone, directory, mayOpen }: { of: Conversation; gone: boolean; directory: Directory; mayOpen: boolean }) {
  const channel = directory.channels.find((one) => one.id === c.channelId);
  const at = c.changedAt ?? c.startedAt;
  return (
    <>
      <span class="line">
        <bdi class="strong clip">{customerOf(c).name || t("word.unknown")}</bdi>
        {at && <Time at={at} />}
      </span>
      <span class="line">
        <bdi class="clip">{c.subject || t("failures.noSubject")}</bdi>
      </span>
      <span class="line muted small">
        {gone ? (
          <Gone of={c} home={channel?.home ?? "inbox"} mayOpen={mayOpen} />
        ) : (
          <>
            <Icon of={channel ? typeIcon(channel) : shapes.mail} size={14} />
            <span class="grow clip">{channelName(c.channelId)}</span>
            <Owner id={c.owner} />
          </>
        )}
      </span>
      <RowLabels of={c.tags} />
    </>
  );
}

/**
 * Gone says where a conversation went that has left the list: to the help desk, as
 * nearly all do while their channel moves. One of a channel that has moved may as well
 * have been closed by a colleague: it is asked, once.
 */
function Gone({ of: c, home, mayOpen }: { of: Conversation; home: string; mayOpen: boolean }) {
  const { data: now } = usePoll("GET /v1/conversations/{id}", { path: { id: c.id } }, { on: home === "helpdesk" });
  const inDesk = home === "moving" || now?.home === "helpdesk";
  const ticket = now?.ticketId || c.ticketId || "t-" + c.id;
  return (
    <>
      <Icon of={inDesk ? shapes.arrowLeftRight : shapes.check} size={14} />
      <span class="grow">{t(inDesk ? "inbox.gone" : "list.gone")}</span>
      {inDesk && mayOpen && <a href={"/app/desk/" + encodeURIComponent(ticket)}>{t("inbox.openTicket")}</a>}
    </>
  );
}

/** Owner is the avatar of whoever owns a row. */
export function Owner({ id }: { id: string }) {
  const name = id ? agentName(id) : undefined;
  return (
    <span title={name ?? t("word.nobody")}>
      <Avatar name={name} />
      <span class="hide-text">{name ?? t("word.nobody")}</span>
    </span>
  );
}

interface OpenedProps {
  id: string;
  small: boolean;
  back: string;
  /** As the list has it. */
  known?: Conversation;
  onChange: (c: Conversation) => void;
  onLeave: () => void;
}

function Opened({ id, small, back, known, onChange, onLeave }: OpenedProps) {
  const conversation = usePoll("GET /v1/conversations/{id}", { path: { id } }, { every: openEvery });
  return (
    <section class="read" aria-label={t("inbox.conversation")}>
      {conversation.data ? (
        <Conversing of={conversation} c={conversation.data} small={small} back={back} onChange={onChange} onLeave={onLeave} />
      ) : (
        <>
          <header class="read-head">
            {small && <BackLink href={back} />}
            <div class="grow">
              <Title>{known?.subject || t("inbox.conversation")}</Title>
            </div>
          </header>
          <div class="in">
            <Loaded of={conversation} rows={6}>{() => null}</Loaded>
          </div>
        </>
      )}
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

function Conversing({ of, c, small, back, onChange, onLeave }: { of: Reading<Conversation>; c: Conversation; small: boolean; back: string; onChange: (c: Conversation) => void; onLeave: () => void }) {
  const directory = useDirectory();
  const me = useMe();
  const [moved, askMoved] = useState<{ ticket: string; edit: ConversationEdit }>();
  const channel = directory.channels.find((one) => one.id === c.channelId);
  const here = c.home === "inbox";
  const edit = async (change: ConversationEdit) => {
    const before = c;
    of.put({ ...c, ...change }); // as if it were done
    try {
      const { data } = await call("PATCH /v1/conversations/{id}", {
        path: { id: c.id },
        body: change,
        headers: { "If-Match": `"${before.version}"`, "Idempotency-Key": crypto.randomUUID() },
      });
      of.put(data);
      onChange(data);
      onLeave();
      recount();
    } catch (e) {
      of.put(before);
      if (e instanceof ApiError && e.code === "moved" && e.problem.ticketId) {
        if (me.helpDesk) askMoved({ ticket: e.problem.ticketId, edit: change });
        else toast(problemText(e).title);
      } else if (e instanceof ApiError && e.code === "changed") {
        const now = e.problem.current as Conversation | undefined;
        if (now) of.put(now);
        const who = lastEditor(now, before);
        toast(who ? t("edit.changed412", { name: agentName(who) }) : t("edit.changed"));
      } else {
        toast(undone(e));
      }
    }
  };
  const close = () => void edit({ status: c.status === "open" ? "closed" : "open" });
  useKeys({
    e: here ? close : undefined,
    a: here ? () => document.getElementById("owner")?.querySelector("button")?.click() : undefined,
    Escape: () => go(back),
  });
  const customer = customerOf(c);
  const happened = edited(c.edits, directory);
  if (c.waitingSince && c.status === "open" && here) {
    happened.push({ at: new Date().toISOString(), icon: shapes.clock, text: t("inbox.waits", { time: moment(c.waitingSince) }) });
  }
  const labels = <Labels of={c.tags} href={(l) => "/app/inbox?tag=" + encodeURIComponent(l)} onChange={here ? (tags) => void edit({ tags }) : undefined} />;
  return (
    <>
      <header class="read-head">
        {small && <BackLink href={back} />}
        <div class="grow">
          <Title>{c.subject || t("failures.noSubject")}</Title>
          <p class="small muted break">
            <bdi>{customer.name || t("word.unknown")}</bdi> · {channel ? by(channel.type, channel.name) : c.channelId}
          </p>
          {!small && labels}
        </div>
        {here ? (
          <div class="actions">
            <span id="owner">
              <OwnerMenu value={c.owner} agents={directory.agents} onChoose={(owner) => void edit({ owner })} />
            </span>
            <Button icon={c.status === "open" ? shapes.check : shapes.rotateCcw} onClick={close}>
              {t(c.status === "open" ? "inbox.close" : "inbox.reopen")}
              <Kbd>E</Kbd>
            </Button>
          </div>
        ) : (
          <p class="row wrap small">
            <Icon of={shapes.arrowLeftRight} size={14} />
            {t("inbox.gone")}
            {me.helpDesk && c.ticketId && <a href={"/app/desk/" + encodeURIComponent(c.ticketId)}>{t("inbox.openTicket")}</a>}
          </p>
        )}
      </header>
      {small && <div class="folded">{labels}</div>}
      <div class="scroll in">
        <Thread of={c} happened={happened} />
      </div>
      {moved && <MovedDialog ask={moved} onClose={() => askMoved(undefined)} />}
    </>
  );
}

/** BackLink goes back to the list, on phones. */
export function BackLink({ href }: { href: string }) {
  return (
    <a class="square plain" href={href} aria-label={t("ticket.back")}>
      <Icon of={shapes.chevronLeft} size={20} />
    </a>
  );
}

/** by says by which channel somebody writes. */
export function by(type: string, name: string): string {
  return type === "email" ? t("thread.byEmail", { channel: name }) : t("thread.by", { channel: name });
}

/** OwnerMenu chooses who owns something, or nobody. */
export function OwnerMenu({ value, agents, hint, onChoose }: { value: string; agents: { id: string; name: string }[]; /** Shows the key that opens it. */ hint?: boolean; onChoose: (id: string) => void }) {
  return (
    <Menu
      class="button"
      button={
        <>
          <span class="hide-text">{t("ticket.owner") + ": "}</span>
          <Avatar name={value ? agentName(value) : undefined} />
          <span class="clip">{agentName(value)}</span>
          {hint ? <Kbd>A</Kbd> : <Icon of={shapes.chevronDown} size={14} />}
        </>
      }
      items={[
        { label: t("word.nobody"), checked: value === "", onSelect: () => value && onChoose("") },
        "line",
        ...agents.map((a) => ({ label: a.name, checked: a.id === value, onSelect: () => a.id !== value && onChoose(a.id) })),
      ]}
    />
  );
}

/** MovedDialog asks whether what was meant for a conversation goes to its ticket. */
function MovedDialog({ ask, onClose }: { ask: { ticket: string; edit: ConversationEdit }; onClose: () => void }) {
  const { statuses } = useDirectory();
  const [busy, setBusy] = useState(false);
  const [error, set] = useState<unknown>();
  const href = "/app/desk/" + encodeURIComponent(ask.ticket);
  const send = async () => {
    setBusy(true);
    try {
      const now = (await call("GET /v1/tickets/{id}", { path: { id: ask.ticket } })).data;
      const pipeline = statuses.find((s) => s.id === now.status)?.pipelineId;
      const wanted = ask.edit.status && statuses.find((s) => s.pipelineId === pipeline && s.closed === (ask.edit.status === "closed"));
      await call("PATCH /v1/tickets/{id}", {
        path: { id: ask.ticket },
        body: { owner: ask.edit.owner, status: wanted ? wanted.id : undefined, tags: ask.edit.tags },
        headers: { "If-Match": `"${now.revision}"`, "Idempotency-Key": crypto.randomUUID() },
      });
      onClose();
      go(href);
    } catch (e) {
      set(e);
      setBusy(false);
    }
  };
  const words = error ? problemText(error) : undefined;
  return (
    <Dialog title={t("problem.moved")} onClose={onClose}>
      <p>{t(ask.edit.status === "closed" ? "inbox.moved409.close" : "inbox.moved409")}</p>
      {words && (
        <p role="alert" class="bad">
          {words.title}. {words.remedy}
        </p>
      )}
      <footer>
        <Button onClick={onClose}>{t("do.cancel")}</Button>
        <Button kind="primary" busy={busy} onClick={() => void send()}>
          {t(ask.edit.status === "closed" ? "ticket.solve" : "inbox.changeTicket")}
        </Button>
      </footer>
    </Dialog>
  );
}

