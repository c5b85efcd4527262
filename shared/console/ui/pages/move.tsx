// The form that starts a move: eight sections on one page, and what will happen
// beside them.
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { agentName, channelName, refreshAccount, useDirectory, useMoving } from "../account";
import { ApiError, call, connection, findingText, type AnswerOf } from "../api";
import { HeatKey, HeatMap, ProgressBar } from "../charts";
import { quieterThan } from "../geometry";
import {
  accept,
  applies,
  calendarEntry,
  grew,
  hourOfWeek,
  hoursOf,
  isAccepted,
  isSettled,
  missing,
  newMove,
  nextUnsettled,
  planQuery,
  preset,
  startOf,
  steps,
  type Choices,
  type Facts,
  type Figure,
  type Missing,
  type Notify,
  type Sla,
  type Step,
} from "../flow";
import { dollars, list, locale, number, percent, rich, t, type Key } from "../i18n";
import * as shapes from "lucide";
import type { Finding } from "../api.gen";
import { Icon } from "../icons";
import { Button, Choice, Person, ProblemView, say, Select, Skeleton, Time } from "../parts";
import { usePoll } from "../poll";
import { go, useArrival, useTitle } from "../router";
import { useKept } from "../session";
import { Offline } from "../shell";
import { useStore } from "../store";
import { ago, clock, duration, relative, weekday } from "../time";
import { percentOf } from "../progress";
import { save } from "../save";
import { Lost } from "./lost";

type Channel = AnswerOf<"GET /v1/channels/{id}">;
type Move = AnswerOf<"GET /v1/moves/{id}">;
type Plan = AnswerOf<"GET /v1/channels/{id}/plan">;

/** MovePage reads what the form needs: the channel, and which statuses it prefers. */
export function MovePage({ id }: { id: string }) {
  const channel = usePoll("GET /v1/channels/{id}", { path: { id } });
  const setup = usePoll("GET /v1/account", {});
  const name = channel.data?.name || channel.data?.id || channelName(id);
  const title = t("move.title", { channel: name });
  useTitle(title);
  const h1 = useArrival();
  if (channel.error?.code === "not-found") return <Lost />;
  const back = channel.data?.type === "chat" ? "/app/service/chatflows" : "/app/settings/channels";
  return (
    <>
      <a class="skip" href="#main">
        {t("nav.skip")}
      </a>
      <header class="flow-top">
        <div class="flow-bar">
          <a class="square plain" href={back} aria-label={t("do.close")} title={t("do.close")}>
            <Icon of={shapes.x} />
          </a>
          <h1 ref={h1} tabIndex={-1} class="grow clip">
            {title}
          </h1>
          <p class="muted only-wide">{t("move.nothingStarted")}</p>
        </div>
        <Offline />
      </header>
      {channel.data && (setup.data || setup.error) ? (
        <Flow channel={channel.data} name={name} preferred={preferredStatus(setup.data, id)} />
      ) : (
        <main id="main" class="flow">
          <div class="flow-parts">{channel.error ? <ProblemView error={channel.error} retry={channel.refresh} /> : <Skeleton rows={9} height={36} />}</div>
        </main>
      )}
    </>
  );
}

/** preferredStatus is tickets.status of a channel's settings, which are any JSON. */
function preferredStatus(setup: AnswerOf<"GET /v1/account"> | undefined, id: string): string | undefined {
  const settings = setup?.channels?.find((c) => c.id === id)?.settings as { tickets?: { status?: unknown } } | undefined;
  const status = settings?.tickets?.status;
  return typeof status === "string" ? status : undefined;
}

interface Planned {
  plan?: Plan;
  /** The query that the plan answers. */
  of: string;
  at: number;
  error?: unknown;
  busy: boolean;
}

const settle = 300; // milliseconds from a change to the question
const fresh = 60_000; // milliseconds; a plan that is older is made again when the reader comes back

/** usePlan has the plan of what is chosen, made again with each change and on return to the page. */
function usePlan(id: string, choices: Choices) {
  const query = planQuery(choices);
  const of = JSON.stringify(query);
  const [state, set] = useState<Planned>({ of: "", at: 0, busy: true });
  const turn = useRef(0);
  const ask = async () => {
    const mine = ++turn.current;
    set((s) => ({ ...s, busy: true }));
    try {
      const a = await call("GET /v1/channels/{id}/plan", { path: { id }, query });
      if (mine === turn.current) set({ plan: a.data, of, at: a.at, busy: false });
    } catch (error) {
      if (mine === turn.current) set((s) => ({ ...s, error, busy: false }));
    }
  };
  const last = useRef(ask);
  last.current = ask;
  useEffect(() => {
    const timer = setTimeout(() => void last.current(), state.of ? settle : 0);
    return () => clearTimeout(timer);
  }, [of]);
  const { offline } = useStore(connection);
  useEffect(() => {
    if (!offline && state.error instanceof ApiError && state.error.code === "network") void last.current();
  }, [offline]);
  const made = useRef(0);
  made.current = state.at;
  useEffect(() => {
    const shown = () => {
      if (!document.hidden && made.current && Date.now() - made.current > fresh) void last.current();
    };
    document.addEventListener("visibilitychange", shown);
    window.addEventListener("focus", shown);
    return () => {
      turn.current = -1;
      document.removeEventListener("visibilitychange", shown);
      window.removeEventListener("focus", shown);
    };
  }, []);
  /** found puts findings that the API refused a start for on top. */
  const found = (blockers: Finding[], warnings: Finding[]) =>
    set((s) => s.plan ? { ...s, plan: { ...s.plan, blockers, warnings: [...warnings, ...s.plan.warnings.filter((w) => !warnings.some((n) => n.code === w.code))] } } : s);
  return { ...state, stale: state.of !== of, ask, found };
}

