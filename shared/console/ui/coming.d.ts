// Operations that the pages use before the API has them. A property that is here
// and in api.gen.ts is an error: remove it here.
import type { Policy } from "./api.gen";

declare module "./api.gen" {
  interface Operations {
    "GET /v1/directory": {
      path: undefined;
      query: undefined;
      body: undefined;
      answer: {
        account: { id: string; name: string; zone: string };
        agents: Array<{ id: string; name: string; role: "super-admin" | "agent"; helpDesk: boolean }>;
        teams: Array<{ id: string; name: string }>;
        pipelines: Array<{ id: string; name: string }>;
        statuses: Array<{ id: string; name: string; closed: boolean; pipelineId: string }>;
        channels: Array<{ id: string; name: string; type: "chat" | "email" | "form" | "calling" | "whatsapp" | "messenger"; address?: string; home: "inbox" | "moving" | "helpdesk" }>;
        policies: Array<Policy>;
      };
    };
  }
}
