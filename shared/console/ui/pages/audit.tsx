import * as shapes from "lucide";
import { agentName, channelName } from "../account";
import type { AuditEntry } from "../api.gen";
import { detail } from "../audit";
import { t, type Key } from "../i18n";
import { Button, Empty, Page, ProblemView, Select, Skeleton, Time } from "../parts";
import { usePages } from "../lists";
import { usePoll } from "../poll";
import { place, refine } from "../router";
import { hasPage } from "../routes";
import { useStore } from "../store";
import { moment } from "../time";

/** AuditPage is the log of who did what, in which role, and from where. */
export function AuditPage() {
  const move = useStore(place).query.get("move") ?? "";
  const moves = usePoll("GET /v1/moves", {});
  const log = usePages("GET /v1/audit", { query: { move: move || undefined } }, { every: 30_000 });
  const rehearsals = new Set(moves.data?.items.filter((m) => m.rehearsal).map((m) => m.id));
  const options = (moves.data?.items ?? []).map((m) => ({ value: m.id, label: `${channelName(m.channelId)}, ${moment(m.startedAt)}` }));
  if (move && !options.some((o) => o.value === move)) options.unshift({ value: move, label: move });
  return (
    <Page title={t("audit.title")} crumbs={[{ label: t("nav.admin") }]} sub={t("audit.intro")}>
      <div class="filter-line">
        <Select label={t("audit.move")} value={move} onChoose={(v) => refine({ move: v })} options={[{ value: "", label: t("audit.all") }, ...options]} />
      </div>
      {log.error && !log.items ? (
        <ProblemView error={log.error} retry={log.refresh} />
      ) : !log.items ? (
        <Skeleton rows={6} height={20} />
      ) : log.items.length === 0 ? (
        <Empty icon={shapes.history}>{t("audit.empty")}</Empty>
      ) : (
        <>
          <table class="table plainlist audit">
            <caption class="hide-text">{t("audit.table")}</caption>
            <thead>
              <tr>
                {(["audit.what", "audit.when", "audit.who", "channels.channel", "audit.from", "audit.detail"] as Key[]).map((k) => (
                  <th key={k} scope="col">
                    {t(k)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {log.items.map((e) => (
                <Row key={e.chain + "-" + e.number} of={e} rehearsal={rehearsals.has(e.moveId ?? "")} />
              ))}
            </tbody>
          </table>
          {log.more && (
            <p class="more-rows">
              <Button onClick={log.more}>{t("do.more")}</Button>
            </p>
          )}
        </>
      )}
    </Page>
  );
}

function Row({ of: e, rehearsal }: { of: AuditEntry; rehearsal: boolean }) {
  const href = e.moveId ? "/app/moves/" + encodeURIComponent(e.moveId) : "";
  const what = t(e.action === "end" && rehearsal ? "audit.action.end.rehearsal" : (("audit.action." + e.action) as Key));
  return (
    <tr>
      <td class="strong">{hasPage(href) ? <a href={href}>{what}</a> : what}</td>
      <td data-head={t("audit.when")}>
        <Time at={e.at} />
      </td>
      <td data-head={t("audit.who")}>
        <span>
          {agentName(e.by)} {e.role && <span class="muted small">{t(("audit.role." + e.role) as Key)}</span>}
        </span>
      </td>
      <td data-head={t("channels.channel")}>{e.channelId ? channelName(e.channelId) : "–"}</td>
      <td data-head={t("audit.from")}>{e.address || "–"}</td>
      <td data-head={t("audit.detail")} class="break">
        {detail(e.action, e.detail, agentName)}
      </td>
    </tr>
  );
}