const chosenFirst: Pick<Choices, "history" | "sla" | "notify" | "accepted"> = { history: "all", sla: "from-move", notify: "quiet", accepted: {} };

/** useChoices are the form's, kept while the tab lives; statuses that are gone are chosen anew. */
function useChoices(id: string, preferred: string | undefined) {
  const { statuses } = useDirectory();
  const initial = useMemo<Choices>(() => ({ ...chosenFirst, ...preset(statuses.map((s) => ({ ...s, closed: !!s.closed })), preferred) }), []);
  const [kept, set, forget] = useKept<Choices>("move." + id, initial);
  const there = (status: string) => statuses.some((s) => s.id === status);
  const choices = there(kept.open) && there(kept.closed) ? kept : { ...kept, pipeline: initial.pipeline, open: initial.open, closed: initial.closed };
  return { choices, set, forget };
}

function Flow({ channel, name, preferred }: { channel: Channel; name: string; preferred?: string }) {
  const { choices, set, forget } = useChoices(channel.id, preferred);
  const planned = usePlan(channel.id, choices);
  const running = useMoving();
  const [typed, type] = useState("");
  const [rehearsed, setRehearsed] = useState(false);
  const where = useWhere();
  const facts: Facts = {
    name,
    choices,
    typed,
    plan: planned.plan,
    stale: planned.stale || planned.error !== undefined,
    running: running !== undefined && running.channelId !== channel.id,
    seen: where.seen,
  };
  const choose = (step: Step, change: Partial<Choices>) => {
    where.see(step);
    set({ ...choices, ...change });
  };
  const gaps = missing(facts);
  const [urged, urge] = useState(false);
  const show = (m: Missing) => {
    say(missingText(m, facts));
    urge(true);
    where.jump(m.step, target(m));
  };
  useEffect(() => {
    const next = (e: KeyboardEvent) => {
      if (e.key !== "Enter" || !(e.metaKey || e.ctrlKey)) return;
      e.preventDefault();
      // A jump moves the focus at once; what is before the eyes follows only with the next scroll event.
      const from = focusedStep() ?? where.current;
      where.see(from);
      where.jump(nextUnsettled(from, { ...facts, seen: new Set([...facts.seen, from]) }));
    };
    document.addEventListener("keydown", next);
    return () => document.removeEventListener("keydown", next);
  });
  const plan = planned.plan;
  useEffect(() => {
    const step = steps.find((s) => "#" + s === location.hash);
    if (plan && step) where.jump(step);
  }, [plan !== undefined]);
  const total = useTotal(plan, choices);
  return (
    <main id="main" class="flow">
      <Steps facts={facts} current={where.current} onJump={where.jump} />
      <div class="flow-parts">
        <History channel={channel} name={name} total={total} choices={choices} onChoose={(c) => choose("history", c)} />
        {choices.history === "all" && (
          <>
            <Statuses plan={plan} choices={choices} onChoose={(c) => choose("status", c)} />
            <Clocks plan={plan} choices={choices} onChoose={(c) => choose("sla", c)} />
            <Notices plan={plan} choices={choices} onChoose={(c) => choose("notify", c)} />
          </>
        )}
        <Checks channel={channel} planned={planned} choices={choices} urged={urged} onChoose={set} />
        <Quiet plan={plan} name={name} />
        <Rehearsal channel={channel} choices={choices} facts={facts} onRehearsed={setRehearsed} />
        <Confirm
          channel={channel}
          facts={facts}
          gaps={gaps}
          plan={plan}
          rehearsed={rehearsed}
          onType={type}
          onShow={show}
          onBlocked={(blockers, warnings) => {
            planned.found(blockers, warnings);
            where.jump("checks", "#found");
          }}
          onStarted={forget}
        />
      </div>
      <Summary plan={plan} choices={choices} busy={planned.busy || planned.stale} />
      <Foot plan={plan} busy={planned.busy || planned.stale} gaps={gaps} facts={facts} onShow={show} />
    </main>
  );
}

/** useTotal is how many conversations all are, also while none are chosen. */
function useTotal(plan: Plan | undefined, c: Choices): Figure | undefined {
  const total = useRef<Figure | undefined>(undefined);
  if (plan && c.history === "all" && plan.conversations.n > 0) total.current = plan.conversations;
  return total.current;
}

/** breachesOf is how many tickets are late at once; absent if the plan does not know. */
function breachesOf(plan: Plan | undefined, sla: Sla): Figure | undefined {
  const b = plan?.breaching;
  return b && { "from-move": b.fromMove, original: b.original, none: b.none }[sla];
}

