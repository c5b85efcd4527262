// The report of a move that has ended: first the proof, then what to look after.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { agentName, channelName, statusName, useMe } from "../account";
import { download, type AnswerOf } from "../api";
import { number, t, type Key } from "../i18n";
import * as shapes from "lucide";
import { Button, Copy, LinkButton, ProblemView } from "../parts";
import { course, groups } from "../progress";
import { hasPage } from "../routes";
import { save } from "../save";
import { clock, duration, moment } from "../time";

type Move = AnswerOf<"GET /v1/moves/{id}">;
type Report = AnswerOf<"GET /v1/moves/{id}/report">;

/** reportTitle says in one line how a move has ended. */
export function reportTitle(m: Move, failed: number, channel: string): string {
  if (m.rehearsal) return t("report.rehearsal", { channel });
  return m.status === "attention" && failed > 0 ? t("report.attention", { channel, n: failed }) : t("report.title", { channel });
}

export interface Retry {
  busy: boolean;
  run: () => void;
}

/** ReportActions are the downloads, and what is to be done next. */
export function ReportActions({ m, report, failures, retry }: { m: Move; report?: Report; failures: number; retry: Retry }) {
  const me = useMe();
  const [error, fail] = useState<unknown>();
  const csv = () => {
    fail(undefined);
    download("GET /v1/moves/{id}/report", { path: { id: m.id } }, "text/csv")
      .then((text) => save(`move-${m.id}.csv`, "text/csv", text))
      .catch(fail);
  };
  return (
    <>
      {report && (
        <>
          <Button icon={shapes.download} onClick={csv}>
            CSV
          </Button>
          <Button icon={shapes.download} onClick={() => save(`move-${m.id}.json`, "application/json", JSON.stringify(report, null, 2))}>
            JSON
          </Button>
        </>
      )}
      {m.status === "attention" && failures > 0 && !m.rehearsal && (
        <Button kind="primary" icon={shapes.rotateCcw} busy={retry.busy} onClick={retry.run}>
          {t("report.retry", { n: failures })}
        </Button>
      )}
      {report && m.status === "done" && !m.rehearsal && me.helpDesk && (
        <LinkButton kind="primary" icon={shapes.lifeBuoy} href={`/app/desk?channel=${encodeURIComponent(m.channelId)}`}>
          {t("banner.desk")}
        </LinkButton>
      )}
      {m.rehearsal && (
        <LinkButton kind="primary" icon={shapes.arrowRight} href={`/app/channels/${encodeURIComponent(m.channelId)}/move`}>
          {t("report.move")}
        </LinkButton>
      )}
      {error !== undefined && <ProblemView error={error} />}
    </>
  );
}

export function ReportBody({ m, report, failures, failed }: { m: Move; report: Report; failures: ComponentChildren; failed: number }) {
  return (
    <div class="stack report">
      <Proof report={report} rehearsal={m.rehearsal} failed={failed} />
      {failures}
      <div class="two even">
        <div class="stack">
          <ByStatus report={report} />
          <After m={m} report={report} />
        </div>
        <div class="stack">
          <Phases m={m} />
          <Chosen m={m} by />
        </div>
      </div>
    </div>
  );
}

