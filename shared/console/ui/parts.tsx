// What pages are made of.
import * as shapes from "lucide";
import { createPortal, type ComponentChild, type ComponentChildren, type JSX } from "preact";
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { ApiError, fieldText, problemText } from "./api";
import { number, t, type Key } from "./i18n";
import { Icon } from "./icons";
import { useArrival, useTitle } from "./router";
import { Store, useStore } from "./store";
import { exact, moment } from "./time";

export { Icon } from "./icons";

// ---- pages ----

export interface Crumb {
  label: string;
  href?: string;
}

interface PageProps {
  title: string;
  /** Where the page is, from the outside in, without the page itself. */
  crumbs?: Crumb[];
  sub?: ComponentChildren;
  /** Buttons at the right of the title. */
  actions?: ComponentChildren;
  /** An icon or the like before the title. */
  mark?: ComponentChild;
  /** The title of the tab, if it is another. */
  tab?: string;
  /** The title of a phone's bar, if it is another. */
  bar?: string;
  narrow?: boolean;
  children: ComponentChildren;
}

/** bar is the title in a phone's bar. */
export const bar = new Store("");

/** Page is a page with its one h1, which gets the focus after a navigation. */
export function Page({ title, crumbs, sub, actions, mark, tab, bar: short, narrow, children }: PageProps) {
  useTitle(tab ?? title);
  const h1 = useArrival();
  useEffect(() => bar.set(short ?? title), [short ?? title]);
  return (
    <div class={narrow ? "page narrow" : "page"}>
      <div class="page-head">
        {crumbs && <Crumbs list={crumbs} />}
        <div class="titles">
          {mark}
          <div>
            <h1 ref={h1} tabIndex={-1}>
              {title}
            </h1>
            {sub && <p class="sub">{sub}</p>}
          </div>
          {actions && <div class="actions">{actions}</div>}
        </div>
      </div>
      {children}
    </div>
  );
}

export function Crumbs({ list }: { list: Crumb[] }) {
  return (
    <nav class="crumbs" aria-label={t("nav.where")}>
      <ol>
        {list.map((c, i) => (
          <li key={i}>
            {i > 0 && <Icon of={shapes.chevronRight} size={13} />}
            {c.href ? <a href={c.href}>{c.label}</a> : c.label}
          </li>
        ))}
      </ol>
    </nav>
  );
}

/** Tabs are links to pages that belong together. */
export function Tabs({ label, list, current }: { label: string; list: { label: string; href: string }[]; current: string }) {
  const box = useRef<HTMLElement>(null);
  useLayoutEffect(() => {
    // On phones they do not all fit.
    const tab = box.current?.querySelector<HTMLElement>("[aria-current]");
    if (tab) box.current!.scrollLeft = tab.offsetLeft + tab.offsetWidth - box.current!.clientWidth;
  }, [current]);
  return (
    <nav class="tabs" aria-label={label} ref={box}>
      {list.map((tab) => (
        <a key={tab.href} href={tab.href} aria-current={tab.href === current ? "page" : undefined}>
          {tab.label}
        </a>
      ))}
    </nav>
  );
}

// ---- buttons and words ----

type ButtonProps = Omit<JSX.IntrinsicElements["button"], "disabled" | "icon"> & {
  icon?: string;
  kind?: "primary" | "danger" | "quiet";
  /** Does nothing for now. It keeps the focus, and onClick can say what is missing. */
  off?: boolean;
  busy?: boolean;
  wide?: boolean;
};

/** Button is never disabled: one that is off says so, and still answers. */
export function Button({ icon, kind, off, busy, wide, class: more, children, ...rest }: ButtonProps) {
  const names = ["button", kind, wide && "wide", more].filter(Boolean).join(" ");
  return (
    <button type="button" {...rest} class={names} aria-disabled={off || busy ? "true" : undefined} aria-busy={busy ? "true" : undefined}>
      {icon && <Icon of={icon} />}
      {children}
    </button>
  );
}

/** LinkButton is a link that looks like a button. */
export function LinkButton({ icon, kind, href, children, download }: { icon?: string; kind?: "primary" | "quiet"; href: string; children: ComponentChildren; download?: string }) {
  return (
    <a class={["button", kind].filter(Boolean).join(" ")} href={href} download={download}>
      {icon && <Icon of={icon} />}
      {children}
    </a>
  );
}

