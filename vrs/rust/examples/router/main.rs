//! A small router: IPv4 and IPv6 by the gateway's routes and neighbours. Frames wait for the MAC of
//! a next hop. Siblings greet each other and tell how many routes they have. It makes no ICMP
//! errors, doesn't fragment, takes the first way of a route, and leaves checks of the header to
//! the hosts: `vrs/cpp/` does all that.
//!
//!     cargo build --release --examples
//!     lvrm --vr '10.0.1.0/24=./router'
mod tables;

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::{Duration, Instant};

use lvrm_vr::{Event, Frame, Port, Reason, RouteKind, Vr, Wants};
use tables::Tables;

const ETHERNET_BYTES: usize = 14;
/// Frames that wait for one next hop, and next hops that are waited for.
const WAITING_MAX: usize = 16;
const UNKNOWN_MAX: usize = 64;
/// Destinations whose way is remembered.
const WAYS_MAX: usize = 65_536;
const ASK_AGAIN: Duration = Duration::from_secs(1);
const HELLO: &[u8] = b"router: hello";

/// Frames for a next hop whose MAC is not known yet.
struct Waiting {
    way: Way,
    frames: Vec<Frame>,
    asked: Instant,
}

#[derive(Default)]
struct Router {
    tables: Tables,
    /// A snapshot that is not complete yet.
    coming: Option<Tables>,
    /// Ways of destinations, or why they have none, until something changes.
    ways: HashMap<IpAddr, Result<Way, Reason>>,
    waiting: HashMap<(Port, IpAddr), Waiting>,
    is_stopping: bool,
}

/// Where a packet is to go; its time to live is counted down.
fn destination(packet: &mut [u8]) -> Result<IpAddr, Reason> {
    match packet.first().map(|it| it >> 4) {
        Some(4) if packet.len() >= 20 => {
            if packet[8] <= 1 {
                return Err(Reason::TTL_EXPIRED);
            }
            packet[8] -= 1;
            // RFC 1624: the checksum follows by the same amount.
            let sum = u32::from(u16::from_be_bytes([packet[10], packet[11]])) + 0x0100;
            let sum = ((sum & 0xffff) + (sum >> 16)) as u16;
            packet[10..12].copy_from_slice(&sum.to_be_bytes());
            let bytes: [u8; 4] = packet[16..20].try_into().unwrap();
            Ok(Ipv4Addr::from(bytes).into())
        }
        Some(6) if packet.len() >= 40 => {
            if packet[7] <= 1 {
                return Err(Reason::TTL_EXPIRED);
            }
            packet[7] -= 1;
            let bytes: [u8; 16] = packet[24..40].try_into().unwrap();
            Ok(Ipv6Addr::from(bytes).into())
        }
        _ => Err(Reason::BAD_HEADER),
    }
}

/// Where a frame is to go.
#[derive(Clone, Copy)]
struct Way {
    port: Port,
    next: IpAddr,
    mtu: usize,
    source: [u8; 6],
    /// The next hop's MAC.
    mac: Option<[u8; 6]>,
}

impl Tables {
    fn way(&self, to: IpAddr) -> Result<Way, Reason> {
        let route = self.route(to).ok_or(Reason::NO_ROUTE)?;
        match route.kind {
            RouteKind::Unicast => {}
            RouteKind::Blackhole => return Err(Reason::BLACKHOLE),
            RouteKind::Unreachable => return Err(Reason::UNREACHABLE_ROUTE),
            RouteKind::Prohibit => return Err(Reason::PROHIBITED),
            _ => return Err(Reason::BAD_DESTINATION),
        }
        let hop = route.next_hops.first().ok_or(Reason::NO_ROUTE)?;
        let port = hop.port.ok_or(Reason::NO_OUTPUT_PORT)?;
        let next = hop.gateway.unwrap_or(to);
        let link = self.links.get(&port).ok_or(Reason::NO_OUTPUT_PORT)?;
        if !link.up {
            return Err(Reason::LINK_DOWN);
        }
        let (mtu, source) = (link.mtu as usize, link.mac);
        Ok(Way { port, next, mtu, source, mac: self.neighbour(port, next) })
    }
}

fn send(mut frame: Frame, way: &Way, mac: [u8; 6]) {
    let bytes = frame.bytes_mut();
    bytes[..6].copy_from_slice(&mac);
    bytes[6..12].copy_from_slice(&way.source);
    frame.forward(way.port);
}

