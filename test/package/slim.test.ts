import assert from 'node:assert/strict';

const { loadLate } = (await import(new URL('../../bin/slim.js', import.meta.url).href)) as {
  loadLate(text: string): string;
};

/** Runs a CommonJS module, telling what it loads. */
function run(text: string): { readonly exports: Record<string, () => unknown>; readonly loaded: string[] } {
  const loaded: string[] = [];
  const module = { exports: {} };
  const require = (name: string) => {
    loaded.push(name);
    return { greet: (who: string) => `${name} greets ${who}`, Thing: class {}, default: { deep: name } };
  };
  new Function('module', 'exports', 'require', '__importDefault', text)(
    module,
    module.exports,
    require,
    (value: unknown) => value,
  );
  return { exports: module.exports, loaded };
}

describe("loading what oclif's modules need when it is needed", () => {
  const module = [
    '"use strict";',
    'const greeter_1 = require("./greeter");',
    'const things_1 = __importDefault(require("things"));',
    'var unused_1 = require("unused");',
    'Object.defineProperty(exports, "again", { enumerable: true, get: function () { return unused_1.greet; } });',
    'exports.greet = () => (0, greeter_1.greet)("you");',
    'exports.make = () => new things_1.Thing();',
    'exports.deep = () => things_1.default.deep;',
  ].join('\n');

  it('loads nothing at first, and each once', () => {
    const { exports, loaded } = run(loadLate(module));
    assert.deepEqual(loaded, []);
    assert.equal(exports['greet']?.(), './greeter greets you');
    assert.equal(exports['greet']?.(), './greeter greets you');
    assert.equal(typeof exports['make']?.(), 'object');
    assert.equal(exports['deep']?.(), 'things');
    assert.deepEqual(loaded, ['./greeter', 'things']);
    assert.equal(typeof exports['again'], 'function');
    assert.deepEqual(loaded, ['./greeter', 'things', 'unused']);
  });

  it('leaves other modules as they are', () => {
    const other =
      "const { request } = require('./request');\nconst util = require('util');\nmodule.exports = util;";
    assert.equal(loadLate(other), other);
  });
});
