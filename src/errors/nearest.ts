import { distance } from 'fastest-levenshtein';

/** The word that was probably meant, in whatever case; null where none is near. */
export function nearest(word: string, candidates: readonly string[]): string | null {
  const given = word.toLowerCase();
  let best: string | null = null;
  let bestDistance = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    const known = candidate.toLowerCase();
    const d =
      known.startsWith(given) && given !== '' ? Math.min(1, distance(given, known)) : distance(given, known);
    if (d < bestDistance) {
      best = candidate;
      bestDistance = d;
    }
  }
  return best;
}
