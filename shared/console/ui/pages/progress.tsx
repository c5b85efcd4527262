// A move under its one address: its progress while it runs, and then its report.
import { createPortal, type ComponentChildren } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { agentName, channelName, notices, refreshAccount, useMe } from "../account";
import { call, failureText, type AnswerOf } from "../api";
import { Legend, LineChart, PartsBar, type Part } from "../charts";
import { has, number, percent, rich, t, type Key } from "../i18n";
import * as shapes from "lucide";
import { Icon } from "../icons";
import { Button, counted, Page, Pill, ProblemView, say, Skeleton, Time } from "../parts";
import { usePoll } from "../poll";
import { curve, joined, nextLeft, percentOf, rail, shownLeft, type Left, type Pace, type Phase, type Point, type Stop } from "../progress";
import { phone, useMedia } from "../store";
import { clock, duration, moment } from "../time";
import { Chosen, PageLink, ReportActions, ReportBody, reportTitle } from "./report";
import { Lost } from "./lost";

type Move = AnswerOf<"GET /v1/moves/{id}">;
type Failure = AnswerOf<"GET /v1/moves/{id}/failures">["items"][number];

/** ProgressPage shows a move; trying its failures again begins it anew. */
export function ProgressPage({ id }: { id: string }) {
  const [round, set] = useState(0);
  return <Course key={round} id={id} onRetried={() => set(round + 1)} />;
}

// Milliseconds between questions while it runs: with those for notices and live tickets, one a second.
const pace = 1500;
const livePace = 10_000;
const calmPace = 5000; // for readers who want less motion

function Course({ id, onRetried }: { id: string; onRetried: () => void }) {
  const calm = useMedia("(prefers-reduced-motion: reduce)");
  const move = usePoll("GET /v1/moves/{id}", { path: { id } }, { every: calm ? calmPace : pace, until: hasEnded });
  const m = move.data;
  const ended = m !== undefined && hasEnded(m);
  const report = usePoll("GET /v1/moves/{id}/report", { path: { id } }, { on: ended });
  const failures = useFailures(id, (m?.progress?.failed ?? 0) > 0 || m?.status === "attention" || (report.data?.failed ?? 0) > 0, ended, report.data?.failed ?? m?.progress?.failed ?? 0);
  const retry = useRetry(id, onRetried);
  useEnd(m, ended);
  const channel = m ? channelName(m.channelId) : "";
  const now = Date.now();

  if (move.error?.code === "not-found") return <Lost />;
  if (!m)
    return (
      <Page title={t("moves.title")} crumbs={[{ label: t("moves.title"), href: "/app/moves" }, { label: id }]}>
        {move.error ? <ProblemView error={move.error} retry={move.refresh} /> : <Skeleton rows={8} height={28} />}
      </Page>
    );
  // One Page for both, so that the focus stays where it is when the move ends.
  const done = m.progress?.done ?? 0;
  const p = percentOf(done, expectedOf(m), ended);
  const young = now - Date.parse(m.startedAt) < 60_000;
  return (
    <Page
      narrow={ended}
      title={ended ? reportTitle(m, failures.n, channel) : m.rehearsal ? t("progress.rehearsing", { channel }) : t(young ? "progress.underWay" : "progress.title", { channel })}
      tab={ended ? `${m.status === "attention" ? "!" : "✓"} ${channel}` : `${percent(p)} · ${channel}`}
      bar={t(ended ? "report.bar" : "progress.bar", { channel })}
      crumbs={
        ended
          ? [{ label: t("moves.title"), href: "/app/moves" }, { label: channel }, { label: t("report.crumb") }]
          : [{ label: t("moves.title"), href: "/app/moves" }, { label: id }]
      }
      mark={ended && <Mark m={m} equal={report.data?.checksum?.equal} />}
      sub={ended ? report.data && <Sub m={m} found={report.data.found} open={m.rehearsal ? 0 : failures.n} /> : <By m={m} />}
      actions={ended ? <ReportActions m={m} report={report.data} failures={failures.n} retry={retry} /> : <Live m={m} />}
    >
      {retry.error !== undefined && <ProblemView error={retry.error} focus />}
      {ended ? (
        report.data ? (
          <ReportBody m={m} report={report.data} failures={<Failures list={failures} ended />} failed={failures.n} />
        ) : report.error ? (
          <ProblemView error={report.error} retry={report.refresh} />
        ) : (
          <Skeleton rows={8} height={28} />
        )
      ) : (
        <Running m={m} percent={p} failures={failures} />
      )}
    </Page>
  );
}