/** figure writes a figure of the plan, and whether it was counted. */
function figure(f: Figure): string {
  const v = number(f.n);
  if (f.is === "at-least") return t("word.atLeast", { v });
  return f.is === "extrapolated" ? t("word.about", { v }) : v;
}

// ---- where one is ----

/** focusedStep is the step whose section holds the focus. */
function focusedStep(): Step | undefined {
  const id = document.activeElement?.closest(".flow-part")?.id;
  return steps.find((s) => s === id);
}

/** useWhere follows which section is before the reader's eyes, and goes to others. */
function useWhere() {
  const [current, set] = useState<Step>("history");
  const [seen, setSeen] = useState<ReadonlySet<Step>>(new Set());
  const see = (...more: Step[]) => setSeen((s) => (more.every((m) => s.has(m)) ? s : new Set([...s, ...more])));
  useEffect(() => {
    const look = () => {
      const line = Math.min(innerHeight / 3, 260);
      const passed = steps.filter((s) => (document.getElementById(s)?.getBoundingClientRect().top ?? Infinity) <= line);
      const atEnd = scrollY > 0 && innerHeight + scrollY >= document.documentElement.scrollHeight - 4;
      const here = atEnd ? "confirm" : (passed.at(-1) ?? "history");
      set(here);
      see(...steps.slice(0, steps.indexOf(here)));
    };
    look();
    addEventListener("scroll", look, { passive: true });
    addEventListener("resize", look);
    return () => {
      removeEventListener("scroll", look);
      removeEventListener("resize", look);
    };
  }, []);
  const jump = (step: Step, within?: string) => {
    const section = document.getElementById(step);
    if (!section) return;
    section.scrollIntoView({ block: "start" });
    const to = (within && section.querySelector<HTMLElement>(within)) || section.querySelector<HTMLElement>("h2");
    to?.focus({ preventScroll: true });
    to?.scrollIntoView({ block: "nearest" });
  };
  return { current, seen, see, jump };
}

function Steps({ facts, current, onJump }: { facts: Facts; current: Step; onJump: (s: Step) => void }) {
  return (
    <nav class="flow-steps" aria-label={t("move.steps")}>
      <ol>
        {steps
          .filter((s) => applies(s, facts.choices))
          .map((s) => {
            const state = s === current ? "now" : isSettled(s, facts) ? "done" : "next";
            return (
              <li key={s} class={state}>
                <a
                  href={"#" + s}
                  aria-current={s === current ? "step" : undefined}
                  onClick={(e) => {
                    e.preventDefault();
                    onJump(s);
                  }}
                >
                  <span class="stop">{state === "done" && <Icon of={shapes.check} size={12} />}</span>
                  {t(("move.step." + s) as Key)}
                  {state === "done" && <span class="hide-text">{t("move.settled")}</span>}
                </a>
              </li>
            );
          })}
      </ol>
    </nav>
  );
}

function Section({ step, title, hint, children }: { step: Step; title: string; hint?: ComponentChildren; children: ComponentChildren }) {
  return (
    <section id={step} class="flow-part" aria-labelledby={step + "-title"}>
      <h2 id={step + "-title"} tabIndex={-1}>
        {title}
      </h2>
      {hint && <p class="hint">{hint}</p>}
      {children}
    </section>
  );
}

// ---- 1 to 4: what is chosen ----

interface PartProps {
  plan?: Plan;
  choices: Choices;
  onChoose: (change: Partial<Choices>) => void;
}

function History({ channel, name, total, choices, onChoose }: Omit<PartProps, "plan"> & { channel: Channel; name: string; total?: Figure }) {
  return (
    <Section step="history" title={t("move.history")} hint={t("move.history.hint")}>
      <fieldset class="choices" aria-labelledby="history-title">
        <Choice
          name="history"
          value="all"
          chosen={choices.history === "all"}
          label={t("move.history.all", { address: channel.address || name })}
          hint={t("move.history.all.hint")}
          figure={total && figure(total)}
          onChoose={() => onChoose({ history: "all" })}
        />
        <Choice
          name="history"
          value="none"
          chosen={choices.history === "none"}
          label={t("move.history.none")}
          hint={t("move.history.none.hint")}
          figure={number(0)}
          onChoose={() => onChoose({ history: "none" })}
        />
      </fieldset>
    </Section>
  );
}

