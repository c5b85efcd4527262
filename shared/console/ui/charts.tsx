// Charts as SVG and tables. Their arithmetic is in geometry.ts.
import { useEffect, useRef, useState } from "preact/hooks";
import { areaPath, levels, linePath, niceTicks, scale, shares, sparkPath, timeTicks } from "./geometry";
import { number, t, type Key } from "./i18n";
import { counted } from "./parts";
import { clock, weekday } from "./time";

/** useWidth returns the ref of an element and its width in pixels, 0 before it is known. */
export function useWidth<E extends HTMLElement>() {
  const ref = useRef<E>(null);
  const [width, set] = useState(0);
  useEffect(() => {
    const o = new ResizeObserver(([entry]) => set(Math.round(entry!.contentRect.width)));
    o.observe(ref.current!);
    return () => o.disconnect();
  }, []);
  return [ref, width] as const;
}

/** Sparkline draws a few values without axes; label says them. */
export function Sparkline({ values, label, width = 82, height = 18 }: { values: number[]; label: string; width?: number; height?: number }) {
  return (
    <svg class="spark" width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={label}>
      <path d={sparkPath(values, width, height)} />
    </svg>
  );
}

/** ProgressBar shows hundredths; label says of what. */
export function ProgressBar({ percent, label }: { percent: number; label: string }) {
  const width = Math.min(100, Math.max(0, percent));
  return (
    <span class="progress" role="progressbar" aria-label={label} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.floor(width)}>
      <span style={{ width: width + "%" }} />
    </span>
  );
}

export interface Part {
  kind: "created" | "asIs" | "live" | "failed";
  n: number;
  /** There may be more, which nobody has counted yet. */
  atLeast?: boolean;
}

/** PartsBar shows the parts of a whole. Its legend beside it is the text alternative. */
export function PartsBar({ parts, total }: { parts: Part[]; total: number }) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const widths = shares(parts.map((p) => p.n), total, width ? 200 / width : 0.3);
  return (
    <div class="bar" ref={ref} aria-hidden="true">
      {parts.map((p, i) => widths[i]! > 0 && <span key={p.kind} class={"fill-" + p.kind} style={{ width: widths[i] + "%" }} />)}
    </div>
  );
}

export interface Line {
  /** Milliseconds and value, in order. */
  points: { at: number; v: number }[];
  class?: string;
}

interface LineChartProps {
  lines: Line[];
  /** Times of single events, drawn as ticks above the axis, with how many each. */
  ticks?: { at: number; n: number }[];
  /** Until when, if later than the last point; with an area, a dashed line goes on to there. */
  until?: number;
  /** Says in words what the chart shows. */
  label: string;
  height?: number;
  /** A value that matters, drawn across. */
  limit?: number;
  /** Fills the area below the first line, and marks its last point. */
  area?: boolean;
  unit?: (v: number) => string;
}

/** LineChart draws values over time. Offer the same as a table beside it. */
export function LineChart({ lines, ticks = [], until, label, limit, height = 200, area = true, unit = number }: LineChartProps) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const all = lines.flatMap((l) => l.points);
  const from = Math.min(...all.map((p) => p.at));
  const last = Math.max(...all.map((p) => p.at));
  const to = Math.max(last, until ?? last, from + 1000);
  const values = niceTicks(Math.max(1, limit ?? 0, ...all.map((p) => p.v)), 2);
  const top = values.at(-1)!;
  const left = 12 + 7 * unit(top).length;
  const bottom = height - 22;
  const x = scale(from, to, left, Math.max(left + 1, width - 8));
  const y = scale(0, top, bottom, 10);
  const mostAtOnce = Math.max(1, ...ticks.map((k) => k.n));
  const times = timeTicks(from, to, width < 480 ? 3 : 5);
  const seconds = times.some((at) => at % 60_000 !== 0);
  const first = lines[0]?.points.map((p) => ({ x: x(p.at), y: y(p.v) })) ?? [];
  const end = first.at(-1);
  return (
    <div ref={ref}>
      {width > 0 && all.length > 0 ? (
        <svg class="chart" height={height} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={label}>
          {values.map((v) => (
            <g key={v}>
              <line class="grid" x1={left} x2={width - 8} y1={y(v)} y2={y(v)} />
              <text x={left - 8} y={y(v) + 4} text-anchor="end">
                {unit(v)}
              </text>
            </g>
          ))}
          {times.map((at) => (
            <text key={at} x={x(at)} y={height - 4} text-anchor={x(at) < left + 24 ? "start" : x(at) > width - 32 ? "end" : "middle"}>
              {clock(at, seconds)}
            </text>
          ))}
          {area && <path class="area" d={areaPath(first, bottom)} />}
          {ticks.map((k) => (
            <line key={k.at} class="tick" x1={x(k.at)} x2={x(k.at)} y1={bottom} y2={bottom - 5 - (5 * k.n) / mostAtOnce} />
          ))}
          {lines.map((l, i) =>
            l.points.length === 1 ? (
              <circle key={i} class={"line " + (l.class ?? "")} cx={x(l.points[0]!.at)} cy={y(l.points[0]!.v)} r="2" />
            ) : l.points.length > 1 && (
              <path key={i} class={"line " + (l.class ?? "")} d={linePath(l.points.map((p) => ({ x: x(p.at), y: y(p.v) })))} />
            ),
          )}
          {limit !== undefined && <line class="limit" x1={left} x2={width - 8} y1={y(limit)} y2={y(limit)} />}
          {area && until !== undefined && end && until > last && <line class="ahead" x1={end.x} x2={x(until)} y1={end.y} y2={end.y} />}
          {area && end && <circle class="now" cx={end.x} cy={end.y} r="4" />}
        </svg>
      ) : (
        <div class="chart" style={{ height: height + "px" }} />
      )}
    </div>
  );
}

