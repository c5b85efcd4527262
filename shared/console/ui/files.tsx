// The files of messages: pictures to look at, all of them to download, and a message's source.
import * as shapes from "lucide";
import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError, call, problemText } from "./api";
import type { Attachment } from "./api.gen";
import { bytes, t } from "./i18n";
import { Button, Dialog, Fold, Icon, IconButton, ProblemView, Skeleton, toast } from "./parts";
import { picture, pictureTypes, type Picture } from "./picture";
import { save } from "./save";

/** Where files are: a message, by its ID and its conversation's. */
export interface From {
  conversation: string;
  message: string;
}

const mostPicture = 10 << 20; // bytes of what is shown
const unasked = 2 << 20; // bytes of what is shown without a question

/** fetchFile reads a file of a message, by its number or "source". It throws ApiError. */
export async function fetchFile({ conversation, message }: From, file: string): Promise<Blob> {
  const path = { id: conversation, message, file };
  const { url } = (await call("GET /v1/conversations/{id}/messages/{message}/files/{file}", { path })).data;
  try {
    // The address alone is good for it: whoever keeps the bytes gets no token.
    const answer = await fetch(new URL(url, location.origin), { credentials: "omit", cache: "no-store", redirect: "error" });
    if (answer.ok) return await answer.blob();
    throw new ApiError({ type: "about:blank", title: "", status: answer.status, code: answer.status === 404 ? "not-found" : "busy" });
  } catch (e) {
    throw e instanceof ApiError ? e : new ApiError({ type: "about:blank", title: "", status: 0, code: "network" });
  }
}

/** fetchPicture reads a picture; undefined if the file is none. It throws ApiError. */
export async function fetchPicture(from: From, file: string): Promise<(Picture & { blob: Blob }) | undefined> {
  const all = await (await fetchFile(from, file)).arrayBuffer();
  const is = picture(new Uint8Array(all));
  return is && { ...is, blob: new Blob([all], { type: is.type }) };
}

/** mayBePicture tells whether a file is to be looked at: by what its sender says, which its bytes must confirm. */
export function mayBePicture(a: Attachment): boolean {
  return pictureTypes.includes((a.type ?? "").toLowerCase()) && (a.size ?? 0) <= mostPicture;
}

/** Files are those of a message; those that are in its text stand behind a line. */
export function Files({ of, from }: { of: Attachment[]; from: From }) {
  const inside = of.filter((a) => a.inline);
  const list = (files: Attachment[]) => (
    <ul class="files">
      {files.map((a) => (
        <File key={a.id} of={a} from={from} />
      ))}
    </ul>
  );
  const beside = of.filter((a) => !a.inline);
  return (
    <>
      {beside.length > 0 && list(beside)}
      {inside.length > 0 && <Fold line={t("files.inside", { n: inside.length })}>{() => list(inside)}</Fold>}
    </>
  );
}

/** kindOf is what a name ends with, which may be hidden where the name is long, or else its type. */
function kindOf(a: Attachment): string {
  const ending = /\.([\p{L}\p{N}]{1,8})$/u.exec(a.name)?.[1];
  return ending ? ending.toUpperCase() : (a.type ?? "");
}

function File({ of: a, from }: { of: Attachment; from: From }) {
  const [busy, setBusy] = useState(false);
  const name = a.name || t("files.unnamed");
  const download = async () => {
    setBusy(true);
    await downloadFile(from, a.id ?? "", a.name);
    setBusy(false);
  };
  return (
    <li>
      {mayBePicture(a) && <Preview of={a} from={from} name={name} />}
      <div class="file">
        <Icon of={pictureTypes.includes(a.type ?? "") ? shapes.image : shapes.paperclip} />
        <div class="grow">
          <bdi class="name" title={name}>
            {name}
          </bdi>
          <span class="small muted num">{[kindOf(a), a.size === undefined ? "" : bytes(a.size)].filter(Boolean).join(" · ")}</span>
        </div>
        <IconButton icon={shapes.download} label={t("files.download", { name })} aria-busy={busy ? "true" : undefined} onClick={() => void download()} />
      </div>
    </li>
  );
}

