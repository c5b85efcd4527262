// One message of a thread: who wrote it to whom, what is to be known of it, and what it says.
import * as shapes from "lucide";
import { useEffect, useId, useState } from "preact/hooks";
import { agentName, channelName, directory } from "./account";
import { call } from "./api";
import type { Address, Conversation, Message } from "./api.gen";
import { fetchPicture, Files, mayBePicture, Source } from "./files";
import { has, rich, t, type Key } from "./i18n";
import { Avatar, Button, Fold, Icon, Menu, Pill, Time, toast } from "./parts";
import { customerOf, partyOf, type Party } from "./people";
import { pictured, withPictures } from "./picture";
import { duration, exact, moment } from "./time";

/** What is said of the conversation that a message belongs to. */
export type Of = Pick<Conversation, "id" | "customer" | "customerName" | "subject">;

interface Props {
  m: Message;
  of: Of;
}

/** Written is one message, as what it is. Its words are text, and stay so. */
export function Written({ m, of }: Props) {
  if (m.kind === "event") return <Event m={m} of={of} />;
  return m.automatic ? <Automatic m={m} of={of} /> : <Letter m={m} of={of} />;
}

/** Who wrote a message, and what stands beside the name. */
interface Sender {
  name: string;
  beside?: string;
  icon?: string;
}

/** senderOf names the author, and nobody else: what is forged is not by the agent that it names. */
function senderOf(m: Message, of: Of): Sender {
  const from = partyOf(m.from);
  switch (m.author) {
    case "agent": {
      const known = m.forged ? undefined : m.agent || directory.value?.agents.find((a) => a.id === from.name)?.id;
      const name = (known && agentName(known)) || from.name || t("author.agent");
      const beside = m.kind === "note" ? undefined : t("thread.by", { channel: channelName(m.channelId ?? "") });
      return { name, beside: m.forged ? from.address : beside };
    }
    case "bot":
      return { name: from.name || t("author.bot"), beside: from.address, icon: shapes.bot };
    case "system":
      return { name: from.name || t("author.system"), beside: from.address, icon: shapes.settings };
  }
  // Who wrote without a name may be known by one; a forger is not.
  const customer = !m.forged && (!from.name || from.name === of.customer) ? customerOf(of) : from;
  return { name: customer.name || t("word.unknown"), beside: customer.address };
}

/** Letter is what somebody wrote, or a note. */
function Letter({ m, of }: Props) {
  const who = senderOf(m, of);
  const internal = m.kind === "note" || m.visibility === "internal";
  return (
    <article class={internal ? "message note" : "message"}>
      {who.icon ? (
        <span class="avatar big none">
          <Icon of={who.icon} />
        </span>
      ) : (
        <Avatar name={who.name} big />
      )}
      <div class="grow">
        <header>
          <bdi class="strong">{who.name}</bdi>
          {(m.author === "bot" || m.author === "system") && <Pill>{t(`author.${m.author}`)}</Pill>}
          {internal && <Pill icon={shapes.lock}>{t(m.kind === "note" ? "thread.note" : "thread.internal")}</Pill>}
          <span class="muted small">
            {who.beside && (
              <>
                <bdi>{who.beside}</bdi>
                {" · "}
              </>
            )}
            {m.at && <Time at={m.at}>{moment(m.at)}</Time>}
          </span>
        </header>
        <Recipients m={m} />
        <Warnings m={m} who={who} />
        {m.subject && plain(m.subject) !== plain(of.subject) && (
          <p class="small muted">
            <bdi>{m.subject}</bdi>
          </p>
        )}
        {m.kind === "call" && <CallFacts m={m} />}
        <Content m={m} of={of} />
      </div>
      {m.source && <More m={m} of={of} />}
    </article>
  );
}

/** More is what few ask for. */
function More({ m, of }: Props) {
  const [source, show] = useState(false);
  return (
    <>
      <Menu
        class="square more"
        label={t("thread.more")}
        button={<Icon of={shapes.ellipsis} />}
        items={[{ label: t("thread.showSource"), icon: shapes.fileText, onSelect: () => show(true) }]}
      />
      {source && <Source from={{ conversation: of.id, message: m.id }} onClose={() => show(false)} />}
    </>
  );
}

/** plain is a subject without the words that say it is an answer. */
function plain(subject: string): string {
  return subject.replace(/^(\s*(re|sv|aw|antw|vs)\s*(\[\d+\])?\s*:)+/i, "").trim();
}

