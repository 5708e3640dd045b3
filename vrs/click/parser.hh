// The parser of the Click language. Errors go to the handler, several per run.
#pragma once

#include <functional>

#include "lexer.hh"
#include "syntax.hh"

namespace click {

class Parser {
  public:
    /// `is_class` says which classes are built in. Reads libraries through `read_file`.
    Parser(ErrorHandler &errh, std::function<bool(const std::string &)> is_class,
           std::function<std::vector<std::string>()> class_names)
        : errh_(errh), is_class_(std::move(is_class)), class_names_(std::move(class_names)) {}

    /// Adds a text to the configuration's top block.
    void parse(std::string_view text, const std::string &file, Configuration &configuration);
    /// After all texts: what was used and never declared.
    void finish(Configuration &configuration);

  private:
    struct Ports {
        bool is_given = false; // even "[]"
        std::vector<std::string> numbers;
    };
    /// One element of a list in a connection.
    struct Item {
        enum class Kind { name, group, ports } kind = Kind::name;
        std::string text, config, landmark;
        bool has_config = false;
        std::shared_ptr<ClassDefinition> compound;
        Ports in, out;
        int from = -1, to = -1; // elements whose inputs and outputs they are
    };

    void statements(bool is_nested);
    void statement();
    void connection();
    bool item_list(std::vector<Item> &items, bool is_first);
    bool item(Item &item);
    bool ports(Ports &ports);
    bool declaration(std::vector<Item> &items, bool is_first);
    bool type(ClassUse &use, std::string &config);
    bool group(Item &item);
    void resolve(Item &item);
    void connect(std::vector<Item> &left, std::vector<Item> &right, bool is_fat,
                 const std::string &landmark);
    bool is_list_end();
    void elementclass();
    std::shared_ptr<ClassDefinition> compound(const std::string &name);
    bool formals(Block &block);
    void define();
    void require();
    void library(const std::string &file, const std::string &landmark);

    int declare(const std::string &name, ClassUse use, const std::string &config,
                const std::string &landmark);
    int add_anonymous(ClassUse use, const std::string &config, const std::string &landmark);
    int add_tunnel(const std::string &name, const std::string &landmark);
    ClassUse find_class(const std::string &name, const std::string &landmark);
    bool is_class(const std::string &name) const;
    std::shared_ptr<Block> open_block(const std::string &landmark);
    void close_block();
    void report_undeclared(const Block &block);
    void unexpected(const Token &token);
    void skip_statement();

    ErrorHandler &errh_;
    std::function<bool(const std::string &)> is_class_;
    std::function<std::vector<std::string>()> class_names_;
    Lexer *lexer_ = nullptr;
    Configuration *configuration_ = nullptr;
    Block *block_ = nullptr;
    std::vector<std::pair<int, int>> groups_; // input and output of the block or the inmost group
    bool has_failed_ = false;                 // in this statement: skip to its end
    int depth_ = 0;
};

} // namespace click
