import { stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { errorOf } from '../catalogue/to-error.js';
import { usageError } from '../errors/llamactl-error.js';

/** What llama-server is told to load. */
export interface ModelArgument {
  readonly args: readonly string[];
  /** For people, and for remedies: the path or name as it was given. */
  readonly name: string;
  /** Whether llama-server may have to download it first, as the user asked. */
  readonly remote: boolean;
}

/** `user/repo`, `user/repo:Q4_K_M`: what Hugging Face allows in names. */
const REPOSITORY = /^[\w][\w.-]*\/[\w][\w.-]*(:[\w.-]+)?$/;

/**
 * A model as people name it, as llama-server's options: a file, `hf:USER/REPO[:QUANT]` or `USER/REPO[:QUANT]` of Hugging Face,
 * or a URL.
 * @param downloads folder for a model that is named by its URL
 * @throws LlamactlError where it is a file that is not there, or nothing that can be a model
 */
export async function readModelArgument(text: string, downloads: string): Promise<ModelArgument> {
  if (/^https?:\/\//i.test(text)) return fromUrl(text, downloads);
  if (text.startsWith('hf:')) {
    const repository = text.slice('hf:'.length);
    if (!REPOSITORY.test(repository)) {
      throw usageError(`${text} names no model: after hf: comes USER/REPO, and maybe :QUANT`, [
        { text: 'For example:', commands: ['llamactl up hf:ggml-org/gemma-3-1b-it-GGUF:Q4_K_M'] },
      ]);
    }
    return { args: ['-hf', repository], name: repository, remote: true };
  }
  const path = resolve(text);
  const facts = await stat(path).catch(() => null);
  if (facts?.isFile()) return { args: ['-m', path], name: text, remote: false };
  if (facts?.isDirectory()) {
    throw usageError(`${text} is a folder: name the .gguf file in it`, [
      { text: 'See what is there:', commands: [`ls -lh ${text}`] },
    ]);
  }
  if (REPOSITORY.test(text) && !/\.gguf$/i.test(text))
    return { args: ['-hf', text], name: text, remote: true };
  throw await errorOf(
    {
      type: 'MODEL_NOT_FOUND',
      code: 'model.file-missing',
      message: `there is no model file ${text}`,
      evidence: text === path ? [] : [`looked for ${path}`],
      details: { path },
    },
    { model: text },
  );
}

function fromUrl(text: string, downloads: string): ModelArgument {
  const file = URL.canParse(text) ? basename(new URL(text).pathname) : '';
  if (!/\.gguf$/i.test(file)) {
    throw usageError(`${text} names no model: a URL of a .gguf file is needed`, [
      { text: 'A server that runs already is looked at with:', commands: [`llamactl health --url ${text}`] },
    ]);
  }
  // With the URL alone llama-server starts as a router without a model, and calls itself healthy.
  return { args: ['-mu', text, '-m', join(downloads, file)], name: file, remote: true };
}
