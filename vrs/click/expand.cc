// What expand.hh declares. A compound's instance is two tunnels, its inputs and its outputs, and
// what is in it; at the end connections are led through the tunnels.
#include "expand.hh"

#include <algorithm>
#include <set>

#include "substitute.hh"
#include "text.hh"

namespace click {

namespace {

constexpr int max_depth = 100;
constexpr size_t max_elements = 1 << 18;
constexpr int max_port = 1 << 15;

/// The variables of one instance of a block.
struct Scope {
    const Scope *outer = nullptr;
    const Block *block = nullptr; // whose classes and defines are seen
    std::map<std::string, std::string, std::less<>> values;
};

class Expander {
  public:
    Expander(const std::map<std::string, std::string> &parameters,
             bool (*is_class)(const std::string &), ErrorHandler &errh)
        : parameters_(parameters), is_class_(is_class), errh_(errh) {}

    FlatConfiguration run(const Configuration &configuration) {
        flat_.requirements = configuration.requirements;
        const Block &top = *configuration.top;
        Scope scope = make_scope(top, nullptr);
        const Ends ends = add_tunnels("input");
        instantiate(top, scope, "", ends, 0);
        for (const auto &[port, to] : links_) {
            if (port.first == ends.input)
                errh_.lerror(top.landmark, "undeclared element 'input' (first use this block)");
            if (to.first == ends.output)
                errh_.lerror(top.landmark, "undeclared element 'output' (first use this block)");
            if (port.first == ends.input || to.first == ends.output) return flat_;
        }
        connect();
        return flat_;
    }

  private:
    using End = std::pair<int, int>; // a node and its port
    struct Node {
        int element = -1; // of the flat configuration; -1: a tunnel
        std::string what; // "x :: Foo", for messages
        std::string landmark;
        bool is_output_side = false;
    };
    struct Ends {
        int input, output; // nodes
    };

    int add_node(Node node) {
        nodes_.push_back(std::move(node));
        return static_cast<int>(nodes_.size()) - 1;
    }
    Ends add_tunnels(const std::string &what, const std::string &landmark = "") {
        const int input = add_node({-1, what, landmark, false});
        return {input, add_node({-1, what, landmark, true})};
    }

    std::string replace(std::string_view text, const Scope &scope) const {
        return substitute(text, [&](std::string_view name, std::string &value) {
            for (const Scope *it = &scope; it; it = it->outer) {
                const auto found = it->values.find(name);
                if (found == it->values.end()) continue;
                value = found->second;
                return true;
            }
            return false;
        });
    }

    Scope make_scope(const Block &block, const Scope *outer) const {
        Scope scope{outer, &block, {}};
        if (!outer)
            for (const auto &[name, value] : parameters_) scope.values[name] = value;
        for (const auto &[name, value] : block.defines) {
            if (!outer && parameters_.contains(name)) continue;
            scope.values[name] = replace(value, scope);
        }
        return scope;
    }

    ClassUse find_class(const ClassUse &use, const Scope &scope, const std::string &landmark) {
        ClassUse found = use;
        if (use.name[0] == '$') {
            found.name = replace(use.name, scope);
            for (const Scope *s = &scope; s && !found.definition; s = s->outer)
                for (const Block *b = s->block; b && !found.definition; b = b->parent)
                    if (const auto it = b->classes.find(found.name); it != b->classes.end())
                        found.definition = it->second;
            if (!found.definition && !is_class_(found.name))
                errh_.lerror(landmark, "unknown element class '%s'", found.name.c_str());
        }
        while (found.definition && found.definition->overloads.empty()) {
            const ClassUse next = found.definition->synonym;
            found = next;
        }
        return found;
    }

    static int count_ports(const Block &block, bool inputs) {
        int count = 0;
        for (const ConnectionUse &it : block.connections) {
            const PortUse &use = inputs ? it.from : it.to;
            if (use.element == (inputs ? block_input : block_output))
                count = std::max(count, std::atoi(use.port.c_str()) + 1);
        }
        return count;
    }

