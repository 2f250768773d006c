import { anyAddress } from './any-address.js';
import { baseUrl } from './base-url.js';
import { baseUrls } from './base-urls.js';
import { caseClash } from './case-clash.js';
import { deprecatedForm } from './deprecated-form.js';
import { duplicateName } from './duplicate-name.js';
import { exposedSecret } from './exposed-secret.js';
import { headerCharacters } from './header-characters.js';
import { jsonComments } from './json-comments.js';
import { keyAndLogin } from './key-and-login.js';
import { keyFile } from './key-file.js';
import { keySources } from './key-sources.js';
import { placeholderKey } from './placeholder-key.js';
import { plainHttpKey } from './plain-http-key.js';
import { providerFields } from './provider-fields.js';
import type { LintRule } from './rule.js';
import { targetName } from './target-name.js';
import { trackedSecret } from './tracked-secret.js';
import { unknownKeys } from './unknown-keys.js';
import { unsetVariable } from './unset-variable.js';

/** Every rule, one a file. */
export const RULES: readonly LintRule[] = [
  anyAddress,
  baseUrl,
  baseUrls,
  caseClash,
  deprecatedForm,
  duplicateName,
  exposedSecret,
  headerCharacters,
  jsonComments,
  keyAndLogin,
  keyFile,
  keySources,
  placeholderKey,
  plainHttpKey,
  providerFields,
  targetName,
  trackedSecret,
  unknownKeys,
  unsetVariable,
];
