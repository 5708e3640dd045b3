// What load.hh declares.
#include "load.hh"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "expand.hh"
#include "parser.hh"
#include "registry.hh"

namespace click {

namespace {

std::map<std::string, std::string> &first_parameters() {
    static std::map<std::string, std::string> parameters;
    return parameters;
}

} // namespace

bool flatten(std::string_view text, const std::string &file,
             const std::map<std::string, std::string> &parameters, FlatConfiguration &out,
             ErrorHandler &errh) {
    const int before = errh.errors();
    Configuration configuration;
    Parser parser(errh, is_element_class, element_classes);
    parser.parse(text, file, configuration);
    parser.finish(configuration);
    if (errh.errors() != before) return false;
    out = expand(configuration, parameters, is_element_class, errh);
    return errh.errors() == before;
}

std::unique_ptr<Router> load(std::string_view text, const std::string &file,
                             const std::map<std::string, std::string> &parameters,
                             ErrorHandler &errh) {
    if (&parameters != &first_parameters()) first_parameters() = parameters;
    FlatConfiguration flat;
    if (!flatten(text, file, parameters, flat, errh)) return nullptr;
    return std::make_unique<Router>(std::move(flat), std::string(text));
}

std::unique_ptr<Router> reload(const std::string &text, Router &old, ErrorHandler &errh) {
    auto router = load(text, "hotconfig", first_parameters(), errh);
    if (!router) return nullptr;
    router->make_replacement = old.make_replacement;
    if (!router->initialize(errh)) return nullptr;
    return router;
}

bool read_file(const std::string &file, std::string &out, ErrorHandler &errh) {
    const bool is_input = file.empty() || file == "-";
    FILE *f = is_input ? stdin : std::fopen(file.c_str(), "rb");
    char buffer[65536];
    if (f)
        for (size_t n; (n = std::fread(buffer, 1, sizeof buffer, f)) > 0;) out.append(buffer, n);
    const bool is_read = f && !std::ferror(f);
    const int error = errno;
    if (f && !is_input) std::fclose(f);
    if (!is_read) errh.error("%s: %s", file.c_str(), std::strerror(error));
    return is_read;
}

} // namespace click
