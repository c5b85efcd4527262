/** match returns the parameters of a path that fits a pattern such as /app/moves/:id; null else. */
export function match(pattern: string, path: string): Record<string, string> | null {
  const want = pattern.split("/");
  const have = path.replace(/\/+$/, "").split("/");
  if (want.length !== have.length) return null;
  const params: Record<string, string> = {};
  for (const [i, part] of want.entries()) {
    if (part.startsWith(":")) {
      if (!have[i]) return null;
      try {
        params[part.slice(1)] = decodeURIComponent(have[i]);
      } catch {
        return null;
      }
    } else if (part !== have[i]) return null;
  }
  return params;
}