function Statuses({ plan, choices, onChoose }: PartProps) {
  const { pipelines, statuses } = useDirectory();
  const of = (pipeline: string, closed: boolean) => statuses.filter((s) => s.pipelineId === pipeline && !!s.closed === closed);
  const usable = pipelines.filter((p) => of(p.id, false).length && of(p.id, true).length);
  const options = (closed: boolean) => of(choices.pipeline, closed).map((s) => ({ value: s.id, label: s.name || s.id }));
  return (
    <Section step="status" title={t("move.status")} hint={plan && (plan.withTicket.n > 0 ? t("move.status.hint", { n: plan.withTicket.n }) : t("move.status.hint.none"))}>
      {usable.length > 1 && (
        <div class="flow-pipeline">
          <Select
            label={t("move.status.pipeline")}
            value={choices.pipeline}
            options={usable.map((p) => ({ value: p.id, label: p.name || p.id }))}
            onChoose={(pipeline) => onChoose({ pipeline, open: of(pipeline, false)[0]?.id ?? "", closed: of(pipeline, true)[0]?.id ?? "" })}
          />
        </div>
      )}
      <div class="flow-map">
        <span class="label">{t("move.status.conversation")}</span>
        <span class="label to">{t("move.status.new")}</span>
        <Mapped label={t("move.status.open")} n={plan?.open} />
        <Select hidden label={t("move.status.openLabel")} value={choices.open} options={options(false)} onChoose={(open) => onChoose({ open })} />
        <Mapped label={t("move.status.closed")} n={plan?.closed} />
        <Select hidden label={t("move.status.closedLabel")} value={choices.closed} options={options(true)} onChoose={(closed) => onChoose({ closed })} />
      </div>
    </Section>
  );
}

function Mapped({ label, n }: { label: string; n?: Figure }) {
  return (
    <span class="from">
      {label}
      {n && <span class="muted num"> · {figure(n)}</span>}
      <Icon of={shapes.arrowRight} class="end" />
    </span>
  );
}

const slas: Sla[] = ["from-move", "original", "none"];

function Clocks({ plan, choices, onChoose }: PartProps) {
  const text = (sla: Sla) => {
    const f = breachesOf(plan, sla);
    if (sla === "none") return t("move.sla.noClocks");
    if (!f) return undefined;
    const n = t(sla === "original" ? "move.sla.atOnce" : "move.sla.breaches", { n: f.n });
    return f.is === "exact" ? n : n.replace(number(f.n), figure(f));
  };
  return (
    <Section step="sla" title={t("move.sla")} hint={t("move.sla.hint")}>
      <fieldset class="choices" aria-labelledby="sla-title">
        {slas.map((sla) => (
          <Choice
            key={sla}
            name="sla"
            value={sla}
            chosen={choices.sla === sla}
            label={t(("move.sla." + sla) as Key)}
            hint={t(`move.sla.${sla}.hint` as Key)}
            figure={text(sla)}
            warn={(breachesOf(plan, sla)?.n ?? 0) > 0}
            onChoose={() => onChoose({ sla })}
          />
        ))}
      </fieldset>
    </Section>
  );
}

const notifies: Notify[] = ["quiet", "digest", "all"];

function Notices({ plan, choices, onChoose }: PartProps) {
  const text = (f: Figure | undefined) => {
    if (!f) return undefined;
    const n = t("move.notify.messages", { n: f.n });
    return f.is === "exact" ? n : n.replace(number(f.n), figure(f));
  };
  return (
    <Section step="notify" title={t("move.notify")} hint={t("move.notify.hint")}>
      <fieldset class="choices" aria-labelledby="notify-title">
        {notifies.map((notify) => (
          <Choice
            key={notify}
            name="notify"
            value={notify}
            chosen={choices.notify === notify}
            label={t(("move.notify." + notify) as Key)}
            figure={text(plan?.messages[notify])}
            warn={notify === "all" && (plan?.messages.all?.n ?? 0) > 0}
            onChoose={() => onChoose({ notify })}
          />
        ))}
      </fieldset>
    </Section>
  );
}

// ---- 5: checks ----

function Checks({ channel, planned, choices, urged, onChoose }: { channel: Channel; planned: ReturnType<typeof usePlan>; choices: Choices; /** Somebody wanted to start. */ urged: boolean; onChoose: (c: Choices) => void }) {
  const { plan, busy, stale, error } = planned;
  const now = useNow(15_000);
  const accepted = plan?.warnings.filter((w) => isAccepted(w, choices)).length ?? 0;
  return (
    <Section step="checks" title={t("move.step.checks")} hint={plan && t("checks.hint", { t: ago(planned.at, Math.max(now, planned.at)) })}>
      {error !== undefined && !busy && (
        <div class="problem">
          <ProblemView error={error} retry={() => void planned.ask()} />
        </div>
      )}
      {!plan && busy && <Skeleton rows={3} height={44} />}
      {plan && (
        <div class={busy || stale ? "stack tight old" : "stack tight"} aria-busy={busy || stale}>
          <Verdict plan={plan} />
          {plan.blockers.length > 0 && (
            <>
              <ul class="findings bad">
                {plan.blockers.map((f) => (
                  <li key={f.code}>
                    <FindingView finding={f} move={channel.moveId} />
                  </li>
                ))}
              </ul>
              <div>
                <Button icon={shapes.refreshCw} busy={busy} onClick={() => void planned.ask()}>
                  {t("checks.again")}
                </Button>
              </div>
            </>
          )}
          {plan.warnings.length > 0 && (
            <>
              <ul class="findings">
                {plan.warnings.map((w) => (
                  <li key={w.code}>
                    <Warning finding={w} choices={choices} onChoose={onChoose} />
                  </li>
                ))}
              </ul>
              <p class={urged && accepted < plan.warnings.length ? "warn small" : "muted small"}>{t("checks.tick", { k: accepted, n: plan.warnings.length })}</p>
            </>
          )}
        </div>
      )}
    </Section>
  );
}

