// All element classes; registry.def lists them.
#pragma once

#include <string>
#include <vector>

namespace click {

class Element;

/// A new element, or null when there is no such class.
Element *make_element(const std::string &class_name);
bool is_element_class(const std::string &class_name);
std::vector<std::string> element_classes();

} // namespace click
