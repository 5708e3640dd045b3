// Declarations and connections: "a, b :: C(config)[0-3] => { … } -> ( … ) -> d".
#include <cstdlib>

#include "parser.hh"
#include "text.hh"

namespace click {

namespace {

constexpr int max_ports = 1 << 15; // in one list

bool is_number(const std::string &text) {
    for (const char c : text)
        if (!is_digit(c)) return false;
    return !text.empty() && text.size() < 6;
}

} // namespace

/// "[0]", "[0,1]", "[0-3]", "[]", "[$p]", when there is one.
bool Parser::ports(Ports &ports) {
    if (!lexer_->peek().is('[')) return true;
    lexer_->next();
    ports.is_given = true;
    while (!lexer_->peek().is(']')) {
        const Token first = lexer_->next();
        if (first.kind == Tok::variable) {
            ports.numbers.push_back(first.text);
        } else if (first.kind == Tok::word && is_number(first.text)) {
            int low = std::atoi(first.text.c_str()), high = low;
            if (lexer_->peek().is('-')) {
                lexer_->next();
                const Token last = lexer_->next();
                if (last.kind != Tok::word || !is_number(last.text)) return unexpected(last), false;
                high = std::atoi(last.text.c_str());
            }
            if (high < low || high - low >= max_ports || high >= max_ports) {
                errh_.lerror(first.landmark, "bad port range '%d-%d'", low, high);
                has_failed_ = true;
                return false;
            }
            for (; low <= high; low += 1) ports.numbers.push_back(std::to_string(low));
        } else {
            return unexpected(first), false;
        }
        if (lexer_->peek().is(','))
            lexer_->next();
        else if (!lexer_->peek().is(']'))
            return unexpected(lexer_->peek()), false;
    }
    lexer_->next();
    return true;
}

bool Parser::is_class(const std::string &name) const {
    for (const Block *block = block_; block; block = block->parent)
        if (block->classes.contains(name)) return true;
    return is_class_(name);
}

ClassUse Parser::find_class(const std::string &name, const std::string &landmark) {
    if (name[0] == '$') return {name, nullptr};
    for (const Block *block = block_; block; block = block->parent)
        if (const auto it = block->classes.find(name); it != block->classes.end())
            return {name, it->second};
    if (is_class_(name)) return {name, nullptr};
    std::vector<std::string> names = class_names_();
    for (const Block *block = block_; block; block = block->parent)
        for (const auto &[it, _] : block->classes) names.push_back(it);
    const std::string best = nearest(name, names);
    errh_.lerror(landmark, "unknown element class '%s'%s", name.c_str(),
                 best.empty() ? "" : ("\n  did you mean '" + best + "'?").c_str());
    return {"Error", nullptr};
}

int Parser::declare(const std::string &name, ClassUse use, const std::string &config,
                    const std::string &landmark) {
    const auto known = block_->names.find(name);
    if (known != block_->names.end()) {
        Declaration &it = block_->elements[static_cast<size_t>(known->second)];
        if (it.is_declared) {
            errh_.lerror(landmark, "redeclaration of element '%s'", name.c_str());
            if (!it.is_tunnel)
                errh_.lerror(it.landmark, "element '%s' previously declared here", name.c_str());
            return known->second;
        }
        it = {name, std::move(use), config, landmark};
        return known->second;
    }
    if (block_->classes.contains(name) || is_class(name))
        errh_.lerror(landmark, "'%s' is an element class", name.c_str());
    block_->elements.push_back({name, std::move(use), config, landmark});
    return block_->names[name] = static_cast<int>(block_->elements.size()) - 1;
}

int Parser::add_anonymous(ClassUse use, const std::string &config, const std::string &landmark) {
    block_->anonymous = 0;
    for (const Declaration &it : block_->elements) block_->anonymous += !it.is_tunnel;
    std::string name = use.name;
    if (name[0] == '$') name.erase(0, 1);
    std::string full;
    int number = block_->anonymous;
    do full = name + "@" + std::to_string(++number);
    while (block_->names.contains(full));
    block_->elements.push_back({full, std::move(use), config, landmark});
    return block_->names[full] = static_cast<int>(block_->elements.size()) - 1;
}

int Parser::add_tunnel(const std::string &name, const std::string &landmark) {
    block_->elements.push_back({name, {}, "", landmark, true});
    return static_cast<int>(block_->elements.size()) - 1;
}

/// An element of a list, with its ports: a name, a class, "{ … }", "( … )" or ports alone.
bool Parser::item(Item &item) {
    if (!ports(item.in)) return false;
    const Token token = lexer_->peek();
    item.landmark = token.landmark;
    if (token.is('{')) {
        item.compound =
            compound("<anonymous" + std::to_string(configuration_->blocks.size()) + ">");
        if (has_failed_) return false;
        item.text = item.compound->name;
    } else if (token.is('(')) {
        item.kind = Item::Kind::group;
        return group(item) && ports(item.out);
    } else if (token.kind == Tok::word || token.kind == Tok::variable) {
        item.text = lexer_->next().text;
        if (is_digit(item.text[0]) &&
            item.text.find_first_not_of("0123456789") == std::string::npos)
            return unexpected(token), false;
    } else if (item.in.is_given) {
        item.kind = Item::Kind::ports; // "[0]" alone: of input or output
        return true;
    } else {
        return unexpected(token), false;
    }
    if (lexer_->peek().is('(')) {
        lexer_->next();
        item.has_config = true;
        if (!lexer_->read_config(item.config, errh_)) return has_failed_ = true, false;
    }
    return ports(item.out);
}

/// "( … )": its statements belong to the block around it; input and output are its own.
bool Parser::group(Item &item) {
    const std::string landmark = lexer_->next().landmark;
    item.from = add_tunnel("input", landmark);
    item.to = add_tunnel("output", landmark);
    depth_ += 1;
    if (depth_ > 200) {
        errh_.lerror(landmark, "element groups nested too deeply");
        has_failed_ = true;
        return false;
    }
    groups_.emplace_back(item.from, item.to);
    const int outer_input = block_->names["input"], outer_output = block_->names["output"];
    block_->names["input"] = item.from;
    block_->names["output"] = item.to;
    statements(true);
    block_->names["input"] = outer_input;
    block_->names["output"] = outer_output;
    groups_.pop_back();
    depth_ -= 1;
    const Token end = lexer_->next();
    if (!end.is(')')) return unexpected(end), false;
    return true;
}

/// After "::" : the class of the last items, its configuration and ports.
bool Parser::declaration(std::vector<Item> &items, bool is_first) {
    lexer_->next();
    ClassUse use;
    std::string config;
    if (!type(use, config)) return false;
    Ports out;
    if (!ports(out)) return false;
    // "a, b :: C": those before it too, unless they are known already or clearly something else.
    size_t first = items.size() - 1;
    const auto is_plain = [&](const Item &it) {
        return it.kind == Item::Kind::name && !it.has_config && !it.compound && it.from < 0 &&
               it.text[0] != '$';
    };
    while (first > 0 && is_plain(items[first - 1]) && !items[first - 1].out.is_given &&
           (is_first || !block_->names.contains(items[first - 1].text)) &&
           !is_class(items[first - 1].text))
        first -= 1;
    for (size_t i = first; i < items.size(); i += 1) {
        Item &it = items[i];
        if (!is_plain(it) || it.out.is_given) {
            errh_.lerror(it.landmark, "syntax error near '::'");
            return has_failed_ = true, false;
        }
        if (it.text.find('/') != std::string::npos) {
            errh_.lerror(it.landmark, "element name '%s' can't contain '/'", it.text.c_str());
            return has_failed_ = true, false;
        }
        it.from = it.to = declare(it.text, use, config, it.landmark);
    }
    items.back().out = out;
    return true;
}

bool Parser::type(ClassUse &use, std::string &config) {
    const Token token = lexer_->peek();
    if (token.is('{')) {
        use.definition =
            compound("<anonymous" + std::to_string(configuration_->blocks.size()) + ">");
        use.name = use.definition->name;
        if (has_failed_) return false;
    } else if (token.kind == Tok::word || token.kind == Tok::variable) {
        lexer_->next();
        use = find_class(token.text, token.landmark);
    } else {
        return unexpected(token), false;
    }
    if (!lexer_->peek().is('(')) return true;
    lexer_->next();
    if (lexer_->read_config(config, errh_)) return true;
    return has_failed_ = true, false;
}

bool Parser::item_list(std::vector<Item> &items, bool is_first) {
    for (;;) {
        items.emplace_back();
        if (!item(items.back())) return false;
        const bool is_declaration = lexer_->peek().kind == Tok::declare;
        if (is_declaration && !declaration(items, is_first)) return false;
        // Anonymous ones are numbered as they stand; a name may yet be declared by what follows.
        Item &it = items.back();
        const bool is_name = it.kind == Item::Kind::name && !it.compound && !it.has_config &&
                             (block_->names.contains(it.text) || !is_class(it.text));
        if (!is_declaration && !is_name) resolve(it);
        if (!lexer_->peek().is(',')) return true;
        lexer_->next();
    }
}

/// The elements that an item means: declared, anonymous, or declared further down.
void Parser::resolve(Item &item) {
    if (item.from >= 0 || item.kind != Item::Kind::name) return;
    const auto known = block_->names.find(item.text);
    if (item.compound) {
        item.from = item.to = add_anonymous({item.text, item.compound}, item.config, item.landmark);
    } else if (item.has_config || item.text[0] == '$') {
        if (known != block_->names.end() && !is_class(item.text))
            errh_.lerror(item.landmark, "configuration string for previously declared element '%s'",
                         item.text.c_str());
        ClassUse use = find_class(item.text, item.landmark);
        item.from = item.to = add_anonymous(std::move(use), item.config, item.landmark);
    } else if (known != block_->names.end()) {
        item.from = item.to = known->second;
    } else if (is_class(item.text)) {
        item.from = item.to =
            add_anonymous(find_class(item.text, item.landmark), "", item.landmark);
    } else {
        block_->elements.push_back({item.text, {}, "", item.landmark, false, false});
        item.from = item.to = static_cast<int>(block_->elements.size()) - 1;
        block_->names[item.text] = item.from;
    }
}

/// A chain: lists joined by "->" and "=>". An arrow at its start comes from `input`, one at its end
/// goes to `output`.
void Parser::connection() {
    const auto is_arrow = [&] {
        return lexer_->peek().kind == Tok::arrow || lexer_->peek().kind == Tok::fat_arrow;
    };
    const auto [input, output] = groups_.back();
    std::vector<Item> left;
    if (is_arrow()) {
        left.emplace_back();
        left.back().from = left.back().to = input;
    } else {
        if (!item_list(left, true)) return;
        // "[0] -> …": ports of input.
        for (Item &it : left) {
            if (it.kind == Item::Kind::ports) {
                it.from = it.to = input;
                it.out = it.in;
                it.in = {};
            }
            resolve(it);
        }
        if (!is_arrow()) return; // "a, b :: C;" or a list of anonymous elements
    }
    while (is_arrow()) {
        const Token arrow = lexer_->next();
        std::vector<Item> right;
        if (is_list_end()) {
            right.emplace_back();
            right.back().from = right.back().to = output;
        } else {
            if (!item_list(right, false)) return;
            for (Item &it : right) {
                if (it.kind == Item::Kind::ports) it.from = it.to = output;
                resolve(it);
            }
        }
        connect(left, right, arrow.kind == Tok::fat_arrow, arrow.landmark);
        left = std::move(right);
    }
}

void Parser::connect(std::vector<Item> &left, std::vector<Item> &right, bool is_fat,
                     const std::string &landmark) {
    const auto list = [](std::vector<Item> &items, bool is_left, size_t wanted) {
        std::vector<PortUse> uses;
        for (Item &it : items) {
            const Ports &ports = is_left ? it.out : it.in;
            const int element = is_left ? it.to : it.from;
            // One element without ports has as many as the other side needs.
            if (ports.numbers.empty() && items.size() == 1 && wanted > 1)
                for (size_t i = 0; i < wanted; i += 1) uses.push_back({element, std::to_string(i)});
            else if (ports.numbers.empty())
                uses.push_back({element, "0"});
            for (const std::string &number : ports.numbers) uses.push_back({element, number});
        }
        return uses;
    };
    const size_t left_count = list(left, true, 0).size(),
                 right_count = list(right, false, 0).size();
    const std::vector<PortUse> from = list(left, true, is_fat ? right_count : 0);
    const std::vector<PortUse> to = list(right, false, is_fat ? left_count : 0);
    if (is_fat && from.size() != to.size()) {
        errh_.lerror(landmark, "connection mismatch: %zu output%s and %zu input%s for '=>'",
                     from.size(), from.size() == 1 ? "" : "s", to.size(),
                     to.size() == 1 ? "" : "s");
        return;
    }
    if (from.size() * to.size() > static_cast<size_t>(max_ports)) {
        errh_.lerror(landmark, "too many connections");
        return;
    }
    for (size_t i = 0; i < from.size(); i += 1)
        for (size_t j = is_fat ? i : 0; j < (is_fat ? i + 1 : to.size()); j += 1)
            block_->connections.push_back({from[i], to[j], landmark});
}

} // namespace click
