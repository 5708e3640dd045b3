// Where errors of a configuration go: handlers that count, add context, or collect.
#pragma once

#include <cstdarg>
#include <string>
#include <string_view>

namespace click {

#define CLICK_PRINTF(text, first) __attribute__((format(printf, text, first)))

/// printf into a string.
std::string format(const char *text, ...) CLICK_PRINTF(1, 2);
std::string format_list(const char *text, va_list list);

enum class Level { message, warning, error };

/// `error()` returns -1, so that a configure() can end with `return errh.error(…)`.
class ErrorHandler {
  public:
    virtual ~ErrorHandler() = default;

    int error(const char *text, ...) CLICK_PRINTF(2, 3);
    void warning(const char *text, ...) CLICK_PRINTF(2, 3);
    void message(const char *text, ...) CLICK_PRINTF(2, 3);
    /// With the place in the configuration, such as "file.click:3".
    int lerror(std::string_view landmark, const char *text, ...) CLICK_PRINTF(3, 4);
    void lwarning(std::string_view landmark, const char *text, ...) CLICK_PRINTF(3, 4);

    /// One message, perhaps of several lines, without a newline at its end.
    virtual void emit(Level level, std::string_view landmark, const std::string &text) = 0;
    virtual int errors() const = 0;
};

/// Prints to a file descriptor: "LANDMARK: text", "warning: text".
class FileErrorHandler final : public ErrorHandler {
  public:
    explicit FileErrorHandler(int descriptor = 2) : descriptor_(descriptor) {}
    void emit(Level level, std::string_view landmark, const std::string &text) override;
    int errors() const override { return errors_; }
    bool is_quiet_about_warnings = false;

  private:
    int descriptor_;
    int errors_ = 0;
};

/// Collects what was said, lines separated by newlines.
class StringErrorHandler final : public ErrorHandler {
  public:
    void emit(Level level, std::string_view landmark, const std::string &text) override;
    int errors() const override { return errors_; }
    std::string text;

  private:
    int errors_ = 0;
};

/// Only counts.
class SilentErrorHandler final : public ErrorHandler {
  public:
    void emit(Level level, std::string_view, const std::string &) override {
        errors_ += level == Level::error;
    }
    int errors() const override { return errors_; }

  private:
    int errors_ = 0;
};

/// Says the context once before the first message, and indents what follows:
///     file.click:3: While configuring 'x :: Counter':
///       too many arguments
class ContextErrorHandler final : public ErrorHandler {
  public:
    ContextErrorHandler(ErrorHandler &base, std::string context, std::string landmark = "")
        : base_(base), context_(std::move(context)), landmark_(std::move(landmark)) {}
    void emit(Level level, std::string_view landmark, const std::string &text) override;
    int errors() const override { return base_.errors(); }

  private:
    ErrorHandler &base_;
    std::string context_;
    std::string landmark_;
    bool is_said_ = false;
};

/// Puts text before each message, such as "LIMIT: ".
class PrefixErrorHandler final : public ErrorHandler {
  public:
    PrefixErrorHandler(ErrorHandler &base, std::string prefix)
        : base_(base), prefix_(std::move(prefix)) {}
    void emit(Level level, std::string_view landmark, const std::string &text) override {
        base_.emit(level, landmark, prefix_ + text);
    }
    int errors() const override { return base_.errors(); }

  private:
    ErrorHandler &base_;
    std::string prefix_;
};

} // namespace click