function Verdict({ plan }: { plan: Plan }) {
  const n = plan.blockers.length;
  if (n > 0)
    return (
      <div class="notice red" id="found" tabIndex={-1} role="alert">
        <Icon of={shapes.circleAlert} size={18} />
        <div>
          <p class="strong">{t("checks.blocked", { n })}</p>
          <p class="small">{t("checks.blocked.hint")}</p>
        </div>
      </div>
    );
  return (
    <div class="notice good" id="found" tabIndex={-1}>
      <Icon of={shapes.circleCheck} size={18} />
      <p>
        <b>{t("checks.none")}</b> <span class="small">· {t("checks.none.hint")}</span>
      </p>
    </div>
  );
}

function Warning({ finding, choices, onChoose }: { finding: Finding; choices: Choices; onChoose: (c: Choices) => void }) {
  const id = "warning-" + finding.code;
  const before = grew(finding, choices);
  return (
    <div class="warning">
      <input
        type="checkbox"
        id={id}
        checked={isAccepted(finding, choices)}
        aria-describedby={id + "-more"}
        onChange={(e) => onChoose(accept(finding, choices, e.currentTarget.checked))}
      />
      <FindingView finding={finding} label={id} more={id + "-more"}>
        {before !== undefined && <p class="warn small">{t("checks.grew", { before, now: finding.n ?? 0 })}</p>}
      </FindingView>
    </div>
  );
}

/** Findings that are about channels, not agents. */
const ofChannels = new Set(["connected-left-behind", "move-running"]);

/** Where to put right what a finding is about. */
const remedies: Record<string, { label: Key; href: string }> = {
  "agents-without-access": { label: "checks.access", href: "/app/settings/agents" },
  "routing-without-access": { label: "checks.routing", href: "/app/settings/agents" },
  "bot-target-without-access": { label: "checks.agents", href: "/app/settings/agents" },
  "no-sla-policy": { label: "channels.tab.slas", href: "/app/settings/slas" },
};

/** linkOf is where to go with a finding: to the move of a channel that has one, else to what is to be changed. */
function linkOf(finding: Finding, move: string | undefined): { label: Key; href: string } | undefined {
  const at = move && "/app/moves/" + encodeURIComponent(move);
  if (at && finding.code === "already-moved") return { label: "channels.report", href: at };
  if (at && finding.code === "already-moving") return { label: "banner.progress", href: at };
  return remedies[finding.code];
}

interface FindingProps {
  finding: Finding;
  /** ID of the move that took the channel away. */
  move?: string;
  /** ID of the tick that the finding labels. */
  label?: string;
  /** ID that what is said of it gets. */
  more?: string;
  children?: ComponentChildren;
}

function FindingView({ finding, move, label, more, children }: FindingProps) {
  const each = finding.each ?? [];
  const channels = ofChannels.has(finding.code);
  const words = findingText(finding, channels && each.length ? { channel: list(each.map((e) => channelName(e.id))) } : {});
  const link = linkOf(finding, move);
  const title = finding.n !== undefined && finding.is !== "exact" && finding.is ? capital(words.title.replace(number(finding.n), figure({ n: finding.n, is: finding.is }))) : words.title;
  return (
    <div class="finding">
      {label ? (
        <label for={label} class="strong">
          {title}
        </label>
      ) : (
        <p class="strong">{title}</p>
      )}
      {children}
      <div id={more}>
        {channels
          ? each.map((e) => e.n !== undefined && <p key={e.id} class="muted small">{each.length > 1 && channelName(e.id) + " · "}{t("conversations", { n: e.n })}</p>)
          : each.length > 0 && (
              <ul class="who-list">
                {each.slice(0, mostNamed).map((e) => (
                  <li key={e.id}>
                    <Person name={agentName(e.id)}>{e.n !== undefined && <span class="num"> · {number(e.n)}</span>}</Person>
                  </li>
                ))}
                {each.length > mostNamed && <li>{t("checks.others", { n: each.length - mostNamed })}</li>}
              </ul>
            )}
        <p class="muted small">
          {words.remedy} {link && <a href={link.href}>{t(link.label)}</a>}
        </p>
      </div>
    </div>
  );
}

const mostNamed = 8;

function capital(s: string): string {
  return s.charAt(0).toLocaleUpperCase(locale()) + s.slice(1);
}

// ---- 6: time ----

/** useNow is the time, at a pace in milliseconds. */
function useNow(every: number): number {
  const [now, set] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => set(Date.now()), every);
    return () => clearInterval(timer);
  }, []);
  return now;
}

function Quiet({ plan, name }: { plan?: Plan; name: string }) {
  const now = useNow(60_000);
  const known = useRef<Plan | undefined>(undefined);
  if (plan?.hourly.some((n) => n > 0)) known.current = plan;
  const p = known.current;
  return (
    <Section step="time" title={t("time.title")} hint={t("time.hint")}>
      {!p ? plan ? <p class="muted">{t("time.unknown")}</p> : <Skeleton rows={7} height={17} /> : <Week plan={p} now={now} name={name} />}
    </Section>
  );
}

