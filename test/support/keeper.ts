/** Ends what the tests of a suite start, each after its own. */
export function keeper(): <T extends { stop(): Promise<void> }>(starting: Promise<T>) => Promise<T> {
  const stops: (() => Promise<void>)[] = [];
  afterEach(async () => {
    await Promise.all(stops.splice(0).map((stop) => stop()));
  });
  return async (starting) => {
    const started = await starting;
    stops.push(() => started.stop());
    return started;
  };
}