function hasEnded(m: Move): boolean {
  return m.endedAt !== undefined && m.status !== "running" && m.status !== "starting";
}

function expectedOf(m: Move): number {
  return m.expected;
}

interface FailureList {
  /** The first of them. */
  items: Failure[];
  /** How many there are. */
  n: number;
}

const mostFailures = 50;

function useFailures(id: string, on: boolean, ended: boolean, counted: number): FailureList {
  const all = usePoll("GET /v1/moves/{id}/failures", { path: { id }, query: { limit: mostFailures } }, { on, every: ended ? undefined : 5000 });
  const items = all.data?.items ?? [];
  return { items, n: all.data?.next ? Math.max(counted, items.length) : items.length };
}

/** useRetry tries again what failed; only a move that has ended can be. */
function useRetry(id: string, onRetried: () => void) {
  const [state, set] = useState<{ busy: boolean; error?: unknown }>({ busy: false });
  const run = async () => {
    if (state.busy) return;
    set({ busy: true });
    try {
      await call("POST /v1/moves/{id}/retry", { path: { id } });
      refreshAccount();
      onRetried();
    } catch (error) {
      set({ busy: false, error });
    }
  };
  return { ...state, run };
}

/** useEnd says when the move that one watches has ended. */
function useEnd(m: Move | undefined, ended: boolean) {
  const watched = useRef(false);
  useEffect(() => {
    if (!m) return;
    if (!ended) {
      watched.current = true;
      return;
    }
    if (!watched.current) return;
    watched.current = false;
    const channel = channelName(m.channelId);
    const text = t(m.rehearsal ? "report.rehearsal" : "banner.end", { channel });
    if (!notices.value.some((n) => n.moveId === m.id)) say(text); // else the banner says it as it goes
    if (typeof Notification !== "undefined" && Notification.permission === "granted" && document.hidden) new Notification(text);
    refreshAccount();
  }, [m?.status, ended]);
}

// ---- the head ----

function By({ m }: { m: Move }) {
  const by = { name: agentName(m.by), time: moment(m.startedAt) };
  return <>{t(m.rehearsal ? "progress.by.rehearsal" : "progress.by", by)}</>;
}

/** Live says that the page follows the move, and offers to say when it has ended. */
function Live({ m }: { m: Move }) {
  const [asked, set] = useState(typeof Notification === "undefined" ? "denied" : Notification.permission);
  const small = useMedia(phone);
  const [bar, setBar] = useState<Element | null>(null);
  useEffect(() => setBar(document.getElementById("bar-actions")), [small]);
  const pill = (
    <Pill tone="teal" live>
      {t("progress.live")}
    </Pill>
  );
  return (
    <>
      {asked === "default" && !m.rehearsal && (
        <Button kind="quiet" icon={shapes.bell} onClick={() => void Notification.requestPermission().then(set)}>
          {t("progress.tell")}
        </Button>
      )}
      {small && bar ? createPortal(pill, bar) : pill}
    </>
  );
}

function Mark({ m, equal }: { m: Move; equal?: boolean }) {
  const good = m.status === "done" && equal !== false;
  return (
    <span class={good ? "mark" : "mark amber"} aria-hidden="true">
      <Icon of={m.rehearsal ? shapes.circleCheck : good ? shapes.shieldCheck : shapes.shieldAlert} size={22} />
    </span>
  );
}

function Sub({ m, found, open }: { m: Move; found: number; open: number }) {
  const seconds = (Date.parse(m.endedAt!) - Date.parse(m.startedAt)) / 1000;
  return (
    <>
      {t("report.sub", { n: found, t: duration(seconds) })} {open > 0 && t("report.need", { n: open })}
    </>
  );
}

// ---- while it runs ----

