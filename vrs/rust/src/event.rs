//! Control events, read from what lvrm writes.
use std::mem::size_of;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::sys::*;
use crate::Port;

/// What lvrm or a sibling tells.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A port, as it is now, or that it is gone.
    Link(Link),
    /// One of the gateway's own addresses.
    Address(Address),
    /// The best route of a prefix; it replaces an earlier one.
    Route(Route),
    /// A next hop's MAC, or that it doesn't answer.
    Neighbour(Neighbour),
    /// The snapshot is complete: say ready.
    Synchronised,
    /// A new snapshot follows; what it doesn't repeat is no longer true.
    Flush,
    /// Give back what you hold and end with 0.
    Stop,
    /// Another VRI of this VR says something, to all or to this one alone.
    Sibling {
        /// Its number.
        from: u32,
        /// Whether others got it too.
        to_all: bool,
        /// What it says.
        payload: &'a [u8],
    },
    /// Of a kind that this crate doesn't know, or too short.
    Other {
        /// Its kind.
        kind: u16,
        /// Its bytes.
        payload: &'a [u8],
    },
}

/// A port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its number.
    pub port: Port,
    /// Whether it is gone; all else is then of no meaning.
    pub removed: bool,
    /// Whether it is up.
    pub up: bool,
    /// The interface's `rp_filter`: 0 none, 1 strict, 2 loose.
    pub rp_filter: u8,
    /// Largest IP packet.
    pub mtu: u32,
    /// The interface's number in the kernel.
    pub ifindex: u32,
    /// The VLAN tag that the port stands for.
    pub vlan: Option<u16>,
    /// The port's own MAC.
    pub mac: [u8; 6],
    /// The interface's name.
    pub name: String,
}

/// One of the gateway's own addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// The port that it is on.
    pub port: Port,
    /// Whether it is gone.
    pub removed: bool,
    /// The address, and the length of its network's prefix.
    pub address: Prefix,
}

/// An address and how many of its bits count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Prefix {
    /// The address.
    pub address: IpAddr,
    /// How many of its leading bits count.
    pub length: u8,
}

/// What a route does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RouteKind {
    /// Leads to a next hop.
    Unicast,
    /// To the gateway itself.
    Local,
    /// Drops in silence.
    Blackhole,
    /// Answers that the host can't be reached.
    Unreachable,
    /// Answers that it is prohibited.
    Prohibit,
    /// Another of the kernel's.
    Other(u8),
}

/// A route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Where to.
    pub prefix: Prefix,
    /// Whether it is gone.
    pub removed: bool,
    /// What it does.
    pub kind: RouteKind,
    /// Largest packet, 0: as the link's.
    pub mtu: u32,
    /// One for each way.
    pub next_hops: Vec<NextHop>,
}

/// One way of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NextHop {
    /// None: out of an interface that lvrm doesn't serve.
    pub port: Option<Port>,
    /// None: the destination is on the link itself.
    pub gateway: Option<IpAddr>,
    /// Its share of the flows.
    pub weight: u16,
}

/// A neighbour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Neighbour {
    /// The port that it is behind.
    pub port: Port,
    /// Its address.
    pub address: IpAddr,
    /// None: it is gone, or did not answer.
    pub mac: Option<[u8; 6]>,
    /// The kernel wants to know whether it is in use.
    pub stale: bool,
}

/// Reads a struct from the front of `bytes`.
///
/// # Safety
/// `T` is one of sys's structs: only integers.
unsafe fn read<T: Copy>(bytes: &[u8]) -> Option<T> {
    if bytes.len() < size_of::<T>() {
        return None;
    }
    Some(std::ptr::read_unaligned(bytes.as_ptr().cast()))
}

fn address(family: u8, bytes: [u8; 16]) -> Option<IpAddr> {
    match family {
        4 => Some(IpAddr::V4(Ipv4Addr::new(bytes[0], bytes[1], bytes[2], bytes[3]))),
        6 => Some(IpAddr::V6(Ipv6Addr::from(bytes))),
        _ => None,
    }
}

pub(crate) fn parse<'a>(header: &lvrm_event_header, payload: &'a [u8]) -> Event<'a> {
    let kind = header.kind;
    let known = match kind {
        LVRM_EVENT_LINK => link(payload).map(Event::Link),
        LVRM_EVENT_ADDRESS => own_address(payload).map(Event::Address),
        LVRM_EVENT_ROUTE => route(payload).map(Event::Route),
        LVRM_EVENT_NEIGHBOUR => neighbour(payload).map(Event::Neighbour),
        LVRM_EVENT_SYNCHRONISED => Some(Event::Synchronised),
        LVRM_EVENT_FLUSH => Some(Event::Flush),
        LVRM_EVENT_STOP => Some(Event::Stop),
        LVRM_EVENT_SIBLINGS | LVRM_EVENT_SIBLING => {
            let to_all = kind == LVRM_EVENT_SIBLINGS;
            Some(Event::Sibling { from: header.source, to_all, payload })
        }
        _ => None,
    };
    known.unwrap_or(Event::Other { kind, payload })
}

fn link(payload: &[u8]) -> Option<Link> {
    // SAFETY: one of sys's structs.
    let it: lvrm_link_event = unsafe { read(payload)? };
    let name = it.name.split(|&c| c == 0).next().unwrap_or(&[]);
    Some(Link {
        port: it.port,
        removed: it.removed != 0,
        up: it.up != 0,
        rp_filter: it.rp_filter,
        mtu: it.mtu,
        ifindex: it.ifindex,
        vlan: Some(it.vlan).filter(|&tag| tag != LVRM_NO_VLAN),
        mac: it.mac,
        name: String::from_utf8_lossy(name).into_owned(),
    })
}

