/**
 * One VR's wish for one period: what its allocator says, within the VR's bounds, and not sooner
 * after its last change than its cool-down. Pure.
 */
import * as registry from "./allocators/registry.ts";
import { cores } from "./words.ts";
import type { Allocator, AllocatorView, VrPolicy, Wish } from "./types.ts";

/** Every allocator by its name; the types are checked here. */
export const allocators: Readonly<Record<string, Allocator>> = registry;

/** VRIs that one VR may have at most, whatever its load says: a VRI's account may be a lie. */
export const mostCores = 64;

/** Most cores of a VR. */
export const maximumOf = (policy: VrPolicy): number =>
  Math.max(policy.minCores, policy.maxCores ?? mostCores);

/** `changed_ms`: when the VR's last wish for a change was granted; null: never. */
export function allocate(view: AllocatorView, changed_ms: number | null): Wish {
  const { policy, cores_now, now_ms } = view;
  const allocator = allocators[policy.allocator];
  if (allocator === undefined) throw new RangeError(`there is no allocator ${policy.allocator}`);
  const wish = sound(allocator(view), cores_now);
  const bounded = withinBounds(wish, view);
  const waits = changed_ms !== null && now_ms - changed_ms < policy.coolDown_ms;
  const outside = cores_now < policy.minCores || cores_now > maximumOf(policy);
  if (!waits || outside || bounded.wanted === cores_now) return bounded;
  return {
    ...bounded,
    wanted: cores_now,
    rule: "cool_down",
    reason: `it waits ${policy.coolDown_ms} ms between two changes`,
  };
}

/** What is no number of cores changes nothing: shares could not be reckoned with it. */
function sound(wish: Wish, cores_now: number): Wish {
  const wanted = Math.ceil(wish.wanted);
  if (!Number.isNaN(wanted)) return wanted === wish.wanted ? wish : { ...wish, wanted };
  return { ...wish, wanted: cores_now, rule: "unknown", reason: "its load can't be told" };
}

function withinBounds(wish: Wish, { policy }: AllocatorView): Wish {
  const { minCores } = policy;
  const maxCores = maximumOf(policy);
  if (wish.wanted < minCores) {
    const reason = `it has at least ${cores(minCores)}`;
    return { ...wish, wanted: minCores, rule: "minimum", reason };
  }
  if (wish.wanted > maxCores) {
    const reason = `${wish.reason}; it may have ${cores(maxCores)} at most`;
    return { ...wish, wanted: maxCores, rule: "maximum", reason };
  }
  return wish;
}