/** PageLink is a link to a page, or only its words where the page is not there. */
export function PageLink({ href, class: more, children }: { href: string; class?: string; children: ComponentChildren }) {
  const [path = ""] = href.split(/[?#]/);
  return hasPage(path) ? (
    <a class={more} href={href}>
      {children}
    </a>
  ) : (
    <span class={more}>{children}</span>
  );
}

// ---- the proof ----

function Proof({ report, rehearsal, failed }: { report: Report; rehearsal: boolean; failed: number }) {
  const { checksum, compared } = report;
  const same = checksum.equal;
  const parts: [Key, number, string?][] = [
    ["report.created", report.created],
    ["report.asIs", report.asIs],
    ...(rehearsal ? [] : ([["report.live", report.redirected]] as [Key, number][])),
    ["report.failed", report.failed, failed > 0 ? "#failures" : undefined],
  ];
  return (
    <section class="card proof" aria-labelledby="proof-title">
      <header>
        <h2 id="proof-title" class="h3 grow">
          {t(rehearsal ? "report.would" : "report.proof")}
        </h2>
        <span class="end">{t(rehearsal ? "rehearsal.hint" : "report.proof.hint")}</span>
      </header>
      {!rehearsal && (
        <div class={same ? "sums" : "sums differ"}>
          <Sum label={t("report.inbox")} hex={checksum.inbox} count={t("conversations", { n: compared.inbox })} />
          <span class="sign">
            <span aria-hidden="true">{same ? "=" : "≠"}</span>
            <span class="hide-text">{t(same ? "report.equals" : "report.differs")}</span>
          </span>
          <Sum label={t("report.desk")} hex={checksum.desk} count={t("tickets", { n: compared.desk })} />
        </div>
      )}
      {!rehearsal && !same && (
        <p class="row-line bad" role="alert">
          {t("report.differ", { command: "deskmove verify" })}
        </p>
      )}
      <div class="equation">
        <Term n={report.found} label={t("report.found")} />
        {parts.map(([key, n, href], i) => (
          <>
            <span class="sign">{i === 0 ? "=" : "+"}</span>
            <Term n={n} label={t(key)} bad={key === "report.failed" && n > 0} href={href} />
          </>
        ))}
      </div>
      {!rehearsal && <p class="row-line muted small">{withCommand("report.verify", "deskmove verify")}</p>}
    </section>
  );
}

/** withCommand is a text in which a command can be copied. */
function withCommand(key: Key, command: string): ComponentChildren {
  const [before, after] = t(key, { command: "\u0000" }).split("\u0000");
  return (
    <>
      {before}
      <Copy text={command} />
      {after}
    </>
  );
}

function Sum({ label, hex, count }: { label: string; hex: string; count?: string }) {
  return (
    <div class="sum">
      <p class="muted small">{label}</p>
      <p class="hex">{groups(hex)}</p>
      {count && <p class="muted small num">{count}</p>}
    </div>
  );
}

function Term({ n, label, bad, href }: { n: number; label: string; bad?: boolean; href?: string }) {
  return (
    <span class="term">
      <b class={bad ? "num bad" : "num"}>{number(n)}</b> <span class="muted small">{href ? <a href={href}>{label}</a> : label}</span>
    </span>
  );
}

// ---- what came of it ----

function ByStatus({ report }: { report: Report }) {
  const rows = Object.entries(report.byStatus).sort((a, b) => b[1] - a[1]);
  const most = Math.max(1, ...rows.map((r) => r[1]));
  if (rows.length === 0) return null;
  return (
    <section class="card" aria-labelledby="status-title">
      <header>
        <h2 id="status-title" class="h3">
          {t("report.byStatus")}
        </h2>
      </header>
      <table class="lanes in">
        <caption class="hide-text">{t("report.byStatus")}</caption>
        <Lanes />
        <thead class="hide-text">
          <tr>
            <th scope="col">{t("report.status")}</th>
            <td />
            <th scope="col">{t("report.tickets")}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([status, n]) => (
            <tr key={status}>
              <th scope="row">{statusName(status)}</th>
              <td aria-hidden="true">
                <span class="lane">
                  <span style={{ width: Math.max(0.8, (n / most) * 100) + "%" }} />
                </span>
              </td>
              <td class="right num">{number(n)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** Lanes are the columns: a name, its bar, a figure. */
function Lanes() {
  return (
    <colgroup>
      <col class="name" />
      <col />
      <col class="figure" />
    </colgroup>
  );
}

function After({ m, report }: { m: Move; report: Report }) {
  const desk = useMe().helpDesk && !m.rehearsal;
  const nobody = `/app/desk?view=nobody&channel=${encodeURIComponent(m.channelId)}`;
  const lost = report.ownersLostBy;
  return (
    <section class="card" aria-labelledby="after-title">
      <header>
        <h2 id="after-title" class="h3">
          {t("report.after")}
        </h2>
      </header>
      <dl class="rows after">
        <div>
          <dt>
            {t("report.noOwner")}
            {lost.length > 0 && <span class="muted small">{lost.map((l) => `${agentName(l.id)} ${number(l.n ?? 0)}`).join(" · ")}</span>}
          </dt>
          <dd>{desk && report.ownersLost > 0 ? <PageLink href={nobody}>{number(report.ownersLost)}</PageLink> : number(report.ownersLost)}</dd>
        </div>
        <div>
          <dt>{t("report.breached")}</dt>
          <dd class={report.breaches > 0 ? "warn" : undefined}>{number(report.breaches)}</dd>
        </div>
        {report.newSince && (
          <div>
            <dt>{t("report.since")}</dt>
            <dd>{number(report.newSince.n)}</dd>
          </div>
        )}
        {report.leftBehind.map((l) => (
          <div key={l.id}>
            <dt>
              {t("report.left", { channel: channelName(l.id) })}
              {l.n !== undefined && <span class="muted small">{t("conversations", { n: l.n })}</span>}
            </dt>
            <dd>
              <a href={`/app/channels/${encodeURIComponent(l.id)}/move`}>{t("report.next")}</a>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Phases({ m }: { m: Move }) {
  const lanes = course(m.phases);
  if (lanes.length === 0) return null;
  return (
    <section class="card" aria-labelledby="course-title">
      <header>
        <h2 id="course-title" class="h3 grow">
          {t("report.course")}
        </h2>
        <span class="end num">
          {clock(m.startedAt, true)} – {clock(m.endedAt!, true)}
        </span>
      </header>
      <table class="lanes timed in">
        <caption class="hide-text">{t("progress.phases")}</caption>
        <Lanes />
        <tbody>
          {lanes.map((l, i) => (
            <tr key={i}>
              <th scope="row">{t(("phase." + l.phase) as Key)}</th>
              <td aria-hidden="true">
                <span class="lane full">
                  <span style={{ marginLeft: l.from + "%", width: l.width + "%" }} />
                </span>
              </td>
              <td class="right num muted">{duration(Math.max(0.01, l.seconds))}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** Chosen is what the admin chose; with by, the title says who. */
export function Chosen({ m, by }: { m: Move; by?: boolean }) {
  const all = m.history === "all";
  const rows: [string, string][] = [
    [t("move.step.history"), t(all ? "chosen.history.all" : "chosen.history.none")],
    ...(m.statusMap?.open ? ([[t("chosen.open"), statusName(m.statusMap.open)]] as [string, string][]) : []),
    ...(m.statusMap?.closed ? ([[t("chosen.closed"), statusName(m.statusMap.closed)]] as [string, string][]) : []),
    ...(all
      ? ([
          [t("move.step.sla"), t(("chosen.sla." + m.sla) as Key)],
          [t("move.step.notify"), t(("chosen.notify." + m.notifications) as Key)],
        ] as [string, string][])
      : []),
    ...(m.rehearsal ? [] : ([[t("chosen.accepted"), t("chosen.warnings", { n: m.acknowledged?.length ?? 0 })]] as [string, string][])),
    ...(by ? ([[t("chosen.started"), moment(m.startedAt)]] as [string, string][]) : []),
  ];
  return (
    <section class="card" aria-labelledby="chosen-title">
      <header>
        <h2 id="chosen-title" class="h3">
          {by ? t("chosen.by", { name: agentName(m.by) }) : t("chosen.title")}
        </h2>
      </header>
      <dl class="pairs in">
        {rows.map(([k, v]) => (
          <div key={k}>
            <dt>{k}</dt>
            <dd>{v}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