/** IconButton is a square with an icon; label says what it does. */
export function IconButton({ icon, label, size, class: more, ...rest }: Omit<JSX.IntrinsicElements["button"], "icon" | "label" | "size"> & { icon: string; label: string; size?: number }) {
  return (
    <button type="button" {...rest} class={more ? "square " + String(more) : "square"} aria-label={label} title={label}>
      <Icon of={icon} size={size} />
    </button>
  );
}

export function Kbd({ children }: { children: ComponentChildren }) {
  return <kbd aria-hidden="true">{children}</kbd>;
}

export function Pill({ tone, icon, children, live }: { tone?: "teal" | "amber" | "red"; icon?: string; live?: boolean; children: ComponentChildren }) {
  return (
    <span class={["pill", tone, !icon && !live && "text"].filter(Boolean).join(" ")}>
      {live && <Dot />}
      {icon && <Icon of={icon} size={13} />}
      {children}
    </span>
  );
}

/** Dot says that something goes on; words beside it must say so too. */
export function Dot() {
  return <span class="dot on" aria-hidden="true" />;
}

/** HomePill says where a channel, conversation or ticket lives; still, that its move does not run now. */
export function HomePill({ home, still }: { home: "inbox" | "moving" | "helpdesk"; still?: boolean }) {
  if (home === "moving")
    return still ? (
      <Pill tone="amber" icon={shapes.arrowLeftRight}>
        {t("home.moving")}
      </Pill>
    ) : (
      <Pill tone="teal" live>
        {t("home.moving")}
      </Pill>
    );
  return home === "helpdesk" ? (
    <Pill tone="teal" icon={shapes.lifeBuoy}>
      {t("home.helpdesk")}
    </Pill>
  ) : (
    <Pill icon={shapes.inbox}>{t("home.inbox")}</Pill>
  );
}

/** Avatar has the initials of a name, in a colour that stays with the name; of nobody it is empty. */
export function Avatar({ name, big }: { name?: string; big?: boolean }) {
  const size = big ? "avatar big" : "avatar";
  if (!name || !/\p{L}/u.test(name)) // nobody, or a number
    return (
      <span class={size + " none"} aria-hidden="true">
        <Icon of={shapes.user} size={big ? 16 : 12} />
      </span>
    );
  return (
    <span class={`${size} c${colour(name)}`} aria-hidden="true">
      {initials(name)}
    </span>
  );
}

function initials(name: string): string {
  const words = name.replace(/@.*/, "").trim().split(/[\s.@_-]+/).filter(Boolean);
  const letters = words.length > 1 ? [words[0]!, words.at(-1)!].map((w) => Array.from(w)[0]!) : Array.from(words[0] ?? "?").slice(0, 2);
  return letters.join("").toUpperCase();
}

function colour(name: string): number {
  let h = 0;
  for (const c of name) h = (h * 31 + c.codePointAt(0)!) % 4093;
  return h % 5;
}

/** Person is an avatar with the name. */
export function Person({ name, children }: { name?: string; children?: ComponentChildren }) {
  return (
    <span class="row">
      <Avatar name={name} />
      <span>
        {name || t("word.nobody")}
        {children}
      </span>
    </span>
  );
}

/** Time writes when something was, with date and zone on hover. */
export function Time({ at, children }: { at: string | number; children?: ComponentChildren }) {
  return (
    <time class="num" dateTime={new Date(at).toISOString()} title={exact(at)}>
      {children ?? moment(at)}
    </time>
  );
}

/** counted writes a count that may be capped: 999+. */
export function counted(c: { n: number; atLeast?: boolean }): string {
  return number(c.n) + (c.atLeast ? "+" : "");
}

/** Copy shows text that is for a terminal, with a button that copies it. */
export function Copy({ text }: { text: string }) {
  return (
    <span class="copy">
      <code>{text}</code>
      <IconButton
        icon={shapes.copy}
        label={t("do.copy")}
        size={14}
        onClick={() => void navigator.clipboard.writeText(text).then(() => toast(t("do.copied")))}
      />
    </span>
  );
}

/** Fold shows something below a line, and hides it again. */
export function Fold({ line, children }: { line: ComponentChildren; children: () => ComponentChildren }) {
  const [open, set] = useState(false);
  const id = useId();
  return (
    <div class="fold small">
      <button type="button" class="fold-line" aria-expanded={open} aria-controls={open ? id : undefined} onClick={() => set(!open)}>
        <span>{line}</span>
        <Icon of={open ? shapes.chevronUp : shapes.chevronDown} size={14} />
      </button>
      {open && <div id={id}>{children()}</div>}
    </div>
  );
}

