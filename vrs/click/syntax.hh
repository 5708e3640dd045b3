// What the parser makes of a configuration: blocks of declarations and connections, not yet
// flattened. expand.hh flattens them.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace click {

struct ClassDefinition;

/// A class by its name, which may be "$variable", with its definition when it isn't built in.
struct ClassUse {
    std::string name;
    std::shared_ptr<ClassDefinition> definition;
};

struct Declaration {
    std::string name;
    ClassUse type;
    std::string config;
    std::string landmark;
    bool is_tunnel = false;  // input or output of a block or group
    bool is_declared = true; // false: used, and perhaps declared further down
};

struct PortUse {
    int element;
    std::string port; // a number or a variable
};

struct ConnectionUse {
    PortUse from, to;
    std::string landmark;
};

struct Formal {
    std::string keyword;  // empty: positional; "__REST__": all further arguments
    std::string variable; // without "$"
};

constexpr int block_input = 0, block_output = 1;

/// A file, or a body of a compound class.
struct Block {
    Block *parent = nullptr; // lexically around it; it lives as long as the configuration
    std::string landmark;
    std::vector<Formal> formals;
    std::vector<Declaration> elements; // the first two are tunnels: input and output
    std::vector<ConnectionUse> connections;
    std::map<std::string, int> names;
    std::map<std::string, std::shared_ptr<ClassDefinition>> classes;
    std::vector<std::pair<std::string, std::string>> defines; // variable, value as written
    int anonymous = 0;
};

struct ClassDefinition {
    std::string name;
    std::string landmark;
    std::vector<std::shared_ptr<Block>> overloads;
    ClassUse synonym;  // when there are no overloads
    ClassUse extended; // by "...": tried when no overload fits
    bool is_extending = false;
};

struct Configuration {
    std::shared_ptr<Block> top;
    std::vector<std::shared_ptr<Block>> blocks; // keeps all alive
    std::vector<std::string> requirements;
};

} // namespace click
