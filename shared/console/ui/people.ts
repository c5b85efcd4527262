// Who wrote, as channels name them: an address with or without a name, a number, a name.
import type { Address, Conversation } from "./api.gen";

export interface Party {
  name: string;
  /** Beside the name; absent if that is all there is. */
  address?: string;
}

/** party reads "Jonas Lie <jonas@post.example>" and the like. */
export function party(from: string): Party {
  const m = /^\s*"?([^"<>]*?)"?\s*<([^<>]+)>\s*$/.exec(from);
  if (!m) return { name: from.trim() };
  const [, name = "", address = ""] = m;
  return name ? { name, address } : { name: address };
}

/** partyOf is whom an address of a message names; its name is empty if it names nobody. */
export function partyOf(a: Address | undefined): Party {
  const read = party(a?.address ?? "");
  if (!a?.name) return read;
  const address = read.address ?? read.name;
  return address && address !== a.name ? { name: a.name, address } : { name: a.name };
}

/** customerOf is the customer of a conversation or a ticket. */
export function customerOf(c: Pick<Conversation, "customer" | "customerName">): Party {
  return partyOf({ name: c.customerName, address: c.customer });
}

/** isolated keeps the direction of writing of a name from turning the words around it. */
export function isolated(name: string): string {
  return `\u2068${name}\u2069`;
}
