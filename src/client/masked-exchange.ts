import type { Redactor } from '../errors/redact.js';
import type { ExchangeRecord } from './types.js';

/** Headers whose value is never shown. */
const CREDENTIALS = /^(?:proxy-)?authorization$|^(?:set-)?cookie$|api-?key|token|secret/i;

/** An exchange as it may be shown. */
export function maskedExchange(record: ExchangeRecord, redact: Redactor): ExchangeRecord {
  const mask = (headers: Readonly<Record<string, string>>) =>
    Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [
        name,
        !CREDENTIALS.test(name)
          ? redact(value)
          : /^authorization$/i.test(name)
            ? `${schemeOf(value)} ***`
            : '***',
      ]),
    );
  return {
    ...record,
    url: redact(record.url),
    requestHeaders: mask(record.requestHeaders),
    responseHeaders: mask(record.responseHeaders),
    requestBody: record.requestBody === null ? null : redact(record.requestBody),
    error: record.error === null ? null : redact(record.error),
  };
}

/** `Basic` of a proxy's login, else the scheme of a key. */
function schemeOf(authorization: string): string {
  return /^basic\s/i.test(authorization) ? 'Basic' : 'Bearer';
}
