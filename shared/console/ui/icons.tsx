// Icons. Their shapes are Lucide's, each one path in a box of 24 by 24:
// import * as shapes from "lucide", of which the bundle has those that are used.
interface Props {
  /** A shape of lucide. */
  of: string;
  /** In pixels where text has its usual size; an icon grows with text. */
  size?: number;
  class?: string;
}

const rem = (px: number) => px / 16 + "rem";

/**
 * Icon draws a shape in the colour of its text. It is hidden from screen
 * readers: text beside it or an aria-label must say what it means.
 */
export function Icon({ of, size = 16, class: more }: Props) {
  return (
    <svg class={more ? "icon " + more : "icon"} width={rem(size)} height={rem(size)} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={of} />
    </svg>
  );
}

/** Logo is the mark of deskmove. */
export function Logo({ size = 28 }: { size?: number }) {
  return (
    <svg class="logo" width={rem(size)} height={rem(size)} viewBox="0 0 28 28" aria-hidden="true" focusable="false">
      <rect width="28" height="28" rx="7.5" />
      <path d="M8.5 9.5v7.4h4.2M11.8 13.9h8M16.8 10.8l3.2 3.1-3.2 3.1" />
    </svg>
  );
}
