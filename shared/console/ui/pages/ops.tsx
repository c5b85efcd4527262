import * as shapes from "lucide";
import type { MeasuredMinute, Measurements } from "../api.gen";
import { LineChart, type Line } from "../charts";
import { number, t, type Key } from "../i18n";
import { Empty, LinkButton, Loaded, Page } from "../parts";
import { usePoll } from "../poll";
import { clock } from "../time";

const every = 15_000;

type Figure = "sum" | "max" | "p50" | "p99";

interface Series {
  metric: string;
  figure: Figure;
  label: Key;
  /** Of one of AWS's own metrics: which resource of the template. */
  of?: string;
}

interface Widget {
  title: Key;
  /** Metrics, and which figure of theirs; as on the dashboard of AWS. */
  series: Series[];
  /** Totals instead of a course. */
  totals?: boolean;
}

const of = (figure: Figure, ...metrics: string[]) => metrics.map((metric) => ({ metric, figure, label: ("ops." + metric) as Key }));
const times = (metric: string) => (["p50", "p99"] as const).map((figure) => ({ metric, figure, label: ("ops." + figure) as Key }));

const at = (resource: string, figure: Figure, metric: string, label: Key): Series => ({ metric, figure, label, of: resource });
const visible = "ApproximateNumberOfMessagesVisible";
const oldest = "ApproximateAgeOfOldestMessage";

const widgets: Widget[] = [
  { title: "ops.progress", series: of("max", "Planned", "Done", "Remaining") },
  { title: "ops.perMinute", series: of("sum", "Converted", "Redirected", "Compared", "Missing", "FoundLate") },
  { title: "ops.moves", series: of("sum", "MovesDone", "MovesAtAttention", "MovesRestarted"), totals: true },
  { title: "ops.stuck", series: of("max", "SecondsLeft", "SecondsStuck") },
  { title: "ops.failed", series: of("sum", "Failed", "RedirectFailed") },
  { title: "ops.delay", series: [...times("RedirectLag"), at("RedirectFunction", "max", "IteratorAge", "ops.iteratorAge")] },
  { title: "ops.batch", series: times("BatchTime") },
  {
    title: "ops.batches",
    series: [
      at("BatchesQueue", "max", visible, "ops.waiting"),
      at("BatchesQueue", "max", "ApproximateNumberOfMessagesNotVisible", "ops.inHand"),
      ...of("max", "OpenBatches"),
    ],
  },
  {
    title: "ops.age",
    series: [at("BatchesQueue", "max", oldest, "ops.ofBatches"), at("StreamFailuresQueue", "max", oldest, "ops.ofChanges")],
  },
  {
    title: "ops.dead",
    series: [
      at("BatchesDeadQueue", "max", visible, "ops.ofBatches"),
      at("StreamFailuresQueue", "max", visible, "ops.ofChanges"),
      at("StreamFailuresDeadQueue", "max", visible, "ops.ofDeadChanges"),
    ],
  },
  {
    title: "ops.executions",
    series: [
      at("MoveMachine", "sum", "ExecutionsStarted", "ops.started"),
      at("MoveMachine", "sum", "ExecutionsSucceeded", "ops.succeeded"),
      at("MoveMachine", "sum", "ExecutionsFailed", "ops.brokenOff"),
    ],
  },
  {
    title: "ops.errors",
    series: [
      at("FenceFunction", "sum", "Errors", "ops.fence"),
      at("ListFunction", "sum", "Errors", "ops.list"),
      at("DrainFunction", "sum", "Errors", "ops.drain"),
      at("FinishFunction", "sum", "Errors", "ops.finish"),
      at("ConvertFunction", "sum", "Errors", "ops.convert"),
      at("RedirectFunction", "sum", "Errors", "ops.redirect"),
      at("SweepFunction", "sum", "Errors", "ops.sweep"),
    ],
  },
  {
    title: "ops.api",
    series: [
      at("Api", "sum", "Count", "ops.requests"),
      at("Api", "sum", "4xx", "ops.status4"),
      at("Api", "sum", "5xx", "ops.status5"),
    ],
  },
];

