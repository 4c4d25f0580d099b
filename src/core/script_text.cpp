// What makes bytes a script's text: UTF-8, no NUL, one kind of line end.
#include "core/script_text.hpp"

#include <utility>

#include "core/format.hpp"
#include "core/position.hpp"
#include "core/text.hpp"

namespace mad {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

std::string with_line_feeds_only(std::string_view raw) {
    std::string text;
    text.reserve(raw.size());
    for (std::size_t i = 0; i < raw.size(); ++i) {
        const bool before_line_feed = i + 1 < raw.size() && raw[i + 1] == '\n';
        if (raw[i] != '\r' || !before_line_feed) text += raw[i];
    }
    return text;
}

/// The first line that is not UTF-8; a line feed is never inside a character.
int first_broken_line(std::string_view text) {
    int line = 1;
    for (;; ++line) {
        const std::size_t end = text.find('\n');
        if (end == std::string_view::npos || !is_utf8(text.substr(0, end))) return line;
        text.remove_prefix(end + 1);
    }
}

}  // namespace

ScriptText::ScriptText(std::string_view raw, std::string_view filename) : filename_(filename) {
    if (raw.starts_with(byte_order_mark)) raw.remove_prefix(byte_order_mark.size());
    text_ = with_line_feeds_only(raw);
    if (const std::size_t nul = text_.find('\0'); nul != std::string::npos) {
        throw Failure(Code::invalid_encoding, "script contains a NUL byte", place(line_at(nul), {}),
                      "Remove the byte; a file saved as UTF-16 has to be saved as UTF-8.");
    }
    if (!is_utf8(text_)) {
        throw Failure(Code::invalid_encoding, "script is not valid UTF-8",
                      place(first_broken_line(text_), {}), "Save the script as UTF-8.");
    }
}

int ScriptText::line_at(std::size_t offset) const {
    return mad::line_at(text_, offset);
}

Failure ScriptText::invalid(int line, std::string message, std::string_view facts,
                            std::string hint) const {
    return Failure(Code::invalid_script, std::move(message), place(line, facts), std::move(hint));
}

Failure ScriptText::located(int line, const Failure& failure) const {
    Report report = failure.report();
    report.detail = place(line, report.detail);
    return Failure(std::move(report));
}

std::string ScriptText::place(int line, std::string_view facts) const {
    const std::string file = filename_.empty() ? "the script" : mad::format("\"{}\"", filename_);
    return mad::format("At line {} of {}.{}{}", line, file, facts.empty() ? "" : " ", facts);
}

}  // namespace mad
