// Labels of conversations, which the API calls tags: on rows, on what is read, and as a filter.
import * as shapes from "lucide";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { labels as met } from "./account";
import { t } from "./i18n";
import { useKeys } from "./keys";
import { Button, Dialog, Icon, IconButton, Menu } from "./parts";
import { refine } from "./router";
import { useStore } from "./store";

const mostMet = 200;

/** useMeeting remembers labels that are shown. */
function useMeeting(labels: string[]) {
  useEffect(() => {
    const more = labels.filter((l) => !met.value.includes(l));
    if (more.length && met.value.length < mostMet) met.set([...met.value, ...more].sort((a, b) => a.localeCompare(b)));
  }, [labels.join("\n")]);
}

const onRow = 3;

/** RowLabels are a row's, of which the first are shown. */
export function RowLabels({ of }: { of: string[] }) {
  useMeeting(of);
  if (!of.length) return null;
  return (
    <span class="line labels">
      <span class="hide-text">{t("labels.title") + ":"}</span>
      {of.slice(0, onRow).map((l) => (
        <bdi key={l} class="tag clip">
          {l}
        </bdi>
      ))}
      {of.length > onRow && <span class="small muted num">+{of.length - onRow}</span>}
    </span>
  );
}

interface Props {
  of: string[];
  /** Where the list of all with a label is. */
  href: (label: string) => string;
  /** Without it, they stay as they are. */
  onChange?: (labels: string[]) => void;
}

/** Labels are those of what is read, to be taken off and added. */
export function Labels({ of, href, onChange }: Props) {
  const [adding, add] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  useMeeting(of);
  useKeys({ l: onChange && !adding ? () => add(true) : undefined });
  const back = () => setTimeout(() => box.current?.querySelector<HTMLElement>(".add-label")?.focus());
  if (!of.length && !onChange) return null;
  return (
    <div class="labels" ref={box} role="group" aria-label={t("labels.title")}>
      {of.map((l) => (
        <span key={l} class="tag">
          <a class="plain clip" href={href(l)} title={t("labels.show", { label: l })}>
            <bdi>{l}</bdi>
          </a>
          {onChange && (
            <IconButton
              icon={shapes.x}
              size={12}
              label={t("labels.remove", { label: l })}
              onClick={() => {
                onChange(of.filter((one) => one !== l));
                back(); // the button goes with its label
              }}
            />
          )}
        </span>
      ))}
      {onChange &&
        (adding ? (
          <Adding
            of={of}
            onEnd={(label) => {
              add(false);
              if (label && !of.includes(label)) onChange([...of, label]);
              back();
            }}
          />
        ) : (
          <button type="button" class="add-label" onClick={() => add(true)}>
            <Icon of={shapes.plus} size={12} />
            {t("labels.add")}
          </button>
        ))}
    </div>
  );
}

const longest = 40; // bytes of a label; the API has the last word

/** Adding asks for a label. */
function Adding({ of, onEnd }: { of: string[]; onEnd: (label?: string) => void }) {
  return (
    <form
      class="adding"
      onSubmit={(e) => {
        e.preventDefault();
        onEnd(e.currentTarget.querySelector("input")!.value.trim());
      }}
    >
      <Input label={t("labels.add")} without={of} onEscape={() => onEnd()} />
      <IconButton icon={shapes.check} type="submit" label={t("labels.add")} />
      <IconButton icon={shapes.x} label={t("do.cancel")} onClick={() => onEnd()} />
    </form>
  );
}

/** Input is a field for a label, which offers those that the reader has met. */
function Input({ label, without = [], onEscape }: { label: string; without?: string[]; onEscape?: () => void }) {
  const ref = useRef<HTMLInputElement>(null);
  const id = useId();
  const known = useStore(met);
  useEffect(() => ref.current?.focus(), []);
  return (
    <>
      <input
        ref={ref}
        class="input"
        aria-label={label}
        list={id}
        maxLength={longest}
        autocomplete="off"
        dir="auto"
        onKeyDown={(e) => e.key === "Escape" && onEscape?.()}
      />
      <datalist id={id}>
        {known
          .filter((l) => !without.includes(l))
          .map((l) => (
            <option key={l} value={l} />
          ))}
      </datalist>
    </>
  );
}

/** LabelFilter is the chip that chooses one label, of those met or another. */
export function LabelFilter({ value }: { value: string }) {
  const [asking, ask] = useState(false);
  const known = useStore(met);
  const all = value && !known.includes(value) ? [value, ...known] : known;
  return (
    <>
      <Menu
        class={value ? "chip on" : "chip"}
        label={value ? undefined : t("labels.label")}
        button={
          <>
            {value ? <bdi class="clip">{value}</bdi> : <Icon of={shapes.tag} size={13} />}
            <Icon of={shapes.chevronDown} size={12} />
          </>
        }
        items={[
          { label: t("labels.all"), checked: value === "", onSelect: () => refine({ tag: undefined }) },
          ...all.map((l) => ({ label: l, checked: l === value, onSelect: () => refine({ tag: l }) })),
          "line",
          { label: t("labels.another"), onSelect: () => ask(true) },
        ]}
      />
      {asking && (
        <Dialog title={t("labels.which")} onClose={() => ask(false)}>
          <form
            onSubmit={(e) => {
              e.preventDefault();
              const label = e.currentTarget.querySelector("input")!.value.trim();
              ask(false);
              refine({ tag: label || undefined });
            }}
          >
            <Input label={t("labels.label")} />
            <footer>
              <Button onClick={() => ask(false)}>{t("do.cancel")}</Button>
              <Button kind="primary" type="submit">
                {t("labels.filter")}
              </Button>
            </footer>
          </form>
        </Dialog>
      )}
    </>
  );
}
