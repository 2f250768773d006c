import type { Remedy } from '../../errors/llamactl-error.js';
import { lookUp } from '../look-up.js';

/**
 * How to get a llama-server by the platform's own means. The package managers that are there come first; those that are not
 * are named where nothing else is.
 */
export async function waysToInstall(
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): Promise<Remedy[]> {
  const present = async (remedy: Remedy, program: string) =>
    (await lookUp(program, env)) === null ? [] : [remedy];
  const managers =
    platform === 'win32'
      ? [await present(WINGET, 'winget')]
      : [await present(BREW, 'brew'), await present(NIX, 'nix')];
  const found = managers.flat();
  const usual = platform === 'win32' ? [WINGET] : [BREW, NIX];
  return [...(found.length > 0 ? found : usual), DOCKER];
}

const BREW: Remedy = { text: 'Install it with Homebrew:', commands: ['brew install llama.cpp'] };
const NIX: Remedy = { text: 'Install it with Nix:', commands: ['nix profile install nixpkgs#llama-cpp'] };
const WINGET: Remedy = { text: 'Install it with winget:', commands: ['winget install llama.cpp'] };
const DOCKER: Remedy = {
  text: 'Run it in Docker (CPU; the model is in the folder "models"):',
  commands: [
    'docker run --rm -p 127.0.0.1:8080:8080 -v "$PWD/models:/models" ghcr.io/ggml-org/llama.cpp:server -m /models/MODEL.gguf --host 0.0.0.0 --port 8080',
  ],
};

/** How to get a C++ compiler. */
export async function waysToCompile(
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): Promise<Remedy[]> {
  const text = 'Install a C++ compiler, then try again:';
  if (platform === 'darwin') return [{ text, commands: ['xcode-select --install'] }];
  if (platform === 'win32') return [];
  const managers: readonly (readonly [string, string])[] = [
    ['apt-get', 'sudo apt-get install g++'],
    ['dnf', 'sudo dnf install gcc-c++'],
    ['pacman', 'sudo pacman -S gcc'],
    ['apk', 'apk add g++ linux-headers'],
    ['zypper', 'sudo zypper install gcc-c++'],
  ];
  for (const [program, command] of managers) {
    if ((await lookUp(program, env)) !== null) return [{ text, commands: [command] }];
  }
  return [{ text, commands: [] }];
}

/** How to get pip, or uv in its place. */
export async function waysToDownload(
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): Promise<Remedy[]> {
  const text = 'Install pip or uv, then try again:';
  if (platform === 'win32') return [{ text, commands: ['winget install astral-sh.uv'] }];
  if (platform === 'darwin') return [{ text, commands: ['brew install uv'] }];
  const hasApt = (await lookUp('apt-get', env)) !== null;
  return [{ text, commands: [hasApt ? 'sudo apt-get install python3-pip' : 'python3 -m ensurepip --user'] }];
}
