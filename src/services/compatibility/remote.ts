import { isPublicHost } from '../../wire/hosts.js';

/** Whether a server is one of the open internet, where an answer may cost money. @param baseUrl normalised */
export function isRemoteUrl(baseUrl: string): boolean {
  return !baseUrl.startsWith('unix:') && isPublicHost(new URL(baseUrl).hostname);
}
