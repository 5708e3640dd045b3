/** Settings as a configuration file that says the same. Pure. */
import { stringify } from "yaml";
import { formatPrefix } from "../../netlink/mod.ts";
import { idleFields, ownFields, runFields, vrFields } from "../fields.ts";
import { runDefaults, vrDefaults } from "../settings.ts";
import type { Settings, VrSettings } from "../types.ts";
import { quoteWord } from "../words.ts";
import { writeRoute } from "./schema.ts";

type Fields = Readonly<
  Record<string, { readonly key: string; readonly of?: string; readonly write: unknown }>
>;

/** Keys and values of `values`, without those that are as by default or mean nothing here. */
function written(
  values: object,
  defaults: object,
  fields: Fields,
  allocator?: string,
): Record<string, unknown> {
  const of = (object: object, key: string) => (object as Record<string, unknown>)[key];
  return Object.fromEntries(
    Object.entries(fields).flatMap(([key, field]) => {
      const value = of(values, field.key);
      if (field.of !== undefined && field.of !== allocator) return [];
      if (value === null && field.key === "cores") return [];
      if (value === of(defaults, field.key) && field.key !== "vris") return [];
      return [[key, (field.write as (value: unknown) => unknown)(value)]];
    }),
  );
}

function writtenVr(vr: VrSettings): Record<string, unknown> {
  return {
    name: vr.name,
    subnets: vr.subnets.map(formatPrefix),
    router: quoteWord(vr.words[0]!),
    ...vr.words.length > 1 ? { options: vr.words.slice(1) } : {},
    ...vr.table === null ? {} : { table: vr.table },
    ...vr.routes.length > 0 ? { routes: vr.routes.map(writeRoute) } : {},
    ...written(vr, vrDefaults, { ...vrFields, ...ownFields }, vr.allocator),
  };
}

/** The file's text; what is as by default is left out. */
export function writeConfig(settings: Settings): string {
  const { interfaces, vrs, idle } = settings;
  const ports = interfaces.map(({ name, vlan }) => vlan === null ? name : `${name}:${vlan}`);
  const looks = Object.entries(idleFields).flatMap(([key, field]) =>
    idle[field.key] === undefined ? [] : [[key, idle[field.key]]]
  );
  return stringify({
    ...ports.length > 0 ? { interfaces: ports } : {},
    ...written(settings, runDefaults, runFields),
    ...Object.fromEntries(looks),
    vrs: vrs.map(writtenVr),
  }, { lineWidth: 0, aliasDuplicateObjects: false });
}