function Running({ m, percent: p, failures }: { m: Move; percent: number; failures: FailureList }) {
  const points = usePoints(m);
  const left = useLeft(m);
  const c = m.progress;
  const total = Math.max(expectedOf(m), c?.done ?? 0);
  const parts: Part[] = [
    { kind: "created", n: c?.created ?? 0 },
    { kind: "asIs", n: c?.asIs ?? 0 },
    ...(m.rehearsal ? [] : [{ kind: "live" as const, n: c?.live ?? 0 }]),
    { kind: "failed", n: c?.failed ?? 0 },
  ];
  const live = useLive(m);
  // The move counts them as it compares; until then there are at least those that are listed.
  const seen = liveOf(m, live);
  const small = useMedia(phone);
  const paces = curve(points, small ? 50 : 110);
  return (
    <>
      <div class="course">
        <Rail m={m} left={left} percent={p} />
        <div class="hero">
          <p class="huge num" aria-hidden="true">
            {number(p)}
            <small>{"\u00a0%"}</small>
          </p>
          <div>
            <p>{rich("progress.of", { done: <b class="num">{number(c?.done ?? 0)}</b>, n: expectedOf(m) })}</p>
            <p class="muted">
              <LeftText m={m} left={left} />
            </p>
          </div>
        </div>
        <div class="parts" role="progressbar" aria-label={t("progress.moved")} aria-valuemin={0} aria-valuemax={100} aria-valuenow={p} aria-valuetext={valueText(p, left)}>
          <PartsBar parts={parts} total={total} />
        </div>
        <Legend parts={parts.map((part) => (part.kind === "live" ? { ...part, ...seen } : part))} rest={Math.max(0, expectedOf(m) - (c?.done ?? 0))} />
      </div>
      <div class="two">
        <div class="stack">
          <Rate m={m} paces={paces} live={live} left={left} />
          <Failures list={failures} ended={false} />
        </div>
        <div class="stack">
          {!m.rehearsal && <Redirected m={m} live={live} />}
          <Chosen m={m} />
        </div>
      </div>
    </>
  );
}

/** allDone tells whether only the last looks are left to do. */
function allDone(m: Move): boolean {
  const c = m.progress;
  const listing = (m.phases.at(-1)?.phase ?? "redirect") === "redirect" || m.phases.at(-1)?.phase === "list";
  return c !== undefined && !listing && c.done >= expectedOf(m);
}

function valueText(p: number, left: Left | undefined): string {
  return left ? `${percent(p)}, ${t("progress.left", { t: duration(shownLeft(left)) })}` : percent(p);
}

/** usePoints has the course so far: the API's samples, and from then on what this page saw. */
function usePoints(m: Move): Point[] {
  const samples = usePoll("GET /v1/moves/{id}/samples", { path: { id: m.id } });
  const own = useRef<Point[]>([]);
  const c = m.progress;
  const last = own.current.at(-1);
  if (c && (!last || c.done !== last.done || c.live !== last.live || Date.now() - last.at > 5000)) own.current.push({ at: Date.now(), done: c.done, live: c.live });
  return useMemo(() => {
    const read = (samples.data?.items ?? []).map((s) => ({ at: Date.parse(s.at), done: s.done, live: s.live }));
    const end = read.at(-1)?.at ?? 0;
    const start = { at: Date.parse(m.startedAt), done: 0, live: 0 };
    return joined([start, ...read.filter((s) => s.at > start.at)], own.current.filter((p) => p.at > Math.max(end, start.at)));
  }, [samples.data, own.current.length]);
}

function useLeft(m: Move): Left | undefined {
  const ref = useRef<Left | undefined>(undefined);
  const seen = useRef<Move | undefined>(undefined);
  if (seen.current !== m) {
    ref.current = nextLeft(ref.current, m.etaSeconds, Date.now());
    seen.current = m;
  }
  return ref.current;
}

function LeftText({ m, left }: { m: Move; left?: Left }) {
  if (allDone(m)) return <>{t("progress.last")}</>;
  if (!left) return <>{t("progress.working")}</>;
  const text = t("progress.left", { t: duration(shownLeft(left)) });
  if (!left.slower) return <>{text}</>;
  const why = m.waiting && waitText(m.waiting.code);
  return (
    <>
      {text}. {why ? t("progress.slower", { why }) : t("progress.slow")}
    </>
  );
}

/** waitText says what a move waits for. */
export function waitText(code: string): string {
  const key = "wait." + code;
  return has(key) ? t(key) : code;
}

/** phaseText is what a move does. */
export function phaseText(phase: Phase): string {
  return t(`phase.${phase}`);
}

