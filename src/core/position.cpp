// Where in a text a server's error position is.
#include "core/position.hpp"

#include <algorithm>

namespace mad {

namespace {

bool is_space(char c) noexcept {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

bool starts_character(char c) noexcept {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
}

// A carriage return ends a comment too, as the server has it.
std::size_t skip_line_comment(std::string_view sql, std::size_t from) noexcept {
    return std::min(sql.find_first_of("\n\r", from), sql.size());
}

// Block comments nest, as the server has them.
std::size_t skip_block_comment(std::string_view sql, std::size_t from) noexcept {
    std::size_t depth = 0;
    for (std::size_t at = from; at + 1 < sql.size();) {
        const std::string_view two = sql.substr(at, 2);
        if (two == "/*") {
            ++depth;
            at += 2;
        } else if (two == "*/") {
            at += 2;
            if (--depth == 0) return at;
        } else {
            ++at;
        }
    }
    return sql.size();
}

}  // namespace

std::size_t byte_offset(std::string_view text, int character) noexcept {
    int seen = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (starts_character(text[at]) && ++seen == character) return at;
    }
    return text.size();
}

int count_characters(std::string_view text) noexcept {
    return static_cast<int>(std::count_if(text.begin(), text.end(), starts_character));
}

int line_at(std::string_view text, std::size_t byte) noexcept {
    const std::string_view before = text.substr(0, byte);
    return 1 + static_cast<int>(std::count(before.begin(), before.end(), '\n'));
}

std::size_t skip_blank(std::string_view sql, std::size_t from) noexcept {
    while (from < sql.size()) {
        if (is_space(sql[from])) {
            ++from;
        } else if (sql.substr(from, 2) == "--") {
            from = skip_line_comment(sql, from);
        } else if (sql.substr(from, 2) == "/*") {
            from = skip_block_comment(sql, from);
        } else {
            break;
        }
    }
    return from;
}

std::string first_line(std::string_view statement) {
    constexpr std::size_t limit = 120;
    const std::size_t line_end = std::min(statement.find('\n'), statement.size());
    std::size_t end = std::min(line_end, limit);
    while (end > 0 && end < statement.size() && !starts_character(statement[end])) --end;
    std::string line(statement.substr(0, end));
    while (!line.empty() && is_space(line.back())) line.pop_back();
    return end < statement.size() ? line + " ..." : line;
}

}  // namespace mad
