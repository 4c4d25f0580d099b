// Quoting: the rules of PostgreSQL's lexer, whatever standard_conforming_strings says.
#include "core/quote.hpp"

#include <algorithm>

namespace mad {
namespace {

void append_doubling(std::string& out, std::string_view text, std::string_view doubled) {
    for (const char c : text) {
        if (doubled.find(c) != std::string_view::npos) out += c;
        out += c;
    }
}

}  // namespace

std::string quote_identifier(std::string_view name) {
    std::string quoted = "\"";
    append_doubling(quoted, name, "\"");
    return quoted += '"';
}

std::string quote_literal(std::string_view text) {
    const bool has_backslash = text.find('\\') != std::string_view::npos;
    std::string quoted = has_backslash ? "E'" : "'";
    append_doubling(quoted, text, "'\\");
    return quoted += '\'';
}

std::string quote_array(std::span<const std::string> items) {
    std::string array = "ARRAY[";
    std::string_view separator;
    for (const std::string& item : items) {
        array += separator;
        array += quote_literal(item);
        separator = ",";
    }
    return array += "]::pg_catalog.text[]";
}

std::string comment_line(std::string_view text) {
    std::string line(text);
    std::ranges::replace_if(line, [](char c) { return c == '\n' || c == '\r'; }, ' ');
    return line;
}

}  // namespace mad
