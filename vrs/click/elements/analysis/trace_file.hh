// Files of traces that may be compressed: read through gzip or bzip2 then.
#pragma once

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

#include "error.hh"

namespace click {

class TraceFile {
  public:
    TraceFile() = default;
    TraceFile(const TraceFile &) = delete;
    ~TraceFile() { close(); }

    /// "-" is standard input. False after a message.
    bool open(const std::string &name, ErrorHandler &errh) {
        f_ = name == "-" ? stdin : std::fopen(name.c_str(), "rb");
        if (!f_) return errh.error("%s: %s", name.c_str(), std::strerror(errno)), false;
        if (f_ == stdin) return true;
        unsigned char magic[3] = {};
        const size_t got = std::fread(magic, 1, sizeof magic, f_);
        const bool is_gzip = got >= 2 && magic[0] == 0x1f && (magic[1] == 0x8b || magic[1] == 0x9d);
        const bool is_bzip2 = got == 3 && std::memcmp(magic, "BZh", 3) == 0;
        if (!is_gzip && !is_bzip2) return std::rewind(f_), true;
        std::fclose(f_);
        std::string quoted = "'";
        for (const char c : name) quoted += c == '\'' ? "'\\''" : std::string(1, c);
        f_ = ::popen(((is_gzip ? "gzip -dc -- " : "bzip2 -dc -- ") + quoted + "'").c_str(), "r");
        is_pipe_ = f_ != nullptr;
        if (!f_) errh.error("%s: %s", name.c_str(), std::strerror(errno));
        return is_pipe_;
    }
    void close() {
        if (f_ && f_ != stdin) is_pipe_ ? ::pclose(f_) : std::fclose(f_);
        f_ = nullptr;
    }
    FILE *get() const { return f_; }

  private:
    FILE *f_ = nullptr;
    bool is_pipe_ = false;
};

} // namespace click
