import type { LlamactlError } from '../../errors/llamactl-error.js';
import {
  compare,
  DURATION_UNITS,
  type Expression,
  parseExpression,
  type Term,
  type Terms,
} from '../expression.js';

/** What a server says of one thing: its value, or why it does not tell. */
export type Told<Value> = { readonly value: Value } | { readonly unknown: string };

/** What requirements are held against; what none of them names was not asked for. */
export interface GateFacts {
  /** Names and aliases of the models that are served. */
  readonly models: Told<readonly string[]>;
  /** Tokens that one request may hold. */
  readonly ctx: Told<number>;
  readonly slots: Told<number>;
  /** Slots without a task. */
  readonly idle: Told<number>;
  /** Requests that wait for a slot. */
  readonly deferred: Told<number>;
  /** Whether the chat template takes tool calls. */
  readonly tools: Told<boolean>;
  readonly vision: Told<boolean>;
  readonly audio: Told<boolean>;
  /** Whether the model is in memory now. */
  readonly awake: Told<boolean>;
  /** Whether `GET /metrics` is on. */
  readonly metrics: Told<boolean>;
  /** llama.cpp's build number: 9000 of `b9000-1a2b3c`. */
  readonly build: Told<number>;
  /** Milliseconds that `/health` took. */
  readonly response: Told<number>;
}
export type GateFact = keyof GateFacts;

/** How a requirement came out. */
export interface RequirementResult {
  /** As it was given. */
  readonly expression: string;
  readonly held: boolean;
  /** What the server has; null where it does not tell. */
  readonly value: number | boolean | string | null;
  /** A phrase: what the server has and, where that is a miss, by how much. */
  readonly message: string;
}

/** One requirement, read. */
export interface Requirement {
  readonly fact: GateFact;
  readonly expression: Expression;
}

const count = (example: string): Term => ({ kind: 'number', units: { '': 1 }, example });
const flag = (example: string): Term => ({ kind: 'flag', example });

/** What `--require` knows, by name. */
export const GATE_TERMS = {
  model: { kind: 'text', example: 'model=NAME' },
  ctx: { kind: 'number', units: { '': 1, k: 1024 }, example: 'ctx>=8192' },
  slots: count('slots>=2'),
  idle: count('idle>=1'),
  deferred: count('deferred=0'),
  build: count('build>=9000'),
  response: { kind: 'number', units: DURATION_UNITS, example: 'response<=500ms' },
  tools: flag('tools'),
  vision: flag('vision'),
  audio: flag('audio'),
  awake: flag('awake'),
  metrics: flag('metrics'),
} as const satisfies Terms;

const FACT_OF: Readonly<Record<keyof typeof GATE_TERMS, GateFact>> = {
  model: 'models',
  ctx: 'ctx',
  slots: 'slots',
  idle: 'idle',
  deferred: 'deferred',
  build: 'build',
  response: 'response',
  tools: 'tools',
  vision: 'vision',
  audio: 'audio',
  awake: 'awake',
  metrics: 'metrics',
};

/** A value as a phrase. */
const PHRASES: Readonly<Record<Exclude<GateFact, 'models'>, (value: number | boolean) => string>> = {
  ctx: (value) => `a request may hold ${tokens(value)} tokens`,
  slots: (value) => plural(value, 'slot'),
  idle: (value) => `${plural(value, 'slot')} idle`,
  deferred: (value) => `${plural(value, 'request')} waiting`,
  build: (value) => `b${value}`,
  response: (value) => `/health took ${value} ms`,
  tools: (value) => `the chat template ${value ? 'takes' : 'knows no'} tool calls`,
  vision: (value) => `the model takes ${value ? 'images' : 'no images'}`,
  audio: (value) => `the model takes ${value ? 'audio' : 'no audio'}`,
  awake: (value) => (value ? 'the model is in memory' : 'the model sleeps'),
  metrics: (value) => `/metrics is ${value ? 'on' : 'off: llama-server --metrics turns it on'}`,
};

/**
 * Reads requirements: `ctx>=8192`, `model=NAME`, `tools`.
 * @throws {@link LlamactlError} (usage) with a caret under what is wrong
 */
export function parseRequirements(texts: readonly string[]): readonly Requirement[] {
  return texts.map((text) => {
    const expression = parseExpression(text, GATE_TERMS, '--require');
    return { expression, fact: FACT_OF[expression.name as keyof typeof GATE_TERMS] };
  });
}

/** The model that `model=NAME` asks for: what else is required is asked of it. */
export function modelOf(requirements: readonly Requirement[]): string | undefined {
  const { expression } = requirements.find(({ fact }) => fact === 'models') ?? {};
  return expression?.kind === 'text' && expression.operator === '=' ? expression.value : undefined;
}

/** Holds a requirement against what a server says. Pure. */
export function judge({ expression, fact }: Requirement, facts: GateFacts): RequirementResult {
  const { text } = expression;
  if (fact === 'models') return judgeModel(expression, facts.models);
  const told: Told<number | boolean> = facts[fact];
  if ('unknown' in told)
    return { expression: text, held: false, value: null, message: `not known: ${told.unknown}` };
  const { value } = told;
  const phrase = PHRASES[fact](value);
  if (expression.kind !== 'number' || typeof value !== 'number')
    return { expression: text, held: value === true, value, message: phrase };
  const held = compare(value, expression.operator, expression.value);
  return {
    expression: text,
    held,
    value,
    message: held ? phrase : `${phrase}${distance(value, expression.value, fact)}`,
  };
}

function judgeModel(expression: Expression, told: GateFacts['models']): RequirementResult {
  const { text } = expression;
  if ('unknown' in told)
    return { expression: text, held: false, value: null, message: `not known: ${told.unknown}` };
  const wanted = expression.kind === 'text' ? expression.value : '';
  const served = told.value.some((name) => name === wanted || fileName(name) === fileName(wanted));
  const held = expression.kind === 'text' && expression.operator === '!=' ? !served : served;
  const shown = told.value.length > 5 ? `${told.value.slice(0, 5).join(', ')} …` : told.value.join(', ');
  return {
    expression: text,
    held,
    value: served ? wanted : (told.value[0] ?? null),
    message: served ? 'served' : told.value.length === 0 ? 'no model is served' : `served: ${shown}`,
  };
}

/** Without an alias, llama-server calls a model by its file: `/models/tiny.gguf` is `tiny`. */
function fileName(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1).replace(/\.gguf$/, '');
}

/** By how much: `, 4,096 fewer than 8,192`. */
function distance(value: number, wanted: number, fact: GateFact): string {
  if (value === wanted) return '';
  const by = Math.round(Math.abs(value - wanted) * 10) / 10;
  const unit = fact === 'response' ? ' ms' : '';
  const word =
    fact === 'response' ? ['less', 'more'] : fact === 'build' ? ['older', 'newer'] : ['fewer', 'more'];
  const amount = fact === 'build' ? plural(by, 'build') : `${by.toLocaleString('en-US')}${unit}`;
  const than = fact === 'build' ? `b${wanted}` : `${wanted.toLocaleString('en-US')}${unit}`;
  return `, ${amount} ${value < wanted ? word[0] : word[1]} than ${than}`;
}

function plural(value: number | boolean, noun: string): string {
  return `${tokens(value)} ${noun}${value === 1 ? '' : 's'}`;
}

function tokens(value: number | boolean): string {
  return value.toLocaleString('en-US');
}