impl Router {
    /// The way of a frame, whose time to live is counted down.
    fn route(&mut self, frame: &mut Frame) -> Result<Way, Reason> {
        let bytes = frame.bytes_mut();
        match bytes.get(12..ETHERNET_BYTES) {
            Some([0x08, 0x00]) | Some([0x86, 0xdd]) => {}
            _ => return Err(Reason::NOT_IP),
        }
        let packet = &mut bytes[ETHERNET_BYTES..];
        let to = destination(packet)?;
        let way = match self.ways.get(&to) {
            Some(way) => *way,
            None => {
                let way = self.tables.way(to);
                if self.ways.len() >= WAYS_MAX {
                    self.ways.clear();
                }
                self.ways.insert(to, way);
                way
            }
        }?;
        if packet.len() > way.mtu {
            return Err(Reason::TOO_BIG);
        }
        Ok(way)
    }

    fn forward(&mut self, vr: &mut Vr, mut frame: Frame) {
        match self.route(&mut frame) {
            Err(reason) => frame.discard(reason),
            Ok(way) => match way.mac {
                Some(mac) => send(frame, &way, mac),
                None => self.hold(vr, frame, way),
            },
        }
    }

    /// Keeps a frame until the next hop's MAC comes, and asks for it.
    fn hold(&mut self, vr: &mut Vr, frame: Frame, way: Way) {
        let now = Instant::now();
        let place = (way.port, way.next);
        let is_new = !self.waiting.contains_key(&place);
        if is_new && self.waiting.len() >= UNKNOWN_MAX {
            return frame.discard(Reason::NEIGHBOUR_QUEUE_FULL);
        }
        let new = || Waiting { way, frames: Vec::new(), asked: now };
        let waiting = self.waiting.entry(place).or_insert_with(new);
        if is_new || now - waiting.asked >= ASK_AGAIN {
            waiting.asked = now;
            // When the queue is full, a later frame asks again.
            let _ = vr.need_neighbour(way.port, way.next);
        }
        if waiting.frames.len() < WAITING_MAX {
            waiting.frames.push(frame);
        } else {
            frame.discard(Reason::NEIGHBOUR_QUEUE_FULL);
        }
    }

    /// A next hop's MAC is known now (`None`: it doesn't answer).
    fn release(&mut self, port: Port, next: IpAddr, mac: Option<[u8; 6]>) {
        if let Some(Waiting { way, frames, .. }) = self.waiting.remove(&(port, next)) {
            for frame in frames {
                match mac {
                    Some(mac) => send(frame, &way, mac),
                    None => frame.discard(Reason::NO_NEIGHBOUR),
                }
            }
        }
    }

    /// What is to be answered: to whom, and with what.
    fn take(&mut self, event: Event<'_>) -> Option<(u32, String)> {
        self.ways.clear();
        let tables = self.coming.as_mut().unwrap_or(&mut self.tables);
        match event {
            Event::Link(link) => tables.take_link(link),
            Event::Route(route) => tables.take_route(route),
            Event::Neighbour(neighbour) => {
                tables.take_neighbour(&neighbour);
                self.release(neighbour.port, neighbour.address, neighbour.mac);
            }
            Event::Flush => self.coming = Some(Tables::default()),
            Event::Stop => self.is_stopping = true,
            Event::Sibling { from, payload, .. } if payload == HELLO => {
                let count = self.tables.route_count();
                return Some((from, format!("router: I have {count} routes")));
            }
            Event::Sibling { from, payload, .. } => {
                eprintln!("router: VRI {from} says: {}", String::from_utf8_lossy(payload));
            }
            _ => {}
        }
        None
    }

    /// The snapshot is complete: it is what holds.
    fn synchronised(&mut self, vr: &mut Vr) {
        if let Some(tables) = self.coming.take() {
            self.tables = tables;
        }
        self.ways.clear();
        eprintln!("router: VRI {} has {} routes", vr.number(), self.tables.route_count());
        vr.ready(Wants::NOTHING);
        // Nobody to hear it, or no room for it: not worth another try.
        let _ = vr.tell_siblings(HELLO);
    }

    fn serve_events(&mut self, vr: &mut Vr) {
        while let Some(event) = vr.next_event() {
            if event == Event::Synchronised {
                self.synchronised(vr);
            } else if let Some((to, text)) = self.take(event) {
                let _ = vr.tell_sibling(to, text.as_bytes());
            }
        }
    }
}

fn main() {
    let mut vr = Vr::attach().unwrap_or_else(|error| {
        eprintln!("router: {error}");
        std::process::exit(4)
    });
    let mut router = Router::default();
    while vr.alive() {
        router.serve_events(&mut vr);
        if router.is_stopping {
            break;
        }
        let batch = vr.receive();
        if batch.is_empty() {
            vr.wait(1000);
        }
        for frame in batch {
            router.forward(&mut vr, frame);
        }
    }
}
