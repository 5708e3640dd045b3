/** `--vr SUBNET[,SUBNET…]=ROUTER` and `--interface IF[:VLAN]`. Pure. */
import { formatPrefix } from "../netlink/mod.ts";
import type { Prefix } from "../netlink/mod.ts";
import { Attempts, ExitCode, Failure } from "./failure.ts";
import { parseSubnet, sameSubnet } from "./subnet.ts";
import type { InterfaceSettings, VrIdentity } from "./types.ts";
import { BadValue } from "./values.ts";
import { splitWords } from "./words.ts";

const form = "write --vr SUBNET[,SUBNET…]=ROUTER, for example --vr 10.0.1.0/24=cppvr";

/** Reads one `--vr`; `name` is what the VR will be called. Throws Failure. */
export function parseVr(text: string, name: string): VrIdentity {
  const equals = text.indexOf("=");
  if (equals < 0) throw new Failure(ExitCode.usage, `--vr ${text}: no "=" in it; ${form}`);
  const router = text.slice(equals + 1).trim();
  const subnets: Prefix[] = [];
  for (const part of text.slice(0, equals).split(",")) {
    if (part.trim() === "") {
      throw new Failure(ExitCode.usage, `--vr ${text}: a subnet is empty; ${form}`);
    }
    const subnet = parseSubnet(part.trim());
    if (subnets.some((other) => sameSubnet(other, subnet))) {
      throw new Failure(
        ExitCode.configuration,
        `--vr ${text}: ${formatPrefix(subnet)} is there twice; name it once`,
      );
    }
    subnets.push(subnet);
  }
  const split = splitWords(router);
  if ("error" in split) {
    throw new Failure(
      ExitCode.usage,
      `--vr ${text}: cannot split "${router}" into words: ${split.error}; close it, or write ` +
        `a backslash before a quote that is meant as such`,
    );
  }
  if (split.words.length === 0 || split.words[0] === "") {
    throw new Failure(ExitCode.usage, `--vr ${text}: no router after the "="; ${form}`);
  }
  return { name, subnets, router, words: split.words, table: null, routes: [] };
}

/**
 * Reads all `--vr` in order and finds subnets that two of them claim. What is wrong goes to `all`;
 * returns those that can be read.
 */
export function parseVrs(texts: readonly string[], all: Attempts): VrIdentity[] {
  const vrs = texts.flatMap((text, i) => all.attempt(() => parseVr(text, `vr${i + 1}`)) ?? []);
  for (const [i, vr] of vrs.entries()) {
    for (const subnet of vr.subnets) {
      const earlier = vrs.slice(0, i).find((it) => it.subnets.some((a) => sameSubnet(a, subnet)));
      if (earlier === undefined) continue;
      const why = `both ${earlier.name} (${earlier.router}) and ${vr.name} (${vr.router}) claim ` +
        `${formatPrefix(subnet)}: a source belongs to one VR; take it out of one of them`;
      all.attempt(() => {
        throw new Failure(ExitCode.configuration, why);
      });
    }
  }
  return vrs;
}

/** Reads `IF[:VLAN]`. Throws BadValue. */
export function readInterface(text: string): InterfaceSettings {
  const colon = text.indexOf(":");
  const name = colon < 0 ? text : text.slice(0, colon);
  if (!/^[^\s/:]{1,15}$/.test(name) || name === "." || name === "..") {
    throw new BadValue(
      `"${name}" is no interface name; write IF or IF:VLAN, for example eth0 or eth0:100`,
    );
  }
  if (colon < 0) return { name, vlan: null };
  const tag = text.slice(colon + 1);
  if (!/^[1-9][0-9]{0,3}$/.test(tag) || Number(tag) > 4094) {
    throw new BadValue(`"${tag}" is no VLAN tag; it must be 1 to 4094, as in eth0:100`);
  }
  return { name, vlan: Number(tag) };
}

/** Reads one `--interface`. Throws Failure (usage). */
export function parseInterface(text: string): InterfaceSettings {
  try {
    return readInterface(text);
  } catch (error) {
    if (!(error instanceof BadValue)) throw error;
    throw new Failure(ExitCode.usage, `--interface ${text}: ${error.message}`);
  }
}

/** Whether both are the same port. */
export function samePort(a: InterfaceSettings, b: InterfaceSettings): boolean {
  return a.name === b.name && a.vlan === b.vlan;
}

/** Reads all `--interface`. What is wrong goes to `all`, also one that comes twice. */
export function parseInterfaces(texts: readonly string[], all: Attempts): InterfaceSettings[] {
  const ports: InterfaceSettings[] = [];
  for (const text of texts) {
    all.attempt(() => {
      const port = parseInterface(text);
      if (ports.some((other) => samePort(other, port))) {
        throw new Failure(ExitCode.configuration, `--interface ${text} is there twice`);
      }
      ports.push(port);
    });
  }
  return ports;
}
