// The page of operations: the moves that run or wait for a person, and the dashboard of template.yaml.
import * as shapes from "lucide";
import type { ComponentChildren } from "preact";
import { useMemo } from "preact/hooks";
import { channelName } from "../account";
import type { ChannelMove } from "../api.gen";
import { LineChart, ProgressBar } from "../charts";
import { alarms, widgets } from "../dashboard.gen";
import { number, percent, t } from "../i18n";
import { courseOf, here, isOn, metricsOf, spanOf, totalOf, watched, type Alarm, type At, type Line, type Metrics, type Widget } from "../measured";
import { Empty, Icon, LinkButton, Loaded, Page, Pill } from "../parts";
import { usePoll } from "../poll";
import { percentOf, troublesOf, type Trouble } from "../progress";
import { clock, duration, roundLeft } from "../time";
import { MovePill } from "./moves";
import { phaseText, waitText } from "./progress";

const every = 15_000;
const movesEvery = 5000;

/** OpsPage shows on one machine what the dashboard shows on AWS, and there the way to it. */
export function OpsPage() {
  const read = usePoll("GET /v1/operations", {}, { every });
  const dashboard = read.data?.dashboard;
  return (
    <Page
      title={t("ops.title")}
      crumbs={[{ label: t("nav.admin") }]}
      sub={read.data && t(dashboard ? "ops.aws" : read.data.withheld ? "ops.own" : "ops.intro")}
      actions={
        dashboard && (
          <LinkButton kind="primary" icon={shapes.externalLink} href={dashboard}>
            {t("ops.dashboard")}
          </LinkButton>
        )
      }
    >
      <div class="stack">
        <Moves />
        <Loaded of={read} rows={6}>
          {(m) =>
            m.dashboard ? <Titles dashboard={m.dashboard} />
            : m.withheld ? <Empty icon={shapes.lock}>{t("ops.withheld")}</Empty>
            : <Measured of={metricsOf(m)} />
          }
        </Loaded>
      </div>
    </Page>
  );
}

// ---- moves ----

/** Moves are those that run, and those that wait for a person. */
function Moves() {
  const moves = usePoll("GET /v1/moves", { query: { status: "unsettled" } }, { every: movesEvery });
  return (
    <section class="card" aria-labelledby="running-title">
      <header>
        <h2 id="running-title" class="h3">
          {t("ops.running")}
        </h2>
      </header>
      <div class="in">
        <Loaded of={moves} rows={2}>
          {({ items }) => (items.length === 0 ? <p class="muted small">{t("ops.noneRuns")}</p> : <Running moves={items} />)}
        </Loaded>
      </div>
    </section>
  );
}

function Running({ moves }: { moves: ChannelMove[] }) {
  return (
    <table class="table plainlist running">
      <caption class="hide-text">{t("ops.running")}</caption>
      <thead>
        <tr>
          <th scope="col">{t("channels.channel")}</th>
          <th scope="col">{t("ops.phase")}</th>
          <th scope="col">{t("ops.far")}</th>
          <th scope="col" class="right">
            {t("ops.rate")}
          </th>
          <th scope="col" class="right">
            {t("ops.left")}
          </th>
          <th scope="col" class="result">
            {t("ops.wrong")}
          </th>
        </tr>
      </thead>
      <tbody>
        {moves.map((m) => (
          <Row key={m.id} listed={m} />
        ))}
      </tbody>
    </table>
  );
}

/** How long a move may get no further, as its alarm has it. */
const stuckAfter = alarms.find((a) => a.name === "MovesStuckAlarm")!.threshold;

