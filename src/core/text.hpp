// Small pure functions over text that several parts need.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mad {

std::string join(std::span<const std::string> items, std::string_view separator);
std::string join(std::span<const std::string_view> items, std::string_view separator);
/// Split at each `separator`; "" gives no items.
std::vector<std::string> split(std::string_view text, char separator);
/// Split a header's list: at commas, each item trimmed, empty items dropped.
std::vector<std::string> split_list(std::string_view text);
std::string_view trim(std::string_view text);
/// Without the blank lines at its start and the white space at its end.
std::string_view trim_blank_lines(std::string_view text);
/// The text's words, one space between them.
std::string one_line(std::string_view text);
/// Of ASCII letters; others count as they are.
bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept;
bool is_utf8(std::string_view text) noexcept;

}  // namespace mad
