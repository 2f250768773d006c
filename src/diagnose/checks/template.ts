import { type Check, findingOf } from '../check.js';

/** The chat template turns a message into a prompt. */
export const template: Check = {
  id: 'template',
  category: 'model',
  needs: ['key'],
  run({ template: fact, props }) {
    if (fact.state === 'not-asked') return { status: 'skip', summary: fact.reason };
    if (fact.state === 'failed') {
      // Builds before 2025 have no /apply-template.
      if (fact.error.code === 'connection.wrong-path' || fact.error.code === 'feature.disabled') {
        return { status: 'skip', summary: 'this build cannot show it' };
      }
      return { status: 'fail', summary: fact.error.message, findings: [findingOf(fact.error, 55)] };
    }
    const caps = props.state === 'known' ? props.value.chat_template_caps : null;
    const can = [
      caps?.['supports_tool_calls'] ? 'tools' : '',
      caps?.['supports_system_role'] ? 'system role' : '',
    ].filter(Boolean);
    return { status: 'pass', summary: can.length === 0 ? 'works' : `works, ${can.join(', ')}` };
  },
};
