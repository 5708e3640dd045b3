// The exchange between VRIs of one VR under lvrm: control events to the siblings.
#pragma once

#include <lvrm_vr.h>

#include "exchange.hh"

namespace click {

class LvrmExchange final : public Exchange {
  public:
    explicit LvrmExchange(lvrm_vr *vr) : Exchange(lvrm_vr_number(vr)), vr_(vr) {
        static_assert(max_event_bytes <= LVRM_MAX_EVENT_BYTES);
        exchange = this;
    }
    ~LvrmExchange() override { exchange = nullptr; }

  protected:
    bool send(std::string_view event) override {
        return lvrm_vr_send_event(vr_, LVRM_EVENT_SIBLINGS, event.data(), event.size()) == 0;
    }

  private:
    lvrm_vr *vr_;
};

} // namespace click
