// What registry.hh declares.
#include "registry.hh"

#include <map>

namespace click {

#define HELPER(file)
#define ELEMENT(name, file) Element *make_##name();
#include "elements/registry.def"
#undef ELEMENT

namespace {

const std::map<std::string, Element *(*)()> &table() {
    static const std::map<std::string, Element *(*)()> all = {
#define ELEMENT(name, file) {#name, make_##name},
#include "elements/registry.def"
#undef ELEMENT
    };
    return all;
}

} // namespace

Element *make_element(const std::string &class_name) {
    const auto it = table().find(class_name);
    return it == table().end() ? nullptr : it->second();
}

bool is_element_class(const std::string &class_name) { return table().contains(class_name); }

std::vector<std::string> element_classes() {
    std::vector<std::string> names;
    for (const auto &[name, _] : table()) names.push_back(name);
    return names;
}

} // namespace click
