/**
 * The life of one VRI position (`vr1.1`), pure: `step(state, event) → [state, effects]`. Time
 * arrives in events.
 *
 * | from | to | when |
 * |---|---|---|
 * | starting | standby | it attached, took its routes and said ready; or was given such a process |
 * | standby | running | it is wanted, and the gateway takes frames |
 * | starting, standby, running | failed | it ended, missed a deadline or stopped beating |
 * | starting, standby, running | quarantined | it wrote what no VRI may write |
 * | failed, quarantined | starting | its process is gone and the back-off is over |
 * | starting, standby, running | draining | it is no longer wanted |
 * | draining | standby | nothing is left in its hands, and its VR wants a standby |
 * | draining | stopping | nothing is left in its hands and it is not wanted, or time is up |
 * | any with a process | stopped | it ended after it was told to |
 *
 * Forbidden: anything out of stopped (a new position is made instead); failed → running (frames
 * only after a fresh handshake); a spawn while a process still lives (a stopped one that woke up
 * would scribble on reused slots); draining → running (its flows have moved on; as standby, with
 * nothing in its hands, it may be chosen again).
 */

/** Deadlines and back-off, milliseconds. */
export const lifeTimes = {
  /** From spawn to attached. */
  handshake_ms: 5000,
  /** From attached to ready: it takes in its whole route snapshot. */
  synchronise_ms: 30_000,
  /** Without a heartbeat. */
  beat_ms: 2000,
  /** Second failure in a row waits this long, then doubling. The first is replaced at once. */
  backoff_first_ms: 100,
  backoff_max_ms: 10_000,
  /** In good health for this long: failures are forgotten. */
  healthy_ms: 10_000,
  /** From "stop" to SIGKILL. */
  stop_ms: 1000,
} as const;

/** So many failures in a row, without `healthy_ms` between two: it fails over and over. */
export const brokenAfter = 3;

export type State =
  | {
    readonly is: "starting";
    readonly attached: boolean;
    readonly deadline_ms: number;
    readonly failures: number;
  }
  | { readonly is: "standby"; readonly since_ms: number; readonly failures: number }
  | { readonly is: "running"; readonly since_ms: number; readonly failures: number }
  | { readonly is: "draining"; readonly deadline_ms: number }
  | { readonly is: "stopping"; readonly deadline_ms: number }
  | {
    readonly is: "failed" | "quarantined";
    readonly reason: string;
    /** Its process was sent SIGKILL and is not reaped yet. */
    readonly ending: boolean;
    readonly retry_ms: number;
    readonly failures: number;
  }
  | { readonly is: "stopped" };

export type Event =
  /** What the counters say of its process. */
  | {
    readonly is: "observed";
    readonly now_ms: number;
    readonly attached: boolean;
    readonly ready: boolean;
    readonly beat_age_ms: number;
    /** Name of what it violated, or null. */
    readonly violation: string | null;
    /** Frames in its queue and in its hands; Infinity while it may still be given some. */
    readonly held_frames: number;
    /** Its VR wants a standby, should it be free. */
    readonly reusable: boolean;
  }
  /** Time passed, for states without a process. */
  | { readonly is: "tick"; readonly now_ms: number }
  /** Its process was reaped; `how` as in "exited with status 3". */
  | { readonly is: "exited"; readonly now_ms: number; readonly how: string }
  /** No process could be made. */
  | { readonly is: "not_spawned"; readonly now_ms: number; readonly reason: string }
  /** Instead of a process of its own it gets its VR's standby, which is ready. */
  | { readonly is: "given"; readonly now_ms: number }
  /** Its VR takes frames: ready ones run. */
  | { readonly is: "activate"; readonly now_ms: number }
  /** It is no longer wanted; by `deadline_ms` what it holds is given up. */
  | { readonly is: "drain"; readonly now_ms: number; readonly deadline_ms: number };

export type Effect =
  | { readonly do: "spawn" }
  /** Send the control event `stop`. */
  | { readonly do: "tell_stop" }
  /** SIGKILL. */
  | { readonly do: "kill" }
  /** The process is gone: take it out of the plan and free its link. */
  | { readonly do: "retire" };

type Alive = Extract<State, { is: "starting" | "standby" | "running" }>;
type Observed = Extract<Event, { is: "observed" }>;

/** A position that starts its first process. */
export function begin(now_ms: number): [State, Effect[]] {
  return [starting(now_ms, 0), [{ do: "spawn" }]];
}

/** The next state and what has to be done. */
export function step(state: State, event: Event): [State, Effect[]] {
  switch (state.is) {
    case "starting":
    case "standby":
    case "running":
      return alive(state, event);
    case "draining":
    case "stopping":
      return leaving(state, event);
    case "failed":
    case "quarantined":
      return broken(state, event);
    case "stopped":
      return [state, []];
  }
}