fn own_address(payload: &[u8]) -> Option<Address> {
    // SAFETY: one of sys's structs.
    let it: lvrm_address_event = unsafe { read(payload)? };
    Some(Address {
        port: it.port,
        removed: it.removed != 0,
        address: Prefix { address: address(it.family, it.address)?, length: it.prefix_length },
    })
}

fn route(payload: &[u8]) -> Option<Route> {
    // SAFETY: one of sys's structs.
    let it: lvrm_route_event = unsafe { read(payload)? };
    let mut next_hops = Vec::with_capacity(it.next_hops.into());
    for number in 0..usize::from(it.next_hops) {
        let at = size_of::<lvrm_route_event>() + number * size_of::<lvrm_next_hop>();
        // SAFETY: one of sys's structs.
        let hop: lvrm_next_hop = unsafe { read(payload.get(at..)?)? };
        next_hops.push(NextHop {
            port: Some(hop.port).filter(|&port| usize::from(port) != LVRM_NO_PORT),
            gateway: address(hop.family, hop.gateway),
            weight: hop.weight,
        });
    }
    Some(Route {
        prefix: Prefix { address: address(it.family, it.prefix)?, length: it.prefix_length },
        removed: it.removed != 0,
        kind: match u16::from(it.kind) {
            LVRM_ROUTE_UNICAST => RouteKind::Unicast,
            LVRM_ROUTE_LOCAL => RouteKind::Local,
            LVRM_ROUTE_BLACKHOLE => RouteKind::Blackhole,
            LVRM_ROUTE_UNREACHABLE => RouteKind::Unreachable,
            LVRM_ROUTE_PROHIBIT => RouteKind::Prohibit,
            _ => RouteKind::Other(it.kind),
        },
        mtu: it.mtu,
        next_hops,
    })
}

fn neighbour(payload: &[u8]) -> Option<Neighbour> {
    // SAFETY: one of sys's structs.
    let it: lvrm_neighbour_event = unsafe { read(payload)? };
    Some(Neighbour {
        port: it.port,
        address: address(it.family, it.address)?,
        mac: Some(it.mac).filter(|_| it.removed == 0),
        stale: it.stale != 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(kind: u16, bytes: usize) -> lvrm_event_header {
        lvrm_event_header { bytes: bytes as u16, kind, source: 5 }
    }

    fn read_event(kind: u16, payload: &[u8]) -> Event<'_> {
        parse(&header(kind, payload.len()), payload)
    }

    #[test]
    fn a_route_has_its_next_hops() {
        let mut bytes = vec![4, 24, 0, 1, 2, 0, 0, 0, 0xdc, 5, 0, 0, 0, 0, 0, 0];
        bytes.extend([10, 0, 1, 0]);
        bytes.extend([0; 12]);
        for (port, family) in [(3, 4), (255, 0)] {
            bytes.extend([port, family, 1, 0, 0, 0, 0, 0, 10, 0, 0, 9]);
            bytes.extend([0; 12]);
        }
        let route = match read_event(LVRM_EVENT_ROUTE, &bytes) {
            Event::Route(route) => route,
            other => panic!("{other:?}"),
        };
        assert_eq!(route.prefix, Prefix { address: "10.0.1.0".parse().unwrap(), length: 24 });
        assert_eq!((route.kind, route.mtu, route.removed), (RouteKind::Unicast, 1500, false));
        let gateway = Some("10.0.0.9".parse().unwrap());
        assert_eq!(route.next_hops[0], NextHop { port: Some(3), gateway, weight: 1 });
        assert_eq!(route.next_hops[1], NextHop { port: None, gateway: None, weight: 1 });
        let cut = &bytes[..bytes.len() - 1];
        let other = Event::Other { kind: LVRM_EVENT_ROUTE, payload: cut };
        assert_eq!(read_event(LVRM_EVENT_ROUTE, cut), other);
    }

    #[test]
    fn a_link_has_its_name_and_tag() {
        let mut bytes = vec![2, 1, 0, 1, 0xdc, 5, 0, 0, 9, 0, 0, 0, 100, 0, 2, 0, 0, 0, 0, 1];
        bytes.extend(b"eth1\0\0\0\0\0\0\0\0\0\0\0\0");
        let link = match read_event(LVRM_EVENT_LINK, &bytes) {
            Event::Link(link) => link,
            other => panic!("{other:?}"),
        };
        assert_eq!((link.port, link.up, link.mtu, link.vlan), (2, true, 1500, Some(100)));
        assert_eq!((link.name.as_str(), link.mac), ("eth1", [2, 0, 0, 0, 0, 1]));
    }

    #[test]
    fn siblings_and_what_is_unknown() {
        let all = Event::Sibling { from: 5, to_all: true, payload: b"hello" };
        assert_eq!(read_event(LVRM_EVENT_SIBLINGS, b"hello"), all);
        let one = Event::Sibling { from: 5, to_all: false, payload: b"" };
        assert_eq!(read_event(LVRM_EVENT_SIBLING, b""), one);
        assert_eq!(read_event(99, b"x"), Event::Other { kind: 99, payload: b"x" });
        let short = Event::Other { kind: LVRM_EVENT_NEIGHBOUR, payload: b"x" };
        assert_eq!(read_event(LVRM_EVENT_NEIGHBOUR, b"x"), short);
    }
}
