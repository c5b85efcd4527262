// Light or dark: as the system, unless the reader chose.
import { store, stored } from "./i18n";
import { Store } from "./store";

export type Theme = "system" | "light" | "dark";

const kept = stored("theme");

export const theme = new Store<Theme>(kept === "light" || kept === "dark" ? kept : "system");

export function setTheme(t: Theme) {
  theme.set(t);
  store("theme", t === "system" ? null : t);
  applyTheme();
}

export function applyTheme() {
  const root = document.documentElement;
  if (theme.value === "system") delete root.dataset.theme;
  else root.dataset.theme = theme.value;
}
