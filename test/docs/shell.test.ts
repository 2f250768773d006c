import assert from 'node:assert/strict';
import { llamactlCalls } from './shell.js';

describe('calls of llamactl in a shell script', () => {
  const cases: readonly (readonly [string, string, readonly (readonly string[])[]])[] = [
    ['plain words', 'llamactl health --url http://gpu1:8080', [['health', '--url', 'http://gpu1:8080']]],
    [
      'quotes',
      `llamactl chat 'it is "so"' --system "two words"`,
      [['chat', 'it is "so"', '--system', 'two words']],
    ],
    ['a pipe, with redirections', 'docker logs x 2>&1 | llamactl explain - > out.txt', [['explain', '-']]],
    ['input from a file', 'llamactl tokenize < prompt.txt', [['tokenize']]],
    [
      'lists',
      'llamactl health --wait 5m && llamactl models; llamactl slots || exit 1',
      [['health', '--wait', '5m'], ['models'], ['slots']],
    ],
    ['assignments before', 'NO_COLOR=1 LLAMACTL_URL=http://x llamactl props', [['props']]],
    ['control words', 'if ! llamactl health; then\n  llamactl diagnose\nfi', [['health'], ['diagnose']]],
    [
      'a command in a command',
      'url=$(llamactl up --tiny --json | jq -r .url)\necho "$(llamactl health)"',
      [['up', '--tiny', '--json'], ['health']],
    ],
    ['lines that go on', 'llamactl chat \\\n  Hello', [['chat', 'Hello']]],
    ['comments', 'llamactl health   # llamactl nonsense\n# llamactl more', [['health']]],
    ['here-documents', "cat > f <<'END'\nllamactl nonsense\nEND\nllamactl health", [['health']]],
    ['a program that starts it', 'timeout 5m llamactl health', [['health']]],
    ['but not its name as a word', 'npm install llamactl\necho llamactl health', []],
    [
      'a flag that ends in a digit',
      'llamactl chat --top-k 3 --seed 1',
      [['chat', '--top-k', '3', '--seed', '1']],
    ],
  ];
  for (const [name, script, calls] of cases) {
    it(name, () => assert.deepEqual(llamactlCalls(script), calls));
  }
});
