/** The colours of the page /me: the operators' page's, with another accent if the settings name one. */

const GROUNDS = { light: "#ffffff", dark: "#1a1f28" } as const;
/** WCAG 2, for text. */
const LEAST_CONTRAST = 4.5;

export type Scheme = keyof typeof GROUNDS;

/** Whether text of this colour (`#rrggbb`) can be read on the page's panels. */
export function isReadable(color: string, scheme: Scheme): boolean {
  return contrast(color, GROUNDS[scheme]) >= LEAST_CONTRAST;
}

export function themeCss({ light, dark }: { readonly light: string | undefined; readonly dark: string | undefined }): string {
  const rule = (color: string) => `:root { --accent: ${color}; --focus: ${color}; --on-accent: ${contrast(color, "#ffffff") >= LEAST_CONTRAST ? "#ffffff" : "#000000"}; }`;
  return [light ? `@media (prefers-color-scheme: light) { ${rule(light)} }` : "", dark ? `@media (prefers-color-scheme: dark) { ${rule(dark)} }` : ""].filter(Boolean).join("\n");
}

function contrast(one: string, other: string): number {
  const [a, b] = [luminance(one), luminance(other)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

function luminance(color: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const part = parseInt(color.slice(at, at + 2), 16) / 255;
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
