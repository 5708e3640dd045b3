// Parsing of the command line, strictly: a mistake must not start a router.
#include "options.hh"

#include <arpa/inet.h>

#include <charconv>
#include <string_view>

namespace cppvr {
namespace {

constexpr unsigned max_service_rate_fps = 10'000'000;

using Error = std::unexpected<std::string>;

Error error(std::string_view option, std::string_view value, std::string_view cure) {
    std::string text(option);
    text += ": '";
    text += value;
    text += "' ";
    text += cure;
    return Error(std::move(text));
}

std::optional<unsigned> parse_number(std::string_view text, unsigned max) {
    unsigned value = 0;
    const char *end = text.data() + text.size();
    const auto [at, status] = std::from_chars(text.data(), end, value);
    if (status != std::errc{} || at != end || value > max) return std::nullopt;
    return value;
}

std::optional<PortName> parse_port(std::string_view text) {
    PortName name;
    const size_t colon = text.rfind(':');
    if (colon != text.npos) {
        const auto vlan = parse_number(text.substr(colon + 1), 4094);
        if (!vlan || *vlan == 0) return std::nullopt;
        name.vlan = static_cast<uint16_t>(*vlan);
        text = text.substr(0, colon);
    }
    if (text.empty() || text.size() > 15) return std::nullopt; // IFNAMSIZ with its zero
    name.interface = text;
    return name;
}

std::optional<Address> parse_address(std::string_view text) {
    const std::string copy(text); // inet_pton wants a zero at the end
    uint8_t bytes[16];
    if (inet_pton(AF_INET, copy.c_str(), bytes) == 1) return event_address(4, bytes);
    if (inet_pton(AF_INET6, copy.c_str(), bytes) == 1) return event_address(6, bytes);
    return std::nullopt;
}

std::expected<StaticRoute, std::string> parse_route(std::string_view text) {
    constexpr std::string_view form = "is not PREFIX=IF[,GATEWAY], e.g. 10.0.3.0/24=eth2,10.0.2.7";
    const size_t equals = text.find('=');
    const size_t slash = text.find('/');
    if (equals == text.npos || slash == text.npos || slash > equals)
        return error("--route", text, form);
    StaticRoute route;
    const auto prefix = parse_address(text.substr(0, slash));
    if (!prefix) return error("--route", text, form);
    const unsigned bits = prefix->family == 4 ? 32 : 128;
    const auto length = parse_number(text.substr(slash + 1, equals - slash - 1), bits);
    if (!length) return error("--route", text, "has a bad prefix length: use 0-32, IPv6 0-128");
    route.prefix = *prefix;
    route.prefix_length = static_cast<uint8_t>(*length);
    const bool has_host_bits = *length < bits && (prefix->v6() << (128 - bits) << *length) != 0;
    if (has_host_bits)
        return error("--route", text, "has bits set after its prefix length: clear them");
    std::string_view way = text.substr(equals + 1);
    const size_t comma = way.find(',');
    if (comma != way.npos) {
        const auto gateway = parse_address(way.substr(comma + 1));
        if (!gateway) return error("--route", text, form);
        route.gateway = *gateway;
        way = way.substr(0, comma);
    }
    const auto port = parse_port(way);
    if (!port) return error("--route", text, form);
    route.port = *port;
    return route;
}

std::expected<Relay, std::string> parse_relay(std::string_view text) {
    const size_t equals = text.find('=');
    const auto a = parse_port(text.substr(0, equals));
    const auto b = equals == text.npos ? std::nullopt : parse_port(text.substr(equals + 1));
    if (!a || !b) return error("--relay", text, "is not A=B, two interfaces, e.g. eth0=eth1:100");
    if (a->interface == b->interface && a->vlan == b->vlan)
        return error("--relay", text, "names one port twice: name two");
    return Relay{*a, *b};
}

std::string take_option(CommandLine &line, std::string_view option, std::string_view value) {
    if (option == "--relay") {
        if (line.relay) return "--relay is given twice: one VR relays between two ports";
        const auto relay = parse_relay(value);
        if (!relay) return relay.error();
        line.relay = *relay;
        return {};
    }
    if (option == "--service-rate") {
        const auto rate = parse_number(value, max_service_rate_fps);
        if (!rate || *rate == 0)
            return error(option, value, "is no number of frames per second, 1 to 10000000").error();
        line.service_rate_fps = *rate;
        return {};
    }
    const auto route = parse_route(value);
    if (!route) return route.error();
    for (const StaticRoute &other : line.routes) {
        if (other.prefix == route->prefix && other.prefix_length == route->prefix_length)
            return "--route: '" + std::string(value) + "' repeats a prefix: give each once";
    }
    line.routes.push_back(*route);
    return {};
}

} // namespace

std::expected<CommandLine, std::string> parse_command_line(std::span<const char *const> words) {
    CommandLine line;
    for (size_t i = 0; i < words.size(); i += 1) {
        std::string_view word = words[i];
        if (word == "--help" || word == "-h") {
            line.wants_help = true;
            continue;
        }
        if (word == "--version") {
            line.wants_version = true;
            continue;
        }
        if (word == "--pace") {
            line.is_paced = true;
            continue;
        }
        const size_t equals = word.find('=');
        const std::string_view option = word.substr(0, equals);
        if (option != "--relay" && option != "--route" && option != "--service-rate")
            return error("option", word, "is unknown: `cppvr --help` lists all");
        std::string_view value;
        if (equals != word.npos) {
            value = word.substr(equals + 1);
        } else {
            i += 1;
            if (i == words.size()) return Error(std::string(option) + " needs a value: see --help");
            value = words[i];
        }
        std::string message = take_option(line, option, value);
        if (!message.empty()) return Error(std::move(message));
    }
    if (line.relay && !line.routes.empty())
        return Error("--relay and --route exclude each other: a relay has no routes");
    if (line.is_paced && !line.service_rate_fps)
        return Error("--pace needs --service-rate: say how many frames per second");
    return line;
}

const char *const help_text =
    R"(cppvr: lvrm's bundled router, IPv4 and IPv6. lvrm starts it; its options follow its name:

  lvrm --vr 10.0.1.0/24=cppvr
  lvrm --vr '10.0.1.0/24=cppvr --route 10.0.3.0/24=eth2,10.0.2.7 --route 10.0.1.0/24=eth1'
  lvrm --vr '10.0.1.0/24,10.0.2.0/24=cppvr --relay eth1=eth2'

  --route PREFIX=IF[,GATEWAY]  a static route; repeatable. With any, the kernel's routes are
                               ignored; links, addresses and neighbours still come from it
  --relay A=B                  forward every frame of port A to port B and back as it is
  --service-rate FPS           dummy load: each frame takes 1/FPS s of the VRI's time
  --pace                       with it: that time is slept instead of burnt
  --help, --version

IF, A and B name an interface, or an interface and a VLAN tag: eth0, eth0:100.
Without options it follows the routes of the gateway's kernel.
)";

} // namespace cppvr
