/** Frames made by hand and taken apart: what tests send and expect, in hexadecimal. */

/** Bytes of a MAC address such as "02:00:00:00:00:01". */
export function macBytes(mac: string): number[] {
  return mac.split(":").map((part) => parseInt(part, 16));
}

/** Bytes of an IPv4 or IPv6 address in text. */
export function addressBytes(address: string): number[] {
  if (!address.includes(":")) return address.split(".").map(Number);
  const [head, tail] = address.split("::");
  const words = (text: string | undefined): number[] =>
    text ? text.split(":").map((word) => parseInt(word, 16)) : [];
  const front = words(head);
  const back = words(tail);
  const filled = tail === undefined
    ? front
    : [...front, ...new Array<number>(8 - front.length - back.length).fill(0), ...back];
  return filled.flatMap((word) => [word >> 8, word & 255]);
}

const be16 = (value: number): number[] => [value >> 8 & 255, value & 255];

/** Bytes in hexadecimal. */
export function toHex(bytes: Iterable<number>): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Hexadecimal to bytes. */
export function fromHex(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

/** The internet checksum (RFC 1071) over bytes, to be stored as it is. */
export function checksum(bytes: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += (bytes[i]! << 8) + (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return ~sum & 0xffff;
}

/** An Ethernet frame, padded to 60 bytes. */
export function ethernet(
  { to, from, type, vlan, payload }: {
    to: string;
    from: string;
    type: number;
    vlan?: number | undefined;
    payload: number[];
  },
): string {
  const tag = vlan === undefined ? [] : [0x81, 0x00, ...be16(vlan)];
  const frame = [...macBytes(to), ...macBytes(from), ...tag, ...be16(type), ...payload];
  while (frame.length < 60) frame.push(0);
  return toHex(frame);
}

/** What an IP packet carries, and how. */
export interface Packet {
  source: string;
  destination: string;
  ttl?: number;
  /** IPv4: identification, and flags with fragment offset as they stand in the header. */
  id?: number;
  fragment?: number;
  protocol?: number;
  payload: number[];
}

/** An IPv4 or IPv6 packet, by its addresses. UDP (17) where no protocol is given. */
export function ip(packet: Packet): number[] {
  const { source, destination, ttl = 64, protocol = 17, payload } = packet;
  const addresses = [...addressBytes(source), ...addressBytes(destination)];
  if (source.includes(":")) {
    return [0x60, 0, 0, 0, ...be16(payload.length), protocol, ttl, ...addresses, ...payload];
  }
  const header = [0x45, 0, ...be16(20 + payload.length), ...be16(packet.id ?? 1)];
  header.push(...be16(packet.fragment ?? 0), ttl, protocol, 0, 0, ...addresses);
  header.splice(10, 2, ...be16(checksum(header)));
  return [...header, ...payload];
}

/** A UDP datagram with its checksum. */
export function udp(
  source: string,
  destination: string,
  ports: [number, number],
  data: number[],
): number[] {
  const length = be16(8 + data.length);
  const head = [...be16(ports[0]), ...be16(ports[1]), ...length];
  const pseudo = [...addressBytes(source), ...addressBytes(destination), 0, 17, ...length];
  const sum = checksum([...pseudo, ...head, 0, 0, ...data]) || 0xffff;
  return [...head, ...be16(sum), ...data];
}

/** A UDP frame over IPv4 or IPv6. */
export function udpFrame(options: {
  to: string;
  from: string;
  source: string;
  destination: string;
  data: number[];
  ttl?: number;
  vlan?: number;
}): string {
  const { to, from, source, destination, data, ttl, vlan } = options;
  const packet: Packet = { source, destination, payload: udp(source, destination, [7, 9], data) };
  if (ttl !== undefined) packet.ttl = ttl;
  const type = source.includes(":") ? 0x86dd : 0x0800;
  return ethernet({ to, from, type, vlan, payload: ip(packet) });
}

/** A frame taken apart as far as tests look. */
export interface Parsed {
  to: string;
  from: string;
  vlan: number | undefined;
  type: number;
  source: string;
  destination: string;
  ttl: number;
  protocol: number;
  /** Behind the IP header (no options or extension headers expected). */
  payload: Uint8Array;
}

const macText = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(":");

/** Takes a captured frame apart; addresses are empty where it is not IP. */
export function parse(hex: string): Parsed {
  const bytes = fromHex(hex);
  const tagged = bytes[12] === 0x81 && bytes[13] === 0;
  const at = tagged ? 16 : 12;
  const type = bytes[at]! << 8 | bytes[at + 1]!;
  const packet = bytes.subarray(at + 2);
  const result: Parsed = {
    to: macText(bytes.subarray(0, 6)),
    from: macText(bytes.subarray(6, 12)),
    vlan: tagged ? (bytes[14]! << 8 | bytes[15]!) & 0xfff : undefined,
    type,
    source: "",
    destination: "",
    ttl: 0,
    protocol: -1,
    payload: packet,
  };
  if (type === 0x0800) {
    const header = (packet[0]! & 15) * 4;
    result.source = packet.subarray(12, 16).join(".");
    result.destination = packet.subarray(16, 20).join(".");
    result.ttl = packet[8]!;
    result.protocol = packet[9]!;
    result.payload = packet.subarray(header, packet[2]! << 8 | packet[3]!);
  } else if (type === 0x86dd) {
    result.source = toHex(packet.subarray(8, 24));
    result.destination = toHex(packet.subarray(24, 40));
    result.ttl = packet[7]!;
    result.protocol = packet[6]!;
    result.payload = packet.subarray(40, 40 + (packet[4]! << 8 | packet[5]!));
  }
  return result;
}

/** How many of the captured frames carry these data bytes somewhere. */
export function countWith(frames: string[], data: number[]): number {
  const wanted = toHex(data);
  return frames.filter((frame) => frame.includes(wanted)).length;
}

/** Eight bytes that occur nowhere else, to know a frame by. */
export function mark(): number[] {
  return [...crypto.getRandomValues(new Uint8Array(8))];
}
