import * as shapes from "lucide";
import { agentName, channelName, useMoving } from "../account";
import type { ChannelMove } from "../api.gen";
import { rich, t } from "../i18n";
import { Button, Empty, Page, Pill, ProblemView, Skeleton, Time } from "../parts";
import { usePages } from "../lists";
import { hasPage } from "../routes";
import { duration } from "../time";

const movesEvery = 60_000; // when one begins or ends, the notices say so

/** MovesPage lists the moves and rehearsals. */
export function MovesPage() {
  const moving = useMoving();
  const moves = usePages("GET /v1/moves", {}, { every: movesEvery, key: moving?.moveId });
  return (
    <Page title={t("moves.title")} crumbs={[{ label: t("nav.admin") }]} sub={t("moves.intro")}>
      {moves.error && !moves.items ? (
        <ProblemView error={moves.error} retry={moves.refresh} />
      ) : !moves.items ? (
        <Skeleton rows={6} height={20} />
      ) : moves.items.length === 0 ? (
        <Empty icon={shapes.arrowLeftRight}>{rich("moves.empty", { link: <a href="/app/settings/channels">{t("moves.empty.link")}</a> })}</Empty>
      ) : (
        <>
          <table class="table plainlist">
            <caption class="hide-text">{t("moves.table")}</caption>
            <thead>
              <tr>
                <th scope="col">{t("channels.channel")}</th>
                <th scope="col">{t("moves.kind")}</th>
                <th scope="col">{t("moves.by")}</th>
                <th scope="col">{t("moves.started")}</th>
                <th scope="col" class="right">{t("moves.took")}</th>
                <th scope="col" class="result">{t("moves.result")}</th>
              </tr>
            </thead>
            <tbody>
              {moves.items.map((m) => (
                <Row key={m.id} of={m} />
              ))}
            </tbody>
          </table>
          {moves.more && (
            <p class="more-rows">
              <Button onClick={moves.more}>{t("do.more")}</Button>
            </p>
          )}
        </>
      )}
    </Page>
  );
}

function Row({ of: m }: { of: ChannelMove }) {
  const href = "/app/moves/" + encodeURIComponent(m.id);
  const name = channelName(m.channelId);
  return (
    <tr>
      <td class="strong">{hasPage(href) ? <a href={href}>{name}</a> : name}</td>
      <td data-head={t("moves.kind")}>{t(m.rehearsal ? "moves.kind.rehearsal" : "moves.kind.move")}</td>
      <td data-head={t("moves.by")}>{agentName(m.by)}</td>
      <td data-head={t("moves.started")}>
        <Time at={m.startedAt} />
      </td>
      <td data-head={t("moves.took")} class="right">
        {m.endedAt ? duration((Date.parse(m.endedAt) - Date.parse(m.startedAt)) / 1000) : "–"}
      </td>
      <td data-head={t("moves.result")} class="result">
        <MovePill of={m} />
      </td>
    </tr>
  );
}

/** MovePill says how a move stands. */
export function MovePill({ of: m }: { of: Pick<ChannelMove, "status" | "rehearsal"> }) {
  switch (m.status) {
    case "done":
      return (
        <Pill tone={m.rehearsal ? undefined : "teal"} icon={shapes.check}>
          {t("moves.status.done")}
        </Pill>
      );
    case "attention":
      return (
        <Pill tone="amber" icon={shapes.triangleAlert}>
          {t("moves.status.attention")}
        </Pill>
      );
    case "starting":
      return (
        <Pill tone="teal" live>
          {t("moves.status.starting")}
        </Pill>
      );
    default:
      return (
        <Pill tone="teal" live>
          {t(m.rehearsal ? "moves.status.rehearsing" : "moves.status.running")}
        </Pill>
      );
  }
}
