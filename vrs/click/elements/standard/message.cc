/*
=c
Message(MESSAGE [, TYPE])
=s debugging
prints a message when the router starts
=k TYPE
MESSAGE, the default, WARNING, or ERROR, which also keeps the router from starting.
*/
#include "element.hh"

namespace click {

class Message final : public Element {
  public:
    const char *class_name() const override { return "Message"; }
    int configure(Args &args) override {
        int type = 0;
        if (args.mandatory("MESSAGE", text_)
                .positional("TYPE", OneOf{{"MESSAGE", "WARNING", "ERROR"}}, type)
                .complete() < 0)
            return -1;
        if (type == 2) return args.error("%s", text_.c_str());
        if (type == 1)
            args.errh().warning("%s", text_.c_str());
        else
            args.errh().message("%s", text_.c_str());
        return 0;
    }

  private:
    std::string text_;
};

} // namespace click

EXPORT_ELEMENT(Message)