const lineLength = 500; // of what an event says, in characters

/** Event is something that was done, on a line of its own. */
function Event({ m, of }: Props) {
  const { name, icon } = senderOf(m, of);
  const short = !m.textCut && (m.text?.length ?? 0) <= lineLength;
  return (
    <div class="event">
      <Sign of={icon ?? shapes.activity} />
      <div class="grow">
        <p>
          <b>
            <bdi>{name}</bdi>
          </b>
          {short && m.text && <bdi class="words">{" " + m.text}</bdi>}
          {m.at && (
            <span class="small">
              {" · "}
              <Time at={m.at}>{moment(m.at)}</Time>
            </span>
          )}
        </p>
        <Content m={m} of={of} wordless={short} />
      </div>
    </div>
  );
}

/** Sign is the mark before what is no message of somebody's. */
export function Sign({ of, teal }: { of: string; teal?: boolean }) {
  return (
    <span class={teal ? "sign teal" : "sign"}>
      <Icon of={of} size={13} />
    </span>
  );
}

const automaticIcons: Record<string, string> = { bounce: shapes.undo2, receipt: shapes.eye, "auto-replied": shapes.reply, bulk: shapes.users };

/** Automatic is what a program sent: a line that says so, and the message once it is asked for. */
function Automatic({ m, of }: Props) {
  const [open, set] = useState(false);
  const id = useId();
  const key = "automatic." + m.automatic;
  return (
    <>
      <div class="event">
        <Sign of={automaticIcons[m.automatic!] ?? shapes.mail} />
        <button type="button" class="fold-line" aria-expanded={open} aria-controls={open ? id : undefined} onClick={() => set(!open)}>
          <span>
            {rich(has(key) ? key : "automatic.auto-generated", { name: <bdi>{senderOf(m, of).name}</bdi> })}
            {m.at && (
              <span class="small">
                {" · "}
                <Time at={m.at}>{moment(m.at)}</Time>
              </span>
            )}
          </span>
          <Icon of={open ? shapes.chevronUp : shapes.chevronDown} size={14} />
        </button>
      </div>
      {open && (
        <div id={id} class="unfolded">
          <Letter m={m} of={of} />
        </div>
      )}
    </>
  );
}

/** own is the name of the channel whose address this is. */
function own(address: string | undefined): string | undefined {
  return address ? directory.value?.channels.find((c) => c.address?.toLowerCase() === address.toLowerCase())?.name : undefined;
}

/** Recipients says to whom a message went: the first of them, and all on demand. */
function Recipients({ m }: { m: Message }) {
  const { to = [], cc = [], bcc = [], replyTo = [] } = m;
  const first = [...to, ...cc, ...bcc][0];
  if (!first && !replyTo.length) return null;
  const called = (a: Address) => <bdi class="clip">{own(a.address) ?? partyOf(a).name}</bdi>;
  const rest = to.length + cc.length + bcc.length - 1;
  return (
    <Fold line={first ? rich(rest ? "people.toMore" : "people.to", { name: called(first), n: rest }) : rich("people.answersTo", { name: called(replyTo[0]!) })}>
      {() => (
        <dl class="people">
          <Names as="people.from" list={m.from ? [m.from] : []} />
          <Names as="people.replyTo" list={replyTo} />
          <Names as="people.recipients" list={to} />
          <Names as="people.cc" list={cc} />
          <Names as="people.bcc" list={bcc} />
          {m.at && (
            <div>
              <dt>{t("people.at")}</dt>
              <dd>{exact(m.at)}</dd>
            </div>
          )}
        </dl>
      )}
    </Fold>
  );
}

function Names({ as, list }: { as: Key; list: Address[] }) {
  if (!list.length) return null;
  return (
    <div>
      <dt>{t(as)}</dt>
      {list.map((a, i) => {
        const { name, address }: Party = partyOf(a);
        return (
          <dd key={i}>
            <bdi class="named">{name}</bdi>
            {address && (
              <>
                {" "}
                <bdi>{address}</bdi>
              </>
            )}
          </dd>
        );
      })}
    </div>
  );
}

/** Warnings are what makes a sender doubtful. */
function Warnings({ m, who }: { m: Message; who: Sender }) {
  const name = <bdi class="strong">{who.name}</bdi>;
  return (
    <>
      {m.forged && (
        <p class="fact bad">
          <Icon of={shapes.shieldAlert} />
          <span>{rich("thread.forged", { name })}</span>
        </p>
      )}
      {m.stranger && (
        <p class="fact warn">
          <Icon of={shapes.userX} />
          <span>{rich("thread.stranger", { name })}</span>
        </p>
      )}
    </>
  );
}

