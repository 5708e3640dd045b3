// Any bytes as a configuration: parsed, flattened, and its elements made and configured. Nothing is
// initialised, so no file is opened and nothing is sent.
#include "hub.hh"
#include "load.hh"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    using namespace click;
    static FuzzHub hub;
    Clock::simulate();
    // An allocation of its own: reading beyond the text is seen.
    const std::vector<char> text(data, data + bytes);
    SilentErrorHandler errh;
    const auto router = load({text.data(), text.size()}, "config", {}, errh);
    if (router && router->check(errh)) (void)router->flat().text();
    return 0;
}
