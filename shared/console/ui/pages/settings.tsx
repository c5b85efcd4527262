import * as shapes from "lucide";
import { channelName, useDirectory } from "../account";
import type { Policy } from "../api.gen";
import { getLanguage, list, rich, t, type Key } from "../i18n";
import { Empty, Page, Person, Pill } from "../parts";
import { weekdays } from "../time";
import { SettingsTabs } from "./channels";
import { roleKey } from "./signin";
import type { ComponentChildren } from "preact";

/** Frame is one of the pages beside the channels. They show the account's setup, which is changed elsewhere. */
function Frame({ title, intro, path, children }: { title: Key; intro: Key; path: string; children: ComponentChildren }) {
  return (
    <Page title={t(title)} crumbs={[{ label: t("nav.settings"), href: "/app/settings/channels" }, { label: t("channels.area") }]} sub={t(intro)}>
      <SettingsTabs current={path} />
      <br />
      {children}
    </Page>
  );
}

export function AgentsPage() {
  const { agents } = useDirectory();
  return (
    <Frame title="channels.tab.agents" intro="agents.intro" path="/app/settings/agents">
      <table class="table plainlist">
        <thead>
          <tr>
            <th scope="col">{t("agents.agent")}</th>
            <th scope="col">{t("agents.role")}</th>
            <th scope="col">{t("agents.access")}</th>
            <th scope="col">{t("settings.id")}</th>
          </tr>
        </thead>
        <tbody>
          {agents.map((a) => (
            <tr key={a.id}>
              <td>
                <Person name={a.name || a.id} />
              </td>
              <td data-head={t("agents.role")}>{t(roleKey(a))}</td>
              <td data-head={t("agents.access")}>{a.helpDesk ? <Pill tone="teal" icon={shapes.lifeBuoy}>{t("agents.has")}</Pill> : <Pill icon={shapes.inbox}>{t("agents.hasNot")}</Pill>}</td>
              <td data-head={t("settings.id")}>
                <code>{a.id}</code>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="foot-note">{rich("agents.change", { field: <code>helpDesk: true</code>, command: <code>deskmove apply account.yaml</code> })}</p>
    </Frame>
  );
}

export function PipelinesPage() {
  const d = useDirectory();
  return (
    <Frame title="channels.tab.pipelines" intro="pipelines.intro" path="/app/settings/pipelines">
      <div class="stack">
        {d.pipelines.map((p) => (
          <section key={p.id} class="card">
            <header>
              <h2>{p.name || p.id}</h2>
              <code class="end">{p.id}</code>
            </header>
            <ul class="rows statuses">
              {d.statuses
                .filter((s) => s.pipelineId === p.id)
                .map((s) => (
                  <li key={s.id} class="row">
                    <span class="name">
                      <Pill tone={s.closed ? undefined : "teal"}>{s.name || s.id}</Pill>
                    </span>
                    <span class="muted">{t(s.closed ? "pipelines.closed" : "pipelines.open")}</span>
                    <code class="end muted">{s.id}</code>
                  </li>
                ))}
            </ul>
          </section>
        ))}
      </div>
    </Frame>
  );
}

const promises = ["firstReply", "nextReply", "close"] as const;
const days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

export function SLAsPage() {
  const { policies, account } = useDirectory();
  return (
    <Frame title="channels.tab.slas" intro="slas.intro" path="/app/settings/slas">
      {policies.length === 0 && <Empty icon={shapes.timer}>{t("slas.empty")}</Empty>}
      <div class="stack">
        {policies.map((p) => (
          <section key={p.id} class="card">
            <header>
              <h2>{p.name || p.id}</h2>
              <code class="end">{p.id}</code>
            </header>
            <dl class="pairs wide in">
              {promises.map(
                (k) =>
                  p[k] && (
                    <div key={k}>
                      <dt>{t(("sla." + k) as Key)}</dt>
                      <dd>{hours(p[k])}</dd>
                    </div>
                  ),
              )}
              <div>
                <dt>{t("slas.for")}</dt>
                <dd>{p.channels?.length ? list(p.channels.map(channelName)) : t("filter.allChannels")}</dd>
              </div>
              <div>
                <dt>{t("slas.hours")}</dt>
                <dd>
                  {week(p)}
                  {p.schedule && <div class="muted small">{p.schedule.zone || account.zone}</div>}
                </dd>
              </div>
            </dl>
          </section>
        ))}
      </div>
    </Frame>
  );
}

/** hours writes a duration of the setup, 4h30m0s, as 4 h 30 min. */
function hours(s: string): string {
  const units: Record<string, Key> = { h: "unit.h", m: "unit.min", s: "unit.s" };
  const parts = [...s.matchAll(/(\d+)([hms])/g)].filter((m) => m[1] !== "0").map((m) => t(units[m[2]!]!, { v: m[1]! }));
  return parts.join(" ") || s;
}

/** week writes a schedule: Monday 09:00–17:00, … Days with the same hours are together. */
function week(p: Policy): ComponentChildren {
  const weekly = p.schedule?.weekly ?? [];
  if (weekly.length === 0) return t("slas.always");
  const byHours = new Map<string, number[]>();
  for (const w of weekly) {
    const n = (days.indexOf(w.day) + 1) % 7;
    const key = getLanguage() === "nb" ? `${w.from}–${w.to}`.replaceAll(":", ".") : `${w.from}–${w.to}`;
    byHours.set(key, [...(byHours.get(key) ?? []), n]);
  }
  return [...byHours].map(([span, on]) => (
    <div key={span}>
      {weekdays(on)} {span}
    </div>
  ));
}

