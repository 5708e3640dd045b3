// The pattern language of IPClassifier and IPFilter: text to a tree of tests.
//
//     expression: either ["?" expression ":" expression]
//     either:     both {("or" | "||") both}
//     both:       factor {["and" | "&&"] factor}
//     factor:     ("not" | "!") factor | "(" expression ")" | primitive
//
// After "or" or "and" a value alone repeats the primitive before it: "dst port 80 or 443".
#pragma once

#include <optional>

#include "elements/ip/filter_program.hh"
#include "element.hh"

namespace click {

class FilterParser {
  public:
    /// Errors go to `errh`; names are looked up as seen from `element`.
    FilterParser(FilterTree &tree, Element *element, ErrorHandler &errh)
        : tree_(tree), element_(element), errh_(errh) {}
    /// The root in the tree, or -1 after a message.
    int parse(std::string_view text);

    enum class Direction : uint8_t { any, source, destination, either, both };
    /// What a primitive asks about.
    enum class Field : uint8_t {
        none,
        host,
        net,
        port,
        protocol,
        icmp_type,
        icmp_code,
        tcp_option,
        tcp_window,
        number, // of the IP header: `slice`
        data    // ip[…], tcp[…], udp[…], icmp[…], transp[…]
    };
    /// Bits of the IP header, or bytes asked for.
    struct Slice {
        FilterTest::Base base = FilterTest::ip;
        uint16_t offset = 0;
        uint32_t mask = 0;
        uint32_t shift = 0;
        uint32_t largest = 0; // value
    };

  private:
    struct Primitive {
        Direction direction = Direction::any;
        Field field = Field::none;
        int protocol = -1; // that was named: tcp, udp, icmp
        Slice slice;
        uint32_t extra_mask = ~uint32_t{0};
        bool has_extra_mask = false;
    };
    struct Comparison {
        uint32_t low = 0, high = 0; // of values
        bool is_negated = false;
    };

    void split(std::string_view text);
    bool at(std::string_view token) const {
        return next_ < tokens_.size() && tokens_[next_] == token;
    }
    bool take(std::string_view token) {
        if (!at(token)) return false;
        next_ += 1;
        return true;
    }
    std::string peek(size_t ahead = 0) const {
        return next_ + ahead < tokens_.size() ? tokens_[next_ + ahead] : std::string();
    }
    int fail(const std::string &text);
    int fail_near();

    int expression();
    int either();
    int both();
    int factor();
    int primitive();
    bool is_qualifier(const std::string &word) const;
    bool take_direction(Primitive &out);
    bool take_subject(Primitive &out);
    bool take_slice(const std::string &bracket, FilterTest::Base base, Primitive &out);
    /// From what kind the value is, when no field was named.
    bool guess_field(Primitive &it);
    int value(const Primitive &it);
    int host_value(const Primitive &it, bool is_net);
    int number_value(const Primitive &it);
    int option_value(const Primitive &it);
    bool take_numbers(const Primitive &it, uint32_t largest, Comparison &out);
    bool parse_number(const std::string &word, const Primitive &it, uint32_t &out);

    // Building.
    int range(const Slice &slice, uint32_t extra_mask, const Comparison &it);
    int protocol_is(int protocol);
    int first_fragment();
    /// `node` for packets whose first fragment's header of this protocol is there.
    int guarded(int protocol, int node);
    int directed(const Primitive &it, const Slice &source, const Slice &destination,
                 const Comparison &comparison);

    FilterTree &tree_;
    Element *element_;
    ErrorHandler &errh_;
    std::vector<std::string> tokens_;
    size_t next_ = 0;
    int depth_ = 0;
    std::optional<Primitive> previous_;
};

} // namespace click
