import { applyTemplateSchema, detokenizeSchema, pieceText, tokenizeSchema } from '../../wire/tokenize.js';
import type { WireMessage } from '../messages.js';
import type { Tool } from '../types.js';
import type { EndpointCall } from './endpoint.js';

export interface Token {
  readonly id: number;
  /** The token's text; bytes that are no UTF-8 by themselves as `<0xE6>`. */
  readonly piece: string;
}

export interface TokenizeParams {
  readonly content: string;
  /** Adds the beginning-of-sequence token and its like. Default false. */
  readonly addSpecial?: boolean;
  /** Reads `<|im_start|>` and its like as the tokens they name. Default true, the server's own. */
  readonly parseSpecial?: boolean;
  /** Whose tokens, where the server is a router. */
  readonly model?: string;
}

/** `POST /tokenize`, with pieces. */
export function tokenize(params: TokenizeParams): EndpointCall<Token[]> {
  return {
    method: 'POST',
    path: '/tokenize',
    body: {
      content: params.content,
      add_special: params.addSpecial ?? false,
      parse_special: params.parseSpecial ?? true,
      with_pieces: true,
      ...(params.model === undefined ? {} : { model: params.model }),
    },
    read: (body) =>
      tokenizeSchema
        .parse(JSON.parse(body))
        .tokens.map((token) =>
          typeof token === 'number'
            ? { id: token, piece: '' }
            : { id: token.id, piece: pieceText(token.piece) },
        ),
  };
}

/** `POST /detokenize`. @param model whose tokens, where the server is a router */
export function detokenize(tokens: readonly number[], model?: string): EndpointCall<string> {
  return {
    method: 'POST',
    path: '/detokenize',
    body: { tokens, ...(model === undefined ? {} : { model }) },
    read: (body) => detokenizeSchema.parse(JSON.parse(body)).content,
  };
}

/** `POST /apply-template`: the prompt that a conversation becomes. */
export function applyTemplate(
  messages: readonly WireMessage[],
  tools: readonly Tool[] = [],
): EndpointCall<string> {
  return {
    method: 'POST',
    path: '/apply-template',
    body: { messages, ...(tools.length > 0 ? { tools } : {}) },
    read: (body) => applyTemplateSchema.parse(JSON.parse(body)).prompt,
  };
}