    /// Gives the formals their values. Without `errh` it only says whether they fit.
    static bool bind(const Block &block, const std::vector<std::string> &args, Scope *scope,
                     ErrorHandler *errh) {
        std::vector<bool> taken(args.size());
        std::vector<const Formal *> wanted;
        std::string missing;
        const Formal *rest = nullptr;
        for (const Formal &formal : block.formals) {
            if (formal.keyword == "__REST__") {
                rest = &formal;
                continue;
            }
            if (formal.keyword.empty()) {
                wanted.push_back(&formal);
                continue;
            }
            bool is_found = false;
            for (size_t i = 0; i < args.size(); i += 1) {
                std::string_view value = args[i];
                if (pop_word(value) != formal.keyword) continue;
                taken[i] = is_found = true;
                if (scope) scope->values[formal.variable] = std::string(value);
            }
            if (!is_found) missing += (missing.empty() ? "" : ", ") + formal.keyword;
        }
        size_t next = 0;
        std::string others;
        bool has_others = false;
        for (size_t i = 0; i < args.size(); i += 1) {
            if (taken[i]) continue;
            if (next < wanted.size()) {
                if (scope) scope->values[wanted[next]->variable] = args[i];
                next += 1;
                continue;
            }
            others += (has_others ? ", " : "") + args[i];
            has_others = true;
        }
        if (rest && scope) scope->values[rest->variable] = others;
        for (; next < wanted.size(); next += 1)
            missing += (missing.empty() ? "$" : ", $") + wanted[next]->variable;
        const bool fits = missing.empty() && (rest || !has_others);
        if (fits || !errh) return fits;
        errh->error("too %s arguments; expected '%s'", missing.empty() ? "many" : "few",
                    signature(block).c_str());
        return false;
    }
    /// "$a, KEYWORD, ..."
    static std::string signature(const Block &block) {
        std::string out;
        for (const Formal &it : block.formals)
            out += (out.empty() ? "" : ", ") + (it.keyword == "__REST__" ? std::string("...")
                                                : it.keyword.empty() ? "$" + it.variable
                                                                     : it.keyword);
        return out;
    }

    /// The overload for so many inputs, outputs and arguments; the class it was found in may be one
    /// that it extends.
    const Block *choose(const ClassDefinition &definition, int inputs, int outputs,
                        const std::vector<std::string> &args, ClassUse &extended) {
        for (const auto &it : definition.overloads)
            if (count_ports(*it, true) == inputs && count_ports(*it, false) == outputs &&
                bind(*it, args, nullptr, nullptr))
                return it.get();
        if (definition.is_extending) extended = definition.extended;
        return nullptr;
    }

    void instantiate(const Block &block, const Scope &scope, const std::string &prefix, Ends ends,
                     int depth) {
        std::vector<Ends> nodes(block.elements.size());
        for (size_t i = 0; i < block.elements.size(); i += 1) {
            const Declaration &it = block.elements[i];
            if (flat_.elements.size() >= max_elements) return;
            if (i == block_input)
                nodes[i] = {ends.input, ends.input};
            else if (i == block_output)
                nodes[i] = {ends.output, ends.output};
            else if (it.is_tunnel) {
                const int node = add_node({-1, it.name, it.landmark, it.name == "output"});
                nodes[i] = {node, node};
            } else {
                nodes[i] = add(block, static_cast<int>(i), scope, prefix, depth);
            }
        }
        for (const ConnectionUse &it : block.connections) {
            const int from = port(it.from.port, scope, it.landmark);
            const int to = port(it.to.port, scope, it.landmark);
            if (from < 0 || to < 0) continue;
            links_.emplace_back(End{nodes[static_cast<size_t>(it.from.element)].output, from},
                                End{nodes[static_cast<size_t>(it.to.element)].input, to});
        }
    }

    int port(const std::string &text, const Scope &scope, const std::string &landmark) {
        const std::string number = replace(text, scope);
        uint64_t value;
        bool is_negative, overflows;
        if (parse_integer(number, value, is_negative, overflows, 10) && !is_negative &&
            value < max_port)
            return static_cast<int>(value);
        errh_.lerror(landmark, "bad port number '%s'", number.c_str());
        return -1;
    }

    /// How many inputs (or outputs) of an element its block connects.
    int used_ports(const Block &block, int element, bool inputs, const Scope &scope) const {
        int count = 0;
        for (const ConnectionUse &it : block.connections) {
            const PortUse &use = inputs ? it.to : it.from;
            if (use.element == element)
                count = std::max(count, std::atoi(replace(use.port, scope).c_str()) + 1);
        }
        return count;
    }

