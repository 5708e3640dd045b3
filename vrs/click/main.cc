// lvrm-click: stands in for the click command, and is the VR behind clickvr:FILE.
#include <cstdio>
#include <sys/resource.h>
#include <unistd.h>

#include "load.hh"

namespace click {
namespace {

int run(int argc, char **argv) {
    FileErrorHandler errh;
    std::string text, file = "config";
    if (argc > 2 && std::string_view(argv[1]) == "-e")
        text = argv[2];
    else if (!read_file(argc > 1 ? argv[1] : "", text, errh))
        return 1;
    else
        file = argc > 1 ? argv[1] : "<stdin>";
    Driver driver;
    auto router = load(text, file, {}, driver, errh);
    if (!router || !router->initialize(errh)) return 1;
    driver.run(*router);
    return 0;
}

} // namespace
} // namespace click

int main(int argc, char **argv) { return click::run(argc, argv); }
