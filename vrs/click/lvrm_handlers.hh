// Handlers of a hosted router, asked for by lvrm's control socket: requests and replies as control
// events, in parts where they are longer than one event.
#pragma once

#include <lvrm_vr.h>

#include <deque>
#include <string>
#include <string_view>

#include "error.hh"

namespace click {

class Hosted;
struct HandlerCall;

class LvrmHandlers {
  public:
    LvrmHandlers(lvrm_vr *vr, Hosted &hosted) : vr_(vr), hosted_(hosted) {}

    /// A part of a request. The last one has it carried out.
    void receive(std::string_view part);
    /// Sends what waits. False when some of it has to wait on.
    bool flush();

    /// The configuration that the VR's other VRIs run by now, told before this one started.
    bool has_adopted() const { return has_adopted_; }
    const std::string &adopted() const { return adopted_; }
    /// What the others run can't run here: there is nothing this VRI could do.
    bool has_failed() const { return has_failed_; }

  private:
    struct Said {
        uint8_t status = LVRM_HANDLER_STATUS_OK;
        std::string text;
    };
    void carry_out();
    void adopt(const std::string &text);
    Said answer(const std::string &name, const std::string &value);
    Said list(const std::string &name) const;
    Said read(const std::string &name) const;
    Said write(const std::string &name, const std::string &value);
    Said change(const std::string &name, const std::string &value);
    bool find(const std::string &name, bool writes, HandlerCall &call, Said &said) const;
    void reply(uint32_t request, const Said &said);

    lvrm_vr *vr_;
    Hosted &hosted_;
    lvrm_handler_event head_{}; // of the request that comes in
    std::string text_;
    bool is_coming_ = false;
    std::deque<std::string> waiting_;
    std::string adopted_, pending_; // configurations
    bool has_adopted_ = false, has_failed_ = false;
};

} // namespace click
