//! The twin of `vrs/example/minimal.c`: between two ports, with one host or router on each. What
//! comes in by one port goes out by the other, to the neighbour there. It has no routes, makes no
//! ICMP errors and leaves the time to live alone.
//!
//!     cargo build --release --examples
//!     lvrm --interface eth1 --interface eth2 --vr '10.0.1.0/24,10.0.2.0/24=./minimal'
use lvrm_vr::{Event, Frame, Link, Neighbour, Port, Reason, Vr, Wants};

struct Side {
    port: Port,
    mac: [u8; 6],
    neighbour: Option<[u8; 6]>,
}

#[derive(Default)]
struct Minimal {
    sides: [Option<Side>; 2],
}

impl Minimal {
    fn find(&self, port: Option<Port>) -> Option<usize> {
        self.sides.iter().position(|it| it.as_ref().map(|side| side.port) == port)
    }

    /// The first two ports that lvrm tells of are ours; a removed one makes room again.
    fn take_link(&mut self, link: &Link) {
        if let Some(at) = self.find(Some(link.port)).or_else(|| self.find(None)) {
            let side = Side { port: link.port, mac: link.mac, neighbour: None };
            self.sides[at] = (!link.removed).then_some(side);
        }
    }

    fn take_neighbour(&mut self, neighbour: &Neighbour) {
        let side = self.sides.iter_mut().flatten().find(|it| it.port == neighbour.port);
        if let (Some(side), Some(mac)) = (side, neighbour.mac) {
            side.neighbour = Some(mac);
        }
    }

    /// Every frame goes back: with its output port, or with the reason why not.
    fn forward(&self, mut frame: Frame) {
        let input = match self.find(Some(frame.input_port())) {
            Some(input) => input,
            None => return frame.discard(Reason::POLICY),
        };
        let output = match &self.sides[1 - input] {
            Some(output) => output,
            None => return frame.discard(Reason::NO_OUTPUT_PORT),
        };
        match (output.neighbour, frame.bytes_mut().get_mut(..12)) {
            (Some(neighbour), Some(macs)) => {
                macs[..6].copy_from_slice(&neighbour);
                macs[6..].copy_from_slice(&output.mac);
                frame.forward(output.port);
            }
            (None, _) => frame.discard(Reason::NO_NEIGHBOUR),
            (_, None) => frame.discard(Reason::BAD_HEADER),
        }
    }
}

fn main() {
    let mut vr = Vr::attach().unwrap_or_else(|error| {
        eprintln!("minimal: {error}");
        std::process::exit(4)
    });
    let mut minimal = Minimal::default();
    while vr.alive() {
        while let Some(event) = vr.next_event() {
            match event {
                Event::Link(link) => minimal.take_link(&link),
                Event::Neighbour(neighbour) => minimal.take_neighbour(&neighbour),
                Event::Synchronised => vr.ready(Wants::NOTHING),
                Event::Stop => return,
                _ => {}
            }
        }
        let batch = vr.receive();
        if batch.is_empty() {
            vr.wait(1000);
        }
        for frame in batch {
            minimal.forward(frame);
        }
    }
}
