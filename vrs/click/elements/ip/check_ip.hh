// What CheckIPHeader, CheckIPHeader2 and IPInputCombo share.
#pragma once

#include <algorithm>

#include "element.hh"
#include "headers.hh"

namespace click {

template <class T> class CheckIP : public SimpleElement<CheckIP<T>> {
  public:
    const char *port_count() const override { return "1/1-2"; }
    const char *processing() const override { return "a/ah"; }
    int configure(Args &args) override {
        offset_ = 0;
        bad_sources_.clear();
        good_destinations_.clear();
        checks_sum_ = T::checks_sum_by_default;
        std::vector<IPAddress> given;
        std::string first, second, interfaces;
        // A class may have arguments of its own before these.
        constexpr bool has_own = requires(T &t) { t.add_arguments(args); };
        if constexpr (has_own)
            static_cast<T *>(this)->add_arguments(args);
        else
            args.positional("OFFSET", Any{}, first).positional("OFFSET", Any{}, second);
        if (args
                .keyword("CHECKSUM", checks_sum_)
                .keyword("INTERFACES", Any{}, interfaces)
                .positional("BADSRC", given)
                .keyword("GOODDST", good_destinations_)
                .keyword("VERBOSE", is_verbose_)
                .keyword("DETAILS", has_details_)
                .complete() < 0)
            return -1;
        // Of old: a list of bad sources, to which these two are added, and OFFSET.
        std::string list, offset;
        for (const std::string &it : {first, second})
            if (!it.empty()) (it.find('.') != std::string::npos ? list : offset) = it;
        const bool is_old = has_own || !list.empty() || (first.empty() && !second.empty());
        if (is_old || !interfaces.empty()) bad_sources_ = {{0}, {0xffffffff}};
        ArgContext context{this, args.errh(), "BADSRC"};
        if (!list.empty() && !parse_arg(list, given, context))
            return context.has_failed ? -1 : (context.error("syntax error"), -1);
        context.name = "OFFSET";
        if (!offset.empty() && !parse_arg(offset, offset_, context))
            return context.has_failed ? -1 : (context.error("syntax error"), -1);
        bad_sources_.insert(bad_sources_.end(), given.begin(), given.end());
        for (const std::string &word : split_words(interfaces)) {
            IPPrefix prefix;
            context.name = "INTERFACES";
            if (!PrefixArg{false}(word, prefix, context))
                return context.error("bad address/mask '%s'", word.c_str()), -1;
            good_destinations_.push_back(prefix.address);
            bad_sources_.push_back(prefix.address | ~prefix.mask);
        }
        return 0;
    }
    void add_handlers() override {
        this->add_read("drops", [this] { return drops_; });
        if (!has_details_) return;
        this->add_read("drop_details", [this] {
            std::string out;
            for (int i = 0; i < reason_count; i += 1)
                out +=
                    format("%12llu %s\n", static_cast<unsigned long long>(details_[i]), names[i]);
            return out;
        });
    }
    Packet *action(Packet *p) {
        if constexpr (requires(T &t) { t.prepare(p); }) static_cast<T *>(this)->prepare(p);
        const uint32_t length = p->length() - offset_;
        if (p->length() < offset_ || length < sizeof(click_ip)) [[unlikely]]
            return drop(p, tiny);
        auto *ip = reinterpret_cast<click_ip *>(p->data() + offset_);
        if (ip->version() != 4) [[unlikely]]
            return drop(p, version);
        const uint32_t header = ip->header_length();
        if (header < sizeof(click_ip)) [[unlikely]]
            return drop(p, header_length);
        const uint32_t total = net16(ip->length);
        if (total > length || total < header) [[unlikely]]
            return drop(p, packet_length);
        if (checks_sum_ && !sum_is_good(ip, header)) [[unlikely]]
            return drop(p, bad_checksum);
        if (is_bad(ip->source) && !is_good(ip->destination)) [[unlikely]]
            return drop(p, source);
        p->set_network_header(reinterpret_cast<uint8_t *>(ip), header);
        if (length > total) p->take(length - total);
        p->set_dst_ip_anno(ip->destination);
        return p;
    }

  private:
    enum Reason { tiny, version, header_length, packet_length, bad_checksum, source, reason_count };
    static constexpr const char *names[] = {"tiny packet",          "bad IP version",
                                            "bad IP header length", "bad IP length",
                                            "bad IP checksum",      "bad source address"};

    static bool sum_is_good(const click_ip *ip, uint32_t header) {
        if (header == sizeof(click_ip)) [[likely]] {
            uint64_t words[3] = {};
            std::memcpy(words, ip, sizeof(click_ip));
            // 64-bit ones' complement sum; 2^64 is 1 modulo 65535 too.
            uint64_t sum = words[0];
            sum += words[1];
            sum += sum < words[1];
            sum += words[2];
            sum += sum < words[2];
            sum = (sum & 0xffffffff) + (sum >> 32);
            sum = (sum & 0xffff) + (sum >> 16);
            sum = (sum & 0xffff) + (sum >> 16);
            sum = (sum & 0xffff) + (sum >> 16);
            return sum == 0xffff;
        }
        return checksum_add(ip, header) == 0xffff;
    }
    bool is_bad(uint32_t address) const {
        for (const IPAddress &it : bad_sources_)
            if (it.addr == address) return true;
        return false;
    }
    bool is_good(uint32_t address) const {
        return std::find(good_destinations_.begin(), good_destinations_.end(),
                         IPAddress(address)) != good_destinations_.end();
    }
    Packet *drop(Packet *p, Reason reason) {
        if (drops_ == 0 || is_verbose_) this->chatter("IP header check failed: %s", names[reason]);
        drops_ += 1;
        details_[reason] += 1;
        this->checked_push(1, p);
        return nullptr;
    }

    uint32_t offset_ = 0;
    bool checks_sum_ = true, is_verbose_ = false, has_details_ = false;
    std::vector<IPAddress> bad_sources_, good_destinations_;
    uint64_t drops_ = 0;
    uint64_t details_[reason_count] = {};
};

} // namespace click
