import assert from 'node:assert/strict';
import { stripVTControlCharacters } from 'node:util';
import type { ModelInfo } from '../../src/client/types.js';
import { renderModels } from '../../src/render/models.js';
import { displayWidth } from '../../src/render/width.js';

const LONG = 'Qwen3-30B-A3B-Instruct-2507-GGUF-Q4_K_M-00001-of-00002';
const model = (id: string, more: Partial<ModelInfo> = {}): ModelInfo => ({
  id,
  aliases: [],
  parameters: 4_022_468_096,
  sizeBytes: 2_500_000_000,
  quantization: 'Q4_K_M',
  contextPerSlot: 8192,
  contextTrained: 40_960,
  status: 'ready',
  ...more,
});
const draw = (models: readonly ModelInfo[], width: number) =>
  stripVTControlCharacters(renderModels({ models, source: 'server' }, width));

describe('the table of models', () => {
  it('has aliases and every column where there is room', () => {
    const [head, row] = draw([model('qwen', { aliases: ['fast', 'small'] })], 120).split('\n');
    assert.equal(head, 'MODEL  ALIASES      PARAMETERS  QUANT       SIZE  CONTEXT (SLOT / TRAINED)  STATUS');
    assert.equal(row, 'qwen   fast, small       4.0 B  Q4_K_M  2.33 GiB            8,192 / 40,960  ready');
  });

  it('keeps long names whole, on lines of their own, and tells aliases beneath, in 80 columns', () => {
    const text = draw(
      [model(LONG, { aliases: ['big'] }), model('tiny', { parameters: null, sizeBytes: null })],
      80,
    );
    assert.equal(
      text,
      [
        'MODEL  PARAMS  QUANT       SIZE  SLOT / TRAINED  STATUS',
        LONG,
        '        4.0 B  Q4_K_M  2.33 GiB  8,192 / 40,960  ready',
        'tiny        –  Q4_K_M         –  8,192 / 40,960  ready',
        '',
        `${LONG} is also called big`,
      ].join('\n'),
    );
  });

  it('shortens its titles before a name leaves its line', () => {
    const [head, row] = draw([model('a-name-of-24-characters-')], 80).split('\n');
    assert.match(head ?? '', /^MODEL +PARAMS +QUANT +SIZE {2}SLOT \/ TRAINED {2}STATUS$/);
    assert.match(row ?? '', /^a-name-of-24-characters- +4\.0 B .* ready$/);
  });

  it('leaves columns out on a narrow screen, and counts wide characters as two', () => {
    for (const width of [40, 60, 80, 100]) {
      for (const line of draw(
        [model('模型-漢字-名前-四十億'), model('b', { status: 'downloading' })],
        width,
      ).split('\n'))
        assert.ok(displayWidth(line) <= Math.max(width, 45), `${width}: ${line}`);
    }
  });

  it('says whose names they are where the server could not be asked, and that there are none', () => {
    assert.match(
      renderModels({ models: [model('a')], source: 'configuration' }, 80),
      /\n\nThese are the configured names: the server could not be asked\.$/,
    );
    assert.equal(draw([], 80), 'The server lists no models.');
  });
});
