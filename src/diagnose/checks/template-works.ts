import { type Check, failed, findingOf, passed, skipped } from '../check.js';

/** The chat template turns messages into a prompt. */
export const templateWorks: Check = {
  id: 'template.works',
  title: 'the chat template turns messages into a prompt',
  category: 'template',
  needs: ['key.accepted'],
  asks: ['template', 'props'],
  run({ template, props }) {
    if (template.state === 'not-asked') return skipped(template.reason);
    if (template.state === 'failed') {
      const { code } = template.error;
      // Builds before 2025 have no /apply-template, and a server that only embeds needs none.
      if (code === 'connection.wrong-path' || code === 'feature.disabled')
        return skipped('this server cannot show it');
      return failed(template.error.message, findingOf(template.error, 55));
    }
    const caps = props.state === 'known' ? props.value.chat_template_caps : null;
    const can = Object.entries(NAMES).flatMap(([flag, name]) => (caps?.[flag] ? [name] : []));
    const refused = template.value.systemRole;
    if (refused !== null) {
      return passed('works, without a system message', {
        ...findingOf({ ...refused, code: 'request.template-error' }, 12, 'info'),
        title: 'the chat template takes no system message',
      });
    }
    return passed(can.length === 0 ? 'works' : `works: ${can.join(', ')}`);
  },
};

const NAMES: Readonly<Record<string, string>> = {
  supports_system_role: 'system message',
  supports_tool_calls: 'tools',
  supports_typed_content: 'typed content',
};
