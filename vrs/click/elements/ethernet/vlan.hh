// 802.1Q tags as arguments: VLAN_TCI, or VLAN_ID and VLAN_PCP; "ANNO" takes what the packet says.
#pragma once

#include "element.hh"
#include "headers.hh"

namespace click {

class VlanTag {
  public:
    /// Names the arguments; `read()` after complete(). `is_last`: positional TCI behind others.
    void declare(Args &args, bool has_native) {
        args.positional("VLAN_TCI", tci_text_, has_tci_)
            .positional("VLAN_PCP", Bounded<int>{0, 7}, pcp_)
            .keyword("VLAN_ID", id_text_, has_id_);
        if (has_native) args.keyword("NATIVE_VLAN", Bounded<int>{-1, 4095}, native_);
    }
    int read(Args &args) {
        if (has_tci_ == has_id_) return args.error("need exactly one of VLAN_TCI and VLAN_ID");
        const std::string &text = has_tci_ ? tci_text_ : id_text_;
        from_annotation_ = text == "ANNO";
        const int highest = has_tci_ ? 0xffff : 0xfff;
        if (!from_annotation_) {
            ArgContext context{args.element(), args.errh(), has_tci_ ? "VLAN_TCI" : "VLAN_ID"};
            if (!Bounded<int>{0, highest}(trim(text), tci_, context))
                return context.has_failed ? -1
                                          : args.error("%s: syntax error", context.name.c_str());
        }
        return 0;
    }
    /// In host order.
    uint16_t tci(const Packet *p) const {
        int tci = from_annotation_ ? net16(p->anno_as<uint16_t>(anno::vlan_tci)) : tci_;
        if (from_annotation_ && has_id_) tci &= 0xfff;
        if (pcp_ >= 0) tci = (tci & 0x1fff) | pcp_ << 13;
        return static_cast<uint16_t>(tci);
    }
    /// Packets of this VLAN have no tag.
    bool is_native(uint16_t tci) const { return (tci & 0xfff) == native_; }

    void add_handlers(Element &element) {
        element.add_read("vlan_tci", [this] {
            return from_annotation_ ? std::string("ANNO") : std::to_string(value());
        });
        element.add_write("vlan_tci", [this, &element](const std::string &text, ErrorHandler &e) {
            return set(element, text, 0xffff, e);
        });
        element.add_read("vlan_id", [this] {
            return from_annotation_ ? std::string("ANNO") : std::to_string(value() & 0xfff);
        });
        element.add_write("vlan_id", [this, &element](const std::string &text, ErrorHandler &e) {
            return set(element, text, 0xfff, e);
        });
        element.add_read("vlan_pcp", [this] { return pcp_ >= 0 ? pcp_ : value() >> 13; });
        element.add_write("vlan_pcp", [this, &element](const std::string &text, ErrorHandler &e) {
            ArgContext context{&element, e, "vlan_pcp"};
            if (Bounded<int>{0, 7}(trim(text), pcp_, context)) return 0;
            return context.has_failed ? -1 : e.error("syntax error");
        });
    }

  private:
    int value() const { return pcp_ >= 0 ? (tci_ & 0x1fff) | pcp_ << 13 : tci_; }
    int set(Element &element, const std::string &text, int highest, ErrorHandler &errh) {
        if (trim(text) == "ANNO") {
            from_annotation_ = true;
            return 0;
        }
        ArgContext context{&element, errh, "vlan"};
        int value;
        if (!Bounded<int>{0, highest}(trim(text), value, context))
            return context.has_failed ? -1 : errh.error("syntax error");
        tci_ = highest == 0xfff ? (tci_ & 0xf000) | value : value;
        from_annotation_ = false;
        return 0;
    }
    std::string tci_text_, id_text_;
    bool has_tci_ = false, has_id_ = false, from_annotation_ = false;
    int tci_ = 0, pcp_ = -1, native_ = 0;
};

} // namespace click
