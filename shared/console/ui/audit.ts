// What entries of the audit log say in detail, in the reader's words. The log itself keeps what it was told.
import { has, t, type Key } from "./i18n";
import { moment } from "./time";

/** phrases are what the program writes, and how it is said; their parameters are instants (at) and numbers (n, failed). */
const phrases: [RegExp, Key][] = [
  [/^by the console's sign-in, until (?<at>\S+)$/, "audit.said.signIn"],
  [/^by a command with the data folder's key, until (?<at>\S+)$/, "audit.said.command"],
  [/^since (?<at>\d\S+)$/, "audit.said.since"],
  [/^found after the end: (?<n>\d+) landed, (?<failed>\d+) failed$/, "audit.said.repaired"],
  [/^and (?<n>\d+) more in the minute from (?<at>\S+) on$/, "audit.said.refusals"],
];

/** detail says an entry's detail, such as why a move was refused or who got a right; what it does not know stays as it is. */
export function detail(action: string, said: string | undefined, name: (id: string) => string): string {
  if (!said) return "–";
  for (const key of ["moves.status." + said, "problem." + said, "find." + said]) if (has(key)) return t(key);
  for (const [form, key] of phrases) {
    const { at, ...numbers } = form.exec(said)?.groups ?? {};
    if (at ?? numbers.n) return t(key, { ...numbers, ...(at && { time: moment(at) }) });
  }
  const [right, ids] = said.split(": ");
  if (action.startsWith("role-") && ids && has("audit.role." + right)) return `${t(("audit.role." + right) as Key)}: ${ids.split(", ").map(name).join(", ")}`;
  return said;
}
