// Small pure functions over text that several parts need.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mad {

std::string join(std::span<const std::string> items, std::string_view separator);
/// Split at each `separator`; "" gives no items.
std::vector<std::string> split(std::string_view text, char separator);
/// Split a header's list: at commas, each item trimmed, empty items dropped.
std::vector<std::string> split_list(std::string_view text);
std::string_view trim(std::string_view text);
bool is_utf8(std::string_view text) noexcept;

}  // namespace mad
