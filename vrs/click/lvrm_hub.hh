// A Click router under lvrm: the link, its ports, and the loop of the VRI.
#pragma once

#include <lvrm_vr.h>

#include <array>
#include <map>
#include <memory>

#include "dummy_load.hh"
#include "element.hh"
#include "port_hub.hh"

namespace click {

class LvrmHub final : public PortHub {
  public:
    explicit LvrmHub(lvrm_vr *vr);
    ~LvrmHub() override;

    /// Control events that are there. False when lvrm says stop.
    bool take_events();
    bool is_synchronised() const { return is_synchronised_; }
    /// Says that frames may come, with what the receivers want. False: an element names no port of
    /// lvrm's; `missing` is its name.
    bool get_ready(std::string &missing);
    /// Frames that are there, at most `max` or a batch: pushed into the router. Returns how many.
    uint32_t take_frames(uint32_t max = Batch::capacity);
    void flush();

    int find(const std::string &name) const override;
    const Info &info(int port) const override { return ports_[static_cast<size_t>(port)]; }
    void receive(const std::string &name, Element *element, bool is_promiscuous,
                 bool wants_neighbours) override;
    void forget(Element *element) override;
    bool send(int port, Packet *p) override;
    uint32_t version() const override { return version_; }
    void want_neighbours() override { wants_neighbours_ = true; }

  private:
    struct Receiver {
        std::string name;
        Element *element;
        bool is_promiscuous, wants_neighbours;
    };
    void take_link(const lvrm_link_event &event);
    void take_address(const lvrm_address_event &event);
    void bind();
    void put(lvrm_frame frame);
    bool take_spare(lvrm_frame &frame);
    lvrm_frame place(lvrm_frame frame, Packet *p) const;

    lvrm_vr *vr_;
    std::array<Info, LVRM_MAX_PORTS + 1> ports_;
    std::array<Element *, LVRM_MAX_PORTS + 1> bound_{};
    std::vector<Receiver> receivers_;
    std::array<lvrm_frame, 256> out_;
    size_t out_count_ = 0;
    std::vector<lvrm_frame> spare_;
    uint32_t version_ = 1;
    bool wants_neighbours_ = false;
    bool is_synchronised_ = false, is_stopping_ = false;
};

/// Becomes the VRI that runs this configuration. Returns the exit code.
int run_hosted(const std::string &file, const std::map<std::string, std::string> &parameters,
               DummyLoad load);

} // namespace click
