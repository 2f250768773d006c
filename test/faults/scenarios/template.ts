import type { Route } from '../../support/canned-server.js';
import { replay } from '../../support/replay.js';
import { problem, type Scenario, warning } from '../scenario.js';
import { diagnose, nanocoder } from './ways.js';

const EACH = '{% for m in messages %}{{ m.role + m.content }}{% endfor %}';
const TINY = ['-c', '512', '--alias', 'tiny'];

/** What a build before 2026 answers where the template raises: newer ones try it at the start, and do not start. */
const RAISES: Route = {
  status: 500,
  headers: { server: 'llama.cpp' },
  body: {
    error: {
      code: 500,
      message:
        'Jinja Exception: Conversation roles must alternate user/assistant/user/assistant/... at row 1, column 42',
      type: 'server_error',
    },
  },
};

/** From messages to a prompt. nanocoder sends tools with every request. */
export const TEMPLATES: readonly Scenario[] = [
  {
    id: 'template-raises',
    title: 'the chat template raises an exception',
    layer: 'template',
    setUp: async (lab) => {
      const { url } = await lab.canned({
        ...replay('2025-05', ['default']),
        'POST /apply-template': RAISES,
        'POST /v1/chat/completions': RAISES,
      });
      return diagnose(url);
    },
    expect: problem('request.template-error', { alone: true, mentions: [/alternate/] }),
  },
  {
    id: 'template-raises-for-tools',
    title: 'the chat template raises an exception where there are tools, which nanocoder always sends',
    layer: 'template',
    setUp: async (lab) => {
      const template = `{% if tools %}{{ raise_exception('This model does not take tools') }}{% endif %}${EACH}`;
      return nanocoder(lab, (await lab.server([...TINY, '--chat-template', template])).url);
    },
    expect: problem('request.template-error', {
      alone: true,
      also: ['feature.unsupported-input'],
      mentions: [/tools/],
    }),
  },
  {
    id: 'template-without-tools',
    title: 'the chat template ignores tools, which nanocoder always sends',
    layer: 'template',
    setUp: async (lab) => nanocoder(lab, (await lab.server([...TINY, '--chat-template', EACH])).url),
    expect: warning('feature.unsupported-input', { alone: true, mentions: [/tools/, /--chat-template/] }),
  },
  {
    id: 'template-no-jinja',
    title: 'a server with --no-jinja refuses tools, which nanocoder always sends',
    layer: 'template',
    setUp: async (lab) => nanocoder(lab, (await lab.server([...TINY, '--no-jinja'])).url),
    expect: problem('feature.disabled', { alone: true, mentions: [/--jinja/] }),
  },
  {
    id: 'template-no-jinja-2025',
    title: 'a build of 2025 without --jinja refuses tools, which nanocoder always sends',
    layer: 'template',
    setUp: async (lab) => nanocoder(lab, (await lab.canned(replay('2025-05', ['default']))).url),
    expect: problem('feature.disabled', { alone: true, mentions: [/--jinja/] }),
  },
];
