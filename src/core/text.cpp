// Splitting, joining and checking text; bytes are taken as they are, no locale is asked.
#include "core/text.hpp"

#include <algorithm>

namespace mad {
namespace {

constexpr std::string_view white_space = " \t\n\r\f\v";

template <typename Visit>
void for_each_part(std::string_view text, char separator, Visit visit) {
    if (text.empty()) return;
    for (;;) {
        const std::size_t end = text.find(separator);
        visit(text.substr(0, end));
        if (end == std::string_view::npos) return;
        text.remove_prefix(end + 1);
    }
}

template <typename Items>
std::string joined(Items items, std::string_view separator) {
    std::string text;
    for (const auto& item : items) {
        if (&item != &items.front()) text += separator;
        text += item;
    }
    return text;
}

/// Bytes of the sequence that `lead` opens; 0 when it can open none.
std::size_t sequence_length(unsigned char lead) noexcept {
    if (lead < 0x80) return 1;
    if (lead >= 0xC2 && lead <= 0xDF) return 2;
    if (lead >= 0xE0 && lead <= 0xEF) return 3;
    if (lead >= 0xF0 && lead <= 0xF4) return 4;
    return 0;
}

/// Whether `second` may follow `lead`: rules out overlong forms, surrogates and what lies beyond
/// U+10FFFF (RFC 3629).
bool may_follow(unsigned char lead, unsigned char second) noexcept {
    switch (lead) {
        case 0xE0:
            return second >= 0xA0 && second <= 0xBF;
        case 0xED:
            return second >= 0x80 && second <= 0x9F;
        case 0xF0:
            return second >= 0x90 && second <= 0xBF;
        case 0xF4:
            return second >= 0x80 && second <= 0x8F;
        default:
            return second >= 0x80 && second <= 0xBF;
    }
}

bool is_sequence(std::string_view bytes) noexcept {
    const auto at = [bytes](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
    if (bytes.size() > 1 && !may_follow(at(0), at(1))) return false;
    for (std::size_t i = 2; i < bytes.size(); ++i) {
        if ((at(i) & 0xC0) != 0x80) return false;
    }
    return true;
}

}  // namespace

std::string join(std::span<const std::string> items, std::string_view separator) {
    return joined(items, separator);
}

std::string join(std::span<const std::string_view> items, std::string_view separator) {
    return joined(items, separator);
}

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> parts;
    for_each_part(text, separator, [&](std::string_view part) { parts.emplace_back(part); });
    return parts;
}

std::vector<std::string> split_list(std::string_view text) {
    std::vector<std::string> items;
    for_each_part(text, ',', [&](std::string_view part) {
        const std::string_view item = trim(part);
        if (!item.empty()) items.emplace_back(item);
    });
    return items;
}

std::string_view trim(std::string_view text) {
    const std::size_t first = text.find_first_not_of(white_space);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(white_space) - first + 1);
}

std::string_view trim_blank_lines(std::string_view text) {
    const std::size_t first = text.find_first_not_of(white_space);
    if (first == std::string_view::npos) return {};
    const std::size_t line_start = text.find_last_of("\n\r", first) + 1;  // npos + 1 is 0
    return text.substr(line_start, text.find_last_not_of(white_space) + 1 - line_start);
}

std::string one_line(std::string_view text) {
    std::string line;
    for (;;) {
        text = trim(text);
        if (text.empty()) return line;
        const std::size_t end = std::min(text.find_first_of(white_space), text.size());
        if (!line.empty()) line += ' ';
        line += text.substr(0, end);
        text.remove_prefix(end);
    }
}

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
    const auto folded = [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    };
    return std::ranges::equal(a, b, {}, folded, folded);
}

bool is_utf8(std::string_view text) noexcept {
    while (!text.empty()) {
        const std::size_t length = sequence_length(static_cast<unsigned char>(text.front()));
        if (length == 0 || length > text.size()) return false;
        if (!is_sequence(text.substr(0, length))) return false;
        text.remove_prefix(length);
    }
    return true;
}

}  // namespace mad
