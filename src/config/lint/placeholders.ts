/** What examples put where the key goes. */
const PLACEHOLDER =
  /^(?:your|my|optional|insert|enter|add|put|paste|some)[-_ ].*|.*(?:api|secret)[-_ ]?key[-_ ]?(?:here|goes[-_ ]here)$|^(?:changeme|change[-_]me|replace[-_ ]?(?:me|this)|todo|fixme|secret|key|apikey|api[-_]key|token|example|test)$|^<.*>$|^\[.*\]$|^\{\{.*\}\}$|^(?:sk-)?(?:x{3,}|\*{3,}|\.{3,}|\u2026|123456?7?8?9?0?)$|^sk-(?:or-v1-)?(?:x+|\.{3,}|\u2026|your.*)$/i;

/** Whether a text stands for a key, and is none. */
export function isPlaceholder(text: string): boolean {
  return PLACEHOLDER.test(text.trim());
}
