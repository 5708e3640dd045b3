// lvrm-click-pair: two routers that exchange entries as VRIs of one VR do, for tests.
//
//     lvrm-click-pair [--late] A.click B.click [a:ELEMENT.HANDLER | b:ELEMENT.HANDLER]...
//
// Runs A until it stops, hands what it announced to B, runs B, hands what that announced to A, and
// prints the handlers. --late: B starts when A has ended, and asks it for what it knows.
#include <cstdio>
#include <memory>

#include "exchange.hh"
#include "load.hh"

namespace click {
namespace {

class PairExchange final : public Exchange {
  public:
    using Exchange::Exchange;
    std::vector<std::string> sent;

  protected:
    bool send(std::string_view event) override {
        sent.emplace_back(event);
        return true;
    }
};

struct Side {
    explicit Side(uint32_t number) : siblings(number) {}
    PairExchange siblings;
    std::unique_ptr<Router> router;

    bool start(const char *file, ErrorHandler &errh) {
        exchange = &siblings;
        std::string text;
        if (!read_file(file, text, errh)) return false;
        router = load(text, file, {}, errh);
        if (!router || !router->initialize(errh)) return false;
        siblings.greet();
        return true;
    }
    void run() {
        exchange = &siblings;
        router->driver().run(*router);
    }
    /// What this side has to say, to the other.
    void tell(Side &other) {
        exchange = &siblings;
        siblings.flush();
        exchange = &other.siblings;
        for (const std::string &it : siblings.sent) other.siblings.receive(it);
        siblings.sent.clear();
    }
};

int run(int argc, char **argv) {
    const bool is_late = argc > 1 && std::string_view(argv[1]) == "--late";
    char **words = argv + (is_late ? 2 : 1);
    const int count = argc - (is_late ? 2 : 1);
    if (count < 2) return std::fputs("usage: lvrm-click-pair [--late] A B HANDLER...\n", stderr), 2;
    Clock::simulate();
    FileErrorHandler errh;
    Side a(0), b(1);
    if (!a.start(words[0], errh) || (!is_late && !b.start(words[1], errh))) return 1;
    a.run();
    if (is_late) {
        a.siblings.flush();
        a.siblings.sent.clear(); // nobody was there to hear it
        if (!b.start(words[1], errh)) return 1;
        b.tell(a);
    }
    a.tell(b);
    b.run();
    b.tell(a);
    for (int i = 2; i < count; i += 1) {
        const std::string word = words[i];
        Side &side = word[0] == 'a' ? a : b;
        exchange = &side.siblings;
        HandlerCall call;
        if (word.size() < 3 || !call.parse(word.substr(2), nullptr, *side.router, false, errh))
            return 1;
        std::printf("%s:\n%s\n", word.c_str(), call.read(errh).c_str());
    }
    exchange = &b.siblings;
    b.router.reset();
    exchange = &a.siblings;
    a.router.reset();
    return 0;
}

} // namespace
} // namespace click

int main(int argc, char **argv) { return click::run(argc, argv); }
