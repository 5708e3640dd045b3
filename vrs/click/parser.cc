// Statements: classes, definitions, requirements. connections.cc has the rest of the parser.
#include "parser.hh"

#include <cstdio>

#include "text.hh"

namespace click {

namespace {

constexpr int max_depth = 200; // of compounds and groups in each other

bool read_whole(const std::string &file, std::string &out) {
    FILE *f = std::fopen(file.c_str(), "rb");
    if (!f) return false;
    char buffer[65536];
    for (size_t n; (n = std::fread(buffer, 1, sizeof buffer, f)) > 0;) out.append(buffer, n);
    std::fclose(f);
    return true;
}

} // namespace

void Parser::parse(std::string_view text, const std::string &file, Configuration &configuration) {
    Lexer lexer(text, file);
    Lexer *outer = lexer_;
    lexer_ = &lexer;
    configuration_ = &configuration;
    if (!configuration.top) {
        configuration.top = open_block(lexer.landmark());
        groups_.emplace_back(block_input, block_output);
    }
    statements(false);
    lexer_ = outer;
}

void Parser::finish(Configuration &configuration) {
    report_undeclared(*configuration.top);
    groups_.clear();
}

std::shared_ptr<Block> Parser::open_block(const std::string &landmark) {
    auto block = std::make_shared<Block>();
    block->parent = block_;
    block->landmark = landmark;
    for (const char *name : {"input", "output"}) {
        block->elements.push_back({name, {}, "", landmark, true});
        block->names[name] = static_cast<int>(block->elements.size()) - 1;
    }
    configuration_->blocks.push_back(block);
    block_ = block.get();
    return block;
}

void Parser::close_block() {
    report_undeclared(*block_);
    block_ = block_->parent;
}

void Parser::report_undeclared(const Block &block) {
    for (const Declaration &it : block.elements) {
        if (it.is_declared) continue;
        std::vector<std::string> near;
        for (const Declaration &other : block.elements)
            if (other.is_declared && !other.is_tunnel && other.name != it.name)
                near.push_back(other.name);
        for (std::string &name : class_names_()) near.push_back(std::move(name));
        const std::string best = nearest(it.name, near);
        errh_.lerror(it.landmark, "undeclared element '%s' (first use this block)%s",
                     it.name.c_str(),
                     best.empty() ? "" : ("\n  did you mean '" + best + "'?").c_str());
    }
}

void Parser::unexpected(const Token &token) {
    if (has_failed_) return;
    has_failed_ = true;
    if (token.kind == Tok::end)
        errh_.lerror(token.landmark, "syntax error at end of file");
    else
        errh_.lerror(token.landmark, "syntax error near '%s'", token.text.c_str());
}

/// To behind the statement's ";", or before the end of the block.
void Parser::skip_statement() {
    has_failed_ = false;
    for (int depth = 0;;) {
        const Token &token = lexer_->peek();
        if (token.kind == Tok::end) return;
        if (depth == 0 && (token.is('}') || token.is(')') || token.kind == Tok::bars)) return;
        depth += token.is('{') || token.is('(') || token.is('[');
        depth -= (token.is('}') || token.is(')') || token.is(']')) && depth > 0;
        const bool is_end = depth == 0 && token.is(';');
        lexer_->next();
        if (is_end) return;
    }
}

/// Up to the end of the text, or of the block or group.
void Parser::statements(bool is_nested) {
    for (;;) {
        const Token &token = lexer_->peek();
        if (token.kind == Tok::end) return;
        if (token.is('}') || token.is(')') || token.kind == Tok::bars) {
            if (is_nested) return;
            unexpected(token);
            has_failed_ = false;
            lexer_->next();
            continue;
        }
        statement();
        if (has_failed_) skip_statement();
    }
}

void Parser::statement() {
    const Token &token = lexer_->peek();
    if (token.is(';')) {
        lexer_->next();
    } else if (token.is("elementclass")) {
        elementclass();
    } else if (token.is("require") || token.is("provide")) {
        require();
    } else if (token.is("define")) {
        define();
    } else {
        connection();
        if (has_failed_) return;
        const Token &end = lexer_->peek();
        if (end.is(';')) {
            lexer_->next();
        } else if (!is_list_end() && !end.is("elementclass") && !end.is("require") &&
                   !end.is("define")) {
            unexpected(end);
        }
    }
}

bool Parser::is_list_end() {
    const Token &token = lexer_->peek();
    return token.kind == Tok::end || token.is(';') || token.is('}') || token.is(')') ||
           token.kind == Tok::bars;
}

/// elementclass NAME { … }, or elementclass NAME CLASS.
void Parser::elementclass() {
    lexer_->next();
    const Token name = lexer_->next();
    if (name.kind != Tok::word || !is_word_start(name.text[0])) return unexpected(name);
    if (block_->names.contains(name.text))
        errh_.lerror(name.landmark, "'%s' already used as element", name.text.c_str());
    if (lexer_->peek().is('{')) {
        auto made = compound(name.text);
        if (made->is_extending) made->extended = find_class(name.text, name.landmark);
        made->landmark = name.landmark;
        block_->classes[name.text] = made;
        return;
    }
    const Token target = lexer_->next();
    if (target.kind != Tok::word) return unexpected(target);
    auto made = std::make_shared<ClassDefinition>();
    made->name = name.text;
    made->landmark = name.landmark;
    made->synonym = find_class(target.text, target.landmark);
    block_->classes[name.text] = made;
}

/// "{ FORMALS | … || FORMALS | … || ... }"
std::shared_ptr<ClassDefinition> Parser::compound(const std::string &name) {
    auto made = std::make_shared<ClassDefinition>();
    made->name = name;
    made->landmark = lexer_->next().landmark; // {
    depth_ += 1;
    if (depth_ > max_depth) {
        errh_.lerror(made->landmark, "compound elements nested too deeply");
        has_failed_ = true;
    }
    for (bool is_more = !has_failed_; is_more;) {
        if (lexer_->peek().kind == Tok::dots) {
            lexer_->next();
            made->is_extending = true;
        } else {
            made->overloads.push_back(open_block(lexer_->peek().landmark));
            groups_.emplace_back(block_input, block_output);
            if (!formals(*block_)) skip_statement();
            statements(true);
            groups_.pop_back();
            close_block();
        }
        is_more = lexer_->peek().kind == Tok::bars;
        if (is_more) lexer_->next();
    }
    depth_ -= 1;
    const Token end = lexer_->next();
    if (!end.is('}')) unexpected(end);
    return made;
}

/// "$a, KEY $b, __REST__ $c |", if it is there.
bool Parser::formals(Block &block) {
    const Token first = lexer_->peek();
    if (first.kind == Tok::bar) return lexer_->next(), true;
    // A word starts either a keyword formal or a statement: the variable behind it tells.
    Lexer saved = *lexer_;
    for (;;) {
        Formal formal;
        Token token = lexer_->next();
        if (token.kind == Tok::word) {
            formal.keyword = token.text;
            token = lexer_->next();
        }
        if (token.kind != Tok::variable || first.kind == Tok::symbol) {
            *lexer_ = saved;
            block.formals.clear();
            return true;
        }
        formal.variable = token.text.substr(1);
        for (const Formal &other : block.formals)
            if (other.variable == formal.variable)
                errh_.lerror(token.landmark, "redeclaration of formal '$%s'",
                             formal.variable.c_str());
        block.formals.push_back(formal);
        const Token separator = lexer_->next();
        if (separator.kind == Tok::bar) return true;
        if (separator.is(',')) continue;
        // No "|": "$class -> …" is a statement.
        *lexer_ = saved;
        block.formals.clear();
        return true;
    }
}

/// define($a VALUE, $b VALUE)
void Parser::define() {
    const Token keyword = lexer_->next();
    const Token open = lexer_->next();
    if (!open.is('(')) return unexpected(open);
    std::string config;
    if (!lexer_->read_config(config, errh_)) return;
    for (const std::string &arg : split_args(config)) {
        std::string_view value = arg;
        const std::string name = pop_word(value);
        if (name.size() < 2 || name[0] != '$') {
            errh_.lerror(keyword.landmark, "bad variable '%s' in 'define': expected '$NAME VALUE'",
                         name.c_str());
            continue;
        }
        for (const auto &[other, _] : block_->defines)
            if (other == name.substr(1))
                errh_.lerror(keyword.landmark, "parameter '%s' multiply defined", name.c_str());
        block_->defines.emplace_back(name.substr(1), std::string(value));
    }
}

/// require(package X, library FILE, …): libraries are read here, the rest is for the router.
void Parser::require() {
    const Token keyword = lexer_->next();
    const Token open = lexer_->next();
    if (!open.is('(')) return unexpected(open);
    std::string config;
    if (!lexer_->read_config(config, errh_) || keyword.text == "provide") return;
    for (const std::string &arg : split_args(config)) {
        std::string_view value = arg;
        const std::string kind = pop_word(value);
        if (kind == "library" && !value.empty())
            library(unquote(value), keyword.landmark);
        else
            configuration_->requirements.push_back(
                kind == "package" && !value.empty() ? unquote(value) : unquote(arg));
    }
}

void Parser::library(const std::string &file, const std::string &landmark) {
    std::string text;
    // Beside the file that asks for it, or where we are.
    const std::string asking = landmark.substr(0, landmark.rfind(':'));
    const size_t slash = asking.rfind('/');
    std::string path = file;
    if (file[0] != '/' && slash != std::string::npos) path = asking.substr(0, slash + 1) + file;
    if (!read_whole(path, text) && !read_whole(path = file, text)) {
        errh_.lerror(landmark, "library '%s' not found", file.c_str());
        return;
    }
    depth_ += 1;
    if (depth_ > max_depth)
        errh_.lerror(landmark, "libraries nested too deeply");
    else
        parse(text, path, *configuration_);
    depth_ -= 1;
}

} // namespace click
