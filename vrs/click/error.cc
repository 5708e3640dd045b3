// What error.hh declares.
#include "error.hh"

#include <cstdio>
#include <unistd.h>

namespace click {

std::string format_list(const char *text, va_list list) {
    va_list again;
    va_copy(again, list);
    const int bytes = std::vsnprintf(nullptr, 0, text, list);
    std::string result(bytes > 0 ? static_cast<size_t>(bytes) : 0, '\0');
    std::vsnprintf(result.data(), result.size() + 1, text, again);
    va_end(again);
    return result;
}

#define CLICK_FORMATTED(result)                                                                    \
    va_list list;                                                                                  \
    va_start(list, text);                                                                          \
    std::string result = format_list(text, list);                                                  \
    va_end(list)

std::string format(const char *text, ...) {
    CLICK_FORMATTED(result);
    return result;
}

int ErrorHandler::error(const char *text, ...) {
    CLICK_FORMATTED(it);
    emit(Level::error, {}, it);
    return -1;
}

void ErrorHandler::warning(const char *text, ...) {
    CLICK_FORMATTED(it);
    emit(Level::warning, {}, it);
}

void ErrorHandler::message(const char *text, ...) {
    CLICK_FORMATTED(it);
    emit(Level::message, {}, it);
}

int ErrorHandler::lerror(std::string_view landmark, const char *text, ...) {
    CLICK_FORMATTED(it);
    emit(Level::error, landmark, it);
    return -1;
}

void ErrorHandler::lwarning(std::string_view landmark, const char *text, ...) {
    CLICK_FORMATTED(it);
    emit(Level::warning, landmark, it);
}

namespace {

/// The place stands on the first line, behind the indent that a context gave it.
std::string lines(Level level, std::string_view landmark, const std::string &text) {
    size_t indent = 0;
    while (indent < text.size() && text[indent] == ' ') indent += 1;
    std::string result = text.substr(0, indent);
    if (!landmark.empty()) result += std::string(landmark) + ": ";
    if (level == Level::warning) result += "warning: ";
    return result + text.substr(indent) + "\n";
}

} // namespace

void FileErrorHandler::emit(Level level, std::string_view landmark, const std::string &text) {
    errors_ += level == Level::error;
    if (level == Level::warning && is_quiet_about_warnings) return;
    const std::string all = lines(level, landmark, text);
    for (size_t at = 0; at < all.size();) {
        const ssize_t bytes = ::write(descriptor_, all.data() + at, all.size() - at);
        if (bytes <= 0) return;
        at += static_cast<size_t>(bytes);
    }
}

void StringErrorHandler::emit(Level level, std::string_view landmark, const std::string &it) {
    errors_ += level == Level::error;
    text += lines(level, landmark, it);
}

void ContextErrorHandler::emit(Level level, std::string_view landmark, const std::string &text) {
    if (!is_said_) base_.emit(Level::message, landmark_, context_);
    is_said_ = true;
    std::string indented = "  ";
    for (const char c : text) {
        indented += c;
        if (c == '\n') indented += "  ";
    }
    base_.emit(level, landmark == landmark_ ? "" : landmark, indented);
}

} // namespace click
