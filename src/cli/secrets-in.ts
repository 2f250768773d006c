/**
 * `--api-key`, and what people type instead of it (`--apikey`, `-api_key`): a misspelt flag holds a key all the same. Where
 * a key is kept (`--api-key-file`, `--key-env`) is no secret, nor is the name of a Kubernetes secret that holds one: masked,
 * it would be missing in the manifests.
 */
const SECRET_FLAG =
  /^--?(?![\w-]*-(?:file|env|command)(?:=|$)|-?(?:api-key|hf-token)-secret(?:=|$))[\w-]*(?:key|secret|passw|hf-token)[\w-]*(?:=|$)/i;

/**
 * The secrets among the words of a command line, whether or not they can be parsed: values of key flags, and the user
 * information of URLs.
 */
export function secretsIn(argv: readonly string[]): string[] {
  return argv.flatMap((word, index) => {
    const found: string[] = [];
    if (SECRET_FLAG.test(word)) {
      const at = word.indexOf('=');
      const value = at < 0 ? argv[index + 1] : word.slice(at + 1);
      if (value !== undefined && !value.startsWith('--')) found.push(value);
    }
    return [...found, ...userInformationIn(word)];
  });
}

/** `http://key@host`, `user:password@host`: the password, and what stands before the `@` as a whole. */
function userInformationIn(word: string): string[] {
  const value = /^--?[\w-]+=(.*)$/s.exec(word)?.[1] ?? word;
  const [, scheme, user, password] =
    /^([a-z][a-z0-9+.-]*:\/\/)?([^\s@/:]*:)?([^\s/]+)@[^\s@]+$/i.exec(value) ?? [];
  // `bob@example.com` is no secret.
  if (password === undefined || (scheme === undefined && user === undefined)) return [];
  return [`${user ?? ''}${password}`, password];
}