function Week({ plan, now, name }: { plan: Plan; now: number; name: string }) {
  const { hourly, zone, quietest } = plan;
  const hour = hourOfWeek(now, zone);
  const start = quietest && startOf(quietest, now, zone);
  const present = hourly[hour] ?? 0;
  const within = quietest !== undefined && hoursOf(quietest).includes(hour);
  const calendar = () => {
    const url = location.href.split("#")[0]!;
    const entry = { uid: `${plan.zone}-${start}@deskmove`, summary: t("move.title", { channel: name }), url, start: start!, hours: quietest!.hours, now: Date.now() };
    save("move.ics", "text/calendar", calendarEntry(entry));
  };
  return (
    <>
      <HeatMap hourly={hourly} caption={t("time.table")} quiet={quietest} now={hour} />
      <div class="heat-foot">
        <div class="grow">
          {quietest && <p>{rich("time.quietest", { window: <b>{windowText(quietest)}</b>, t: within ? t("time.present") : relative((start! - now) / 1000) })}</p>}
          <p class="muted small">{present <= Math.min(...hourly) ? t("time.quiet") : present >= Math.max(...hourly) ? t("time.busiest") : t("time.quieter", { p: percent(quieterThan(hourly, present) * 100) })}</p>
        </div>
        <HeatKey />
      </div>
      {quietest && !within && (
        <p>
          <Button kind="quiet" icon={shapes.calendarPlus} class="flush" onClick={calendar}>
            {t("time.calendar")}
          </Button>
        </p>
      )}
    </>
  );
}

function windowText(w: { weekday: number; fromHour: number; hours: number }): string {
  const hour = (h: number) => clock(Date.UTC(2023, 0, 1, h % 24), false, "UTC");
  return t("time.window", { day: weekday(w.weekday), from: hour(w.fromHour), to: hour(w.fromHour + w.hours) });
}

// ---- 7: rehearsal ----

function Rehearsal({ channel, choices, facts, onRehearsed }: { channel: Channel; choices: Choices; facts: Facts; onRehearsed: (yes: boolean) => void }) {
  const before = usePoll("GET /v1/moves", { query: { channel: channel.id, rehearsal: "true", limit: 1 } });
  const [started, set] = useState<string>();
  const [error, fail] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const id = started ?? before.data?.items[0]?.id;
  const hasMap = choices.open !== "" && choices.closed !== "";
  const rehearse = async () => {
    if (busy) return;
    setBusy(true);
    fail(undefined);
    try {
      const body = newMove(channel.id, choices, [], true);
      const a = await call("POST /v1/moves", { body, headers: { "Idempotency-Key": crypto.randomUUID() } });
      set(a.data.id);
      say(t("rehearsal.running"));
    } catch (e) {
      fail(e);
    }
    setBusy(false);
  };
  const blocked = (facts.plan?.blockers.length ?? 0) > 0;
  const button = (again: boolean) => (
    <Button icon={again ? shapes.refreshCw : shapes.play} busy={busy} off={blocked || !hasMap} onClick={() => (blocked || !hasMap ? say(t("checks.blocked.hint")) : void rehearse())}>
      {t(again ? "rehearsal.again" : "rehearsal.start")}
    </Button>
  );
  return (
    <Section step="rehearsal" title={t("move.step.rehearsal")} hint={choices.history === "none" ? t("rehearsal.nothing") : t("rehearsal.hint")}>
      {choices.history === "all" && (
        <div class="stack tight">
          {error !== undefined && <ProblemView error={error} />}
          {id ? (
            <Rehearsed key={id} id={id} choices={choices} button={button(true)} onRehearsed={onRehearsed} />
          ) : (
            <div>{before.data || before.error ? button(false) : <Skeleton rows={1} height={32} />}</div>
          )}
        </div>
      )}
    </Section>
  );
}

function Rehearsed({ id, choices, button, onRehearsed }: { id: string; choices: Choices; button: ComponentChildren; onRehearsed: (yes: boolean) => void }) {
  const move = usePoll("GET /v1/moves/{id}", { path: { id } }, { every: 1000, until: (m) => m.endedAt !== undefined });
  const ended = move.data?.endedAt;
  const report = usePoll("GET /v1/moves/{id}/report", { path: { id } }, { on: ended !== undefined });
  const now = useNow(30_000);
  useEffect(() => {
    if (ended) onRehearsed(true);
  }, [ended]);
  const m = move.data;
  const r = report.data;
  if (!m) return move.error ? <ProblemView error={move.error} retry={move.refresh} /> : <Skeleton rows={2} height={30} />;
  if (!ended) {
    const p = percentOf(m.progress?.done ?? 0, m.expected, false);
    return (
      <div class="card">
        <div class="in stack tight">
          <p class="row">
            <span class="grow strong">{t("rehearsal.running")}</span>
            <b class="num">{percent(p)}</b>
          </p>
          <ProgressBar percent={p} label={t("rehearsal.running")} />
        </div>
      </div>
    );
  }
  const since = r?.newSince;
  return (
    <div class="card">
      <header>
        <Icon of={shapes.circleCheck} />
        <h3 class="grow">
          <a class="plain" href={"/app/moves/" + encodeURIComponent(id)}>
            <Time at={ended}>{t("rehearsal.when", { t: ago(ended, now) })}</Time>
          </a>
        </h3>
        {differs(m, choices) ? <span class="small warn">{t("rehearsal.differs")}</span> : since !== undefined && <span class="small muted">{t("rehearsal.since", { n: since.n })}</span>}
        {button}
      </header>
      {r && (
        <dl class="figures">
          <FigureCell n={r.created} label={t("rehearsal.create")} />
          <FigureCell n={r.asIs} label={t("rehearsal.asIs")} />
          <FigureCell n={r.ownersLost} label={t("rehearsal.noOwner")} />
          <FigureCell n={r.failed} label={t("rehearsal.fail")} bad href={r.failed > 0 ? `/app/moves/${encodeURIComponent(id)}#failures` : undefined} />
        </dl>
      )}
    </div>
  );
}

