// Classifier's patterns as a program of steps: four bytes of the packet, and where to go when they
// are as expected or not. What the `program` handler shows; packets are sorted by other means.
#pragma once

#include <string>
#include <vector>

namespace click {

class ClassifierProgram {
  public:
    /// From patterns that were found right.
    explicit ClassifierProgram(const std::vector<std::string> &patterns);
    std::string text() const;
    /// Whether some packet may match this pattern.
    bool is_reachable(size_t pattern) const { return is_reachable_[pattern]; }

  private:
    struct Test {
        uint32_t offset; // a multiple of 4
        uint32_t mask, value;
    };
    /// Targets: steps from 0 on; outputs from -1 down; `none`: dropped.
    static constexpr int none = -1'000'000;
    struct Step {
        Test test;
        int yes, no;
    };
    struct Fact {
        Test test;
        bool holds;
    };
    struct Clause {
        std::vector<Test> tests;
        bool is_negated;
    };
    static std::vector<Clause> parse(const std::string &pattern, uint32_t &reach);
    void add(const std::vector<Clause> &clauses, int match, int fail);
    void simplify();
    int follow(int target, const std::vector<Fact> &facts) const;
    static int decide(const Test &test, const std::vector<Fact> &facts);
    std::string target_text(int target, const std::vector<int> &numbers) const;

    std::vector<Step> steps_; // only forward jumps
    std::vector<bool> is_used_, is_reachable_;
    int start_ = none;
    uint32_t safe_length_ = 0;
};

} // namespace click
