import assert from 'node:assert/strict';
import type { Classification } from '../../src/catalogue/classification.js';
import { classify } from '../../src/catalogue/classify.js';
import type { ServerKind } from '../../src/catalogue/identify-server.js';
import type { CatalogueCode } from '../../src/errors/codes.js';
import type { LlamaCppErrorType } from '../../src/errors/error-type.js';

/** An answer of a server, as far as it matters. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly path?: string;
  readonly sentKey?: boolean;
  readonly model?: string;
}

/** What our catalogue makes of an answer. */
export function classified({
  path = '/v1/chat/completions',
  sentKey = false,
  ...answer
}: Answer): Classification {
  return classify({
    kind: 'response',
    url: `http://gpu1:8080${path}`,
    method: /chat|completion|models\//.test(path) ? 'POST' : 'GET',
    path,
    sentKey,
    headers: {},
    body: '',
    ...answer,
  });
}

/** What was answered, and what a user is told: type, code, the server's kind, a line. */
export type Case = readonly [string, Answer, LlamaCppErrorType, CatalogueCode, ServerKind, RegExp];

export const LLAMA = { server: 'llama.cpp', 'content-type': 'application/json; charset=utf-8' };
export const HTML = { 'content-type': 'text/html' };
export const JSON_TYPE = { 'content-type': 'application/json' };
export const TEXT = { 'content-type': 'text/plain; charset=utf-8' };

/** A body as llama-server and OpenAI have it. */
export const error = (message: string, type = 'invalid_request_error', code = 400) =>
  JSON.stringify({ error: { code, message, type } });
/** A web server's own page. */
export const page = (title: string) =>
  `<html>\r\n<head><title>${title}</title></head>\r\n<body><center><h1>${title}</h1></center></body></html>`;

/** A test for each case. */
export function holdCases(cases: readonly Case[]): void {
  for (const [name, answer, type, code, kind, message] of cases) {
    it(name, () => {
      const found = classified(answer);
      assert.deepEqual([found.type, found.code], [type, code], found.message);
      assert.match(found.message, message);
      assert.equal(found.details['serverKind'], kind);
      assert.equal(found.details['status'], answer.status);
    });
  }
}
