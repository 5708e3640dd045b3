// Any frames, and any events of siblings, into running routers. An input is a byte that chooses the
// configuration, then records: one byte of flags, a length of two bytes (low one first), and so
// many bytes. The flags' lowest bit is the port; 2: an event of a sibling instead; 4: time passes.
#include "configurations.hh"
#include "driver.hh"
#include "exchange.hh"
#include "hub.hh"
#include "load.hh"

namespace click {
namespace {

class FuzzExchange final : public Exchange {
  public:
    FuzzExchange() : Exchange(1) {}
    /// What it told is told to it again, by way of the fuzzer's choice.
    std::vector<std::string> told;

  protected:
    bool send(std::string_view event) override {
        if (told.size() < 64) told.emplace_back(event);
        return true;
    }
};

constexpr int passes_per_frame = 4;

/// Every read handler that needs no parameter.
void read_handlers(Router &router) {
    SilentErrorHandler errh;
    for (const auto &element : router.elements())
        for (const Handler &it : element->handlers())
            if (it.read && !it.takes_parameter) (void)it.read("", errh);
}

void run(std::string_view input) {
    static FuzzHub hub;
    Clock::simulate();
    const size_t choice = static_cast<uint8_t>(input[0]) % std::size(configurations);
    input.remove_prefix(1);
    FuzzExchange siblings;
    exchange = &siblings;
    FileErrorHandler errh;
    {
        auto router = load(configurations[choice], "config", {}, errh);
        if (!router || !router->initialize(errh)) std::abort(); // a configuration is wrong
        while (input.size() >= 3) {
            const auto at = [&](size_t i) { return static_cast<uint8_t>(input[i]); };
            const uint8_t flags = at(0);
            const size_t wanted = at(1) | at(2) << 8;
            input.remove_prefix(3);
            const std::string_view bytes = input.substr(0, wanted);
            input.remove_prefix(bytes.size());
            if (flags & 2) {
                const std::string event(bytes);
                siblings.receive(event);
            } else {
                hub.deliver(flags & 1, bytes);
            }
            for (int i = 0; i < (flags & 4 ? 16 * passes_per_frame : passes_per_frame); i += 1)
                router->driver().pass(0);
            siblings.flush();
        }
        for (const std::string &event : std::vector(siblings.told)) siblings.receive(event);
        read_handlers(*router);
    }
    exchange = nullptr;
}

} // namespace
} // namespace click

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    if (bytes > 0) click::run({reinterpret_cast<const char *>(data), bytes});
    return 0;
}