/** OpsPage shows on one machine what the dashboard shows on AWS, and there the way to it. */
export function OpsPage() {
  const read = usePoll("GET /v1/operations", {}, { every });
  const dashboard = read.data?.dashboard;
  return (
    <Page
      title={t("ops.title")}
      crumbs={[{ label: t("nav.admin") }]}
      sub={read.data && t(dashboard ? "ops.aws" : "ops.intro")}
      actions={
        dashboard && (
          <LinkButton kind="primary" icon={shapes.externalLink} href={dashboard}>
            {t("ops.dashboard")}
          </LinkButton>
        )
      }
    >
      <Loaded of={read} rows={6}>
        {(m) => (
          <div class="widgets">
            {widgets.map((w) => (
              <section key={w.title} class="card">
                <header>
                  <h2>{t(w.title)}</h2>
                </header>
                {!m.dashboard && <div class="in">{w.totals ? <Totals widget={w} of={m} /> : <Course widget={w} of={m} />}</div>}
              </section>
            ))}
          </div>
        )}
      </Loaded>
    </Page>
  );
}

function points(m: Measurements, s: Series): MeasuredMinute[] {
  return m.metrics.find((one) => one.name === s.metric && one.of === s.of)?.points ?? [];
}

function Totals({ widget, of: m }: { widget: Widget; of: Measurements }) {
  return (
    <dl class="totals">
      {widget.series.map((s) => (
        <div key={s.metric + s.of}>
          <dd class="num">{number(points(m, s).reduce((sum, p) => sum + p.sum, 0))}</dd>
          <dt>{t(s.label)}</dt>
        </div>
      ))}
    </dl>
  );
}

const minute = 60_000;

/** Course draws minutes. Where nothing is counted, that is 0; where nothing is measured, there is no point. */
function Course({ widget, of: m }: { widget: Widget; of: Measurements }) {
  const measured = widget.series.flatMap((s) => points(m, s).map((p) => Date.parse(p.at)));
  if (measured.length === 0) return <Empty icon={shapes.activity}>{t("ops.nothing")}</Empty>;
  const from = Math.min(...measured) - minute;
  const to = Math.max(Math.floor(Date.now() / minute) * minute, ...measured);
  const values = widget.series.map((s) => new Map(points(m, s).map((p) => [Date.parse(p.at), p[s.figure] ?? 0])));
  const lines: Line[] = widget.series.map((s, i) => {
    const line = { class: "n" + i, points: [] as Line["points"] };
    for (let at = from; at <= to; at += minute) {
      const v = values[i]!.get(at) ?? (s.figure === "sum" ? 0 : undefined);
      if (v !== undefined) line.points.push({ at, v });
    }
    return line;
  });
  const label = t(widget.title) + ": " + widget.series.map((s, i) => `${t(s.label)} ${number(Math.max(0, ...values[i]!.values()))}`).join(", ");
  return (
    <>
      <LineChart lines={lines} label={label} height={160} area={false} />
      <ul class="series">
        {widget.series.map((s, i) => (
          <li key={s.metric + s.figure + s.of}>
            <svg class="chart key" width="22" height="8" aria-hidden="true">
              <path class={"line n" + i} d="M0 4H22" />
            </svg>
            {t(s.label)}
          </li>
        ))}
      </ul>
      <details>
        <summary>{t("ops.table")}</summary>
        <table class="table small">
          <thead>
            <tr>
              <th scope="col">{t("ops.minute")}</th>
              {widget.series.map((s) => (
                <th key={s.metric + s.figure + s.of} scope="col" class="right">
                  {t(s.label)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {[...new Set(measured)]
              .sort((a, b) => b - a)
              .map((at) => (
                <tr key={at}>
                  <th scope="row">{clock(at)}</th>
                  {values.map((v, i) => (
                    <td key={i} class="right" data-head={t(widget.series[i]!.label)}>
                      {v.has(at) ? number(v.get(at)!) : "–"}
                    </td>
                  ))}
                </tr>
              ))}
          </tbody>
        </table>
      </details>
    </>
  );
}