/** CallFacts say how long a call took and how it ended, in the words of the telephone system. */
function CallFacts({ m }: { m: Message }) {
  const { seconds, outcome } = m.call ?? {};
  return (
    <p class="fact muted">
      <Icon of={shapes.phone} />
      <span>
        {t("thread.call")}
        {seconds !== undefined && <span class="num">{" · " + duration(seconds)}</span>}
        {outcome && (
          <>
            {" · "}
            <bdi>{outcome}</bdi>
          </>
        )}
      </span>
    </p>
  );
}

/** Content is what a message says, and has with it. Wordless leaves out the text. */
function Content({ m, of, wordless }: Props & { wordless?: boolean }) {
  const [whole, setWhole] = useState<string>();
  const [busy, setBusy] = useState(false);
  const [formatted, setFormatted] = useState(false); // instead of the text
  const readWhole = async () => {
    setBusy(true);
    try {
      setWhole(await readPart(of.id, m.id, "text"));
    } catch {
      toast(t("thread.notRead"));
    }
    setBusy(false);
  };
  const cut = m.textCut && whole === undefined;
  return (
    <>
      {m.text && !wordless && (
        <p class="words" dir="auto" hidden={formatted}>
          {whole ?? m.text}
          {cut && "…"}
        </p>
      )}
      {m.fields && (
        <table class="form-fields">
          <caption class="hide-text">{t("thread.fields")}</caption>
          <tbody>
            {m.fields.map((f, i) => (
              <tr key={i}>
                <th scope="row" dir="auto">
                  {f.name}
                </th>
                <td dir="auto">{f.value}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {((cut && !formatted) || m.hasHtml) && (
        <div class="row wrap">
          {cut && !formatted && (
            <Button kind="quiet" busy={busy} onClick={() => void readWhole()}>
              {t("thread.whole")}
            </Button>
          )}
          {m.hasHtml && <Formatted m={m} of={of} onShow={setFormatted} />}
        </div>
      )}
      {m.attachments && <Files of={m.attachments} from={{ conversation: of.id, message: m.id }} />}
      {m.repairs && (
        <Fold line={t("thread.repairs")}>
          {() => (
            <ul class="repairs">
              {m.repairs!.map((code) => {
                const key = "repair." + code;
                return <li key={code}>{has(key) ? t(key) : <code>{code}</code>}</li>;
              })}
            </ul>
          )}
        </Fold>
      )}
    </>
  );
}
/**
 * Formatted shows the HTML part, which the server has cleaned, in a frame of its
 * own: a Blob, since the page's policy gives no string to the DOM as HTML. The
 * frame runs nothing and loads nothing, and pictures that came with the message are
 * in it: as data, since what is in memory of the page is not the frame's to load.
 */
function Formatted({ m, of, onShow }: Props & { onShow: (on: boolean) => void }) {
  const [url, set] = useState<string>();
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    onShow(url !== undefined);
    return () => void (url && URL.revokeObjectURL(url));
  }, [url]);
  const show = async () => {
    setBusy(true);
    try {
      const html = await readPart(of.id, m.id, "html");
      const all = withPictures(html, await readPictures(of.id, m, pictured(html)));
      set(URL.createObjectURL(new Blob([all], { type: "text/html; charset=utf-8" })));
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

const mostPictures = 20; // of a message
const mostPictureBytes = 20 << 20; // of all of them

/** readPictures reads the pictures that cleaned HTML shows. What is none, or cannot be read, stays away. */
async function readPictures(conversation: string, m: Message, files: string[]) {
  const from = { conversation, message: m.id };
  const pictures = new Map<string, { src: string; width: number; height: number }>();
  let size = 0;
  const wanted = files.slice(0, mostPictures).filter((id) => {
    const a = m.attachments?.find((one) => one.id === id);
    return a && mayBePicture(a) && (size += a.size ?? 0) <= mostPictureBytes;
  });
  await Promise.all(
    wanted.map(async (id) => {
      const p = await fetchPicture(from, id).catch(() => undefined);
      if (p) pictures.set(id, { src: await asData(p.blob), width: p.width, height: p.height });
    }),
  );
  return pictures;
}

function asData(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result as string);
    reader.onerror = () => reject(reader.error!);
    reader.readAsDataURL(blob);
  });
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
