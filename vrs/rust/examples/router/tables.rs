//! What the control events said: ports, routes, neighbours.
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use lvrm_vr::{Link, Neighbour, Port, Prefix, Route};

/// The routing state; a snapshot replaces it as a whole.
#[derive(Default)]
pub struct Tables {
    pub links: HashMap<Port, Link>,
    /// By length of prefix, then by family and the bits that count.
    routes: BTreeMap<u8, HashMap<(bool, u128), Route>>,
    neighbours: HashMap<(Port, IpAddr), [u8; 6]>,
}

/// Whether it is IPv6, and its bits from the left.
fn bits(address: IpAddr) -> (bool, u128) {
    match address {
        IpAddr::V4(it) => (false, u128::from(u32::from(it)) << 96),
        IpAddr::V6(it) => (true, u128::from(it)),
    }
}

fn masked((is_6, bits): (bool, u128), length: u8) -> (bool, u128) {
    let ignored = 128 - u32::from(length.min(128));
    (is_6, bits.checked_shr(ignored).unwrap_or(0).checked_shl(ignored).unwrap_or(0))
}

impl Tables {
    pub fn route_count(&self) -> usize {
        self.routes.values().map(HashMap::len).sum()
    }

    pub fn take_link(&mut self, link: Link) {
        if link.removed {
            self.links.remove(&link.port);
        } else {
            self.links.insert(link.port, link);
        }
    }

    pub fn take_route(&mut self, route: Route) {
        let Prefix { address, length } = route.prefix;
        let key = masked(bits(address), length);
        let of_length = self.routes.entry(length).or_default();
        if route.removed {
            of_length.remove(&key);
        } else {
            of_length.insert(key, route);
        }
        if of_length.is_empty() {
            self.routes.remove(&length);
        }
    }

    /// The route of the longest prefix that the address is in.
    pub fn route(&self, address: IpAddr) -> Option<&Route> {
        let whole = bits(address);
        let longest_first = self.routes.iter().rev();
        longest_first.filter_map(|(&length, routes)| routes.get(&masked(whole, length))).next()
    }

    pub fn take_neighbour(&mut self, neighbour: &Neighbour) {
        let key = (neighbour.port, neighbour.address);
        match neighbour.mac {
            Some(mac) => self.neighbours.insert(key, mac),
            None => self.neighbours.remove(&key),
        };
    }

    pub fn neighbour(&self, port: Port, address: IpAddr) -> Option<[u8; 6]> {
        self.neighbours.get(&(port, address)).copied()
    }
}