    Ends add(const Block &block, int index, const Scope &scope, const std::string &prefix,
             int depth) {
        const Declaration &it = block.elements[static_cast<size_t>(index)];
        ClassUse use = find_class(it.type, scope, it.landmark);
        const std::string config = replace(it.config, scope);
        const std::string name = prefix + it.name;
        if (!use.definition) {
            flat_.elements.push_back({name, use.name, config, it.landmark});
            const int node = add_node({static_cast<int>(flat_.elements.size()) - 1, "", "", false});
            return {node, node};
        }
        const std::string what = name + " :: " + use.name;
        const int inputs = used_ports(block, index, true, scope);
        const int outputs = used_ports(block, index, false, scope);
        const std::vector<std::string> args = split_args(config);
        const Block *chosen = nullptr;
        ClassUse tried = use;
        while (!chosen && tried.definition) {
            ClassUse extended;
            chosen = choose(*tried.definition, inputs, outputs, args, extended);
            if (!chosen)
                tried =
                    extended.name.empty() ? ClassUse{} : find_class(extended, scope, it.landmark);
        }
        if (!chosen && !tried.name.empty()) { // the class extended is a built-in one
            flat_.elements.push_back({name, tried.name, config, it.landmark});
            const int node = add_node({static_cast<int>(flat_.elements.size()) - 1, "", "", false});
            return {node, node};
        }
        const Ends ends = add_tunnels(what, it.landmark);
        if (depth >= max_depth) {
            errh_.lerror(it.landmark, "'%s': compound elements nested too deeply", what.c_str());
            return ends;
        }
        const auto &overloads = use.definition->overloads;
        if (!chosen && overloads.size() == 1 && !use.definition->is_extending) {
            chosen = overloads[0].get();
            ContextErrorHandler context(errh_, "While configuring '" + what + "':", it.landmark);
            if (!bind(*chosen, args, nullptr, &context)) return silence(ends);
        }
        if (!chosen) {
            no_match(what, *use.definition, inputs, outputs, args.size(), it.landmark);
            return silence(ends);
        }
        Scope inner;
        // Variables are those of where the class was defined, not of where it is used.
        const Scope *definition = &scope;
        while (definition && definition->block != chosen->parent) definition = definition->outer;
        inner.outer = definition;
        inner.block = chosen;
        bind(*chosen, args, &inner, nullptr);
        for (const auto &[variable, value] : chosen->defines)
            inner.values[variable] = replace(value, inner);
        instantiate(*chosen, inner, name + "/", ends, depth + 1);
        return ends;
    }

    /// Enough was said: no messages about its ports.
    Ends silence(Ends ends) {
        nodes_[static_cast<size_t>(ends.input)].what.clear();
        nodes_[static_cast<size_t>(ends.output)].what.clear();
        return ends;
    }

    void no_match(const std::string &what, const ClassDefinition &definition, int inputs,
                  int outputs, size_t args, const std::string &landmark) {
        const auto describe = [](int inputs, int outputs, size_t args) {
            const auto plural = [](long n, const char *word) {
                return std::to_string(n) + " " + word + (n == 1 ? "" : "s");
            };
            return plural(inputs, "input") + ", " + plural(outputs, "output") + ", " +
                   plural(static_cast<long>(args), "argument");
        };
        std::string candidates;
        for (const auto &it : definition.overloads)
            candidates +=
                "\n  " + it->landmark + ": " +
                describe(count_ports(*it, true), count_ports(*it, false), it->formals.size());
        errh_.lerror(landmark, "no match for '%s' with %s; candidates:%s", what.c_str(),
                     describe(inputs, outputs, args).c_str(), candidates.c_str());
    }

    /// Leads connections through tunnels; reports ports of compounds that one side lacks.
    void connect() {
        std::map<End, std::vector<End>> next;
        std::set<End> reached;
        for (const auto &[from, to] : links_) {
            next[from].push_back(to);
            reached.insert(to);
        }
        std::set<End> reported;
        const auto report = [&](End end, bool has_target) {
            const Node &node = nodes_[static_cast<size_t>(end.first)];
            if (node.what.empty() || !reported.insert(end).second) return;
            const char *kind = node.is_output_side ? "output" : "input";
            if (has_target == !node.is_output_side)
                errh_.lerror(node.landmark, "'%s' %s %d unused", node.what.c_str(), kind,
                             end.second);
            else
                errh_.lerror(node.landmark, "'%s' has no %s %d", node.what.c_str(), kind,
                             end.second);
        };
        std::set<FlatConnection> all;
        for (const auto &[from, to] : links_) {
            const Node &source = nodes_[static_cast<size_t>(from.first)];
            if (source.element < 0) {
                if (!reached.contains(from)) report(from, true);
                continue;
            }
            std::vector<End> pending{to};
            std::set<End> seen;
            while (!pending.empty()) {
                const End end = pending.back();
                pending.pop_back();
                const Node &target = nodes_[static_cast<size_t>(end.first)];
                if (target.element >= 0) {
                    const FlatConnection made{source.element, from.second, target.element,
                                              end.second};
                    if (all.insert(made).second) flat_.connections.push_back(made);
                    continue;
                }
                if (!seen.insert(end).second) continue;
                const auto found = next.find(end);
                if (found == next.end())
                    report(end, false);
                else
                    pending.insert(pending.end(), found->second.rbegin(), found->second.rend());
            }
        }
    }

    const std::map<std::string, std::string> &parameters_;
    bool (*is_class_)(const std::string &);
    ErrorHandler &errh_;
    FlatConfiguration flat_;
    std::vector<Node> nodes_;
    std::vector<std::pair<End, End>> links_;
};

} // namespace

FlatConfiguration expand(const Configuration &configuration,
                         const std::map<std::string, std::string> &parameters,
                         bool (*is_class)(const std::string &), ErrorHandler &errh) {
    return Expander(parameters, is_class, errh).run(configuration);
}

} // namespace click
