// Who wrote, as channels name them: an address with or without a name, a number, a name.

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
