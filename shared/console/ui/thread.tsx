// A conversation as it was written: messages and what happened to it, the first at the top.
import * as shapes from "lucide";
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { agentName, statusName, type Directory } from "./account";
import { call } from "./api";
import type { Edit, MessageList } from "./api.gen";
import { list as enumerate, rich, t } from "./i18n";
import { Sign, Written, type Of } from "./message";
import { Button, ProblemView, Skeleton, Time, toast } from "./parts";
import { isolated } from "./people";
import { usePoll } from "./poll";
import { moment } from "./time";

/** Happening is something beside messages. */
export interface Happening {
  at: string;
  icon: string;
  teal?: boolean;
  text: ComponentChildren;
}

const newMessagesEvery = 5_000;

/** edited are what agents did to a conversation and its ticket, as far back as that is known. */
export function edited(edits: Edit[] | undefined, directory: Directory): Happening[] {
  return (edits ?? []).map((e) => ({
    at: e.at,
    icon: shapes.pencil,
    text: (
      <>
        {rich("edit.by", {
          name: (
            <b>
              <bdi>{agentName(e.by)}</bdi>
            </b>
          ),
          what: enumerate(deeds(e, directory)),
        })}
        <span class="small">
          {" · "}
          <Time at={e.at}>{moment(e.at)}</Time>
        </span>
      </>
    ),
  }));
}

function deeds(e: Edit, { statuses }: Directory): string[] {
  const done: string[] = [];
  if (e.made) done.push(t("edit.made"));
  else if (e.status !== undefined) {
    // Of a conversation it is one of two, of a ticket one of the account's.
    const named = statuses.some((s) => s.id === e.status);
    if (!named && e.status === "closed") done.push(t("edit.closed"));
    else if (!named && e.status === "open") done.push(t("edit.reopened"));
    else done.push(t("edit.status", { status: isolated(statusName(e.status)) }));
  }
  if (e.owner === "") done.push(t("edit.unowned"));
  else if (e.owner !== undefined) done.push(e.owner === e.by ? t("edit.took") : t("edit.owner", { name: isolated(agentName(e.owner)) }));
  if (e.tags) done.push(t("edit.labels"));
  return done;
}

/** lastEditor is who made the last edit, if that is one that was not there before; else "". */
export function lastEditor(now: { edits?: Edit[] } | undefined, before: { edits?: Edit[] }): string {
  const last = now?.edits?.at(-1);
  const seen = before.edits?.at(-1);
  return last && (last.at !== seen?.at || last.by !== seen.by) ? last.by : "";
}

interface Props {
  of: Of;
  happened: Happening[];
  /** Leaves the page at its top, where there is more than the thread. */
  fromTop?: boolean;
}

/** Thread shows the last messages, and the earlier ones on demand. */
export function Thread({ of, happened, fromTop }: Props) {
  const path = { id: of.id };
  const latest = usePoll("GET /v1/conversations/{id}/messages", { path, query: { limit: 50 } }, { every: newMessagesEvery });
  const [earlier, set] = useState<MessageList[]>([]);
  const [busy, setBusy] = useState(false);
  const end = useRef<HTMLLIElement>(null);
  const count = latest.data?.items.length;
  useEffect(() => set([]), [of.id]);
  useLayoutEffect(() => {
    if (fromTop) return;
    end.current?.scrollIntoView({ block: "nearest" });
    // Of a message that is longer than the window, one reads the beginning first.
    const last = [...(end.current?.parentElement?.querySelectorAll("article") ?? [])].at(-1);
    if (last && last.offsetHeight > innerHeight * 0.7) last.scrollIntoView({ block: "start" });
  }, [of.id, count === undefined]);
  if (!latest.data) return latest.error ? <ProblemView error={latest.error} retry={latest.refresh} /> : <Skeleton rows={5} height={20} />;

  const pages = [latest.data, ...earlier];
  const next = pages.at(-1)!.next;
  const seen = new Set<string>();
  const messages = pages.flatMap((p) => p.items).filter((m) => !seen.has(m.id) && seen.add(m.id)).reverse();
  const readEarlier = async () => {
    setBusy(true);
    try {
      const page = (await call("GET /v1/conversations/{id}/messages", { path, query: { limit: 50, cursor: next } })).data;
      set((all) => [...all, page]);
    } catch {
      toast(t("thread.notRead"));
    }
    setBusy(false);
  };
  // Without the first messages, what happened before those that are shown is left out.
  const first = Date.parse(messages[0]?.at ?? "") || 0;
  const events = next ? happened.filter((h) => Date.parse(h.at) >= first) : happened;
  const list: { at: string; key: string; node: ComponentChildren }[] = [
    ...events.map((h, i) => ({ at: h.at, key: "event" + i, node: <Event of={h} /> })), // before what was written at the same time
    ...messages.map((m) => ({ at: m.at ?? "", key: m.id, node: <Written m={m} of={of} /> })),
  ];
  list.sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
  return (
    <>
      {next && (
        <p class="more-rows">
          <Button busy={busy} onClick={() => void readEarlier()}>
            {t("thread.earlier")}
          </Button>
        </p>
      )}
      <ol class="thread" aria-label={t("thread.label")}>
        {list.map((one) => (
          <li key={one.key}>{one.node}</li>
        ))}
        <li ref={end} aria-hidden="true" />
      </ol>
    </>
  );
}

function Event({ of: h }: { of: Happening }) {
  return (
    <div class="event">
      <Sign of={h.icon} teal={h.teal} />
      <p>{h.text}</p>
    </div>
  );
}
