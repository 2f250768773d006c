/** What of an answer is not as a llama-server's: the first thing that zod, or JSON, stumbled at. */
export function describeMismatch(cause: unknown): string {
  if (cause instanceof SyntaxError) return `not JSON: ${cause.message}`;
  if (typeof cause === 'object' && cause !== null && 'issues' in cause && Array.isArray(cause.issues)) {
    const issue: unknown = cause.issues[0];
    if (
      typeof issue === 'object' &&
      issue !== null &&
      'path' in issue &&
      Array.isArray(issue.path) &&
      'message' in issue
    ) {
      return `not what llama-server answers: ${issue.path.join('.') || 'the body'}: ${String(issue.message)}`;
    }
  }
  return cause instanceof Error ? cause.message : String(cause);
}
