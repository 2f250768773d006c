/** What an installation is doing. */
export interface InstallEvent {
  readonly step:
    | 'wait'
    | 'download'
    | 'verify'
    | 'unpack'
    | 'configure'
    | 'compile'
    | 'probe'
    | 'fallback'
    | 'done';
  /** A sentence for people, without a full stop. */
  readonly message: string;
  /** Of `total`: bytes of a download, steps of a compilation. */
  readonly done?: number;
  readonly total?: number;
}

export interface InstallOptions {
  /** Default: the user's cache folder. */
  readonly cacheDirectory?: string;
  readonly onProgress?: ((event: InstallEvent) => void) | undefined;
  /** Ends the tools that run; nothing half done is left. */
  readonly signal?: AbortSignal | undefined;
  readonly env?: NodeJS.ProcessEnv;
}

/** {@link InstallOptions} with the defaults in. */
export interface InstallContext {
  readonly cacheDirectory: string;
  readonly report: (event: InstallEvent) => void;
  readonly signal: AbortSignal;
  readonly env: NodeJS.ProcessEnv;
}