interface HeatMapProps {
  /** 168 counts, from Sunday 00 on. */
  hourly: number[];
  /** What is counted, as the table's caption. */
  caption: string;
  /** The window to outline: weekday (0 is Sunday), first hour, hours. */
  quiet?: { weekday: number; fromHour: number; hours: number };
  /** The hour of the week that it is now, 0 to 167. */
  now?: number;
}

/** HeatMap shows the hours of a week, Monday first, as a table with a hidden number in each cell. */
export function HeatMap({ hourly, caption, quiet, now }: HeatMapProps) {
  const level = levels(hourly);
  const quietFrom = quiet ? quiet.weekday * 24 + quiet.fromHour : -1;
  const inQuiet = (hour: number) => quiet !== undefined && (hour - quietFrom + 168) % 168 < quiet.hours;
  const lastOfQuiet = quiet ? (quietFrom + quiet.hours - 1) % 168 : -1;
  return (
    <table class="heat">
      <caption class="hide-text">{caption}</caption>
      <thead>
        <tr>
          <td />
          {hours.map((h) => (
            <th key={h} scope="col">
              {h % 3 === 0 ? two(h) : <span class="hide-text">{two(h)}</span>}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {[1, 2, 3, 4, 5, 6, 0].map((d) => (
          <tr key={d}>
            <th scope="row">{weekday(d, "short")}</th>
            {hours.map((h) => {
              const i = d * 24 + h;
              const marks = ["l" + level[i]];
              if (inQuiet(i)) marks.push("quiet");
              if (inQuiet(i) && (i === quietFrom || h === 0)) marks.push("from");
              if (inQuiet(i) && (i === lastOfQuiet || h === 23)) marks.push("to");
              if (i === now) marks.push("now");
              return (
                <td key={h} class={marks.join(" ")}>
                  <span class="hide-text">{number(hourly[i] ?? 0)}</span>
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const hours = Array.from({ length: 24 }, (_, i) => i);

function two(h: number): string {
  return String(h).padStart(2, "0");
}

/** HeatKey says which end of the heat map's colours is many. */
export function HeatKey() {
  return (
    <span class="heat-key" aria-hidden="true">
      {t("time.few")}
      {[0, 1, 2, 3, 4, 5].map((l) => (
        <i key={l} class={"l" + l} />
      ))}
      {t("time.many")}
    </span>
  );
}

/** Legend names the parts of a PartsBar, with their figures. */
export function Legend({ parts, rest }: { parts: Part[]; rest: number }) {
  const all: (Omit<Part, "kind"> & { kind: Part["kind"] | "rest" })[] = [...parts, { kind: "rest", n: rest }];
  return (
    <dl class="legend">
      {all.map((p) => (
        <div key={p.kind}>
          <dt>
            <i class={"fill-" + p.kind} aria-hidden="true" /> {t(("count." + p.kind) as Key)}
          </dt>
          <dd class="num">{counted(p)}</dd>
        </div>
      ))}
    </dl>
  );
}