/** Row asks for the move itself, as the list has neither rate nor what is left. */
function Row({ listed }: { listed: ChannelMove }) {
  const m = usePoll("GET /v1/moves/{id}", { path: { id: listed.id } }, { every: movesEvery }).data ?? listed;
  const name = channelName(m.channelId);
  const done = m.progress?.done ?? 0;
  const phase = m.phases.at(-1);
  const far = percentOf(done, m.expected, false);
  const wrong = troublesOf(m, stuckAfter);
  const runs = m.endedAt === undefined;
  return (
    <tr>
      <td class="strong">
        <a href={"/app/moves/" + encodeURIComponent(m.id)}>{name}</a>
      </td>
      <td data-head={t("ops.phase")}>
        <MovePill of={m} />
        {runs && phase && (
          <span class="muted small block">
            {phaseText(phase.phase)} {t("phase.since", { time: clock(phase.startedAt) })}
          </span>
        )}
      </td>
      <td data-head={t("ops.far")}>
        {runs && <ProgressBar percent={far} label={t("progress.title", { channel: name })} />}
        <span class="num small block">
          {runs && percent(far) + " · "}
          {t("ops.doneOf", { done, n: m.expected })}
        </span>
      </td>
      <td data-head={t("ops.rate")} class="right num">
        {runs && m.ratePerSecond ? number(Math.round(m.ratePerSecond)) : "–"}
      </td>
      <td data-head={t("ops.left")} class="right num">
        {m.etaSeconds === undefined ? "–" : duration(roundLeft(m.etaSeconds))}
      </td>
      <td data-head={t("ops.wrong")} class="result">
        {wrong.length === 0 ? t("ops.nothingWrong") : wrong.map((w) => <Wrong key={w.kind} of={w} />)}
      </td>
    </tr>
  );
}

function Wrong({ of: w }: { of: Trouble }) {
  switch (w.kind) {
    case "stuck":
      return (
        <span class="bad block">
          <Icon of={shapes.triangleAlert} size={13} /> {t("ops.stuckFor", { t: duration(w.seconds) })}
        </span>
      );
    case "failed":
      return (
        <span class="warn block">
          <Icon of={shapes.triangleAlert} size={13} /> {t("ops.failed", { n: w.n })}
        </span>
      );
    default:
      return <span class="muted block">{waitText(w.code)}</span>;
  }
}

// ---- widgets ----

/** Titles are what the dashboard on AWS shows. */
function Titles({ dashboard }: { dashboard: string }) {
  return (
    <ul class="widgets titles">
      {widgets.map((w) => (
        <li key={w.title} class="card">
          <a href={dashboard}>{t(w.title)}</a>
        </li>
      ))}
    </ul>
  );
}

function Measured({ of: m }: { of: Metrics }) {
  const now = Date.now();
  const on = useMemo(() => new Set(alarms.filter((a) => here(m, a.series).length > 0 && isOn(m, a, now)).map((a) => a.name)), [m]);
  return (
    <>
      <div class="widgets">
        {widgets.map((w) => (
          <Card key={w.title} title={t(w.title)}>
            {w.totals ? <Totals widget={w} of={m} /> : <Course widget={w} of={m} now={now} />}
          </Card>
        ))}
      </div>
      <section aria-labelledby="alarms-title" class="alarms">
        <h2 id="alarms-title">{t("ops.alarms")}</h2>
        <p class="muted small">{t("ops.alarms.intro")}</p>
        <div class="widgets">
          {[...alarms]
            .sort((a, b) => Number(on.has(b.name)) - Number(on.has(a.name)))
            .map((a) => (
              <Card key={a.name} title={a.name} mark={here(m, a.series).length > 0 && (on.has(a.name) ? <Pill tone="red">{t("ops.alarm.on")}</Pill> : <Pill>{t("ops.alarm.off")}</Pill>)}>
                <Watched alarm={a} of={m} now={now} />
              </Card>
            ))}
        </div>
      </section>
    </>
  );
}

function Card({ title, mark, children }: { title: string; mark?: ComponentChildren; children: ComponentChildren }) {
  return (
    <section class="card">
      <header>
        <h3 class="grow">{title}</h3>
        {mark}
      </header>
      <div class="in">{children}</div>
    </section>
  );
}

function Totals({ widget, of: m }: { widget: Widget; of: Metrics }) {
  return (
    <dl class="totals">
      {widget.lines.map((l) => (
        <div key={l.metric}>
          <dd class="num">{number(totalOf(m, l))}</dd>
          <dt>{t(l.label)}</dt>
        </div>
      ))}
    </dl>
  );
}

