import type { Check } from './check.js';
import { capacitySlots } from './checks/capacity-slots.js';
import { configurationFile } from './checks/configuration-file.js';
import { contextOverflow } from './checks/context-overflow.js';
import { contextSize } from './checks/context-size.js';
import { generationAnswers } from './checks/generation-answers.js';
import { generationSpeed } from './checks/generation-speed.js';
import { generationStreams } from './checks/generation-streams.js';
import { keyAccepted } from './checks/key-accepted.js';
import { keyHygiene } from './checks/key-hygiene.js';
import { machineMemory } from './checks/machine-memory.js';
import { machineProcess } from './checks/machine-process.js';
import { modelLoaded } from './checks/model-loaded.js';
import { modelServed } from './checks/model-served.js';
import { networkDns } from './checks/network-dns.js';
import { networkTcp } from './checks/network-tcp.js';
import { networkTls } from './checks/network-tls.js';
import { serverEndpoints } from './checks/server-endpoints.js';
import { serverIdentity } from './checks/server-identity.js';
import { serverProperties } from './checks/server-properties.js';
import { serverReady } from './checks/server-ready.js';
import { templateTools } from './checks/template-tools.js';
import { templateWorks } from './checks/template-works.js';
import { versionBuild } from './checks/version-build.js';
import { versionMetrics } from './checks/version-metrics.js';
import { versionPort } from './checks/version-port.js';

/** Every check, causes before their consequences. */
export const CHECKS: readonly Check[] = [
  configurationFile,
  networkDns,
  networkTcp,
  networkTls,
  serverIdentity,
  serverReady,
  keyAccepted,
  keyHygiene,
  serverProperties,
  serverEndpoints,
  modelServed,
  modelLoaded,
  contextSize,
  contextOverflow,
  templateWorks,
  templateTools,
  capacitySlots,
  generationAnswers,
  generationStreams,
  generationSpeed,
  versionBuild,
  versionMetrics,
  versionPort,
  machineMemory,
  machineProcess,
];
