// A conversation as it was written: messages and what happened to it, the first at the top.
import * as shapes from "lucide";
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { agentName, channelName, directory } from "./account";
import { call } from "./api";
import type { Conversation, Message, MessageList } from "./api.gen";
import { t } from "./i18n";
import { Avatar, Button, Icon, ProblemView, Skeleton, Time, toast } from "./parts";
import { party, type Party } from "./people";
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

interface Props {
  of: Pick<Conversation, "id" | "customer" | "subject">;
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
  const first = messages[0]?.at ?? "";
  const events = next ? happened.filter((h) => h.at >= first) : happened;
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
      <span class={h.teal ? "sign teal" : "sign"}>
        <Icon of={h.icon} size={13} />
      </span>
      <p>{h.text}</p>
    </div>
  );
}

/** Written is one message. Its words are text, and stay so. */
function Written({ m, of }: { m: Message; of: Props["of"] }) {
  const [whole, setWhole] = useState<string>();
  const [busy, setBusy] = useState(false);
  const [formatted, setFormatted] = useState(false); // instead of the text
  const byAgent = m.author === "agent";
  const { name: called = "", address = "" } = m.from ?? {};
  const sender: Party = called ? { name: called, address } : party(address || of.customer);
  const known = m.agent || directory.value?.agents.find((a) => a.id === sender.name)?.id;
  const name = (byAgent && known ? agentName(known) : sender.name) || t("word.unknown");
  const beside = byAgent ? t("thread.by", { channel: channelName(m.channelId) }) : sender.address;
  const readWhole = async () => {
    setBusy(true);
    try {
      setWhole(await readPart(of.id, m.id, "text"));
    } catch {
      toast(t("thread.notRead"));
    }
    setBusy(false);
  };
  return (
    <article class="message">
      <Avatar name={name} big />
      <div class="grow">
        <header>
          <bdi class="strong">{name}</bdi>
          <span class="muted small">
            {beside && (
              <>
                <bdi>{beside}</bdi>
                {" · "}
              </>
            )}
            {m.at && <Time at={m.at}>{moment(m.at)}</Time>}
          </span>
        </header>
        {m.subject && m.subject !== of.subject && (
          <p class="small muted">
            <bdi>{m.subject}</bdi>
          </p>
        )}
        <p class="words" dir="auto" hidden={formatted}>
          {whole ?? m.text ?? ""}
          {m.textCut && whole === undefined && "…"}
        </p>
        <div class="row wrap">
          {m.textCut && whole === undefined && !formatted && (
            <Button kind="quiet" busy={busy} onClick={() => void readWhole()}>
              {t("thread.whole")}
            </Button>
          )}
          {m.hasHtml && <Formatted conversation={of.id} message={m.id} onShow={setFormatted} />}
        </div>
      </div>
    </article>
  );
}

/**
 * Formatted shows the HTML part, which the server has cleaned, in a frame of its
 * own: a Blob, since the page's policy gives no string to the DOM as HTML. The
 * frame runs nothing and loads nothing.
 */
function Formatted({ conversation, message, onShow }: { conversation: string; message: string; onShow: (on: boolean) => void }) {
  const [url, set] = useState<string>();
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    onShow(url !== undefined);
    return () => void (url && URL.revokeObjectURL(url));
  }, [url]);
  const show = async () => {
    setBusy(true);
    try {
      const html = await readPart(conversation, message, "html");
      set(URL.createObjectURL(new Blob([html], { type: "text/html; charset=utf-8" })));
    } catch {
      toast(t("thread.notRead"));
    }
    setBusy(false);
  };
  return (
    <>
      <Button kind="quiet" icon={shapes.fileText} busy={busy} aria-expanded={url !== undefined} onClick={() => (url ? set(undefined) : void show())}>
        {t(url ? "thread.text" : "thread.html")}
      </Button>
      {url && <iframe class="formatted" sandbox="" src={url} title={t("thread.html")} />}
    </>
  );
}

const mostPieces = 8; // of a megabyte or so; more than anyone reads

async function readPart(id: string, message: string, part: "text" | "html"): Promise<string> {
  let text = "";
  let offset: number | undefined;
  for (let i = 0; i < mostPieces; i++) {
    const piece = (await call("GET /v1/conversations/{id}/messages/{message}/{part}", { path: { id, message, part }, query: { offset } })).data;
    text += piece.text;
    offset = piece.next;
    if (!offset) return text;
  }
  return text + "…";
}
