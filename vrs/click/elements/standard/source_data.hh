// What packets of InfiniteSource, RatedSource and TimedSource hold by default, as users of Click
// know it from what Print shows.
#pragma once

namespace click {

constexpr const char *default_source_data =
    "Random bullshit in a packet, at least 64 bytes long. Well, now it is.";

} // namespace click
