// The one place where text becomes SQL.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace mad {

std::string quote_identifier(std::string_view name);  // always quoted: "name"
/// E'' where the text holds a backslash, so that it means the same under any setting.
std::string quote_literal(std::string_view text);
/// ARRAY['a','b']::pg_catalog.text[]
std::string quote_array(std::span<const std::string> items);
/// A comment line's text: line breaks become spaces.
std::string comment_line(std::string_view text);

}  // namespace mad