async function downloadFile(from: From, file: string, name: string) {
  try {
    save(name || "file", "application/octet-stream", await fetchFile(from, file));
  } catch (e) {
    toast(t("files.notRead", { why: problemText(e).title }));
  }
}

type Shown = { src: string; width: number; height: number } | "none" | "failed" | undefined;

/** Preview shows a picture once it comes into view; a large one when asked. It has its place before it is there. */
function Preview({ of: a, from, name }: { of: Attachment; from: From; name: string }) {
  const box = useRef<HTMLDivElement>(null);
  const asks = (a.size ?? 0) > unasked;
  const [wanted, want] = useState(0); // how often it was
  const [shown, set] = useState<Shown>();
  const [large, setLarge] = useState(false);
  useEffect(() => {
    if (asks) return;
    const seen = new IntersectionObserver((all) => {
      if (!all.some((one) => one.isIntersecting)) return;
      seen.disconnect();
      want(1);
    });
    seen.observe(box.current!);
    return () => seen.disconnect();
  }, []);
  useEffect(() => {
    if (!wanted) return;
    let src = "";
    let gone = false;
    set(undefined);
    fetchPicture(from, a.id ?? "")
      .then((p) => {
        if (gone) return;
        if (p) src = URL.createObjectURL(p.blob);
        set(p ? { src, width: p.width, height: p.height } : "none");
      })
      .catch(() => gone || set("failed"));
    return () => {
      gone = true;
      if (src) URL.revokeObjectURL(src);
    };
  }, [wanted]);
  return (
    <div ref={box} class="preview">
      {shown === "none" ? (
        <p class="fact warn small">
          <Icon of={shapes.triangleAlert} size={14} />
          {t("files.notPicture")}
        </p>
      ) : typeof shown === "object" ? (
        <button type="button" aria-label={t("files.look", { name })} onClick={() => setLarge(true)}>
          <img src={shown.src} width={shown.width} height={shown.height} alt="" />
        </button>
      ) : (
        (shown === "failed" || (asks && !wanted)) && (
          <Button kind="quiet" icon={shapes.eye} onClick={() => want(wanted + 1)}>
            {t("files.preview")}
          </Button>
        )
      )}
      {large && typeof shown === "object" && (
        <Dialog title={name} wide onClose={() => setLarge(false)}>
          <img class="large" src={shown.src} width={shown.width} height={shown.height} alt={name} />
        </Dialog>
      )}
    </div>
  );
}

const mostSource = 256 << 10; // bytes of a source that are shown

/** Source shows a message as it came, as text. */
export function Source({ from, onClose }: { from: From; onClose: () => void }) {
  const [state, set] = useState<{ blob: Blob; text: string } | ApiError>();
  useEffect(() => {
    let gone = false;
    void (async () => {
      try {
        const blob = await fetchFile(from, "source");
        const text = readable(await blob.slice(0, mostSource).arrayBuffer());
        if (!gone) set({ blob, text });
      } catch (e) {
        if (!gone && e instanceof ApiError) set(e);
      }
    })();
    return () => {
      gone = true;
    };
  }, []);
  return (
    <Dialog title={t("thread.source")} wide onClose={onClose}>
      {!state ? (
        <Skeleton rows={6} />
      ) : state instanceof ApiError ? (
        <ProblemView error={state} />
      ) : (
        <>
          <pre class="source" dir="ltr" tabIndex={0} aria-label={t("thread.source")}>
            {state.text}
          </pre>
          {state.blob.size > mostSource && <p class="small muted">{t("files.cut", { shown: bytes(mostSource), size: bytes(state.blob.size) })}</p>}
          <footer>
            <Button icon={shapes.download} onClick={() => save(from.message + ".eml", "application/octet-stream", state.blob)}>
              {t("files.downloadSource")}
            </Button>
          </footer>
        </>
      )}
    </Dialog>
  );
}

/** readable makes text of bytes, in which what turns the direction of writing is to be seen. */
function readable(b: ArrayBuffer): string {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(b, { stream: true }); // its end may be within a character
  } catch {
    text = new TextDecoder("windows-1252").decode(b);
  }
  return text.replace(/[\u202a-\u202e\u2066-\u2069]/g, (c) => "\\u" + c.charCodeAt(0).toString(16));
}
