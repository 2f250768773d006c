import { type Check, failed, finding, findingOf, passed, skipped } from '../check.js';

/** Tools can be used, where the configuration's application uses them. */
export const templateTools: Check = {
  id: 'template.tools',
  title: 'tools can be used',
  category: 'template',
  needs: ['key.accepted', 'template.works'],
  asks: ['props', 'template', 'deep'],
  run(facts) {
    const { deep, props, configured } = facts;
    if (deep.toolCall.state === 'known') {
      const { name, valid } = deep.toolCall.value;
      if (valid) return passed('a forced call came, and was valid');
      const title =
        name === ''
          ? 'the model called no tool though it had to'
          : `the model's call of ${name} is not valid`;
      return failed(
        title,
        finding('request.tool-call-parse', facts, {
          severity: 'warning',
          title,
          evidence: ['tool_choice "required", one tool'],
          rank: 42,
        }),
      );
    }
    const refused = facts.template.state === 'known' ? facts.template.value.tools : null;
    if (refused !== null) {
      return failed(refused.message, {
        ...findingOf(refused, 50),
        title: `tools are configured, and the server refuses them: ${refused.message}`,
        evidence: [...refused.evidence, `configured in ${configured.file ?? 'the configuration'}`],
      });
    }
    if (deep.toolCall.state === 'failed') {
      const { error } = deep.toolCall;
      // Nobody has asked for tools: that the server has them off is worth a note.
      const isOff = error.type === 'UNSUPPORTED_FEATURE' && configured.usesTools !== true;
      return isOff
        ? passed('off', findingOf(error, 8, 'info'))
        : failed(error.message, findingOf(error, 42, 'warning'));
    }
    const caps = props.state === 'known' ? props.value.chat_template_caps : null;
    const can = caps?.['supports_tool_calls'] ?? caps?.['supports_tools'];
    if (can === undefined || can === null) return skipped('the server does not tell');
    if (can) return passed('the template knows them');
    if (configured.usesTools !== true) return passed('the template knows none, and none are configured');
    return failed(
      'the template knows none',
      finding('feature.unsupported-input', facts, {
        severity: 'warning',
        title: 'tools are configured, and the chat template of this model knows none',
        evidence: [
          '/props → chat_template_caps: supports_tool_calls is false',
          `configured in ${configured.file ?? 'the configuration'}`,
        ],
        rank: 50,
        remedies: [
          {
            text: 'Start the server with a template that knows tools:',
            commands: ['llama-server -m MODEL --jinja --chat-template-file TEMPLATE'],
          },
          {
            text: 'Or switch tools off for this model ("disableToolModels" in agents.config.json).',
            commands: [],
          },
        ],
      }),
    );
  },
};
