// Which address shows which page, and to whom.
import { createElement, type ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { isAdmin, type Me } from "./account";
import { AuditPage } from "./pages/audit";
import { ChannelPage, ChannelsPage } from "./pages/channels";
import { DeskPage } from "./pages/desk";
import { FlowsPage } from "./pages/flows";
import { InboxPage } from "./pages/inbox";
import { MovesPage } from "./pages/moves";
import { AgentsPage, PipelinesPage, SLAsPage } from "./pages/settings";
import { match } from "./match";
import { Skeleton } from "./parts";

export interface Route {
  /** What may vary is called :id. */
  path: string;
  page: ComponentType<{ id: string }>;
  /** Who may see it; everyone without it. The API decides, this only says so sooner. */
  who?: (m: Me) => boolean;
  /** A full page without navigation. */
  bare?: boolean;
  /** Routes of one area are one page, which stays when one goes from one to the other. */
  area?: string;
}

const hasDesk = (m: Me) => m.helpDesk;

/** later is a page that is fetched when it is needed. If it cannot be, the page is broken. */
function later(load: () => Promise<ComponentType<{ id: string }>>): ComponentType<{ id: string }> {
  return function Later(props: { id: string }) {
    const [loaded, set] = useState<{ page?: ComponentType<{ id: string }>; error?: unknown }>({});
    useEffect(() => {
      load().then(
        (page) => set({ page }),
        (error: unknown) => set({ error }),
      );
    }, []);
    if (loaded.error) throw loaded.error;
    return loaded.page ? createElement(loaded.page, props) : <div class="page"><Skeleton rows={6} height={20} /></div>;
  };
}

const routes: Route[] = [
  { path: "/app/inbox", page: InboxPage, area: "inbox" },
  { path: "/app/inbox/:id", page: InboxPage, area: "inbox" },
  { path: "/app/desk", page: DeskPage, area: "desk", who: hasDesk },
  { path: "/app/desk/:id", page: DeskPage, area: "desk", who: hasDesk },
  { path: "/app/settings/channels", page: ChannelsPage },
  { path: "/app/settings/channels/:id", page: ChannelPage },
  { path: "/app/settings/agents", page: AgentsPage },
  { path: "/app/settings/pipelines", page: PipelinesPage },
  { path: "/app/settings/slas", page: SLAsPage },
  { path: "/app/service/chatflows", page: FlowsPage },
  { path: "/app/channels/:id/move", page: later(async () => (await import("./pages/admin")).MovePage), who: isAdmin, bare: true },
  { path: "/app/moves/:id", page: later(async () => (await import("./pages/admin")).ProgressPage), who: isAdmin },
  { path: "/app/moves", page: MovesPage, who: isAdmin },
  { path: "/app/ops", page: later(async () => (await import("./pages/admin")).OpsPage), who: isAdmin },
  { path: "/app/audit", page: AuditPage, who: isAdmin },
];

/** hasPage tells whether there is a page, so that nothing links to what is not there. */
export function hasPage(path: string): boolean {
  return routes.some((r) => match(r.path, path));
}

/** start is where one begins. */
export function start(): string {
  return ["/app/inbox", "/app/settings/channels"].find(hasPage)!;
}

/** findRoute returns the route of a path, and the ID in it. */
export function findRoute(path: string): { route?: Route; id: string } {
  for (const route of routes) {
    const params = match(route.path, path);
    if (params) return { route, id: params.id ?? "" };
  }
  return { id: "" };
}
