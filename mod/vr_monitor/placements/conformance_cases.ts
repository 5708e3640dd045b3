/** Machines of any shape for the tests of placements. */
import fc from "fast-check";
import type { Core, Placement } from "./types.ts";

/** How a machine is built; CPUs are numbered thread by thread, as most firmware does. */
export interface Shape {
  readonly packages: number;
  readonly l3s: number;
  readonly physical: number;
  readonly threads: number;
}

/** All cores of a machine. Each package is one NUMA node. */
export function machine({ packages, l3s, physical, threads }: Shape): Core[] {
  const perPackage = l3s * physical;
  const wholeCores = packages * perPackage;
  return Array.from({ length: wholeCores * threads }, (_, core) => {
    const smt = core % wholeCores;
    const l3 = smt - smt % physical;
    const socket = Math.floor(smt / perPackage);
    return { core, package: socket, l3, node: socket, smt, capacity: 1024 };
  });
}

/** Where `vris` VRIs go, one after the other. */
export function placeAll(
  placement: Placement,
  cores: readonly Core[],
  vris: number,
  dispatcher: Core = cores[0]!,
): (number | null)[] {
  const users = new Map([[dispatcher.core, 1]]);
  return Array.from({ length: vris }, () => {
    const { core } = placement({ dispatcher, cores, users });
    if (core !== null) users.set(core, (users.get(core) ?? 0) + 1);
    return core;
  });
}

/** Some cores of a machine with speeds of their own, in any order. */
export const usableCores: fc.Arbitrary<Core[]> = fc.record({
  packages: fc.integer({ min: 1, max: 3 }),
  l3s: fc.integer({ min: 1, max: 2 }),
  physical: fc.integer({ min: 1, max: 4 }),
  threads: fc.integer({ min: 1, max: 2 }),
}).chain((shape) => {
  const all = machine(shape);
  const speeds = fc.array(fc.constantFrom(512, 1024), {
    minLength: all.length,
    maxLength: all.length,
  });
  const some = fc.shuffledSubarray([...all.keys()], { minLength: 1 });
  return fc.tuple(speeds, some).map(([capacities, chosen]) =>
    chosen.map((at) => ({ ...all[at]!, capacity: capacities[at]! }))
  );
});
