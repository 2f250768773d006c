import { readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { goModule, output, TOOLS, whole } from './tools.js';

/** A program whose Go module `go install` does not take, since it replaces modules: built within a module of our own. */
interface GoProgram {
  readonly module: string;
  readonly version: string;
  /** The program's package, below the module. */
  readonly package: string;
  /** The program. */
  readonly place: string;
  /** What a replacement by a folder of the module's own repository becomes: the version of the module by that name. */
  readonly staging?: string;
  readonly ldflags?: string;
}

export const KUBE_APISERVER: GoProgram = {
  module: 'k8s.io/kubernetes',
  version: 'v1.34.4',
  package: 'cmd/kube-apiserver',
  place: join(TOOLS, 'kube-apiserver-1.34.4', 'kube-apiserver'),
  staging: 'v0.34.4',
  ldflags: '-s -w -X k8s.io/component-base/version.gitVersion=v1.34.4',
};

export const DOCKER_COMPOSE: GoProgram = {
  module: 'github.com/docker/compose/v2',
  version: 'v2.40.3',
  package: 'cmd',
  place: join(TOOLS, 'docker-compose-2.40.3', 'docker-compose'),
  ldflags: '-s -w -X github.com/docker/compose/v2/internal.Version=v2.40.3',
};

/** Builds a program, in minutes. Its dependencies have the versions that its own module names. @returns whether it is there */
export function goBuild(program: GoProgram): boolean {
  const source = goModule(`${program.module}@${program.version}`);
  if (source === null) return false;
  return whole(dirname(program.place), (folder) => {
    writeFileSync(join(folder, 'go.mod'), moduleFile(program, readFileSync(join(source, 'go.mod'), 'utf8')));
    const built = output(
      'go',
      [
        'build',
        '-mod=mod',
        '-trimpath',
        ...(program.ldflags === undefined ? [] : ['-ldflags', program.ldflags]),
        '-o',
        basename(program.place),
        `${program.module}/${program.package}`,
      ],
      { cwd: folder, env: { CGO_ENABLED: '0', GOFLAGS: '', GOWORK: 'off' } },
    );
    return built !== null;
  });
}

/** A module that needs nothing but the program, with the program's own replacements, which Go heeds in the main module only. */
function moduleFile(program: GoProgram, upstream: string): string {
  const language = /^go .*$/m.exec(upstream)?.[0] ?? 'go 1.24';
  const settings = /^godebug .*$/m.exec(upstream)?.[0] ?? '';
  const replaced = [...upstream.matchAll(/^(?:replace)?\s*(\S+)(?: \S+)? => (\S+)(?: (\S+))?$/gm)].map(
    ([, old = '', by = '', version]) =>
      by.startsWith('./')
        ? `replace ${old} => ${old} ${program.staging}`
        : `replace ${old} => ${by} ${version}`,
  );
  return [
    'module llamactl.invalid/tool',
    language,
    settings,
    `require ${program.module} ${program.version}`,
    ...replaced,
    '',
  ].join('\n');
}