/** differs tells whether a rehearsal was of other choices than what is chosen now. */
function differs(m: Move, c: Choices): boolean {
  return m.history !== c.history || m.statusMap?.open !== c.open || m.statusMap?.closed !== c.closed || m.sla !== c.sla;
}

function FigureCell({ n, label, bad, href }: { n: number; label: string; bad?: boolean; href?: string }) {
  return (
    <div>
      <dd class={bad && n > 0 ? "bad num" : "num"}>{number(n)}</dd>
      <dt>{href ? <a href={href}>{label}</a> : label}</dt>
    </div>
  );
}

// ---- 8: confirm ----

interface ConfirmProps {
  channel: Channel;
  facts: Facts;
  gaps: Missing[];
  plan?: Plan;
  rehearsed: boolean;
  onType: (s: string) => void;
  onShow: (m: Missing) => void;
  onBlocked: (blockers: Finding[], warnings: Finding[]) => void;
  onStarted: () => void;
}

/** Where in its section a gap is. */
function target(m: Missing): string | undefined {
  return { warnings: "input[type=checkbox]:not(:checked)", blockers: "#found", name: "#name", status: "select", plan: undefined, running: undefined }[m.what];
}

function missingText(m: Missing, f: Facts): string {
  switch (m.what) {
    case "blockers":
      return t("checks.blocked", { n: m.n }) + ".";
    case "warnings":
      return t("confirm.unticked", { n: m.n });
    case "plan":
      return t("confirm.unchecked");
    case "status":
      return t("confirm.status");
    case "running":
      return t("confirm.waits");
    case "name":
      return f.typed ? t("confirm.mistyped", { channel: f.name }) : t("confirm.typed");
  }
}

function Confirm({ channel, facts, gaps, plan, rehearsed, onType, onShow, onBlocked, onStarted }: ConfirmProps) {
  const { name, choices } = facts;
  // One key a page: pressed twice, or sent again after a lost answer, it is one move.
  const key = useRef(crypto.randomUUID());
  const starting = useRef(false);
  const [busy, setBusy] = useState(false);
  const [error, fail] = useState<ApiError>();
  const gap = gaps[0];
  const start = async () => {
    if (starting.current) return;
    if (gap) return onShow(gap);
    starting.current = true;
    setBusy(true);
    fail(undefined);
    try {
      const body = newMove(channel.id, choices, plan!.warnings, false);
      const a = await call("POST /v1/moves", { body, headers: { "Idempotency-Key": key.current } });
      onStarted();
      refreshAccount();
      go("/app/moves/" + encodeURIComponent(a.data.id), true);
    } catch (e) {
      starting.current = false;
      setBusy(false);
      const refusal = e instanceof ApiError ? e : undefined;
      fail(refusal);
      const { blockers = [], warnings = [] } = refusal?.problem ?? {};
      if (refusal?.code === "blocked") onBlocked(blockers, warnings);
    }
  };
  return (
    <section id="confirm" class="flow-part" aria-labelledby="confirm-title">
      <form
        class="card sunken in"
        onSubmit={(e) => {
          e.preventDefault();
          void start();
        }}
      >
        <h2 id="confirm-title" tabIndex={-1}>
          {t("confirm.title")}
        </h2>
        <ul class="vows">
          <li>
            <Icon of={shapes.arrowRight} />
            {t("confirm.1", { channel: name })}
          </li>
          <li>
            <Icon of={shapes.clock} />
            {t("confirm.2")}
          </li>
          <li>
            <Icon of={shapes.users} />
            {t("confirm.3")}
          </li>
        </ul>
        <label class="label" for="name">
          {rich("confirm.type", { channel: <b>{name}</b> })}
        </label>
        <div class="row wrap confirm-row">
          <input
            id="name"
            class="input"
            autocomplete="off"
            autocapitalize="off"
            spellcheck={false}
            value={facts.typed}
            aria-describedby="confirm-why"
            onInput={(e) => onType(e.currentTarget.value)}
          />
          <Button kind="primary" type="submit" off={gap !== undefined} busy={busy} aria-describedby="confirm-why">
            {t(busy ? "confirm.starting" : "confirm.button")}
          </Button>
        </div>
        <p id="confirm-why" class="muted small">
          {gap ? <Gap gap={gap} facts={facts} onShow={onShow} /> : plan && <Ready plan={plan} choices={choices} rehearsed={rehearsed} />}
        </p>
        {error && error.code !== "blocked" && <Refused error={error} channel={channel} />}
      </form>
    </section>
  );
}