/** Nothing says why there is no chart. */
function Nothing({ measured }: { measured: boolean }) {
  return <Empty icon={shapes.activity}>{t(measured ? "ops.nothing" : "ops.notHere")}</Empty>;
}

interface Drawn {
  name: string;
  points: At[];
}

/** Course draws a widget, minute by minute; what has a scale of its own, in a chart of its own. */
function Course({ widget, of: m, now }: { widget: Widget; of: Metrics; now: number }) {
  const lines = here(m, widget.lines);
  const span = spanOf(m, lines, now);
  if (!span) return <Nothing measured={lines.length > 0} />;
  const drawn = (of: Line[]): Drawn[] => of.map((l) => ({ name: t(l.label), points: courseOf(m, l, span) }));
  const [left, right] = [lines.filter((l) => !l.right), lines.filter((l) => l.right)];
  return (
    <>
      <Chart title={t(widget.title)} drawn={drawn(left)} until={span.to} />
      {right.length > 0 && <Chart title={t(widget.title)} drawn={drawn(right)} until={span.to} first={left.length} height={90} />}
      <Table title={t(widget.title)} drawn={drawn(lines)} />
    </>
  );
}

/** Watched draws what an alarm looks at, period by period, and its threshold. */
function Watched({ alarm: a, of: m, now }: { alarm: Alarm; of: Metrics; now: number }) {
  const series = here(m, a.series);
  const span = spanOf(m, series, now);
  const names = [...new Set(a.series.map((s) => s.metric))].join(", ");
  const of = [...new Set(series.flatMap((s) => s.of ?? []))].join(", ");
  return (
    <>
      {span ? (
        <Chart title={a.name} drawn={[{ name: of ? `${names}: ${of}` : names, points: watched(m, a, span) }]} until={span.to} limit={a.threshold} />
      ) : (
        <Nothing measured={series.length > 0} />
      )}
      <p class="muted small rule">
        {t(a.below ? "ops.alarm.below" : "ops.alarm.above", { v: a.threshold, t: duration(a.period * a.least) })}
        {a.least < a.periods && " " + t("ops.alarm.ofLast", { t: duration(a.period * a.periods) })}
      </p>
    </>
  );
}

function Chart({ title, drawn, until, first = 0, height = 160, limit }: { title: string; drawn: Drawn[]; until: number; first?: number; height?: number; limit?: number }) {
  const label = title + ": " + drawn.map((d) => `${d.name} ${number(Math.max(0, ...d.points.map((p) => p.v)))}`).join(", ");
  return (
    <>
      <LineChart lines={drawn.map((d, i) => ({ class: "n" + (first + i), points: d.points }))} until={until} label={label} height={height} area={false} limit={limit} />
      <ul class="series">
        {drawn.map((d, i) => (
          <li key={d.name}>
            <Key class={"line n" + (first + i)} />
            {d.name}
          </li>
        ))}
        {limit !== undefined && (
          <li>
            <Key class="limit" />
            {t("ops.threshold", { v: limit })}
          </li>
        )}
      </ul>
    </>
  );
}

function Key({ class: of }: { class: string }) {
  return (
    <svg class="chart key" width="22" height="8" aria-hidden="true">
      <path class={of} d="M0 4H22" />
    </svg>
  );
}

function Table({ title, drawn }: { title: string; drawn: Drawn[] }) {
  const values = drawn.map((d) => new Map(d.points.map((p) => [p.at, p.v])));
  const minutes = [...new Set(drawn.flatMap((d) => d.points.map((p) => p.at)))].sort((a, b) => b - a);
  return (
    <details>
      <summary>{t("ops.table")}</summary>
      <div class="minutes" role="region" aria-label={title} tabIndex={0}>
        <table class="table small">
          <thead>
            <tr>
              <th scope="col">{t("ops.minute")}</th>
              {drawn.map((d) => (
                <th key={d.name} scope="col" class="right">
                  {d.name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {minutes.map((at) => (
              <tr key={at}>
                <th scope="row">{clock(at)}</th>
                {values.map((v, i) => (
                  <td key={i} class="right" data-head={drawn[i]!.name}>
                    {v.has(at) ? number(v.get(at)!) : "–"}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
