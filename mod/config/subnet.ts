/** Subnets as users write them, read strictly: what is doubtful is an error, never a guess. */
import { compareBytes, formatPrefix, parseAddress, parsePrefix } from "../netlink/mod.ts";
import type { Prefix } from "../netlink/mod.ts";
import { ExitCode, Failure } from "./failure.ts";

const examples = "for example 10.0.1.0/24 or fd00:1::/64";

/**
 * Reads `ADDRESS/LENGTH` (IPv4 or IPv6). Throws Failure (usage) when it is malformed or has host
 * bits set.
 */
export function parseSubnet(text: string): Prefix {
  const slash = text.indexOf("/");
  if (slash < 0) {
    const address = parseAddress(text);
    const hint = address === null
      ? `write ADDRESS/LENGTH, ${examples}`
      : `its length is missing: for this one host write ${text}/${address.length * 8}`;
    throw new Failure(ExitCode.usage, `"${text}" is not a subnet: ${hint}`);
  }
  const address = parseAddress(text.slice(0, slash));
  if (address === null) {
    throw new Failure(
      ExitCode.usage,
      `"${text}" is not a subnet: "${text.slice(0, slash)}" is no IPv4 or IPv6 address; ` +
        `write ADDRESS/LENGTH, ${examples}`,
    );
  }
  const prefix = parsePrefix(text);
  if (prefix === null || !/^(0|[1-9][0-9]*)$/.test(text.slice(slash + 1))) {
    throw new Failure(
      ExitCode.usage,
      `"${text}" is not a subnet: the length after the slash must be 0 to ${address.length * 8}`,
    );
  }
  if (compareBytes(prefix.address, address) !== 0) {
    throw new Failure(
      ExitCode.usage,
      `"${text}" is an address within a subnet, not a subnet: did you mean ${
        formatPrefix(prefix)
      }, or ${text.slice(0, slash)}/${address.length * 8} for this one host?`,
    );
  }
  return prefix;
}

/** Whether both are the same subnet. */
export function sameSubnet(a: Prefix, b: Prefix): boolean {
  return a.family === b.family && a.length === b.length &&
    compareBytes(a.address, b.address) === 0;
}