function Rail({ m, left, percent: p }: { m: Move; left?: Left; percent: number }) {
  const stops = rail(m.phases, m.rehearsal, false);
  const end = left && !allDone(m) && Date.now() + left.seconds * 1000;
  return (
    <section aria-label={t("progress.phases")}>
      <ol class="rail">
        {stops.map((s, i) => (
          <li key={s.phase} class={s.state} aria-current={s.state === "now" ? "step" : undefined}>
            <span class="stop">{s.state === "done" && <Icon of={shapes.check} size={12} />}</span>
            {i < stops.length - 1 && (
              <span class="way" aria-hidden="true">
                <span style={{ width: (s.state === "done" ? 100 : s.state === "next" ? 0 : s.phase === "convert" || s.phase === "rehearse" ? p : 50) + "%" }} />
              </span>
            )}
            <span class="name">{phaseText(s.phase)}</span>
            <span class="figure num">{figureOf(s, m, end)}</span>
            {s.state === "now" && m.waiting && <span class="figure warn">{waitText(m.waiting.code)}</span>}
          </li>
        ))}
      </ol>
    </section>
  );
}

/** figureOf is the one figure of a phase: since when, how long, or how many. */
function figureOf(s: Stop, m: Move, end: number | false | undefined): ComponentChildren {
  const planned = m.progress?.planned ?? 0;
  if (s.phase === "redirect" && s.state !== "next") return t("phase.since", { time: clock(m.fenceAt ?? s.startedAt ?? m.startedAt, true) });
  if (s.phase === "list" && s.state !== "next") return t("phase.found", { n: planned });
  if (s.state === "now" && s.startedAt) return t("phase.since", { time: clock(s.startedAt, true) });
  if (s.state === "done" && s.startedAt && s.endedAt) return duration((s.endedAt - s.startedAt) / 1000);
  if (s.phase === "compare") return t("phase.bothSides");
  if (s.phase === "report" && end) return t("phase.aboutAt", { time: clock(end, end - Date.now() < 3_600_000) });
  return "";
}

type Live = AnswerOf<"GET /v1/tickets">["items"];

/** useLive reads the last tickets that came while the channel moves; undefined without help desk access. */
function useLive(m: Move): Live | undefined {
  const may = useMe().helpDesk;
  const tickets = usePoll("GET /v1/tickets", { query: { channel: m.channelId, provenance: "live", limit: mostLive } }, { every: livePace, on: may && !m.rehearsal });
  return may ? (tickets.data?.items ?? []) : undefined;
}

const mostLive = 20;

/** liveOf is how many conversations have been redirected, as far as it is known. */
function liveOf(m: Move, listed: Live = []): { n: number; atLeast: boolean } {
  const counted = m.progress?.live ?? 0;
  return { n: Math.max(counted, listed.length), atLeast: listed.length === mostLive && counted <= mostLive };
}

function Rate({ m, paces, live = [], left }: { m: Move; paces: Pace[]; live?: Live; left?: Left }) {
  const [table, showTable] = useState(false);
  const last = paces.at(-1);
  const average = m.ratePerSecond ?? 0;
  // The move counts them late, as it compares; until then the tickets themselves say when.
  const ticks = paces.filter((p) => p.live > 0).map((p) => ({ at: p.at, n: p.live }));
  const seen = live.flatMap((k) => (k.importedAt && Date.parse(k.importedAt) <= (last?.at ?? 0) ? [{ at: Date.parse(k.importedAt), n: 1 }] : []));
  const label = t("chart.label", { now: Math.round(last?.rate ?? 0), average: Math.round(average) });
  return (
    <section class="card" aria-labelledby="rate-title">
      <header>
        <h2 id="rate-title" class="h3 grow">
          {t("chart.rate")}
        </h2>
        <p class="chart-key">
          {!m.rehearsal && <span class="tick-key">{t("chart.live")}</span>}
          {last && (
            <span>
              {rich("chart.now", { v: <b class="num">{number(Math.round(last.rate))}</b> })} · <span class="num">{t("chart.average", { v: Math.round(average) })}</span>
            </span>
          )}
        </p>
      </header>
      <div class="in">
        {table ? (
          <PaceTable paces={paces} rehearsal={m.rehearsal} />
        ) : (
          <LineChart
            lines={[{ points: paces.map((p) => ({ at: p.at, v: p.rate })) }]}
            ticks={ticks.length ? ticks : seen}
            until={left ? Date.now() + left.seconds * 1000 : undefined}
            label={label}
          />
        )}
        <Button kind="quiet" class="flush" icon={table ? shapes.chartLine : shapes.table} aria-pressed={table} onClick={() => showTable(!table)}>
          {t("chart.table")}
        </Button>
      </div>
    </section>
  );
}

