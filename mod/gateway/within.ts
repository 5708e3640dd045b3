/** Waits for a promise, but no longer than this; a rejection ends the wait as well. */
export async function within(promise: Promise<unknown>, limit_ms: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise((resolve) => timer = setTimeout(resolve, limit_ms));
  await Promise.race([promise.catch(() => {}), timeout]);
  clearTimeout(timer);
}
