// The quoting rules of PostgreSQL's lexer (its scan.l).
#include "core/lexer.hpp"

namespace mad {
namespace {

using Kind = Lexeme::Kind;

constexpr std::size_t npos = std::string_view::npos;
constexpr std::string_view white_space = " \t\n\r\f\v";
constexpr std::string_view line_ends = "\n\r";

constexpr bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}
constexpr bool starts_identifier(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
}

std::size_t skip_while(std::string_view text, std::size_t from, bool (*belongs)(char)) {
    while (from < text.size() && belongs(text[from])) ++from;
    return from;
}

std::size_t end_of_first(std::string_view needle, std::string_view text, std::size_t from) {
    const std::size_t found = text.find(needle, from);
    return found == npos ? npos : found + needle.size();
}

Lexeme delimited(Kind kind, std::string_view text, std::size_t end) {
    if (end == npos) return {.kind = kind, .end = text.size(), .terminated = false};
    return {.kind = kind, .end = end};
}

/// Block comments nest.
std::size_t end_of_block_comment(std::string_view text, std::size_t start) {
    std::size_t at = start + 2;
    for (int depth = 1; depth > 0; at += 2) {
        at = text.find_first_of("/*", at);
        if (at == npos) return npos;
        const std::string_view pair = text.substr(at, 2);
        if (pair == "/*") {
            ++depth;
        } else if (pair == "*/") {
            --depth;
        } else {
            --at;
        }
    }
    return at;
}

/// Behind the opening quote of what continues the string that ended at `end`, on a later line.
std::size_t continuation(std::string_view text, std::size_t end) {
    const std::size_t next = text.find_first_not_of(white_space, end);
    if (next == npos || text[next] != '\'') return npos;
    const bool on_later_line = text.substr(end, next - end).find_first_of(line_ends) != npos;
    return on_later_line ? next + 1 : npos;
}

/// E'..': the backslash escapes; what continues the string on a later line escapes likewise.
std::size_t end_of_escape_string(std::string_view text, std::size_t at) {
    for (;;) {
        at = text.find_first_of("\\'", at);
        if (at == npos) return npos;
        if (text[at] == '\\' || text.substr(at, 2) == "''") {
            at += 2;
            continue;
        }
        const std::size_t continued = continuation(text, at + 1);
        if (continued == npos) return at + 1;
        at = continued;
    }
}

Lexeme word(std::string_view text, std::size_t start) {
    const auto belongs = [](char c) { return starts_identifier(c) || is_digit(c) || c == '$'; };
    const std::size_t end = skip_while(text, start, belongs);
    const std::string_view name = text.substr(start, end - start);
    const bool quote_follows = end < text.size() && text[end] == '\'';
    if (quote_follows && (name == "e" || name == "E")) {
        return delimited(Kind::quoted, text, end_of_escape_string(text, end + 1));
    }
    return {.kind = Kind::other, .end = end};
}

/// $tag$..$tag$, or a mere dollar.
Lexeme dollar(std::string_view text, std::size_t start) {
    const auto belongs = [](char c) { return starts_identifier(c) || is_digit(c); };
    const std::size_t tag_end = skip_while(text, start + 1, belongs);
    const bool digit_first = start + 1 < text.size() && is_digit(text[start + 1]);
    if (digit_first || tag_end == text.size() || text[tag_end] != '$') {
        return {.kind = Kind::other, .end = start + 1};
    }
    const std::string_view delimiter = text.substr(start, tag_end + 1 - start);
    return delimited(Kind::quoted, text, end_of_first(delimiter, text, tag_end + 1));
}

Lexeme line_comment(std::string_view text, std::size_t start) {
    const std::size_t end = text.find_first_of(line_ends, start);
    return {.kind = Kind::line_comment, .end = end == npos ? text.size() : end};
}

Lexeme space(std::string_view text, std::size_t start) {
    const std::size_t end = text.find_first_not_of(white_space, start);
    return {.kind = Kind::space, .end = end == npos ? text.size() : end};
}

}  // namespace

Lexeme lexeme_at(std::string_view text, std::size_t start) {
    const char first = text[start];
    const std::string_view pair = text.substr(start, 2);
    if (white_space.find(first) != npos) return space(text, start);
    if (pair == "--") return line_comment(text, start);
    if (pair == "/*") {
        return delimited(Kind::block_comment, text, end_of_block_comment(text, start));
    }
    if (starts_identifier(first)) return word(text, start);
    if (first == '$') return dollar(text, start);
    // A doubled quote inside reads as the end of one piece and the start of the next.
    if (first == '\'' || first == '"') {
        return delimited(Kind::quoted, text, end_of_first(text.substr(start, 1), text, start + 1));
    }
    return {.kind = Kind::other, .end = start + 1};
}

}  // namespace mad
