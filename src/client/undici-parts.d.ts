// undici has no `exports` map, so its parts can be imported alone: its index evaluates fetch, WebSocket and caches that
// we never use, at twice the start-up time (measured, docs/development.md).
declare module 'undici/lib/dispatcher/agent.js' {
  import { Agent } from 'undici';
  export default Agent;
}
declare module 'undici/lib/core/connect.js' {
  import { buildConnector } from 'undici';
  export default buildConnector;
}
