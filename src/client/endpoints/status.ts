import { type Health, healthSchema } from '../../wire/health.js';
import { parseServerMetrics, type ServerMetrics } from '../../wire/metrics.js';
import { type ModelListAnswer, modelListSchema } from '../../wire/models.js';
import { type Props, propsSchema } from '../../wire/props.js';
import { type Slot, slotsSchema } from '../../wire/slots.js';
import { type EndpointCall, json, type ModelQuery, modelQuery } from './endpoint.js';

/** `GET /health`: public where there is no `--api-prefix`; does not wake a sleeper. */
export function health(): EndpointCall<Health> {
  return { method: 'GET', path: '/health', read: json(healthSchema), quick: true };
}

/** `GET /props`: does not wake a sleeper; a router needs a model for anything but its own facts. */
export function props(query: ModelQuery = {}): EndpointCall<Props> {
  return {
    method: 'GET',
    path: `/props${modelQuery(query)}`,
    quick: true,
    read: (body) => {
      const told = json(propsSchema)(body);
      // LM Studio answers 200 to what it does not have, with an error for a body.
      if (!Object.keys(propsSchema.shape).some((name) => name in told))
        throw new TypeError('nothing that a llama-server tells of itself');
      return told;
    },
  };
}

/** `GET /v1/models`: does not wake a sleeper. */
export function models(): EndpointCall<ModelListAnswer> {
  return { method: 'GET', path: '/v1/models', read: json(modelListSchema), quick: true };
}

/** `GET /slots`: WAKES a sleeper; in builds of 2025-05 it waits for the running task. */
export function slots(query: ModelQuery = {}): EndpointCall<Slot[]> {
  return { method: 'GET', path: `/slots${modelQuery(query)}`, read: json(slotsSchema) };
}

/** The metrics, and the text that they were read from. */
export interface MetricsAnswer {
  readonly metrics: ServerMetrics;
  readonly text: string;
}

/**
 * `GET /metrics`: needs `--metrics`; wakes a sleeper of v0.1.0, none of v0.5.0 and later. Scraping resets the
 * `*_tokens_seconds` gauges.
 */
export function metrics(query: ModelQuery = {}): EndpointCall<MetricsAnswer> {
  return {
    method: 'GET',
    path: `/metrics${modelQuery(query)}`,
    quick: true,
    read: (text) => {
      const parsed = parseServerMetrics(text);
      if (parsed === null) throw new TypeError('not the metrics of a llama-server');
      return { metrics: parsed, text };
    },
  };
}