// ---- loading, problems, nothing ----

/** Rows of bones while something loads; shown after 150 ms. */
export function Skeleton({ rows = 3, height = 14 }: { rows?: number; height?: number }) {
  return (
    <div class="stack" role="status" aria-label={t("word.loading")}>
      {Array.from({ length: rows }, (_, i) => (
        <span key={i} class="skeleton" style={{ height: height + "px", width: 100 - ((i * 17) % 40) + "%" }} />
      ))}
    </div>
  );
}

/** ProblemView says what went wrong, what to do, and which fields are wrong. */
export function ProblemView({ error, retry, focus }: { error: unknown; retry?: () => void; focus?: boolean }) {
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (focus) ref.current?.focus();
  }, [error]);
  const words = problemText(error);
  return (
    <div class="notice red" role="alert" tabIndex={-1} ref={ref}>
      <Icon of={shapes.circleAlert} size={18} />
      <div>
        <p class="strong">{words.title}</p>
        {words.remedy && <p>{words.remedy}</p>}
        {error instanceof ApiError &&
          error.fields.map((f) => (
            <p key={f.field} class="small">
              <code>{f.field}</code> {fieldText(f)}
            </p>
          ))}
        {retry && (
          <Button icon={shapes.refreshCw} onClick={retry}>
            {t("do.retry")}
          </Button>
        )}
      </div>
    </div>
  );
}

export function Empty({ icon = shapes.inbox, children }: { icon?: string; children: ComponentChildren }) {
  return (
    <div class="empty">
      <Icon of={icon} size={28} />
      <p>{children}</p>
    </div>
  );
}

/**
 * Loaded shows a reading: bones at first, its problem if there is nothing else to
 * show, else the data. A problem of a later question leaves the data.
 */
export function Loaded<T>({ of, rows, children }: { of: { data?: T; error?: unknown; refresh(): void }; rows?: number; children: (data: T) => ComponentChildren }) {
  if (of.data !== undefined) return <>{children(of.data)}</>;
  if (of.error) return <ProblemView error={of.error} retry={of.refresh} />;
  return <Skeleton rows={rows} height={20} />;
}

// ---- forms ----

/** Choice is one radio row, with its consequence at the right edge. */
export function Choice({ name, value, chosen, label, hint, figure, warn, onChoose }: { name: string; value: string; chosen: boolean; label: ComponentChildren; hint?: ComponentChildren; figure?: ComponentChildren; warn?: boolean; onChoose: () => void }) {
  return (
    <label class="choice">
      <input type="radio" name={name} value={value} checked={chosen} onChange={onChoose} />
      <span class="name">{label}</span>
      <span class={warn ? "value warn" : "value"}>{figure}</span>
      {hint && <span class="hint">{hint}</span>}
    </label>
  );
}

export function Select({ label, value, options, onChoose, hidden }: { label: string; value: string; options: { value: string; label: string }[]; onChoose: (v: string) => void; hidden?: boolean }) {
  const id = useId();
  return (
    <div class="field">
      <label for={id} class={hidden ? "hide-text" : undefined}>
        {label}
      </label>
      <span class="select">
        <select id={id} value={value} onChange={(e) => onChoose(e.currentTarget.value)}>
          {options.map((o) => (
            <option key={o.value} value={o.value} selected={o.value === value}>
              {o.label}
            </option>
          ))}
        </select>
        <Icon of={shapes.chevronDown} />
      </span>
    </div>
  );
}

export function Checkbox({ checked, onChange, children }: { checked: boolean; onChange: (on: boolean) => void; children: ComponentChildren }) {
  return (
    <label class="switch">
      <input type="checkbox" checked={checked} onChange={(e) => onChange(e.currentTarget.checked)} />
      <span>{children}</span>
    </label>
  );
}

// ---- dialog ----

