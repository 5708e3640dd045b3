// Flattening: compounds become the elements in them, variables their values.
#pragma once

#include <map>

#include "error.hh"
#include "flat.hh"
#include "syntax.hh"

namespace click {

/// `parameters`: VAR=value of the command line, stronger than `define`.
FlatConfiguration expand(const Configuration &configuration,
                         const std::map<std::string, std::string> &parameters,
                         bool (*is_class)(const std::string &), ErrorHandler &errh);

} // namespace click
