import type { Message, ToolCall } from './types.js';

/** What a server's chat template can take, as `/props` says; null where it does not say. */
export interface TemplateCapabilities {
  readonly toolCalls: boolean | null;
}

/** A message as it goes over the wire. */
export type WireMessage = Readonly<Record<string, unknown>> & { readonly role: string };

/**
 * Messages in OpenAI's form. Results of tools go as `role: "tool"` where the template takes them; where it does not, as the
 * user messages that the specification names ("Tool result: …"), and the calls they answer as the assistant's text, so
 * that no turn is lost.
 */
export function formatMessages(
  messages: readonly Message[],
  capabilities: TemplateCapabilities,
): WireMessage[] {
  return messages.map((message) => (capabilities.toolCalls === false ? plain(message) : native(message)));
}

/** Whether some message is a tool's result or a call: only then the template's abilities matter. */
export function usesToolMessages(messages: readonly Message[]): boolean {
  return messages.some((message) => message.role === 'tool' || (message.tool_calls?.length ?? 0) > 0);
}

function native(message: Message): WireMessage {
  return {
    role: message.role,
    content: message.content,
    ...(message.tool_calls?.length ? { tool_calls: message.tool_calls.map(toWire) } : {}),
    ...(message.tool_call_id === undefined ? {} : { tool_call_id: message.tool_call_id }),
    ...(message.name === undefined ? {} : { name: message.name }),
  };
}

function toWire(call: ToolCall): Record<string, unknown> {
  return {
    id: call.id,
    type: 'function',
    function: { name: call.function.name, arguments: argumentsText(call) },
  };
}

function argumentsText(call: ToolCall): string {
  const given = call.function.arguments;
  return typeof given === 'string' ? given : JSON.stringify(given);
}

function plain(message: Message): WireMessage {
  if (message.role === 'tool') return { role: 'user', content: `Tool result: ${textOf(message.content)}` };
  if (!message.tool_calls?.length) return { role: message.role, content: message.content };
  const calls = message.tool_calls.map((call) => `Tool call: ${call.function.name}(${argumentsText(call)})`);
  return {
    role: message.role,
    content: [textOf(message.content), ...calls].filter((line) => line !== '').join('\n'),
  };
}

function textOf(content: Message['content']): string {
  if (content === null) return '';
  if (typeof content === 'string') return content;
  return content.map((part) => (part.type === 'text' ? part.text : '')).join('');
}
