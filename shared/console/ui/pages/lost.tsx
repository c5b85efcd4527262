import * as shapes from "lucide";
import { useEffect } from "preact/hooks";
import { t, type Key } from "../i18n";
import { bar, Button, Icon, LinkButton } from "../parts";
import { useArrival, useTitle } from "../router";
import { signOut } from "../session";

function Dead({ title, hint, icon, children }: { title: Key; hint: Key; icon: string; children?: preact.ComponentChildren }) {
  useTitle(t(title));
  useEffect(() => bar.set(t(title)), [title]);
  const h1 = useArrival();
  return (
    <div class="lost">
      <Icon of={icon} size={28} />
      <h1 ref={h1} tabIndex={-1}>
        {t(title)}
      </h1>
      <p>{t(hint)}</p>
      {children}
    </div>
  );
}

/** Lost is for an address without a page. */
export function Lost() {
  return (
    <Dead title="lost.404" hint="lost.404.hint" icon={shapes.circleQuestionMark}>
      <LinkButton href="/app/">{t("lost.start")}</LinkButton>
    </Dead>
  );
}

/** Forbidden is for a page that the reader may not see. */
export function Forbidden({ hint = "lost.403.hint" }: { hint?: Key }) {
  return (
    <Dead title="lost.403" hint={hint} icon={shapes.lock}>
      <LinkButton href="/app/">{t("lost.start")}</LinkButton>
    </Dead>
  );
}

/** Sorry is for a page that broke. */
export function Sorry() {
  return (
    <Dead title="lost.error" hint="lost.error.hint" icon={shapes.triangleAlert}>
      <Button onClick={() => location.reload()}>{t("lost.reload")}</Button>
    </Dead>
  );
}

/** Program is for a connector's token. */
export function Program() {
  return (
    <main>
      <Dead title="signIn.program" hint="signIn.program.hint" icon={shapes.bot}>
        <Button onClick={() => void signOut()}>{t("account.signOut")}</Button>
      </Dead>
    </main>
  );
}
