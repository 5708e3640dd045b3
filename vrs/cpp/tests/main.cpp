// Runs every test; prints one line per failure and a sum; exits 1 when one failed.
#include "check.hh"

namespace cppvr::test {
namespace {

Test *first = nullptr;
int failures = 0;

} // namespace

Test::Test(const char *test_name, void (*body)()) : name(test_name), run(body), next(first) {
    first = this;
}

void report_failure(const char *file, int line, const char *what) {
    failures += 1;
    // A broken loop would fill the terminal.
    if (failures <= 20) std::fprintf(stderr, "%s:%d: failed: %s\n", file, line, what);
}

} // namespace cppvr::test

int main() {
    using namespace cppvr::test;
    int passed = 0;
    int failed = 0;
    for (const Test *test = first; test; test = test->next) {
        failures = 0;
        test->run();
        if (failures == 0) {
            passed += 1;
            continue;
        }
        failed += 1;
        std::fprintf(stderr, "cppvr: test failed: %s\n", test->name);
    }
    std::fprintf(stderr, "cppvr: %d passed, %d failed\n", passed, failed);
    return failed > 0;
}