/** Dialog is modal. Esc and × close it, and the focus goes back to where it was. */
export function Dialog({ title, onClose, children, wide, fixed }: { title: string; onClose: () => void; children: ComponentChildren; wide?: boolean; /** Without ×, and Esc does nothing. */ fixed?: boolean }) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useLayoutEffect(() => {
    const d = ref.current!;
    const opener = document.activeElement;
    d.showModal();
    return () => {
      d.close();
      if (opener instanceof HTMLElement) opener.focus();
    };
  }, []);
  return createPortal(
    <dialog
      ref={ref}
      class={wide ? "dialog wide" : "dialog"}
      aria-labelledby={id}
      onCancel={(e) => {
        e.preventDefault();
        if (!fixed) onClose();
      }}
      onClick={(e) => e.target === ref.current && !fixed && onClose()}
    >
      <header>
        <h2 id={id}>{title}</h2>
        {!fixed && <IconButton icon={shapes.x} label={t("do.close")} onClick={onClose} />}
      </header>
      <div class="in">{children}</div>
    </dialog>,
    layer(),
  );
}

/** layer is where dialogs, menus and toasts are. */
function layer(): Element {
  return document.getElementById("layer") ?? document.body;
}

// ---- menu ----

export type MenuItem =
  | "line"
  | { group: string }
  | {
      label: string;
      icon?: string;
      href?: string;
      onSelect?: () => void;
      /** The entry stays and can be reached, but does nothing, for this reason. */
      why?: ComponentChildren;
      key?: string;
      /** The entry that the menu is for. */
      main?: boolean;
      /** Of entries of which one is chosen. */
      checked?: boolean;
    };

interface MenuProps {
  /** What the button is called; without it, its content says so. */
  label?: string;
  /** The content of the button. */
  button: ComponentChildren;
  class?: string;
  items: MenuItem[];
}

/**
 * Menu is a button with a menu: arrows, Home and End, the first letters of an
 * entry, the key that an entry shows, Esc. While it is open, all else is inert.
 */
export function Menu({ label, button, class: more = "square", items }: MenuProps) {
  const [open, set] = useState(false);
  const opener = useRef<HTMLButtonElement>(null);
  const id = useId();
  const show = () => set(true);
  return (
    <>
      <button
        type="button"
        ref={opener}
        class={more}
        aria-label={label}
        title={label}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={show}
        onKeyDown={(e) => {
          if (e.key !== "ArrowDown") return;
          e.preventDefault();
          show();
        }}
      >
        {button}
      </button>
      {open && <MenuList id={id} label={label ?? opener.current?.innerText ?? ""} items={items} opener={opener.current!} onClose={() => set(false)} />}
    </>
  );
}

function MenuList({ id, label, items, opener, onClose }: { id: string; label: string; items: MenuItem[]; opener: HTMLElement; onClose: () => void }) {
  const box = useRef<HTMLDialogElement>(null);
  const ref = useRef<HTMLDivElement>(null);
  const typed = useRef({ text: "", at: 0 });

  useLayoutEffect(() => {
    box.current!.showModal(); // which makes all else inert
    entries(ref.current!)[0]?.focus();
    const at = opener.getBoundingClientRect();
    const scrolled = (e: Event) => {
      const now = opener.getBoundingClientRect(); // it is where it was if the page was scrolled before this opened
      if (e.target === document && (now.top !== at.top || now.left !== at.left)) onClose();
    };
    addEventListener("resize", onClose);
    addEventListener("scroll", scrolled, true);
    return () => {
      removeEventListener("resize", onClose);
      removeEventListener("scroll", scrolled, true);
      box.current?.close();
      opener.focus({ preventScroll: true });
    };
  }, []);
  useLayoutEffect(() => stand(box.current!, opener.getBoundingClientRect()));

  const onKeyDown = (e: KeyboardEvent) => {
    const all = entries(ref.current!);
    const here = all.indexOf(document.activeElement as HTMLElement);
    const to = (i: number) => {
      e.preventDefault();
      all[(i + all.length) % all.length]?.focus();
    };
    if (e.key === "ArrowDown") to(here + 1);
    else if (e.key === "ArrowUp") to(here - 1);
    else if (e.key === "Home") to(0);
    else if (e.key === "End") to(all.length - 1);
    else if (e.key === "Tab") {
      e.preventDefault();
      onClose();
    } else if (e.key.length === 1 && e.key !== " " && !e.ctrlKey && !e.metaKey && !e.altKey) {
      const now = Date.now();
      typed.current = { text: (now - typed.current.at < 600 ? typed.current.text : "") + e.key.toLowerCase(), at: now };
      const { text } = typed.current;
      const named = all.find((entry) => entry.dataset.key === text && entry.ariaDisabled !== "true");
      if (named) return named.click();
      for (let i = text.length > 1 ? 0 : 1; i <= all.length; i++) {
        const entry = all[(here + i + all.length) % all.length];
        if (entry?.innerText.trim().toLowerCase().startsWith(text)) return entry.focus();
      }
    }
  };
  return createPortal(
    <dialog ref={box} class="menu" onCancel={onClose} onClick={(e) => e.target === box.current && onClose()}>
      <div ref={ref} id={id} role="menu" aria-label={label} onKeyDown={onKeyDown}>
        {items.map((item, i) => {
          if (item === "line") return <hr key={i} role="separator" />;
          if ("group" in item)
            return (
              <div key={i} class="group" role="presentation">
                {item.group}
              </div>
            );
          return <Entry key={i} item={item} onClose={onClose} />;
        })}
      </div>
    </dialog>,
    layer(),
  );
}