const mostRows = 30;

function PaceTable({ paces, rehearsal }: { paces: Pace[]; rehearsal: boolean }) {
  return (
    <table class="table compact">
      <caption class="hide-text">{t("chart.rate")}</caption>
      <thead>
        <tr>
          <th scope="col">{t("chart.time")}</th>
          <th scope="col" class="right">
            {t("chart.rate")}
          </th>
          {!rehearsal && (
            <th scope="col" class="right">
              {t("count.live")}
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {paces
          .slice(-mostRows)
          .reverse()
          .map((p) => (
            <tr key={p.at}>
              <td class="num">{clock(p.at, true)}</td>
              <td class="right">{number(Math.round(p.rate))}</td>
              {!rehearsal && <td class="right">{number(p.live)}</td>}
            </tr>
          ))}
      </tbody>
    </table>
  );
}

/** Redirected lists the last conversations that came while the channel moves. It stands still under the pointer. */
function Redirected({ m, live }: { m: Move; live?: Live }) {
  const [held, hold] = useState(false);
  const shown = useRef<Live>([]);
  if (!held && live) shown.current = live;
  return (
    <section class="card" aria-labelledby="live-title" aria-live="off">
      <header>
        <h2 id="live-title" class="h3 grow">
          {t("live.title")}
        </h2>
        <span class="muted num small">{counted(liveOf(m, shown.current))}</span>
      </header>
      {shown.current.length > 0 && (
        <ul class="rows live-list" onMouseEnter={() => hold(true)} onMouseLeave={() => hold(false)} onFocusIn={() => hold(true)} onFocusOut={() => hold(false)}>
          {shown.current.map((k) => (
            <li key={k.id}>
              <PageLink class="plain clip" href={"/app/desk/" + encodeURIComponent(k.id)}>
                {k.subject || t("failures.noSubject")}
              </PageLink>
              {k.importedAt && <Time at={k.importedAt}>{clock(k.importedAt, true)}</Time>}
              <span class="muted clip">{agentName(k.owner)}</span>
              <span class="muted num">{tookText(k)}</span>
            </li>
          ))}
        </ul>
      )}
      {live && shown.current.length === 0 && <p class="in muted small">{t("live.none")}</p>}
      {!live && <p class="in muted small">{t("live.noAccess")}</p>}
    </section>
  );
}

/** tookText is how soon a ticket was there; nothing if the customer's clock says something else. */
function tookText(k: { createdAt?: string; importedAt?: string }): string {
  if (!k.createdAt || !k.importedAt) return "";
  const seconds = (Date.parse(k.importedAt) - Date.parse(k.createdAt)) / 1000;
  return seconds >= 0 && seconds < 60 ? t("live.in", { t: duration(seconds) }) : "";
}

/** Failures are what could not be converted, and why; a move tries them again only at its end. */
export function Failures({ list, ended }: { list: FailureList; ended: boolean }) {
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (location.hash !== "#failures" || list.n === 0) return;
    title.current?.focus({ preventScroll: true });
    title.current?.scrollIntoView();
  }, [list.n > 0]);
  if (list.n === 0) return null;
  return (
    <section class="card" id="failures" aria-labelledby="failures-title">
      <header>
        <h2 id="failures-title" class="h3" tabIndex={-1} ref={title}>
          {t("failures.title")}
        </h2>
        <span class="badge red num">{number(list.n)}</span>
        {!ended && <span class="end">{t("failures.hint")}</span>}
      </header>
      <ul class="rows failures">
        {list.items.map((f) => (
          <li key={f.conversationId}>
            <div>
              <PageLink href={"/app/inbox/" + encodeURIComponent(f.conversationId)}>{f.subject || t("failures.noSubject")}</PageLink>
              {f.customer && <span class="muted small break">{f.customer}</span>}
              <code class="small muted break">{f.conversationId}</code>
            </div>
            <p class="muted">{failureText(f)}</p>
          </li>
        ))}
        {list.n > list.items.length && <li class="muted">{t("checks.others", { n: list.n - list.items.length })}</li>}
      </ul>
    </section>
  );
}
