// Runs the inputs that are named, once each: for builds without a fuzzer.
#include <cstdint>
#include <cstdio>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i += 1) {
        FILE *f = std::fopen(argv[i], "rb");
        if (!f) return std::fprintf(stderr, "%s: cannot be read\n", argv[i]), 1;
        std::string input;
        char buffer[65536];
        for (size_t n; (n = std::fread(buffer, 1, sizeof buffer, f)) > 0;) input.append(buffer, n);
        std::fclose(f);
        // So that a crash tells by which of them.
        std::printf("%s: %zu bytes\n", argv[i], input.size());
        std::fflush(stdout);
        LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t *>(input.data()), input.size());
    }
    return 0;
}