function Entry({ item, onClose }: { item: Exclude<MenuItem, "line" | { group: string }>; onClose: () => void }) {
  const common = {
    role: item.checked === undefined ? ("menuitem" as const) : ("menuitemradio" as const),
    "aria-checked": item.checked,
    tabIndex: -1,
    class: item.main ? "main" : undefined,
    "data-key": item.key?.toLowerCase(),
    onMouseMove: (e: MouseEvent) => (e.currentTarget as HTMLElement).focus({ preventScroll: true }),
  };
  const content = (
    <>
      {item.why ? <Icon of={shapes.lock} /> : item.icon && <Icon of={item.icon} />}
      <span class="grow">
        {item.label}
        {item.why && <span class="why">{item.why}</span>}
      </span>
      {item.checked && <Icon of={shapes.check} />}
      {item.key && !item.why && <Kbd>{item.key}</Kbd>}
    </>
  );
  if (item.why)
    return (
      <div {...common} aria-disabled="true">
        {content}
      </div>
    );
  if (item.href)
    return (
      <a {...common} href={item.href} onClick={onClose}>
        {content}
      </a>
    );
  return (
    <button
      {...common}
      type="button"
      onClick={() => {
        onClose();
        item.onSelect?.();
      }}
    >
      {content}
    </button>
  );
}

function entries(menu: HTMLElement): HTMLElement[] {
  return Array.from(menu.querySelectorAll<HTMLElement>("[role^=menuitem]"));
}

/** stand places a menu below its button, its right edge below the button's, or above if there is no room. */
function stand(menu: HTMLElement, b: DOMRect) {
  const gap = 4;
  menu.style.left = "0"; // its width depends on the room at its right
  const { offsetWidth: w, offsetHeight: h } = menu;
  const left = b.left + w <= innerWidth - 8 && b.left < innerWidth / 2 ? b.left : b.right - w;
  const below = b.bottom + gap;
  const top = below + h <= innerHeight - 8 || b.top - gap - h < 8 ? Math.min(below, Math.max(8, innerHeight - 8 - h)) : b.top - gap - h;
  menu.style.left = Math.max(8, Math.min(left, innerWidth - 8 - w)) + "px";
  menu.style.top = top + "px";
}

// ---- what has happened ----

interface Toast {
  id: number;
  text: string;
  link?: { label: string; href: string };
}

const toasts = new Store<Toast[]>([]);
const said = new Store("");
let nextToast = 0;
const toastStays = 6000; // milliseconds

/** say has screen readers say something, and shows nothing. */
export function say(text: string) {
  said.set("");
  setTimeout(() => said.set(text), 50);
}

/** toast shows a short word on what has happened, and has it said. */
export function toast(text: string, link?: { label: string; href: string }) {
  const id = nextToast++;
  toasts.set([...toasts.value.slice(-2), { id, text, link }]);
  say(text);
  setTimeout(() => toasts.set(toasts.value.filter((one) => one.id !== id)), link ? 2 * toastStays : toastStays);
}

/** Status is the page's one polite region, and its toasts. */
export function Status() {
  return (
    <>
      <div class="hide-text" role="status">
        {useStore(said)}
      </div>
      {createPortal(
        <div class="toasts">
          {useStore(toasts).map((one) => (
            <div key={one.id} class="toast">
              <span>{one.text}</span>
              {one.link && <a href={one.link.href}>{one.link.label}</a>}
            </div>
          ))}
        </div>,
        layer(),
      )}
    </>
  );
}

/** label is the text of a key made of a code of the API. */
export function label(key: string): string {
  return t(key as Key);
}
