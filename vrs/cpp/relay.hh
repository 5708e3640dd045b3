// The paper's minimal forwarder (section 4.1): what comes in by one port goes out by the other as
// it is, ARP and neighbour discovery too, so that both sides see each other as on one wire.
#pragma once

#include "options.hh"
#include "output.hh"

namespace cppvr {

class Relaying {
  public:
    Relaying(Output &output) : output_(output) {}

    void connect(uint8_t a, uint8_t b) {
        other_.fill(LVRM_NO_PORT);
        if (a != LVRM_NO_PORT) other_[a] = b;
        if (b != LVRM_NO_PORT) other_[b] = a;
    }

    void relay(std::span<const lvrm_frame> frames) {
        for (const lvrm_frame frame : frames) {
            const uint8_t port = other_[lvrm_frame_input_port(frame)];
            if (port == LVRM_NO_PORT) [[unlikely]]
                output_.drop(frame, LVRM_DROP_NO_OUTPUT_PORT);
            else
                output_.forward(frame, port);
        }
    }

  private:
    Output &output_;
    std::array<uint8_t, 256> other_{};
};

} // namespace cppvr