function Gap({ gap, facts, onShow }: { gap: Missing; facts: Facts; onShow: (m: Missing) => void }) {
  const running = useMoving();
  if (gap.what === "running" && running)
    return (
      <>
        {t("confirm.running", { channel: running.channelName, time: clock(running.since) })} <a href={"/app/moves/" + encodeURIComponent(running.moveId)}>{t("banner.progress")}</a>
      </>
    );
  return (
    <>
      {missingText(gap, facts)}{" "}
      {gap.step !== "confirm" && (
        <button type="button" class="text-link" onClick={() => onShow(gap)}>
          {t("confirm.show")}
        </button>
      )}
    </>
  );
}

function Ready({ plan, choices, rehearsed }: { plan: Plan; choices: Choices; rehearsed: boolean }) {
  const n = plan.warnings.length;
  const said = [t("confirm.moves", { n: plan.conversations.n }), n > 0 && t("confirm.accepted", { n }), choices.history === "all" && !rehearsed && t("rehearsal.not")];
  return <>{said.filter(Boolean).join(" ")}</>;
}

/** Refused says why the API started nothing, and where what stands in the way is. */
function Refused({ error, channel }: { error: ApiError; channel: Channel }) {
  const running = useMoving();
  const id = error.problem.moveId ?? (error.code === "move-running" ? running?.moveId : undefined);
  useEffect(() => refreshAccount(), [error]);
  return (
    <div class="refused">
      {error.code === "move-running" && running && running.channelId !== channel.id ? (
        <div class="notice red" role="alert">
          <Icon of={shapes.circleAlert} size={18} />
          <p>{t("confirm.running", { channel: running.channelName, time: clock(running.since) })}</p>
        </div>
      ) : (
        <ProblemView error={error} focus />
      )}
      {id && <a href={"/app/moves/" + encodeURIComponent(id)}>{t("banner.progress")}</a>}
    </div>
  );
}

// ---- what will happen ----

function Summary({ plan, choices, busy }: { plan?: Plan; choices: Choices; busy: boolean }) {
  const breaches = breachesOf(plan, choices.sla);
  const messages = plan?.messages[choices.notify];
  const all = choices.history === "all";
  const rows: [Key, string | undefined, boolean?][] = [
    ["summary.create", plan && figure(plan.create)],
    ["summary.asIs", plan && figure(plan.withTicket)],
    ["summary.noOwner", plan && figure(plan.ownersLost), (plan?.ownersLost.n ?? 0) > 0],
    ["summary.breaches", all ? breaches && figure(breaches) : number(0), all && (breaches?.n ?? 0) > 0],
    ["summary.messages", all ? messages && figure(messages) : number(0), all && choices.notify === "all" && (messages?.n ?? 0) > 0],
  ];
  return (
    <aside class="flow-sum" aria-label={t("summary.title")} aria-busy={busy}>
      <div class={busy && plan ? "card old" : "card"}>
        <p class="label">{t("summary.total")}</p>
        <p class="total num">{plan ? figure(plan.conversations) : <span class="skeleton" />}</p>
        <dl class="pairs">
          {rows.map(([key, value, warn]) => (
            <div key={key}>
              <dt>{t(key)}</dt>
              <dd class={warn ? "warn" : undefined}>{value ?? "–"}</dd>
            </div>
          ))}
        </dl>
        <dl class="pairs">
          <div>
            <dt>{t("summary.duration")}</dt>
            <dd>{plan ? span(plan.estimate.shortestSeconds, plan.estimate.longestSeconds) : "–"}</dd>
          </div>
          <div>
            <dt>{t("summary.cost")}</dt>
            <dd>{plan ? dollars(plan.estimate.dollars) : "–"}</dd>
          </div>
        </dl>
      </div>
      <p class="muted small">{t("summary.stays")}</p>
    </aside>
  );
}

function span(shortest: number, longest: number): string {
  const a = duration(shortest);
  const b = duration(longest >= 120 ? Math.round(longest / 60) * 60 : longest);
  return a === b ? a : `${a} – ${b}`;
}

/** Foot is the summary of a phone. */
function Foot({ plan, busy, gaps, facts, onShow }: { plan?: Plan; busy: boolean; gaps: Missing[]; facts: Facts; onShow: (m: Missing) => void }) {
  const gap = gaps[0];
  const text = (m: Missing) => {
    if (m.what === "warnings") return t("confirm.left", { n: m.n });
    return m.what === "blockers" ? t("confirm.inTheWay", { n: m.n }) : missingText(m, facts);
  };
  return (
    <aside class={busy ? "flow-foot old" : "flow-foot"} aria-label={t("summary.title")}>
      {plan ? <p class="num">{t("conversations", { n: plan.conversations.n })}</p> : <p>{t("word.loading")}</p>}
      {gap && gap.what !== "name" && (
        <button type="button" class="text-link" onClick={() => onShow(gap)}>
          {text(gap)}
        </button>
      )}
    </aside>
  );
}
