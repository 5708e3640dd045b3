// The command line.
#include "options.hh"

#include "check.hh"

namespace cppvr {
namespace {

std::expected<CommandLine, std::string> parse(const std::vector<const char *> &words) {
    return parse_command_line(words);
}

TEST(options_relay, "--relay takes two ports, with or without VLAN, = or a space") {
    const auto line = parse({"--relay", "eth0=eth1:100"});
    CHECK(line && line->relay);
    CHECK(line->relay->a.interface == "eth0" && line->relay->a.vlan == LVRM_NO_VLAN);
    CHECK(line->relay->b.interface == "eth1" && line->relay->b.vlan == 100);
    CHECK(parse({"--relay=a=b"}).has_value());
    CHECK(parse({"--relay=eth0=eth0:7"}).has_value());
}

TEST(options_route, "--route is repeatable, of both families, with or without gateway") {
    const auto line = parse({"--route", "10.0.3.0/24=eth2,10.0.2.7", "--route=10.0.2.0/24=eth2",
                             "--route", "2001:db8::/32=eth1:5,fe80::1", "--route=::/0=eth2"});
    CHECK(line && line->routes.size() == 4);
    CHECK(line->routes[0].prefix == address_v4(0x0a000300) && line->routes[0].prefix_length == 24);
    CHECK(line->routes[0].gateway == address_v4(0x0a000207));
    CHECK(line->routes[0].port.interface == "eth2");
    CHECK(line->routes[1].gateway.family == 0);
    CHECK(line->routes[2].prefix.high == 0x20010db800000000 && line->routes[2].port.vlan == 5);
    CHECK(line->routes[2].gateway == (Address{0xfe80000000000000, 1, 6}));
    CHECK(line->routes[3].prefix_length == 0);
}

TEST(options_bad, "every mistake is one line that says what to do") {
    const std::vector<std::vector<const char *>> mistakes = {
        {"--rely", "a=b"},
        {"x"},
        {"--relay"},
        {"--relay", "a"},
        {"--relay", "a="},
        {"--relay", "a=a"},
        {"--relay", "a:0=b"},
        {"--relay", "a:4095=b"},
        {"--relay", "a:x=b"},
        {"--relay", "interface-name-too-long=b"},
        {"--relay", "a=b", "--relay", "c=d"},
        {"--relay", "a=b", "--route", "10.0.0.0/8=c"},
        {"--pace"},
        {"--service-rate"},
        {"--service-rate", "0"},
        {"--service-rate", "60k"},
        {"--service-rate", "10000001", "--pace"},
        {"--route"},
        {"--route", ""},
        {"--route", "10.0.0.0/8"},
        {"--route", "10.0.0.0=eth0"},
        {"--route", "10.0.0/8=eth0"},
        {"--route", "10.0.0.0/33=eth0"},
        {"--route", "10.0.0.0/=eth0"},
        {"--route", "10.0.0.0/-1=eth0"},
        {"--route", "10.0.0.1/24=eth0"},
        {"--route", "2001:db8::1/127=eth0"},
        {"--route", "10.0.0.0/8="},
        {"--route", "10.0.0.0/8=eth0,"},
        {"--route", "10.0.0.0/8=eth0,gateway"},
        {"--route", "10.0.0.0/8=a", "--route", "10.0.0.0/8=b"},
    };
    for (const auto &words : mistakes) {
        const auto line = parse(words);
        CHECK(!line);
        if (line) std::fprintf(stderr, "accepted: %s %s\n", words[0], words.back());
        if (line) continue;
        CHECK(line.error().size() > 20 && line.error().find('\n') == std::string::npos);
    }
}

TEST(options_service, "a dummy load goes with a relay and with routes, burnt or paced") {
    const auto relay = parse({"--relay", "a=b", "--service-rate", "60000", "--pace"});
    CHECK(relay && relay->relay && relay->service_rate_fps == 60'000 && relay->is_paced);
    const auto router = parse({"--service-rate=1"});
    CHECK(router && router->service_rate_fps == 1 && !router->is_paced);
}

TEST(options_none, "no options is fine; help and version are seen") {
    CHECK(parse({}).has_value());
    CHECK(parse({"--help"})->wants_help);
    CHECK(parse({"--version"})->wants_version);
}

} // namespace
} // namespace cppvr
