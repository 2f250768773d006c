import * as z from 'zod';

const pieceSchema = z.union([z.string(), z.array(z.number().int().min(0).max(255))]);

/** `POST /tokenize` with `with_pieces`: a piece that is no valid UTF-8 by itself comes as bytes. */
export const tokenizeSchema = z.looseObject({
  tokens: z.array(z.union([z.number(), z.looseObject({ id: z.number(), piece: pieceSchema })])),
});
export type TokenizeAnswer = z.infer<typeof tokenizeSchema>;

/** `POST /detokenize`. */
export const detokenizeSchema = z.looseObject({ content: z.string() });

/** `POST /apply-template`. */
export const applyTemplateSchema = z.looseObject({ prompt: z.string() });

/** `POST /v1/chat/completions/input_tokens` (absent in builds of 2025-05). */
export const inputTokensSchema = z.looseObject({ input_tokens: z.number() });

/** A piece as text: bytes that are no UTF-8 by themselves are shown as `<0xE6>`, llama.cpp's own way. */
export function pieceText(piece: string | readonly number[]): string {
  if (typeof piece === 'string') return piece;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(piece));
  } catch {
    return piece.map((byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`).join('');
  }
}