/** Milliseconds to wait before a replacement after so many failures in a row. */
export function backoff(failures: number): number {
  if (failures <= 1) return 0;
  const doublings = Math.min(failures - 2, 20);
  return Math.min(lifeTimes.backoff_max_ms, lifeTimes.backoff_first_ms * 2 ** doublings);
}

/** How often it failed in a row. */
export function failuresOf(state: State, now_ms: number): number {
  if (!("failures" in state)) return 0;
  const healthy = "since_ms" in state && now_ms - state.since_ms >= lifeTimes.healthy_ms;
  return healthy ? 0 : state.failures;
}

function starting(now_ms: number, failures: number): State {
  const deadline_ms = now_ms + lifeTimes.handshake_ms;
  return { is: "starting", attached: false, deadline_ms, failures };
}

function fail(
  state: Alive,
  now_ms: number,
  reason: string,
  is: "failed" | "quarantined",
  ending: boolean,
): [State, Effect[]] {
  const failures = failuresOf(state, now_ms) + 1;
  const retry_ms = now_ms + backoff(failures);
  return [{ is, reason, ending, retry_ms, failures }, [{ do: ending ? "kill" : "retire" }]];
}

function alive(state: Alive, event: Event): [State, Effect[]] {
  switch (event.is) {
    case "observed":
      return observed(state, event);
    case "exited":
      return fail(state, event.now_ms, event.how, "failed", false);
    case "not_spawned":
      return fail(state, event.now_ms, event.reason, "failed", false);
    case "given":
      if (state.is !== "starting") return [state, []];
      return [{ is: "standby", since_ms: event.now_ms, failures: state.failures }, []];
    case "activate":
      if (state.is !== "standby") return [state, []];
      return [{ is: "running", since_ms: state.since_ms, failures: state.failures }, []];
    case "drain":
      // Without a handshake it holds nothing and may not listen: no use in asking.
      if (state.is === "starting") {
        return [{ is: "stopping", deadline_ms: Infinity }, [{ do: "kill" }]];
      }
      return [{ is: "draining", deadline_ms: event.deadline_ms }, []];
    case "tick":
      return [state, []];
  }
}

function observed(state: Alive, seen: Observed): [State, Effect[]] {
  const now_ms = seen.now_ms;
  if (seen.violation !== null) {
    const reason = `broke the rules of its queues (${seen.violation})`;
    return fail(state, now_ms, reason, "quarantined", true);
  }
  // Before it is ready its deadlines say enough, and its first beat may still be on its way.
  if (state.is !== "starting" && seen.beat_age_ms > lifeTimes.beat_ms) {
    const reason = `no heartbeat for ${(seen.beat_age_ms / 1000).toFixed(1)} s`;
    return fail(state, now_ms, reason, "failed", true);
  }
  if (state.is !== "starting") return [state, []];
  if (seen.attached && seen.ready) {
    return [{ is: "standby", since_ms: now_ms, failures: state.failures }, []];
  }
  if (seen.attached && !state.attached) {
    const deadline_ms = now_ms + lifeTimes.synchronise_ms;
    return [{ ...state, attached: true, deadline_ms }, []];
  }
  if (now_ms < state.deadline_ms) return [state, []];
  const reason = state.attached
    ? `did not become ready within ${lifeTimes.synchronise_ms / 1000} s after it attached`
    : `did not attach within ${lifeTimes.handshake_ms / 1000} s`;
  return fail(state, now_ms, reason, "failed", true);
}

function leaving(
  state: Extract<State, { is: "draining" | "stopping" }>,
  event: Event,
): [State, Effect[]] {
  if (event.is === "exited") return [{ is: "stopped" }, [{ do: "retire" }]];
  if (event.is !== "observed") return [state, []];
  if (event.violation !== null) {
    return [{ is: "stopping", deadline_ms: Infinity }, [{ do: "kill" }]];
  }
  if (state.is === "draining") {
    if (event.held_frames > 0 && event.now_ms < state.deadline_ms) return [state, []];
    if (event.held_frames === 0 && event.reusable) {
      return [{ is: "standby", since_ms: event.now_ms, failures: 0 }, []];
    }
    const deadline_ms = event.now_ms + lifeTimes.stop_ms;
    return [{ is: "stopping", deadline_ms }, [{ do: "tell_stop" }]];
  }
  if (event.now_ms < state.deadline_ms) return [state, []];
  return [{ is: "stopping", deadline_ms: Infinity }, [{ do: "kill" }]];
}

function broken(
  state: Extract<State, { is: "failed" | "quarantined" }>,
  event: Event,
): [State, Effect[]] {
  if (event.is === "exited" && state.ending) {
    return [{ ...state, ending: false }, [{ do: "retire" }]];
  }
  if (event.is === "drain") {
    if (state.ending) return [{ is: "stopping", deadline_ms: Infinity }, []];
    return [{ is: "stopped" }, []];
  }
  if (event.is === "tick" && !state.ending && event.now_ms >= state.retry_ms) {
    return [starting(event.now_ms, state.failures), [{ do: "spawn" }]];
  }
  return [state, []];
}
