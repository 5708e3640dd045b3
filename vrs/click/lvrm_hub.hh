// A Click router under lvrm: the link, its ports, and the loop of the VRI.
#pragma once

#include <lvrm_vr.h>

#include <array>
#include <functional>
#include <utility>

#include "element.hh"
#include "port_hub.hh"

namespace click {

class LvrmHub final : public PortHub {
  public:
    /// Who takes requests for handlers, parts of them as they come.
    using TakeRequest = std::function<void(std::string_view part)>;

    LvrmHub(lvrm_vr *vr, TakeRequest take_request);
    ~LvrmHub() override;

    /// Control events that are there. False when lvrm says stop.
    bool take_events();
    bool is_synchronised() const { return is_synchronised_; }
    /// Whether all ports that the router names are there; else `missing` is the first that isn't.
    bool has_ports(std::string &missing) const;
    /// Says that frames may come, with what the receivers want, and that requests may.
    void get_ready(bool wants_neighbours);
    /// Between the two, elements that ask for ports belong to a router that is only prepared: it
    /// gets nothing before take_staged().
    void begin_staging();
    void end_staging() { std::swap(wanted_, staged_); }
    void take_staged();
    /// Takes in frames that are there, `max` and a batch at most. Before take_events(): what
    /// siblings told before those frames were sent on is then known when take_frames() looks at
    /// them.
    void fetch(uint32_t max);
    /// Pushes what was fetched into the router, and says how many frames that were.
    uint32_t take_frames();
    /// Sends what goes out, and before that what siblings are told: they know a flow before its
    /// reply can come.
    void flush();

    int find(const std::string &name) const override;
    const Info &info(int port) const override { return ports_[static_cast<size_t>(port)]; }
    void receive(const std::string &name, Element *element, bool is_promiscuous,
                 bool wants_neighbours) override;
    void forget(Element *element) override;
    void expect(const std::string &name) override { wanted_.names.push_back(name); }
    bool send(int port, Packet *p) override;
    uint32_t version() const override { return version_; }

  private:
    struct Receiver {
        std::string name;
        Element *element;
        bool is_promiscuous, wants_neighbours;
    };
    /// What a router asks of ports.
    struct Wanted {
        std::vector<Receiver> receivers;
        std::vector<std::string> names; // that it sends to
    };
    void take_link(const lvrm_link_event &event);
    void take_address(const lvrm_address_event &event);
    void bind();
    void put(lvrm_frame frame);
    bool take_spare(lvrm_frame &frame);
    lvrm_frame place(lvrm_frame frame, Packet *p) const;

    lvrm_vr *vr_;
    TakeRequest take_request_;
    std::array<Info, LVRM_MAX_PORTS + 1> ports_;
    std::array<Element *, LVRM_MAX_PORTS + 1> bound_{};
    Wanted wanted_, staged_;
    std::array<lvrm_frame, Batch::capacity> in_;
    size_t in_count_ = 0;
    std::array<lvrm_frame, 256> out_;
    size_t out_count_ = 0;
    std::vector<lvrm_frame> spare_;
    uint32_t version_ = 1;
    bool is_synchronised_ = false, is_stopping_ = false;
};

} // namespace click
