import * as shapes from "lucide";
import { isAdmin, useMe, useMoving, type Me, type Notice } from "../account";
import type { Channel } from "../api.gen";
import { rich, t } from "../i18n";
import { Copy, Empty, Icon, Loaded, Menu, Page } from "../parts";
import { usePoll } from "../poll";
import { go } from "../router";
import { blockerText, Conversations, entries, Home, reason, Thing, typeIcon, useChannels, useMoveKey, Verdict } from "./channels";

export function FlowsPage() {
  const channels = useChannels();
  const moving = useMoving();
  const me = useMe();
  useMoveKey((id) => {
    const c = channels.data?.items.find((one) => one.id === id);
    if (c && !reason(c, me, moving)) go(`/app/channels/${encodeURIComponent(c.id)}/move`);
  });
  return (
    <Page title={t("nav.flows")} crumbs={[{ label: t("nav.service") }]} sub={t("flows.intro")}>
      <Loaded of={channels} rows={3}>
        {(data) => {
          const flows = data.items.filter((c) => c.type === "chat");
          if (flows.length === 0) return <Empty icon={shapes.messageSquare}>{rich("flows.empty", { command: <Copy text="deskmove apply account.yaml" /> })}</Empty>;
          return (
            <div class="fits">
              <table class="table flows">
                <caption class="hide-text">{t("nav.flows")}</caption>
                <thead>
                  <tr>
                    <th scope="col">{t("flows.flow")}</th>
                    <th scope="col">{t("channels.home")}</th>
                    <th scope="col" class="c-n right">{t("channels.conversations")}</th>
                    <th scope="col" class="c-move">{t("channels.move.head")}</th>
                    <th scope="col" class="c-more">
                      <span class="hide-text">{t("channels.options")}</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {flows.map((c) => (
                    <Flow key={c.id} of={c} me={me} moving={moving} />
                  ))}
                </tbody>
              </table>
            </div>
          );
        }}
      </Loaded>
    </Page>
  );
}

/** Flow is a row. What speaks against a bot is only in the plan, which without history costs next to nothing. */
function Flow({ of: c, me, moving }: { of: Channel; me: Me; moving?: Notice }) {
  const now = reason(c, me, moving);
  const needsPlan = c.hasBot && isAdmin(me) && !now;
  const plan = usePoll("GET /v1/channels/{id}/plan", { path: { id: c.id }, query: { history: "none" } }, { on: needsPlan });
  const blockers = plan.data?.blockers ?? [];
  const isChecking = needsPlan && !plan.data && !plan.error;
  const why = now || (isChecking ? t("channels.checking") : blockerText(blockers));
  return (
    <tr data-channel={c.id}>
      <td class="c-thing">
        <Thing icon={typeIcon(c)} name={c.name || c.id} sub={c.address || t(c.hasBot ? "flows.bot" : "flows.noBot")} />
      </td>
      <td class="c-home">
        <Home of={c} />
      </td>
      <td class="c-n right">
        <Conversations of={c} />
      </td>
      <td class="c-move">
        {isChecking ? <span class="muted">{t("channels.checking")}</span> : <Verdict of={c} me={me} moving={moving} blocked={needsPlan ? why : ""} />}
      </td>
      <td class="c-more">
        <Menu
          class="button quiet"
          label={t("do.moreAbout", { name: c.name || c.id })}
          button={
            <>
              {t("word.more")}
              <Icon of={shapes.chevronDown} size={14} />
            </>
          }
          items={entries(c, me, moving, true, why, blockers.length > 0)}
        />
      </td>
    </tr>
  );
}
